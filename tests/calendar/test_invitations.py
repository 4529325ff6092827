"""Invitations by mail: planned meeting, mail, update, decline by link, substitute, cancellation."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, time, timedelta

import icalendar
import pytest
from lxml import html
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from med import clock, demo
from med.calendar import jobs
from med.calendar.jobs import invite
from med.calendar.models import Invitation
from med.meetings.actions.attendance import observe_meeting
from med.meetings.models import Attendance, Meeting, Part, Reply
from med.notices.models import Message, MessageState
from med.organisation.models import Person
from med.slices import Office
from tests.calendar.mails import SETTINGS
from tests.meetings.conftest import viewer


def attendances(db, number):
    db.rollback()
    db.expire_all()
    return {a.person.handle: a for a in db.scalars(select(Attendance).where(Attendance.meeting_id == number))}


def test_the_life_of_a_meeting_in_everybodys_mailbox(post, plan, change, cancel, visitor, db, people):
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
    from ical.calendar_stream import IcsCalendarStream

    event = IcsCalendarStream.calendar_from_ics(sent.letter.calendar.decode()).events[0]
    who = event.attendees[0]
    return event.uid, event.sequence, str(who.uri).removeprefix("mailto:"), who.status


def vobject_reads(sent):
    import vobject

    event = vobject.readOne(sent.letter.calendar.decode()).vevent
    return (
        event.uid.value,
        int(event.sequence.value),
        event.attendee.value.removeprefix("mailto:"),
        event.attendee.partstat_param,
    )


def test_a_new_name_is_told_without_asking_anew(post, plan, change, db):
    number = plan()
    first = post.round()
    change(number, title="MED-ledelsen om budgettet")
    again = post.round()
    assert {one.kind for one in again.values()} == {"invitation_update"}
    assert int(again["bo"].event["SEQUENCE"]) == int(first["bo"].event["SEQUENCE"]) == 0
    assert again["bo"].event["DTSTAMP"].dt > first["bo"].event["DTSTAMP"].dt
    assert "budgettet" in again["bo"].event["SUMMARY"]


def test_the_words_to_the_invitation_are_in_the_mail_and_the_calendar(post, plan, change, cancel, look):
    number = plan(about="Husk **kage**.\n\nVi begynder i kantinen.")
    first = post.round()["bo"]
    assert "\n\nHusk kage.\n\nVi begynder i kantinen.\n" in first.letter.text
    assert "<strong>kage</strong>" in first.letter.html
    assert first.event["DESCRIPTION"].startswith("Husk kage.\n\nVi begynder i kantinen.\n\nDagsorden og bilag: http")
    revised = look(Meeting, number).revised_at
    with clock.at(clock.now() + timedelta(hours=1)):
        change(number, about="Husk **kage**. Vi begynder i haven.")
    again = post.round()["bo"]
    assert again.kind == "invitation_update"
    assert int(again.event["SEQUENCE"]) == int(first.event["SEQUENCE"]) == 0  # the answer is still an answer to this
    assert again.event["DTSTAMP"].dt > first.event["DTSTAMP"].dt
    assert "Vi begynder i haven." in again.letter.text
    assert look(Meeting, number).revised_at > revised
    assert post.round() == {}
    cancel(number)
    gone = post.round()["bo"]
    assert "haven" not in gone.letter.text + gone.letter.html + gone.event["DESCRIPTION"]


def test_a_meeting_without_words_is_known_by_the_mark_it_had_before_words_counted(post, plan, db, look):
    """Or every calendar would be told anew of every coming meeting."""
    number = plan()
    post.round()
    meeting = look(Meeting, number)
    told = db.scalar(select(Invitation).where(Invitation.meeting_id == number).options(joinedload(Invitation.person)))
    rest = hashlib.sha256(f"{meeting.title}\0{told.person.mail}".encode()).hexdigest()[:16]
    assert told.fingerprint.endswith(f".{rest}")


def test_what_a_calendar_does_not_show_sends_nothing(post, plan, change, item, send_agenda, reply):
    number = plan()
    post.round()
    item(number, "Lokaler")
    reply(number, "nadia")
    send_agenda(number)
    assert post.round() == {}


def test_changes_that_wait_are_one_mail_that_tells_how_it_stands(post, plan, change, db):
    number = plan(place="A")
    post.plan()
    change(number, place="B")
    post.plan()
    change(number, place="C")
    post.plan()
    found = post.send()  # would object to two for one
    assert found["bo"].event["LOCATION"] == "C"
    assert "Hvor: C" in found["bo"].letter.text
    db.rollback()
    dropped = db.scalars(select(Message.key).where(Message.key.startswith(f"invitation:meeting:{number}:"))).all()
    assert len(dropped) == 3 * len(found)


def test_planned_and_cancelled_before_anybody_was_asked_is_no_mail(post, plan, cancel, db):
    number = plan()
    cancel(number)
    assert post.round() == {}
    number = plan(day=date(2026, 12, 10))
    post.plan()  # posted, not sent
    cancel(number)
    assert post.round() == {}
    assert db.scalar(select(func.count()).where(Invitation.meeting_id == number)) == 0


def test_a_mail_that_calls_off_names_no_day_that_nobody_was_told(post, plan, change, cancel):
    number = plan()
    uid = post.round()["bo"].event["UID"]
    change(number, day=date(2026, 12, 16))
    cancel(number)
    off = post.round()["bo"]
    assert (off.letter.method, off.event["UID"]) == ("CANCEL", uid)
    assert off.letter.subject == "Aflyst: MED-ledelsen, december"
    assert "Det var sidst sat til onsdag den 16. december 2026 kl. 9.00–11.00." in off.letter.text


def test_who_is_no_longer_asked_is_called_off_and_may_be_asked_again(post, plan, reply, people, db):
    number = plan()
    uid = post.round()["nadia"].event["UID"]
    reply(number, "nadia", Reply.DECLINED, people.signe)
    assert post.round()["signe"].event["SEQUENCE"] == 0
    reply(number, "nadia", Reply.ACCEPTED)
    gone = post.round()
    assert set(gone) == {"signe"}
    assert (gone["signe"].letter.method, int(gone["signe"].event["SEQUENCE"])) == ("CANCEL", 1)
    assert gone["signe"].event["UID"] == uid
    assert gone["signe"].mail["Subject"].strip().startswith("Ikke længere inviteret")
    assert "skal ikke deltage" in gone["signe"].letter.text
    reply(number, "nadia", Reply.DECLINED, people.signe)
    again = post.round()
    assert (again["signe"].kind, int(again["signe"].event["SEQUENCE"])) == ("invitation", 2)


def test_a_meeting_on_another_day_asks_everybody_anew(post, plan, change, reply, people, db):
    number = plan()
    post.round()
    reply(number, "bo")
    reply(number, "nadia", Reply.DECLINED, people.signe)
    assert post.round()["signe"].event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    change(number, place="Kantinen")
    told = post.round()
    assert told["bo"].event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert told["nadia"].event["ATTENDEE"].params["PARTSTAT"] == "DECLINED"
    assert "Passer det stadig?" in told["nadia"].letter.text
    change(number, day=date(2026, 12, 10))
    moved = post.round()
    assert moved["bo"].event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert moved["signe"].letter.method == "CANCEL"  # Nadia has not said no to the new day


def test_listeners_and_meetings_that_are_over_are_left_in_peace(post, plan, change, write, db):
    number = plan()
    write(lambda db: observe_meeting(db, viewer(db, "carla"), db.get(Meeting, number)).id)
    assert "carla" not in post.round()
    with clock.at(demo.NOW + timedelta(days=30)):
        write(lambda db: db.execute(update(Meeting).where(Meeting.id == number).values(place="Et andet sted")))
        assert post.round() == {}


def test_a_new_address_gets_the_meeting_and_one_without_an_address_nothing(post, plan, write, db):
    def mail_of_bo(mail):
        write(lambda db: db.execute(update(Person).where(Person.handle == "bo").values(mail=mail)))

    mail_of_bo("")
    number = plan()
    assert "bo" not in post.round(number)
    mail_of_bo("bo@nyt.example")
    assert set(post.round(number)) == {"bo"}
    mail_of_bo("bo@nyere.example")
    assert str(post.round(number)["bo"].event["ATTENDEE"]) == "mailto:bo@nyere.example"


def test_no_mail_carries_the_title_of_a_closed_item(post, plan, item, send_agenda, reply, people):
    number = plan()
    item(number, "Ny mødestruktur")
    item(number, "Afskedigelse af navngiven", is_closed=True, ground="personal")
    post.round()
    send_agenda(number)
    reply(number, "nadia", Reply.DECLINED, people.signe)
    signe = post.round()["signe"]
    assert "Ny mødestruktur" in signe.letter.text
    assert "Ny mødestruktur" in signe.letter.html
    assert "Lukket punkt" in signe.letter.text
    assert b"Afskedigelse" not in signe.raw
    assert "Afskedigelse" not in signe.letter.text + signe.letter.html + signe.letter.calendar.decode()


def test_the_mail_is_in_its_receivers_language(post, plan, write, visitor):
    write(lambda db: db.execute(update(Person).where(Person.handle == "gunnar").values(language="en")))
    plan(place="Mødelokale 1")
    found = post.round()
    gunnar = found["gunnar"].letter
    assert gunnar.subject.startswith("Invitation: MED-ledelsen, december, Wednesday")
    for words in ("You are invited to", "I cannot come", "When: Wednesday 9 December 2026"):
        assert words in gunnar.text
    assert "Kommer du" not in gunnar.text + gunnar.html
    assert found["bo"].letter.text.startswith("Hej Bo Kjærgaard")
    page = visitor("").open(found["gunnar"].links["ja"])
    assert page.tree.get("lang") == "en"
    after = page.form("I am coming").send()
    assert visitor("").open(after.headers["location"]).tree.get("lang") == "en"


def test_whatever_a_meeting_is_called_a_mail_stays_one_mail(post, plan, write):
    number = plan()
    title, place = "Møde\r\nBcc: alle@solbaek.example", 'Lokale\r\nATTENDEE:mailto:x@y.example\r\n"<b>&'
    write(lambda db: db.execute(update(Meeting).where(Meeting.id == number).values(title=title, place=place)))
    bo = post.round()["bo"]
    assert bo.mail["Bcc"] is None
    assert not isinstance(bo.event["ATTENDEE"], list)
    assert html.fromstring(bo.letter.html).xpath("//td[contains(., 'Lokale')]//b[contains(., '&')]") == []
    assert "&lt;b&gt;" in bo.letter.html


def test_without_a_mail_server_nobody_counts_as_invited(post, plan, database, db):
    number = plan()
    invite(Office(database, replace(SETTINGS, smtp_url="")))
    asked = select(func.count()).where(Invitation.meeting_id == number)
    assert db.scalar(asked) == 0
    invite(Office(database, SETTINGS))
    db.rollback()
    count = db.scalar(asked)
    assert count == len(attendances(db, number))
    invite(Office(database, SETTINGS))  # another worker at the same step
    waiting = select(func.count()).where(Message.state == MessageState.WAITING, Message.kind == "invitation")
    assert db.scalar(waiting) == count


def test_a_request_that_no_longer_holds_is_not_sent(post, plan, cancel, reply, people, db):
    number = plan()
    post.plan()
    cancel(number)
    assert post.send() == {}  # before the next look
    number = plan(day=date(2026, 12, 10))
    post.round()
    reply(number, "nadia", Reply.DECLINED, people.signe)
    post.plan()
    reply(number, "nadia", Reply.ACCEPTED)
    assert post.send() == {}


def test_a_meeting_that_has_begun_calls_nobody_new_and_calls_nobody_off(post, plan, write, db):
    number = plan()
    post.round()
    with clock.at(demo.NOW.replace(month=12, day=9, hour=9, minute=30)):
        write(
            lambda db: db.add(Attendance(meeting_id=number, person_id=viewer(db, "carla").person_id, part=Part.GUEST))
        )
        assert post.round() == {}


def test_whoever_is_killed_or_comes_at_the_same_time_nobody_is_asked_twice(post, plan, db, monkeypatch):
    numbers = [plan(day=date(2026, 12, day)) for day in (9, 10, 11)]
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    real = jobs.plan_invitations

    def killed(db, meeting_ids):
        real(db, meeting_ids)
        if numbers[1] in meeting_ids:
            raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "plan_invitations", killed)
    with pytest.raises(KeyboardInterrupt):
        post.plan()
    db.rollback()
    asked = select(Invitation.meeting_id).distinct().where(Invitation.meeting_id.in_(numbers))
    assert db.scalars(asked).all() == [numbers[0]]
    monkeypatch.setattr(jobs, "plan_invitations", real)
    with ThreadPoolExecutor(3) as workers:
        at_once = [workers.submit(jobs.tell_calendars, post.office) for _ in range(3)]
    assert {type(one.exception()) for one in at_once} <= {type(None), IntegrityError}  # one was there before
    post.plan()
    db.rollback()
    everybody = sum(len(attendances(db, number)) for number in numbers)
    posted = select(func.count()).where(Message.kind == "invitation", Message.state == MessageState.WAITING)
    assert db.scalar(posted) == everybody == db.scalar(select(func.count()).where(Invitation.meeting_id.in_(numbers)))


def test_nobody_is_told_to_answer_where_nobody_reads(post, plan):
    plan()
    with_mailbox = post.round()["bo"]
    assert "svare i din kalender" in with_mailbox.letter.text
    assert with_mailbox.event["ATTENDEE"].params["RSVP"] == "TRUE"
    post.office = Office(post.office.database, replace(SETTINGS, imap_url=""))
    plan(day=date(2026, 12, 10))
    without = post.round()["bo"]
    assert "bliver ikke læst" in without.letter.text
    assert "bliver ikke læst" in without.letter.html
    assert without.event["ATTENDEE"].params["RSVP"] == "FALSE"
