"""Answering an invitation by the link in its mail, without signing in; and the list of replies that came by mail.

A mail scanner opens every link it sees: opening changes nothing, only the form on the page does. The form needs no
token of a sign-in, for there is none; that it comes from this site is checked as for every form.
"""

from typing import Any
from urllib.parse import urlencode

from litestar import Response

from med import language
from med.access import Viewer, anyone
from med.calendar import links
from med.calendar.links import Slip
from med.calendar.replies.listing import PAGE, incoming_replies
from med.calendar.words import SIGNS, WHY
from med.errors import Invalid, NotAllowed, NotFound
from med.journal.actions import note
from med.meetings import access
from med.meetings.actions import attendance as attending
from med.meetings.forms.planning import ReplyToMeeting
from med.meetings.models import Meeting, Part, Reply
from med.meetings.queries.planning import meeting_with_rules
from med.meetings.words import SIGNS as MEETING_SIGNS
from med.organisation.access import is_admin
from med.organisation.queries import viewer_for
from med.web.forms import parse
from med.web.routing import Visit, get, post

GONE = 410


@get("/svar/{slip:str}", name="calendar.answer", policy=anyone)
def show(visit: Visit, slip: str) -> Response:
    said = read(visit, slip)
    found = meeting_of(visit, said)
    return gone(visit) if found is None else show_answer(visit, slip, said, *found, {})


@post("/svar/{slip:str}", name="calendar.give_answer", policy=anyone)
def give(visit: Visit, slip: str) -> Response:
    said = read(visit, slip)
    found = meeting_of(visit, said)
    if found is None:
        return gone(visit)
    viewer, meeting = found
    form, errors = parse(ReplyToMeeting, visit.form)
    status_code = 422
    if form is not None:
        try:
            answered = attending.reply_to_meeting(visit.db, viewer, meeting, form)
            note(visit.db, viewer, "attendance.answered_by_link", answered)
            thanks = {"sagt": "kommer" if form.reply is Reply.ACCEPTED else "afbud"}
            return visit.go(f"{visit.request.url.path}?{urlencode(thanks | tongue(visit))}")
        except Invalid as invalid:
            errors = invalid.errors
        except NotAllowed:  # the page tells how things stand now
            errors, status_code = {}, 409
    return show_answer(visit, slip, said, viewer, meeting, errors, status_code)


def read(visit: Visit, slip: str) -> Slip:
    said = links.read_link(visit.desk.settings, slip)
    if said is None:
        raise NotFound
    return said


def meeting_of(visit: Visit, said: Slip) -> tuple[Viewer, Meeting] | None:
    """The person as they are today, and the meeting as they may see it; None for who works here no more."""
    try:
        viewer = viewer_for(visit.db, said.person_id)
        return viewer, meeting_with_rules(visit.db, viewer, said.meeting_id).meeting
    except NotFound:
        return None


def gone(visit: Visit) -> Response:
    """Nothing about the meeting: whoever has the link may not know."""
    return visit.page("calendar/answer_gone.html", status_code=GONE)


def show_answer(
    visit: Visit,
    slip: str,
    said: Slip,
    viewer: Viewer,
    meeting: Meeting,
    errors: dict[str, Any],
    status_code: int = 200,
) -> Response:
    mine = next(
        (a for a in meeting.attendances if a.person_id == viewer.person_id and a.part is not Part.OBSERVER), None
    )
    may = mine is not None and not list(access.reply_to_meeting(viewer, meeting))
    asked = attending.stand_in_for(meeting, mine) if mine else None
    values = visit.form.values()
    if not values and may and mine is not None:
        values = attending.apology_so_far(visit.db, meeting, mine)
    query = tongue(visit)
    return visit.page(
        "calendar/answer.html",
        meeting=meeting,
        mine=mine,
        who=viewer.name,
        may=may,
        asked=asked,
        declines=bool(errors) or (said.hint == links.NO and mine is not None and mine.reply is not Reply.DECLINED),
        substitutes=attending.substitutes_for(visit.db, meeting, mine) if may and mine is not None else [],
        action=visit.url("calendar.give_answer", slip=slip) + (f"?{urlencode(query)}" if query else ""),
        signs=MEETING_SIGNS,
        values=values,
        errors=errors,
        status_code=status_code,
    )


def tongue(visit: Visit) -> dict[str, str]:
    """Who is not signed in has their language in the address."""
    return {} if visit.arrival.viewer or language.current.get() == "da" else {"sprog": language.current.get()}


@get("/drift/svar", name="calendar.replies", policy=is_admin)
def replies(visit: Visit) -> Response:
    before = visit.query.get("foer")
    older_than = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    rows = incoming_replies(visit.db, visit.viewer, older_than)
    return visit.page(
        "calendar/replies.html",
        rows=rows[:PAGE],
        older=rows[PAGE - 1].id if len(rows) > PAGE else None,
        signs=SIGNS,
        why=WHY,
        is_read=bool(visit.desk.settings.imap_url),
    )


def beside_the_post(visit: Visit, _: None) -> Any:
    """On the page of what was sent: where to see what came back."""
    return visit.desk.pages.piece("calendar/_beside_the_post.html", visit)


handlers = [show, give, replies]
