"""From a file to headings and lines, as a stream: a hundred thousand assessments are two million lines."""

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from med.competence_compass.exchange.faults import Faults
from med.language import T
from med.tables import Column, Table, TableError, Wrong
from med.tables.reading import NOT_TEXT, delimiter_of, text_of
from med.tables.table import MAX_CELL, header_of, not_a_table, shortened, simplified
from med.text.cpr import looks_like_cpr

LARGEST = 2**30
CHUNK = 2**20
MOST_REMEMBERED = 100_000
"""Different texts of one column that are understood once for all."""

Line = tuple[int, Sequence[str]]


class Source(Struct):
    """A table that is read once: its name, its headings, and its lines with the numbers a spreadsheet shows."""

    name: str
    header: list[str]
    lines: Iterator[Line]


def of_table(table: Table, name: str = "") -> Source:
    """A table that is in memory already; `name` instead of the file's where it is one sheet of several."""
    return Source(
        name or table.name,
        table.header,
        ((row.number, [row.values[heading] for heading in table.header]) for row in table.rows),
    )


def of_file(path: Path) -> Source:
    """A CSV file: UTF-8, UTF-16 with BOM or cp1252; `;`, `,` or tab. Raises TableError and OSError."""
    if path.stat().st_size > LARGEST:
        raise TableError(T("Filen fylder for meget: højst %(limit)s MB.", limit=LARGEST // 2**20))
    lines = _lines(path, _encoding(path))
    for number, line in lines:
        if any(line):
            header = header_of(line)
            return Source(path.name, header, _rest(lines, len(header), number))
    raise TableError(T("Filen er tom."))


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    candidates = ["utf-8", "cp1252"]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif start.startswith(b"\xef\xbb\xbf"):
        candidates = ["utf-8-sig"]
    for encoding in candidates:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    if NOT_TEXT.search(decoder.decode(chunk)):
                        raise not_a_table()
                decoder.decode(b"", final=True)
        except UnicodeError:
            continue
        return encoding
    raise TableError(T("Filens tegnsæt kan ikke læses. Gem den som CSV UTF-8 og prøv igen."))


def _lines(path: Path, encoding: str) -> Iterator[Line]:
    csv.field_size_limit(MAX_CELL)
    number = 0
    with path.open(encoding=encoding, newline="") as file:
        start = file.read(64_000)
        if re.match(r"\s*[<{\[]|%PDF|PK\x03\x04", start):
            raise not_a_table()
        file.seek(0)
        if declared := re.match(r"sep=([;,\t])\s*$", start.partition("\n")[0]):
            file.readline()
            number = 1
        delimiter = declared[1] if declared else delimiter_of(start)
        try:
            for line in csv.reader(file, delimiter=delimiter, strict=True):
                number += 1
                yield number, [text_of(cell) for cell in line]
        except csv.Error:
            raise TableError(
                T(
                    "Række %(row)s har en fejl i anførselstegnene: et felt begynder eller slutter midt i teksten.",
                    row=number + 1,
                )
            ) from None


def _rest(lines: Iterator[Line], width: int, _header: int) -> Iterator[Line]:
    for number, line in lines:
        if not any(line):
            continue
        if len(line) < width:
            line = [*line, *[""] * (width - len(line))]
        elif any(line[width:]):
            raise TableError(T("Række %(row)s har flere felter, end der er overskrifter.", row=number))
        yield number, line


class Field(Struct):
    """A column as it is found in one source: where it stands, and what its texts were understood as so far."""

    column: Column
    heading: str
    at: int
    known: dict[str, Any]


class _Not:
    """What a text that could not be understood is remembered as."""


NOT = _Not()


def find(
    source: Source, columns: Sequence[Column], others: Callable[[str], Column | None] | None = None
) -> list[Field]:
    """The columns' fields, in their order; those the source lacks have `at` -1. `others` may take further headings.

    Raises TableError when a required column is missing, or when two headings mean the same one.
    """
    places = {simplified(heading): at for at, heading in enumerate(source.header)}
    found: list[Field] = []
    missing: list[str] = []
    for column in columns:
        names = dict.fromkeys(simplified(name) for name in (column.name, *column.aliases))
        here = [places.pop(name) for name in names if name in places]
        if len(here) > 1:
            raise TableError(
                T(
                    "Kolonnerne “%(first)s” og “%(second)s” betyder det samme. Behold kun den ene.",
                    first=shortened(source.header[here[0]]),
                    second=shortened(source.header[here[1]]),
                )
            )
        if not here and column.required:
            missing.append(column.name)
        found.append(
            Field(column, source.header[here[0]] if here else column.name, here[0] if here else -1, {"": None})
        )
    if missing:
        header = ", ".join(shortened(heading, 30) for heading in source.header[:12])
        raise TableError(
            T("Filen mangler: %(columns)s. Den har: %(header)s.", columns=", ".join(missing), header=header)
        )
    for at in sorted(places.values()):
        heading = source.header[at]
        more = others(heading) if others else None
        # A column nobody asked for is left alone, but a CPR number in it would still have left its house.
        found.append(Field(more or Column(heading, required=False, parse=_nothing), heading, at, {"": None}))
    return found


def _nothing(text: str) -> None:
    return None


def values_of(source: Source, fields: Sequence[Field], faults: Faults) -> Iterator[tuple[int, list[Any]]]:
    """Row by row the fields' values, None where empty; a row with a fault is told and left out.

    Texts come again and again, and are parsed once for each column.
    """
    for number, line in source.lines:
        values: list[Any] = []
        faulty = False
        for field in fields:
            if field.at < 0:
                values.append(None)
                continue
            text = line[field.at]
            try:
                value = field.known[text]
            except KeyError:
                value = _understood(source, field, number, text, faults)
            else:
                if value is NOT:
                    value = _understood(source, field, number, text, faults)
            if value is NOT:
                faulty = True
            elif value is None and field.column.required and not text:
                faulty = True
                faults.add(source.name, number, T("kolonnen “%(column)s” mangler en værdi.", column=field.heading))
            values.append(value)
        if not faulty:
            yield number, values


def _understood(source: Source, field: Field, number: int, text: str, faults: Faults) -> Any:
    value: Any = NOT
    if looks_like_cpr(text):
        faults.add(source.name, number, T("ligner et CPR-nummer, og det må ikke stå i kompasset"), field.heading, text)
    else:
        try:
            value = field.column.parse(text)
        except Wrong as wrong:
            faults.add(source.name, number, wrong.message, field.heading, text)
    if len(field.known) < MOST_REMEMBERED:
        field.known[text] = value
    return value
