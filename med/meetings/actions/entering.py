"""How every action in the room begins.

It takes the meeting's row: on PostgreSQL two people in one room wait for each other here, so that words, outcomes and
the freezing of the minutes never pass each other unseen. SQLite has one writer: what was read since the transaction
began is still so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from med.access import Policy, Viewer, require
from med.errors import NotFound
from med.meetings.access import visible_items
from med.meetings.models import Attendance, Item, Meeting, Minutes, MinutesState, State
from med.organisation.access import ANY_EMPLOYEE, own
from med.prepared import Prepared, PreparedChange
from med.wire import announce

NEWS = "meeting "
MEETING: Any = Meeting.__table__
STIRRED = PreparedChange(
    lambda: update(MEETING).where(MEETING.c.id == bindparam("meeting")).values(live_version=MEETING.c.live_version + 1)
)  # every word in a room says it


def in_the_room(db: Session, viewer: Viewer, policy: Policy, thing: Meeting | Item) -> Meeting:
    """Ask the policy, take the meeting's row, and ask once more, now that nobody else can change it meanwhile."""
    require(viewer, policy, thing)
    meeting = thing if isinstance(thing, Meeting) else thing.meeting
    if enter(db, meeting):
        if thing is not meeting:
            db.refresh(thing)
        require(viewer, policy, thing)
    return meeting


def enter(db: Session, meeting: Meeting) -> bool:
    """Take the meeting's row for this transaction, see it as it is now, and tell those who follow live. Whether
    anybody may have changed something meanwhile."""
    stir(db, meeting.id)
    if db.get_bind().dialect.name == "sqlite":
        return False
    db.refresh(meeting)
    if meeting.minutes is not None:
        db.refresh(meeting.minutes)
    return True


def stir(db: Session, meeting_id: int) -> None:
    """Something in the room changed: readers on every server process look again."""
    STIRRED(db, meeting=meeting_id)
    announce(db, f"{NEWS}{meeting_id}")


# --- the same for an item's words, without the objects ----------------------------------------------------------------


class Found(NamedTuple):
    """An item's words, and what policies ask of it, its meeting and that one's minutes."""

    id: int
    minutes_text: str
    minutes_version: int
    is_open: bool
    meeting_id: int
    committee_id: int
    state: State
    minute_taker_id: int | None
    minutes_state: MinutesState | None


class MinutesAtHand(Struct):
    state: MinutesState


@dataclass
class MeetingAtHand:
    """A meeting as `access.minute_meeting` asks it."""

    db: Session
    id: int
    committee_id: int
    state: State
    minute_taker_id: int | None
    minutes: MinutesAtHand | None

    @cached_property
    def attendances(self) -> Sequence[Attendance]:
        """Only those who stand in for somebody have their right from here."""
        return self.db.scalars(select(Attendance).where(Attendance.meeting_id == self.id)).all()


class ItemAtHand(Struct):
    """An item as `access.minute_item` asks it, with its words."""

    id: int
    text: str
    version: int
    is_open: bool
    meeting: MeetingAtHand


AT_HAND = Prepared(
    lambda: (
        select(
            Item.id,
            Item.minutes_text,
            Item.minutes_version,
            Item.is_open,
            Item.meeting_id,
            Meeting.committee_id,
            Meeting.state,
            Meeting.minute_taker_id,
            Minutes.state.label("minutes_state"),
        )
        .join(Meeting, Meeting.id == Item.meeting_id)
        .outerjoin(Minutes, Minutes.meeting_id == Meeting.id)
        .where(Item.id == bindparam("item"), Item.meeting_id == bindparam("meeting"), visible_items(ANY_EMPLOYEE))
    ),
    row=Found,
)


def item_at_hand(db: Session, viewer: Viewer, meeting_id: int, item_id: int) -> ItemAtHand:
    """An item the viewer may read, or NotFound."""
    rows: list[Found] = AT_HAND(db, **own(viewer), meeting=meeting_id, item=item_id) if viewer.is_employee else []
    if not rows:
        raise NotFound
    [one] = rows
    minutes = MinutesAtHand(one.minutes_state) if one.minutes_state is not None else None
    meeting = MeetingAtHand(db, one.meeting_id, one.committee_id, one.state, one.minute_taker_id, minutes)
    return ItemAtHand(one.id, one.minutes_text, one.minutes_version, one.is_open, meeting)


def at_the_item(db: Session, viewer: Viewer, policy: Policy, meeting_id: int, item_id: int) -> ItemAtHand:
    """`in_the_room` for one who only writes words: every few of them that are typed are a save."""
    found = item_at_hand(db, viewer, meeting_id, item_id)
    require(viewer, policy, found)
    stir(db, meeting_id)
    if db.get_bind().dialect.name != "sqlite":
        found = item_at_hand(db, viewer, meeting_id, item_id)
        require(viewer, policy, found)
    return found
