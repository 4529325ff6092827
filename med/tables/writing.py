"""Tables out: CSV that Danish Excel opens with a double click, and XLSX."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Any

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FORMULA = re.compile(r"[\s']*[=+\-@\t\r\n＝＋－＠]")


DANISH_DATE = "%d.%m.%Y"


def write_csv(
    header: Sequence[Any], rows: Iterable[Sequence[Any]], dates: str = DANISH_DATE, decimal: str = ","
) -> bytes:
    """UTF-8 with BOM, `;`, CRLF and decimal comma; `med.tables.read` gives the same texts back.

    Dates are written 31.12.2027 (or by `dates`, as strftime has it), times as ISO (turn them to Danish time first),
    None as nothing, true as "ja".
    A text that a spreadsheet would take for a formula (`= + - @`, tab or line end first) gets a `'` before it
    (OWASP, CSV injection), as does one that already has it, so that reading can take it off again. Numbers given
    as numbers do not, so that they stay numbers.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for row in (header, *rows):
        writer.writerow([cell_of(value, dates, decimal) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def cell_of(value: Any, dates: str = DANISH_DATE, decimal: str = ",") -> str:
    """A value as a field of such a file."""
    match value:
        case None:
            return ""
        case bool():
            return "ja" if value else "nej"
        case int():
            return str(int(value))
        case float() | Decimal():
            return f"{Decimal(str(value)):f}".replace(".", decimal)
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date():
            return value.strftime(dates)
    return guarded(str(value))


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula; reading takes the `'` off again."""
    text = _NOT_TEXT.sub("", text)
    return "'" + text if _FORMULA.match(text) else text


# --- XLSX ---------------------------------------------------------------------------------------------------------

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
    f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Ark1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
LONGEST_CELL = 32_767  # Excel's own limit


def write_xlsx(header: Sequence[Any], rows: Iterable[Sequence[Any]], dates: str = DANISH_DATE) -> bytes:
    """One sheet; the same table always gives the same bytes. Numbers are numbers; all else is text, which no
    spreadsheet calculates with, so that nothing needs a `'` before it. Dates are texts in the form they are asked in.
    """
    lines = "".join(
        f'<row r="{number}">{"".join(_xlsx_cell(value, dates) for value in row)}</row>'
        for number, row in enumerate((header, *rows), 1)
    )
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in {**_PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            book.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), _HEAD + content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _xlsx_cell(value: Any, dates: str) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"<c><v>{Decimal(str(value)):f}</v></c>"
    text = _NOT_TEXT.sub("", str(value) if isinstance(value, str) else cell_of(value, dates))[:LONGEST_CELL]
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text, quote=False)}</t></is></c>'
