"""`/kompas`, and a citizen's own page."""

from datetime import date
from typing import Any

from litestar import Response
from markupsafe import Markup

from med import clock
from med.access import Viewer
from med.competence_compass import access
from med.competence_compass.citizen_words import LEVELS
from med.competence_compass.measuring import Why
from med.competence_compass.models import LookAt
from med.competence_compass.parts import PANELS, landing
from med.competence_compass.queries import life
from med.competence_compass.queries.citizens import my_citizens
from med.competence_compass.queries.development import AreaStory, Story, story
from med.competence_compass.queries.goals import goals_of
from med.competence_compass.queries.plain import in_plain_words
from med.competence_compass.routes.drawing import draw
from med.competence_compass.routes.looking import see, vault
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
    """Everything about one citizen on a page: compass, verdicts, development, goals, activities."""
    towards = see(visit, citizen_id, LookAt.PAGE, LookAt.IDENTITY)
    return visit.page("competence_compass/citizens_show.html", **picture(visit, towards))


@look("/kompas/borger/{citizen_id:int}/udskrift", name="compass.citizen_print", policy=access.open_citizen)
def print_out(visit: Visit, citizen_id: int) -> Response:
    """For the citizen, in plain words: their own voice first, what one saw then and sees now, no numbers."""
    towards = see(visit, citizen_id, LookAt.PAGE, LookAt.IDENTITY)
    seen = picture(visit, towards)
    told = in_plain_words(visit.db, seen["story"])
    return visit.page("competence_compass/citizens_print.html", **seen, told=told)


def picture(visit: Visit, towards: access.Towards) -> dict[str, Any]:
    db, viewer, ring = visit.db, visit.viewer, vault(visit)
    occasions = life.occasions(db, towards)
    blind = life.blind_days(viewer, occasions)
    goals = goals_of(db, towards.id, ring)
    told = story(db, towards.id, goals, blind, me=f"person:{viewer.person_id}")
    takings, waits = life.takings(db, towards.id), life.waits(db, towards.id)
    since = by_word(told)
    return {
        "towards": towards,
        "identity": life.identity(db, ring, towards.id),
        "around": life.people_around(db, towards.id),
        "occasions": [row for row in occasions if row.is_closed and not hides(blind, row, viewer)],
        "drafts": [row for row in occasions if not row.is_closed],
        "blind": blind,
        "story": told,
        "drawing": draw(told, takings, waits, clock.today()),
        "since": since,
        "unknown": by_reason(since["unknown"]),
        "goals": goals,
        "takings": takings,
        "waits": waits,
        "levels": LEVELS,
    }


def hides(blind: tuple[date, date] | None, row: life.OccasionRow, viewer: Viewer) -> bool:
    return blind is not None and blind[0] <= row.day <= blind[1] and row.begun_by_id != viewer.person_id


def by_word(told: Story) -> dict[str, list[AreaStory]]:
    """ "Siden sidst": areas under "up", "down", "same", "new"."""
    found: dict[str, list[AreaStory]] = {"up": [], "down": [], "same": [], "new": [], "unknown": []}
    for area in told.areas:
        found[area.since_last.word].append(area)
    return found


def by_reason(areas: list[AreaStory]) -> dict[Why, list[AreaStory]]:
    """Areas that cannot be compared with last time, under why."""
    found: dict[Why, list[AreaStory]] = {}
    for area in areas:
        found.setdefault(area.since_last.why or Why.NONE, []).append(area)
    return found


handlers = [index, show, print_out]
