"""Invitations by mail: planned meeting, mail, update, decline by link, substitute, cancellation."""

from datetime import date, time

import icalendar
import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream
from sqlalchemy import func, select, update

from med.calendar.models import Invitation
from med.meetings.actions.planning import cancel_meeting, change_meeting
from med.meetings.forms.planning import CancelMeeting, PlanMeeting
from med.meetings.models import Attendance, Meeting, Reply
from med.notices.models import Message
from med.organisation.models import Person
from tests.calendar.mails import Post
from tests.meetings.conftest import viewer


@pytest.fixture
def post(database) -> Post:
    """The mails from here on: what the demo's own coming meetings give is out already."""
    made = Post(database)
    made.plan()
    made.forget()
    return made


@pytest.fixture
def change(write):
    def go(number, by="anna", **fields):
        def work(db):
            meeting = db.get(Meeting, number)
            form = {"day": date(2026, 12, 9), "starts": time(9), "ends": time(11), "is_open": True} | fields
            return change_meeting(db, viewer(db, by), meeting, PlanMeeting(**form)).id

        return write(work)

    return go


@pytest.fixture
def cancel(write):
    def go(number, reason="For mange er syge."):
        return write(
            lambda db: cancel_meeting(db, viewer(db, "anna"), db.get(Meeting, number), CancelMeeting(reason=reason)).id
        )

    return go


def attendances(db, number):
    db.rollback()
    db.expire_all()
    return {a.person.handle: a for a in db.scalars(select(Attendance).where(Attendance.meeting_id == number))}


def test_the_life_of_a_meeting_in_everybodys_mailbox(post, plan, change, cancel, colleague, visitor, db, people):
    number = plan(place="Mødelokale 1", video_url="https://video.example/møde;a,b")
    first = post.round()
    everybody = set(attendances(db, number))
    assert set(first) == everybody
    assert {one.kind for one in first.values()} == {"invitation"}
    nadia = first["nadia"]
    assert nadia.mail["Subject"].strip().startswith("Invitation: MED-ledelsen")
    assert [part.get_content_type() for part in nadia.mail.walk()] == [
        "multipart/alternative", "text/plain", "text/html", "text/calendar",
    ]  # fmt: skip
    last = list(nadia.mail.walk())[-1]
    assert (last.get_param("method"), last["Content-Transfer-Encoding"]) == ("REQUEST", "base64")
    uid = nadia.event["UID"]
    for read in (icalendar_reads, ical_reads, vobject_reads):
        assert read(nadia) == (str(uid), 0, "nadia@solbaek.example", "NEEDS-ACTION"), read.__name__
    assert post.round() == {}

    change(number, place="Kantinen")
    change(number, place="Kantinen", starts=time(10), ends=time(12))
    moved = post.round()
    assert set(moved) == everybody
    assert {(one.kind, one.event["UID"], int(one.event["SEQUENCE"])) for one in moved.values()} == {
        ("invitation_update", uid, 2)
    }
    assert moved["bo"].event["DTSTAMP"].dt > first["bo"].event["DTSTAMP"].dt
    assert "kl. 10.00–12.00" in moved["bo"].letter.text

    page = visitor("").open(moved["nadia"].links["nej"])
    assert "Svar for Nadia Rahimi" in page.words
    assert attendances(db, number)["nadia"].reply is Reply.INVITED  # looking changes nothing
    answer = page.form("Meld afbud").fill(note="Kursus").send()
    assert answer.status_code == 303
    assert "er spurgt som suppleant" in visitor("").open(answer.headers["location"]).words
    asked = post.round()
    assert set(asked) == {"signe"}
    assert "suppleant for Nadia Rahimi" in asked["signe"].letter.text
    assert asked["signe"].event["UID"] == uid

    cancel(number)
    called_off = post.round()
    assert set(called_off) == everybody | {"signe"}
    for one in called_off.values():
        assert (one.kind, one.letter.method) == ("invitation_cancel", "CANCEL")
        assert (one.event["STATUS"], one.event["UID"], int(one.event["SEQUENCE"])) == ("CANCELLED", uid, 3)
        assert "For mange er syge." in one.letter.text
        assert "/svar/" not in one.letter.text + one.letter.html
    assert post.round() == {}


def icalendar_reads(sent):
    event = next(iter(icalendar.Calendar.from_ical(sent.letter.calendar).walk("VEVENT")))
    who = event["ATTENDEE"]
    return str(event["UID"]), int(event["SEQUENCE"]), who.removeprefix("mailto:"), who.params["PARTSTAT"]


def ical_reads(sent):
    event = IcsCalendarStream.calendar_from_ics(sent.letter.calendar.decode()).events[0]
    who = event.attendees[0]
    return event.uid, event.sequence, str(who.uri).removeprefix("mailto:"), who.status


def vobject_reads(sent):
    event = vobject.readOne(sent.letter.calendar.decode()).vevent
    return (
        event.uid.value,
        int(event.sequence.value),
        event.attendee.value.removeprefix("mailto:"),
        event.attendee.partstat_param,
    )
