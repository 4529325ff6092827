"""Answering by the link in the mail: no sign-in, nothing done by looking, nobody else's answer."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from med import clock, demo
from med.calendar.links import NO, YES, Slip, answer_link, read_link
from med.journal.models import Entry
from med.meetings.actions.planning import renew_invitations
from med.meetings.models import Attendance, Meeting, Part, Reply, State
from med.organisation.models import Employment, Person, Seat
from med.web.signing import seal
from tests.calendar.mails import SETTINGS


@pytest.fixture
def link(people):
    """`link(number, "nadia", NO)`: the path that stands in the mail."""

    def path(number, handle, hint=YES):
        made = answer_link(SETTINGS, Slip(number, getattr(people, handle), hint), "da")
        return made.removeprefix(SETTINGS.base_url)

    return path


@pytest.fixture
def attendance(db):
    def of(number, handle):
        db.rollback()
        db.expire_all()
        return db.scalar(
            select(Attendance)
            .join(Person, Person.id == Attendance.person_id)
            .where(Attendance.meeting_id == number, Person.handle == handle)
        )

    return of


def test_gunnar_says_yes_without_signing_in(visitor, plan, link, attendance, db):
    number = plan()
    stranger = visitor("")
    for _ in range(2):  # the mail scanner, and Gunnar
        page = stranger.open(link(number, "gunnar"))
        assert (page.status_code, attendance(number, "gunnar").reply) == (200, Reply.INVITED)
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
    stranger.send("HEAD", link(number, "gunnar"))
    assert attendance(number, "gunnar").reply is Reply.INVITED
    answer = page.form("Jeg kommer").send()
    assert answer.status_code == 303
    assert "Vi regner med dig" in stranger.open(answer.headers["location"]).words
    assert attendance(number, "gunnar").reply is Reply.ACCEPTED
    entries = db.execute(
        select(Entry.happened, Entry.person_id).where(
            Entry.thing == "attendance", Entry.thing_id == attendance(number, "gunnar").id
        )
    ).all()
    gunnar = attendance(number, "gunnar").person_id
    assert ("attendance.accepted", gunnar) in entries
    assert ("attendance.answered_by_link", gunnar) in entries


def test_nadia_declines_and_may_change_her_mind(visitor, plan, link, attendance, people):
    """The substitute named for her seat is chosen beforehand."""
    number = plan()
    stranger = visitor("")
    page = stranger.open(link(number, "nadia", NO))
    assert page.tree.xpath("//input[@name='substitute'][@checked]/@value") == [str(people.signe)]
    answer = page.form("Meld afbud").fill(note="Kursus").send()
    page = stranger.open(answer.headers["location"])
    assert "Signe" in page.words
    assert "får en invitation" in page.words
    assert attendance(number, "signe").stands_in_for_id == attendance(number, "nadia").id
    assert attendance(number, "nadia").note == "Kursus"
    page.form("Jeg kommer alligevel").send()
    assert attendance(number, "nadia").reply is Reply.ACCEPTED
    assert not stranger.open(link(number, "nadia", NO)).has_form("Jeg kommer")  # she does already
    assert attendance(number, "signe") is None
    page = stranger.open(link(number, "signe"))
    assert "Du er ikke længere inviteret" in page.words
    assert not page.has_form("Jeg kommer")


def test_what_does_not_fit_is_said_and_nothing_is_lost(visitor, plan, link, attendance, people):
    number = plan()
    for fields in (
        {"reply": "declined", "substitute": people.carla, "note": "Kursus"},
        {"reply": "declined", "substitute": "abc", "note": "Kursus"},
        {"reply": "måske", "note": "Kursus"},
        {"note": "Kursus"},
    ):
        back = visitor("").post(link(number, "nadia"), fields)
        assert back.status_code == 422
        assert back.tree.xpath("//input[@name='note']/@value") == ["Kursus"]
    assert visitor("").post(link(number, "nadia"), {"reply": "declined", "note": "x" * 301}).status_code == 422
    assert attendance(number, "nadia").reply is Reply.INVITED


def test_only_our_own_links_open(visitor, plan, people):
    number = plan()
    good = seal("s" * 40, "svar", number, people.nadia, "ja")
    forged = [
        seal("x" * 40, "svar", number, people.nadia, "ja"),
        seal("s" * 40, "afmeld", number, people.nadia, "ja"),
        seal("s" * 40, "svar", number, people.nadia),
        seal("s" * 40, "svar", number, people.nadia, "måske"),
        seal("s" * 40, "svar", 2**70, people.nadia, "ja"),
        seal("s" * 40, "svar", -1, people.nadia, "ja"),
        seal("s" * 40, "svar", number, "²", "ja"),
        good[:-1], good + "=", good.swapcase(), "x", "A" * 5000, "%FF", "æ",
    ]  # fmt: skip
    for token in forged:
        assert visitor("").open(f"/svar/{token}").status_code == 404, token
        assert visitor("").post(f"/svar/{token}", {"reply": "accepted"}).status_code == 404, token
        assert read_link(SETTINGS, token) is None
    assert visitor("").open(f"/svar/{good}").status_code == 200
    assert visitor("").open(f"/svar/{seal('s' * 40, 'svar', 10**15, people.nadia, 'ja')}").status_code == 410


def test_the_page_is_about_the_links_person_whoever_looks(visitor, plan, link, attendance):
    number = plan()
    anna = visitor("anna")
    page = anna.open(link(number, "nadia"))
    assert "Svar for Nadia Rahimi" in page.words
    assert anna.post(link(number, "nadia"), {"reply": "accepted"}).status_code == 403  # without the page's own token
    page.form("Jeg kommer").send()
    assert attendance(number, "nadia").reply is Reply.ACCEPTED
    assert attendance(number, "anna").reply is Reply.INVITED


def test_another_site_cannot_send_the_form(visitor, plan, link, attendance):
    number = plan()
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://ond.example"}):
        sent = visitor("").post(link(number, "nadia"), {"reply": "declined"}, **headers)
        assert sent.status_code == 403
    assert attendance(number, "nadia").reply is Reply.INVITED


def test_a_link_gives_no_more_than_its_person_has_today(visitor, plan, link, attendance, write, people, cancel, db):
    number = plan()
    # out of the committee
    write(lambda db: db.execute(update(Seat).where(Seat.person_id == people.nadia).values(ends=date(2026, 11, 21))))
    write(lambda db: renew_invitations(db, db.get(Meeting, number)))
    page = visitor("").open(link(number, "nadia"))
    assert (page.status_code, "Du er ikke længere inviteret" in page.words) == (200, True)
    assert visitor("").post(link(number, "nadia"), {"reply": "accepted"}).status_code == 409
    # works here no more: not even what the meeting is called
    write(
        lambda db: db.execute(
            update(Employment).where(Employment.person_id == people.gunnar).values(ends=date(2026, 11, 20))
        )
    )
    page = visitor("").open(link(number, "gunnar"))
    assert page.status_code == 410
    assert "MED-ledelsen" not in page.text
    assert visitor("").post(link(number, "gunnar"), {"reply": "accepted"}).status_code == 410
    # may not sign in at all
    write(lambda db: db.execute(update(Person).where(Person.id == people.bo).values(is_active=False)))
    assert visitor("").open(link(number, "bo")).status_code == 410
    # cancelled
    cancel(number, "Strejke.")
    page = visitor("").open(link(number, "ole"))
    assert "Mødet er aflyst" in page.words
    assert "Strejke." in page.words
    assert visitor("").post(link(number, "ole"), {"reply": "accepted"}).status_code == 409
    assert {attendance(number, handle).reply for handle in ("gunnar", "bo", "ole")} == {Reply.INVITED}


def test_a_meeting_that_was_held_takes_no_answers(visitor, plan, link, attendance, write):
    number = plan()
    write(lambda db: db.execute(update(Meeting).where(Meeting.id == number).values(state=State.HELD)))
    with clock.at(demo.NOW + timedelta(days=30)):
        page = visitor("").open(link(number, "nadia"))
        assert "Mødet er holdt" in page.words
        assert visitor("").post(link(number, "nadia"), {"reply": "accepted"}).status_code == 409
    assert attendance(number, "nadia").reply is Reply.INVITED


def test_a_meeting_whose_time_has_passed_takes_no_answers(visitor, plan, link, attendance):
    number = plan()
    with clock.at(demo.NOW + timedelta(days=30)):
        assert "Mødets tid er gået" in visitor("").open(link(number, "nadia")).words
        assert visitor("").post(link(number, "nadia"), {"reply": "accepted"}).status_code == 409
    assert attendance(number, "nadia").reply is Reply.INVITED


def test_who_only_listens_has_no_answer_to_give(visitor, plan, link, write, people):
    number = plan()
    write(lambda db: db.add(Attendance(meeting_id=number, person_id=people.carla, part=Part.OBSERVER)))
    assert not visitor("").open(link(number, "carla")).has_form("Jeg kommer")
    assert visitor("").post(link(number, "carla"), {"reply": "declined"}).status_code == 409
