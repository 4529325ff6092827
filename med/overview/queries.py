"""What one person meets first: what waits, what comes, what is new."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.decisions.access import published_decisions
from med.decisions.models import Decision
from med.meetings.access import visible_meetings
from med.meetings.models import Attendance, Meeting, Part, Reply, State
from med.organisation.models import Committee

COMING = (State.PLANNED, State.AGENDA_SENT, State.IN_PROGRESS)


def next_meetings(db: Session, viewer: Viewer, limit: int = 3) -> Sequence[Any]:
    """The viewer's own next meetings; for one without a seat, the next open ones nearby.

    Rows: meeting columns, the committee's name, and the viewer's own reply where they are invited.
    """
    mine = and_(Attendance.meeting_id == Meeting.id, Attendance.person_id == viewer.person_id)
    query = (
        select(
            Meeting.id,
            Meeting.title,
            Meeting.starts_at,
            Meeting.ends_at,
            Meeting.place,
            Meeting.state,
            Meeting.is_open,
            Meeting.proposals_due,
            Meeting.committee_id,
            Committee.name.label("committee"),
            Attendance.reply,
            Attendance.part,
        )
        .join(Committee, Committee.id == Meeting.committee_id)
        .outerjoin(Attendance, mine)
        .where(visible_meetings(viewer), Meeting.state.in_(COMING), Meeting.ends_at > clock.now())
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(limit)
    )
    own = db.execute(
        query.where(
            or_(
                Meeting.committee_id.in_(viewer.committee_ids),
                and_(Attendance.reply != Reply.DECLINED, Attendance.part.in_(list(Part))),
            )
        )
    ).all()
    return own or db.execute(query.where(Meeting.is_open)).all()


def new_decisions(db: Session, viewer: Viewer, since: datetime, limit: int = 5) -> Sequence[Any]:
    """The newest decisions published since a moment, newest first, and one more where there are more."""
    return db.execute(
        select(
            Decision.id,
            Decision.text,
            Decision.perspective,
            Decision.state,
            Decision.published_at,
            Committee.name.label("committee"),
        )
        .join(Committee, Committee.id == Decision.committee_id)
        .where(published_decisions(viewer), Decision.published_at > since)
        .order_by(Decision.published_at.desc(), Decision.id.desc())
        .limit(limit + 1)
    ).all()
