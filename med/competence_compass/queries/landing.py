"""What `/kompas` and the overview ask about activities: my runs, the lists I keep, what stands in the way."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.access import LED_RUNS, coordinated_units, leading, led_runs, visible_activities
from med.competence_compass.models import (
    Activity,
    ActivityState,
    EndReason,
    Exam,
    Hypothesis,
    Participation,
    Run,
    WaitingEntry,
    WaitingOutcome,
)
from med.competence_compass.models import Session as RunSession
from med.competence_compass.queries.waiting import rooms_of
from med.organisation.models import Unit
from med.prepared import Prepared

MOST = 12
ASKED_FOR = timedelta(days=60)  # later, an exam that was not taken is no news


def led_runs_of(db: Session, viewer: Viewer) -> Sequence[Row[*tuple[Any, ...]]]:
    """The runs the viewer leads today that are not over: with the next session's day, the soonest first."""
    today = clock.today()
    upcoming = (
        select(RunSession.run_id, func.min(RunSession.day).label("day"))
        .where(RunSession.day >= today)
        .group_by(RunSession.run_id)
        .subquery()
    )
    return db.execute(
        select(Run.id, Run.number, Activity.title, Run.starts, Run.ends, Run.started_at, upcoming.c.day)
        .join(Activity, Activity.id == Run.activity_id)
        .outerjoin(upcoming, upcoming.c.run_id == Run.id)
        .where(led_runs(viewer), Run.ended_at.is_(None))
        .order_by(func.coalesce(upcoming.c.day, Run.starts), Run.id)
        .limit(MOST)
    ).all()


class ListToKeep(Struct, frozen=True):
    id: int
    title: str
    waiting: int
    offered: int
    has_room: bool


def lists_to_act_on(db: Session, viewer: Viewer) -> list[ListToKeep]:
    """The waiting lists of the units the viewer coordinates on which somebody waits."""
    units = coordinated_units(db, viewer)
    if not units:
        return []
    rows = db.execute(
        select(Activity.id, Activity.title, func.count().label("waiting"), func.count(WaitingEntry.offered_run_id))
        .join(WaitingEntry, WaitingEntry.activity_id == Activity.id)
        .where(Activity.unit_id.in_(units), WaitingEntry.outcome == WaitingOutcome.WAITING)
        .group_by(Activity.id, Activity.title)
    ).all()
    rooms = rooms_of(db, [row[0] for row in rows])
    found = [
        ListToKeep(
            key,
            title,
            waiting,
            offered,
            waiting > offered and any(room.free is None or room.free > 0 for room in rooms[key]),
        )
        for key, title, waiting, offered in rows
    ]
    return sorted(found, key=lambda one: (not one.has_room, not one.offered, -one.waiting, one.title))[:MOST]


def activity_counts(db: Session, viewer: Viewer) -> dict[ActivityState, int]:
    return dict(
        db.execute(
            select(Activity.state, func.count()).where(visible_activities(viewer)).group_by(Activity.state)
        ).all()
    )


def starts_without_hypothesis(db: Session, viewer: Viewer, until: date) -> Sequence[Any]:
    """Activities I own, lead the unit of or coordinate: with a run about to start, and nothing it is meant to do."""
    units = viewer.managed_unit_ids | coordinated_units(db, viewer)
    return UNSAID(db, who=viewer.person_id, units=sorted(units), until=until)


UNSAID = Prepared(
    lambda: (
        select(Activity.id, Activity.title, Unit.name.label("unit"), func.min(Run.starts).label("starts"))
        .join(Run, Run.activity_id == Activity.id)
        .join(Unit, Unit.id == Activity.unit_id)
        .where(
            or_(Activity.owner_id == bindparam("who"), Activity.unit_id.in_(bindparam("units", expanding=True))),
            Activity.state != ActivityState.ENDED,
            Run.started_at.is_(None),
            Run.ended_at.is_(None),
            Run.starts <= bindparam("until"),
            ~exists().where(Hypothesis.activity_id == Activity.id, Hypothesis.is_exploratory.is_(False)),
        )
        .group_by(Activity.id, Activity.title, Unit.name)
        .order_by(func.min(Run.starts))
        .limit(MOST)
    )
)


def missing_exams(db: Session, viewer: Viewer) -> Sequence[Any]:
    """Runs the viewer leads that have ended lately, where somebody who completed the course has no exam result."""
    if not viewer.is_employee:
        return []
    return MISSING_EXAMS(db, **leading(viewer), lately=clock.today() - ASKED_FOR)


MISSING_EXAMS = Prepared(
    lambda: (
        select(Run.id, Run.number, Activity.title, Unit.name.label("unit"), Run.ends)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Unit, Unit.id == Activity.unit_id)
        .where(
            LED_RUNS,
            Activity.has_exam,
            Run.ended_at.is_not(None),
            Run.ends >= bindparam("lately"),
            exists().where(
                Participation.run_id == Run.id,
                Participation.end_reason == EndReason.COMPLETED,
                ~exists().where(Exam.participation_id == Participation.id),
            ),
        )
        .order_by(Run.ends)
        .limit(MOST)
    )
)


def unanswered_offers(db: Session, viewer: Viewer) -> Sequence[Row[*tuple[Any, ...]]]:
    """Lists the viewer keeps with offers that nobody has answered, and when the oldest was made."""
    units = coordinated_units(db, viewer)
    if not units:
        return []
    return db.execute(
        select(Activity.id, Activity.title, Unit.name.label("unit"), func.min(WaitingEntry.offered_at).label("offered"))
        .join(WaitingEntry, WaitingEntry.activity_id == Activity.id)
        .join(Unit, Unit.id == Activity.unit_id)
        .where(
            Activity.unit_id.in_(units),
            WaitingEntry.outcome == WaitingOutcome.WAITING,
            WaitingEntry.offered_at.is_not(None),
        )
        .group_by(Activity.id, Activity.title, Unit.name)
        .order_by(func.min(WaitingEntry.offered_at))
        .limit(MOST)
    ).all()
