"""Runs: their plan for everyone, their participants for those who lead them (or know them already)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from med import clock
from med.access import Viewer
from med.competence_compass.access import (
    AboutRun,
    led_runs,
    named_to_leaders,
    own_citizens,
    participants_seen,
    visible_activities,
)
from med.competence_compass.models import (
    Activity,
    Citizen,
    Exam,
    Participation,
    Presence,
    Run,
    RunLeader,
)
from med.competence_compass.models import Session as RunSession
from med.competence_compass.queries.activities import coordinates, has_tested_hypothesis, holds
from med.errors import NotFound


def run(db: Session, viewer: Viewer, run_id: int, *, hold: bool = False) -> Run:
    """A run with its activity and leaders, or NotFound. `hold`: its row is kept until the transaction ends."""
    if hold and db.scalar(select(Run.id).where(Run.id == run_id).with_for_update()) is None:
        raise NotFound
    found = db.scalar(
        select(Run)
        .join(Run.activity)
        .where(Run.id == run_id, visible_activities(viewer))
        .options(
            joinedload(Run.activity).joinedload(Activity.unit),
            selectinload(Run.leaders).joinedload(RunLeader.person),
        )
        .execution_options(populate_existing=hold)
    )
    if found is None:
        raise NotFound
    return found


def about_run(db: Session, viewer: Viewer, found: Run) -> AboutRun:
    """What the policies need to know."""
    today = clock.today()
    return AboutRun(
        found,
        coordinates=coordinates(db, viewer, found.activity.unit_id),
        leads=db.scalar(select(Run.id).where(Run.id == found.id, led_runs(viewer))) is not None,
        is_led=any(holds(leader, today) for leader in found.leaders),
        has_hypothesis=has_tested_hypothesis(db, found.activity_id),
    )


def sessions_of(db: Session, run_id: int) -> Sequence[RunSession]:
    return db.scalars(select(RunSession).where(RunSession.run_id == run_id).order_by(RunSession.number)).all()


def participants(db: Session, viewer: Viewer, run_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """The participants the viewer may know: all for who leads the run, their own citizens for contact persons."""
    return db.execute(
        select(
            Participation.id,
            Participation.citizen_id,
            Citizen.pseudonym,
            Participation.starts,
            Participation.ends,
            Participation.planned,
            Participation.attended,
            Participation.end_reason,
            named_to_leaders().label("has_name"),
        )
        .join(Citizen, Citizen.id == Participation.citizen_id)
        .where(Participation.run_id == run_id, participants_seen(viewer), Citizen.erased_at.is_(None))
        .order_by(Citizen.pseudonym)
    ).all()


def participation(db: Session, viewer: Viewer, run_id: int, participation_id: int) -> Participation:
    found = db.scalar(
        select(Participation)
        .join(Citizen, Citizen.id == Participation.citizen_id)
        .where(
            Participation.id == participation_id,
            Participation.run_id == run_id,
            participants_seen(viewer),
            Citizen.erased_at.is_(None),
        )
        .options(joinedload(Participation.citizen))
        .with_for_update(of=Participation)
    )
    if found is None:
        raise NotFound
    return found


def session(db: Session, run_id: int, session_id: int) -> RunSession:
    found = db.scalar(select(RunSession).where(RunSession.id == session_id, RunSession.run_id == run_id))
    if found is None:
        raise NotFound
    return found


def presences(db: Session, session_id: int) -> dict[int, bool]:
    """Participation id -> whether they came, for those of whom it is noted."""
    return dict(
        db.execute(select(Presence.participation_id, Presence.came).where(Presence.session_id == session_id)).all()
    )


def noted_sessions(db: Session, run_id: int) -> set[int]:
    """The sessions that have any attendance noted."""
    return set(
        db.scalars(
            select(Presence.session_id)
            .join(RunSession, RunSession.id == Presence.session_id)
            .where(RunSession.run_id == run_id)
            .distinct()
        )
    )


def exams_of(db: Session, participation_ids: Collection[int]) -> dict[int, list[Exam]]:
    found: dict[int, list[Exam]] = defaultdict(list)
    for exam in db.scalars(select(Exam).where(Exam.participation_id.in_(participation_ids)).order_by(Exam.day)):
        found[exam.participation_id].append(exam)
    return found


def session_to_note(sessions: Sequence[RunSession], chosen: int | None, noted: Collection[int]) -> RunSession | None:
    """The session whose attendance is asked for first: the one chosen, today's, or the latest one that is not noted."""
    today = clock.today()
    if chosen is not None:
        return next((one for one in sessions if one.number == chosen), None)
    held = [one for one in sessions if one.day <= today]
    if not held:
        return None
    return next((one for one in reversed(held) if one.day == today or one.id not in noted), held[-1])


def passed_exam(db: Session, viewer: Viewer, exam_id: int) -> Exam:
    """An exam that was passed, of a participant whose name the viewer may know: a certificate has it. Or NotFound."""
    found = db.scalar(
        select(Exam)
        .join(Participation, Participation.id == Exam.participation_id)
        .join(Citizen, Citizen.id == Participation.citizen_id)
        .where(
            Exam.id == exam_id,
            Exam.passed,
            participants_seen(viewer),
            or_(named_to_leaders(), own_citizens(viewer)),
            Citizen.erased_at.is_(None),
        )
        .options(
            joinedload(Exam.participation)
            .joinedload(Participation.run)
            .joinedload(Run.activity)
            .joinedload(Activity.unit),
            joinedload(Exam.participation).joinedload(Participation.citizen),
            joinedload(Exam.participation)
            .joinedload(Participation.run)
            .selectinload(Run.leaders)
            .joinedload(RunLeader.person),
        )
    )
    if found is None:
        raise NotFound
    return found
