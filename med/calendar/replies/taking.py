"""A reply that came by mail, weighed against what we know and, when it holds, applied as the person's own answer.

What a mail proves is little: its sender is what it says it is only as far as the house's mail server checks that. So a
reply counts only when sender and attendee are the same address, that address is the invited person's, and it answers
the version of the meeting that person was told of last. All others are kept for the administrator to see, and nothing
is changed. What one could do with a forged one is to answer yes or no for a colleague, which the colleague sees and
can change.
"""

import hashlib
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.calendar.invitations.planning import core
from med.calendar.models import IncomingReply, Invitation, Method, Verdict
from med.calendar.replies.reading import Refused, Reply, read_reply
from med.errors import NotFound
from med.journal.actions import note
from med.meetings import access, models
from med.meetings.actions.attendance import named_substitute, reply_to_meeting
from med.meetings.forms.planning import ReplyToMeeting
from med.meetings.models import Attendance, Meeting, Part
from med.organisation.models import Person
from med.organisation.queries import viewer_of

AHEAD = timedelta(hours=1)  # how far before ours somebody's clock may be
LONGEST_SENDER = 200


def take_in(db: Session, raw: bytes, authserv_id: str = "") -> IncomingReply | None:
    """Read a mail, apply it if it holds, and keep what was made of it. None for a mail that was taken in before."""
    digest = hashlib.sha256(raw).hexdigest()
    if db.scalar(select(IncomingReply.id).where(IncomingReply.digest == digest)) is not None:
        return None
    kept = IncomingReply(digest=digest, at=clock.now(), verdict=Verdict.APPLIED)
    try:
        reply = read_reply(raw, authserv_id)
        kept.sender = printable(reply.sender)
        weigh(db, reply, kept)
    except Refused as refused:
        kept.verdict, kept.why = refused.verdict, refused.why
        kept.sender = kept.sender or printable(refused.sender)
        if refused.uid and kept.meeting_id is None:
            kept.meeting_id = db.scalar(select(Meeting.id).where(Meeting.uid == refused.uid))
    db.add(kept)
    db.flush()
    return kept


def refuse(db: Session, digest: str, why: str) -> None:
    """Keep that a mail was not read at all."""
    if db.scalar(select(IncomingReply.id).where(IncomingReply.digest == digest)) is None:
        db.add(IncomingReply(digest=digest, at=clock.now(), verdict=Verdict.UNREADABLE, why=why))


def weigh(db: Session, reply: Reply, kept: IncomingReply) -> None:
    """Apply the reply, or raise Refused with the reason. What it is about is kept in either case."""
    meeting = db.scalar(select(Meeting).where(Meeting.uid == reply.uid))
    if meeting is None:
        raise Refused(Verdict.FOREIGN, "no_meeting")
    kept.meeting_id = meeting.id
    mine = attendance_of(db, meeting, reply.attendee)
    kept.person_id = mine.person_id if mine else None
    if not reply.is_sender:
        raise Refused(Verdict.FORGED, "other_sender")
    if mine is None:
        raise Refused(Verdict.FOREIGN, "not_invited")
    invitation = db.scalar(
        select(Invitation)
        .where(Invitation.meeting_id == meeting.id, Invitation.person_id == mine.person_id)
        .with_for_update()
    )
    if invitation is None or invitation.method is not Method.REQUEST:
        raise Refused(Verdict.FOREIGN, "not_invited")
    viewer = receiver(db, mine.person)
    if not access.takes_answers(meeting):
        raise Refused(Verdict.STALE, "over")
    if list(access.reply_to_meeting(viewer, meeting)):
        raise Refused(Verdict.FOREIGN, "not_invited")
    in_order(reply, invitation, meeting, mine)
    invitation.reply_sequence, invitation.reply_stamp = reply.sequence, min(reply.stamp, clock.now() + AHEAD)
    wanted = models.Reply.ACCEPTED if reply.comes else models.Reply.DECLINED
    if mine.reply is wanted:
        raise Refused(Verdict.REPEATED, "known")
    substitute = None if reply.comes else named_substitute(db, meeting, mine)
    answered = reply_to_meeting(db, viewer, meeting, ReplyToMeeting(wanted, substitute))
    note(db, viewer, "attendance.answered_by_mail", answered)
    kept.why = "accepted" if reply.comes else "declined_asked" if substitute else "declined"


def attendance_of(db: Session, meeting: Meeting, mail: str) -> Attendance | None:
    """The invited person with this address; none where two at the meeting share it."""
    found = db.scalars(
        select(Attendance)
        .join(Person, Person.id == Attendance.person_id)
        .where(
            Attendance.meeting_id == meeting.id,
            Attendance.part != Part.OBSERVER,
            func.lower(Person.mail) == mail,
        )
    ).all()
    return found[0] if len(found) == 1 and mail else None


def receiver(db: Session, person: Person) -> Viewer:
    """The person as policies know them today."""
    try:
        return viewer_of(db, person)
    except NotFound:
        raise Refused(Verdict.FOREIGN, "not_invited") from None


def in_order(reply: Reply, invitation: Invitation, meeting: Meeting, mine: Attendance) -> None:
    """Raise Refused for an answer to another version, or one that is older than what we know (RFC 5546, 2.1.5)."""
    if reply.sequence > invitation.sequence:
        raise Refused(Verdict.FOREIGN, "never_sent")
    if reply.sequence < invitation.sequence or not invitation.fingerprint.startswith(core(meeting)):
        raise Refused(Verdict.STALE, "older_version")
    if invitation.reply_stamp is not None:
        before = (invitation.reply_sequence or 0, invitation.reply_stamp)
        if (reply.sequence, reply.stamp) == before:
            raise Refused(Verdict.REPEATED, "known")
        if (reply.sequence, reply.stamp) < before:
            raise Refused(Verdict.STALE, "answered_since")
    if mine.replied_at is not None and reply.stamp < mine.replied_at.replace(microsecond=0):
        raise Refused(Verdict.STALE, "answered_since")


def printable(sender: str) -> str:
    return "".join(letter for letter in sender if letter.isprintable())[:LONGEST_SENDER]
