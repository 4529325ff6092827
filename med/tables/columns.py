"""What is expected of a table: its columns, how each text is understood, and what to say about those that are not.

people = [
    Column("Navn", parse=text(120)),
    Column("Mail", ("E-mail", "Mailadresse"), parse=mail()),
    Column("Fra", ("Startdato",), required=False, parse=day(), key="start"),
]
records, errors = take(read(name, data), people)
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from med.language import T, Text
from med.tables.table import Table, TableError, shortened, simplified

Value = TypeVar("Value")
FIRST_YEAR, LAST_YEAR = 1900, 2199


class Wrong(ValueError):
    """A parser's no. `message` goes on from the value: "er ikke en dato (skriv fx 31.12.2027)"."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


class Column(NamedTuple):
    """A column that is looked for, under its name or one of its aliases, whatever capitals and spaces they have.

    `required`: the column must be there, and every row have a value in it. Otherwise what is missing becomes None.
    `parse` turns a text that is not empty into a value or raises Wrong. `key` names it in the record (else `name`).
    """

    name: str
    aliases: tuple[str, ...] = ()
    required: bool = True
    parse: Callable[[str], Any] = str
    key: str = ""


class Record(NamedTuple):
    """A row that was understood: its number in the file, and a value for every column that was asked for."""

    number: int
    values: dict[str, Any]


class RowError(NamedTuple):
    """One field that was not understood. `message` is the whole sentence; the rest is there to sort and mark by."""

    row: int
    column: str
    value: str
    message: Text


def take(table: Table, columns: Sequence[Column]) -> tuple[list[Record], list[RowError]]:
    """The rows as records, and what is wrong with the others, in order; a row with an error gives no record.

    Columns that nobody asked for are left alone. Raises TableError when a required column is missing,
    or when two headings mean the same one.
    """
    found = _matched(table, columns)
    records: list[Record] = []
    errors: list[RowError] = []
    for number, texts in table.rows:
        values: dict[str, Any] = {}
        faulty = False
        for column, heading in found:
            value = texts[heading] if heading else ""
            try:
                values[column.key or column.name] = column.parse(value) if value else None
            except Wrong as wrong:
                faulty = True
                errors.append(_unusable(number, heading, value, wrong.message))
            if not value and column.required:
                faulty = True
                message = T("Række %(row)s, kolonnen “%(column)s” mangler en værdi.", row=number, column=heading)
                errors.append(RowError(number, heading, "", message))
        if not faulty:
            records.append(Record(number, values))
    return records, errors


def _unusable(number: int, heading: str, value: str, wrong: Text) -> RowError:
    message = T(
        "Række %(row)s, kolonnen “%(column)s”: “%(value)s” %(wrong)s.",
        row=number,
        column=shortened(heading),
        value=shortened(value),
        wrong=wrong,
    )
    return RowError(number, heading, value, message)


def _matched(table: Table, columns: Sequence[Column]) -> list[tuple[Column, str]]:
    """Each column with the heading it has in this table, "" where it has none."""
    headings = {simplified(heading): heading for heading in table.header}
    found: list[tuple[Column, str]] = []
    missing: list[str] = []
    for column in columns:
        names = dict.fromkeys(simplified(name) for name in (column.name, *column.aliases))
        here = [headings[name] for name in names if name in headings]
        if len(here) > 1:
            raise TableError(
                T(
                    "Kolonnerne “%(first)s” og “%(second)s” betyder det samme. Behold kun den ene.",
                    first=shortened(here[0]),
                    second=shortened(here[1]),
                )
            )
        if not here and column.required:
            missing.append(column.name)
        found.append((column, here[0] if here else ""))
    if missing:
        header = ", ".join(shortened(heading, 30) for heading in table.header[:12])
        raise TableError(
            T("Filen mangler: %(columns)s. Den har: %(header)s.", columns=", ".join(missing), header=header)
        )
    return found


# --- Parsers: each gives a function from a stripped, non-empty text to a value, which raises Wrong --------------------


def text(limit: int = 200) -> Callable[[str], str]:
    """Words, at most `limit` characters."""

    def parse(value: str) -> str:
        if len(value) > limit:
            raise Wrong(T("er for lang (højst %(limit)s tegn)", limit=limit))
        return value

    return parse


_DANISH_DAY = re.compile(r"([0-9]{1,2})([./-]) ?([0-9]{1,2})\2 ?([0-9]{4})(?: 00[:.]00(?:[:.]00)?)?")
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]00:00(?::00)?)?")


def day() -> Callable[[str], date]:
    """A date from 1900 to 2199, as 31.12.2027, 31-12-2027, 31/12/2027 or 2027-12-31.

    A year of two digits is refused: nobody knows the century.
    """

    def parse(value: str) -> date:
        try:
            if danish := _DANISH_DAY.fullmatch(value):
                found = date(int(danish[4]), int(danish[3]), int(danish[1]))
            elif iso := _ISO_DAY.fullmatch(value):
                found = date(int(iso[1]), int(iso[2]), int(iso[3]))
            else:
                raise ValueError(value)
            if not FIRST_YEAR <= found.year <= LAST_YEAR:
                raise ValueError(value)
        except ValueError:
            raise Wrong(T("er ikke en dato (skriv fx 31.12.2027)")) from None
        return found

    return parse


_DIGITS = r"[+-]?(?:[0-9]{1,15}|[1-9][0-9]{0,2}(?:(?:\.[0-9]{3}){1,4}|(?: [0-9]{3}){1,4}))"
_WHOLE = re.compile(_DIGITS + "(?:,0+)?")
_DECIMAL = re.compile(_DIGITS + "(?:,[0-9]{1,15})?")
_DECIMAL_POINT = re.compile(r"[+-]?[0-9]{1,15}\.[0-9]{1,15}")
_TWO_MEANINGS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")


def whole_number(low: int | None = None, high: int | None = None) -> Callable[[str], int]:
    """A whole number within both limits; 1.200 and 1 200 are twelve hundred."""

    def parse(value: str) -> int:
        value = value.replace("\u00a0", " ")
        if not _WHOLE.fullmatch(value):
            raise Wrong(T("er ikke et helt tal (skriv fx 25)"))
        number = int(re.sub("[. ]", "", value.partition(",")[0]))
        _check_limits(number, low, high)
        return number

    return parse


def decimal(low: Decimal | int | None = None, high: Decimal | int | None = None) -> Callable[[str], Decimal]:
    """A number with a decimal comma (1.234,5), or a decimal point where that cannot be a separator of thousands (12.5).

    "1.234" alone is refused as ambiguous: a guess would be wrong by a factor of a thousand.
    """

    def parse(value: str) -> Decimal:
        value = value.replace("\u00a0", " ")
        if _TWO_MEANINGS.fullmatch(value):
            whole, part = value.replace(".", ""), value.replace(".", ",")
            raise Wrong(T("kan læses på to måder (skriv %(whole)s eller %(part)s)", whole=whole, part=part))
        if _DECIMAL.fullmatch(value):
            value = re.sub("[. ]", "", value).replace(",", ".")
        elif not _DECIMAL_POINT.fullmatch(value):
            raise Wrong(T("er ikke et tal (skriv fx 12,5)"))
        number = Decimal(value)
        _check_limits(number, low, high)
        return number

    return parse


def _check_limits(number: Decimal | int, low: Decimal | int | None, high: Decimal | int | None) -> None:
    if low is not None and number < low:
        raise Wrong(T("er for lille (mindst %(limit)s)", limit=low))
    if high is not None and number > high:
        raise Wrong(T("er for stor (højst %(limit)s)", limit=high))


def choice(meanings: Mapping[str, Value]) -> Callable[[str], Value]:
    """One of the words in `meanings`, whatever capitals, spaces and hyphens, for the value it stands for.

    Several words may mean the same; the message names the first of each.
    """
    known = {simplified(word): meaning for word, meaning in meanings.items()}
    named: dict[str, Value] = {}
    for word, meaning in meanings.items():
        if meaning not in named.values():
            named[word] = meaning

    def parse(value: str) -> Value:
        if simplified(value) not in known:
            raise Wrong(T("er ikke en af mulighederne: %(choices)s", choices=", ".join(named)))
        return known[simplified(value)]

    return parse


_YES = frozenset({"ja", "j", "x", "1", "sand", "sandt", "true", "yes", "y"})
_NO = frozenset({"nej", "n", "0", "falsk", "falskt", "false", "no"})


def yes_no() -> Callable[[str], bool]:
    """Yes or no, as ja/nej, j/n, x, 1/0, and what Excel makes of them (SAND/FALSK)."""

    def parse(value: str) -> bool:
        word = value.casefold()
        if word not in _YES | _NO:
            raise Wrong(T("er hverken ja eller nej"))
        return word in _YES

    return parse


_MAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]")


def mail() -> Callable[[str], str]:
    """A mail address, in small letters: it is what two files know the same person by."""

    def parse(value: str) -> str:
        if len(value) > 254 or not _MAIL.fullmatch(value) or ".." in value:
            raise Wrong(T("er ikke en mailadresse (skriv fx navn@kommune.dk)"))
        return value.lower()

    return parse
