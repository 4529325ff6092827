from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.competence_compass.kinds import AssessmentKind, AssessmentPurpose, GoalType, NoScore
from med.competence_compass.models.instruments import Dimension, Instrument, Version
from med.db import Base
from med.organisation.models import Person, Unit


class Citizen(Base):
    """A citizen as the compass knows them: a pseudonym. Who it is lies in the vault, and nowhere else."""

    __tablename__ = "compass_citizen"
    __table_args__ = (CheckConstraint("left_on IS NULL OR left_on >= entered", name="leaves_after_entry"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    pseudonym: Mapped[str] = mapped_column(unique=True)  # short and sayable: "K7-RAVN"
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("compass_instrument.id"), index=True)
    target_group: Mapped[str] = mapped_column(default="")  # from the municipality's own short list, never a diagnosis
    entered: Mapped[date]
    left_on: Mapped[date | None]
    erased_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    unit: Mapped[Unit] = relationship()
    instrument: Mapped[Instrument | None] = relationship()


class AssignmentRole(StrEnum):
    CONTACT = "contact"
    DEPUTY = "deputy"


class Assignment(Base):
    """Who works with a citizen, from when to when and why. What opens the citizen's page; ends it the day after."""

    __tablename__ = "compass_assignment"
    __table_args__ = (
        CheckConstraint("ends IS NULL OR ends >= starts", name="ends_after_start"),
        Index("ix__compass_assignment__person_dates", "person_id", "starts", "ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[AssignmentRole]
    starts: Mapped[date]
    ends: Mapped[date | None]  # last day
    reason: Mapped[str] = mapped_column(default="")  # a deputy's: whose cover, and until when
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    citizen: Mapped[Citizen] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=person_id)


class Occasion(Base):
    """Taking stock once: one day, one version, up to three voices beside each other, and where they differ.

    A draft can be gone on with; `closed_at` ends it, and its assessments stand.
    """

    __tablename__ = "compass_occasion"

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("compass_version.id"), index=True)
    day: Mapped[date]
    purpose: Mapped[AssessmentPurpose]
    begun_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    begun_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    differs: Mapped[bool] = mapped_column(default=False)  # the voices see it differently
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # how they differ, in words: the vault's
    row_version: Mapped[int] = mapped_column(default=1)

    citizen: Mapped[Citizen] = relationship()
    version: Mapped[Version] = relationship()
    assessments: Mapped[list["Assessment"]] = relationship(back_populates="occasion", order_by="Assessment.id")


class Assessment(Base):
    """One voice's scores on one day. Counted once its occasion is closed."""

    __tablename__ = "compass_assessment"
    __table_args__ = (
        # What an import recognises; a correction (1, 2 …) stands beside what it takes the place of.
        UniqueConstraint(
            "citizen_id",
            "day",
            "kind",
            "assessor",
            "version_id",
            "correction",
            name="uq__compass_assessment__told_once",
        ),
        Index("ix__compass_assessment__citizen_day", "citizen_id", "day"),
        Index("ix__compass_assessment__version_day", "version_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    occasion_id: Mapped[int] = mapped_column(ForeignKey("compass_occasion.id"), index=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("compass_version.id"))
    day: Mapped[date]
    kind: Mapped[AssessmentKind]
    purpose: Mapped[AssessmentPurpose]
    assessor: Mapped[str]  # "person:17", or an import's own code; never shown in figures
    assessor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    triggered_referral: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None]
    correction: Mapped[int] = mapped_column(default=0)
    superseded_at: Mapped[datetime | None]  # a correction took its place
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("compass_assessment.id"), index=True)
    # All its answers in a few bytes once it is closed, see med/competence_compass/vectors.py. Scores are the record.
    packed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    occasion: Mapped[Occasion] = relationship(back_populates="assessments")
    scores: Mapped[list["Score"]] = relationship(back_populates="assessment")


class Score(Base):
    __tablename__ = "compass_score"
    __table_args__ = (CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name="value_or_reason"),)

    assessment_id: Mapped[int] = mapped_column(ForeignKey("compass_assessment.id"), primary_key=True)
    dimension_id: Mapped[int] = mapped_column(ForeignKey("compass_dimension.id"), primary_key=True)
    value: Mapped[int | None]
    reason: Mapped[NoScore | None]

    assessment: Mapped[Assessment] = relationship(back_populates="scores")
    dimension: Mapped[Dimension] = relationship()


class Goal(Base):
    """What a citizen works towards. The words and the five levels are the citizen's, and lie sealed."""

    __tablename__ = "compass_goal"
    __table_args__ = (CheckConstraint("due IS NULL OR due >= set_on", name="due_after_set"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    citizen_id: Mapped[int] = mapped_column(ForeignKey("compass_citizen.id"), index=True)
    dimension_id: Mapped[int | None] = mapped_column(ForeignKey("compass_dimension.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("compass_area.id"), index=True)
    goal_type: Mapped[GoalType]
    weight: Mapped[int] = mapped_column(default=1)
    target_value: Mapped[int | None]  # on the dimension's scale: a tick on the compass
    set_on: Mapped[date]
    due: Mapped[date | None]
    ended_on: Mapped[date | None]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # {"title", "levels": {-2…2}, "plan": indsatsplan reference}
    version: Mapped[int] = mapped_column(default=1)

    citizen: Mapped[Citizen] = relationship()
    ratings: Mapped[list["GoalRating"]] = relationship(back_populates="goal", order_by="GoalRating.day")


class GoalRating(Base):
    __tablename__ = "compass_goal_rating"
    __table_args__ = (
        UniqueConstraint("goal_id", "day"),
        CheckConstraint("level BETWEEN -2 AND 2", name="level_is_one_of_five"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    goal_id: Mapped[int] = mapped_column(ForeignKey("compass_goal.id"))
    day: Mapped[date]
    level: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    goal: Mapped[Goal] = relationship(back_populates="ratings")
