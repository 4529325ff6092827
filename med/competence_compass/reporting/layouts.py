"""How a report's columns are wanted: of a unit itself, of the nearest one above it, or as they come.

No public format exists for these imports (docs/brugere/indberetning.md says so to the reader), so every municipality
says itself what the columns are called in its own system.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from med.competence_compass.models import Report, ReportLayout
from med.competence_compass.reporting.fields import FIELDS
from med.organisation.models import Unit
from med.tables import write_csv, write_xlsx
from med.tables.writing import DANISH_DATE

# strftime -> the same day in each
DATES = {
    DANISH_DATE: "31.12.2027",
    "%d-%m-%Y": "31-12-2027",
    "%d/%m/%Y": "31/12/2027",
    "%Y-%m-%d": "2027-12-31",
    "%Y%m%d": "20271231",
}
DECIMALS = {",": "0,5", ".": "0.5"}


class Column(Struct, frozen=True):
    field: str
    heading: str
    is_on: bool


class Layout(Struct, frozen=True):
    columns: tuple[Column, ...]
    dates: str = DANISH_DATE
    decimal: str = ","
    unit_id: int | None = None  # whose it is; None as it comes
    version: int = 0

    @property
    def fields(self) -> list[str]:
        return [one.field for one in self.columns if one.is_on]

    def has(self, field: str) -> bool:
        return field in self.fields

    def csv(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        return write_csv(self._header(), self._lines(rows), self.dates, self.decimal)

    def xlsx(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        return write_xlsx(self._header(), self._lines(rows), self.dates)

    def _header(self) -> list[str]:
        return [one.heading for one in self.columns if one.is_on]

    def _lines(self, rows: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
        return [[row.get(field) for field in self.fields] for row in rows]


def as_it_comes(report: Report) -> Layout:
    return Layout(tuple(Column(one.name, str(one.heading), one.is_on) for one in FIELDS[report]))


def layout_for(db: Session, report: Report, unit_ids: Collection[int]) -> Layout:
    """The layout of the nearest unit that has one and holds all of these, themselves included."""
    parents: dict[int, int | None] = dict(db.execute(select(Unit.id, Unit.parent_id)).all())
    kept = {
        one.unit_id: one
        for one in db.scalars(
            select(ReportLayout).where(ReportLayout.report == report).options(selectinload(ReportLayout.columns))
        )
    }
    common: list[int] | None = None
    for unit_id in unit_ids:
        way = _upwards(parents, unit_id)
        common = way if common is None else [one for one in common if one in way]
    for unit_id in common or []:
        if unit_id in kept:
            return _read(report, kept[unit_id])
    return as_it_comes(report)


def _upwards(parents: Mapping[int, int | None], unit_id: int | None) -> list[int]:
    way: list[int] = []
    while unit_id is not None and unit_id not in way:
        way.append(unit_id)
        unit_id = parents.get(unit_id)
    return way


def _read(report: Report, kept: ReportLayout) -> Layout:
    """As it is kept; a field that came with a later version of Medspil is last, and off."""
    known = {one.name: str(one.heading) for one in FIELDS[report]}
    columns = [Column(one.field, one.heading, one.is_on) for one in kept.columns if one.field in known]
    there = {one.field for one in columns}
    columns += [Column(name, heading, False) for name, heading in known.items() if name not in there]
    return Layout(tuple(columns), kept.dates, kept.decimal, kept.unit_id, kept.version)
