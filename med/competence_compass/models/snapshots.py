from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.competence_compass.models.effects import EffectEstimate
from med.db import Base


class Measure(StrEnum):
    """What is counted when a quarter or a year has ended."""

    WAITING = "waiting"  # how many wait for an activity on the quarter's last day
    WAITED = "waited"  # how long they have, typically
    DUE = "due"  # whether stock was taken when it was due
    CHANGES = "changes"  # participants' mean before and after, dimension by dimension
    STARTS = "starts"  # participations begun in a year
    EXAMS = "exams"  # passed and not passed in a year
    DOSE = "dose"  # how much of what was planned the participants of a year came to
    MISSING = "missing"  # where participants and those who waited were not assessed equally often


class Snapshot(Base):
    """What was published of a period: after disclosure control, and as it was. Pages read it; nothing changes it."""

    __tablename__ = "compass_snapshot"
    __table_args__ = (UniqueConstraint("measure", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    measure: Mapped[Measure]
    period: Mapped[str]  # "2026-3" for a quarter, "2025" for a year
    content: Mapped[str]  # JSON of med/competence_compass/sums.py
    made_at: Mapped[datetime]


class QuartersRun(Base):
    """The run whose numbers are told of an instrument version in a quarter: the first that was done in it."""

    __tablename__ = "compass_quarters_run"

    version_id: Mapped[int] = mapped_column(ForeignKey("compass_version.id"), primary_key=True)
    quarter: Mapped[str] = mapped_column(primary_key=True)  # "2026-4"
    run_id: Mapped[int] = mapped_column(ForeignKey("compass_effect_run.id"), index=True)


class ToldAs(StrEnum):
    FIGURES = "figures"
    WORDS = "words"  # a verdict that changed before its numbers may be shown


class ToldEstimate(Base):
    """From when on an estimate is the one that is told of its pair: the newest row of a pair holds. Only added to.

    See med/competence_compass/publishing.py for which are, and why not all.
    """

    __tablename__ = "compass_told_estimate"
    __table_args__ = (
        UniqueConstraint("estimate_id"),
        Index("ix__compass_told_estimate__pair", "activity_id", "dimension_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    estimate_id: Mapped[int] = mapped_column(ForeignKey("compass_effect_estimate.id"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("compass_dimension.id"), index=True)
    told_as: Mapped[ToldAs]
    at: Mapped[datetime]

    estimate: Mapped[EffectEstimate] = relationship()
