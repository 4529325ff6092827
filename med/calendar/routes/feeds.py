"""`/kalender/{token}.ics`, which calendars fetch again and again, and `/moeder/{id}/moede.ics`, one meeting."""

from typing import Any

from litestar import Response
from msgspec.structs import replace

from med import language
from med.access import anyone
from med.calendar.forms import Choice, Whose, choice_of, dues_of
from med.calendar.queries import subscriptions as queries
from med.calendar.subscriptions import meeting_file, subscription
from med.errors import NotFound
from med.identity.parts import arrive_by_address
from med.language import T
from med.meetings.models import Meeting
from med.organisation.access import is_employee
from med.web.conditional import Shelf, answer, mark_of
from med.web.routing import Visit, get

SHELF = Shelf()
MEDIA_TYPE = "text/calendar"


@get("/kalender/{name:str}", name="calendar.subscription", policy=anyone)
def calendar_feed(visit: Visit, name: str) -> Response:
    """A private calendar. `?opgaver=vtodo` shows deadlines and tasks as tasks, whatever was chosen with the address."""
    token = name.removesuffix(".ics")
    if token == name:
        raise NotFound
    viewer, held = arrive_by_address(visit, token, "calendar")
    db, settings = visit.db, visit.desk.settings
    choice = choice_of(held.filters)
    choice = replace(choice, dues=dues_of(visit.query.get("opgaver")) or choice.dues)

    def mark() -> str:
        found = queries.mark(db, viewer, choice)
        seats = (viewer.seats, sorted(viewer.secretary_of))
        return mark_of(found, seats, choice, held.title, language.current.get(), settings.base_url, settings.name)

    def make() -> bytes:
        found = queries.content(db, viewer, choice)
        title = held.title or str(name_of(choice, settings.name, found))
        return subscription(viewer, choice, found, settings.base_url, title)

    return answer(visit, SHELF, (held.key, choice.dues), mark, MEDIA_TYPE, make)


def name_of(choice: Choice, site: str, found: queries.Content) -> Any:
    if choice.meetings is Whose.COMMITTEE and found.meetings:
        return found.meetings[0].committee
    if choice.meetings is Whose.NONE:
        return T("Medspil: frister og opgaver")
    return T("Medspil: mine møder")


@get("/moeder/{meeting_id:int}/moede.ics", name="calendar.meeting", policy=is_employee)
def one_meeting(visit: Visit, meeting_id: int) -> Response:
    found = queries.one_meeting(visit.db, visit.viewer, meeting_id)
    if found is None:
        raise NotFound
    body = meeting_file(found, visit.desk.settings.base_url)
    said = language.current.get()
    return answer(
        visit,
        SHELF,
        ("meeting", visit.viewer.person_id, meeting_id, said),
        lambda: mark_of(body),
        MEDIA_TYPE,
        lambda: body,
        **{"Content-Disposition": f'attachment; filename="moede-{meeting_id}.ics"'},
    )


def for_my_calendar(visit: Visit, meeting: Meeting) -> Any:
    """On the meeting's page: take it along to one's own calendar."""
    return visit.desk.pages.piece("calendar/_beside.html", visit, meeting=meeting)


handlers = [calendar_feed, one_meeting]
