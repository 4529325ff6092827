"""How the decisions are spread over the four perspectives."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.decisions.access import published_decisions
from med.decisions.models import Decision
from med.organisation.access import ANY_EMPLOYEE
from med.organisation.models import Committee, Level
from med.perspectives.models import Perspective
from med.prepared import Prepared

Counts = dict[Perspective | None, int]


def no_counts() -> Counts:
    """The four perspectives in their fixed order, and None for what imports left untagged; all nought."""
    return {**dict.fromkeys(Perspective, 0), None: 0}


class BalanceRow(Struct):
    """A committee, a level or a year, with its counts."""

    key: object
    name: str
    counts: Counts = field(default_factory=no_counts)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Balance(Struct):
    counts: Counts = field(default_factory=no_counts)
    by_committee: list[BalanceRow] = []
    by_level: list[BalanceRow] = []
    by_year: list[BalanceRow] = []

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def _counted() -> Select:
    return select(Decision.year, Decision.committee_id, Decision.perspective, func.count()).group_by(
        Decision.year, Decision.committee_id, Decision.perspective
    )


# As who is inside no committee sees them; the sums of a city's ten years are taken once between two saves.
OPEN = Prepared(lambda: _counted().where(published_decisions(ANY_EMPLOYEE)), remembered=1)


def balance(
    db: Session,
    viewer: Viewer,
    *,
    committee_id: int | None = None,
    level: Level | None = None,
    year: int | None = None,
) -> Balance:
    """The whole balance page: the sum, and the same by committee, by level and by year.

    The year narrows the sum and the tables of committees and levels; the table of years always shows them all.
    """
    found = Balance()
    if not viewer.is_employee:
        return found
    asked = select(Committee.id, Committee.name, Committee.level)
    if committee_id is not None:
        asked = asked.where(Committee.id == committee_id)
    if level is not None:
        asked = asked.where(Committee.level == level)
    places = db.execute(asked).all()
    committees = {place.id: BalanceRow(place.id, place.name) for place in places}
    levels = {place.level: BalanceRow(place.level, "") for place in places}
    level_of = {place.id: levels[place.level] for place in places}
    years: dict[int, BalanceRow] = {}
    for its_year, its_committee, perspective, number in (*OPEN(db, inside=()), *_closed(db, viewer)):
        if its_committee not in committees:
            continue
        if its_year not in years:
            years[its_year] = BalanceRow(its_year, str(its_year))
        years[its_year].counts[perspective] += number
        if year is None or its_year == year:
            committees[its_committee].counts[perspective] += number
            level_of[its_committee].counts[perspective] += number
    for row in levels.values():
        for perspective, number in row.counts.items():
            found.counts[perspective] += number
    found.by_committee = sorted((row for row in committees.values() if row.total), key=lambda row: row.name)
    found.by_level = [levels[one] for one in Level if one in levels and levels[one].total]
    found.by_year = [years[one] for one in sorted(years, reverse=True)]
    return found


def _closed(db: Session, viewer: Viewer) -> Sequence[Any]:
    """Those on closed items of the viewer's own committees."""
    own = Decision.committee_id.in_(viewer.inside)
    return db.execute(_counted().where(published_decisions(viewer), own, Decision.is_open.is_(False))).all()
