"""What calendars are to be told: coming meetings compared with what each invited person's calendar was told last.

A person is asked as soon as the meeting is planned, so that the day is kept; the agenda, which comes later, is not
news to a calendar. Between two looks any number of changes may have been made: one mail tells where things stand.
Those who signed up to listen are not asked, for they asked themselves; their own calendar address shows the meeting.
The first look after this is taken into use asks for every coming meeting, once.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.calendar.models import Invitation, Method
from med.meetings.models import Attendance, Meeting, Part, State
from med.notices.models import Message, MessageState
from med.notices.outbox import Posting, post
from med.organisation.models import Person

COMING = (State.PLANNED, State.AGENDA_SENT, State.IN_PROGRESS)


def plan_invitations(db: Session) -> None:
    """Post what is to be told, and keep what was told. Nothing for meetings that are over; no request once begun."""
    now = clock.now()
    told = {
        (one.meeting_id, one.person_id): one
        for one in db.scalars(
            select(Invitation).join(Meeting, Meeting.id == Invitation.meeting_id).where(Meeting.ends_at > now)
        )
    }
    postings = []
    wanted = set()
    for row in invited(db, now):
        key = row.meeting_id, row.person_id
        wanted.add(key)
        if row.starts_at > now and (posting := _ask(db, told.get(key), row, now)) is not None:
            postings.append(posting)
    for key, known in told.items():
        if key not in wanted and known.method is Method.REQUEST:
            postings += _call_off(db, known, now)
    post(db, postings)


def invited(db: Session, now: datetime) -> Iterable[Row]:
    """Who is invited to which coming meeting, and what their calendar should show."""
    return db.execute(
        select(
            Meeting.id.label("meeting_id"),
            Attendance.person_id,
            Person.mail,
            Meeting.sequence,
            Meeting.title,
            Meeting.starts_at,
            Meeting.ends_at,
            Meeting.place,
            Meeting.video_url,
        )
        .join(Attendance, Attendance.meeting_id == Meeting.id)
        .join(Person, Person.id == Attendance.person_id)
        .where(
            Meeting.ends_at > now,
            Meeting.state.in_(COMING),
            Attendance.part != Part.OBSERVER,
            Person.mail != "",
            Person.is_active,
        )
        .order_by(Meeting.starts_at, Meeting.id, Attendance.person_id)
    ).all()


def core(meeting: Meeting | Row) -> str:
    """A mark of what an answer is an answer to: when and where. Another one asks everybody anew."""
    return _mark(meeting.starts_at.isoformat(), meeting.ends_at.isoformat(), meeting.place, meeting.video_url)


def _mark(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def _ask(db: Session, known: Invitation | None, row: Row, now: datetime) -> Posting | None:
    """The first request, or an update where the calendar shows something else than it should; else None."""
    fingerprint = f"{core(row)}.{_mark(row.title, row.mail)}"
    if known is None:
        known = Invitation(meeting_id=row.meeting_id, person_id=row.person_id, sequence=row.sequence)
        db.add(known)
        kind = "invitation"
    elif known.method is Method.CANCEL:  # asked once more after having been called off
        known.sequence = max(row.sequence, known.sequence + 1)
        kind = "invitation"
    elif known.fingerprint == fingerprint:
        return None
    else:
        if not known.fingerprint.startswith(core(row)):
            known.sequence = max(row.sequence, known.sequence + 1)
        kind = "invitation_update"
    known.method, known.fingerprint = Method.REQUEST, fingerprint
    return _tell(known, kind, now)


def _call_off(db: Session, known: Invitation, now: datetime) -> list[Posting]:
    """The meeting is cancelled, or the person no longer invited. Nobody is called off who was never asked."""
    if not _has_left(db, known, now):
        db.delete(known)
        return []
    known.method = Method.CANCEL
    known.sequence += 1
    return [_tell(known, "invitation_cancel", now)]


def _has_left(db: Session, known: Invitation, now: datetime) -> bool:
    """Whether a mail about it has gone out, or is on its way at this moment."""
    on_its_way = Message.leased_until > now
    return (
        db.scalar(
            select(Message.id)
            .where(Message.key.startswith(_key(known), autoescape=True))
            .where(or_(Message.state == MessageState.SENT, on_its_way))
            .limit(1)
        )
        is not None
    )


def _tell(known: Invitation, kind: str, now: datetime) -> Posting:
    """`told_at` is the mail's DTSTAMP: whole seconds, and later than the last one."""
    stamp = now.replace(microsecond=0)
    if known.told_at is not None and stamp <= known.told_at:
        stamp = known.told_at + timedelta(seconds=1)
    known.told_at = stamp
    return Posting(
        key=f"{_key(known)}{known.sequence}:{stamp:%Y%m%dT%H%M%SZ}",
        kind=kind,
        person_id=known.person_id,
        details={"meeting_id": known.meeting_id, "told_at": stamp.isoformat()},
    )


def _key(known: Invitation) -> str:
    return f"invitation:meeting:{known.meeting_id}:person:{known.person_id}:"
