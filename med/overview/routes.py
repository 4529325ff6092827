"""`/`: what waits for me, my next meeting, what is new."""

from litestar import Response

from med.access import signed_in
from med.decisions.fragments import heading
from med.meetings.queries.minutes import latest_minutes
from med.notices.queries import unread
from med.overview import queries
from med.perspectives.queries import titles
from med.slices import waiting_for
from med.web.routing import Visit, get


@get("/", name="overview", policy=signed_in)
def overview(visit: Visit) -> Response:
    waiting = waiting_for(visit.db, visit.viewer)
    meetings = queries.next_meetings(visit.db, visit.viewer)
    return visit.page(
        "overview/index.html",
        waiting=waiting,
        shown=len(waiting) if visit.query.get("alt") else queries.SHOWN,
        begun=queries.begun(visit.db) if visit.viewer.is_admin else None,
        lacks_step=visit.arrival.lacks_step,
        meeting=meetings[0] if meetings else None,
        later=meetings[1:],
        news=queries.new_decisions(visit.db, visit.viewer, visit.arrival.news_since),
        minutes=latest_minutes(visit.db, visit.viewer, visit.arrival.news_since)[: queries.SHOWN],
        most=queries.SHOWN,
        unread=unread(visit.db, visit.viewer),
        heading=heading,
        titles=titles(visit.db),
    )


handlers = [overview]
