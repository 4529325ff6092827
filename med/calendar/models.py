"""Invitations that have left the house, and what came back."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.db import Base
from med.meetings.models import Meeting
from med.organisation.models import Person


class Method(StrEnum):
    """What an invitation mail does in the calendar of the one who gets it (iTIP, RFC 5546)."""

    REQUEST = "request"
    CANCEL = "cancel"


class Invitation(Base):
    """What one person's calendar has been told of one meeting: compared with the meeting to see what is to be told.

    `sequence` is the SEQUENCE of what was told: the meeting's, or higher where the person was called off in between.
    `fingerprint` marks what the calendar shows: first when and where, then the rest. `told_at` is the mail's DTSTAMP.
    """

    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("meeting_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    method: Mapped[Method]
    sequence: Mapped[int]
    fingerprint: Mapped[str]
    told_at: Mapped[datetime]
    # The newest answer taken in by mail: an older one that arrives late is left aside (RFC 5546, 2.1.5).
    reply_sequence: Mapped[int | None]
    reply_stamp: Mapped[datetime | None]

    meeting: Mapped[Meeting] = relationship()
    person: Mapped[Person] = relationship()


class Verdict(StrEnum):
    APPLIED = "applied"
    REPEATED = "repeated"  # says what we know already
    STALE = "stale"  # about an earlier version, or older than one taken in
    FOREIGN = "foreign"  # about a meeting or a person that is not ours, or not invited
    FORGED = "forged"  # the sender is not the one who answers
    UNREADABLE = "unreadable"
    NOT_A_REPLY = "not_a_reply"


class IncomingReply(Base):
    """A mail taken from the mailbox: what was made of it and why. Its words are not kept."""

    __tablename__ = "incoming_reply"
    __table_args__ = (Index("ix__incoming_reply__at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)  # of the mail's bytes: read twice is taken in once
    at: Mapped[datetime]
    sender: Mapped[str] = mapped_column(default="")  # the address, cut short
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    verdict: Mapped[Verdict]
    why: Mapped[str] = mapped_column(default="")  # a sentence for the administrator

    meeting: Mapped[Meeting | None] = relationship()
    person: Mapped[Person | None] = relationship()
