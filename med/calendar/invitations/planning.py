"""What calendars are to be told: coming meetings compared with what each invited person's calendar was told last.

A person is asked as soon as the meeting is planned, so that the day is kept; the agenda, which comes later, is not
news to a calendar. Between two looks any number of changes may have been made: one mail tells where things stand.
Those who signed up to listen are not asked, for they asked themselves; their own calendar address shows the meeting.
The first look after this is taken into use asks for every coming meeting, once.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from med import clock
from med.calendar.models import Invitation, Method
from med.meetings.models import COMING, Attendance, Meeting, Part
from med.notices.models import Message, MessageState
from med.notices.outbox import Posting, post
from med.organisation.models import Person


def to_tell(db: Session) -> list[int]:
    """The meetings of which some calendar should be told something, the next one first. Looks only."""
    now = clock.now()
    told = {
        (row.meeting_id, row.person_id): row
        for row in db.execute(
            select(Invitation.meeting_id, Invitation.person_id, Invitation.method, Invitation.fingerprint)
            .join(Meeting, Meeting.id == Invitation.meeting_id)
            .where(Meeting.ends_at > now)
        )
    }
    found: dict[int, None] = {}
    wanted = set()
    for row in invited(db, now):
        key = row.meeting_id, row.person_id
        wanted.add(key)
        if row.starts_at > now and not _is_known(told.get(key), row):
            found[row.meeting_id] = None
    for key, known in told.items():
        if key not in wanted and known.method is Method.REQUEST:
            found[known.meeting_id] = None
    return list(found)


def plan_invitations(db: Session, meeting_ids: Collection[int]) -> None:
    """Post what is to be told of these meetings, and keep what was told. Nothing for meetings that are over; no
    request once a meeting has begun."""
    now = clock.now()
    told = {
        (one.meeting_id, one.person_id): one
        for one in db.scalars(
            select(Invitation)
            .join(Meeting, Meeting.id == Invitation.meeting_id)
            .where(Meeting.ends_at > now, Meeting.id.in_(meeting_ids))
        )
    }
    postings = []
    wanted = set()
    for row in invited(db, now, meeting_ids):
        key = row.meeting_id, row.person_id
        wanted.add(key)
        if row.starts_at > now and (posting := _ask(db, told.get(key), row, now)) is not None:
            postings.append(posting)
    for key, known in told.items():
        if key not in wanted and known.method is Method.REQUEST:
            postings += _call_off(db, known, now)
    post(db, postings)


def invited(db: Session, now: datetime, meeting_ids: Collection[int] | None = None) -> Sequence[Row]:
    """Who is invited to which coming meeting, and what their calendar should show."""
    asked = (
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
            Meeting.about,
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
    )
    if meeting_ids is not None:
        asked = asked.where(Meeting.id.in_(meeting_ids))
    return db.execute(asked).all()


def core(meeting: Meeting | Row) -> str:
    """A mark of what an answer is an answer to: when and where. Another one asks everybody anew."""
    return _mark(meeting.starts_at.isoformat(), meeting.ends_at.isoformat(), meeting.place, meeting.video_url)


def _mark(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def _fingerprint(row: Row) -> str:
    about = [row.about] if row.about else []  # without words the mark is what it was before words counted
    return f"{core(row)}.{_mark(row.title, row.mail, *about)}"


def _is_known(known: Invitation | Row | None, row: Row) -> bool:
    """Whether the person's calendar shows the meeting as it is."""
    return known is not None and known.method is Method.REQUEST and known.fingerprint == _fingerprint(row)


def _ask(db: Session, known: Invitation | None, row: Row, now: datetime) -> Posting | None:
    """The first request, or an update where the calendar shows something else than it should; else None."""
    if _is_known(known, row):
        return None
    if known is None:
        known = Invitation(meeting_id=row.meeting_id, person_id=row.person_id, sequence=row.sequence)
        db.add(known)
        kind = "invitation"
    elif known.method is Method.CANCEL:  # asked once more after having been called off
        known.sequence = max(row.sequence, known.sequence + 1)
        kind = "invitation"
    else:
        if not known.fingerprint.startswith(core(row)):
            known.sequence = max(row.sequence, known.sequence + 1)
        kind = "invitation_update"
    known.method, known.fingerprint = Method.REQUEST, _fingerprint(row)
    return _tell(known, kind, now)


def _call_off(db: Session, known: Invitation, now: datetime) -> list[Posting]:
    """The meeting is cancelled, or the person no longer invited. Nobody is called off who was never asked."""
    if not _has_left(db, known, now):
        db.delete(known)
        return []
    known.method = Method.CANCEL
    known.sequence = max(known.meeting.sequence, known.sequence + 1)
    return [_tell(known, "invitation_cancel", now)]


def _has_left(db: Session, known: Invitation, now: datetime) -> bool:
    """Whether a mail about it has gone out, or is on its way. Where the outbox knows nothing any more, it has."""
    mails = db.execute(
        select(Message.state, Message.leased_until).where(Message.key.startswith(_key(known), autoescape=True))
    ).all()
    on_its_way = any(leased_until is not None and leased_until > now for _, leased_until in mails)
    return not mails or on_its_way or any(state is MessageState.SENT for state, _ in mails)


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
