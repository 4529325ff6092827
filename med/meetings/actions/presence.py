"""Who was there: noted while the meeting goes on, corrected with a trace until the minutes are approved."""

import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole, Viewer
from med.errors import Invalid, NotFound
from med.journal.actions import note
from med.language import T
from med.meetings import access
from med.meetings.actions.entering import in_the_room
from med.meetings.actions.minutes import reopen_review
from med.meetings.forms.minuting import Here, Joined
from med.meetings.models import Attendance, Correction, Item, Meeting, Part, Presence, Recusal, Reply, State
from med.organisation.access import on_day
from med.organisation.models import Person, Seat
from med.organisation.queries import person_by_words
from med.workdays import copenhagen

WHY = T("Skriv, hvorfor fremmødet rettes efter mødet.")
CLOCK = re.compile(r"^([01]?\d|2[0-3])[.:]([0-5]\d)$")


def note_presence(db: Session, viewer: Viewer, meeting: Meeting, here: Mapping[int, Here], reason: str = "") -> int:
    """Note who is present, late or absent; gives how many changed.

    Once the meeting is over a correction needs a reason, and leaves a trace of what it was.
    """
    in_the_room(db, viewer, access.minute_meeting, meeting)
    errors = {}
    changes: list[tuple[Attendance, Presence, str, str]] = []
    for attendance in meeting.attendances:
        if (row := here.get(attendance.id)) is None:
            continue
        try:
            presence = Presence(row.presence)
        except ValueError:
            errors[f"presence-{attendance.id}"] = T("Vælg en af mulighederne.")
            continue
        arrived, left = _clock(row.arrived), _clock(row.left)
        if arrived is None:
            errors[f"arrived-{attendance.id}"] = T("Skriv et klokkeslæt, fx 9.30.")
        if left is None:
            errors[f"left-{attendance.id}"] = T("Skriv et klokkeslæt, fx 9.30.")
        if arrived is None or left is None:
            continue
        if presence is Presence.ABSENT:
            arrived = left = ""
        if (presence, arrived, left) != (attendance.presence, attendance.arrived, attendance.left):
            changes.append((attendance, presence, arrived, left))
    if meeting.state is State.HELD and changes and not reason:
        errors["reason"] = WHY
    if errors:
        raise Invalid(**errors)
    for attendance, presence, arrived, left in changes:
        _trace(db, viewer, attendance, presence, " ".join([*_times(attendance, arrived, left), reason]))
        attendance.presence = presence
        attendance.arrived = arrived
        attendance.left = left
        note(db, viewer, "attendance.noted", attendance, ["presence", "arrived", "left"])
    if changes:
        reopen_review(db, viewer, meeting)
    return len(changes)


def _times(attendance: Attendance, arrived: str, left: str) -> list[str]:
    """What is corrected in the hours, in the committee's language: kept with the reason."""
    said = (
        (T("Kom kl. %(now)s (før: %(before)s)."), arrived, attendance.arrived),
        (T("Gik kl. %(now)s (før: %(before)s)."), left, attendance.left),
    )
    return [text.message % {"now": now or "–", "before": was or "–"} for text, now, was in said if now != was]


def _trace(db: Session, viewer: Viewer, attendance: Attendance, became: Presence, reason: str) -> None:
    """What somebody's presence was before it was corrected after the meeting."""
    if attendance.meeting.state is State.HELD:
        db.add(
            Correction(
                attendance_id=attendance.id,
                was=attendance.presence,
                became=became,
                reason=reason,
                person_id=viewer.person_id,
                at=clock.now(),
            )
        )


def _clock(typed: str) -> str | None:
    """ "9:5" is no time; "09:20" is written "9.20" as in minutes; nothing is nothing."""
    if not typed:
        return ""
    found = CLOCK.match(typed)
    return f"{int(found[1])}.{found[2]}" if found else None


def add_attendant(db: Session, viewer: Viewer, meeting: Meeting, form: Joined) -> Attendance:
    """Someone comes who was not on the list: a guest, an adviser, or a substitute who steps in now.

    Only a person who holds a substitute's seat on that side can be let in as a substitute: the part opens the
    committee's closed items.
    """
    in_the_room(db, viewer, access.minute_meeting, meeting)
    person = person_by_words(db, viewer, form.person)
    if person is None:
        raise Invalid(person=T("Vi kender ikke en med det navn. Vælg en fra listen."))
    if form.part not in (Part.GUEST, Part.ADVISORY, Part.SUBSTITUTE):
        raise Invalid(part=T("Vælg en af mulighederne."))
    attendance = next((one for one in meeting.attendances if one.person_id == person.id), None)
    if attendance is not None and attendance.part in (Part.MEMBER, Part.SUBSTITUTE):
        raise Invalid(person=T("%(name)s står allerede på listen.", name=person.name))
    if meeting.state is State.HELD and not form.reason:
        raise Invalid(reason=WHY)
    away = _steps_in_for(db, meeting, person, form) if form.part is Part.SUBSTITUTE else None
    if attendance is None:
        attendance = Attendance(meeting_id=meeting.id, person_id=person.id, part=form.part)
        db.add(attendance)
        meeting.attendances.append(attendance)
        db.flush()
    _trace(db, viewer, attendance, Presence.PRESENT, form.reason)
    attendance.part = form.part
    attendance.reply, attendance.replied_at = Reply.ACCEPTED, None  # others say so
    attendance.presence = Presence.PRESENT
    attendance.note = form.note
    if away is not None:
        attendance.side = away.side
        attendance.role = SeatRole.SUBSTITUTE
        attendance.stands_in_for_id = away.id
        if away.presence is not Presence.ABSENT:
            _trace(db, viewer, away, Presence.ABSENT, form.reason)
        away.presence = Presence.ABSENT
        note(db, viewer, "attendance.noted", away, ["presence"])
    note(db, viewer, "attendance.added", attendance, ["part"])
    reopen_review(db, viewer, meeting)
    return attendance


def _steps_in_for(db: Session, meeting: Meeting, person: Person, form: Joined) -> Attendance:
    away = next((one for one in meeting.attendances if one.id == form.stands_in_for and one.part is Part.MEMBER), None)
    if away is None:
        raise Invalid(stands_in_for=T("Vælg, hvem suppleanten træder ind for."))
    if away.presence in (Presence.PRESENT, Presence.LATE):
        raise Invalid(stands_in_for=T("%(name)s er selv til stede.", name=away.person.name))
    if any(one.stands_in_for_id == away.id and one.reply is not Reply.DECLINED for one in meeting.attendances):
        raise Invalid(stands_in_for=T("Der er allerede en suppleant for %(name)s.", name=away.person.name))
    seat = db.scalar(
        select(Seat.id).where(
            Seat.committee_id == meeting.committee_id,
            Seat.person_id == person.id,
            Seat.role == SeatRole.SUBSTITUTE,
            Seat.side == away.side,
            on_day(Seat, copenhagen(meeting.starts_at).date()),
        )
    )
    if seat is None:
        raise Invalid(person=T("%(name)s er ikke suppleant for den side.", name=person.name))
    return away


def recuse(db: Session, viewer: Viewer, item: Item, person_id: int) -> Recusal:
    """Someone takes no part in an item (inhabil); the minutes say so."""
    meeting = in_the_room(db, viewer, access.minute_item, item)
    if person_id not in {attendance.person_id for attendance in meeting.attendances}:
        raise Invalid(person_id=T("Vælg en, der er med i mødet."))
    found = db.scalar(select(Recusal).where(Recusal.item_id == item.id, Recusal.person_id == person_id))
    if found is None:
        found = Recusal(item_id=item.id, person_id=person_id)
        db.add(found)
        note(db, viewer, "item.recused", item)
        reopen_review(db, viewer, meeting)
    return found


def readmit(db: Session, viewer: Viewer, item: Item, person_id: int) -> None:
    """The recusal was a mistake."""
    meeting = in_the_room(db, viewer, access.minute_item, item)
    found = db.scalar(select(Recusal).where(Recusal.item_id == item.id, Recusal.person_id == person_id))
    if found is None:
        raise NotFound
    db.delete(found)
    note(db, viewer, "item.readmitted", item)
    reopen_review(db, viewer, meeting)
