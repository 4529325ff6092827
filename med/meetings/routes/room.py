"""The meeting room: minuting, outcomes, presence, and following live."""

from typing import Any
from urllib.parse import quote

from litestar import Response

from med import clock
from med.access import allows, require
from med.errors import Conflict, Invalid, NotAllowed, NotFound
from med.language import T, Text, word
from med.meetings import access
from med.meetings.actions import minuting, outcomes, presence
from med.meetings.forms.minuting import Here, Joined, MinutesText, OnTheSpot, Recused, Settled
from med.meetings.live import address, follow, pieces, room_for, tell, view_of
from med.meetings.models import COMING, Item, Meeting, Part, Presence, Reply, State
from med.meetings.parts import PARTS
from med.meetings.queries import room as questions
from med.meetings.routes.common import suggestions
from med.organisation.choosing import living_committees
from med.text import warn_cpr
from med.web.forms import parse
from med.web.pages import SAID
from med.web.routing import Visit, get, post
from med.workdays import copenhagen

SAID.update(
    {
        "moede-aabnet": T("Mødet er åbnet."),
        "fortrudt": T("Mødet er ikke længere åbnet."),
        "moede-lukket": T("Mødet er slut. Referatet er nu en kladde."),
        "fremmoede": T("Fremmødet er noteret."),
        "valgt": T("Jeres valg er gemt."),
    }
)


# --- the room itself --------------------------------------------------------------------------------------------


@get("/moeder/{meeting_id:int}/lokale", name="meetings.room", policy=access.follow_live)
def room(visit: Visit, meeting_id: int) -> Response:
    meeting = questions.meeting_for(visit.db, visit.viewer, meeting_id)
    require(visit.viewer, access.follow_live, meeting)
    return show_room(visit, meeting)


def show_room(visit: Visit, meeting: Meeting, status_code: int = 200, **context: Any) -> Response:
    """The room as this reader sees it: with forms for those who minute, to read for the others, large on a screen."""
    view = view_of(visit.query)
    seen = room_for(visit.db, visit.viewer, meeting, view)
    if view.item_id and (seen.point is None or seen.point.id != view.item_id):
        raise NotFound
    shown = pieces(visit, seen)
    context = {
        "meeting": meeting,
        "room": seen,
        "point": seen.point,
        "pieces": {piece.id: piece.html for piece in shown},
        "live": address(visit, meeting, view, shown) if is_live(meeting) else "",
        "early": copenhagen(meeting.starts_at).date() > clock.today(),
        "untouched": seen.minutes and minuting.is_untouched(meeting),
        "not_closing": [],
        "refusal": "",
        "errors": {},
        **context,
    }
    if view.big:
        return visit.page("meetings/room_screen.html", status_code=status_code, **context)
    if seen.minutes and seen.point is not None and not seen.point.is_masked:
        context |= writing(visit, seen.point.id, meeting, context)
    return visit.page("meetings/room.html", status_code=status_code, **context)


def is_live(meeting: Meeting) -> bool:
    return meeting.state in COMING


def writing(visit: Visit, item_id: int, meeting: Meeting, given: dict[str, Any]) -> dict[str, Any]:
    """What the one who minutes needs beside the words: outcomes to choose, where to send, who takes no part."""
    item = questions.item_for(visit.db, visit.viewer, meeting.id, item_id)
    if not allows(visit.viewer, access.minute_item, item):
        return {}
    values = given.get("values") or {
        "outcome": item.outcome,
        "consensus": item.consensus,
        "statement_management": item.statement_management,
        "statement_employees": item.statement_employees,
        "hearing_until": item.hearing_until.isoformat() if item.hearing_until else "",
        "sent_to": item.sent_to_id,
    }
    recused = questions.recused_from(visit.db, item)
    return {
        "item": item,
        "looks_like_cpr": warn_cpr(item.minutes_text),
        "values": values,
        "outcome_options": [(one.value, str(word(one))) for one in outcomes.outcomes_for(item.purpose)],
        "consensus_options": [(one.value, str(word(one))) for one in outcomes.consensus_for(item.purpose)],
        "committees": living_committees(visit.db, visit.viewer).without(meeting.committee_id),
        "room_parts": [part(visit, item) for part in PARTS.room],
        "recused": recused,
        "may_be_recused": [
            one for one in questions.listed(meeting) if one.person_id not in {person.id for person in recused}
        ],
        "sent": questions.sent_on(visit.db, visit.viewer, [item.id]).get(item.id, []),
        "is_now": minuting.current_item(meeting) is item,
        "next_item": minuting.next_item(meeting, item, {point.id for point in given["room"].points}),
    }


@post("/moeder/{meeting_id:int}/aabn", name="meetings.open", policy=access.open_meeting)
def open_meeting(visit: Visit, meeting_id: int) -> Response:
    meeting = questions.meeting_for(visit.db, visit.viewer, meeting_id)
    minuting.open_meeting(visit.db, visit.viewer, meeting)
    tell(visit, meeting.id)
    return visit.to("meetings.room", said="moede-aabnet", meeting_id=meeting.id)


@post("/moeder/{meeting_id:int}/fortryd-aabning", name="meetings.undo_opening", policy=access.undo_opening)
def undo_opening(visit: Visit, meeting_id: int) -> Response:
    meeting = questions.meeting_for(visit.db, visit.viewer, meeting_id)
    try:
        minuting.undo_opening(visit.db, visit.viewer, meeting)
    except Conflict as conflict:
        return show_room(visit, meeting, 409, refusal=conflict.message)
    tell(visit, meeting.id)
    return visit.to("meetings.show", said="fortrudt", meeting_id=meeting.id)


@post("/moeder/{meeting_id:int}/slut", name="meetings.close", policy=access.close_meeting)
def close_meeting(visit: Visit, meeting_id: int) -> Response:
    meeting = questions.meeting_for(visit.db, visit.viewer, meeting_id)
    try:
        minuting.close_meeting(visit.db, visit.viewer, meeting)
    except NotAllowed:
        missing = minuting.why_not_close(visit.db, meeting)
        if (
            not missing
            or not allows(visit.viewer, access.follow_live, meeting)
            or meeting.state is not State.IN_PROGRESS
        ):
            raise
        if not allows(visit.viewer, access.minute_meeting, meeting):
            raise
        return show_room(visit, meeting, 422, not_closing=missing, unfinished=unfinished(visit, meeting, missing))
    tell(visit, meeting.id)
    return visit.to("meetings.minutes", said="moede-lukket", meeting_id=meeting.id)


def unfinished(visit: Visit, meeting: Meeting, missing: list[tuple[int, Text]]) -> list[questions.Point]:
    numbers = {number for number, _ in missing}
    seen = questions.points(visit.db, visit.viewer, meeting)
    return [point for point in seen if not point.is_masked and point.position in numbers]


def back_to(visit: Visit, item: Item, said: str = "", anchor: str = "") -> Response:
    where = visit.url("meetings.room", meeting_id=item.meeting_id) + f"?punkt={item.id}"
    return visit.go(where + (f"&sagt={said}" if said else "") + (f"#{anchor}" if anchor else ""))


@post("/moeder/{meeting_id:int}/punkter/{item_id:int}/nu", name="meetings.go_to_item", policy=access.minute_item)
def go_to_item(visit: Visit, meeting_id: int, item_id: int) -> Response:
    """The meeting goes on to this item; its clock starts."""
    item = questions.item_for(visit.db, visit.viewer, meeting_id, item_id)
    minuting.go_to_item(visit.db, visit.viewer, item)
    tell(visit, meeting_id)
    return back_to(visit, item)


@post("/moeder/{meeting_id:int}/lokale/punkter", name="meetings.add_on_the_spot", policy=access.minute_meeting)
def add_on_the_spot(visit: Visit, meeting_id: int) -> Response:
    meeting = questions.meeting_for(visit.db, visit.viewer, meeting_id)
    form, errors = parse(OnTheSpot, visit.form)
    if form is not None:
        try:
            item = minuting.add_on_the_spot(visit.db, visit.viewer, meeting, form.title)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            tell(visit, meeting_id)
            return back_to(visit, item)
    require(visit.viewer, access.minute_meeting, meeting)
    return show_room(visit, meeting, 422, spot_errors=errors, spot_values=visit.form.values())


# --- an item's words --------------------------------------------------------------------------------------------


@post(
    "/moeder/{meeting_id:int}/punkter/{item_id:int}/referat",
    name="meetings.write_item",
    policy=access.minute_item,
    now=True,  # saved as it is written
)
def write_item(visit: Visit, meeting_id: int, item_id: int) -> Response:
    """Save an item's minutes: from the script as they are written, or with the button.

    The script gets 200 with X-Version, and with X-Merged: 1 and the text when someone else's words came in; or 409
    with theirs beside mine. Without the script the same comes as pages.
    """

    def item() -> Item:
        return questions.item_for(visit.db, visit.viewer, meeting_id, item_id)

    form, errors = parse(MinutesText, visit.form)
    if form is None:
        return not_written(visit, item(), errors)
    text = raw_text(visit)
    chosen = visit.form.get("valg")
    try:
        if chosen:
            text = {"deres": visit.form.get("theirs"), "min": visit.form.get("mine")}.get(chosen, text)
            written = minuting.choose_words(visit.db, visit.viewer, meeting_id, item_id, text, form.version)
        else:
            written = minuting.write_minutes(visit.db, visit.viewer, meeting_id, item_id, text, form.version)
    except minuting.Overlap as overlap:
        return overlapping(visit, item(), overlap)
    except Conflict as conflict:
        return not_written(visit, item(), {"text": conflict.message})
    except NotAllowed as refused:  # the right may have ended, or the minutes been approved, while they wrote
        return not_written(visit, item(), {"text": " ".join(map(str, refused.objections))}, 403)
    tell(visit, meeting_id)
    if not visit.wants_fragment:
        return back_to(visit, item(), "valgt" if chosen else "gemt")
    headers = {"X-Version": str(written.version)}
    if warn_cpr(written.text):
        headers["X-Say"] = quote(str(CPR))
    if written.merged:
        headers["X-Merged"] = "1"
    body = written.text if written.merged else ""
    return Response(body, status_code=200, media_type="text/plain; charset=utf-8", headers=headers)


def raw_text(visit: Visit) -> str:
    """What was written, spaces at the end too: trimming it would move the writer's caret."""
    return visit.form.get("text")


CPR = T("Gemt, men teksten ligner et CPR-nummer. Tag det ud, hvis det er et.")
WORDS = ("text", "statement_management", "statement_employees", "why")


def not_written(visit: Visit, item: Item, errors: dict[str, Any], status_code: int = 422) -> Response:
    words = str(errors.get("text") or T("Siden passer ikke til punktet længere. Genindlæs den, og prøv igen."))
    if visit.wants_fragment:
        return visit.fragment("meetings/room_unsaved.html", status_code=status_code, say=words, words=words)
    return visit.page(
        "meetings/room_conflict.html",
        status_code=status_code,
        item=item,
        meeting=item.meeting,
        overlap=None,
        mine="\n\n".join(filter(None, map(visit.form.get, WORDS))),
        words=words,
    )


def overlapping(visit: Visit, item: Item, overlap: minuting.Overlap) -> Response:
    context: dict[str, Any] = {"item": item, "meeting": item.meeting, "overlap": overlap, "mine": overlap.mine}
    if visit.wants_fragment:
        return visit.fragment(
            "meetings/room_overlap.html", status_code=409, say=str(overlap.message), version=overlap.version, **context
        )
    return visit.page("meetings/room_conflict.html", status_code=409, words="", **context)


# --- how it ended -----------------------------------------------------------------------------------------------


@post("/moeder/{meeting_id:int}/punkter/{item_id:int}/udfald", name="meetings.settle_item", policy=access.minute_item)
def settle_item(visit: Visit, meeting_id: int, item_id: int) -> Response:
    item = questions.item_for(visit.db, visit.viewer, meeting_id, item_id)
    meeting = questions.meeting_for(visit.db, visit.viewer, meeting_id)
    try:
        require(visit.viewer, access.minute_item, item)
    except NotAllowed as refused:  # the opening may have been undone while they wrote
        return not_written(visit, item, {"text": " ".join(map(str, refused.objections))}, 403)
    form, errors = parse(Settled, visit.form)
    status = 422
    if form is not None:
        try:
            with visit.db.begin_nested():
                outcomes.settle_item(visit.db, visit.viewer, item, form)
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            errors, status = {"outcome": conflict.message}, 409
    if errors:
        return show_item_again(visit, meeting, item, status, errors=errors, values=visit.form.values())
    tell(visit, meeting_id)
    among = {point.id for point in questions.points(visit.db, visit.viewer, meeting)}
    following = minuting.next_item(meeting, item, among) if visit.form.get("videre") else None
    if following is not None and meeting.state is State.IN_PROGRESS:
        minuting.go_to_item(visit.db, visit.viewer, following)
    if following is not None:
        return back_to(visit, following, "gemt")
    return back_to(visit, item, "gemt", "udfald")


def show_item_again(visit: Visit, meeting: Meeting, item: Item, status: int, **context: Any) -> Response:
    """The room at this item, whatever the address says, with the person's own words in the form."""
    visit.query.pairs = [*visit.query.pairs, ("punkt", str(item.id))]
    return show_room(visit, meeting, status, **context)


@post("/moeder/{meeting_id:int}/punkter/{item_id:int}/inhabil", name="meetings.recuse", policy=access.minute_item)
def recuse(visit: Visit, meeting_id: int, item_id: int) -> Response:
    """Someone takes no part in the item, or (fjern) does after all."""
    item = questions.item_for(visit.db, visit.viewer, meeting_id, item_id)
    form, errors = parse(Recused, visit.form)
    if form is None:
        raise Invalid(**errors)
    if visit.form.get("fjern"):
        presence.readmit(visit.db, visit.viewer, item, form.person_id)
    else:
        presence.recuse(visit.db, visit.viewer, item, form.person_id)
    tell(visit, meeting_id)
    return back_to(visit, item, "gemt", "inhabil")


# --- who is there -----------------------------------------------------------------------------------------------


@get("/moeder/{meeting_id:int}/fremmoede", name="meetings.presence", policy=access.minute_meeting)
def presence_list(visit: Visit, meeting_id: int) -> Response:
    meeting = questions.meeting_for(visit.db, visit.viewer, meeting_id)
    require(visit.viewer, access.minute_meeting, meeting)
    new = next((one for one in meeting.attendances if str(one.id) == visit.query.get("ny")), None)
    told: dict[str, Any] = {"said": T("%(name)s er føjet til listen.", name=new.person.name)} if new else {}
    return show_presence(visit, meeting, **told)


def show_presence(visit: Visit, meeting: Meeting, status_code: int = 200, **context: Any) -> Response:
    everyone = questions.listed(meeting)
    away = [one for one in everyone if one.part is Part.MEMBER and one.presence not in questions.HERE]
    values = {}
    for one in everyone:
        values[f"presence-{one.id}"] = one.presence.value
        values[f"arrived-{one.id}"] = one.arrived
        values[f"left-{one.id}"] = one.left
    context = {"errors": {}, "values": values, "joined_errors": {}, "joined_values": {}, **context}
    return visit.page(
        "meetings/room_presence.html",
        status_code=status_code,
        meeting=meeting,
        everyone=everyone,
        presence_options=[(one.value, str(word(one))) for one in Presence],
        part_options=[(one.value, str(word(one))) for one in (Part.GUEST, Part.ADVISORY, Part.SUBSTITUTE)],
        is_over=meeting.state is State.HELD,
        unknown=any(one.presence is Presence.UNKNOWN and one.reply is Reply.ACCEPTED for one in everyone),
        corrections=questions.corrections(visit.db, meeting),
        away_options=[(one.id, one.person.name) for one in away],
        away=away,
        substitutes=questions.substitutes_for(visit.db, meeting),
        colleagues=suggestions(visit, meeting.committee_id),
        warning=questions.quorum_warning(visit.db, meeting),
        **context,
    )


@post("/moeder/{meeting_id:int}/fremmoede", name="meetings.keep_presence", policy=access.minute_meeting)
def keep_presence(visit: Visit, meeting_id: int) -> Response:
    """Everybody's marks, and who came besides: a guest, an adviser or a substitute who was not on the list."""
    meeting = questions.meeting_for(visit.db, visit.viewer, meeting_id)
    get_ = visit.form.get
    reason = next(filter(None, map(str.strip, visit.form.all("reason"))), "")[:1000]  # asked for at both
    visit.form.pairs = [*(pair for pair in visit.form.pairs if pair[0] != "reason"), ("reason", reason)]
    if get_("alle"):
        # Those who said yes and of whom nothing else is noted: most meetings need no more than this.
        said_yes = {f"presence-{one.id}" for one in meeting.attendances if one.reply is Reply.ACCEPTED}
        visit.form.pairs = [
            (name, "present" if name in said_yes and value == "unknown" else value) for name, value in visit.form.pairs
        ]
    here = {
        one.id: Here(*(get_(f"{name}-{one.id}").strip() for name in ("presence", "arrived", "left")))
        for one in meeting.attendances
        if f"presence-{one.id}" in visit.form
    }
    values = visit.form.values()
    new = None
    try:
        presence.note_presence(visit.db, visit.viewer, meeting, here, reason)
    except Invalid as invalid:
        return show_presence(visit, meeting, 422, errors=invalid.errors, values=values, joined_values=values)
    if get_("flere") or get_("person").strip():
        form, errors = parse(Joined, visit.form)
        try:
            new = presence.add_attendant(visit.db, visit.viewer, meeting, form) if form is not None else None
        except Invalid as invalid:
            errors = invalid.errors
        if errors:
            return show_presence(visit, meeting, 422, joined_errors=errors, values=values, joined_values=values)
    tell(visit, meeting_id)
    if get_("flere") and new is not None:
        return visit.go(visit.url("meetings.presence", meeting_id=meeting.id) + f"?ny={new.id}")
    if meeting.state is State.HELD:
        return visit.to("meetings.presence", said="fremmoede", meeting_id=meeting.id)
    return visit.to("meetings.room", said="fremmoede", meeting_id=meeting.id)


handlers = [
    room,
    open_meeting,
    undo_opening,
    close_meeting,
    go_to_item,
    add_on_the_spot,
    write_item,
    settle_item,
    recuse,
    presence_list,
    keep_presence,
    follow,
]
