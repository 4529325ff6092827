"""The mailbox is emptied over a real line: each mail once, large ones left there, nothing lost when the line breaks."""

import contextlib
import imaplib
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from med.calendar.jobs import read_mailbox
from med.calendar.models import IncomingReply, Verdict
from med.calendar.replies import mailbox
from med.calendar.replies.mailbox import empty_mailbox
from med.meetings.models import Attendance, Reply
from med.slices import Office
from tests.calendar.imap import Box, running
from tests.calendar.mails import APPLE, GOOGLE, SETTINGS, reply_mail


@pytest.fixture
def box():
    return Box()


@pytest.fixture
def office(database, box):
    with running(box) as address:
        yield Office(database, replace(SETTINGS, imap_url=address))


@pytest.fixture
def verdicts(db):
    def found():
        db.rollback()
        return [row for (row,) in db.execute(select(IncomingReply.verdict).order_by(IncomingReply.id))]

    return found


def test_what_came_is_taken_in_once_and_marked_as_read(post, plan, box, office, verdicts, db):
    number = plan()
    sent = post.round(number)
    box.mails = [
        reply_mail(sent["bo"]),
        b"From: x@y.example\r\n\r\nTillykke!",
        reply_mail(sent["gunnar"], client=GOOGLE),
    ]
    empty_mailbox(office)
    assert verdicts() == [Verdict.APPLIED, Verdict.NOT_A_REPLY, Verdict.APPLIED]
    assert box.unseen == []
    yes = select(func.count()).where(Attendance.meeting_id == number, Attendance.reply == Reply.ACCEPTED)
    assert db.scalar(yes) == 2
    asked = len(box.asked)
    empty_mailbox(office)
    assert not any("FETCH" in command for command in box.asked[asked:])
    box.seen.clear()  # somebody marked them as unread
    empty_mailbox(office)
    assert len(verdicts()) == 3


def test_a_mail_that_is_too_large_is_never_fetched(box, office, verdicts):
    box.mails = [b"From: x@y.example\r\n\r\nkort"]
    box.claims = {1: 30_000_000}
    empty_mailbox(office)
    assert verdicts() == [Verdict.UNREADABLE]
    assert box.unseen == []
    assert not any("BODY" in command for command in box.asked)


@pytest.mark.parametrize("where", ["UID SEARCH", "UID FETCH 2", "UID STORE 1", "LOGOUT"])
def test_a_line_that_breaks_loses_nothing_and_does_nothing_twice(post, plan, box, office, verdicts, where):
    sent = post.round(plan())
    box.mails = [reply_mail(sent["bo"]), reply_mail(sent["nadia"], client=APPLE)]
    box.dies_at = where
    with contextlib.suppress(OSError, imaplib.IMAP4.error):
        empty_mailbox(office)
    box.dies_at = ""
    empty_mailbox(office)
    assert verdicts() == [Verdict.APPLIED, Verdict.APPLIED]
    assert box.unseen == []


def test_a_stumble_of_ours_is_kept_and_the_next_mail_is_read(post, plan, box, office, verdicts, monkeypatch):
    sent = post.round(plan())
    box.mails = [b"From: x@y.example\r\n\r\nden farlige", reply_mail(sent["bo"])]
    real = mailbox.take_in

    def stumble(db, raw, authserv_id):
        if b"farlige" in raw:
            raise ZeroDivisionError
        return real(db, raw, authserv_id)

    monkeypatch.setattr(mailbox, "take_in", stumble)
    empty_mailbox(office)
    assert verdicts() == [Verdict.UNREADABLE, Verdict.APPLIED]
    assert box.unseen == []


def test_a_wrong_password_or_folder_raises_for_the_log(box, office):
    for address in (
        office.settings.imap_url.replace("medspil", "en-anden"),
        office.settings.imap_url.replace("/INBOX", "/Findes%20ikke"),
    ):
        with pytest.raises(imaplib.IMAP4.error):
            empty_mailbox(Office(office.database, replace(SETTINGS, imap_url=address)))


def test_one_worker_looks_at_each_step_of_the_clock(box, office, database):
    read_mailbox(office)
    read_mailbox(Office(database, office.settings))
    assert sum(command.startswith("LOGIN") for command in box.asked) == 1
    read_mailbox(Office(database, replace(SETTINGS, imap_url="")))  # no mailbox is set


def test_a_mailbox_in_the_same_house_may_ask_for_proof(post, plan, box, office, verdicts):
    sent = post.round(plan())
    box.mails = [reply_mail(sent["bo"])]
    address = office.settings.imap_url + "?authserv-id=mx.solbaek.example"
    empty_mailbox(Office(office.database, replace(SETTINGS, imap_url=address)))
    assert verdicts() == [Verdict.FORGED]
