"""Items: adding, changing, ordering, closing, removing; and the notes on them."""

from typing import Any
from urllib.parse import quote

from litestar import Response

from med.access import Side, require
from med.errors import Conflict, Invalid, NotAllowed
from med.language import T, Text
from med.meetings import access
from med.meetings.actions import agenda as actions
from med.meetings.actions import notes
from med.meetings.actions.versions import Stale
from med.meetings.files import ACCEPT
from med.meetings.forms.agenda import OWN_WORDS, EditItem, ItemForm, Move, NoteForm, Openness
from med.meetings.models import GROUNDS, Item, Meeting, Purpose, State
from med.meetings.queries import agenda as queries
from med.meetings.queries import planning as planning_queries
from med.meetings.queries.room import meeting_for
from med.meetings.routes.common import refused, seal_closed, show_kept, suggestions, words_of
from med.meetings.routes.planning import show_meeting
from med.web.forms import parse
from med.web.pages import SAID
from med.web.routing import Visit, get, post

# What an item's form offers to choose from.
CHOICES: dict[str, Any] = {
    "purposes": list(Purpose),
    "sides": list(Side),
    "grounds": [*GROUNDS.items(), (OWN_WORDS, T("En anden grund"))],
}


def _after_change(visit: Visit, meeting: Meeting, was_approved: bool, said: str, anchor: str = "") -> Response:
    cleared = was_approved and not (meeting.agenda_chair_at or meeting.agenda_vice_at)
    return visit.to("meetings.show", meeting_id=meeting.id, said="aendret" if cleared else said, anchor=anchor)


def is_approved(meeting: Meeting) -> bool:
    """Whether a side has approved an agenda that will still be sent out."""
    return meeting.state is State.PLANNED and bool(meeting.agenda_chair_at or meeting.agenda_vice_at)


@get("/moeder/{meeting_id:int}/punkter/nyt", name="meetings.new_item", policy=access.prepare_agenda)
def new(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    require(visit.viewer, access.prepare_agenda, meeting)
    values = {"purpose": Purpose.DISCUSS, "minutes_budget": "15", "raised_by": visit.viewer.name}
    side = visit.viewer.raises_from(meeting.committee_id)
    return show_form(visit, meeting, None, {**values, "raised_side": side or ""}, {})


def show_form(
    visit: Visit,
    meeting: Meeting,
    item: Item | None,
    values: dict[str, Any],
    errors: dict[str, Any],
    status_code: int = 200,
    theirs: dict[str, Any] | None = None,
    done: Text | None = None,
) -> Response:
    """`done` is what was done with a file; what was written about the item beside it stands there, and is not saved."""
    return visit.page(
        "meetings/item_form.html",
        meeting=meeting,
        item=item,
        attachments=queries.attachments_on(visit.db, visit.viewer, item.id) if item else [],
        values=values,
        errors=errors,
        theirs=theirs,
        done=done,
        is_unsaved=item is not None and is_another(item, values),
        accept=ACCEPT,
        status_code=status_code,
        people=suggestions(visit, meeting.committee_id),
        **CHOICES,
    )


@post("/moeder/{meeting_id:int}/punkter/nyt", name="meetings.add_item", policy=access.prepare_agenda)
def add(visit: Visit, meeting_id: int) -> Response:
    meeting = meeting_for(visit.db, visit.viewer, meeting_id)
    was_approved = is_approved(meeting)
    form, errors = parse(ItemForm, visit.form)
    try:
        require(visit.viewer, access.prepare_agenda, meeting)
        if form is not None:
            item = actions.add_item(visit.db, visit.viewer, meeting, form)
            return _after_change(visit, meeting, was_approved, "tilfoejet", f"punkt-{item.id}")
    except Invalid as invalid:
        errors = invalid.errors
    except NotAllowed as refusal:
        return _too_late(visit, meeting, refusal)
    return show_form(visit, meeting, None, visit.form.values(), errors, 422)


def _too_late(visit: Visit, meeting: Meeting, refusal: NotAllowed) -> Response:
    """Somebody cancelled or closed the meeting while an item was written."""
    if not access.runs_meeting(visit.viewer, meeting):
        raise refusal
    return show_kept(
        visit,
        refusal,
        meeting.title,
        visit.url("meetings.show", meeting_id=meeting.id),
        title=T("Overskrift"),
        recommendation=T("Det indstilles, at …"),
        case_text=T("Sagsfremstilling"),
    )


@get("/moeder/{meeting_id:int}/punkter/{item_id:int}/ret", name="meetings.edit_item", policy=access.prepare_agenda)
def edit(visit: Visit, meeting_id: int, item_id: int) -> Response:
    item = queries.item(visit.db, visit.viewer, meeting_id, item_id)
    require(visit.viewer, access.prepare_agenda, item.meeting)
    return show_form(visit, item.meeting, item, current_values(item), {})


def current_values(item: Item) -> dict[str, Any]:
    usual = item.closed_ground in GROUNDS
    return {
        "title": item.title,
        "purpose": item.purpose,
        "case_text": item.case_text,
        "recommendation": item.recommendation,
        "minutes_budget": str(item.minutes_budget),
        "responsible": item.responsible.name if item.responsible else "",
        "raised_by": item.raised_by.name if item.raised_by else "",
        "raised_side": item.raised_side or "",
        "decided_by": item.decided_by,
        "decision_planned": item.decision_planned,
        "informed": item.informed,
        "discussed": item.discussed,
        "case_number": item.case_number,
        "is_closed": "" if item.is_open else "1",
        "ground": item.closed_ground if usual else (OWN_WORDS if item.closed_ground else ""),
        "ground_words": "" if usual else item.closed_ground,
        "version": item.version,
    }


def is_another(item: Item, values: dict[str, Any]) -> bool:
    """Whether the form's fields hold something else than the item."""
    kept = {name: value for name, value in current_values(item).items() if name != "version"}
    return any(str(values.get(name) or "").strip() != str(value or "").strip() for name, value in kept.items())


def not_put_on(visit: Visit) -> dict[str, Any]:
    """The error of a file that was chosen when another button was pressed: its name came along, and nothing else."""
    if not visit.form.get("file"):
        return {}
    return {"file": T("Filen er ikke lagt på punktet. Vælg den igen, og tryk »Læg bilaget på«.")}


@post("/moeder/{meeting_id:int}/punkter/{item_id:int}/ret", name="meetings.change_item", policy=access.prepare_agenda)
def change(visit: Visit, meeting_id: int, item_id: int) -> Response:
    item = queries.item(visit.db, visit.viewer, meeting_id, item_id)
    meeting = item.meeting
    was_approved = is_approved(meeting)
    values: dict[str, Any] = visit.form.values()
    form, errors = parse(EditItem, visit.form)
    errors = {**errors, **not_put_on(visit)}
    try:
        require(visit.viewer, access.prepare_agenda, meeting)
        if form is not None and not errors:
            actions.edit_item(visit.db, visit.viewer, item, form)
            seal_closed(visit, item)
            return _after_change(visit, meeting, was_approved, "gemt", f"punkt-{item.id}")
    except Invalid as invalid:
        errors = invalid.errors
    except Stale as stale:
        visit.db.refresh(item)
        theirs = current_values(item)
        values["version"] = theirs["version"]
        return show_form(visit, meeting, item, values, {"": stale.message}, 409, theirs)
    except NotAllowed as refusal:
        return _too_late(visit, meeting, refusal)
    return show_form(visit, meeting, item, values, errors, 422)


@post("/moeder/{meeting_id:int}/punkter/{item_id:int}/fjern", name="meetings.remove_item", policy=access.prepare_agenda)
def remove(visit: Visit, meeting_id: int, item_id: int) -> Response:
    item = queries.item(visit.db, visit.viewer, meeting_id, item_id)
    was_approved = is_approved(item.meeting)
    meeting = actions.remove_item(visit.db, visit.viewer, item)
    return _after_change(visit, meeting, was_approved, "fjernet")


@post("/moeder/{meeting_id:int}/raekkefoelge", name="meetings.reorder", policy=access.prepare_agenda)
def reorder(visit: Visit, meeting_id: int) -> Response:
    """Move one item, from the buttons, the keyboard or the mouse. The script gets the whole agenda back."""
    found = planning_queries.meeting_with_rules(visit.db, visit.viewer, meeting_id)
    meeting = found.meeting
    was_approved = is_approved(meeting)
    form, errors = parse(Move, visit.form)
    if form is None:
        raise refused(errors)
    try:
        item = actions.move_item(visit.db, visit.viewer, meeting, form)
    except Conflict as conflict:
        if visit.wants_fragment:
            return visit.fragment("meetings/_nothing.html", status_code=409, say=str(conflict.message))
        raise
    if visit.wants_fragment:
        cleared = was_approved and not is_approved(meeting)
        response = show_meeting(visit, meeting_id, "meetings/_agenda.html")
        response.headers.update({"X-Fragment": "1", "X-Say": quote(str(SAID["aendret"])) if cleared else ""})
        return response
    return _after_change(visit, meeting, was_approved, "flyttet", f"punkt-{item.id}")


@get("/moeder/{meeting_id:int}/punkter/{item_id:int}/aabenhed", name="meetings.openness", policy=access.close_item)
def openness(visit: Visit, meeting_id: int, item_id: int) -> Response:
    item = queries.item(visit.db, visit.viewer, meeting_id, item_id)
    require(visit.viewer, access.close_item, item)
    return show_openness(visit, item, current_values(item), {})


def show_openness(
    visit: Visit, item: Item, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200
) -> Response:
    return visit.page(
        "meetings/item_openness.html",
        item=item,
        meeting=item.meeting,
        grounds=CHOICES["grounds"],
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post("/moeder/{meeting_id:int}/punkter/{item_id:int}/aabenhed", name="meetings.set_openness", policy=access.close_item)
def set_openness(visit: Visit, meeting_id: int, item_id: int) -> Response:
    item = queries.item(visit.db, visit.viewer, meeting_id, item_id)
    require(visit.viewer, access.close_item, item)
    was_approved = is_approved(item.meeting)
    form, errors = parse(Openness, visit.form)
    if form is None:
        return show_openness(visit, item, visit.form.values(), errors, 422)
    actions.set_openness(visit.db, visit.viewer, item, form)
    seal_closed(visit, item)
    return _after_change(visit, item.meeting, was_approved, "gemt", f"punkt-{item.id}")


# --- notes ------------------------------------------------------------------------------------------------------


@post("/moeder/{meeting_id:int}/punkter/{item_id:int}/note", name="meetings.note", policy=access.note_privately)
def keep_note(visit: Visit, meeting_id: int, item_id: int) -> Response:
    item = queries.item(visit.db, visit.viewer, meeting_id, item_id)
    form, errors = parse(NoteForm, visit.form)
    if form is None:
        require(visit.viewer, access.note_privately, item)
        if visit.wants_fragment:
            return visit.fragment("meetings/_nothing.html", status_code=422, say=words_of(errors))
        return show_note(visit, item, bool(visit.form.get("shared")), visit.form.get("text"), 422, errors)
    try:
        kept = notes.save_note(visit.db, visit.viewer, item, form)
    except Stale as stale:
        if visit.wants_fragment:
            return visit.fragment("meetings/_nothing.html", status_code=422, say=str(stale.message))
        return show_note(visit, item, form.shared, form.text, 409, {"": stale.message})
    if visit.wants_fragment:
        return visit.fragment("meetings/_nothing.html", version=kept.version)
    return visit.to("meetings.show", meeting_id=meeting_id, said="gemt", anchor=f"punkt-{item_id}")


def show_note(visit: Visit, item: Item, shared: bool, text: str, status_code: int, errors: dict[str, Any]) -> Response:
    """My words, and beside them those that are kept."""
    kept = notes.find_note(visit.db, visit.viewer, item, shared)
    return visit.page(
        "meetings/item_note.html",
        item=item,
        meeting=item.meeting,
        shared=shared,
        kept=kept,
        values={"text": text},
        errors=errors,
        status_code=status_code,
    )


handlers = [new, add, edit, change, remove, reorder, openness, set_openness, keep_note]
