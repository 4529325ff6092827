"""What became of the replies that came by mail, for the administrator."""

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from med.access import Viewer, require
from med.calendar.models import IncomingReply
from med.meetings.models import Meeting
from med.organisation.access import is_admin
from med.organisation.models import Person

PAGE = 50


def incoming_replies(db: Session, viewer: Viewer, before: int | None = None) -> Sequence[Row]:
    """The newest first, one more than a page when there are more. Of the meeting its number and day alone: who runs
    the system has no right to content."""
    require(viewer, is_admin, None)
    asked = (
        select(
            IncomingReply.id,
            IncomingReply.at,
            IncomingReply.sender,
            IncomingReply.verdict,
            IncomingReply.why,
            IncomingReply.meeting_id,
            Meeting.starts_at,
            Person.name.label("person"),
        )
        .outerjoin(Meeting, Meeting.id == IncomingReply.meeting_id)
        .outerjoin(Person, Person.id == IncomingReply.person_id)
    )
    if before is not None:
        asked = asked.where(IncomingReply.id < before)
    return db.execute(asked.order_by(IncomingReply.id.desc()).limit(PAGE + 1)).all()
