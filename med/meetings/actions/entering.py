"""How every action in the room begins.

It takes the meeting's row: on PostgreSQL two people in one room wait for each other here, so that words, outcomes and
the freezing of the minutes never pass each other unseen. SQLite has one writer: what was read since the transaction
began is still so.
"""

from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from med.access import Policy, Viewer, require
from med.meetings.models import Item, Meeting
from med.prepared import PreparedChange
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
