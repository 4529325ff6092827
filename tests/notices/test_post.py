"""The administrator looks after the post: what waits, what could not be sent, addresses that take no mail."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from med import clock, demo
from med.journal.models import Entry, JobRun
from med.notices.models import MailSetting, MessageState
from med.notices.sending import Reason
from med.slices import Job
from med.worker import go, run


@pytest.fixture
def dead(put, send, sink) -> int:
    sink.mood.refuse, sink.mood.times = {"data": "554 5.6.0 Content refused"}, 1
    posted = put("anna")
    send()
    return posted


def test_the_administrator_reads_the_outbox_in_numbers(visitor, put, send, write, people, sink, letters):
    put("anna", times=3)
    send()
    letters["make"] = lambda db, message, viewer: None
    put("bo")
    send()
    put("carla", times=2)
    words = visitor("ivan").open("/drift/post").words
    assert "Venter2 heraf 2 nu" in words
    assert "Sendt i dag3" in words
    assert "1 der var ikke mere at fortælle" in words
    assert "Alt er kommet af sted." in words


def test_a_letter_that_could_not_be_sent_is_sent_again_or_given_up(visitor, dead, send, look, sink, db):
    ivan = visitor("ivan")
    page = ivan.open("/drift/post")
    assert "554 5.6.0 Content refused" in page.words
    assert "anna@solbaek.example" in page.words
    assert page.form("Prøv igen").send().status_code == 303
    assert (look(dead).state, look(dead).tries) == (MessageState.WAITING, 0)
    send()
    assert look(dead).state is MessageState.SENT
    assert len(sink.mails) == 1
    assert page.form("Opgiv").send().status_code == 303  # the page was old: nothing left to give up
    assert look(dead).state is MessageState.SENT
    db.rollback()
    assert list(db.scalars(select(Entry.happened).where(Entry.thing == "message"))) == ["message.tried_again"]


def test_giving_up_is_final(visitor, dead, look):
    visitor("ivan").open("/drift/post").form("Opgiv").send()
    assert (look(dead).state, look(dead).error) == (MessageState.DROPPED, Reason.GIVEN_UP)


def test_an_address_is_put_right_before_its_letters_go_again(visitor, put, send, sink, look, db, people):
    sink.mood.refuse, sink.mood.times = {"rcpt": "550 5.1.1 No such user"}, 1
    posted = put("anna")
    send()
    sink.mood.refuse, sink.mood.times = {"data": "554 No"}, 1
    other = put("bo")
    send()
    ivan = visitor("ivan")
    page = ivan.open("/drift/post")
    assert "Ret adressen først." in page.words
    page.form("Send igen").send()
    assert [look(posted).state, look(other).state] == [MessageState.DEAD, MessageState.WAITING]
    page.form("Adressen er rettet").send()
    db.rollback()
    setting = db.scalars(select(MailSetting).where(MailSetting.person_id == people.anna)).one()
    assert (setting.refused_at, setting.refusal) == (None, "")
    ivan.open("/drift/post").form("Prøv igen").send()
    send()
    assert [look(posted).state, look(other).state] == [MessageState.SENT, MessageState.SENT]


def test_many_dead_letters_come_a_page_at_a_time(visitor, put, send, sink):
    sink.mood.refuse = {"data": "554 No"}
    put("anna", times=55)
    send()
    page = visitor("ivan").open("/drift/post")
    assert page.words.count("554 No") == 50
    assert "Kunne ikke sendes55" in page.words
    (older,) = [href for href in page.links() if "efter=" in href]
    assert page.visitor.open("/drift/post" + older).words.count("554 No") == 5
    assert page.visitor.open("/drift/post?efter=x").status_code == 400


def test_what_the_clock_could_not_do_is_shown(visitor, database, office):
    def fail(db) -> None:
        raise ZeroDivisionError("a name that nobody should read here")

    run(database, Job("test.fails", 60, work=fail))
    go(office, Job("test.errand", 1, errand=fail))
    go(office, Job("test.errand", 1, errand=fail))  # in the same minute
    run(database, Job("test.works", 60, work=lambda db: None))
    words = visitor("ivan").open("/drift/post").words
    assert words.count("fejlede (ZeroDivisionError)") == 2
    assert "test.works" in words
    assert "a name" not in words


def test_an_errands_failures_do_not_pile_up(database, office, db):
    def fail(office) -> None:
        raise OSError

    for days in range(40):
        with clock.at(demo.NOW + timedelta(days=days)):
            go(office, Job("test.errand", 1, errand=fail))
    assert len(db.scalars(select(JobRun.id).where(JobRun.job == "test.errand")).all()) <= 31


def test_nobody_else_sees_the_post(visitor, dead, look):
    for handle in ("anna", "emil", "carla"):
        person = visitor(handle)
        assert person.open("/drift/post").status_code == 403
        assert "/drift/post" not in person.open("/").text
        for what in ("igen", "opgiv"):
            assert person.submit(f"/drift/post/{dead}/{what}").status_code == 403
    assert look(dead).state is MessageState.DEAD
    assert visitor("ivan").submit("/drift/post/999999/igen").status_code == 404


def test_the_page_is_in_english_too(visitor, dead):
    words = visitor("ivan").open("/drift/post?sprog=en").words
    assert "Could not be sent" in words
    assert "Try again" in words
