"""The open agenda: raising a point, following it, and the chairs' answers."""

from typing import Any

from litestar import Response

from med import clock, workdays
from med.access import allows, require
from med.errors import Invalid, NotAllowed, NotFound
from med.language import T
from med.meetings import access
from med.meetings.actions import proposals as actions
from med.meetings.forms.proposals import Answer, AnswerProposal, RaisePoint
from med.meetings.models import Item, Meeting, Proposal, Purpose
from med.meetings.parts import PARTS, asked_about
from med.meetings.queries import planning as planning_queries
from med.meetings.queries import proposals as queries
from med.meetings.queries.room import meeting_for
from med.meetings.routes.common import asked_id, show_kept
from med.meetings.words import SIGNS, answer_of
from med.numbers import number_in
from med.organisation.access import is_employee
from med.organisation.choosing import living_committees
from med.organisation.queries import committee as committee_for
from med.organisation.queries import heirs
from med.web.forms import parse
from med.web.routing import Visit, get, post

ANY_MEETING = ("", T("Det møde, formandskabet finder bedst"))


@get("/forslag", name="proposals.index", policy=is_employee)
def index(visit: Visit) -> Response:
    """What I have raised and what became of it; above it, for chairs, what waits for their answer."""
    mine = queries.my_proposals(visit.db, visit.viewer, before=asked_id(visit, "foer"))
    presides = any(visit.viewer.presides(seat.committee_id) for seat in visit.viewer.seats)
    return visit.page(
        "meetings/proposals.html",
        mine=mine[: queries.PAGE],
        older=mine[queries.PAGE - 1].id if len(mine) > queries.PAGE else None,
        to_answer=queries.waiting_proposals(visit.db, visit.viewer) if presides else [],
        presides=presides,
        answer_of=answer_of,
        signs=SIGNS,
    )


# --- raising a point --------------------------------------------------------------------------------------------


@get("/forslag/nyt", name="proposals.new", policy=access.propose)
def new(visit: Visit) -> Response:
    require(visit.viewer, access.propose, None)
    decision_id = asked_id(visit, "beslutning")
    values: dict[str, Any] = {"purpose": Purpose.DISCUSS, "decision": decision_id or ""}
    if (meeting_id := asked_id(visit, "moede")) is not None:
        meeting = meeting_for(visit.db, visit.viewer, meeting_id)
        values |= {"committee": meeting.committee_id, "meeting": meeting.id}
    elif decision_id is not None:
        asked = asked_about(visit.db, visit.viewer, decision_id)
        if asked is None:
            raise NotFound
        values["committee"] = heirs(visit.db).get(asked.committee_id, asked.committee_id)
    else:
        values["committee"] = asked_id(visit, "udvalg") or queries.own_committee_id(visit.db, visit.viewer) or ""
    return show_new(visit, values, {})


def show_new(visit: Visit, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200) -> Response:
    db, viewer = visit.db, visit.viewer
    chosen, decision = (number_in(str(values.get(name) or "")) or 0 for name in ("committee", "decision"))
    coming = planning_queries.open_for_points(db, viewer, chosen) if chosen else []
    return visit.page(
        "meetings/proposal_new.html",
        committee_choices=living_committees(db, viewer, also=chosen),
        meeting_choices=[ANY_MEETING, *map(meeting_choice, coming)] if coming else [],
        asked=asked_about(db, viewer, decision) if decision else None,
        purposes=list(Purpose),
        values=values,
        errors=errors,
        status_code=status_code,
    )


def meeting_choice(row: Any) -> tuple[int, str, Any]:
    """A coming meeting to choose: its name and day, and whether its list has closed."""
    day = workdays.copenhagen(row.starts_at).date()
    hint: Any = workdays.in_full(day)
    if row.proposals_due is not None and row.proposals_due < clock.today():
        hint = T(
            "%(day)s. Fristen var %(due)s; punktet bliver mærket.", day=hint, due=workdays.in_full(row.proposals_due)
        )
    elif row.proposals_due is not None:
        hint = T("%(day)s. Frist %(due)s.", day=hint, due=workdays.in_full(row.proposals_due))
    return row.id, row.title, hint


@post("/forslag/nyt", name="proposals.raise", policy=access.propose)
def raise_point(visit: Visit) -> Response:
    require(visit.viewer, access.propose, None)
    form, errors = parse(RaisePoint, visit.form)
    if form is not None:
        try:
            proposal = _raise(visit, form)
            return visit.to("proposals.show", proposal_id=proposal.id, said="rejst")
        except Invalid as invalid:
            errors = invalid.errors
    return show_new(visit, visit.form.values(), errors, 422)


def _raise(visit: Visit, form: RaisePoint) -> Proposal:
    try:
        committee = committee_for(visit.db, visit.viewer, form.committee)
    except NotFound:
        raise Invalid(committee=T("Vælg en af mulighederne.")) from None
    if committee.is_over:
        raise Invalid(committee=T("Udvalget er nedlagt."))
    if form.decision is not None and asked_about(visit.db, visit.viewer, form.decision) is None:
        form.decision = None
    return actions.raise_point(visit.db, visit.viewer, committee, form, meeting=_meeting(visit, form.meeting))


def _meeting(visit: Visit, meeting_id: int | None) -> Meeting | None:
    if meeting_id is None:
        return None
    try:
        return meeting_for(visit.db, visit.viewer, meeting_id)
    except NotFound:
        raise Invalid(meeting=T("Vælg en af mulighederne.")) from None


# --- one proposal -----------------------------------------------------------------------------------------------


@get("/forslag/{proposal_id:int}", name="proposals.show", policy=is_employee)
def show(visit: Visit, proposal_id: int) -> Response:
    return show_proposal(visit, queries.proposal(visit.db, visit.viewer, proposal_id), {})


def show_proposal(visit: Visit, proposal: Proposal, errors: dict[str, Any], status_code: int = 200) -> Response:
    db, viewer = visit.db, visit.viewer
    became = queries.item_of(db, viewer, proposal)
    item, is_said = became or (None, False)
    may_answer = allows(viewer, access.answer_proposal, proposal)
    offered = _answers(visit, proposal) if may_answer else {}
    next_meeting = next((choice[0] for choice in offered.get("meeting_choices", [])), "")
    values: dict[str, Any] = visit.form.values() or {
        "meeting": proposal.meeting_id or next_meeting,
        "minutes_budget": "15",
        "answer": Answer.ACCEPT,
    }
    return visit.page(
        "meetings/proposal_show.html",
        proposal=proposal,
        item=item,
        is_said=is_said,
        settled=_settled(visit, item) if item and is_said else [],
        origin=queries.origin_of(db, viewer, proposal),
        is_closed=actions.closed_origin(proposal),
        answered=answer_of(proposal, proposal.committee.name),
        was_returned=queries.was_returned(db, proposal),
        asked=asked_about(db, viewer, proposal.decision_id) if proposal.decision_id else None,
        is_mine=proposal.raised_by_id == viewer.person_id,
        may_answer=may_answer,
        **offered,
        signs=SIGNS,
        values=values,
        errors=errors,
        status_code=status_code,
    )


def _answers(visit: Visit, proposal: Proposal) -> dict[str, Any]:
    """What the chairs may choose between."""
    db, viewer, committee_id = visit.db, visit.viewer, proposal.committee_id
    items = queries.items_to_merge_with(db, viewer, committee_id, bool(actions.closed_origin(proposal)))
    other = actions.other_side_wants(db, viewer, proposal)
    return {
        "meeting_choices": [meeting_choice(row) for row in planning_queries.open_for_points(db, viewer, committee_id)],
        "item_choices": [(row.id, f"{row.meeting}: {row.title}") for row in items],
        "committee_choices": living_committees(db, viewer).without(committee_id),
        "not_alone": actions.NOT_ALONE[other] if other else None,
    }


def _settled(visit: Visit, item: Item) -> list[Any]:
    """What was decided on the item, as the slice of decisions shows it."""
    found = [part(visit, item.meeting).get(item.id) for part in PARTS.items]
    return [markup for markup in found if markup]


@post("/forslag/{proposal_id:int}/svar", name="proposals.answer", policy=access.answer_proposal)
def answer(visit: Visit, proposal_id: int) -> Response:
    try:
        proposal = queries.proposal(visit.db, visit.viewer, proposal_id)
    except NotFound:
        if not visit.form.get("reason").strip():
            raise
        gone = NotAllowed([T("Forslaget ligger ikke hos jer længere.")])  # whatever it was called
        gone.status_code = NotFound.status_code
        return show_kept(visit, gone, str(T("Forslag")), visit.url("proposals.index"), reason=T("Hvorfor?"))
    form, errors = parse(AnswerProposal, visit.form)
    try:
        require(visit.viewer, access.answer_proposal, proposal)
        if form is not None:
            _answer(visit, proposal, form)
            if form.answer is Answer.SEND_ON:
                return visit.go(visit.url("proposals.index") + "?sagt=besvaret")
            return visit.to("proposals.show", proposal_id=proposal_id, said="besvaret")
    except Invalid as invalid:
        errors = invalid.errors
    except NotAllowed as refusal:
        back = visit.url("proposals.show", proposal_id=proposal_id)
        return show_kept(visit, refusal, proposal.title, back, reason=T("Hvorfor?"))
    return show_proposal(visit, proposal, errors, 422)


def _answer(visit: Visit, proposal: Proposal, form: AnswerProposal) -> None:
    db, viewer = visit.db, visit.viewer
    item = committee = None
    meeting = _meeting(visit, form.meeting) if form.answer in (Answer.ACCEPT, Answer.MOVE) else None
    if form.answer is Answer.MERGE:
        item = queries.item_to_merge_with(db, viewer, proposal.committee_id, form.item or 0)
    if form.answer is Answer.SEND_ON:
        try:
            committee = committee_for(db, viewer, form.committee or 0)
        except NotFound:
            raise Invalid(committee=T("Vælg en af mulighederne.")) from None
    actions.answer_proposal(db, viewer, proposal, form, meeting=meeting, item=item, committee=committee)


@post("/forslag/{proposal_id:int}/traek", name="proposals.withdraw", policy=access.withdraw_proposal)
def withdraw(visit: Visit, proposal_id: int) -> Response:
    proposal = queries.proposal(visit.db, visit.viewer, proposal_id)
    actions.withdraw_proposal(visit.db, visit.viewer, proposal)
    return visit.to("proposals.show", proposal_id=proposal_id, said="trukket")


@post("/forslag/{proposal_id:int}/set", name="proposals.seen", policy=is_employee)
def seen(visit: Visit, proposal_id: int) -> Response:
    """I have read the answer: it no longer waits for me."""
    actions.answer_seen(visit.db, visit.viewer, queries.proposal(visit.db, visit.viewer, proposal_id))
    return visit.to("proposals.show", proposal_id=proposal_id)


handlers = [index, new, raise_point, show, answer, withdraw, seen]
