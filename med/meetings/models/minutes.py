from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.db import Base
from med.meetings.models.meeting import Meeting
from med.organisation.models import Person


class MinutesState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"  # by both chairs: frozen and published
    ADOPTED = "adopted"  # at the next meeting


class Minutes(Base):
    """A meeting's minutes and how far they have come. Once the chairs approved, the content never changes.

    `sequence` and `previous_sha256` chain a committee's minutes in the order of `chairs_approved_at`.
    """

    __tablename__ = "minutes"
    __table_args__ = (
        UniqueConstraint("committee_id", "sequence"),
        CheckConstraint("(chairs_approved_at IS NULL) = (sha256 = '')", name="approved_has_hash"),
        Index("ix__minutes__state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), unique=True)
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    state: Mapped[MinutesState] = mapped_column(default=MinutesState.DRAFT)
    review_at: Mapped[datetime | None]
    chair_at: Mapped[datetime | None]
    chair_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    vice_at: Mapped[datetime | None]
    vice_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    proof: Mapped[str] = mapped_column(default="")  # approval given in writing: by whom, when, how
    chairs_approved_at: Mapped[datetime | None]
    adopted_at: Mapped[datetime | None]
    adopted_item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    sequence: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(default="")
    previous_sha256: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    meeting: Mapped[Meeting] = relationship(back_populates="minutes")
    chair: Mapped[Person | None] = relationship(foreign_keys=chair_id)
    vice: Mapped[Person | None] = relationship(foreign_keys=vice_id)
    versions: Mapped[list["MinutesVersion"]] = relationship(back_populates="minutes", order_by="MinutesVersion.number")
    addenda: Mapped[list["Addendum"]] = relationship(back_populates="minutes", order_by="Addendum.id")


class MinutesVersion(Base):
    """A whole set of minutes as canonical JSON: one for each time it went to review, the last one frozen."""

    __tablename__ = "minutes_version"
    __table_args__ = (UniqueConstraint("minutes_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"))
    number: Mapped[int]
    content: Mapped[str]
    sha256: Mapped[str]
    is_frozen: Mapped[bool] = mapped_column(default=False)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    minutes: Mapped[Minutes] = relationship(back_populates="versions")
    person: Mapped[Person | None] = relationship()


class Addendum(Base):
    """A correction to frozen minutes: added below, never written into them."""

    __tablename__ = "addendum"

    id: Mapped[int] = mapped_column(primary_key=True)
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    text: Mapped[str]
    is_open: Mapped[bool] = mapped_column(default=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    minutes: Mapped[Minutes] = relationship(back_populates="addenda")
    person: Mapped[Person] = relationship()
