"""Who comes: answers to the invitation, apologies given by word of mouth, and those who listen."""

from typing import Any

from litestar import Response

from med.access import require
from med.errors import Invalid, NotFound
from med.meetings import access
from med.meetings.actions import attendance as attending
from med.meetings.forms.planning import ReplyToMeeting
from med.meetings.models import Meeting, Part, Reply
from med.meetings.queries import planning as queries
from med.web.forms import parse
from med.web.routing import Visit, get, post


@post("/moeder/{meeting_id:int}/svar", name="meetings.reply", policy=access.reply_to_meeting)
def reply(visit: Visit, meeting_id: int) -> Response:
    meeting = queries.meeting_with_rules(visit.db, visit.viewer, meeting_id).meeting
    form, errors = parse(ReplyToMeeting, visit.form)
    if form is not None:
        try:
            attending.reply_to_meeting(visit.db, visit.viewer, meeting, form)
            said = "kommer" if form.reply is Reply.ACCEPTED else "afbud"
            return visit.to("meetings.show", meeting_id=meeting_id, said=said)
        except Invalid as invalid:
            errors = invalid.errors
    return show_decline(visit, meeting, errors, 422)


@get("/moeder/{meeting_id:int}/afbud", name="meetings.decline", policy=access.reply_to_meeting)
def decline(visit: Visit, meeting_id: int) -> Response:
    return show_decline(visit, queries.meeting_with_rules(visit.db, visit.viewer, meeting_id).meeting, {})


def show_decline(visit: Visit, meeting: Meeting, errors: dict[str, Any], status_code: int = 200) -> Response:
    require(visit.viewer, access.reply_to_meeting, meeting)
    mine = next(one for one in meeting.attendances if one.person_id == visit.viewer.person_id)
    return visit.page(
        "meetings/decline.html",
        meeting=meeting,
        who=None,
        action=visit.url("meetings.reply", meeting_id=meeting.id),
        substitutes=attending.substitutes_for(visit.db, meeting, mine),
        asked=attending.stand_in_for(meeting, mine),
        has_declined=mine.reply is Reply.DECLINED,
        values=visit.form.values() or attending.apology_so_far(visit.db, meeting, mine),
        errors=errors,
        status_code=status_code,
    )


@get("/moeder/{meeting_id:int}/deltagere/{attendance_id:int}", name="meetings.reply_form", policy=access.change_meeting)
def reply_form(visit: Visit, meeting_id: int, attendance_id: int) -> Response:
    return show_reply_for(visit, meeting_id, attendance_id, {})


def show_reply_for(
    visit: Visit, meeting_id: int, attendance_id: int, errors: dict[str, Any], status_code: int = 200
) -> Response:
    meeting = queries.meeting_with_rules(visit.db, visit.viewer, meeting_id).meeting
    require(visit.viewer, access.change_meeting, meeting)
    one = next((a for a in meeting.attendances if a.id == attendance_id and a.part is not Part.OBSERVER), None)
    if one is None:
        raise NotFound
    return visit.page(
        "meetings/decline.html",
        meeting=meeting,
        who=one.person,
        action=visit.url("meetings.reply_for", meeting_id=meeting_id, attendance_id=attendance_id),
        substitutes=attending.substitutes_for(visit.db, meeting, one),
        asked=attending.stand_in_for(meeting, one),
        has_declined=one.reply is Reply.DECLINED,
        values=visit.form.values() or attending.apology_so_far(visit.db, meeting, one),
        errors=errors,
        status_code=status_code,
    )


@post("/moeder/{meeting_id:int}/deltagere/{attendance_id:int}", name="meetings.reply_for", policy=access.change_meeting)
def reply_for(visit: Visit, meeting_id: int, attendance_id: int) -> Response:
    """An apology given by word of mouth, noted by those who run the meeting."""
    meeting = queries.meeting_with_rules(visit.db, visit.viewer, meeting_id).meeting
    require(visit.viewer, access.change_meeting, meeting)
    one = next((a for a in meeting.attendances if a.id == attendance_id), None)
    if one is None:
        raise NotFound
    form, errors = parse(ReplyToMeeting, visit.form)
    if form is not None:
        try:
            attending.reply_for(visit.db, visit.viewer, one, form)
            return visit.to("meetings.show", meeting_id=meeting_id, said="gemt")
        except Invalid as invalid:
            errors = invalid.errors
    return show_reply_for(visit, meeting_id, attendance_id, errors, 422)


@post("/moeder/{meeting_id:int}/tilhoerer", name="meetings.observe", policy=access.observe_meeting)
def observe(visit: Visit, meeting_id: int) -> Response:
    meeting = queries.meeting_with_rules(visit.db, visit.viewer, meeting_id).meeting
    if visit.form.get("kommer") == "nej":
        attending.stop_observing(visit.db, visit.viewer, meeting)
        return visit.to("meetings.show", meeting_id=meeting_id, said="frameldt")
    attending.observe_meeting(visit.db, visit.viewer, meeting)
    return visit.to("meetings.show", meeting_id=meeting_id, said="tilmeldt")


handlers = [decline, reply, reply_form, reply_for, observe]
