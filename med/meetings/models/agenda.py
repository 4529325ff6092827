from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.access import Side
from med.db import Base
from med.language import T
from med.meetings.models.meeting import Meeting
from med.organisation.models import Committee, Person
from med.sealing import WrappedKey
from med.workdays import copenhagen

# Why an item may be closed. Openness is the principle; silence needs a ground.
GROUNDS = {
    "confidential": T("Fortrolige oplysninger (forvaltningsloven § 27)"),
    "negotiation": T("Forhandling eller udbud, der ikke er afsluttet"),
    "before_announcement": T("Berørte får besked først"),
    "personal": T("Oplysninger om enkeltpersoner"),
}


class Purpose(StrEnum):
    INFO = "info"  # orientering
    DISCUSS = "discuss"  # drøftelse
    DECIDE = "decide"  # beslutning
    THEME = "theme"  # tema


class Outcome(StrEnum):
    NOTED = "noted"  # taget til efterretning
    DISCUSSED = "discussed"  # drøftet
    DECIDED = "decided"  # besluttet
    POSTPONED = "postponed"  # udsat
    WITHDRAWN = "withdrawn"  # udgår
    HEARING = "hearing"  # sendt i høring
    SENT_ON = "sent_on"  # sendt til andet udvalg


# Outcomes where the committee talked and the sides therefore have a position to state.
TALK = frozenset({Outcome.DISCUSSED, Outcome.DECIDED, Outcome.HEARING, Outcome.SENT_ON})


class Consensus(StrEnum):
    AGREED = "agreed"  # enighed
    DISAGREED = "disagreed"  # uenighed, with each side's statement
    NOT_APPLICABLE = "not_applicable"  # ikke relevant


class Standing(StrEnum):
    """Items that come by themselves."""

    MINUTES_ADOPTION = "minutes_adoption"  # adopts the last meeting's minutes; always the first
    PRE_MEETING = "pre_meeting"  # report from the employees' pre-meeting
    COMMUNICATION = "communication"  # what do we tell whom
    EVALUATION = "evaluation"  # evaluation of the meeting


class Item(Base):
    """A point on an agenda, and what was said and settled on it."""

    __tablename__ = "item"
    __table_args__ = (
        CheckConstraint("is_open OR length(closed_ground) > 0", name="closed_has_ground"),
        CheckConstraint("minutes_budget >= 0", name="budget_is_not_negative"),
        CheckConstraint("purpose <> 'info' OR outcome IS NULL OR outcome <> 'decided'", name="info_is_never_decided"),
        CheckConstraint("purpose <> 'info' OR consensus IS NULL OR consensus <> 'agreed'", name="info_is_never_agreed"),
        Index("ix__item__meeting_position", "meeting_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"), index=True)
    position: Mapped[int]
    purpose: Mapped[Purpose] = mapped_column(default=Purpose.DISCUSS)
    standing: Mapped[Standing | None]
    title: Mapped[str]
    case_text: Mapped[str] = mapped_column(default="")  # sagsfremstilling, restricted Markdown
    recommendation: Mapped[str] = mapped_column(default="")  # one "at …" a line
    minutes_budget: Mapped[int] = mapped_column(default=10)
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    raised_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    raised_side: Mapped[Side | None]
    adopts_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))  # whose minutes this item adopts
    is_late: Mapped[bool] = mapped_column(default=False)  # raised after the deadline
    is_supplementary: Mapped[bool] = mapped_column(default=False)  # added when the agenda had already gone out
    is_open: Mapped[bool] = mapped_column(default=True)
    closed_ground: Mapped[str] = mapped_column(default="")
    case_number: Mapped[str] = mapped_column(default="")

    # What an imported item was called and how it ended where it comes from, word for word; number is NULL for our own.
    source_number: Mapped[str | None]
    source_result: Mapped[str] = mapped_column(default="")

    # "Discussed before decided": who decides the matter, when, when staff were informed and when it was discussed.
    decided_by: Mapped[str] = mapped_column(default="")
    decision_planned: Mapped[date | None]
    informed: Mapped[date | None]
    discussed: Mapped[date | None]

    minutes_text: Mapped[str] = mapped_column(default="")
    minutes_version: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[Outcome | None]
    consensus: Mapped[Consensus | None]
    statement_management: Mapped[str] = mapped_column(default="")
    statement_employees: Mapped[str] = mapped_column(default="")
    sent_to_id: Mapped[int | None] = mapped_column(ForeignKey("committee.id"))
    hearing_until: Mapped[date | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    meeting: Mapped[Meeting] = relationship(back_populates="items", foreign_keys=meeting_id)
    adopts: Mapped[Meeting | None] = relationship(foreign_keys=adopts_id)
    responsible: Mapped[Person | None] = relationship(foreign_keys=responsible_id)
    raised_by: Mapped[Person | None] = relationship(foreign_keys=raised_by_id)
    sent_to: Mapped[Committee | None] = relationship(foreign_keys=sent_to_id)
    attachments: Mapped[list["Attachment"]] = relationship(back_populates="item", order_by="Attachment.id")

    @property
    def decided_before_discussion(self) -> bool:
        """Whether the matter is settled before the committee can discuss it.

        The framework agreement (§ 7) wants staff informed and heard so early that their views can still count. The
        item says when the decision is taken elsewhere (`decision_planned`), when staff were informed and when it was
        discussed; without a date of its own, the discussion is the meeting itself. A decision day before either of
        these is the fault; the same day is not, for nobody writes down the hour.
        """
        if self.decision_planned is None:
            return False
        discussed = self.discussed or copenhagen(self.meeting.starts_at).date()
        return self.decision_planned < max(discussed, self.informed or discussed)


class ItemRevision(Base):
    """Every saved state of an item's minutes: the base for merging, and the history with its diff."""

    __tablename__ = "item_revision"
    __table_args__ = (UniqueConstraint("item_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    version: Mapped[int]
    text: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    person: Mapped[Person | None] = relationship()


class Scan(StrEnum):
    """What the virus scanner said of a file."""

    NOT_ASKED = "not_asked"  # there was no scanner
    PENDING = "pending"  # it did not answer; asked again, and until then nobody gets the file
    CLEAN = "clean"
    INFECTED = "infected"  # found when it was asked again; the file is gone


class Attachment(Base):
    """A file to an item, with its own visibility. The bytes lie in the data folder under their SHA-256; those of a
    closed one sealed, as its AttachmentSeal says."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    title: Mapped[str]
    file_name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    is_open: Mapped[bool] = mapped_column(default=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    scan: Mapped[Scan] = mapped_column(default=Scan.NOT_ASKED, server_default="not_asked")

    item: Mapped[Item] = relationship(back_populates="attachments")


class AttachmentSeal(WrappedKey, Base):
    """Under which name a closed file lies sealed, and its key, wrapped by the key ring. An open file has none."""

    __tablename__ = "attachment_seal"

    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachment.id"), primary_key=True)
    stored: Mapped[str]

    def bound(self) -> str:
        return f"attachment {self.attachment_id}|{self.stored}"


class Note(Base):
    """A private note, or a note one side shares among its members, on an item."""

    __tablename__ = "note"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (side IS NULL)", name="private_or_one_side"),
        UniqueConstraint("item_id", "person_id"),
        UniqueConstraint("item_id", "side"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    side: Mapped[Side | None]
    text: Mapped[str] = mapped_column(default="")
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class ProposalState(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    MERGED = "merged"
    POSTPONED = "postponed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Proposal(Base):
    """A point raised by any employee, for any committee; the chairs answer, with a reason unless they accept."""

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint("length(title) > 0", name="has_title"),
        CheckConstraint(
            "state NOT IN ('merged', 'postponed', 'declined') OR length(reason) > 0", name="answer_has_reason"
        ),
        Index("ix__proposal__committee_state", "committee_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), index=True)  # the one it is meant for
    title: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    purpose: Mapped[Purpose] = mapped_column(default=Purpose.DISCUSS)
    raised_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    raised_side: Mapped[Side | None]
    raised_at: Mapped[datetime]
    is_late: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.RECEIVED)
    reason: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    answer_seen_at: Mapped[datetime | None]  # the one who raised it has read the answer
    moved_from_id: Mapped[int | None] = mapped_column(ForeignKey("committee.id"))  # raised there, belongs here
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)  # what became of it
    from_item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"), index=True)  # sent on by another committee
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))  # "Spørg" on a decision

    committee: Mapped[Committee] = relationship(foreign_keys=committee_id)
    moved_from: Mapped[Committee | None] = relationship(foreign_keys=moved_from_id)
    meeting: Mapped[Meeting | None] = relationship()
    raised_by: Mapped[Person | None] = relationship(foreign_keys=raised_by_id)
    answered_by: Mapped[Person | None] = relationship(foreign_keys=answered_by_id)
    item: Mapped[Item | None] = relationship(foreign_keys=item_id)
    from_item: Mapped[Item | None] = relationship(foreign_keys=from_item_id)
