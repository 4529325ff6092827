"""Activities as everyone who works here may see them.

How many wait, take part or passed *now* is for who coordinates the unit and sees the citizens anyway. Everybody else is
told what was kept when the last quarter ended (queries/kept.py): two days' numbers would tell of the one between them.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from med import clock
from med.access import Viewer
from med.competence_compass.access import coordinated_units, visible_activities
from med.competence_compass.models import (
    Activity,
    ActivityKind,
    ActivityState,
    Area,
    Dimension,
    Hypothesis,
    Instrument,
    Participation,
    Run,
    RunLeader,
    Version,
    WaitingEntry,
    WaitingOutcome,
)
from med.competence_compass.queries import kept
from med.decisions.access import published_decisions, visible_decisions
from med.decisions.fragments import heading
from med.decisions.models import Decision
from med.decisions.queries.single import label_of
from med.errors import NotFound
from med.organisation.models import Committee, Unit
from med.workdays import copenhagen

ON_A_PAGE = 50
YEAR = timedelta(days=365)


def taken_places(day: date) -> Any:
    """Participations that hold a place on a day, those that begin later included."""
    return or_(Participation.ends.is_(None), Participation.ends >= day)


# --- the list -----------------------------------------------------------------------------------------------------


class Line(Struct, frozen=True):
    """An activity in the list."""

    id: int
    code: str
    title: str
    kind: ActivityKind
    state: ActivityState
    unit: str
    owner: str | None
    waiting: int | None  # now, for who coordinates the unit; for others when the last quarter ended, None if not told
    is_now: bool
    next_start: date | None
    running: int  # runs under way
    free: int | None  # places in the runs under way or to come; None where there is no limit
    has_room: bool | None  # None for who is not to know


def activities(
    db: Session,
    viewer: Viewer,
    *,
    unit_id: int | None = None,
    kind: ActivityKind | None = None,
    state: ActivityState | None = None,
    page: int = 0,
) -> tuple[list[Line], bool]:
    """A page of activities by title, and whether there are more."""
    today = clock.today()
    asked = (
        select(Activity)
        .where(visible_activities(viewer))
        .options(joinedload(Activity.unit), joinedload(Activity.owner))
        .order_by(case((Activity.state == ActivityState.ENDED, 1), else_=0), Activity.title, Activity.id)
    )
    if unit_id is not None:
        asked = asked.where(Activity.unit_id.in_(reach(db, unit_id)))
    if kind is not None:
        asked = asked.where(Activity.kind == kind)
    if state is not None:
        asked = asked.where(Activity.state == state)
    found = db.scalars(asked.limit(ON_A_PAGE + 1).offset(page * ON_A_PAGE)).all()
    more, found = len(found) > ON_A_PAGE, found[:ON_A_PAGE]
    ids = [activity.id for activity in found]
    mine = coordinated_units(db, viewer)
    waiting = waiting_counts(db, ids)
    told = kept.waiting(db)
    runs = {
        row.activity_id: row
        for row in db.execute(
            select(
                Run.activity_id,
                func.min(case((Run.started_at.is_(None), Run.starts))).label("next_start"),
                func.count(Run.started_at).label("running"),
                func.sum(Run.capacity).label("room"),
                func.count().label("open"),
                func.count(Run.capacity).label("limited"),
            )
            .where(Run.activity_id.in_(ids), Run.ended_at.is_(None))
            .group_by(Run.activity_id)
        )
    }
    taken: dict[int, int] = dict(
        db.execute(
            select(Run.activity_id, func.count())
            .join(Participation, Participation.run_id == Run.id)
            .where(Run.activity_id.in_(ids), Run.ended_at.is_(None), taken_places(today))
            .group_by(Run.activity_id)
        ).all()
    )
    lines = []
    for activity in found:
        is_now = activity.unit_id in mine
        row = runs.get(activity.id)
        free, has_room = None, None
        if row is not None and is_now:
            free = max(0, (row.room or 0) - taken.get(activity.id, 0)) if row.limited == row.open else None
            has_room = free is None or free > 0
        lines.append(
            Line(
                activity.id,
                activity.code,
                activity.title,
                activity.kind,
                activity.state,
                activity.unit.name,
                activity.owner.name if activity.owner else None,
                waiting.get(activity.id, 0) if is_now else told.get(activity.id),
                is_now,
                row.next_start if row else None,
                row.running if row else 0,
                free,
                has_room,
            )
        )
    return lines, more


def reach(db: Session, unit_id: int) -> set[int]:
    """A unit with those below it."""
    tree = select(Unit.id).where(Unit.id == unit_id).cte("reach", recursive=True)
    tree = tree.union(select(Unit.id).where(Unit.parent_id == tree.c.id))
    return set(db.scalars(select(tree.c.id)))


def units_with_activities(db: Session, viewer: Viewer) -> Sequence[Row[int, str]]:
    return db.execute(
        select(Unit.id, Unit.name)
        .where(Unit.id.in_(select(Activity.unit_id).where(visible_activities(viewer))))
        .order_by(Unit.name)
    ).all()


def waiting_counts(db: Session, activity_ids: Collection[int]) -> dict[int, int]:
    return dict(
        db.execute(
            select(WaitingEntry.activity_id, func.count())
            .where(WaitingEntry.activity_id.in_(activity_ids), WaitingEntry.outcome == WaitingOutcome.WAITING)
            .group_by(WaitingEntry.activity_id)
        ).all()
    )


# --- one activity -------------------------------------------------------------------------------------------------


def activity(db: Session, viewer: Viewer, activity_id: int, *, hold: bool = False) -> Activity:
    """An activity with all its page shows, or NotFound. `hold`: its row is kept until the transaction ends."""
    if hold and db.scalar(select(Activity.id).where(Activity.id == activity_id).with_for_update()) is None:
        raise NotFound
    found = db.scalar(
        select(Activity)
        .where(Activity.id == activity_id, visible_activities(viewer))
        .options(
            joinedload(Activity.unit),
            joinedload(Activity.owner),
            selectinload(Activity.hypotheses).joinedload(Hypothesis.dimension).joinedload(Dimension.area),
        )
        .execution_options(populate_existing=hold)
    )
    if found is None:
        raise NotFound
    return found


def coordinates(db: Session, viewer: Viewer, unit_id: int) -> bool:
    return unit_id in coordinated_units(db, viewer)


class RunLine(Struct, frozen=True):
    """A run, as everyone may see it."""

    id: int
    number: int
    starts: date
    ends: date | None
    state: str  # planned, running, ended
    capacity: int | None
    taken: int | None  # for who coordinates the unit
    leaders: list[str]


def run_state(run: Any) -> str:
    if run.ended_at is not None:
        return "ended"
    return "planned" if run.started_at is None else "running"


def runs_of(db: Session, activity_id: int, *, exactly: bool) -> list[RunLine]:
    """The newest first."""
    today = clock.today()
    runs = db.scalars(
        select(Run)
        .where(Run.activity_id == activity_id)
        .options(selectinload(Run.leaders).joinedload(RunLeader.person))
        .order_by(Run.starts.desc(), Run.number.desc())
        .limit(60)
    ).all()
    taken: dict[int, int] = dict(
        db.execute(
            select(Participation.run_id, func.count())
            .join(Run, Run.id == Participation.run_id)
            .where(Run.activity_id == activity_id, or_(Run.ended_at.is_not(None), taken_places(today)))
            .group_by(Participation.run_id)
        ).all()
    )
    return [
        RunLine(
            run.id,
            run.number,
            run.starts,
            run.ends,
            run_state(run),
            run.capacity,
            taken.get(run.id, 0) if exactly else None,
            [one.person.name for one in run.leaders if holds(one, today) or run.ended_at or run.starts > today],
        )
        for run in runs
    ]


def holds(dated: Any, day: date) -> bool:
    """`on_day` for a row at hand."""
    return dated.starts <= day and (dated.ends is None or dated.ends >= day)


class Waits(Struct, frozen=True):
    """How many wait now and how long, in days."""

    waiting: int
    median: int | None
    longest: int | None
    placed: int  # got a place within the last year
    placed_median: int | None


def waiting_times(db: Session, activity_id: int) -> Waits:
    """For who coordinates the unit."""
    today = clock.today()
    rows = db.execute(
        select(WaitingEntry.outcome, WaitingEntry.queued, WaitingEntry.left_on).where(
            WaitingEntry.activity_id == activity_id,
            or_(
                WaitingEntry.outcome == WaitingOutcome.WAITING,
                and_(WaitingEntry.outcome == WaitingOutcome.STARTED, WaitingEntry.left_on >= today - YEAR),
            ),
        )
    ).all()
    now = [max(0, (today - row.queued).days) for row in rows if row.outcome is WaitingOutcome.WAITING]
    placed = [(row.left_on - row.queued).days for row in rows if row.outcome is WaitingOutcome.STARTED]
    return Waits(
        len(now),
        round(median(now)) if now else None,
        max(now, default=None),
        len(placed),
        round(median(placed)) if placed else None,
    )


# --- what activities point at -------------------------------------------------------------------------------------


def dimension_choices(db: Session) -> list[tuple[int, str]]:
    """The dimensions of the versions in use, to say what an activity is meant to move: (id, "Area: dimension")."""
    today = clock.today()
    newest = (
        select(Version.instrument_id, func.max(Version.number).label("number"))
        .join(Instrument, Instrument.id == Version.instrument_id)
        .where(Version.active_from <= today, or_(Instrument.ended.is_(None), Instrument.ended > today))
        .group_by(Version.instrument_id)
        .subquery()
    )
    rows = db.execute(
        select(Dimension.id, Area.title, Dimension.title, Instrument.name)
        .join(Area, Area.id == Dimension.area_id)
        .join(Version, Version.id == Dimension.version_id)
        .join(Instrument, Instrument.id == Version.instrument_id)
        .join(newest, and_(newest.c.instrument_id == Version.instrument_id, newest.c.number == Version.number))
        .order_by(Instrument.name, Area.position, Dimension.position)
    ).all()
    several = len({row[3] for row in rows}) > 1
    return [
        (key, f"{instrument} · {area}: {title}" if several else f"{area}: {title}")
        for key, area, title, instrument in rows
    ]


def decision_choices(db: Session, viewer: Viewer) -> list[tuple[int, str]]:
    """Decisions that may have started an activity: the newest published ones that the viewer may read."""
    rows = db.execute(
        _decision_rows()
        .where(published_decisions(viewer))
        .order_by(Decision.published_at.desc(), Decision.id.desc())
        .limit(80)
    ).all()
    return [(row.id, decision_label(row)) for row in rows]


def decisions_seen(db: Session, viewer: Viewer, ids: Collection[int | None]) -> dict[int, str]:
    """The decisions among these that the viewer may read: id -> what to call it. The others stay unknown."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    rows = db.execute(_decision_rows().where(Decision.id.in_(wanted), visible_decisions(viewer))).all()
    return {row.id: decision_label(row) for row in rows}


def begun_before(decided_at: datetime, begun_at: datetime | None) -> date | None:
    """The decision's day, where the activity had begun before it."""
    if begun_at is None or begun_at >= decided_at:
        return None
    day = copenhagen(decided_at).date()
    return day if copenhagen(begun_at).date() < day else None


def _decision_rows() -> Any:
    return select(
        Decision.id,
        Decision.year,
        Decision.number,
        Decision.is_open,
        Decision.text,
        Committee.name,
        Committee.short_name,
    ).join(Committee, Committee.id == Decision.committee_id)


def decision_label(row: Any) -> str:
    said = heading(row.text)
    text = said if len(said) <= 90 else f"{said[:89].rstrip()}…"
    return f"{row.short_name or row.name} {label_of(row.year, row.number, is_open=row.is_open)}: {text}"


def has_tested_hypothesis(db: Session, activity_id: int) -> bool:
    return (
        db.scalar(
            select(Hypothesis.id)
            .where(Hypothesis.activity_id == activity_id, Hypothesis.is_exploratory.is_(False))
            .limit(1)
        )
        is not None
    )
