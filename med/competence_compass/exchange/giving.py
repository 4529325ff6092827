"""From the tables to a folder: one instrument version with the citizens, activities and answers there are.

Pseudonyms only; no name, no goal's words, no note ever leaves the vault this way. Every citizen's export is noted.
"""

import secrets
from collections.abc import Iterator
from datetime import date

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.exchange.comparing import codes_of
from med.competence_compass.exchange.instruments import as_folder_has_it
from med.competence_compass.exchange.rows import (
    ActivityRow,
    Answer,
    AssessmentRow,
    CitizenRow,
    ExamRow,
    Folder,
    GoalRow,
    HypothesisRow,
    ParticipationRow,
    WaitingRow,
    dimensions_of,
)
from med.competence_compass.looks import LookRole
from med.competence_compass.models import (
    Activity,
    Assessment,
    Citizen,
    Dimension,
    Exam,
    Goal,
    GoalRating,
    Hypothesis,
    Instrument,
    Look,
    LookAt,
    NoScore,
    Participation,
    Presence,
    Run,
    Score,
    Version,
    WaitingEntry,
)
from med.competence_compass.models import Session as RunSession
from med.competence_compass.queries.instruments import words_of
from med.organisation.models import Unit


def version_of(db: Session, key: str = "", number: int | None = None) -> Version | None:
    """The version asked for; without a key, the newest one in use of the instrument that comes first."""
    asked = select(Version).join(Instrument, Instrument.id == Version.instrument_id)
    if key:
        asked = asked.where(Instrument.key == key)
    if number is not None:
        asked = asked.where(Version.number == number)
    else:
        asked = asked.where(Version.active_from.is_not(None))
    return db.scalar(asked.order_by(Instrument.ended.is_not(None), Instrument.id, Version.number.desc()).limit(1))


def instrument_of(db: Session, version: Version) -> dict[str, object]:
    """As a folder's instrument.json has it."""
    return as_folder_has_it(msgspec.to_builtins(words_of(db, version)))


def elsewhere_of(db: Session, version: Version) -> dict[str, int]:
    """The dimensions only other versions of the instrument have: code -> the version's number."""
    asked = (
        select(Dimension.code, Version.number)
        .join(Version, Version.id == Dimension.version_id)
        .where(Version.instrument_id == version.instrument_id, Version.id != version.id)
        .order_by(Version.number)
    )
    return {row.code: row.number for row in db.execute(asked)}


def folder_of(db: Session, version: Version, *, answered: bool = True) -> Folder:
    """Everything that stands: closed assessments not taken back by a correction, citizens not erased.

    `answered` is False for an analysis here: the assessments come packed beside it (`vectors.packed_of`), and
    hypotheses that were written too late stay out, also where whoever began first is erased since.
    """
    folder = Folder(instrument_of(db, version))
    units = {unit.id: unit.key for unit in db.execute(select(Unit.id, Unit.key))}
    people: dict[int, str] = {}
    for found in db.execute(
        select(Citizen.id, Citizen.pseudonym, Citizen.unit_id, Citizen.entered, Citizen.left_on).where(
            Citizen.erased_at.is_(None)
        )
    ):
        people[found.id] = found.pseudonym
        folder.citizens.append(CitizenRow(found.pseudonym, units[found.unit_id], found.entered, found.left_on))
    offers: dict[int, str] = {}
    for offer in db.scalars(select(Activity)):
        offers[offer.id] = offer.code
        folder.activities.append(
            ActivityRow(
                offer.code, offer.title, offer.kind, offer.planned_sessions, units[offer.unit_id], offer.capacity,
                offer.has_exam,
            )
        )  # fmt: skip
    codes = codes_of(db, version)
    folder.hypotheses += [
        HypothesisRow(
            offers[row.activity_id], codes[row.dimension_id], row.expected_d, row.written_on, row.aim, row.rationale
        )
        for row in db.scalars(select(Hypothesis).where(Hypothesis.dimension_id.in_(codes)))
        if answered or not row.is_exploratory
    ]
    folder.participations += [
        ParticipationRow(
            offers[activity],
            people[row.citizen_id],
            row.starts,
            row.ends,
            row.planned,
            row.attended,
            number,
            row.end_reason,
        )
        for row, activity, number in db.execute(
            select(Participation, Run.activity_id, Run.number).join(Run, Run.id == Participation.run_id)
        )
        if row.citizen_id in people
    ]
    folder.waiting += [
        WaitingRow(offers[row.activity_id], people[row.citizen_id], row.queued, row.left_on, row.reason, row.outcome)
        for row in db.scalars(select(WaitingEntry))
        if row.citizen_id in people
    ]
    folder.exams += [
        ExamRow(offers[activity], people[citizen], day, passed, level)
        for activity, citizen, day, passed, level in db.execute(
            select(Run.activity_id, Participation.citizen_id, Exam.day, Exam.passed, Exam.level)
            .join(Participation, Participation.id == Exam.participation_id)
            .join(Run, Run.id == Participation.run_id)
        )
        if citizen in people
    ]
    ratings = db.execute(
        select(GoalRating.goal_id, GoalRating.level, GoalRating.day).order_by(GoalRating.goal_id, GoalRating.day)
    )
    # Files once dated a level to the deadline, which may be to come; no file may say so now.
    newest = {row.goal_id: (row.level, min(row.day, clock.today())) for row in ratings}
    folder.goals += [
        GoalRow(
            people[row.citizen_id], codes[row.dimension_id], row.goal_type, row.set_on, row.due, *newest.get(row.id, ())
        )
        for row in db.execute(
            select(Goal.id, Goal.citizen_id, Goal.dimension_id, Goal.goal_type, Goal.set_on, Goal.due)
        )
        if row.citizen_id in people and row.dimension_id in codes
    ]
    if answered:
        folder.assessments += _assessments(db, version, people, codes, dimensions_of(folder.instrument))
    folder.sort()
    return folder


def attended_until(db: Session) -> list[tuple[str, str, date, date]]:
    """Of participations that go on: activity, citizen, first day, and the last session attendance is noted of."""
    asked = (
        select(Activity.code, Citizen.pseudonym, Participation.starts, func.max(RunSession.day))
        .join_from(Participation, Run, Run.id == Participation.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Citizen, Citizen.id == Participation.citizen_id)
        .join(Presence, Presence.participation_id == Participation.id)
        .join(RunSession, RunSession.id == Presence.session_id)
        .where(Participation.ends.is_(None), Citizen.erased_at.is_(None))
        .group_by(Activity.code, Citizen.pseudonym, Participation.starts)
    )
    return [(code, citizen, starts, until) for code, citizen, starts, until in db.execute(asked)]


def _assessments(
    db: Session, version: Version, people: dict[int, str], codes: dict[int, str], order: list[str]
) -> Iterator[AssessmentRow]:
    places = {id: order.index(code) for id, code in codes.items()}
    rows: dict[int, AssessmentRow] = {}
    stands = (
        Assessment.version_id == version.id,
        Assessment.closed_at.is_not(None),
        Assessment.superseded_at.is_(None),
    )
    for found in db.execute(
        select(
            Assessment.id,
            Assessment.citizen_id,
            Assessment.day,
            Assessment.kind,
            Assessment.assessor,
            Assessment.purpose,
        ).where(*stands)
    ):
        if found.citizen_id in people:
            answers: list[Answer] = [None] * len(order)
            rows[found.id] = AssessmentRow(
                people[found.citizen_id], found.day, found.kind, found.assessor, found.purpose, answers
            )
    asked = (
        select(Score.assessment_id, Score.dimension_id, Score.value, Score.reason)
        .join(Assessment, Assessment.id == Score.assessment_id)
        .where(*stands)
    )
    for id, dimension, value, reason in db.execute(asked):
        if id in rows:
            rows[id].answers[places[dimension]] = value if value is not None else NoScore(str(reason))
    return iter(rows.values())


def rekey(folder: Folder) -> None:
    """New pseudonyms and new codes for assessors, drawn anew each time: two exports cannot be laid side by side."""
    people = _drawn("B", [row.citizen for row in folder.citizens])
    staff = _drawn("V", sorted({row.assessor for row in folder.assessments} - {"borger", "self"}))
    folder.citizens = [row._replace(citizen=people[row.citizen]) for row in folder.citizens]
    folder.assessments = [
        row._replace(citizen=people[row.citizen], assessor=staff.get(row.assessor, row.assessor))
        for row in folder.assessments
    ]
    folder.participations = [row._replace(citizen=people[row.citizen]) for row in folder.participations]
    folder.waiting = [row._replace(citizen=people[row.citizen]) for row in folder.waiting]
    folder.goals = [row._replace(citizen=people[row.citizen]) for row in folder.goals]
    folder.exams = [row._replace(citizen=people[row.citizen]) for row in folder.exams]


def _drawn(letter: str, codes: list[str]) -> dict[str, str]:
    shuffled = list(codes)
    secrets.SystemRandom().shuffle(shuffled)
    width = max(3, len(str(len(codes))))
    return {code: f"{letter}{number:0{width}}" for number, code in enumerate(shuffled, 1)}


def note_export(db: Session, reason: str) -> int:
    """Note that every citizen's answers left the house, and why; gives how many citizens."""
    ids = db.scalars(select(Citizen.id).where(Citizen.erased_at.is_(None))).all()
    at = clock.now()
    if ids:
        db.execute(
            insert(Look),
            [
                {
                    "at": at,
                    "person_id": None,
                    "citizen_id": id,
                    "what": LookAt.EXPORT,
                    "role": LookRole.OPERATOR.value,
                    "reason": reason,
                }
                for id in ids
            ],
        )
    return len(ids)
