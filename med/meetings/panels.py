"""What the meetings add to a committee's page, say to its end, and do at the moments of a meeting's life."""

from datetime import date
from typing import Any

from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.language import T, Text
from med.meetings.actions.standing import renew_adoptions
from med.meetings.models import COMING, Meeting
from med.meetings.queries.planning import coming_meetings, past_meetings
from med.meetings.words import SIGNS
from med.organisation.models import Committee
from med.workdays import copenhagen, in_full


def of_the_committee(visit: Any, committee: Committee) -> Markup:
    """The next meetings and the last ones that were held."""
    return visit.desk.pages.piece(
        "meetings/_committee.html",
        visit,
        committee=committee,
        coming=coming_meetings(visit.db, visit.viewer, committee_id=committee.id, limit=3)[:3],
        past=past_meetings(visit.db, visit.viewer, committee_id=committee.id, limit=3)[:3],
        signs=SIGNS,
    )


def minutes_wait_to_be_adopted(db: Session, viewer: Viewer | None, meeting: Meeting) -> None:
    """The minutes are approved: the next meeting begins with them."""
    renew_adoptions(db, meeting.committee_id)


def meetings_after(db: Session, committee: Committee, last: date) -> Text | None:
    """A committee does not end before its meetings: nobody could hold them, or call them off."""
    latest = db.scalar(
        select(func.max(Meeting.starts_at)).where(Meeting.committee_id == committee.id, Meeting.state.in_(COMING))
    )
    day = copenhagen(latest).date() if latest is not None else last
    if day <= last:
        return None
    return T(
        "%(committee)s har planlagt et møde %(day)s. Flyt eller aflys det først.",
        committee=committee.name,
        day=in_full(day),
    )
