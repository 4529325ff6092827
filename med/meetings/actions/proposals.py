"""The open agenda: anyone raises a point, the chairs answer, the proposer follows what becomes of it."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock, workdays
from med.access import INSIDE, Side, Viewer, require
from med.errors import Invalid
from med.journal.actions import note
from med.language import T
from med.meetings import access
from med.meetings.actions.agenda import agenda_changed, look_for_cpr, place_last
from med.meetings.actions.planning import lock
from med.meetings.actions.versions import take_version
from med.meetings.forms.proposals import Answer, AnswerProposal, RaisePoint
from med.meetings.models import Item, Kind, Meeting, Proposal, ProposalState, Purpose, State
from med.organisation.access import on_day
from med.organisation.models import Committee, Seat
from med.organisation.queries import heirs

TAKES_ITEMS = (State.PLANNED, State.AGENDA_SENT)


def raise_point(
    db: Session, viewer: Viewer, committee: Committee, form: RaisePoint, *, meeting: Meeting | None = None
) -> Proposal:
    """Propose a point for a committee's agenda: late, when the meeting it is meant for has closed its list.

    The caller has looked up `meeting` among those the viewer may see. Raises Invalid for another committee's meeting.
    """
    require(viewer, access.propose, committee)
    if not form.cpr_anyway:
        look_for_cpr(title=form.title, why=form.why)
    if meeting is not None and (meeting.committee_id != committee.id or not takes_points(meeting)):
        raise Invalid(meeting=T("Mødet tager ikke imod flere punkter. Vælg et andet."))
    proposal = Proposal(
        uid=str(uuid.uuid4()),
        committee=committee,
        committee_id=committee.id,
        meeting_id=meeting.id if meeting else None,
        title=form.title,
        why=form.why,
        purpose=form.purpose,
        raised_by_id=viewer.person_id,
        raised_side=viewer.raises_from(committee.id),
        raised_at=clock.now(),
        is_late=meeting is not None and is_late(meeting),
        decision_id=form.decision,
    )
    db.add(proposal)
    note(db, viewer, "proposal.raised", proposal)
    return proposal


def takes_points(meeting: Meeting) -> bool:
    return meeting.state in TAKES_ITEMS and meeting.ends_at >= clock.now()


def is_late(meeting: Meeting, raised_at: datetime | None = None) -> bool:
    """Whether a point raised then (or now) comes after the meeting's deadline for proposals."""
    day = workdays.copenhagen(raised_at or clock.now()).date()
    return meeting.proposals_due is not None and day > meeting.proposals_due


def withdraw_proposal(db: Session, viewer: Viewer, proposal: Proposal) -> Proposal:
    require(viewer, access.withdraw_proposal, proposal)
    _lock(db, proposal)
    require(viewer, access.withdraw_proposal, proposal)
    proposal.state = ProposalState.WITHDRAWN
    note(db, viewer, "proposal.withdrawn", proposal)
    return proposal


def answer_seen(db: Session, viewer: Viewer, proposal: Proposal) -> None:
    """The one who raised the point has read the answer; it no longer waits for them."""
    if proposal.raised_by_id == viewer.person_id and proposal.answered_at and proposal.answer_seen_at is None:
        proposal.answer_seen_at = clock.now()
        note(db, viewer, "proposal.answer_seen", proposal)


# --- the chairs answer ------------------------------------------------------------------------------------------


def answer_proposal(
    db: Session,
    viewer: Viewer,
    proposal: Proposal,
    form: AnswerProposal,
    *,
    meeting: Meeting | None = None,
    item: Item | None = None,
    committee: Committee | None = None,
) -> Proposal:
    """The chairs' answer, whatever it is. What the form points at, the caller has looked up for the viewer."""
    require(viewer, access.answer_proposal, proposal)
    _lock(db, proposal)
    require(viewer, access.answer_proposal, proposal)  # the other chair may have answered meanwhile
    match form.answer:
        case Answer.ACCEPT:
            _accept(db, viewer, proposal, _fitting(proposal, meeting), form.minutes_budget)
        case Answer.MOVE:
            proposal.meeting = _fitting(proposal, meeting)
            proposal.is_late = is_late(proposal.meeting, proposal.raised_at)
            proposal.state = ProposalState.RECEIVED
        case Answer.SEND_ON:
            if committee is None or committee.id == proposal.committee_id:
                raise Invalid(committee=T("Vælg et andet udvalg."))
            if committee.is_over:
                raise Invalid(committee=T("Udvalget er nedlagt."))
            proposal.moved_from_id = proposal.moved_from_id or proposal.committee_id
            proposal.committee, proposal.meeting, proposal.is_late = committee, None, False
            proposal.state = ProposalState.RECEIVED
        case Answer.MERGE:
            _merge(db, viewer, proposal, item)
        case Answer.POSTPONE:
            proposal.state, proposal.meeting = ProposalState.POSTPONED, None
        case Answer.DECLINE:
            if other := other_side_wants(db, viewer, proposal):
                raise Invalid(answer=NOT_ALONE[other])
            proposal.state = ProposalState.DECLINED
    proposal.reason = form.reason
    proposal.answered_by_id, proposal.answered_at, proposal.answer_seen_at = viewer.person_id, clock.now(), None
    note(db, viewer, f"proposal.{form.answer}", proposal, ["state", "meeting_id", "committee_id", "item_id"])
    return proposal


def other_side_wants(db: Session, viewer: Viewer, proposal: Proposal) -> Side | None:
    """The other side, when one of its members raised the point: what one side wants discussed (framework agreement
    § 7), the other cannot refuse. None where the viewer may decline it: their own side's, or that of a colleague
    without a seat."""
    day = workdays.copenhagen(proposal.raised_at).date()
    side = db.scalar(
        select(Seat.side)
        .where(
            Seat.committee_id == proposal.committee_id,
            Seat.person_id == proposal.raised_by_id,
            Seat.role.in_(INSIDE),
            on_day(Seat, day),
        )
        .limit(1)
    )
    return side if side is not viewer.side_in(proposal.committee_id) else None


NOT_ALONE = {
    Side.EMPLOYEE: T(
        "Medarbejdersiden har rejst punktet, og så skal det drøftes, hvis det hører til her. Ledelsessiden kan derfor "
        "ikke afvise det. Send det videre, hvis det hører til i et andet udvalg. Er I enige om ikke at tage det op, "
        "svarer næstformanden."
    ),
    Side.MANAGEMENT: T(
        "Ledelsessiden har rejst punktet, og så skal det drøftes, hvis det hører til her. Medarbejdersiden kan derfor "
        "ikke afvise det. Send det videre, hvis det hører til i et andet udvalg. Er I enige om ikke at tage det op, "
        "svarer formanden."
    ),
}


def _lock(db: Session, proposal: Proposal) -> None:
    db.flush()
    db.refresh(proposal, with_for_update={"of": Proposal})


def _fitting(proposal: Proposal, meeting: Meeting | None) -> Meeting:
    if meeting is None or meeting.committee_id != proposal.committee_id or not _takes_items(meeting):
        raise Invalid(meeting=T("Mødet tager ikke imod flere punkter. Vælg et andet."))
    return meeting


def _takes_items(meeting: Meeting) -> bool:
    return takes_points(meeting) or (meeting.state is State.IN_PROGRESS and meeting.kind is Kind.WITHOUT_AGENDA)


def _accept(db: Session, viewer: Viewer, proposal: Proposal, meeting: Meeting, minutes_budget: int) -> None:
    """The point becomes an item, with whoever raised it and their side. What came from a closed item stays closed."""
    lock(db, meeting)
    require(viewer, access.prepare_agenda, meeting)
    late = is_late(meeting, proposal.raised_at)
    item = place_last(
        db,
        viewer,
        meeting,
        proposal.title,
        purpose=proposal.purpose,
        raised_by_id=proposal.raised_by_id,
        raised_side=proposal.raised_side,
        is_late=late,
    )
    item.case_text = proposal.why
    item.minutes_budget = minutes_budget
    item.is_supplementary = meeting.agenda_sent_at is not None and meeting.kind is not Kind.WITHOUT_AGENDA
    if origin := closed_origin(proposal):
        item.is_open, item.closed_ground = False, origin.closed_ground
    agenda_changed(db, viewer, meeting, item)
    proposal.item, proposal.meeting, proposal.is_late = item, meeting, late
    proposal.state = ProposalState.ACCEPTED


def closed_origin(proposal: Proposal) -> Item | None:
    """The closed item whose words these are; no open one may show them."""
    return proposal.from_item if proposal.from_item is not None and not proposal.from_item.is_open else None


def _merge(db: Session, viewer: Viewer, proposal: Proposal, item: Item | None) -> None:
    """The point is taken up under an item that is already there; its words are added to the case."""
    if item is None or item.committee_id != proposal.committee_id or not _takes_items(item.meeting):
        raise Invalid(item=T("Vælg det punkt, forslaget lægges sammen med."))
    if item.is_open and closed_origin(proposal):
        raise Invalid(item=T("Forslaget kommer fra et lukket punkt og kan kun lægges sammen med et lukket punkt."))
    lock(db, item.meeting)
    require(viewer, access.prepare_agenda, item.meeting)
    take_version(db, item, None)
    words = f"**{proposal.title}**" + (f"\n\n{proposal.why}" if proposal.why else "")
    item.case_text = f"{item.case_text}\n\n{words}".strip()
    note(db, viewer, "item.changed", item, ["case_text"])
    agenda_changed(db, viewer, item.meeting, item)
    proposal.item, proposal.meeting = item, item.meeting
    proposal.state = ProposalState.MERGED


def pass_on(db: Session, most: int) -> int:
    """Points that nobody had answered when their committee ended go to the nearest one above it that is there. Gives
    how many, at most so many.

    What comes from a closed item stays: it is not theirs to read above. So does what has nobody above it.
    """
    left_to = heirs(db)
    unanswered = (
        select(Proposal)
        .where(Proposal.committee_id.in_(list(left_to)), Proposal.state == ProposalState.RECEIVED)
        .where(access.is_open_point())
        .order_by(Proposal.id)
        .limit(most)
        .with_for_update()
    )
    points = db.scalars(unanswered).all()
    for proposal in points:
        proposal.moved_from_id = proposal.moved_from_id or proposal.committee_id
        proposal.committee, proposal.meeting = db.get_one(Committee, left_to[proposal.committee_id]), None
        proposal.is_late = False
        proposal.reason, proposal.answered_by_id = "", None
        proposal.answered_at, proposal.answer_seen_at = clock.now(), None
        note(db, None, "proposal.send_on", proposal, ["committee_id", "meeting_id"])
    return len(points)


# --- between committees -----------------------------------------------------------------------------------------


def receive_sent_on(db: Session, viewer: Viewer, item: Item, committee: Committee, why: str) -> Proposal:
    """An item goes on to another committee (or, postponed, to its own): a proposal there, linked both ways.

    Sending the same item to the same committee again gives the proposal that is there already, with the new words,
    as long as nobody has answered it. The caller has asked whether the viewer may minute the item.
    """
    proposal = db.scalar(
        select(Proposal).where(Proposal.from_item_id == item.id, Proposal.committee_id == committee.id).limit(1)
    )
    if proposal is not None:
        if proposal.state is ProposalState.RECEIVED:
            proposal.why = why
        elif proposal.state is ProposalState.WITHDRAWN:
            proposal.state, proposal.why = ProposalState.RECEIVED, why
        return proposal
    proposal = Proposal(
        uid=str(uuid.uuid4()),
        committee=committee,
        committee_id=committee.id,
        title=item.title,
        why=why,
        purpose=Purpose.DISCUSS if item.purpose is Purpose.THEME else item.purpose,
        raised_by_id=item.raised_by_id,
        raised_side=item.raised_side,
        raised_at=clock.now(),
        from_item=item,
    )
    db.add(proposal)
    note(db, viewer, "proposal.sent_on", proposal)
    return proposal
