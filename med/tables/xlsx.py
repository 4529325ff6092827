"""The first visible sheet of an XLSX file as lines of texts, read as a stream under limits.

Own, because what comes in is an upload: a library that first lays the sheet out in memory can be made to stop the
whole server by 1 kB with a cell in the far corner (python-calamine 0.9 aborts, which Python cannot catch), and the same
long text in every cell multiplies. Here nothing is kept that the sheet does not hold. The tests compare the two.

Written from ECMA-376 part 1: 18.3.1.4 (cells), 18.4 (shared strings), 18.8.30 (number formats), 22.4.2.4 (escapes).
"""

import io
import lzma
import math
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from med.language import T
from med.tables.table import MAX_CELL, MAX_CELLS, MAX_COLUMNS, TableError, not_a_table, too_many_columns, too_many_rows

MAX_UNZIPPED = 100 * 2**20
MAX_ELEMENTS = 5_000_000
MAX_PARTS = 5000
_CHUNK = 64 * 1024
_LAST_ROW = 1_048_576

_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, etree.LxmlError),
    *(EOFError, OSError, ValueError, LookupError, OverflowError, RuntimeError),
)  # OSError is what bz2 raises, RuntimeError an encrypted part, NotImplementedError (one of it) an odd compression

_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NOT_IN_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_CELL_NAME = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


def lines_of_xlsx(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Row numbers and their fields, stripped; blank rows are left out.

    A whole number is written without decimals, others with a comma ("3,5"), at Excel's 15 digits; a date as
    "31.12.2027", with a time "31.12.2027 09:30", a time alone "09:30"; true and false as "ja" and "nej".
    A formula is its last value. Raises TableError when the file is no XLSX, is broken or protected,
    too large, or shows an error such as #N/A in a cell.
    """
    try:
        yield from _Workbook(data).lines()
    except TableError:
        raise
    except _BROKEN:
        raise TableError(
            T("Regnearket kan ikke læses. Åbn det i Excel, gem det igen som XLSX, og prøv en gang til.")
        ) from None


class _Workbook:
    def __init__(self, data: bytes) -> None:
        if data.count(b"PK\x01\x02") > MAX_PARTS:
            raise not_a_table()
        self.zip = zipfile.ZipFile(io.BytesIO(data))
        self.left = MAX_UNZIPPED

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        start = self.relations("").get("officeDocument", ["xl/workbook.xml"])[0]
        if start not in self.zip.namelist():
            raise not_a_table()
        book = _Book()
        self.stream(start, book)
        if book.sheet is None:
            raise not_a_table()
        by_id = self.relations(start)
        strings, styles = _Strings(), _Styles()
        for kind, reader in (("sharedStrings", strings), ("styles", styles)):
            for part in by_id.get(kind, []):
                self.stream(part, reader)
        sheet = _Sheet(strings.found, styles.date_styles, book.counts_from_1904)
        for _ in self.chunks(by_id["#" + book.sheet][0], sheet):
            yield from sheet.lines
            sheet.lines.clear()
        yield from sheet.lines

    def relations(self, part: str) -> dict[str, list[str]]:
        """Where a part's relations lead: by the last word of their type, and by "#" and their id."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path not in self.zip.namelist():
            return {}
        links = _Links()
        self.stream(path, links)
        found: dict[str, list[str]] = {}
        for kind, key, target in links.found:
            where = posixpath.normpath(posixpath.join(folder, target)) if target[:1] != "/" else target[1:]
            found.setdefault(kind, []).append(where)
            found["#" + key] = [where]
        return found

    def stream(self, part: str, reader: "_Reader") -> None:
        for _ in self.chunks(part, reader):
            pass

    def chunks(self, part: str, reader: "_Reader") -> Iterator[None]:
        """Feeds a part to its reader, piece by piece, as long as the file's allowance lasts."""
        # The encoding is given, so that no declaration in the file chooses another one.
        parser = etree.XMLParser(target=reader, resolve_entities=False, no_network=True, encoding="utf-8")
        with self.zip.open(part) as file:
            while chunk := file.read(_CHUNK):
                self.left -= len(chunk)
                if self.left < 0:
                    raise _too_large_inside()
                parser.feed(chunk)
                yield
        parser.close()


class _Reader:
    """What lxml tells about the XML as it passes by. Tags come without their namespace.

    `collecting` gathers texts in `pieces`, because one text comes in many.
    """

    def __init__(self) -> None:
        self.elements = 0
        self.collecting = False
        self.pieces: list[str] = []

    def start(self, tag: Any, attributes: Any) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise _too_large_inside()
        self.opened(tag.rpartition("}")[2], attributes)

    def end(self, tag: Any) -> None:
        self.closed(tag.rpartition("}")[2])

    def data(self, text: Any) -> None:
        if self.collecting:
            self.pieces.append(text)

    def comment(self, _: Any) -> None:
        pass

    def close(self) -> None:
        pass

    def doctype(self, *_: Any) -> None:
        raise not_a_table()  # no spreadsheet has one, and entities are not for uploads

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        pass

    def closed(self, tag: str) -> None:
        pass

    def collected(self) -> str:
        text = "".join(self.pieces)
        self.pieces.clear()
        return text


class _Links(_Reader):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            self.found.append((attributes["Type"].rpartition("/")[2], attributes["Id"], attributes["Target"]))


class _Book(_Reader):
    def __init__(self) -> None:
        super().__init__()
        self.sheet: str | None = None
        self.counts_from_1904 = False

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "workbookPr":
            self.counts_from_1904 = attributes.get("date1904") in ("1", "true")
        elif tag == "sheet" and self.sheet is None and attributes.get("state", "visible") == "visible":
            self.sheet = next((value for name, value in attributes.items() if name.endswith("}id")), "")


class _Styles(_Reader):
    def __init__(self) -> None:
        super().__init__()
        self.date_styles: list[bool] = []
        self.date_formats = set(_DATES)
        self.within = False

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "numFmt":
            if re.search("[dmyhs]", _NOT_IN_FORMAT.sub("", attributes["formatCode"][:1000]), re.IGNORECASE):
                self.date_formats.add(int(attributes["numFmtId"]))
        elif tag == "cellXfs":
            self.within = True
        elif tag == "xf" and self.within:
            self.date_styles.append(int(attributes.get("numFmtId", 0)) in self.date_formats)

    def closed(self, tag: str) -> None:
        if tag == "cellXfs":
            self.within = False


class _Strings(_Reader):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.phonetic = False

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "rPh":
            self.phonetic = True
        elif tag == "t":
            self.collecting = not self.phonetic

    def closed(self, tag: str) -> None:
        if tag == "t":
            self.collecting = False
        elif tag == "rPh":
            self.phonetic = False
        elif tag == "si":
            self.found.append(_cleaned(self.collected()))  # once, so that all cells share the one text


class _Sheet(_Reader):
    def __init__(self, strings: list[str], date_styles: list[bool], counts_from_1904: bool) -> None:
        super().__init__()
        self.strings, self.date_styles = strings, date_styles
        self.epoch = datetime(1904, 1, 1) if counts_from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001
        self.lines: list[tuple[int, list[str]]] = []
        self.row = self.column = self.cells = 0
        self.fields: list[str] = []
        self.kind = self.style = self.value = ""
        self.phonetic = False

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            number = int(attributes.get("r", self.row + 1))
            if number > _LAST_ROW:
                raise too_many_rows()
            if number <= self.row:
                raise ValueError("Rows come in order")
            self.row, self.column, self.fields = number, 0, []
        elif tag == "c":
            self.column = self.column_of(attributes["r"]) if "r" in attributes else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
        elif tag == "rPh":
            self.phonetic = True
        elif tag in ("v", "t"):
            self.collecting = not self.phonetic

    def column_of(self, name: str) -> int:
        parts = _CELL_NAME.fullmatch(name)
        if parts is None or int(parts[2]) != self.row:
            raise ValueError("A cell stands in its own row")
        column = 0
        for letter in parts[1]:
            column = column * 26 + ord(letter) - 64
        if column <= self.column:
            raise ValueError("Cells come in order")
        return column

    def closed(self, tag: str) -> None:
        if tag in ("v", "t"):
            self.collecting = False
        elif tag == "rPh":
            self.phonetic = False
        elif tag == "c":
            self.value = self.collected()
            if self.value and (field := self.field()):
                self.put(field)
        elif tag == "row" and self.fields:
            self.lines.append((self.row, self.fields))

    def put(self, field: str) -> None:
        if self.column > MAX_COLUMNS:
            raise too_many_columns()
        self.cells += 1
        if self.cells > MAX_CELLS:
            raise TableError(T("Filen har for mange felter: højst %(limit)s.", limit=MAX_CELLS))
        self.fields += [""] * (self.column - 1 - len(self.fields))
        self.fields.append(field)

    def field(self) -> str:
        match self.kind:
            case "s":
                index = int(self.value)
                if index < 0:
                    raise IndexError(index)
                return self.strings[index]
            case "b":
                return "ja" if self.value.strip() in ("1", "true") else "nej"
            case "e":
                raise TableError(
                    T(
                        "Række %(row)s, kolonne %(column)s viser fejlen %(error)s. Ret den i regnearket og prøv igen.",
                        row=self.row,
                        column=self.column,
                        error=self.value[:20],
                    )
                )
            case "n":
                return self.number()
            case _:
                return _cleaned(self.value)

    def number(self) -> str:
        value = self.value.strip()
        number = float(value[:400])
        if not math.isfinite(number):
            return value[:MAX_CELL]
        style = int(self.style or 0)
        if 0 <= style < len(self.date_styles) and self.date_styles[style] and 0 <= number < 2_958_466:
            return self.date(number)
        return f"{number:.15g}".replace(".", ",")

    def date(self, serial: float) -> str:
        seconds = round(serial % 1 * 86_400)
        if serial < 1:
            return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}"
        if serial < 60 and self.epoch.year == 1899:
            serial += 1  # Excel believes that there was a 29 February 1900
        try:
            moment = self.epoch + timedelta(days=int(serial), seconds=seconds)
        except OverflowError:
            return f"{serial:.15g}".replace(".", ",")
        day = f"{moment.day:02}.{moment.month:02}.{moment.year}"
        return f"{day} {moment.hour:02}:{moment.minute:02}" if seconds % 86_400 else day


def _too_large_inside() -> TableError:
    return TableError(T("Regnearket fylder for meget pakket ud: højst %(limit)s MB.", limit=MAX_UNZIPPED // 2**20))


def _cleaned(text: str) -> str:
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text).strip()
