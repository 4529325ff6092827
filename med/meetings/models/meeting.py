from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med import clock
from med.access import SeatRole, Side
from med.db import Base
from med.organisation.models import Committee, Person

if TYPE_CHECKING:
    from med.meetings.models.agenda import Item
    from med.meetings.models.minutes import Minutes


class Kind(StrEnum):
    ORDINARY = "ordinary"
    THEME = "theme"  # temamøde
    WITHOUT_AGENDA = "without_agenda"  # topics are gathered on the spot
    ALL_HANDS = "all_hands"  # storsamling: all leaders, TR and AMR
    STAFF_MEETING = "staff_meeting"
    EXTRAORDINARY = "extraordinary"


class State(StrEnum):
    PLANNED = "planned"  # the agenda is being made
    AGENDA_SENT = "agenda_sent"  # both chairs have approved it; it is public as far as its items are
    IN_PROGRESS = "in_progress"
    HELD = "held"  # over; the minutes live on their own (Minutes.state)
    CANCELLED = "cancelled"


COMING = (State.PLANNED, State.AGENDA_SENT, State.IN_PROGRESS)


class Meeting(Base):
    """A meeting. Its openness says who may attend; each item's openness says who may read it."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix__meeting__committee_starts", "committee_id", "starts_at"),
        Index("ix__meeting__starts", "starts_at"),
        Index("ix__meeting__state_starts", "state", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    committee_id: Mapped[int] = mapped_column(ForeignKey("committee.id"))
    kind: Mapped[Kind] = mapped_column(default=Kind.ORDINARY)
    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(default="")
    video_url: Mapped[str] = mapped_column(default="")
    is_open: Mapped[bool] = mapped_column(default=True)
    state: Mapped[State] = mapped_column(default=State.PLANNED)
    about: Mapped[str] = mapped_column(default="")  # a few words on top of the agenda
    with_budget: Mapped[bool] = mapped_column(default=False)  # budget items: the agenda goes out earlier

    # Deadlines: computed from the rules of procedure when planned, and kept, so that new rules do not move them.
    proposals_due: Mapped[date | None]
    agenda_due: Mapped[date | None]
    minutes_draft_due: Mapped[date | None]
    minutes_out_due: Mapped[date | None]

    agenda_chair_at: Mapped[datetime | None]
    agenda_chair_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    agenda_vice_at: Mapped[datetime | None]
    agenda_vice_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    agenda_sent_at: Mapped[datetime | None]
    waiver: Mapped[str] = mapped_column(default="")  # why a deadline was set aside
    draft_shown: Mapped[bool] = mapped_column(default=False)  # staff may watch the agenda grow

    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cancelled_reason: Mapped[str] = mapped_column(default="")
    minute_taker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    sequence: Mapped[int] = mapped_column(default=0)  # iCalendar: up when time, place or date changes
    version: Mapped[int] = mapped_column(default=1)
    live_version: Mapped[int] = mapped_column(default=0)  # up at each change in the room
    created_at: Mapped[datetime]
    # iCalendar DTSTAMP and LAST-MODIFIED: when something a calendar shows last changed.
    revised_at: Mapped[datetime] = mapped_column(default=clock.now)

    committee: Mapped[Committee] = relationship()
    items: Mapped[list["Item"]] = relationship(
        back_populates="meeting", order_by="Item.position", foreign_keys="Item.meeting_id"
    )
    attendances: Mapped[list["Attendance"]] = relationship(back_populates="meeting", order_by="Attendance.id")
    minutes: Mapped["Minutes | None"] = relationship(back_populates="meeting")
    minute_taker: Mapped[Person | None] = relationship(foreign_keys=minute_taker_id)
    moderator: Mapped[Person | None] = relationship(foreign_keys=moderator_id)


class Part(StrEnum):
    """In what capacity someone is at the meeting."""

    MEMBER = "member"
    SUBSTITUTE = "substitute"
    ADVISORY = "advisory"
    GUEST = "guest"  # invited to an item
    OBSERVER = "observer"  # an open meeting's listener, who signed up


class Reply(StrEnum):
    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Presence(StrEnum):
    UNKNOWN = "unknown"
    PRESENT = "present"
    LATE = "late"
    ABSENT = "absent"


class Attendance(Base):
    """One person's part in one meeting: the capacity is copied from the seat when invited, so it never changes."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("meeting_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    # A seat that is taken back before it begins leaves the invitation standing.
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id", ondelete="SET NULL"))
    part: Mapped[Part]
    side: Mapped[Side | None]
    role: Mapped[SeatRole | None]
    stands_in_for_id: Mapped[int | None] = mapped_column(ForeignKey("attendance.id"))
    reply: Mapped[Reply] = mapped_column(default=Reply.INVITED)
    replied_at: Mapped[datetime | None]
    presence: Mapped[Presence] = mapped_column(default=Presence.UNKNOWN)
    arrived: Mapped[str] = mapped_column(default="")  # wall time "9.20", as written in the minutes
    left: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")

    meeting: Mapped[Meeting] = relationship(back_populates="attendances")
    person: Mapped[Person] = relationship()
    stands_in_for: Mapped["Attendance | None"] = relationship(remote_side=id)

    @property
    def remark(self) -> str:
        """What was noted in the room of someone who came. What people write with their own reply is the committee's."""
        return self.note if self.replied_at is None else ""


class Correction(Base):
    """Attendance corrected after the meeting: what it was, what it became, who did it and why."""

    __tablename__ = "attendance_correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    attendance_id: Mapped[int] = mapped_column(ForeignKey("attendance.id"), index=True)
    was: Mapped[Presence]
    became: Mapped[Presence]
    reason: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    attendance: Mapped[Attendance] = relationship()
    person: Mapped[Person] = relationship()


class Recusal(Base):
    """Someone took no part in an item because of a personal interest (inhabil); shown in the minutes."""

    __tablename__ = "recusal"
    __table_args__ = (UniqueConstraint("item_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship()
