"""An activity's numbers as everyone may see them: as they were kept when the last quarter and year had ended."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from med.competence_compass import sums
from med.competence_compass.models import Measure, Snapshot


class Kept(Struct, frozen=True):
    """None for what is not told: too few, or somebody could work out another number from it."""

    quarter: str | None
    year: str | None
    waiting: int | None
    waited: int | None  # typically, in days
    started: int | None
    exams: int | None
    passed: int | None


def about(db: Session, activity_id: int) -> Kept:
    quarter, quarterly = newest(db, Measure.WAITING, Measure.WAITED)
    year, yearly = newest(db, Measure.STARTS, Measure.EXAMS)
    exams = numbers(yearly.get(Measure.EXAMS, "[]"))
    return Kept(
        quarter,
        year,
        numbers(quarterly.get(Measure.WAITING, "[]")).get((activity_id,)),
        waited(quarterly.get(Measure.WAITED, "{}")).get(activity_id),
        numbers(yearly.get(Measure.STARTS, "[]")).get((activity_id,)),
        exams.get((activity_id,)),
        exams.get((activity_id, "passed")),
    )


def waiting(db: Session) -> dict[int, int | None]:
    """How many waited for each activity when the last quarter ended."""
    _, kept = newest(db, Measure.WAITING)
    return {key[0]: number for key, number in numbers(kept.get(Measure.WAITING, "[]")).items()}


def newest(db: Session, *measures: Measure) -> tuple[str | None, dict[Measure, str]]:
    """The newest period that has the first of these, and what was kept of it, as it stands in the table."""
    periods = sums.periods(db, measures[0])
    if not periods:
        return None, {}
    asked = select(Snapshot.measure, Snapshot.content).where(
        Snapshot.period == periods[0], Snapshot.measure.in_(list(measures))
    )
    return periods[0], dict(db.execute(asked).all())


@lru_cache(maxsize=32)  # a snapshot never changes, and a page needs one line of a table of hundreds
def numbers(content: str) -> Mapping[tuple[Any, ...], int | None]:
    """(activity,) or (activity, outcome) -> number; places other than activities are left out."""
    found: dict[tuple[Any, ...], int | None] = {}
    for (path, *outcome), number in sums.cells(sums.told(content)).items():
        if path and path[-1][1:].isdecimal() and path[-1].startswith("a"):
            found[int(path[-1][1:]), *(step for one in outcome for step in one)] = number
    return found


@lru_cache(maxsize=8)
def waited(content: str) -> Mapping[int, int]:
    return {int(code[1:]): days for code, days in sums.told(content).items() if code.startswith("a")}
