from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.competence_compass.models.activities import Activity
from med.competence_compass.models.instruments import Dimension, Version
from med.db import Base
from med.organisation.models import Person


class RunState(StrEnum):
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


class EffectRun(Base):
    """One analysis of everything an instrument version has seen until a day. Once done, it and its estimates stand:
    every screen names the run its numbers come from."""

    __tablename__ = "compass_effect_run"
    __table_args__ = (Index("ix__compass_effect_run__version_state", "version_id", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("compass_version.id"))
    state: Mapped[RunState] = mapped_column(default=RunState.WAITING)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # empty: the night
    leased_until: Mapped[datetime | None]
    lease: Mapped[str] = mapped_column(default="")
    progress: Mapped[int] = mapped_column(default=0)  # percent
    done_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")  # one sentence without content

    cut_off: Mapped[date | None]  # the last day in the data
    input_sha256: Mapped[str] = mapped_column(default="")  # of what was analysed: the same gives the same numbers
    method: Mapped[str] = mapped_column(default="")
    rows_used: Mapped[int] = mapped_column(default=0)
    rows_left_out: Mapped[int] = mapped_column(default=0)
    citizens: Mapped[int] = mapped_column(default=0)
    citizens_renewed: Mapped[int] = mapped_column(default=0)  # whose part was computed anew; the others' was kept
    lead_z: Mapped[float | None]
    line_z: Mapped[float | None]
    is_guarded: Mapped[bool] = mapped_column(default=False)
    slope: Mapped[float | None]
    period: Mapped[float | None]
    rho: Mapped[float | None]
    variance_at: Mapped[datetime | None]  # when slope, period and rho were estimated, perhaps by an earlier run

    version: Mapped[Version] = relationship()
    asked_by: Mapped[Person | None] = relationship()
    estimates: Mapped[list["EffectEstimate"]] = relationship(back_populates="run", order_by="EffectEstimate.id")


class EffectEstimate(Base):
    """What a run found for one hypothesised pair; sizes in SD of the dimension at baseline, empty where there is none.

    `verdict` and `reason` are the words of med/competence_compass/effects/verdicts.py.
    """

    __tablename__ = "compass_effect_estimate"
    __table_args__ = (
        UniqueConstraint("run_id", "activity_id", "dimension_id"),
        Index("ix__compass_effect_estimate__activity", "activity_id", "dimension_id", "run_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("compass_effect_run.id"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("compass_dimension.id"), index=True)
    n: Mapped[int]
    n_comparison: Mapped[int]
    estimate: Mapped[float | None]
    se: Mapped[float | None]
    ci_low: Mapped[float | None]
    ci_high: Mapped[float | None]
    p: Mapped[float | None]
    q: Mapped[float | None]
    shrunken: Mapped[float | None]
    waiting_estimate: Mapped[float | None]
    waiting_se: Mapped[float | None]
    waiting_n: Mapped[int]
    detectable: Mapped[float | None]
    verdict: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    is_maintain: Mapped[bool] = mapped_column(default=False)
    ceiling: Mapped[float | None]
    floor: Mapped[float | None]

    run: Mapped[EffectRun] = relationship(back_populates="estimates")
    activity: Mapped[Activity] = relationship()
    dimension: Mapped[Dimension] = relationship()
