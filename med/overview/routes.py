"""`/`: what waits for me, my next meeting, what is new."""

from litestar import Response, Router

from med.access import signed_in
from med.web.routing import Visit, get


@get("/", name="overview", policy=signed_in)
def overview(visit: Visit) -> Response:
    waiting = [thing for ask in visit.desk.pages.awaits for thing in ask(visit.db, visit.viewer)]
    return visit.page("overview/index.html", waiting=waiting)


router = Router("/", route_handlers=[overview])
