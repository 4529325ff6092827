"""The mail that invites, tells of a change or calls off: made when it is sent, from how the meeting stands by then."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr

import msgspec
from sqlalchemy import Row, case, select
from sqlalchemy.orm import Session, joinedload

from med import clock, language, workdays
from med.access import Viewer
from med.calendar.ical import Appointment, Party, calendar_bytes, clean, meeting_event
from med.calendar.invitations.planning import core
from med.calendar.links import NO, YES, Slip, answer_link
from med.calendar.models import Invitation, Method
from med.language import T
from med.meetings import access
from med.meetings.models import Attendance, Item, Meeting, Part, Reply, State
from med.notices.models import Message
from med.notices.outbox import Letter
from med.organisation.models import Committee
from med.settings import Settings
from med.slices import Office
from med.text import to_plain
from med.web.letters import render

PARTSTAT = {Reply.INVITED: "NEEDS-ACTION", Reply.ACCEPTED: "ACCEPTED", Reply.DECLINED: "DECLINED"}
ALARMS = (timedelta(minutes=30),)


class About(msgspec.Struct):
    """What the outbox keeps of an invitation mail."""

    meeting_id: int
    told_at: datetime


def compose(db: Session, office: Office, message: Message, viewer: Viewer | None) -> Letter | None:
    """The mail, or None when a later one tells more, or what it would ask no longer holds."""
    if viewer is None:
        return None
    about = msgspec.json.decode(message.details, type=About)
    invitation = db.scalar(
        select(Invitation)
        .where(Invitation.meeting_id == about.meeting_id, Invitation.person_id == viewer.person_id)
        .options(joinedload(Invitation.person))
    )
    if invitation is None or invitation.told_at != about.told_at:
        return None
    meeting = db.scalar(
        select(Meeting)
        .where(Meeting.id == about.meeting_id, access.visible_meetings(viewer), Meeting.ends_at > clock.now())
        .options(joinedload(Meeting.committee))
    )
    if meeting is None:
        return None
    mine = db.scalar(
        select(Attendance)
        .where(Attendance.meeting_id == meeting.id, Attendance.person_id == viewer.person_id)
        .options(joinedload(Attendance.stands_in_for).joinedload(Attendance.person))
    )
    is_invited = mine is not None and mine.part is not Part.OBSERVER and meeting.state is not State.CANCELLED
    if is_invited is not (invitation.method is Method.REQUEST):
        return None  # changed since it was planned: the next look at the meetings tells
    return _letter(db, office.settings, message.kind, invitation, meeting, mine if is_invited else None, viewer)


def _letter(
    db: Session,
    settings: Settings,
    kind: str,
    invitation: Invitation,
    meeting: Meeting,
    mine: Attendance | None,
    viewer: Viewer,
) -> Letter:
    link = f"{settings.base_url}/moeder/{meeting.id}"
    tongue = language.current.get()
    hints = {
        hint: answer_link(settings, Slip(meeting.id, viewer.person_id, hint), tongue) if mine else ""
        for hint in (YES, NO)
    }
    told = {
        "kind": kind,
        "meeting": meeting,
        "committee": meeting.committee,
        "mine": mine,
        "name": invitation.person.name,
        "link": link,
        "yes": hints[YES],
        "no": hints[NO],
        "agenda": agenda(db, viewer, meeting) if mine else [],
        "is_cancelled": meeting.state is State.CANCELLED,
        "is_known": is_known(invitation, meeting),
        "site_name": settings.name,
        "is_read": bool(settings.imap_url),
    }
    return Letter(
        subject=one_line(str(subject(kind, meeting, is_known(invitation, meeting)))),
        text=clean(render("calendar/mail/invitation.txt", **told)),
        html=clean(render("calendar/mail/invitation.html", **told)),
        calendar=calendar_object(settings, invitation, meeting, mine, link),
        method=invitation.method.name,
    )


def is_known(invitation: Invitation, meeting: Meeting) -> bool:
    """Whether the person was told of it as it stood last: not where it was moved just before it was called off."""
    return invitation.fingerprint.startswith(core(meeting))


def subject(kind: str, meeting: Meeting, is_known: bool) -> language.Text:
    what = {
        "title": meeting.title,
        "day": workdays.in_full(workdays.copenhagen(meeting.starts_at).date()),
        "at": workdays.at_clock(meeting.starts_at),
    }
    if kind == "invitation":
        return T("Invitation: %(title)s, %(day)s %(at)s", **what)
    if kind == "invitation_update":
        return T("Ændret: %(title)s, %(day)s %(at)s", **what)
    if meeting.state is State.CANCELLED:
        return T("Aflyst: %(title)s, %(day)s %(at)s", **what) if is_known else T("Aflyst: %(title)s", **what)
    if not is_known:
        return T("Ikke længere inviteret: %(title)s", **what)
    return T("Ikke længere inviteret: %(title)s, %(day)s %(at)s", **what)


def calendar_object(
    settings: Settings, invitation: Invitation, meeting: Meeting, mine: Attendance | None, link: str
) -> bytes:
    """The iTIP object: one meeting, one attendee. Called off for this one person, it is cancelled in their calendar."""
    about = [to_plain(meeting.about)] if mine and meeting.about else []
    shown = Appointment(
        uid=meeting.uid,
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        sequence=invitation.sequence,
        revised_at=invitation.told_at,
        link=link,
        created_at=meeting.created_at,
        place=meeting.place,
        video_url=meeting.video_url if mine else "",
        video_label=str(T("Deltag på video")),
        description="\n\n".join([*about, str(T("Dagsorden og bilag: %(link)s", link=link))]),
        committee=meeting.committee.name,
        is_cancelled=mine is None,
    )
    person = invitation.person
    event = meeting_event(
        shown,
        organizer=organizer(settings, meeting.committee),
        attendee=Party(person.mail, person.name),
        alarms=ALARMS,
        stamp=invitation.told_at,
    )
    if mine is not None:
        event["ATTENDEE"].params["PARTSTAT"] = PARTSTAT[mine.reply]
        if not settings.imap_url:  # nobody reads what a calendar would answer
            event["ATTENDEE"].params["RSVP"] = "FALSE"
    return calendar_bytes([event], method=invitation.method.name)


def organizer(settings: Settings, committee: Committee) -> Party:
    """The committee, at the address whose mailbox reads the replies."""
    return Party(parseaddr(settings.mail_from)[1] or f"medspil@{settings.host}", committee.name)


def agenda(db: Session, viewer: Viewer, meeting: Meeting) -> Sequence[Row]:
    """(number, title) of the agenda that has gone out. A closed item has no title here: no mail ever carries one."""
    if meeting.agenda_sent_at is None:
        return []
    return db.execute(
        select(Item.position, case((Item.is_open, Item.title), else_="").label("title"))
        .where(Item.meeting_id == meeting.id, (access.visible_items(viewer)) | (~Item.is_open))
        .order_by(Item.position)
    ).all()


def one_line(words: str) -> str:
    return " ".join(clean(words).split())[:250]
