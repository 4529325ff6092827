"""What of an agenda can be searched: open items, once it has gone out; what was said on them, once that is approved.

Items that come by themselves (the adoption of minutes, the evaluation) are on every agenda and found in none.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import search
from med.meetings.models import Item, Meeting


def keep_findable(db: Session, meeting: Meeting, items: Sequence[Item] | None = None) -> None:
    """Bring the search up to what these items say, or all of the meeting's: after any change to them."""
    db.flush()
    if items is None:
        items = db.scalars(select(Item).where(Item.meeting_id == meeting.id).order_by(Item.position)).all()
    approved_at = meeting.minutes.chairs_approved_at if meeting.minutes is not None else None
    at = meeting.agenda_sent_at or approved_at
    for item in items:
        if at is None or not item.is_open or item.standing is not None:
            search.drop(db, search.ITEM, [item.id])
            continue
        said = (item.minutes_text, item.statement_management, item.statement_employees) if approved_at else ()
        stems = search.item_stems(item.committee_id, item.title, item.case_text, item.recommendation, *said)
        search.put(db, search.ITEM, item.id, at, stems)
