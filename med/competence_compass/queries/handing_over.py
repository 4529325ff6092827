"""Everything that is held of one citizen, put so that they can read it and take it with them.

GDPR article 15 and 20. The looks tell when, what, why and in which role, and not who: the CJEU (C-579/21, Pankki S)
holds that times and purposes are the citizen's to know, and names of staff only where they are needed to use a right.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from med import clock
from med.competence_compass.models import (
    Activity,
    Area,
    Assessment,
    Citizen,
    Dimension,
    Draw,
    Exam,
    Goal,
    GoalRating,
    Look,
    Occasion,
    Participation,
    Presence,
    Run,
    ScaleLevel,
    Score,
    Version,
    WaitingEntry,
)
from med.competence_compass.models import Session as Meeting
from med.competence_compass.queries.intake import assignments
from med.competence_compass.vault import Lost, Vault

Open = Callable[[str, bytes | None], Any]


def everything_of(db: Session, vault: Vault, citizen: Citizen, identity: dict[str, str]) -> dict[str, Any]:
    """Plain values, ready for JSON and for a page. The identity was opened, and its look noted, by the caller."""

    def opened(where: str, sealed: bytes | None) -> Any:
        if sealed is None:
            return None
        try:
            return vault.open(db, citizen.id, where, sealed)
        except Lost:
            return None

    return {
        "made_at": clock.now().astimezone(clock.COPENHAGEN).isoformat(timespec="minutes"),
        "citizen": {
            "pseudonym": citizen.pseudonym,
            **identity,
            "unit": citizen.unit.name,
            "entered": citizen.entered,
            "left": citizen.left_on,
            "target_group": citizen.target_group,
            "instrument": citizen.instrument.name if citizen.instrument else None,
        },
        "staff": [
            {"person": row.person, "role": row.role, "from": row.starts, "to": row.ends, "reason": row.reason}
            for row in assignments(db, citizen.id)
        ],
        "assessments": _occasions(db, citizen.id, opened),
        "goals": _goals(db, citizen.id, opened),
        "activities": _participations(db, citizen.id),
        "waiting": _waiting(db, citizen.id, opened),
        "looks": [
            {"at": row.at.astimezone(clock.COPENHAGEN), "what": row.what, "role": row.role, "reason": row.reason}
            for row in db.execute(
                select(Look.at, Look.what, Look.role, Look.reason)
                .where(Look.citizen_id == citizen.id)
                .order_by(Look.at, Look.id)
            )
        ],
    }


def _occasions(db: Session, citizen_id: int, opened: Open) -> list[dict[str, Any]]:
    answers = _answers(db, citizen_id)
    voices: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in db.execute(
        select(Assessment.id, Assessment.occasion_id, Assessment.kind, Assessment.closed_at, Assessment.superseded_at)
        .where(Assessment.citizen_id == citizen_id)
        .order_by(Assessment.id)
    ):
        voices[row.occasion_id].append(
            {"voice": row.kind, "corrected": row.superseded_at is not None, "answers": answers[row.id]}
        )
    return [
        {
            "day": row.day,
            "purpose": row.purpose,
            "version": row.number,
            "finished": row.closed_at is not None,
            "differs": row.differs,
            "how_we_differ": opened(f"compass_occasion.sealed/{row.id}", row.sealed),
            "voices": voices[row.id],
        }
        for row in db.execute(
            select(
                Occasion.id,
                Occasion.day,
                Occasion.purpose,
                Occasion.closed_at,
                Occasion.differs,
                Occasion.sealed,
                Version.number,
            )
            .join(Version, Version.id == Occasion.version_id)
            .where(Occasion.citizen_id == citizen_id)
            .order_by(Occasion.day, Occasion.id)
        )
    ]


def _answers(db: Session, citizen_id: int) -> dict[int, list[dict[str, Any]]]:
    """Assessment → its answers in the order they were asked, each value with its word."""
    common: dict[tuple[int, int | None, int], str] = {}
    versions = select(Assessment.version_id).where(Assessment.citizen_id == citizen_id)
    for level in db.execute(
        select(ScaleLevel.version_id, ScaleLevel.dimension_id, ScaleLevel.value, ScaleLevel.short).where(
            ScaleLevel.version_id.in_(versions)
        )
    ):
        common[level.version_id, level.dimension_id, level.value] = level.short
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in db.execute(
        select(
            Score.assessment_id,
            Score.value,
            Score.reason,
            Dimension.id,
            Dimension.version_id,
            Dimension.title,
            Area.title.label("area"),
        )
        .join(Assessment, Assessment.id == Score.assessment_id)
        .join(Dimension, Dimension.id == Score.dimension_id)
        .join(Area, Area.id == Dimension.area_id)
        .where(Assessment.citizen_id == citizen_id)
        .order_by(Score.assessment_id, Area.position, Dimension.position, Dimension.id)
    ):
        word = None
        if row.value is not None:
            word = common.get((row.version_id, row.id, row.value)) or common.get((row.version_id, None, row.value))
        found[row.assessment_id].append(
            {"area": row.area, "question": row.title, "value": row.value, "word": word, "no_answer": row.reason}
        )
    return found


def _goals(db: Session, citizen_id: int, opened: Open) -> list[dict[str, Any]]:
    ratings: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in db.execute(
        select(GoalRating.goal_id, GoalRating.day, GoalRating.level)
        .join(Goal, Goal.id == GoalRating.goal_id)
        .where(Goal.citizen_id == citizen_id)
        .order_by(GoalRating.day)
    ):
        ratings[row.goal_id].append({"day": row.day, "level": row.level})
    return [
        {
            "type": goal.goal_type,
            "area": area,
            "dimension": dimension,
            "target_value": goal.target_value,
            "weight": goal.weight,
            "set_on": goal.set_on,
            "due": goal.due,
            "ended_on": goal.ended_on,
            "words": opened(f"compass_goal.sealed/{goal.id}", goal.sealed),
            "ratings": ratings[goal.id],
        }
        for goal, area, dimension in db.execute(
            select(Goal, Area.title, Dimension.title)
            .outerjoin(Dimension, Dimension.id == Goal.dimension_id)
            .outerjoin(Area, Area.id == func.coalesce(Goal.area_id, Dimension.area_id))
            .where(Goal.citizen_id == citizen_id)
            .order_by(Goal.set_on, Goal.id)
        )
    ]


def _participations(db: Session, citizen_id: int) -> list[dict[str, Any]]:
    mine = select(Participation.id).where(Participation.citizen_id == citizen_id)
    days: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in db.execute(
        select(Presence.participation_id, Meeting.day, Presence.came)
        .join(Meeting, Meeting.id == Presence.session_id)
        .where(Presence.participation_id.in_(mine))
        .order_by(Meeting.day, Meeting.number)
    ):
        days[row.participation_id].append({"day": row.day, "came": row.came})
    exams: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for exam in db.scalars(select(Exam).where(Exam.participation_id.in_(mine)).order_by(Exam.day)):
        exams[exam.participation_id].append({"day": exam.day, "passed": exam.passed, "level": exam.level})
    return [
        {
            "activity": row.title,
            "from": row.starts,
            "to": row.ends,
            "planned": row.planned,
            "attended": row.attended,
            "end_reason": row.end_reason,
            "days": days[row.id],
            "exams": exams[row.id],
        }
        for row in db.execute(
            select(
                Participation.id,
                Activity.title,
                Participation.starts,
                Participation.ends,
                Participation.planned,
                Participation.attended,
                Participation.end_reason,
            )
            .join(Run, Run.id == Participation.run_id)
            .join(Activity, Activity.id == Run.activity_id)
            .where(Participation.citizen_id == citizen_id)
            .order_by(Participation.starts, Participation.id)
        )
    ]


def _waiting(db: Session, citizen_id: int, opened: Open) -> list[dict[str, Any]]:
    offered, declined = aliased(Run), aliased(Run)
    return [
        {
            "activity": title,
            "from": entry.queued,
            "to": entry.left_on,
            "outcome": entry.outcome,
            "need": entry.priority,
            "reason": entry.reason,
            "offer": entry.offered_at and {"run": offer, "at": entry.offered_at.astimezone(clock.COPENHAGEN)},
            "declined_run": refusal,
            "lot": draw
            and {
                "at": draw.at.astimezone(clock.COPENHAGEN),
                "place": entry.draw_place,
                "among": draw.among.count(",") + 1,
                "number": entry.id,
                "seed": draw.seed,
            },
            "words": opened(f"compass_waiting.sealed/{entry.id}", entry.sealed),
        }
        for entry, title, offer, refusal, draw in db.execute(
            select(WaitingEntry, Activity.title, offered.number, declined.number, Draw)
            .join(Activity, Activity.id == WaitingEntry.activity_id)
            .outerjoin(offered, offered.id == WaitingEntry.offered_run_id)
            .outerjoin(declined, declined.id == WaitingEntry.declined_run_id)
            .outerjoin(Draw, Draw.id == WaitingEntry.draw_id)
            .where(WaitingEntry.citizen_id == citizen_id)
            .order_by(WaitingEntry.queued, WaitingEntry.id)
        )
    ]
