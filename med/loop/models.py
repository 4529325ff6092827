"""The circle: decision → perspective → activity → measured effect → review back on the right committee's agenda."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.competence_compass.models import Activity, EffectRun
from med.db import Base
from med.decisions.models import Decision
from med.meetings.models import Proposal
from med.organisation.models import Person


class LinkKind(StrEnum):
    STARTS = "starts"
    CHANGES = "changes"
    REVIEWS = "reviews"
    STOPS = "stops"


class DecisionLink(Base):
    """What a decision does to an activity. Stopping one says on what basis: a run, or a professional judgement."""

    __tablename__ = "loop_link"
    __table_args__ = (
        UniqueConstraint("decision_id", "activity_id", "kind"),
        CheckConstraint("kind <> 'stops' OR run_id IS NOT NULL OR length(judgement) > 0", name="stopping_has_basis"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("compass_activity.id"), index=True)
    kind: Mapped[LinkKind]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("compass_effect_run.id"), index=True)
    judgement: Mapped[str] = mapped_column(default="")  # faglig vurdering
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

    decision: Mapped[Decision] = relationship()
    activity: Mapped[Activity] = relationship()
    run: Mapped[EffectRun | None] = relationship()
    made_by: Mapped[Person | None] = relationship()


class Cause(StrEnum):
    REVIEW_DATE = "review_date"
    VERDICT_CHANGED = "verdict_changed"


class ReviewPoint(Base):
    """A point the system raised on a committee's open agenda because the circle came round. Each key once, ever."""

    __tablename__ = "loop_review_point"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)  # "review:17:2026-11-24", "verdict:17:4:9:udvikler:31"
    cause: Mapped[Cause]
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("compass_effect_run.id"), index=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    raised_at: Mapped[datetime]

    decision: Mapped[Decision] = relationship()
    run: Mapped[EffectRun | None] = relationship()
    proposal: Mapped[Proposal] = relationship()
