from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

import med.decisions.models  # noqa: F401  an activity points at the decision that began it
from med.competence_compass.kinds import ActivityKind, Aim, EndReason, WaitingOutcome, WaitingReason
from med.competence_compass.models.citizens import Citizen
from med.competence_compass.models.instruments import Dimension
from med.db import Base
from med.organisation.models import Person, Unit


class ActivityState(StrEnum):
    PROPOSED = "proposed"
    RUNNING = "running"  # from its first start
    ENDED = "ended"


class Activity(Base):
    """Something citizens take part in because it is meant to develop (or keep) certain competences.

    An activity without a hypothesis can be proposed but not started.
    """

    __tablename__ = "compass_activity"
    __table_args__ = (
        CheckConstraint("planned_sessions > 0", name="has_sessions"),
        CheckConstraint("capacity IS NULL OR capacity > 0", name="has_room"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    kind: Mapped[ActivityKind]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    about: Mapped[str] = mapped_column(default="")
    planned_sessions: Mapped[int]
    capacity: Mapped[int | None]  # places in a run
    cost: Mapped[int | None]  # whole kroner a run
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[ActivityState] = mapped_column(default=ActivityState.PROPOSED)
    frozen_at: Mapped[datetime | None]  # its first start: hypotheses written before it are the ones that are tested
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)  # what started it
    has_exam: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    unit: Mapped[Unit] = relationship()
    owner: Mapped[Person | None] = relationship()
    hypotheses: Mapped[list["Hypothesis"]] = relationship(back_populates="activity", order_by="Hypothesis.id")
    runs: Mapped[list["Run"]] = relationship(back_populates="activity", order_by="Run.starts")


class Hypothesis(Base):
    """What an activity is meant to do: to which dimension, how much, why. Frozen at the activity's first start."""

    __tablename__ = "compass_hypothesis"
    __table_args__ = (
        UniqueConstraint("activity_id", "dimension_id"),
        CheckConstraint("length(rationale) > 0", name="says_why"),
        CheckConstraint("expected_d > 0 AND expected_d <= 3", name="expects_something"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("compass_dimension.id"), index=True)
    aim: Mapped[Aim] = mapped_column(default=Aim.DEVELOP)
    expected_d: Mapped[float]  # in standard deviations of the dimension at baseline
    rationale: Mapped[str]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)
    written_on: Mapped[date]
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    is_exploratory: Mapped[bool] = mapped_column(
        default=False
    )  # written after the first start: never carries a verdict

    activity: Mapped[Activity] = relationship(back_populates="hypotheses")
    dimension: Mapped[Dimension] = relationship()


class Run(Base):
    """An activity carried out once: the spring course, a year in the workshop."""

    __tablename__ = "compass_run"
    __table_args__ = (
        UniqueConstraint("activity_id", "number"),
        CheckConstraint("ends IS NULL OR ends >= starts", name="ends_after_start"),
        CheckConstraint("planned_sessions > 0", name="has_sessions"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"))
    number: Mapped[int]
    starts: Mapped[date]
    ends: Mapped[date | None]
    planned_sessions: Mapped[int]
    capacity: Mapped[int | None]
    started_at: Mapped[datetime | None]  # begun by someone, not by the calendar
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    activity: Mapped[Activity] = relationship(back_populates="runs")
    leaders: Mapped[list["RunLeader"]] = relationship(back_populates="run", order_by="RunLeader.id")


class RunLeader(Base):
    """Who leads a run, from when to when: sees its participants, notes attendance and exams."""

    __tablename__ = "compass_run_leader"
    __table_args__ = (CheckConstraint("ends IS NULL OR ends >= starts", name="ends_after_start"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("compass_run.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts: Mapped[date]
    ends: Mapped[date | None]

    run: Mapped[Run] = relationship(back_populates="leaders")
    person: Mapped[Person] = relationship()


class Participation(Base):
    """A citizen in a run. `attended` counts the sessions they came to: the dose."""

    __tablename__ = "compass_participation"
    __table_args__ = (
        UniqueConstraint("run_id", "citizen_id"),
        Index("ix__compass_participation__citizen", "citizen_id", "starts"),
        CheckConstraint("ends IS NULL OR ends >= starts", name="ends_after_start"),
        CheckConstraint("attended >= 0 AND attended <= planned", name="attended_is_within_planned"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("compass_run.id"))
    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"))
    starts: Mapped[date]
    ends: Mapped[date | None]
    planned: Mapped[int]
    attended: Mapped[int] = mapped_column(default=0)
    end_reason: Mapped[EndReason | None]

    run: Mapped[Run] = relationship()
    citizen: Mapped[Citizen] = relationship()
    exams: Mapped[list["Exam"]] = relationship(back_populates="participation", order_by="Exam.day")


class Session(Base):
    """One meeting of a run."""

    __tablename__ = "compass_session"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("compass_run.id"))
    number: Mapped[int]
    day: Mapped[date]


class Presence(Base):
    """Whether a participant came to a session."""

    __tablename__ = "compass_presence"

    session_id: Mapped[int] = mapped_column(ForeignKey("compass_session.id"), primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("compass_participation.id"), primary_key=True)
    came: Mapped[bool]


class Exam(Base):
    """An exam taken in a run; when passed, a certificate can be printed."""

    __tablename__ = "compass_exam"
    __table_args__ = (UniqueConstraint("participation_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("compass_participation.id"))
    day: Mapped[date]
    passed: Mapped[bool]
    level: Mapped[str] = mapped_column(default="")
    noted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    participation: Mapped[Participation] = relationship(back_populates="exams")


class WaitingEntry(Base):
    """A citizen who waits for an activity."""

    __tablename__ = "compass_waiting"
    __table_args__ = (
        Index("ix__compass_waiting__activity", "activity_id", "outcome", "queued"),
        CheckConstraint("left_on IS NULL OR left_on >= queued", name="leaves_after_queued"),
        CheckConstraint("(outcome = 'waiting') = (left_on IS NULL)", name="has_left_or_waits"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"))
    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"), index=True)
    queued: Mapped[date]
    left_on: Mapped[date | None]
    reason: Mapped[WaitingReason] = mapped_column(default=WaitingReason.ORDER)
    priority: Mapped[int] = mapped_column(default=0)  # by need: higher first; equal ones are equal applicants
    outcome: Mapped[WaitingOutcome] = mapped_column(default=WaitingOutcome.WAITING)
    offered_run_id: Mapped[int | None] = mapped_column(ForeignKey("compass_run.id"), index=True)
    offered_at: Mapped[datetime | None]
    declined_run_id: Mapped[int | None] = mapped_column(ForeignKey("compass_run.id"), index=True)  # said no to, last
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # why this one before others, in words: the vault's
    draw_id: Mapped[int | None] = mapped_column(ForeignKey("compass_draw.id"), index=True)
    draw_place: Mapped[int | None]

    activity: Mapped[Activity] = relationship()
    citizen: Mapped[Citizen] = relationship()


class Draw(Base):
    """A lot drawn between equal applicants: the seed gives the same order to whoever checks it."""

    __tablename__ = "compass_draw"

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    seed: Mapped[str]
    among: Mapped[str]  # ids of the entries, in the order they stood in: "4,7,9"
    first_queued: Mapped[date]  # the earliest of their days: where in the line all of them stand from now on
