"""What stands beside a citizen's scores: who they are, who works with them, when stock was taken, what they do."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import Date, bindparam, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.access import Towards
from med.competence_compass.models import (
    Activity,
    AssessmentPurpose,
    Assignment,
    EndReason,
    Exam,
    Identity,
    Occasion,
    Participation,
    Run,
    WaitingEntry,
    WaitingOutcome,
)
from med.competence_compass.queries.assessing import DOUBLE_WITHIN
from med.competence_compass.vault import Lost, Vault
from med.organisation.access import on_day
from med.organisation.models import Person

# Put together once: a citizen's page is opened all day.
_citizen: Any = bindparam("citizen")
_i, _o, _p, _w = Identity.__table__.c, Occasion.__table__.c, Person.__table__.c, WaitingEntry.__table__.c
_g, _t, _run, _act, _e = (
    Assignment.__table__.c,
    Participation.__table__.c,
    Run.__table__.c,
    Activity.__table__.c,
    Exam.__table__.c,
)
IDENTITY = select(_i.sealed).where(_i.citizen_id == _citizen)
OCCASIONS = (
    select(_o.id, _o.day, _o.purpose, _o.begun_by_id, _p.name, _o.closed_at, _o.differs)
    .select_from(Occasion.__table__)
    .outerjoin(Person.__table__, _p.id == _o.begun_by_id)
    .where(_o.citizen_id == _citizen)
    .order_by(_o.day.desc(), _o.id.desc())
)
AROUND = (
    select(_g.role, _g.starts, _g.ends, _p.name)
    .select_from(Assignment.__table__)
    .join(Person.__table__, _p.id == _g.person_id)
    .where(_g.citizen_id == _citizen, on_day(_g, bindparam("today", type_=Date)))
    .order_by(_g.role, _p.name)
)
TAKINGS = (
    select(
        _t.id,
        _act.id.label("activity_id"),
        _act.title,
        _t.starts,
        _t.ends,
        _t.planned,
        _t.attended,
        _t.end_reason,
        _e.id.label("exam_id"),
        _e.day,
        _e.passed,
        _e.level,
    )
    .select_from(Participation.__table__)
    .join(Run.__table__, _run.id == _t.run_id)
    .join(Activity.__table__, _act.id == _run.activity_id)
    .outerjoin(Exam.__table__, _e.participation_id == _t.id)
    .where(_t.citizen_id == _citizen)
    .order_by(_t.starts.desc(), _t.id.desc(), _e.day)
)
WAITS = (
    select(_act.id, _act.title, _w.queued, _w.left_on, _w.outcome)
    .select_from(WaitingEntry.__table__)
    .join(Activity.__table__, _act.id == _w.activity_id)
    .where(_w.citizen_id == _citizen)
    .order_by(_w.queued.desc(), _w.id.desc())
)


def identity(db: Session, vault: Vault, citizen_id: int) -> dict[str, str]:
    """Who the citizen is: {"name", "called", "reach"}; empty when the vault holds nothing that opens."""
    sealed = db.scalar(IDENTITY, {"citizen": citizen_id})
    if sealed is None:
        return {}
    try:
        found = vault.open(db, citizen_id, f"compass_identity.sealed/{citizen_id}", sealed)
    except Lost:
        return {}
    return {key: str(value) for key, value in dict(found).items()}


class OccasionRow(Struct, frozen=True):
    """An occasion in the list; a draft says who began it and nothing else."""

    id: int
    day: date
    purpose: AssessmentPurpose
    begun_by_id: int | None
    begun_by: str | None
    is_closed: bool
    differs: bool


def occasions(db: Session, towards: Towards) -> list[OccasionRow]:
    """Every occasion, the newest first."""
    return [OccasionRow(*row[:5], row[5] is not None, row[6]) for row in db.execute(OCCASIONS, {"citizen": towards.id})]


def blind_days(viewer: Viewer, rows: Sequence[OccasionRow]) -> tuple[date, date] | None:
    """The days around a double assessment the viewer has open: what others saw then is kept from them."""
    days = [
        row.day
        for row in rows
        if not row.is_closed and row.purpose is AssessmentPurpose.DOUBLE and row.begun_by_id == viewer.person_id
    ]
    return (max(days) - DOUBLE_WITHIN, max(days) + DOUBLE_WITHIN) if days else None


def people_around(db: Session, citizen_id: int) -> Sequence[Any]:
    """Contact persons and deputies today, and those to come."""
    return db.execute(AROUND, {"citizen": citizen_id, "today": clock.today()}).all()


class Taking(Struct):
    """An activity the citizen takes or took part in, and the exams in it."""

    activity_id: int
    title: str
    starts: date
    ends: date | None
    planned: int
    attended: int
    end_reason: EndReason | None
    exams: list[tuple[int, date, bool, str]]


def takings(db: Session, citizen_id: int) -> list[Taking]:
    rows = db.execute(TAKINGS, {"citizen": citizen_id}).all()
    found: dict[int, Taking] = {}
    for row in rows:
        one = found.setdefault(row.id, Taking(*row[1:8], exams=[]))
        if row.exam_id is not None:
            one.exams.append((row.exam_id, row.day, row.passed, row.level))
    return list(found.values())


class Wait(Struct, frozen=True):
    activity_id: int
    title: str
    queued: date
    left_on: date | None
    outcome: WaitingOutcome


def waits(db: Session, citizen_id: int) -> list[Wait]:
    return [Wait(*row) for row in db.execute(WAITS, {"citizen": citizen_id})]
