"""What the meetings add to a committee's page, and to the moments of a meeting's life."""

from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from med.access import Viewer
from med.meetings.actions.standing import renew_adoptions
from med.meetings.models import Meeting
from med.meetings.queries.planning import coming_meetings, past_meetings
from med.meetings.words import SIGNS
from med.organisation.models import Committee


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
