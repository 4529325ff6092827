"""What the files of a compass folder hold, one kind of row a file: the same for files, the generator and the database.

People and things go by their codes: a citizen by the pseudonym, an activity, a unit and a dimension by their keys.
"""

from datetime import date
from typing import Any, NamedTuple

from msgspec import Struct

from med.competence_compass.kinds import (
    ActivityKind,
    Aim,
    Answer,
    AssessmentKind,
    AssessmentPurpose,
    EndReason,
    GoalType,
    WaitingOutcome,
    WaitingReason,
)


class CitizenRow(NamedTuple):
    """Who was here when, and in which unit."""

    citizen: str
    unit: str = ""
    entered: date | None = None
    left: date | None = None


class AssessmentRow(NamedTuple):
    """One voice on one day; the answers stand in the order of the instrument's dimensions."""

    citizen: str
    date: date
    kind: AssessmentKind
    assessor: str
    purpose: AssessmentPurpose
    answers: list[Answer]


class ActivityRow(NamedTuple):
    """An activity; `planned_sessions` of one run, `capacity` None where there is no limit."""

    activity: str
    title: str
    kind: ActivityKind
    planned_sessions: int
    unit: str = ""
    capacity: int | None = None
    exam: bool = False


class ParticipationRow(NamedTuple):
    """One citizen in one run; `end` None while it lasts, sessions planned and attended."""

    activity: str
    citizen: str
    start: date
    end: date | None
    planned: int
    attended: int
    run: int | None = None
    end_reason: EndReason | None = None


class WaitingRow(NamedTuple):
    """One citizen in one queue; `left` None for who waits still."""

    activity: str
    citizen: str
    queued: date
    left: date | None
    reason: WaitingReason
    outcome: WaitingOutcome


class HypothesisRow(NamedTuple):
    """What an activity was meant to do, and how much: in SD of the dimension at baseline."""

    activity: str
    dimension: str
    expected_d: float
    written_on: date
    aim: Aim = Aim.DEVELOP
    rationale: str = ""


class GoalRow(NamedTuple):
    """A citizen's goal; `level` −2 to +2 (goal attainment scaling), None where it is not rated, and when it was."""

    citizen: str
    dimension: str
    goal_type: GoalType
    set_on: date
    due: date | None = None
    level: int | None = None
    rated_on: date | None = None


class ExamRow(NamedTuple):
    """One exam of one citizen."""

    activity: str
    citizen: str
    date: date
    passed: bool
    level: str = ""


class Folder(Struct):
    """A whole compass folder. `instrument` is an instrument with one version, as med export writes it."""

    instrument: dict[str, Any]
    citizens: list[CitizenRow] = []
    assessments: list[AssessmentRow] = []
    activities: list[ActivityRow] = []
    participations: list[ParticipationRow] = []
    waiting: list[WaitingRow] = []
    hypotheses: list[HypothesisRow] = []
    goals: list[GoalRow] = []
    exams: list[ExamRow] = []

    @property
    def dimensions(self) -> list[str]:
        """The codes of the dimensions, in the order of the instrument."""
        return dimensions_of(self.instrument)

    def sort(self) -> None:
        """Into the order in which the files are written: whoever wrote them, the same rows give the same bytes."""
        self.citizens.sort(key=lambda row: row.citizen)
        self.assessments.sort(key=lambda row: (row.citizen, row.date, row.kind, row.assessor))
        self.activities.sort(key=lambda row: row.activity)
        self.participations.sort(key=lambda row: (row.activity, row.start, row.citizen))
        self.waiting.sort(key=lambda row: (row.activity, row.queued, row.citizen))
        self.hypotheses.sort(key=lambda row: (row.activity, row.dimension))
        self.goals.sort(key=lambda row: (row.citizen, row.set_on, row.dimension, row.goal_type))
        self.exams.sort(key=lambda row: (row.activity, row.date, row.citizen))


def dimensions_of(instrument: dict[str, Any]) -> list[str]:
    """The codes of an instrument's dimensions, in its own order: that of every list of answers."""
    return [dimension["code"] for area in instrument["areas"] for dimension in area["dimensions"]]
