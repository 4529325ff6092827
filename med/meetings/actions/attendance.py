"""Who comes: accepting, declining with a substitute, and signing up to listen."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from med import clock, workdays
from med.access import SeatRole, Viewer, require
from med.errors import Invalid, NotFound
from med.journal.actions import note
from med.language import T
from med.meetings import access
from med.meetings.actions.planning import lock
from med.meetings.forms.planning import ReplyToMeeting
from med.meetings.models import Attendance, Meeting, Part, Presence, Reply
from med.organisation.access import on_day
from med.organisation.models import Seat


def reply_to_meeting(db: Session, viewer: Viewer, meeting: Meeting, form: ReplyToMeeting) -> Attendance:
    """Say whether one comes. Who declines may ask a substitute of the same side, who is then invited."""
    require(viewer, access.reply_to_meeting, meeting)
    lock(db, meeting)
    require(viewer, access.reply_to_meeting, meeting)
    mine = next(a for a in meeting.attendances if a.person_id == viewer.person_id)
    return _answer(db, viewer, meeting, mine, form)


def reply_for(db: Session, viewer: Viewer, attendance: Attendance, form: ReplyToMeeting) -> Attendance:
    """The chairs or the secretary note an apology that was given to them by word of mouth."""
    meeting = attendance.meeting
    require(viewer, access.change_meeting, meeting)
    lock(db, meeting)
    if attendance.part is Part.OBSERVER:
        raise NotFound
    return _answer(db, viewer, meeting, attendance, form)


def _answer(db: Session, viewer: Viewer, meeting: Meeting, mine: Attendance, form: ReplyToMeeting) -> Attendance:
    substitute = None
    if form.substitute is not None and form.reply is Reply.DECLINED:
        offered = {seat.person_id: seat for seat in substitutes_for(db, meeting, mine)}
        substitute = offered.get(form.substitute)
        if substitute is None:
            raise Invalid(substitute=T("Vælg en suppleant fra samme side, som ikke allerede deltager."))
    asked_before = stand_in_for(meeting, mine)
    if asked_before is not None and (substitute is None or asked_before.person_id != substitute.person_id):
        _release(db, viewer, meeting, asked_before)
    mine.reply, mine.replied_at = form.reply, clock.now()
    mine.note = form.note
    note(db, viewer, "attendance.accepted" if form.reply is Reply.ACCEPTED else "attendance.declined", mine)
    if substitute is not None and stand_in_for(meeting, mine) is None:
        _call_in(db, viewer, meeting, mine, substitute)
    return mine


def _call_in(db: Session, viewer: Viewer, meeting: Meeting, away: Attendance, seat: Seat) -> Attendance:
    asked = next((a for a in meeting.attendances if a.person_id == seat.person_id), None)
    if asked is None:
        asked = Attendance(person_id=seat.person_id)
        meeting.attendances.append(asked)
    asked.part, asked.side, asked.role, asked.seat_id = Part.SUBSTITUTE, seat.side, seat.role, seat.id
    asked.reply, asked.replied_at, asked.note = Reply.INVITED, None, ""
    asked.stands_in_for = away
    note(db, viewer, "attendance.substitute_invited", asked)
    return asked


def _release(db: Session, viewer: Viewer, meeting: Meeting, stand_in: Attendance) -> None:
    """The member comes after all: the substitute is no longer called in (unless already noted as there)."""
    if stand_in.presence is not Presence.UNKNOWN:
        return
    note(db, viewer, "attendance.substitute_released", stand_in)
    meeting.attendances.remove(stand_in)
    db.delete(stand_in)
    db.flush()


def stand_in_for(meeting: Meeting, away: Attendance) -> Attendance | None:
    """The substitute who is asked to step in for someone, and has not said no."""
    for attendance in meeting.attendances:
        if attendance.stands_in_for_id == away.id and away.id is not None and attendance.reply is not Reply.DECLINED:
            return attendance
    return None


def substitutes_for(db: Session, meeting: Meeting, away: Attendance) -> list[Seat]:
    """Who may step in: substitutes of the same side on that day who are not there already; one's own named first."""
    if away.part is not Part.MEMBER or away.side is None:
        return []
    day = workdays.copenhagen(meeting.starts_at).date()
    taken = {a.person_id for a in meeting.attendances if a.part is not Part.OBSERVER and a.stands_in_for_id != away.id}
    seats = db.scalars(
        select(Seat)
        .where(
            Seat.committee_id == meeting.committee_id,
            Seat.role == SeatRole.SUBSTITUTE,
            Seat.side == away.side,
            on_day(Seat, day),
        )
        .options(joinedload(Seat.person))
        .order_by(Seat.id)
    )
    free = [seat for seat in seats if seat.person_id not in taken]
    return sorted(free, key=lambda seat: seat.substitute_for_id != away.seat_id or away.seat_id is None)


def named_substitute(db: Session, meeting: Meeting, away: Attendance) -> int | None:
    """The substitute named for exactly this seat, if free: a calendar's "no" cannot choose among several.

    One who has been asked in this person's place and said no is not asked again.
    """
    if away.seat_id is None:
        return None
    asked = {one.person_id for one in meeting.attendances if one.stands_in_for_id == away.id}
    for seat in substitutes_for(db, meeting, away):
        if seat.substitute_for_id == away.seat_id and seat.person_id not in asked:
            return seat.person_id
    return None


def apology_so_far(db: Session, meeting: Meeting, away: Attendance) -> dict[str, str]:
    """What the form to decline begins with: the reason given, and the substitute who is asked, else the one named.

    Who has declined and asked nobody has chosen so.
    """
    chosen = None
    if (asked := stand_in_for(meeting, away)) is not None:
        chosen = asked.person_id
    elif away.reply is not Reply.DECLINED:
        chosen = named_substitute(db, meeting, away)
    return {"note": away.note, "substitute": str(chosen or "")}


def observe_meeting(db: Session, viewer: Viewer, meeting: Meeting) -> Attendance:
    """Sign up to listen at an open meeting. Signing up twice is signing up once."""
    require(viewer, access.observe_meeting, meeting)
    lock(db, meeting)
    require(viewer, access.observe_meeting, meeting)
    mine = next((a for a in meeting.attendances if a.person_id == viewer.person_id), None)
    if mine is None:
        mine = Attendance(person_id=viewer.person_id, part=Part.OBSERVER, reply=Reply.ACCEPTED, replied_at=clock.now())
        meeting.attendances.append(mine)
        note(db, viewer, "attendance.observing", mine)
    return mine


def stop_observing(db: Session, viewer: Viewer, meeting: Meeting) -> None:
    """Change one's mind. Who was noted as there stays in the minutes."""
    require(viewer, access.observe_meeting, meeting)
    lock(db, meeting)
    require(viewer, access.observe_meeting, meeting)
    for attendance in list(meeting.attendances):
        if attendance.person_id == viewer.person_id and attendance.presence is Presence.UNKNOWN:
            note(db, viewer, "attendance.not_observing", attendance)
            meeting.attendances.remove(attendance)
            db.delete(attendance)
