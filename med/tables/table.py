"""A table as it was handed in: headings, rows of texts with the row numbers the person sees, and limits to its size."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from med.language import T, Text

MAX_BYTES = 25 * 2**20
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELLS = 2_000_000
MAX_CELL = 32_767
"""Characters in one field; Excel's own limit."""


class TableError(ValueError):
    """The file as a whole cannot be used. `message` says why and what to do, to the person who chose it."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


class Row(NamedTuple):
    """One row: its number as the spreadsheet shows it (the headings are usually row 1), its texts by heading."""

    number: int
    values: dict[str, str]


class Table(NamedTuple):
    """`header` holds the headings as they are written; every row has a text for each of them, "" where empty."""

    name: str
    header: list[str]
    rows: list[Row]


def simplified(heading: str) -> str:
    """What two headings are compared by: "E-mail", "e mail" and "EMAIL" are one."""
    return re.sub(r"[\W_]+", "", heading.casefold()) or heading.strip()


def build(name: str, lines: Iterable[tuple[int, Sequence[str]]]) -> Table:
    """The table of numbered lines of stripped texts: the first that is not blank holds the headings.

    Raises TableError for lines that no reader could interpret without guessing.
    """
    header: list[str] = []
    rows: list[Row] = []
    cells = 0
    for number, line in lines:
        if not any(line):
            continue
        if any(len(cell) > MAX_CELL for cell in line):
            raise TableError(T("Række %(row)s har et felt på over %(limit)s tegn.", row=number, limit=MAX_CELL))
        if not header:
            header = header_of(line)
            continue
        if any(line[len(header) :]):
            raise TableError(T("Række %(row)s har flere felter, end der er overskrifter.", row=number))
        cells += len(header)
        if len(rows) == MAX_ROWS or cells > MAX_CELLS:
            raise too_many_rows()
        padded = [*line, *[""] * (len(header) - len(line))]
        for at, heading in enumerate(header):
            if not heading and padded[at]:
                raise TableError(T("Kolonne %(number)s har indhold, men ingen overskrift.", number=at + 1))
        rows.append(Row(number, {heading: cell for heading, cell in zip(header, padded, strict=False) if heading}))
    if not header:
        raise TableError(T("Filen er tom."))
    return Table(name, [heading for heading in header if heading], rows)


def too_many_rows() -> TableError:
    return TableError(T("Filen har for mange rækker: højst %(limit)s.", limit=MAX_ROWS))


def too_many_columns() -> TableError:
    return TableError(T("Filen har for mange kolonner: højst %(limit)s.", limit=MAX_COLUMNS))


def not_a_table() -> TableError:
    return TableError(T("Filen er ikke en tabel. Gem den som XLSX eller CSV og prøv igen."))


def header_of(line: Sequence[str]) -> list[str]:
    """The headings of a first line. Raises TableError for too many, or one that stands twice."""
    header = [" ".join(cell.split()) for cell in line]
    while not header[-1]:
        header.pop()
    if len(header) > MAX_COLUMNS:
        raise too_many_columns()
    seen: set[str] = set()
    for heading in filter(None, header):
        if simplified(heading) in seen:
            raise TableError(T("Overskriften “%(column)s” står der flere gange.", column=shortened(heading)))
        seen.add(simplified(heading))
    return header


def shortened(value: str, length: int = 60) -> str:
    """A value as it is quoted in a message."""
    value = " ".join(value.split())
    return value if len(value) <= length else value[: length - 1] + "…"
