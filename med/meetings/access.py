"""Who may see which meetings, items and papers, and who may do what with them.

Seeing, in short: every employee sees that a meeting is held, and its open items once the agenda has gone out (or is
shown while it grows). What was said and settled follows when both chairs have approved the minutes, or live where
the meeting is open. Those inside the committee, and the substitute who steps in at a meeting, see all of it.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from med import clock
from med.access import INSIDE, SeatRole, Side, Viewer
from med.language import T, Text, _n
from med.meetings.models.agenda import Attachment, Item, Note, Proposal, ProposalState
from med.meetings.models.meeting import Attendance, Kind, Meeting, Part, Presence, Reply, State
from med.meetings.models.minutes import Minutes, MinutesState
from med.organisation.access import is_employee
from med.organisation.models import Committee

FROZEN = (MinutesState.APPROVED, MinutesState.ADOPTED)
ORIGIN = Item.__table__.alias("origin")


# --- seeing -----------------------------------------------------------------------------------------------------


def stands_in_at(viewer: Viewer) -> ColumnElement[bool]:
    """Meetings (by Meeting.id) where the viewer steps in for a member who declined."""
    return Meeting.id.in_(_stand_ins(viewer))


def _stand_ins(viewer: Viewer, *more: ColumnElement[bool]):
    taken = select(Attendance.meeting_id).where(*more)
    return taken.where(
        Attendance.person_id == viewer.person_id, Attendance.part == Part.SUBSTITUTE, Attendance.reply != Reply.DECLINED
    )


def visible_meetings(viewer: Viewer) -> ColumnElement[bool]:
    return true() if viewer.is_employee else false()


def inside_meetings(viewer: Viewer) -> ColumnElement[bool]:
    """Meetings whose closed items, drafts and replies are the viewer's business."""
    if not viewer.is_employee:
        return false()
    return or_(Meeting.committee_id.in_(viewer.inside), stands_in_at(viewer))


def inside_items(viewer: Viewer) -> ColumnElement[bool]:
    if not viewer.is_employee:
        return false()
    return or_(Item.committee_id.in_(viewer.inside), Item.meeting_id.in_(_stand_ins(viewer)))


def visible_items(viewer: Viewer) -> ColumnElement[bool]:
    """Items a viewer may read: title, case, recommendation and open attachments.

    Whoever may read what was said on an item may read the item: a meeting without agenda never sends one out.
    """
    if not viewer.is_employee:
        return false()
    shown = or_(Meeting.agenda_sent_at.is_not(None), and_(Meeting.draft_shown, Meeting.state != State.CANCELLED))
    return or_(inside_items(viewer), and_(Item.is_open, or_(_at_meeting(shown), _told(viewer))))


def _at_meeting(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Items whose meeting is so. Each is looked up in its own meeting: pages show a handful of a city's 400,000."""
    return exists().where(Meeting.id == Item.meeting_id, condition).correlate(Item)


def _told(viewer: Viewer) -> ColumnElement[bool]:
    """Items of meetings whose words are out: approved minutes, live ones, and those the viewer minutes."""
    published = Minutes.chairs_approved_at.is_not(None)
    live_or_mine = or_(
        and_(Meeting.state == State.IN_PROGRESS, Meeting.is_open), Meeting.minute_taker_id == viewer.person_id
    )
    return or_(
        exists().where(Minutes.meeting_id == Item.meeting_id, published).correlate(Item), _at_meeting(live_or_mine)
    )


def visible_words(viewer: Viewer) -> ColumnElement[bool]:
    """Items whose minutes and outcome a viewer may read: published ones, live ones, and all of one's own committee's.

    A minute-taker from outside the committee reads the open items they write on.
    """
    if not viewer.is_employee:
        return false()
    return or_(inside_items(viewer), and_(Item.is_open, _told(viewer)))


def visible_minutes(viewer: Viewer) -> ColumnElement[bool]:
    """Minutes as a document (by Minutes): approved ones, and the drafts of one's own committees or one's own pen."""
    if not viewer.is_employee:
        return false()
    mine = or_(inside_meetings(viewer), Meeting.minute_taker_id == viewer.person_id)
    own = exists().where(Meeting.id == Minutes.meeting_id, mine).correlate(Minutes)
    return or_(Minutes.chairs_approved_at.is_not(None), own)


def visible_attachments(viewer: Viewer) -> ColumnElement[bool]:
    """Attachments (joined with Item): open ones on readable items; closed ones inside the committee."""
    if not viewer.is_employee:
        return false()
    return and_(Attachment.removed_at.is_(None), visible_items(viewer), or_(Attachment.is_open, inside_items(viewer)))


def visible_proposals(viewer: Viewer, table: Any = Proposal) -> ColumnElement[bool]:
    """Proposals to one's own committees and those they sent on, and one's own; not what others sent on in one's name
    from a closed item. A committee that sent a disagreement on reads the answer."""
    if not viewer.is_employee:
        return false()
    mine = table.raised_by_id == viewer.person_id
    known = or_(ORIGIN.c.committee_id.in_(viewer.inside), and_(ORIGIN.c.is_open, mine))
    origin = exists().where(ORIGIN.c.id == table.from_item_id, known).correlate(table)
    return or_(and_(mine, table.from_item_id.is_(None)), origin, table.committee_id.in_(viewer.inside))


def is_open_point() -> ColumnElement[bool]:
    """Proposals whose words belong to no closed item: neither the one they came from nor the one they became."""
    its = ORIGIN.c.id.in_([Proposal.from_item_id, Proposal.item_id])
    return ~exists().where(its, ORIGIN.c.is_open.is_(False)).correlate(Proposal)


def visible_notes(viewer: Viewer) -> ColumnElement[bool]:
    """Notes (joined with Item): one's own, and those of one's own side while one sits on it or steps in for it."""
    sides = [
        and_(Item.committee_id == seat.committee_id, Note.side == seat.side)
        for seat in viewer.seats
        if seat.side is not None and seat.role in INSIDE
    ]
    steps_in = Item.meeting_id.in_(_stand_ins(viewer, Attendance.side == Note.side))
    return and_(inside_items(viewer), or_(Note.person_id == viewer.person_id, steps_in, *sides))


def is_inside(viewer: Viewer, meeting: Meeting) -> bool:
    """The plain-Python twin of `inside_meetings` for one meeting that is already loaded."""
    if not viewer.is_employee:
        return False
    return meeting.committee_id in viewer.inside or bool(_steps_in(viewer, meeting))


def _steps_in(viewer: Viewer, meeting: Meeting) -> list[Attendance]:
    mine = (a for a in meeting.attendances if a.person_id == viewer.person_id)
    return [a for a in mine if a.part is Part.SUBSTITUTE and a.reply is not Reply.DECLINED]


def side_at(viewer: Viewer, meeting: Meeting) -> Side | None:
    """The side the viewer is on at a meeting: that of their seat, or of the member they step in for."""
    return viewer.side_in(meeting.committee_id) or next((a.side for a in _steps_in(viewer, meeting)), None)


# --- who stands where -------------------------------------------------------------------------------------------


def acts_for(viewer: Viewer, meeting: Meeting, role: SeatRole) -> bool:
    """Whether the viewer is the chair (or vice-chair), or steps in for the one who is away from this meeting."""
    if not viewer.is_employee:
        return False
    if viewer.sits_as(meeting.committee_id, role):
        return True
    return any(there.person_id == viewer.person_id and acts_as(there, role) for there in meeting.attendances)


def acts_as(there: Attendance, role: SeatRole) -> bool:
    """Whether somebody at a meeting acts for its chair (or vice-chair): the named substitute of the same side does,
    when the chair declined or was absent, and the substitute stands in for exactly that attendance."""
    away = there.stands_in_for
    return (
        there.part is Part.SUBSTITUTE
        and there.reply is not Reply.DECLINED
        and away is not None
        and away.role is role
        and away.side is there.side
        and (away.reply is Reply.DECLINED or away.presence is Presence.ABSENT)
    )


def runs_meeting(viewer: Viewer, meeting: Meeting) -> bool:
    return (
        viewer.runs(meeting.committee_id)
        or acts_for(viewer, meeting, SeatRole.CHAIR)
        or acts_for(viewer, meeting, SeatRole.VICE_CHAIR)
    )


def minutes_are_frozen(meeting: Meeting) -> bool:
    return meeting.minutes is not None and meeting.minutes.state in FROZEN


# --- doing: planning --------------------------------------------------------------------------------------------


def plan_meeting(viewer: Viewer, committee: Committee) -> Iterator[Text]:
    yield from is_employee(viewer)
    if not viewer.runs(committee.id):
        yield T("Kun formandskabet og MED-sekretæren kan planlægge møder.")


def change_meeting(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    """Time, place, kind, openness, minute-taker."""
    yield from is_employee(viewer)
    if not runs_meeting(viewer, meeting):
        yield T("Kun formandskabet og MED-sekretæren kan ændre mødet.")
    if meeting.state is State.CANCELLED:
        yield T("Mødet er aflyst.")
    if meeting.state is State.HELD:
        yield T("Mødet er holdt.")


def cancel_meeting(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    yield from change_meeting(viewer, meeting)
    if meeting.state is State.IN_PROGRESS:
        yield T("Mødet er i gang.")


def prepare_agenda(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    """Add, change, order and remove items, and add attachments, until the meeting is over."""
    yield from is_employee(viewer)
    if not runs_meeting(viewer, meeting):
        yield T("Kun formandskabet og MED-sekretæren kan ændre dagsordenen.")
    if meeting.state is State.CANCELLED:
        yield T("Mødet er aflyst.")
    if meeting.state is State.HELD:
        yield T("Mødet er holdt, og dagsordenen ligger fast.")


def close_item(viewer: Viewer, item: Item) -> Iterator[Text]:
    """Close an item to others than the committee, or open it again."""
    yield from is_employee(viewer)
    if not runs_meeting(viewer, item.meeting):
        yield T("Kun formandskabet og MED-sekretæren kan lukke eller åbne et punkt.")
    if minutes_are_frozen(item.meeting):
        yield T("Referatet er godkendt og kan ikke ændres.")


def approve_agenda(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    """Say yes to the agenda on behalf of one's side; the other side says it too before it goes out."""
    yield from is_employee(viewer)
    as_chair = acts_for(viewer, meeting, SeatRole.CHAIR)
    as_vice = acts_for(viewer, meeting, SeatRole.VICE_CHAIR)
    if not (as_chair or as_vice):
        yield T("Kun formand og næstformand kan godkende dagsordenen.")
    elif (not as_chair or meeting.agenda_chair_at) and (not as_vice or meeting.agenda_vice_at):
        yield T("Du har allerede godkendt dagsordenen.")
    if meeting.kind is Kind.WITHOUT_AGENDA:
        yield T("Et møde uden dagsorden skal ikke godkendes.")
    if meeting.state is State.CANCELLED:
        yield T("Mødet er aflyst.")
    elif meeting.state is not State.PLANNED:
        yield T("Dagsordenen er allerede udsendt.")


# --- doing: proposals -------------------------------------------------------------------------------------------


def propose(viewer: Viewer, committee: Committee) -> Iterator[Text]:
    """Any employee may raise a point for any committee."""
    yield from is_employee(viewer)


def answer_proposal(viewer: Viewer, proposal: Proposal) -> Iterator[Text]:
    yield from is_employee(viewer)
    if not viewer.presides(proposal.committee_id):
        yield T("Kun formandskabet kan svare på forslag.")
    if proposal.state not in (ProposalState.RECEIVED, ProposalState.POSTPONED):
        yield T("Forslaget er allerede besvaret.")


def withdraw_proposal(viewer: Viewer, proposal: Proposal) -> Iterator[Text]:
    yield from is_employee(viewer)
    if proposal.raised_by_id != viewer.person_id:
        yield T("Kun den, der har rejst punktet, kan trække det tilbage.")
    if proposal.from_item_id is not None:
        yield T("Et udvalg har sendt punktet hertil. Det kan ikke trækkes tilbage.")
    if proposal.state not in (ProposalState.RECEIVED, ProposalState.POSTPONED):
        yield T("Forslaget er allerede besvaret.")


# --- doing: taking part -----------------------------------------------------------------------------------------


def takes_answers(meeting: Meeting) -> bool:
    return meeting.state not in (State.HELD, State.CANCELLED) and meeting.ends_at >= clock.now()


def reply_to_meeting(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    """Accept or decline one's own invitation."""
    yield from is_employee(viewer)
    if not any(a.person_id == viewer.person_id and a.part is not Part.OBSERVER for a in meeting.attendances):
        yield T("Du er ikke inviteret til mødet.")
    if not takes_answers(meeting):
        yield T("Mødet er holdt eller aflyst, eller dets tid er gået.")


def observe_meeting(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    """Sign up to listen at an open meeting."""
    yield from is_employee(viewer)
    if not meeting.is_open:
        yield T("Mødet er ikke åbent.")
    if not takes_answers(meeting):
        yield T("Mødet er holdt eller aflyst, eller dets tid er gået.")
    if any(a.person_id == viewer.person_id and a.part is not Part.OBSERVER for a in meeting.attendances):
        yield T("Du er allerede inviteret til mødet.")


def follow_live(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    """Be in the room page: inside and those who serve the meeting always, others at an open one in progress."""
    yield from is_employee(viewer)
    serves = viewer.person_id in (meeting.minute_taker_id, meeting.moderator_id)
    is_public = meeting.is_open and meeting.state is State.IN_PROGRESS
    if not (serves or is_public or is_inside(viewer, meeting)):
        yield T("Mødet kan ikke følges direkte.")


def note_privately(viewer: Viewer, item: Item) -> Iterator[Text]:
    yield from is_employee(viewer)
    if not is_inside(viewer, item.meeting):
        yield T("Noter er for udvalgets medlemmer.")


def note_for_side(viewer: Viewer, item: Item) -> Iterator[Text]:
    yield from is_employee(viewer)
    if side_at(viewer, item.meeting) is None:
        yield T("Kun medlemmer af en side kan skrive sidens noter.")


# --- doing: minuting --------------------------------------------------------------------------------------------


def minute_meeting(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    """Write what happens: words, outcomes, presence. Until the minutes are approved."""
    yield from is_employee(viewer)
    if not (runs_meeting(viewer, meeting) or meeting.minute_taker_id == viewer.person_id):
        yield T("Kun formandskabet, MED-sekretæren og mødets referent kan skrive referat.")
    if meeting.state not in (State.IN_PROGRESS, State.HELD):
        yield T("Mødet er ikke begyndt.")
    if minutes_are_frozen(meeting):
        yield T("Referatet er godkendt og kan ikke ændres.")


def minute_item(viewer: Viewer, item: Item) -> Iterator[Text]:
    yield from minute_meeting(viewer, item.meeting)
    if not item.is_open and not is_inside(viewer, item.meeting):
        yield T("Punktet er lukket for dig.")


def open_meeting(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    yield from is_employee(viewer)
    mine = {meeting.minute_taker_id, meeting.moderator_id}
    if not (runs_meeting(viewer, meeting) or viewer.person_id in mine):
        yield T("Kun formandskabet, MED-sekretæren, mødelederen og referenten kan åbne mødet.")
    if meeting.state in (State.IN_PROGRESS, State.HELD):
        yield T("Mødet er allerede åbnet.")
    if meeting.state is State.CANCELLED:
        yield T("Mødet er aflyst.")


def undo_opening(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    yield from change_meeting(viewer, meeting)
    if meeting.state is not State.IN_PROGRESS:
        yield T("Mødet er ikke i gang.")


def close_meeting(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    yield from is_employee(viewer)
    mine = {meeting.minute_taker_id, meeting.moderator_id}
    if not (runs_meeting(viewer, meeting) or viewer.person_id in mine):
        yield T("Kun formandskabet, MED-sekretæren, mødelederen og referenten kan afslutte mødet.")
    if meeting.state is not State.IN_PROGRESS:
        yield T("Mødet er ikke i gang.")
    if missing := [item for item in meeting.items if item.outcome is None]:
        yield _n(
            "%(num)s punkt mangler en afslutning: %(titles)s.",
            "%(num)s punkter mangler en afslutning: %(titles)s.",
            len(missing),
            titles=", ".join(f"{item.position}" for item in missing),
        )


def send_minutes_to_review(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    yield from minute_meeting(viewer, meeting)
    if meeting.state is not State.HELD:
        yield T("Mødet er ikke afsluttet.")
    if meeting.minutes is not None and meeting.minutes.state is not MinutesState.DRAFT:
        yield T("Referatet er allerede til godkendelse.")


def approve_minutes(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    """Approve on behalf of one's side. When both have, the minutes are frozen and published."""
    yield from is_employee(viewer)
    minutes = meeting.minutes
    as_chair = acts_for(viewer, meeting, SeatRole.CHAIR)
    as_vice = acts_for(viewer, meeting, SeatRole.VICE_CHAIR)
    if not (as_chair or as_vice):
        yield T("Kun formand og næstformand kan godkende referatet.")
    if minutes is None or minutes.state is not MinutesState.IN_REVIEW:
        yield T("Referatet er ikke til godkendelse.")
    elif (as_chair or as_vice) and (not as_chair or minutes.chair_at) and (not as_vice or minutes.vice_at):
        yield T("Du har allerede godkendt referatet.")


def record_written_approval(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    """The secretary records an approval a chair gave in writing, with its proof."""
    yield from is_employee(viewer)
    if not viewer.is_secretary(meeting.committee_id):
        yield T("Kun MED-sekretæren kan notere en skriftlig godkendelse.")
    if meeting.minutes is None or meeting.minutes.state is not MinutesState.IN_REVIEW:
        yield T("Referatet er ikke til godkendelse.")


def add_addendum(viewer: Viewer, meeting: Meeting) -> Iterator[Text]:
    yield from is_employee(viewer)
    if not runs_meeting(viewer, meeting):
        yield T("Kun formandskabet og MED-sekretæren kan tilføje til et godkendt referat.")
    if not minutes_are_frozen(meeting):
        yield T("Referatet er ikke godkendt endnu; ret i stedet i selve referatet.")
