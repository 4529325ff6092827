"""What stands beside a citizen's scores: who they are, who works with them, when stock was taken, what they do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
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


def identity(db: Session, vault: Vault, citizen_id: int) -> dict[str, str]:
    """Who the citizen is: {"name", "called", "reach"}; empty when the vault holds nothing that opens."""
    sealed = db.scalar(select(Identity.sealed).where(Identity.citizen_id == citizen_id))
    if sealed is None:
        return {}
    try:
        found = vault.open(db, citizen_id, f"compass_identity.sealed/{citizen_id}", sealed)
    except Lost:
        return {}
    return {key: str(value) for key, value in dict(found).items()}


@dataclass(frozen=True)
class OccasionRow:
    """An occasion in the list; a draft says who began it and nothing else."""

    id: int
    day: date
    purpose: AssessmentPurpose
    begun_by_id: int | None
    begun_by: str | None
    is_closed: bool
    differs: bool


def occasions(db: Session, viewer: Viewer, towards: Towards) -> list[OccasionRow]:
    """Every occasion, the newest first."""
    return [
        OccasionRow(*row[:5], row[5] is not None, row[6])
        for row in db.execute(
            select(
                Occasion.id,
                Occasion.day,
                Occasion.purpose,
                Occasion.begun_by_id,
                Person.name,
                Occasion.closed_at,
                Occasion.differs,
            )
            .outerjoin(Person, Person.id == Occasion.begun_by_id)
            .where(Occasion.citizen_id == towards.id)
            .order_by(Occasion.day.desc(), Occasion.id.desc())
        )
    ]


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
    return db.execute(
        select(Assignment.role, Assignment.starts, Assignment.ends, Person.name)
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.citizen_id == citizen_id, on_day(Assignment, clock.today()))
        .order_by(Assignment.role, Person.name)
    ).all()


@dataclass
class Taking:
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
    rows = db.execute(
        select(
            Participation.id,
            Activity.id.label("activity_id"),
            Activity.title,
            Participation.starts,
            Participation.ends,
            Participation.planned,
            Participation.attended,
            Participation.end_reason,
            Exam.id.label("exam_id"),
            Exam.day,
            Exam.passed,
            Exam.level,
        )
        .join(Run, Run.id == Participation.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .outerjoin(Exam, Exam.participation_id == Participation.id)
        .where(Participation.citizen_id == citizen_id)
        .order_by(Participation.starts.desc(), Participation.id.desc(), Exam.day)
    ).all()
    found: dict[int, Taking] = {}
    for row in rows:
        one = found.setdefault(row.id, Taking(*row[1:8], exams=[]))
        if row.exam_id is not None:
            one.exams.append((row.exam_id, row.day, row.passed, row.level))
    return list(found.values())


@dataclass(frozen=True)
class Wait:
    activity_id: int
    title: str
    queued: date
    left_on: date | None
    outcome: WaitingOutcome


def waits(db: Session, citizen_id: int) -> list[Wait]:
    return [
        Wait(*row)
        for row in db.execute(
            select(Activity.id, Activity.title, WaitingEntry.queued, WaitingEntry.left_on, WaitingEntry.outcome)
            .join(Activity, Activity.id == WaitingEntry.activity_id)
            .where(WaitingEntry.citizen_id == citizen_id)
            .order_by(WaitingEntry.queued.desc(), WaitingEntry.id.desc())
        )
    ]
