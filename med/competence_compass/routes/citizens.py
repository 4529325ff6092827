"""`/kompas`, and a citizen's own page."""

from litestar import Response, Router
from markupsafe import Markup

from med.competence_compass import access
from med.competence_compass.models import LookAt
from med.competence_compass.parts import PANELS, landing
from med.competence_compass.queries.citizens import my_citizens
from med.competence_compass.routes.looking import see
from med.errors import NotFound
from med.web.routing import Visit, get, look


@get("/kompas", name="compass.index", policy=access.use_compass)
def index(visit: Visit) -> Response:
    """The compass by role: what each topic has for this person."""
    if not visit.viewer.is_employee:
        raise NotFound
    panels = [shown for _, show in PANELS if (shown := show(visit))]
    return visit.page("competence_compass/index.html", panels=panels)


def my_citizens_panel(visit: Visit) -> Markup | None:
    found = my_citizens(visit.db, visit.viewer)
    if not found:
        return None
    return visit.desk.pages.piece("competence_compass/_citizens_mine.html", visit, citizens=found)


landing(my_citizens_panel, order=10)


@look("/kompas/borger/{citizen_id:int}", name="compass.citizen", policy=access.open_citizen)
def show(visit: Visit, citizen_id: int) -> Response:
    towards = see(visit, citizen_id, LookAt.PAGE, LookAt.IDENTITY)
    return visit.page("competence_compass/citizens_show.html", towards=towards)


router = Router("/", route_handlers=[index, show])
