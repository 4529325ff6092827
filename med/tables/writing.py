"""Tables out, as CSV that Danish Excel opens with a double click."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_FORMULA = re.compile(r"[\s']*[=+\-@\t\r\n＝＋－＠]")


def write_csv(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with BOM, `;`, CRLF and decimal comma; `med.tables.read` gives the same texts back.

    Dates are written 31.12.2027, times as ISO (turn them to Danish time first), None as nothing, true as "ja".
    A text that a spreadsheet would take for a formula (`= + - @`, tab or line end first) gets a `'` before it
    (OWASP, CSV injection), as does one that already has it, so that reading can take it off again. Numbers given
    as numbers do not, so that they stay numbers.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for row in (header, *rows):
        writer.writerow([cell_of(value) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def cell_of(value: Any) -> str:
    """A value as a field of such a file."""
    match value:
        case None:
            return ""
        case bool():
            return "ja" if value else "nej"
        case int():
            return str(int(value))
        case float() | Decimal():
            return f"{Decimal(str(value)):f}".replace(".", ",")
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date():
            return f"{value.day:02}.{value.month:02}.{value.year}"
    return guarded(str(value))


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula; reading takes the `'` off again."""
    text = _NOT_TEXT.sub("", text)
    return "'" + text if _FORMULA.match(text) else text
