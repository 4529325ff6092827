"""What the committees decided, why, which perspective each decision serves, and how it goes."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.db import Base
from med.meetings.models import Item, Meeting
from med.organisation.models import Committee, Person
from med.perspectives.models import Perspective


class DecisionState(StrEnum):
    VALID = "valid"  # gælder
    IN_PROGRESS = "in_progress"  # er i gang
    DONE = "done"  # gennemført
    REPLACED = "replaced"  # afløst
    WITHDRAWN = "withdrawn"  # trukket tilbage


IN_FORCE = (DecisionState.VALID, DecisionState.IN_PROGRESS, DecisionState.DONE)


class Decision(Base):
    """A decision. Its words may be corrected until it is published; after that it is only replaced or withdrawn.

    `is_open` is copied from the item, so that the feed needs no join to know who may read what. Decisions on closed
    items are numbered in a series of their own: gaps would tell how many there are.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("length(text) > 0", name="has_text"),
        UniqueConstraint("committee_id", "is_open", "year", "number"),
        # With all that says who may read it, so that a feed is counted in the index alone.
        Index("ix__decision__published", "published_at", "id", "is_open", "committee_id"),
        Index("ix__decision__committee_published", "committee_id", "published_at", "id"),
        Index("ix__decision__item", "item_id"),
        Index("ix__decision__meeting", "meeting_id"),
        Index("ix__decision__responsible", "responsible_id", "published_at", "id"),
        Index("ix__decision__state_published", "state", "published_at", "id"),
        Index("ix__decision__state_changed", "state", "changed_at"),  # what was taken back lately, for the feeds
        Index("ix__decision__committee_review", "committee_id", "review"),
        Index("ix__decision__committee_due", "committee_id", "due"),
        Index("ix__decision__responsible_due", "responsible_id", "due"),
        # Everything the balance counts by, so that a year is counted in the index alone.
        Index("ix__decision__balance", "year", "committee_id", "perspective", "is_open", "published_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))  # empty for imported ones
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    is_open: Mapped[bool]
    year: Mapped[int]
    number: Mapped[int]
    text: Mapped[str]  # completes "Vi har besluttet, at …"
    why: Mapped[str] = mapped_column(default="")
    meaning: Mapped[str] = mapped_column(default="")  # what it means for us
    perspective: Mapped[Perspective | None]  # empty only for imported ones
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    due: Mapped[date | None]
    frame: Mapped[str] = mapped_column(default="")  # hjørneflag: what the responsible may settle alone
    hoped_effect: Mapped[str] = mapped_column(default="")  # effect hoped for on citizens
    review: Mapped[date | None]
    state: Mapped[DecisionState] = mapped_column(default=DecisionState.VALID)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), unique=True)
    withdrawn_reason: Mapped[str] = mapped_column(default="")
    before_discussion: Mapped[bool] = mapped_column(default=False)  # flag: decided before it was discussed
    decided_at: Mapped[datetime]
    published_at: Mapped[datetime | None]  # the feed's key; empty while a draft
    release_chair_at: Mapped[datetime | None]  # "straks": published before the minutes when both say so
    release_vice_at: Mapped[datetime | None]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    committee: Mapped[Committee] = relationship()
    meeting: Mapped[Meeting | None] = relationship()
    item: Mapped[Item | None] = relationship()
    responsible: Mapped[Person | None] = relationship(foreign_keys=responsible_id)
    recorded_by: Mapped[Person | None] = relationship(foreign_keys=recorded_by_id)
    replaces: Mapped["Decision | None"] = relationship(remote_side=id)
    tags: Mapped[list["Tag"]] = relationship(back_populates="decision", order_by="Tag.id", cascade="all, delete-orphan")


class Tag(Base):
    """A perspective a decision serves: the one it was made for, and any further ones.

    Carries the feed's key and the openness, so that a rare perspective's page is one walk of this index.
    """

    __tablename__ = "decision_tag"
    __table_args__ = (
        UniqueConstraint("decision_id", "perspective"),
        Index("ix__decision_tag__feed", "perspective", "published_at", "decision_id", "is_open", "committee_id"),
        Index(
            "ix__decision_tag__committee_feed", "committee_id", "perspective", "published_at", "decision_id", "is_open"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    perspective: Mapped[Perspective]
    is_main: Mapped[bool]
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    is_open: Mapped[bool]
    published_at: Mapped[datetime | None]

    decision: Mapped[Decision] = relationship(back_populates="tags")


class Step(Base):
    """A step in a decision's life ("Sådan går det"): a change of state, news of how it goes, or a review held."""

    __tablename__ = "decision_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[DecisionState | None]  # what it became; empty for news
    is_review: Mapped[bool] = mapped_column(default=False)  # the committee looked back at it, as it had planned
    note: Mapped[str] = mapped_column(default="")

    person: Mapped[Person | None] = relationship()


class FollowUpState(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DROPPED = "dropped"


OPEN_FOLLOW_UPS = (FollowUpState.OPEN, FollowUpState.IN_PROGRESS)


class FollowUp(Base):
    """Something someone does because of a decision or an item, by a day. Stands on the next agenda until it is done."""

    __tablename__ = "follow_up"
    __table_args__ = (
        CheckConstraint("length(text) > 0", name="has_text"),
        Index("ix__follow_up__committee_state", "committee_id", "state"),
        Index("ix__follow_up__owner_state", "owner_id", "state"),
        Index("ix__follow_up__state_due", "state", "due", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)
    is_open: Mapped[bool]  # copied from the item
    text: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    due: Mapped[date | None]
    state: Mapped[FollowUpState] = mapped_column(default=FollowUpState.OPEN)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    committee: Mapped[Committee] = relationship()
    owner: Mapped[Person] = relationship()
    item: Mapped[Item | None] = relationship()
    decision: Mapped[Decision | None] = relationship()


class FollowUpChange(Base):
    """A follow-up's history."""

    __tablename__ = "follow_up_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    follow_up_id: Mapped[int] = mapped_column(ForeignKey("follow_up.id"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[FollowUpState]
    note: Mapped[str] = mapped_column(default="")

    person: Mapped[Person | None] = relationship()
