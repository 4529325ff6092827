"""How the decisions are spread over the four perspectives."""

from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.decisions.access import published_decisions
from med.decisions.models import Decision
from med.organisation.models import Committee, Level
from med.perspectives.models import Perspective

Counts = dict[Perspective | None, int]


def no_counts() -> Counts:
    """The four perspectives in their fixed order, and None for what imports left untagged; all nought."""
    return {**dict.fromkeys(Perspective, 0), None: 0}


@dataclass
class BalanceRow:
    """A committee, a level or a year, with its counts."""

    key: object
    name: str
    counts: Counts = field(default_factory=no_counts)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass
class Balance:
    counts: Counts = field(default_factory=no_counts)
    by_committee: list[BalanceRow] = field(default_factory=list)
    by_level: list[BalanceRow] = field(default_factory=list)
    by_year: list[BalanceRow] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def balance(
    db: Session,
    viewer: Viewer,
    *,
    committee_id: int | None = None,
    level: Level | None = None,
    year: int | None = None,
) -> Balance:
    """The whole balance page in one question: the sum, and the same by committee, by level and by year.

    The year narrows the sum and the tables of committees and levels; the table of years always shows them all.
    """
    asked = (
        select(
            Decision.year, Decision.committee_id, Committee.name, Committee.level, Decision.perspective, func.count()
        )
        .join(Committee, Committee.id == Decision.committee_id)
        .where(published_decisions(viewer))
        .group_by(Decision.year, Decision.committee_id, Committee.name, Committee.level, Decision.perspective)
    )
    if committee_id is not None:
        asked = asked.where(Decision.committee_id == committee_id)
    if level is not None:
        asked = asked.where(Committee.level == level)
    found = Balance()
    committees: dict[int, BalanceRow] = {}
    levels: dict[Level, BalanceRow] = {}
    years: dict[int, BalanceRow] = {}
    for its_year, its_committee, name, its_level, perspective, number in db.execute(asked):
        years.setdefault(its_year, BalanceRow(its_year, str(its_year))).counts[perspective] += number
        if year is not None and its_year != year:
            continue
        found.counts[perspective] += number
        committees.setdefault(its_committee, BalanceRow(its_committee, name)).counts[perspective] += number
        levels.setdefault(its_level, BalanceRow(its_level, "")).counts[perspective] += number
    found.by_committee = sorted(committees.values(), key=lambda row: row.name)
    found.by_level = [levels[one] for one in Level if one in levels]
    found.by_year = [years[one] for one in sorted(years, reverse=True)]
    return found
