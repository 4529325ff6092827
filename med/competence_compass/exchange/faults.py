"""What is wrong with a file, said so that the one who made it finds the place: file, row, column, value, and why."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from med.language import T, Text
from med.tables.table import shortened
from med.text.cpr import looks_like_cpr

KEPT = 200
"""Faults told; the others are counted. Whoever has two hundred to mend, has one mistake two hundred times."""


class Fault(NamedTuple):
    file: str
    row: int | None
    column: str
    value: str
    wrong: Text | str
    """Goes on from the value ("er ikke en dato") where a column is named, else a sentence of its own."""

    @property
    def message(self) -> Text:
        # What looks like a CPR number is not said again, on no screen and in no log.
        value = "••••••" if looks_like_cpr(self.value) else shortened(self.value)
        if self.row is None:
            return T("%(file)s: %(wrong)s", file=self.file, wrong=self.wrong)
        if not self.column:
            return T("%(file)s, række %(row)s: %(wrong)s", file=self.file, row=self.row, wrong=self.wrong)
        return T(
            "%(file)s, række %(row)s, kolonnen “%(column)s”: “%(value)s” %(wrong)s.",
            file=self.file,
            row=self.row,
            column=shortened(self.column),
            value=value,
            wrong=self.wrong,
        )

    def __str__(self) -> str:
        return str(self.message)


class Faults(Struct):
    """Every fault of an import: the first KEPT, and how many there are."""

    told: list[Fault] = []
    count: int = 0

    def add(self, file: str, row: int | None, wrong: Text | str, column: str = "", value: str = "") -> None:
        self.count += 1
        if len(self.told) < KEPT:
            self.told.append(Fault(file, row, column, value, wrong))

    def __bool__(self) -> bool:
        return self.count > 0

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.told)

    @property
    def untold(self) -> int:
        return self.count - len(self.told)


class FolderError(Exception):
    """A folder that cannot be used as it is; `faults` says why, in sentences."""

    def __init__(self, faults: Faults) -> None:
        super().__init__("; ".join(map(str, faults.told[:3])))
        self.faults = faults
