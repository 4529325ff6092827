"""Sums over citizens, counted when a quarter or a year has ended, made safe to show, and kept as they were shown.

Stocks (who waits, whose assessment is due) are taken on a quarter's last day; flows (starts, exams, attendance) are
counted by the year, because a quarter of an activity is too few people to say anything about. Nothing here is shown
while its period still runs: yesterday's number and today's would tell of the one person between them.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from statistics import fmean, median
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass import disclosure, rollups
from med.competence_compass.disclosure import Key
from med.competence_compass.models import (
    Activity,
    ActivityState,
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    ChangeSum,
    Citizen,
    Exam,
    Instrument,
    Measure,
    Participation,
    Run,
    Snapshot,
    WaitingEntry,
)
from med.journal.actions import note
from med.organisation.models import Unit
from med.prepared import Prepared

INTERVAL = timedelta(days=91)  # where a citizen has no instrument yet
GRACE = timedelta(days=14)
HALF_A_YEAR = timedelta(days=183)
UNEVEN = 0.10
OLDEST = 8  # years counted back when there is no snapshot yet
REST = "rest"  # a unit's small ones together
OWN = "own"  # the citizens of a unit itself, beside those of the units below

Path = tuple[str, ...]


def ended_quarter(day: date) -> tuple[int, int]:
    """The last quarter that has ended: (year, 1–4)."""
    quarter = (day.month - 1) // 3
    return (day.year, quarter) if quarter else (day.year - 1, 4)


def last_day(year: int, quarter: int) -> date:
    """The day a quarter (1–4) ends."""
    return (date(year + 1, 1, 1) if quarter == 4 else date(year, 3 * quarter + 1, 1)) - timedelta(days=1)


def quarter_name(year: int, quarter: int) -> str:
    """ "2026-3", as snapshots name their period."""
    return f"{year}-{quarter}"


# --- freezing ---------------------------------------------------------------------------------------------------------


def freeze_what_ended(db: Session) -> None:
    """Count the quarter and the years that have ended and have no snapshot yet. At night."""
    quarter = ended_quarter(clock.today())
    kept = set(db.execute(select(Snapshot.measure, Snapshot.period)).all())
    places = Places(db)
    for measure, at_end in QUARTERLY.items():
        if (measure, quarter_name(*quarter)) not in kept:
            keep(db, measure, quarter_name(*quarter), at_end(db, places, last_day(*quarter)))
    first = db.scalar(select(func.min(Participation.starts)))
    if first is None:
        return
    for year in range(max(first.year, clock.today().year - OLDEST), clock.today().year):
        for measure, through in YEARLY.items():
            if (measure, str(year)) not in kept:
                keep(db, measure, str(year), through(db, places, year))


def keep(db: Session, measure: Measure, period: str, content: Any) -> None:
    made = Snapshot(measure=measure, period=period, content=json.dumps(content), made_at=clock.now())
    db.add(made)
    note(db, None, "snapshot.kept", made)


class Places:
    """Where activities and citizens are, as paths from the top: ("u1", "u7", "a12")."""

    def __init__(self, db: Session) -> None:
        self.parent: dict[int, int | None] = dict(db.execute(select(Unit.id, Unit.parent_id)).all())
        self.unit: dict[int, int] = dict(db.execute(select(Activity.id, Activity.unit_id)).all())

    def of_unit(self, unit_id: int | None) -> Path:
        path: list[str] = []
        while unit_id is not None and f"u{unit_id}" not in path:
            path.append(f"u{unit_id}")
            unit_id = self.parent.get(unit_id)
        return tuple(reversed(path))

    def of_activity(self, activity_id: int) -> Path:
        return (*self.of_unit(self.unit[activity_id]), f"a{activity_id}")


def table(leaves: Mapping[Key, int]) -> list[Any]:
    """As JSON keeps it: [path on each axis …, number or null], protected as a whole."""
    return [[*map(list, cell), shown] for cell, shown in sorted(disclosure.protect(leaves).items())]


def count_waiting(db: Session, places: Places, day: date) -> list[Any]:
    """How many wait for each activity on a day, also for those nobody waits for while they are offered."""
    waits = dict(
        db.execute(
            select(WaitingEntry.activity_id, func.count()).where(waiting_on(day)).group_by(WaitingEntry.activity_id)
        ).all()
    )
    offered = db.scalars(select(Activity.id).where(Activity.state != ActivityState.ENDED)).all()
    return table({(places.of_activity(id),): waits.get(id, 0) for id in {*offered, *waits}})


def waiting_on(day: date) -> Any:
    return and_(WaitingEntry.queued <= day, or_(WaitingEntry.left_on.is_(None), WaitingEntry.left_on > day))


def time_waited(db: Session, places: Places, day: date) -> dict[str, int]:
    """Days: the median for each activity with ten or more who wait, and for each unit with ten or more below it, unless
    nearly all of them wait at one of its units. Where the number who wait is hidden, so is this: it would say "ten or
    more" of it."""
    shown = cells(count_waiting(db, places, day))
    days: dict[Path, list[int]] = defaultdict(list)
    for activity, queued in db.execute(select(WaitingEntry.activity_id, WaitingEntry.queued).where(waiting_on(day))):
        path = places.of_activity(activity)
        for length in range(1, len(path) + 1):
            days[path[:length]].append((day - queued).days)
    found: dict[str, int] = {}
    for path, waited in days.items():
        parts = [len(others) for other, others in days.items() if other[:-1] == path and other[-1].startswith("u")]
        enough = len(waited) >= disclosure.FEWEST_MEASURED and shown.get((path,)) is not None
        if enough and not disclosure.is_dominated(parts):
            found[path[-1]] = round(median(waited))
    return found


def count_due(db: Session, places: Places, day: date) -> list[Any]:
    """Citizens who have been here for a whole interval: was stock taken within the last one (and two weeks)?"""
    last = dict(
        db.execute(
            select(Assessment.citizen_id, func.max(Assessment.day))
            .where(
                Assessment.closed_at.is_not(None),
                Assessment.day <= day,
                Assessment.purpose != AssessmentPurpose.DOUBLE,
            )
            .group_by(Assessment.citizen_id)
        ).all()
    )
    leaves: dict[Key, int] = {}
    for citizen, unit, entered, days in db.execute(
        select(Citizen.id, Citizen.unit_id, Citizen.entered, Instrument.interval_days)
        .outerjoin(Instrument, Instrument.id == Citizen.instrument_id)
        .where(
            Citizen.erased_at.is_(None),
            Citizen.entered <= day,
            or_(Citizen.left_on.is_(None), Citizen.left_on > day),
        )
    ):
        interval = timedelta(days=days) if days else INTERVAL
        if entered > day - interval:
            continue
        is_done = citizen in last and last[citizen] >= day - interval - GRACE
        path = (*places.of_unit(unit), OWN)
        for answer in (True, False):
            leaf = path, (("done" if answer else "missing"),)
            leaves[leaf] = leaves.get(leaf, 0) + (answer is is_done)
    return table(leaves)


def count_starts(db: Session, places: Places, year: int) -> list[Any]:
    """Participations begun in a year, activity by activity."""
    ran = db.execute(
        select(Run.activity_id, func.count(Participation.id))
        .outerjoin(Participation, and_(Participation.run_id == Run.id, in_year(Participation.starts, year)))
        .where(Run.starts <= date(year, 12, 31), or_(Run.ends.is_(None), Run.ends >= date(year, 1, 1)))
        .group_by(Run.activity_id)
    ).all()
    return table({(places.of_activity(activity),): number for activity, number in ran})


def in_year(column: Any, year: int) -> Any:
    return and_(column >= date(year, 1, 1), column <= date(year, 12, 31))


def count_exams(db: Session, places: Places, year: int) -> list[Any]:
    """Passed and not passed. A course where either is under five is counted with the other small ones of its unit: were
    each of them hidden, the centre's own number would have to be hidden with them."""
    taken: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for activity, passed, number in db.execute(
        select(Run.activity_id, Exam.passed, func.count())
        .join(Participation, Participation.id == Exam.participation_id)
        .join(Run, Run.id == Participation.run_id)
        .where(in_year(Exam.day, year))
        .group_by(Run.activity_id, Exam.passed)
    ):
        taken[activity][0 if passed else 1] += number
    leaves: dict[Key, int] = {}
    for activity, outcomes in taken.items():
        path = places.of_activity(activity)
        if min(outcomes) < disclosure.FEWEST_COUNTED:
            path = (*path[:-1], REST)
        for outcome, number in zip(("passed", "not"), outcomes, strict=True):
            leaf = path, (outcome,)
            leaves[leaf] = leaves.get(leaf, 0) + number
    return table(leaves)


def attendance(db: Session, places: Places, year: int) -> dict[str, int]:
    """Percent of the planned sessions that those came to who ended in the year, to the nearest five."""
    came: dict[int, list[float]] = defaultdict(list)
    for activity, attended, planned in db.execute(
        select(Run.activity_id, Participation.attended, Participation.planned)
        .join(Run, Run.id == Participation.run_id)
        .where(in_year(Participation.ends, year), Participation.planned > 0)
    ):
        came[activity].append(min(1.0, attended / planned))
    return {
        f"a{activity}": round(20 * fmean(shares)) * 5
        for activity, shares in came.items()
        if len(shares) >= disclosure.FEWEST_MEASURED
    }


def missing(db: Session, places: Places, year: int) -> list[str]:
    """Activities where the share without an assessment in the half year that counts differs by more than 10 percentage
    points between those who ended and those who waited in the year; ten or more of both. Who ended after the summer is
    of the year after: when a year is counted, their half year is not over."""
    days: dict[int, list[date]] = defaultdict(list)
    asked = select(Assessment.citizen_id, Assessment.day).where(
        Assessment.closed_at.is_not(None),
        Assessment.day >= date(year - 1, 7, 1),
        Assessment.day <= date(year + 1, 7, 1),
    )
    for citizen, day in db.execute(asked):
        days[citizen].append(day)

    def is_missing(citizen: int, start: date, end: date) -> bool:
        return not any(start <= day <= end for day in days[citizen])

    took_part: dict[int, list[bool]] = defaultdict(list)
    for activity, citizen, ended in db.execute(
        select(Run.activity_id, Participation.citizen_id, Participation.ends)
        .join(Run, Run.id == Participation.run_id)
        .where(Participation.ends >= date(year - 1, 7, 1), Participation.ends <= date(year, 6, 30))
    ):
        if ended is not None:  # as the question says
            took_part[activity].append(is_missing(citizen, ended, ended + HALF_A_YEAR))
    waited: dict[int, list[bool]] = defaultdict(list)
    for activity, citizen, left in db.execute(
        select(WaitingEntry.activity_id, WaitingEntry.citizen_id, WaitingEntry.left_on).where(
            WaitingEntry.queued <= date(year, 12, 31) - HALF_A_YEAR,
            or_(WaitingEntry.left_on.is_(None), WaitingEntry.left_on >= date(year, 1, 1)),
        )
    ):
        until = min(left or date.max, date(year, 12, 31))
        waited[activity].append(is_missing(citizen, until - HALF_A_YEAR, until))
    enough = disclosure.FEWEST_MEASURED
    return [
        f"a{activity}"
        for activity in sorted(took_part.keys() & waited.keys())
        if min(len(took_part[activity]), len(waited[activity])) >= enough
        and abs(fmean(took_part[activity]) - fmean(waited[activity])) > UNEVEN
    ]


def changes(db: Session, places: Places, day: date) -> list[Any]:
    """[activity, dimension, n, mean before, mean after] of those assessed before they began and after they ended; and
    the same three numbers of the citizens' own voice, where ten or more have rated themselves both times.

    A referral is no "before": people are referred on a bad day.
    """
    told: dict[tuple[int, int], list[Any]] = {}
    before_this = select(Snapshot.content).where(Snapshot.measure == Measure.CHANGES).order_by(Snapshot.id)
    for content in db.scalars(before_this):
        told |= {(row[0], row[1]): row for row in json.loads(content)}
    own = own_sums(db, day)
    rows = []
    for pair, found in sorted(change_sums(db, day).items()):
        last = told.get(pair, [])
        if rated := means(found, last[2:5]):
            rows.append([*pair, *rated, *means(own.get(pair, (0, 0, 0)), last[5:8])])
    return rows


def means(found: tuple[int, int, int], last: list[Any]) -> list[Any]:
    """[n, mean before, mean after]; empty under ten. Where fewer than ten have joined since the `last` ones, those are
    said again: the difference between the two would be a mean over those few."""
    n, before, after = found
    if last and not disclosure.may_follow(last[0], n):
        return last
    return [n, round(before / n, 2), round(after / n, 2)] if disclosure.may_follow(None, n) else []


def own_sums(db: Session, day: date) -> dict[tuple[int, int], tuple[int, int, int]]:
    """What `change_sums` gives, of how citizens rate themselves. Nothing is kept of it from save to save, so the scores
    are asked: once a quarter."""
    found: dict[tuple[int, int], tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for one in rollups.changes_of(db, voices=(AssessmentKind.SELF,)):
        if one.quarter <= day.year * 4 + (day.month - 1) // 3:
            n, before, after = found[one.activity_id, one.dimension_id]
            found[one.activity_id, one.dimension_id] = n + 1, before + one.before, after + one.after
    return found


def change_sums(db: Session, day: date) -> dict[tuple[int, int], tuple[int, int, int]]:
    """For each tested hypothesis: how many participants have changed by the end of the day's quarter, and the sums of
    their scores before and after. From the sums that follow every save (`rollups`): no score is looked at."""
    asked = (
        select(
            ChangeSum.activity_id,
            ChangeSum.dimension_id,
            func.sum(ChangeSum.n),
            func.sum(ChangeSum.before),
            func.sum(ChangeSum.before + ChangeSum.s),
        )
        .where(ChangeSum.quarter <= day.year * 4 + (day.month - 1) // 3)
        .group_by(ChangeSum.activity_id, ChangeSum.dimension_id)
    )
    return {(row[0], row[1]): (int(row[2]), int(row[3]), int(row[4])) for row in db.execute(asked)}


QUARTERLY = {
    Measure.WAITING: count_waiting,
    Measure.WAITED: time_waited,
    Measure.DUE: count_due,
    Measure.CHANGES: changes,
}
YEARLY = {Measure.STARTS: count_starts, Measure.EXAMS: count_exams, Measure.DOSE: attendance, Measure.MISSING: missing}


# --- reading ----------------------------------------------------------------------------------------------------------


KEPT = Prepared(lambda: select(Snapshot.measure, Snapshot.period))
CONTENTS = Prepared(
    lambda: select(Snapshot.measure, Snapshot.content).where(
        Snapshot.period == bindparam("period"), Snapshot.measure.in_(bindparam("measures", expanding=True))
    )
)


def periods(db: Session, measure: Measure) -> list[str]:
    """The periods there is something of, the newest first."""
    return every_period(db)[measure]


def every_period(db: Session) -> Mapping[Measure, list[str]]:
    """The same of each measure."""
    found: dict[Measure, list[str]] = defaultdict(list)
    for measure, period in KEPT(db):
        found[measure].append(period)
    for listed in found.values():
        listed.sort(reverse=True)
    return found


def published(db: Session, period: str, measures: Iterable[Measure]) -> dict[Measure, Any]:
    """What was kept of a period; measures without a snapshot are left out. To be read and not changed."""
    return {measure: told(content) for measure, content in CONTENTS(db, period=period, measures=set(measures))}


@lru_cache(maxsize=64)  # a snapshot never changes
def told(content: str) -> Any:
    """What stands in a snapshot."""
    return json.loads(content)


def cells(content: list[Any]) -> dict[Key, int | None]:
    """A table as `table` made it: where on each axis -> the number; None where it is not shown."""
    return {tuple(tuple(path) for path in row[:-1]): row[-1] for row in content}
