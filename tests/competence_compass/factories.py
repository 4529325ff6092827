"""Activities, runs, hypotheses, participants and waiting lists, made straight in the tables."""

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import (
    Activity,
    ActivityKind,
    ActivityState,
    Citizen,
    Dimension,
    Hypothesis,
    Participation,
    Run,
    RunLeader,
    Version,
    WaitingEntry,
    WaitingOutcome,
    WaitingReason,
)
from med.competence_compass.models import Session as RunSession
from tests.competence_compass.house import person_id, unit_id
from tests.visitors import Page


def facts(page: Page) -> dict[str, str]:
    """The terms of a page and what stands beside them."""
    return {
        " ".join(row.xpath("string(dt)").split()): " ".join(row.xpath("string(dd)").split())
        for row in page.tree.xpath("//dl/div")
    }


def make_activity(db: Session, code: str = "A-MAD", title: str = "Madværksted", **fields: Any) -> Activity:
    """A proposed course of Værkstederne, owned by nobody."""
    known: dict[str, Any] = {
        "kind": ActivityKind.COURSE,
        "unit_id": unit_id(db, fields.pop("unit", "vaerkstederne")),
        "planned_sessions": 8,
        "capacity": 6,
        "state": ActivityState.PROPOSED,
        "has_exam": False,
        "version": 1,
        **fields,
    }
    made = Activity(uid=str(uuid.uuid4()), code=code, title=title, **known)
    db.add(made)
    db.flush()
    return made


def suppose(db: Session, activity: Activity, version: Version, place: int = 0, **fields: Any) -> Hypothesis:
    """A hypothesis about one of the version's dimensions."""
    dimensions = db.scalars(select(Dimension).where(Dimension.version_id == version.id).order_by(Dimension.id)).all()
    made = Hypothesis(
        activity_id=activity.id,
        dimension_id=dimensions[place].id,
        expected_d=0.5,
        rationale="Øvelse i trygge rammer",
        written_on=clock.today(),
        **fields,
    )
    db.add(made)
    db.flush()
    return made


def make_run(
    db: Session,
    activity: Activity,
    *,
    starts: date | None = None,
    ends: date | None = None,
    leader: str | None = "carla",
    sessions: int = 4,
    planned: int = 8,
    capacity: int | None = 6,
    started: bool = True,
) -> Run:
    """A run with weekly sessions; by default it began four weeks ago, and carla leads it."""
    starts = starts or clock.today() - timedelta(days=28)
    number = (db.scalar(select(func.max(Run.number)).where(Run.activity_id == activity.id)) or 0) + 1
    made = Run(
        activity_id=activity.id,
        number=number,
        starts=starts,
        ends=ends,
        planned_sessions=planned,
        capacity=capacity,
        started_at=clock.now() if started else None,
        version=1,
    )
    db.add(made)
    if started and activity.frozen_at is None:
        activity.frozen_at, activity.state = clock.now(), ActivityState.RUNNING
    db.flush()
    if leader:
        db.add(RunLeader(run_id=made.id, person_id=person_id(db, leader), starts=min(starts, clock.today())))
    for place in range(sessions):
        db.add(RunSession(run_id=made.id, number=place + 1, day=starts + timedelta(weeks=place)))
    db.flush()
    return made


def put_in(db: Session, run: Run, citizen: Citizen, **fields: Any) -> Participation:
    made = Participation(
        run_id=run.id,
        citizen_id=citizen.id,
        **{"starts": run.starts, "planned": run.planned_sessions, "attended": 0, **fields},
    )
    db.add(made)
    db.flush()
    return made


def wait(
    db: Session,
    activity: Activity,
    citizen: Citizen,
    days: int = 10,
    priority: int = 0,
    reason: WaitingReason = WaitingReason.ORDER,
    **fields: Any,
) -> WaitingEntry:
    """On the list since `days` ago."""
    made = WaitingEntry(
        activity_id=activity.id,
        citizen_id=citizen.id,
        queued=clock.today() - timedelta(days=days),
        priority=priority,
        reason=reason,
        **{"outcome": WaitingOutcome.WAITING, **fields},
    )
    db.add(made)
    db.flush()
    return made
