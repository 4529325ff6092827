"""Replies that come by mail: taken in once, in order, for the sender alone; all others kept and never applied."""

import quopri
from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select, update

from med import clock, demo
from med.calendar.models import IncomingReply, Verdict
from med.calendar.replies import Refused, read_reply, take_in
from med.calendar.words import WHY
from med.journal.models import Entry
from med.meetings.models import Attendance, Part, Reply
from med.organisation.models import Employment, Person
from tests.calendar.mails import APPLE, GOOGLE, OUTLOOK, reply_mail

LATER = timedelta(minutes=10)


@pytest.fixture
def invited(post, plan):
    """A planned meeting and the mails that invited to it."""
    number = plan()
    return number, post.round(number)


@pytest.fixture
def take(write):
    """`take(raw)`: (verdict, why) of what became of a mail."""

    def go(raw, authserv_id=""):
        def work(db):
            kept = take_in(db, raw, authserv_id)
            assert kept is None or kept.why in WHY
            return kept and (kept.verdict, kept.why)

        return write(work)

    return go


@pytest.fixture
def said(db):
    """Who has answered what to a meeting, without those who have not."""

    def of(number):
        db.rollback()
        rows = db.execute(
            select(Person.handle, Attendance.reply)
            .join(Attendance, Attendance.person_id == Person.id)
            .where(Attendance.meeting_id == number, Attendance.reply != Reply.INVITED)
        )
        return dict(rows.all())

    return of


def test_outlook_google_and_apple_are_understood(invited, take, said, db):
    number, sent = invited
    assert take(reply_mail(sent["bo"], "ACCEPTED", OUTLOOK)) == (Verdict.APPLIED, "accepted")
    assert take(reply_mail(sent["gunnar"], "DECLINED", GOOGLE)) == (Verdict.APPLIED, "declined")
    assert take(reply_mail(sent["nadia"], "DECLINED", APPLE)) == (Verdict.APPLIED, "declined_asked")
    assert said(number) == {"bo": Reply.ACCEPTED, "gunnar": Reply.DECLINED, "nadia": Reply.DECLINED}
    stand_in = db.scalar(select(Attendance).where(Attendance.meeting_id == number, Attendance.part == Part.SUBSTITUTE))
    assert stand_in.person.handle == "signe"
    by_mail = db.scalar(select(func.count()).where(Entry.happened == "attendance.answered_by_mail"))
    assert by_mail == 3


def test_the_same_mail_twice_is_one(invited, take, said, db):
    _, sent = invited
    raw = reply_mail(sent["bo"])
    assert take(raw) == (Verdict.APPLIED, "accepted")
    assert take(raw) is None
    assert take(b"Received: from elsewhere\r\n" + raw) == (Verdict.REPEATED, "known")
    assert take(reply_mail(sent["bo"], stamp=demo.NOW + LATER)) == (Verdict.REPEATED, "known")
    db.rollback()
    assert db.scalar(select(func.count()).where(Entry.happened == "attendance.answered_by_mail")) == 1


def test_the_newest_word_holds_in_whatever_order_the_mails_come(invited, take, said):
    number, sent = invited
    with clock.at(demo.NOW + timedelta(hours=1)):
        assert take(reply_mail(sent["bo"], "DECLINED", stamp=demo.NOW + LATER))[0] is Verdict.APPLIED
        assert take(reply_mail(sent["bo"], "ACCEPTED", stamp=demo.NOW)) == (Verdict.STALE, "answered_since")
        assert said(number)["bo"] is Reply.DECLINED
        assert take(reply_mail(sent["bo"], "ACCEPTED", stamp=demo.NOW + timedelta(hours=1)))[0] is Verdict.APPLIED
    assert said(number)["bo"] is Reply.ACCEPTED


def test_a_mail_that_is_older_than_the_answer_on_the_page_is_left_aside(invited, take, said, reply):
    number, sent = invited
    with clock.at(demo.NOW + LATER):
        reply(number, "bo", Reply.DECLINED)
        assert take(reply_mail(sent["bo"], stamp=demo.NOW)) == (Verdict.STALE, "answered_since")
    assert said(number)["bo"] is Reply.DECLINED


def test_a_clock_far_ahead_does_not_lock_the_answer(invited, take, said):
    number, sent = invited
    assert take(reply_mail(sent["bo"], "DECLINED", stamp=demo.NOW + timedelta(days=3000)))[0] is Verdict.APPLIED
    with clock.at(demo.NOW + timedelta(days=1)):
        assert take(reply_mail(sent["bo"], "ACCEPTED"))[0] is Verdict.APPLIED
    assert said(number)["bo"] is Reply.ACCEPTED


def test_an_answer_to_what_the_meeting_was_before_is_stale(invited, take, said, change, post):
    number, sent = invited
    change(number, starts=time(13), ends=time(15))
    assert take(reply_mail(sent["bo"])) == (Verdict.STALE, "older_version")  # the update has not even left
    moved = post.round(number)
    assert take(reply_mail(sent["nadia"])) == (Verdict.STALE, "older_version")
    assert said(number) == {}
    change(number, starts=time(13), ends=time(15), title="Et nyt navn")  # a new name asks nobody anew
    post.round(number)
    assert take(reply_mail(moved["bo"]))[0] is Verdict.APPLIED
    assert take(reply_mail(moved["gunnar"], sequence=2)) == (Verdict.FOREIGN, "never_sent")


def test_nobody_answers_for_somebody_else(invited, take, said, db, people):
    number, sent = invited
    nadia = sent["nadia"]
    for raw in (
        reply_mail(nadia, sender="bo@solbaek.example"),
        reply_mail(nadia, headers={"Sender": "bo@solbaek.example"}),
        reply_mail(nadia, sender="nadia@solbaek.example.evil.example"),
        reply_mail(nadia, headers={"Authentication-Results": "mx.solbaek.example; dmarc=fail"}),
        reply_mail(nadia).replace(b"From: ", b"From: bo@solbaek.example,", 1),
        reply_mail(nadia).replace(b"From: ", b"From: bo@solbaek.example\r\nFrom: ", 1),
        reply_mail(nadia, client=APPLE).replace(b"ATTENDEE;", b'ATTENDEE;SENT-BY=3D"mailto:bo@solbaek.example";'),
    ):
        verdict, why = take(raw)
        assert verdict is Verdict.FORGED, why
    assert take(reply_mail(nadia, attendee="carla@solbaek.example")) == (Verdict.FOREIGN, "not_invited")
    assert take(reply_mail(nadia, attendee="ukendt@example.org")) == (Verdict.FOREIGN, "not_invited")
    assert take(reply_mail(nadia, uid="et-andet-moede")) == (Verdict.FOREIGN, "no_meeting")
    assert said(number) == {}
    db.rollback()
    seen = db.scalars(select(IncomingReply).where(IncomingReply.verdict == Verdict.FORGED)).all()
    assert (people.nadia, number, "bo@solbaek.example") in {(one.person_id, one.meeting_id, one.sender) for one in seen}


def test_with_a_named_mail_server_only_proven_senders_count(invited, take, said):
    _, sent = invited
    here = "mx.solbaek.example"
    proven = {"Authentication-Results": f"{here}; spf=pass; dmarc=pass header.from=solbaek.example"}
    assert take(reply_mail(sent["bo"]), here) == (Verdict.FORGED, "not_proven")
    for words in (
        "spf=pass smtp.mailfrom=dmarc=pass@evil.example; dmarc=none header.from=solbaek.example",
        'spf=pass smtp.mailfrom="x; dmarc=pass "@evil.example; dmarc=none header.from=solbaek.example',
        "spf=pass (of a; dmarc=pass (yes; dmarc=pass)) smtp.mailfrom=a@evil.example",
        "spf=pass smtp.helo=x;dmarc=pass; dmarc=none header.from=solbaek.example",
        "spf=pass (of a; dmarc=pass",
    ):
        said = {"Authentication-Results": f"{here}; {words}"}
        with pytest.raises(Refused):
            read_reply(reply_mail(sent["gunnar"], headers=said), here)
    commented = {"Authentication-Results": f"{here} 1; spf=pass (of; a) smtp.mailfrom=a; dmarc=pass (p=reject) x=y"}
    assert read_reply(reply_mail(sent["gunnar"], headers=commented), here).is_sender
    elsewhere = {"Authentication-Results": "mx.evil.example; dmarc=pass"}
    assert take(reply_mail(sent["bo"], headers=elsewhere), here) == (Verdict.FORGED, "not_proven")
    assert take(reply_mail(sent["bo"], headers=proven), here)[0] is Verdict.APPLIED
    # What the sender wrote stands below what our server put on top.
    raw = b"Authentication-Results: mx.solbaek.example; dmarc=fail\r\n" + reply_mail(sent["gunnar"], headers=proven)
    assert take(raw, here) == (Verdict.FORGED, "not_proven")


def test_what_is_no_yes_or_no_changes_nothing(invited, take, said, db):
    number, sent = invited
    bo = sent["bo"]
    assert take(reply_mail(bo, "TENTATIVE")) == (Verdict.NOT_A_REPLY, "tentative")
    assert take(reply_mail(bo, "DELEGATED")) == (Verdict.NOT_A_REPLY, "delegated")
    assert take(reply_mail(bo, "NEEDS-ACTION")) == (Verdict.NOT_A_REPLY, "no_answer")
    assert take(reply_mail(bo, method="COUNTER")) == (Verdict.NOT_A_REPLY, "counter")
    assert take(reply_mail(bo, method="REQUEST")) == (Verdict.NOT_A_REPLY, "other_method")
    assert take(bo.raw) == (Verdict.NOT_A_REPLY, "other_method")  # our own invitation, come back
    assert take(reply_mail(bo, extra="RECURRENCE-ID:20261209T080000Z")) == (Verdict.FOREIGN, "series")
    assert take(b"From: bo@solbaek.example\r\nSubject: Hej\r\n\r\nJeg kommer!") == (Verdict.NOT_A_REPLY, "no_calendar")
    assert take(b"") == (Verdict.UNREADABLE, "senders")
    assert take(b"x" * 1_100_000) == (Verdict.UNREADABLE, "too_large")
    second = reply_mail(bo, client=APPLE).replace(b"END:VEVENT", b"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT")
    assert take(second) == (Verdict.UNREADABLE, "several")
    two = reply_mail(bo, client=APPLE, extra="ATTENDEE;PARTSTAT=DECLINED:mailto:anna@solbaek.example")
    assert take(two) == (Verdict.UNREADABLE, "attendees")
    mismatch = reply_mail(bo, client=APPLE).replace(b"METHOD:REPLY", b"METHOD:CANCEL")
    assert take(mismatch) == (Verdict.NOT_A_REPLY, "methods_differ")
    assert said(number) == {}
    db.rollback()
    told = select(IncomingReply.meeting_id).where(IncomingReply.why.in_(("counter", "tentative")))
    assert db.scalars(told).all() == [number, number]  # so that somebody can talk to them


def test_a_forwarded_reply_is_somebody_elses_word(invited, take, said):
    number, sent = invited
    forwarded = b"From: bo@solbaek.example\r\nContent-Type: message/rfc822\r\n\r\n" + reply_mail(sent["bo"])
    assert take(forwarded) == (Verdict.NOT_A_REPLY, "no_calendar")
    assert said(number) == {}


def test_who_is_called_off_or_gone_cannot_answer(invited, take, said, post, reply, write, people, cancel):
    number, sent = invited
    reply(number, "nadia", Reply.DECLINED, people.signe)
    signe = post.round(number)["signe"]
    reply(number, "nadia")
    assert take(reply_mail(signe)) == (Verdict.FOREIGN, "not_invited")
    gone = update(Employment).where(Employment.person_id == people.gunnar).values(ends=date(2026, 11, 20))
    write(lambda db: db.execute(gone))
    assert take(reply_mail(sent["gunnar"])) == (Verdict.FOREIGN, "not_invited")
    cancel(number)
    assert take(reply_mail(sent["bo"])) == (Verdict.STALE, "over")
    post.round(number)
    assert take(reply_mail(sent["bo"], "DECLINED")) == (Verdict.FOREIGN, "not_invited")
    assert set(said(number)) == {"nadia"}


def calendar_of(sent) -> bytes:
    return quopri.decodestring(reply_mail(sent, client=APPLE).partition(b"\r\n\r\n")[2])


def mail_with(calendar: bytes, charset: str = "utf-8") -> bytes:
    head = "From: bo@solbaek.example\r\nContent-Transfer-Encoding: 8bit\r\n"
    return f'{head}Content-Type: text/calendar; method=REPLY; charset="{charset}"\r\n\r\n'.encode() + calendar


def test_letters_may_be_written_in_many_ways(invited, take):
    _, sent = invited
    plain = calendar_of(sent["bo"])
    for charset in ("utf-16", "iso-8859-1", "windows-1252", "punycode", "zip", "hex", "findes-ikke", ""):
        coded = plain.decode().encode(charset) if charset[:3] in ("utf", "iso", "win") else plain
        raw = mail_with(coded, charset)
        try:
            assert read_reply(raw).attendee == "bo@solbaek.example", charset
        except Refused as refused:
            assert charset == "utf-16", refused.why  # line ends are no longer those of a mail


def test_a_time_zone_made_to_stop_us_is_not_looked_at(invited, take):
    _, sent = invited
    endless = b"BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0100\r\n"
    endless += b"TZOFFSETTO:+0200\r\nEND:STANDARD\r\n"
    calendar = calendar_of(sent["bo"]).replace(b"BEGIN:STANDARD\r\n", endless + b"BEGIN:STANDARD\r\n")
    assert b"SECONDLY" in calendar
    assert take(mail_with(calendar))[0] is Verdict.APPLIED


def test_the_administrator_sees_what_came_and_no_content(invited, take, visitor, db):
    number, sent = invited
    take(reply_mail(sent["bo"]))
    take(reply_mail(sent["nadia"], sender="<script>@evil.example"))
    take(reply_mail(sent["nadia"], sender="bo@solbaek.example"))
    assert 'href="/drift/svar"' in visitor("ivan").open("/drift/post").text
    page = visitor("ivan").open("/drift/svar")
    assert "Forkert afsender" in page.words
    assert f"Møde {number}" in page.words
    assert "bo@solbaek.example" in page.words
    assert "MED-ledelsen, december" not in page.words
    assert "<script>@" not in page.text
    assert visitor("anna").open("/drift/svar").status_code == 403
    for odd in ("0", "-1", "x", "9" * 30, "²"):
        assert visitor("ivan").open(f"/drift/svar?foer={odd}").status_code == 200
    assert "Noteret" in visitor("ivan").open("/drift/svar").words
    assert "Replies that came by mail" in visitor("ivan").open("/drift/svar?sprog=en").h1
