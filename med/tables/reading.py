"""From the bytes of a file to a table. What kind of file it is, is read from its content; a name can be wrong."""

import csv
import io
import re
from collections.abc import Iterator

from med.language import T
from med.tables.table import (
    MAX_BYTES,
    MAX_CELLS,
    MAX_COLUMNS,
    Table,
    TableError,
    build,
    not_a_table,
    too_many_columns,
    too_many_rows,
)

NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_MARKUP = re.compile(r"\s*[<{\[]|%PDF|\{\\rtf")
_GUARDED = re.compile(r"'[\s']*[=+\-@\t\r\n＝＋－＠]")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(name: str, data: bytes) -> Table:
    """The table in a CSV or XLSX file; any bytes give a Table or a TableError, nothing else.

    CSV: UTF-8 (with or without BOM), UTF-16 with BOM, or else cp1252; separated by `;`, `,` or tab, whichever the
    headings use; quotes as in RFC 4180. The `'` that `write_csv` puts before `=+-@` is taken off again.
    XLSX: the first visible sheet; see `med.tables.xlsx` for how numbers and dates become texts.
    Fields are stripped, blank rows skipped, and a field of blanks is "". Raises TableError for a file that is too
    large (25 MB, 200,000 rows, 200 columns, 2,000,000 fields), broken, not a table, or without clear headings.
    """
    if len(data) > MAX_BYTES:
        raise TableError(T("Filen fylder for meget: højst %(limit)s MB.", limit=MAX_BYTES // 2**20))
    if data.startswith(b"PK\x03\x04"):
        from med.tables.xlsx import lines_of_xlsx  # with lxml

        return build(name, lines_of_xlsx(data))
    if data.startswith(_OLD_EXCEL):
        raise TableError(
            T("Filen er et ældre Excel-ark eller beskyttet med adgangskode. Gem den som XLSX uden adgangskode.")
        )
    return build(name, _lines_of_csv(_decoded(data)))


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif data.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise TableError(T("Filens tegnsæt kan ikke læses. Gem den som CSV UTF-8 og prøv igen."))
    if NOT_TEXT.search(text) or _MARKUP.match(text):
        raise not_a_table()
    return text


def _lines_of_csv(text: str) -> Iterator[tuple[int, list[str]]]:
    first = 0
    if declared := re.match(r"sep=([;,\t])(?:\r\n|\r|\n)", text):  # Excel's own line, which no other program shows
        delimiter, text, first = declared[1], text[declared.end() :], 1
    else:
        delimiter = delimiter_of(text)
    if text.count(delimiter) > MAX_CELLS:
        raise TableError(T("Filen har for mange felter: højst %(limit)s.", limit=MAX_CELLS))
    if text.count("\n") + text.count("\r") > MAX_CELLS:
        raise too_many_rows()
    csv.field_size_limit(MAX_BYTES)
    number = first
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            number += 1
            if len(line) > MAX_COLUMNS and any(cell.strip() for cell in line[MAX_COLUMNS:]):
                raise too_many_columns()
            yield number, [text_of(cell) for cell in line[:MAX_COLUMNS]]
    except csv.Error:
        raise TableError(
            T(
                "Række %(row)s har en fejl i anførselstegnene: et felt begynder eller slutter midt i teksten.",
                row=number + 1,
            )
        ) from None


def delimiter_of(text: str) -> str:
    """Whichever of `;`, tab and `,` stands most often in the headings, outside of quotes; `;` where none does."""
    count = dict.fromkeys(";\t,", 0)
    quoted = False
    for sign in text.lstrip()[:64_000]:
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in "\r\n":
            break
        elif not quoted and sign in count:
            count[sign] += 1
    return max(count, key=lambda sign: count[sign])


def text_of(cell: str) -> str:
    """A field as it was meant: stripped, and without the `'` that keeps spreadsheets from calculating."""
    cell = cell.lstrip()
    return (cell[1:] if _GUARDED.match(cell) else cell).strip()
