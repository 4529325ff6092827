"""The agenda: adding, changing, ordering, closing and removing items, until the meeting is over."""

import uuid
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from med.access import Side, Viewer, require
from med.errors import Conflict, Invalid, NotFound
from med.journal.actions import note
from med.language import T
from med.meetings import access
from med.meetings.actions.entering import stir
from med.meetings.actions.minutes import reopen_review
from med.meetings.actions.planning import lock, named
from med.meetings.actions.searching import keep_findable
from med.meetings.actions.standing import AT_THE_END, clear_approvals, forget, renumber
from med.meetings.actions.versions import take_version
from med.meetings.forms.agenda import ItemForm, Move, Openness, chosen_ground
from med.meetings.models import Item, Kind, Meeting, Proposal, ProposalState, Purpose, Standing, State
from med.meetings.parts import PARTS
from med.organisation.models import Person
from med.text import warn_cpr

WHO_KNOWS = T("Det ligner et CPR-nummer. Tag det ud, eller sæt kryds ved, at det skal stå.")


def add_item(db: Session, viewer: Viewer, meeting: Meeting, form: ItemForm) -> Item:
    """A new item, before those that always close a meeting. It is supplementary when the agenda has already gone out.

    Raises Invalid for what looks like a CPR number, a name that is nobody's, and a closed item without a ground.
    """
    require(viewer, access.prepare_agenda, meeting)
    if form.is_closed and not access.runs_meeting(viewer, meeting):
        raise Invalid(is_closed=T("Kun formandskabet og MED-sekretæren kan lukke eller åbne et punkt."))
    _look_for_cpr(form)
    lock(db, meeting)
    require(viewer, access.prepare_agenda, meeting)  # somebody may just have closed or cancelled it
    item = Item(
        uid=str(uuid.uuid4()),
        committee_id=meeting.committee_id,
        position=0,
        is_open=not form.is_closed,
        closed_ground=chosen_ground(form.ground, form.ground_words) if form.is_closed else "",
        is_supplementary=_is_sent(meeting) and meeting.kind is not Kind.WITHOUT_AGENDA,
    )
    _fill_in(db, viewer, item, form)
    if item.raised_by is None:
        item.raised_by, item.raised_by_id = db.get_one(Person, viewer.person_id), viewer.person_id
    if item.raised_side is None and item.raised_by_id == viewer.person_id:
        item.raised_side = viewer.raises_from(meeting.committee_id)
    _put_in(meeting, item)
    db.flush()
    note(db, viewer, "item.added", item)
    agenda_changed(db, viewer, meeting, item)
    return item


def place_last(
    db: Session,
    viewer: Viewer,
    meeting: Meeting,
    title: str,
    *,
    purpose: Purpose = Purpose.DISCUSS,
    raised_by_id: int | None = None,
    raised_side: Side | None = None,
    is_late: bool = False,
) -> Item:
    """An item brought up in the room, before those that close the meeting. The caller has asked whether it may be."""
    item = Item(
        uid=str(uuid.uuid4()),
        committee_id=meeting.committee_id,
        position=0,
        purpose=purpose,
        title=title,
        is_late=is_late,
        raised_by_id=raised_by_id,
        raised_side=raised_side,
    )
    _put_in(meeting, item)
    db.flush()
    note(db, viewer, "item.added", item)
    return item


def edit_item(db: Session, viewer: Viewer, item: Item, form: ItemForm) -> Item:
    """Change an item's words, purpose, time, people, dates and openness.

    Raises Stale when someone else changed the item after the form was opened.
    """
    require(viewer, access.prepare_agenda, item.meeting)
    closes = form.is_closed == item.is_open
    if closes:
        require(viewer, access.close_item, item)
    _look_for_cpr(form)
    lock(db, item.meeting)
    require(viewer, access.prepare_agenda, item.meeting)
    take_version(db, item, getattr(form, "version", None))
    before = {name: getattr(item, name) for name in EDITED}
    _fill_in(db, viewer, item, form)
    changed = [name for name, value in before.items() if getattr(item, name) != value]
    if changed:
        note(db, viewer, "item.changed", item, changed)
    ground = chosen_ground(form.ground, form.ground_words) if form.is_closed else ""
    if closes or ground != item.closed_ground:
        _open_or_close(db, viewer, item, not form.is_closed, ground)
    agenda_changed(db, viewer, item.meeting, item)
    return item


def set_openness(db: Session, viewer: Viewer, item: Item, form: Openness) -> Item:
    """Close an item to others than the committee, with its ground, or open it again."""
    require(viewer, access.close_item, item)
    lock(db, item.meeting)
    require(viewer, access.close_item, item)
    ground = chosen_ground(form.ground, form.ground_words) if form.is_closed else ""
    if item.is_open is form.is_closed or item.closed_ground != ground:
        take_version(db, item, None)
        _open_or_close(db, viewer, item, not form.is_closed, ground)
        agenda_changed(db, viewer, item.meeting, item)
        reopen_review(db, viewer, item.meeting)
    return item


def move_item(db: Session, viewer: Viewer, meeting: Meeting, form: Move) -> Item:
    """Put an item in another place, counted from 0. Adopting the last minutes stays first, whatever is asked."""
    require(viewer, access.prepare_agenda, meeting)
    lock(db, meeting)
    require(viewer, access.prepare_agenda, meeting)
    items = list(meeting.items)
    item = next((one for one in items if one.id == form.item), None)
    if item is None:
        raise NotFound
    if item.standing is Standing.MINUTES_ADOPTION:
        raise Conflict(T("Godkendelse af referatet står altid først."))
    items.remove(item)
    first = sum(one.standing is Standing.MINUTES_ADOPTION for one in items)
    items.insert(max(first, min(form.to, len(items))), item)
    was = item.position
    renumber(items)
    db.flush()
    db.expire(meeting, ["items"])
    if item.position != was:
        note(db, viewer, "item.moved", item, ["position"])
        agenda_changed(db, viewer, meeting)
    return item


def remove_item(db: Session, viewer: Viewer, item: Item) -> Meeting:
    """Take an item off the agenda before the meeting. A point someone raised goes back to the chairs' list."""
    meeting = item.meeting
    require(viewer, access.prepare_agenda, meeting)
    lock(db, meeting)
    if meeting.state not in (State.PLANNED, State.AGENDA_SENT):
        raise Conflict(T("Mødet er i gang. Giv punktet udfaldet »Udgår« i stedet."))
    for proposal in db.query(Proposal).filter(Proposal.item_id == item.id):
        proposal.item_id = None
        proposal.state, proposal.reason = ProposalState.RECEIVED, ""
        proposal.answered_by_id = proposal.answered_at = proposal.answer_seen_at = None
        note(db, viewer, "proposal.returned", proposal)
    note(db, viewer, "item.removed", item)
    items = [one for one in meeting.items if one.id != item.id]
    try:
        with db.begin_nested():
            forget(db, item)
            db.flush()
    except IntegrityError:  # something of a higher slice hangs on it: a follow-up agreed ahead of the meeting
        raise Conflict(T("Der er aftalt en opfølgning på punktet, så det kan ikke tages af dagsordenen.")) from None
    renumber(items)
    db.flush()
    db.expire(meeting, ["items"])
    agenda_changed(db, viewer, meeting)
    return meeting


def agenda_changed(db: Session, viewer: Viewer, meeting: Meeting, item: Item | None = None) -> None:
    """An agenda that one side has approved and that has not gone out yet must be approved anew. In one that has gone
    out, the item whose words changed is found by the new ones; of one that is being met about, those who follow live
    are shown the new one."""
    if item is not None:
        keep_findable(db, meeting, [item])
    if meeting.state is State.IN_PROGRESS:
        stir(db, meeting.id)
    clear_approvals(db, viewer, meeting)


EDITED = (
    "title",
    "purpose",
    "case_text",
    "recommendation",
    "minutes_budget",
    "responsible_id",
    "raised_by_id",
    "raised_side",
    "decided_by",
    "decision_planned",
    "informed",
    "discussed",
    "case_number",
)


def _fill_in(db: Session, viewer: Viewer, item: Item, form: ItemForm) -> None:
    responsible = named(db, viewer, "responsible", form.responsible)
    raised_by = named(db, viewer, "raised_by", form.raised_by)
    item.title = form.title
    item.purpose = form.purpose
    item.case_text = form.case_text
    item.recommendation = recommendation_lines(form.recommendation)
    item.minutes_budget = form.minutes_budget
    item.responsible, item.responsible_id = responsible, responsible.id if responsible else None
    item.raised_by, item.raised_by_id = raised_by, raised_by.id if raised_by else None
    item.raised_side = form.raised_side
    item.decided_by = form.decided_by
    item.decision_planned = form.decision_planned
    item.informed = form.informed
    item.discussed = form.discussed
    item.case_number = form.case_number


def recommendation_lines(text: str) -> str:
    """What follows "Det indstilles, at …", one recommendation a line, without the "at" and the dash people write."""
    lines = []
    for line in text.splitlines():
        line = " ".join(line.split()).lstrip("-•* ").removeprefix("at ").strip()
        if line:
            lines.append(line)
    return "\n".join(lines)


def _put_in(meeting: Meeting, item: Item) -> None:
    items = list(meeting.items)
    place = len(items)
    while place and items[place - 1].standing in AT_THE_END:
        place -= 1
    if item.standing is Standing.MINUTES_ADOPTION:
        place = sum(one.standing is Standing.MINUTES_ADOPTION for one in items)
    elif item.standing in AT_THE_END:
        place = len(items)
    items.insert(place, item)
    meeting.items.insert(place, item)
    renumber(items)


def _is_sent(meeting: Meeting) -> bool:
    return meeting.agenda_sent_at is not None


def _open_or_close(db: Session, viewer: Viewer, item: Item, is_open: bool, ground: str) -> None:
    turned = item.is_open is not is_open
    item.is_open, item.closed_ground = is_open, ground
    note(db, viewer, "item.opened" if is_open else "item.closed", item, ["is_open", "closed_ground"])
    db.flush()
    if turned:
        for tell in PARTS.opened_or_closed:
            tell(db, viewer, item)


def _look_for_cpr(form: ItemForm) -> None:
    if form.cpr_anyway:
        return
    look_for_cpr(title=form.title, case_text=form.case_text, recommendation=form.recommendation)


def look_for_cpr(**texts: str) -> None:
    """Raise Invalid for each text in which a CPR number may stand: a warning once, before it is saved."""
    errors: dict[str, Any] = {name: WHO_KNOWS for name, text in texts.items() if warn_cpr(text)}
    if errors:
        raise Invalid(**errors, cpr_anyway=T("Sæt kryds, hvis tallet ikke er et CPR-nummer eller skal stå."))
