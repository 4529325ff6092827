"""`/`: what waits for me, my next meeting, what is new."""

from datetime import date

from litestar import Response, Router

from med.access import signed_in
from med.decisions.fragments import heading
from med.meetings.queries.minutes import latest_minutes
from med.overview import queries
from med.perspectives.queries import titles
from med.slices import Waiting
from med.web.routing import Visit, get

SHOWN = 5


@get("/", name="overview", policy=signed_in)
def overview(visit: Visit) -> Response:
    waiting = sorted(
        (thing for ask in visit.desk.pages.awaits for thing in ask(visit.db, visit.viewer)), key=by_urgency
    )
    meetings = queries.next_meetings(visit.db, visit.viewer)
    return visit.page(
        "overview/index.html",
        waiting=waiting,
        shown=len(waiting) if visit.query.get("alt") else SHOWN,
        meeting=meetings[0] if meetings else None,
        later=meetings[1:],
        news=queries.new_decisions(visit.db, visit.viewer, visit.arrival.news_since, SHOWN),
        minutes=latest_minutes(visit.db, visit.viewer, visit.arrival.news_since, SHOWN),
        most=SHOWN,
        heading=heading,
        titles=titles(visit.db),
    )


def by_urgency(thing: Waiting) -> tuple[date, int, str]:
    """What is due first comes first; what has no day comes last."""
    return thing.due or date.max, thing.weight, str(thing.title)


router = Router("/", route_handlers=[overview])
