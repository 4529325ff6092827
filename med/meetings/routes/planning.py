"""The list of meetings, planning and changing one, the meeting's own page, and who comes."""

from typing import Any

from litestar import Response

from med import clock, workdays
from med.access import SeatRole, Side, allows, require
from med.errors import Invalid, NotAllowed, NotFound
from med.language import T, Text
from med.meetings import access, fragments
from med.meetings.actions import planning
from med.meetings.actions.proposals import takes_points
from med.meetings.actions.versions import Stale
from med.meetings.deadlines import day_off, deadlines, passed
from med.meetings.forms.planning import (
    ApproveAgenda,
    CancelMeeting,
    ChangeMeeting,
    PlanMeeting,
    PlannedDay,
)
from med.meetings.models import COMING, Kind, Meeting, Part, Reply, State
from med.meetings.parts import PARTS
from med.meetings.queries import agenda as agenda_queries
from med.meetings.queries import planning as queries
from med.meetings.queries import proposals as proposal_queries
from med.meetings.queries.room import meeting_for
from med.meetings.routes.common import asked_id, refused, show_kept, suggestions
from med.meetings.words import SIGNS
from med.organisation.access import is_employee
from med.organisation.choosing import committees_to_filter
from med.organisation.models import Committee
from med.organisation.queries import committee as committee_for
from med.organisation.queries import committees, rules_on
from med.web.forms import parse
from med.web.pages import typed_day
from med.web.routing import Visit, get, page_number, post

GROUPS = (T("Ledelsessiden"), T("Medarbejdersiden"), T("Tilforordnede og gæster"), T("Tilhørere"))

# --- lists ------------------------------------------------------------------------------------------------------


@get("/moeder", name="meetings.index", policy=is_employee)
def index(visit: Visit) -> Response:
    """Coming meetings, my own committees' first; or (`vis`) all open ones, or those that were held."""
    committee_id = asked_id(visit, "udvalg")
    shown = visit.query.get("vis") if visit.query.get("vis") in {"alle", "holdte"} else ""
    db, viewer = visit.db, visit.viewer
    context: dict[str, Any] = {"mine": [], "others": [], "missed": [], "past": [], "older": None, "years": []}
    year = page_number(visit, "aar") or None
    if year is not None and not workdays.FIRST_YEAR < year < workdays.LAST_YEAR:
        raise NotFound
    if shown == "holdte":
        rows = queries.past_meetings(db, viewer, committee_id=committee_id, year=year, before=asked_id(visit, "foer"))
        shown_rows, context["older"] = _page(rows)
        context["past"] = [{"year": workdays.copenhagen(row.starts_at).year, "row": row} for row in shown_rows]
        context["years"] = [str(one) for one in range(clock.today().year, clock.today().year - 10, -1)]
    elif shown == "alle" or committee_id is not None:
        rows = queries.coming_meetings(db, viewer, committee_id=committee_id, after=asked_id(visit, "efter"))
        context["others"], context["older"] = _page(rows)
    else:
        context["mine"] = queries.coming_meetings(db, viewer, mine=True, limit=queries.MOST_MINE)
        context["others"], more = _page(queries.coming_meetings(db, viewer, mine=False, limit=10), 10)
        context["more"] = more is not None
    if not shown:
        context["missed"] = queries.missed_meetings(db, viewer, committee_id)
    return visit.page(
        "meetings/index.html",
        shown=shown,
        committee_id=committee_id,
        year=year,
        committee_choices=committees_to_filter(db, viewer, committee_id),
        may_plan=bool(_committees_i_run(visit)),
        signs=SIGNS,
        **context,
    )


def _page(rows: Any, size: int = queries.PAGE) -> tuple[Any, int | None]:
    """The rows to show, and the id to go on from when there are more."""
    return (rows[:size], rows[size - 1].id) if len(rows) > size else (rows, None)


# --- planning ---------------------------------------------------------------------------------------------------


@get("/moeder/nyt", name="meetings.new", policy=is_employee)
def new(visit: Visit) -> Response:
    return show_new(visit, _committee_to_plan(visit), {})


def _committees_i_run(visit: Visit) -> list[Committee]:
    presides = any(seat.role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR) for seat in visit.viewer.seats)
    if not (presides or visit.viewer.secretary_of):
        return []
    runs = {seat.committee_id for seat in visit.viewer.seats} | visit.viewer.secretary_of
    known = committees(visit.db, visit.viewer, among=runs)
    return [one for one in known if allows(visit.viewer, access.plan_meeting, one)]


def _committee_to_plan(visit: Visit) -> Committee | None:
    """The committee that was asked for; or the only one this person runs; or none yet, and they choose."""
    if (asked := asked_id(visit, "udvalg")) is not None:
        return committee_for(visit.db, visit.viewer, asked)
    mine = _committees_i_run(visit)
    return mine[0] if len(mine) == 1 else None


def show_new(visit: Visit, committee: Committee | None, errors: dict[str, Any], status_code: int = 200) -> Response:
    values: dict[str, Any] = visit.form.values()
    if committee is not None:
        require(visit.viewer, access.plan_meeting, committee)
    if not values and committee is not None:
        rules = rules_on(visit.db, committee.id, clock.today())
        values = {
            "day": visit.query.get("dag"),
            "kind": visit.query.get("form") or Kind.ORDINARY,
            "starts": "09:00",
            "ends": "11:00",
            "is_open": "1" if rules.open_meetings else "",
            "draft_shown": "1" if rules.open_meetings else "",
        }
    mine = _committees_i_run(visit) if committee is None else []
    return visit.page(
        "meetings/new.html",
        committee=committee,
        mine=mine,
        committee_choices=[(one.id, one.name) for one in mine],
        day=_look_at_day(visit, committee, values) if committee else None,
        people=suggestions(visit, committee.id) if committee else [],
        kinds=list(Kind),
        values=values,
        errors=errors,
        status_code=status_code,
    )


def _look_at_day(visit: Visit, committee: Committee, values: dict[str, Any]) -> dict[str, Any] | None:
    """What can be said about a typed day: what speaks against it, its deadlines, and which of them have passed."""
    day = typed_day(values.get("day"))
    if day is None or not 1990 <= day.year < workdays.LAST_YEAR:
        return None
    kind = Kind(values["kind"]) if values.get("kind") in set(Kind) else Kind.ORDINARY
    due = deadlines(rules_on(visit.db, committee.id, day), day, kind, bool(values.get("with_budget")))
    today = clock.today()

    lines = [
        queries.due(text, when, today)
        for text, when in (
            (T("Forslag til punkter senest"), due.proposals),
            (T("Dagsordenen sendes ud senest"), due.agenda),
            (T("Referatet sendes ud senest"), due.minutes_out),
        )
        if when is not None
    ]
    return {
        "date": day,
        "off": day_off(day),
        "dues": lines,
        "passed": passed(due, day, today),
        "title": planning.default_title(committee, kind, day),
    }


@post("/moeder/nyt", name="meetings.plan", policy=access.plan_meeting)
def plan(visit: Visit) -> Response:
    committee = _committee_to_plan(visit)
    if committee is None:
        raise NotFound
    if visit.form.get("vis"):
        # A look at the deadlines. Nothing is saved, the form's key neither: going back and planning is another submit.
        return show_new(visit, committee, parse(PlannedDay, visit.form)[1], 422)
    form, errors = parse(PlanMeeting, visit.form)
    if form is not None:
        try:
            meeting = planning.plan_meeting(visit.db, visit.viewer, committee, form)
            return visit.to("meetings.show", meeting_id=meeting.id, said="planlagt")
        except Invalid as invalid:
            errors = invalid.errors
    return show_new(visit, committee, errors, 422)


@get("/moeder/{meeting_id:int}/ret", name="meetings.edit", policy=access.change_meeting)
def edit(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    require(visit.viewer, access.change_meeting, meeting)
    return show_edit(visit, meeting, {}, current_values(meeting))


def current_values(meeting: Meeting) -> dict[str, Any]:
    starts, ends = workdays.copenhagen(meeting.starts_at), workdays.copenhagen(meeting.ends_at)
    return {
        "day": starts.date().isoformat(),
        "starts": starts.strftime("%H:%M"),
        "ends": ends.strftime("%H:%M"),
        "kind": meeting.kind,
        "title": meeting.title,
        "place": meeting.place,
        "video_url": meeting.video_url,
        "about": meeting.about,
        "is_open": "1" if meeting.is_open else "",
        "draft_shown": "1" if meeting.draft_shown else "",
        "with_budget": "1" if meeting.with_budget else "",
        "minute_taker": meeting.minute_taker.name if meeting.minute_taker else "",
        "moderator": meeting.moderator.name if meeting.moderator else "",
        "day_anyway": "1" if day_off(starts.date()) else "",
        "waiver": meeting.waiver,
        "version": meeting.version,
    }


def show_edit(
    visit: Visit,
    meeting: Meeting,
    errors: dict[str, Any],
    values: dict[str, Any],
    status_code: int = 200,
    theirs: dict[str, Any] | None = None,
) -> Response:
    return visit.page(
        "meetings/edit.html",
        meeting=meeting,
        day=_look_at_day(visit, meeting.committee, values),
        people=suggestions(visit, meeting.committee_id),
        kinds=list(Kind),
        values=values,
        theirs=theirs,
        errors=errors,
        status_code=status_code,
    )


@post("/moeder/{meeting_id:int}/ret", name="meetings.change", policy=access.change_meeting)
def change(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    values: dict[str, Any] = visit.form.values()
    form, errors = parse(ChangeMeeting, visit.form)
    try:
        require(visit.viewer, access.change_meeting, meeting)
        if form is not None:
            planning.change_meeting(visit.db, visit.viewer, meeting, form)
            return visit.to("meetings.show", meeting_id=meeting.id, said="gemt")
    except Invalid as invalid:
        errors = invalid.errors
    except Stale as stale:
        visit.db.refresh(meeting)
        theirs = current_values(meeting)
        values["version"] = theirs["version"]
        return show_edit(visit, meeting, {"": stale.message}, values, 409, theirs)
    except NotAllowed as refusal:
        if not access.runs_meeting(visit.viewer, meeting):
            raise
        back = visit.url("meetings.show", meeting_id=meeting.id)
        return show_kept(visit, refusal, meeting.title, back, about=T("Et par ord til invitationen"))
    return show_edit(visit, meeting, errors, values, 422)


@get("/moeder/{meeting_id:int}/aflys", name="meetings.cancelling", policy=access.cancel_meeting)
def cancelling(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    require(visit.viewer, access.cancel_meeting, meeting)
    return visit.page("meetings/cancel.html", meeting=meeting, values={}, errors={})


@post("/moeder/{meeting_id:int}/aflys", name="meetings.cancel", policy=access.cancel_meeting)
def cancel(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    require(visit.viewer, access.cancel_meeting, meeting)
    form, errors = parse(CancelMeeting, visit.form)
    if form is None:
        return visit.page(
            "meetings/cancel.html", meeting=meeting, values=visit.form.values(), errors=errors, status_code=422
        )
    planning.cancel_meeting(visit.db, visit.viewer, meeting, form)
    return visit.to("meetings.show", meeting_id=meeting.id, said="aflyst")


# --- the meeting's page -----------------------------------------------------------------------------------------


@get("/moeder/{meeting_id:int}", name="meetings.show", policy=is_employee)
def show(visit: Visit, meeting_id: int) -> Response:
    return show_meeting(visit, meeting_id)


def show_meeting(
    visit: Visit, meeting_id: int, template: str = "meetings/show.html", status_code: int = 200, **context: Any
) -> Response:
    """The meeting's page, or with another template a piece of it."""
    db, viewer = visit.db, visit.viewer
    found = queries.meeting_with_rules(db, viewer, meeting_id)
    meeting = found.meeting
    agenda = agenda_queries.agenda(db, viewer, meeting, found.is_inside)
    coming = meeting.state in COMING
    to_answer: Any = []
    if coming and viewer.presides(meeting.committee_id):
        to_answer = proposal_queries.waiting_proposals(db, viewer, meeting.committee_id)
    needed = planning.must_approve(found.rules.agenda_approval, meeting)
    added: dict[int, list[Any]] = {}
    begun = meeting.state in (State.IN_PROGRESS, State.HELD)
    for part in PARTS.items if begun else ():  # nothing is decided before the meeting begins
        for item_id, markup in part(visit, meeting).items():
            added.setdefault(item_id, []).append(markup)
    raised = {id: html for part in PARTS.raised for id, html in part(visit, meeting).items()}
    return visit.page(
        template,
        meeting=meeting,
        found=found,
        agenda=agenda,
        lines=fragments.lines(visit, agenda, found.is_inside, coming, added, raised),
        mine=found.mine(viewer),
        groups=people_groups(found),
        observers=sum(one.attendance.part is Part.OBSERVER for one in found.people),
        can_change=allows(viewer, access.change_meeting, meeting),
        coming=coming,
        takes_points=takes_points(meeting),
        dues=queries.dues(meeting, clock.today()),
        quorum=queries.quorum_warning(found.rules, meeting) if found.is_inside else None,
        approvals=approvals(meeting, needed),
        to_answer=to_answer,
        mark=planning.agenda_mark(meeting),
        still_open=[part(visit, meeting) for part in PARTS.agenda],
        beside=[part(visit, meeting) for part in PARTS.beside],
        signs=SIGNS,
        is_public=agenda_queries.agenda_is_shown(meeting),
        may_follow=allows(viewer, access.follow_live, meeting),
        may_open=allows(viewer, access.open_meeting, meeting),
        status_code=status_code,
        **context,
    )


def people_groups(found: queries.MeetingWithRules) -> list[tuple[Text, list[queries.Participant]]]:
    """Who comes, by side. Who declined, and who only listens, is the committee's own business."""
    groups: dict[Text, list[queries.Participant]] = {name: [] for name in GROUPS}
    for one in found.people:
        attendance = one.attendance
        if not found.is_inside and (attendance.reply is Reply.DECLINED or attendance.part is Part.OBSERVER):
            continue
        if attendance.part is Part.OBSERVER:
            name = GROUPS[3]
        elif attendance.part in (Part.MEMBER, Part.SUBSTITUTE) and attendance.side is not None:
            name = GROUPS[0] if attendance.side is Side.MANAGEMENT else GROUPS[1]
        else:
            name = GROUPS[2]
        groups[name].append(one)
    return [(name, people) for name, people in groups.items() if people]


def approvals(meeting: Meeting, needed: list[SeatRole]) -> list[tuple[SeatRole, Any]]:
    """Whose yes the agenda needs, and when it was given."""
    given = {SeatRole.CHAIR: meeting.agenda_chair_at, SeatRole.VICE_CHAIR: meeting.agenda_vice_at}
    return [(role, given[role]) for role in needed]


@post("/moeder/{meeting_id:int}/dagsorden/godkend", name="meetings.approve_agenda", policy=access.approve_agenda)
def approve_agenda(visit: Visit, meeting_id: int) -> Response:
    found = queries.meeting_with_rules(visit.db, visit.viewer, meeting_id)
    form, errors = parse(ApproveAgenda, visit.form)
    if form is None:
        raise refused(errors)
    try:
        meeting = planning.approve_agenda(visit.db, visit.viewer, found.meeting, form)
    except planning.AgendaChanged as conflict:
        return show_meeting(visit, meeting_id, status_code=409, changed=conflict.message)
    said = "udsendt" if meeting.state is State.AGENDA_SENT else "godkendt"
    return visit.to("meetings.show", meeting_id=meeting_id, said=said)


handlers = [
    index,
    new,
    plan,
    show,
    edit,
    change,
    cancelling,
    cancel,
    approve_agenda,
]
