"""Planning a meeting: when, where, who is invited, what is due; changing it, cancelling it, sending the agenda."""

import hashlib
import uuid
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock, workdays
from med.access import SeatRole, Side, Viewer, require
from med.errors import Conflict, Invalid, MedError
from med.journal.actions import note
from med.language import T
from med.meetings import access
from med.meetings.actions.entering import stir
from med.meetings.actions.searching import keep_findable
from med.meetings.actions.standing import add_standing_items, clear_approvals, fit_to_kind, renew_adoptions
from med.meetings.actions.versions import Stale, take_version
from med.meetings.deadlines import Deadlines, day_off, deadlines, passed, within_reach
from med.meetings.forms.planning import ApproveAgenda, CancelMeeting, PlanMeeting
from med.meetings.models import Attendance, Item, Kind, Meeting, Part, Presence, Proposal, ProposalState, Reply, State
from med.organisation.access import on_day
from med.organisation.models import Approval, Committee, Employment, Level, Person, Unit
from med.organisation.queries import below, person_by_words, rules_on, seats_on
from med.workdays import NoSuchTime

SEATED = (Part.MEMBER, Part.ADVISORY)
KINDS = {
    Kind.ORDINARY: "%s, %s",
    Kind.THEME: "%s, temamøde i %s",
    Kind.WITHOUT_AGENDA: "%s, møde uden dagsorden i %s",
    Kind.ALL_HANDS: "%s, storsamling i %s",
    Kind.STAFF_MEETING: "%s, personalemøde i %s",
    Kind.EXTRAORDINARY: "%s, ekstraordinært møde i %s",
}


def plan_meeting(
    db: Session, viewer: Viewer, committee: Committee, form: PlanMeeting, *, standing: bool = True
) -> Meeting:
    """A new meeting, with its deadlines, its invitations and (`standing`) the items that always come.

    Raises Invalid for a day off without `day_anyway`, and for deadlines that have passed without a reason.
    """
    require(viewer, access.plan_meeting, committee)
    due = _check_day(db, committee, form)
    starts_at, ends_at = _moments(form)
    meeting = Meeting(
        uid=str(uuid.uuid4()),
        committee=committee,
        committee_id=committee.id,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=clock.now(),
        items=[],
        attendances=[],
        minutes=None,
    )
    _fill_in(db, viewer, meeting, form)
    _keep_deadlines(meeting, due)
    db.add(meeting)
    note(db, viewer, "meeting.planned", meeting)
    if form.waiver:
        note(db, viewer, "meeting.deadline_waived", meeting)
    invite(db, meeting)
    if standing:
        add_standing_items(db, meeting)
    renew_adoptions(db, committee.id)
    return meeting


def change_meeting(db: Session, viewer: Viewer, meeting: Meeting, form: PlanMeeting) -> Meeting:
    """Another hour, place, kind or name. Another day gives new deadlines and new invitations. A name that Medspil gave
    follows the kind and the day, and the items that come by themselves follow the kind.

    Raises Stale when someone else changed the meeting after the form was opened.
    """
    require(viewer, access.change_meeting, meeting)
    lock(db, meeting)
    require(viewer, access.change_meeting, meeting)
    if meeting.state is State.IN_PROGRESS and form.day != workdays.copenhagen(meeting.starts_at).date():
        raise Invalid(day=T("Mødet er i gang og kan ikke flyttes."))
    before = _day_and_rules(meeting)
    was_called = default_title(meeting.committee, meeting.kind, before[0])
    moved_day = form.day != before[0]
    due = None
    if moved_day or (form.kind, form.with_budget) != before[1:]:
        due = _check_day(db, meeting.committee, form, if_passed=moved_day)
    starts_at, ends_at = _moments(form)
    take_version(db, meeting, getattr(form, "version", None))
    shown = ("starts_at", "ends_at", "place", "video_url", "title", "about", "is_open")
    was = {name: getattr(meeting, name) for name in shown}
    meeting.starts_at, meeting.ends_at = starts_at, ends_at
    _fill_in(db, viewer, meeting, form)
    if meeting.title == was_called:
        meeting.title = default_title(meeting.committee, form.kind, form.day)
    if due is not None:
        _keep_deadlines(meeting, due)
    changed = [name for name, value in was.items() if getattr(meeting, name) != value]
    if {"starts_at", "ends_at", "place", "video_url"} & set(changed):
        meeting.sequence += 1
    if changed:
        meeting.revised_at = clock.now()
    note(db, viewer, "meeting.moved" if moved_day else "meeting.changed", meeting, changed)
    if meeting.state is State.IN_PROGRESS:
        stir(db, meeting.id)  # who follows live may no longer
    if moved_day:
        if form.waiver:
            note(db, viewer, "meeting.deadline_waived", meeting)
        invite(db, meeting)
        _in_time_after_all(db, meeting)
    elif meeting.state in (State.PLANNED, State.AGENDA_SENT):
        renew_invitations(db, meeting)
    refitted = meeting.state is not State.IN_PROGRESS and fit_to_kind(db, meeting, before[1])
    if refitted:
        clear_approvals(db, viewer, meeting)
    if refitted or moved_day:
        renew_adoptions(db, meeting.committee_id)
    return meeting


def cancel_meeting(db: Session, viewer: Viewer, meeting: Meeting, form: CancelMeeting) -> Meeting:
    """The meeting is not held, and why. Points people raised for it go back to the chairs, who find another."""
    require(viewer, access.cancel_meeting, meeting)
    lock(db, meeting)
    require(viewer, access.cancel_meeting, meeting)  # somebody may just have opened it
    take_version(db, meeting, None)
    meeting.state = State.CANCELLED
    meeting.cancelled_reason = form.reason
    meeting.sequence += 1
    meeting.revised_at = clock.now()
    note(db, viewer, "meeting.cancelled", meeting)
    placed = select(Item.id).where(Item.meeting_id == meeting.id)
    here = (Proposal.item_id.in_(placed)) | (Proposal.meeting_id == meeting.id)
    raised = db.scalars(select(Proposal).where(here).with_for_update().execution_options(populate_existing=True)).all()
    for proposal in raised:
        waits_for_it = proposal.state is ProposalState.RECEIVED and proposal.answered_at is not None
        if proposal.state in (ProposalState.ACCEPTED, ProposalState.MERGED) or waits_for_it:
            proposal.state = ProposalState.POSTPONED
            proposal.reason = f"Mødet blev aflyst: {form.reason}"
            proposal.answered_by_id, proposal.answered_at = viewer.person_id, clock.now()
            proposal.answer_seen_at = None
            note(db, viewer, "proposal.postponed", proposal)
        proposal.item_id = proposal.meeting_id = None
    renew_adoptions(db, meeting.committee_id)
    return meeting


# --- the form's fields ------------------------------------------------------------------------------------------


def default_title(committee: Committee, form_kind: Kind, day: Any) -> str:
    """What a meeting is called when nobody says otherwise: "MED-ledelsen, december"."""
    return KINDS[form_kind] % (committee.short_name or committee.name, workdays.MONTHS[day.month - 1].message)


def _check_day(db: Session, committee: Committee, form: PlanMeeting, *, if_passed: bool = True) -> Deadlines:
    today = clock.today()
    within_reach(form.day, today)
    errors: dict[str, Any] = {}
    if (committee.ends and form.day > committee.ends) or (committee.starts and form.day < committee.starts):
        errors["day"] = T("Udvalget findes ikke den dag.")
    elif not form.day_anyway and (off := day_off(form.day)):
        errors["day"] = T("%(why)s Sæt kryds ved »Hold mødet alligevel«, hvis det er meningen.", why=off)
    due = deadlines(rules_on(db, committee.id, form.day), form.day, form.kind, form.with_budget)
    if if_passed and not form.waiver and (late := passed(due, form.day, today)):
        errors["waiver"] = T("%(first)s Skriv, hvorfor fristen ikke holdes.", first=late[0])
    if errors:
        raise Invalid(**errors)
    return due


def _moments(form: PlanMeeting) -> tuple[datetime, datetime]:
    found = []
    for name in ("starts", "ends"):
        try:
            found.append(workdays.to_utc(form.day, getattr(form, name).replace(tzinfo=None)))
        except NoSuchTime as wrong:
            raise Invalid(**{name: wrong.message}) from None
    return found[0], found[1]


def _fill_in(db: Session, viewer: Viewer, meeting: Meeting, form: PlanMeeting) -> None:
    meeting.kind = form.kind
    meeting.title = " ".join(form.title.split()) or default_title(meeting.committee, form.kind, form.day)
    meeting.place = form.place
    meeting.video_url = form.video_url
    meeting.about = form.about
    meeting.is_open = form.is_open
    meeting.draft_shown = form.draft_shown
    meeting.with_budget = form.with_budget
    meeting.waiver = form.waiver or meeting.waiver or ""
    taker = named(db, viewer, "minute_taker", form.minute_taker)
    moderator = named(db, viewer, "moderator", form.moderator)
    meeting.minute_taker, meeting.minute_taker_id = taker, taker.id if taker else None
    meeting.moderator, meeting.moderator_id = moderator, moderator.id if moderator else None
    if meeting in db:
        _add_helpers(meeting)


def named(db: Session, viewer: Viewer, field: str, words: str) -> Person | None:
    """The person a field names; none for an empty field. Raises Invalid for a name that is nobody's, or several's."""
    if not words:
        return None
    found = person_by_words(db, viewer, words)
    if found is None:
        raise Invalid(**{field: T("Vi kan ikke finde præcis én med det navn. Vælg fra listen.")})
    return found


def _day_and_rules(meeting: Meeting) -> tuple[Any, Kind, bool]:
    return workdays.copenhagen(meeting.starts_at).date(), meeting.kind, meeting.with_budget


def _keep_deadlines(meeting: Meeting, due: Deadlines) -> None:
    meeting.proposals_due = due.proposals
    meeting.agenda_due = due.agenda
    meeting.minutes_draft_due = due.minutes_draft
    meeting.minutes_out_due = due.minutes_out


def _in_time_after_all(db: Session, meeting: Meeting) -> None:
    """Points that came too late for the day before, and keep the new day's deadline."""
    for proposal in db.scalars(select(Proposal).where(Proposal.meeting_id == meeting.id, Proposal.is_late)):
        raised = workdays.copenhagen(proposal.raised_at).date()
        if meeting.proposals_due is None or raised <= meeting.proposals_due:
            proposal.is_late = False
            if proposal.item is not None and proposal.state is ProposalState.ACCEPTED:
                proposal.item.is_late = False


# --- who is invited ---------------------------------------------------------------------------------------------


class _Place(Struct, frozen=True):
    """In what capacity someone is invited."""

    part: Part
    side: Side | None
    role: SeatRole | None
    seat_id: int | None


def invite(db: Session, meeting: Meeting) -> None:
    """Invite those who sit on the committee on the meeting's day, in the capacity they then have.

    When the day has moved everyone is asked anew, and substitutes wait until they are needed; who only listens stays.
    """
    wanted = _wanted(db, meeting)
    _let_go(db, meeting, [a for a in meeting.attendances if a.person_id not in wanted and a.part is not Part.OBSERVER])
    here = {attendance.person_id: attendance for attendance in meeting.attendances}
    for person_id, place in wanted.items():
        attendance = here.get(person_id) or Attendance(person_id=person_id)
        if person_id not in here:
            meeting.attendances.append(attendance)
        attendance.part, attendance.side, attendance.role = place.part, place.side, place.role
        attendance.seat_id = place.seat_id
        attendance.stands_in_for_id = None
        attendance.reply, attendance.replied_at, attendance.note = Reply.INVITED, None, ""
    db.flush()
    _add_helpers(meeting)
    db.flush()


def renew_invitations(db: Session, meeting: Meeting) -> None:
    """Seats given, moved or ended since the meeting was planned: who has come in is invited, who has left is not, and
    who changed role or side is there in the new one.

    Replies that were given stay. The secretary's notes of guests, and who only listens, stay too.
    """
    wanted = _wanted(db, meeting)
    gone = [a for a in meeting.attendances if a.part in SEATED and a.person_id not in wanted]
    _let_go(db, meeting, [a for a in gone if a.presence is Presence.UNKNOWN])
    here = {attendance.person_id: attendance for attendance in meeting.attendances}
    for person_id, place in wanted.items():
        known = here.get(person_id)
        if known is None:
            known = Attendance(person_id=person_id, reply=Reply.INVITED)
            meeting.attendances.append(known)
        elif known.part not in SEATED and place.part is Part.GUEST:
            continue
        known.part, known.side, known.role, known.seat_id = place.part, place.side, place.role, place.seat_id
        known.stands_in_for_id = None
    _add_helpers(meeting)
    db.flush()
    half_approved = meeting.state is State.PLANNED and (meeting.agenda_chair_at or meeting.agenda_vice_at)
    if half_approved and not still_to_approve(db, meeting):
        clear_approvals(db, None, meeting)  # it waited for one who has left: the other is asked again, and sends it


def _let_go(db: Session, meeting: Meeting, gone: list[Attendance]) -> None:
    """They are not invited any more, and nobody stands in for them."""
    ids = {attendance.id for attendance in gone}
    for attendance in meeting.attendances:
        if attendance.stands_in_for_id in ids:
            attendance.stands_in_for_id = None
    db.flush()
    for attendance in gone:
        meeting.attendances.remove(attendance)
        db.delete(attendance)
    db.flush()


def follow_seats(db: Session, meeting_id: int) -> None:
    """`renew_invitations` of a coming meeting, when somebody's seat has changed."""
    meeting = db.get_one(Meeting, meeting_id)
    lock(db, meeting)
    if meeting.state in (State.PLANNED, State.AGENDA_SENT):
        renew_invitations(db, meeting)


def _wanted(db: Session, meeting: Meeting) -> dict[int, _Place]:
    day = workdays.copenhagen(meeting.starts_at).date()
    wanted: dict[int, _Place] = {}
    for seat in seats_on(db, meeting.committee_id, day):
        if seat.role is SeatRole.SUBSTITUTE:
            continue
        part = Part.ADVISORY if seat.role is SeatRole.ADVISORY else Part.MEMBER
        wanted.setdefault(seat.person_id, _Place(part, seat.side, seat.role, seat.id))
    if meeting.kind is Kind.ALL_HANDS:
        for committee_id in sorted(below(db, Committee, {meeting.committee_id})):
            for seat in seats_on(db, committee_id, day):
                if seat.role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER):
                    wanted.setdefault(seat.person_id, _Place(Part.GUEST, seat.side, None, seat.id))
    if meeting.committee.level is Level.STAFF_MEETING and meeting.committee.unit_id is not None:
        units = {meeting.committee.unit_id} | below(db, Unit, {meeting.committee.unit_id})
        staff = db.execute(
            select(Employment.person_id, Employment.manages)
            .where(Employment.unit_id.in_(units), on_day(Employment, day))
            .order_by(Employment.person_id)
        )
        for person_id, manages in staff:
            side = Side.MANAGEMENT if manages else Side.EMPLOYEE
            wanted.setdefault(person_id, _Place(Part.MEMBER, side, SeatRole.MEMBER, None))
    return wanted


def _add_helpers(meeting: Meeting) -> None:
    """A minute-taker or moderator from outside the committee is a guest, so that they are called in and noted."""
    here = {attendance.person_id: attendance for attendance in meeting.attendances}
    for person_id in (meeting.minute_taker_id, meeting.moderator_id):
        if person_id is None:
            continue
        if person_id not in here:
            here[person_id] = Attendance(person_id=person_id, part=Part.GUEST, reply=Reply.INVITED)
            meeting.attendances.append(here[person_id])
        elif here[person_id].part is Part.OBSERVER:
            here[person_id].part, here[person_id].reply = Part.GUEST, Reply.INVITED


# --- the agenda goes out ----------------------------------------------------------------------------------------


def agenda_mark(meeting: Meeting) -> str:
    """A short mark of the agenda as it stands: whoever approves, approves what was on their screen."""
    seen = "|".join(f"{item.id}.{item.version}.{item.position}" for item in meeting.items)
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def approve_agenda(db: Session, viewer: Viewer, meeting: Meeting, form: ApproveAgenda) -> Meeting:
    """Say yes to the agenda on behalf of one's side. When all who must have said yes, it goes out.

    Raises Stale when the agenda changed after the page was opened.
    """
    lock(db, meeting)
    require(viewer, access.approve_agenda, meeting)
    renew_invitations(db, meeting)
    require(viewer, access.approve_agenda, meeting)  # for whom they stood in may have left
    if form.seen and form.seen != agenda_mark(meeting):
        raise AgendaChanged
    if not meeting.items:
        raise Conflict(T("Dagsordenen har ingen punkter endnu."))
    now = clock.now()
    if access.acts_for(viewer, meeting, SeatRole.CHAIR) and meeting.agenda_chair_at is None:
        meeting.agenda_chair_at, meeting.agenda_chair_id = now, viewer.person_id
    if access.acts_for(viewer, meeting, SeatRole.VICE_CHAIR) and meeting.agenda_vice_at is None:
        meeting.agenda_vice_at, meeting.agenda_vice_id = now, viewer.person_id
    note(db, viewer, "agenda.approved", meeting)
    if not still_to_approve(db, meeting):
        meeting.state = State.AGENDA_SENT
        meeting.agenda_sent_at = now
        note(db, viewer, "agenda.sent", meeting)
        keep_findable(db, meeting)
    return meeting


class AgendaChanged(Stale):
    def __init__(self) -> None:
        MedError.__init__(self)
        self.message = T("Dagsordenen er ændret, efter at du åbnede siden. Se den igennem, og godkend igen.")


def must_approve(rules_approval: Approval, meeting: Meeting) -> list[SeatRole]:
    """Whose yes an agenda needs. Where nobody holds the vice-chair's seat, the chair's is enough, and the reverse."""
    roles = [SeatRole.CHAIR] if rules_approval is Approval.CHAIR else [SeatRole.CHAIR, SeatRole.VICE_CHAIR]
    held = {attendance.role for attendance in meeting.attendances}
    return [role for role in roles if role in held] or [SeatRole.CHAIR]


def still_to_approve(db: Session, meeting: Meeting) -> list[SeatRole]:
    day = workdays.copenhagen(meeting.starts_at).date()
    roles = must_approve(rules_on(db, meeting.committee_id, day).agenda_approval, meeting)
    done = {SeatRole.CHAIR: meeting.agenda_chair_at, SeatRole.VICE_CHAIR: meeting.agenda_vice_at}
    return [role for role in roles if done[role] is None]


def lock(db: Session, meeting: Meeting) -> None:
    """Take the meeting's row for the rest of the transaction, so that two people's changes come one after the other."""
    db.flush()
    db.refresh(meeting, with_for_update={"of": Meeting})  # PostgreSQL locks no joined row that may be missing
    db.expire(meeting, ["items", "attendances"])
