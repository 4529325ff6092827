"""How every action in the room begins.

It takes the meeting's row: on PostgreSQL two people in one room wait for each other here, so that words, outcomes and
the freezing of the minutes never pass each other unseen. (SQLite has one writer anyway.)
"""

from sqlalchemy import update
from sqlalchemy.orm import Session

from med.access import Policy, Viewer, require
from med.meetings.models import Item, Meeting
from med.wire import announce

NEWS = "meeting "


def in_the_room(db: Session, viewer: Viewer, policy: Policy, thing: Meeting | Item) -> Meeting:
    """Ask the policy, take the meeting's row, and ask once more, now that nobody else can change it meanwhile."""
    require(viewer, policy, thing)
    meeting = thing if isinstance(thing, Meeting) else thing.meeting
    enter(db, meeting)
    if thing is not meeting:
        db.refresh(thing)
    require(viewer, policy, thing)
    return meeting


def enter(db: Session, meeting: Meeting) -> None:
    """Take the meeting's row for this transaction, see it as it is now, and tell those who follow live."""
    stir(db, meeting.id)
    db.refresh(meeting)
    if meeting.minutes is not None:
        db.refresh(meeting.minutes)


def stir(db: Session, meeting_id: int) -> None:
    """Something in the room changed: readers on every server process look again."""
    db.execute(update(Meeting).where(Meeting.id == meeting_id).values(live_version=Meeting.live_version + 1))
    announce(db, f"{NEWS}{meeting_id}")
