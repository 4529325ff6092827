"""Mail leaves the house once, whatever the mail server and the machine do to it."""

import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from med import clock, demo, language
from med.db import Database
from med.notices.models import Channel, MailSetting, Message, MessageState, Outlet, OutletKind
from med.notices.outbox import Letter, Posting, post
from med.notices.sending import AWAY_PAUSE, LEASE, LONGEST_PAUSE, MOST_TRIES, Reason, Sender, pause
from med.organisation.models import Employment, Person
from med.slices import Office

WAITING, SENT, DROPPED, DEAD = MessageState.WAITING, MessageState.SENT, MessageState.DROPPED, MessageState.DEAD


def setting_of(database: Database, person_id: int) -> MailSetting | None:
    with database.reading() as db:
        found = db.scalar(select(MailSetting).where(MailSetting.person_id == person_id))
        if found:
            db.expunge(found)
        return found


def test_a_posted_message_is_mailed_once_and_marked(put, send, sink, look):
    posted = put("anna")
    assert send() == 1
    (mail,) = sink.mails
    assert mail["Subject"] == "Emne"
    assert mail["To"].addresses[0].display_name.startswith("Anna")
    message = look(posted)
    assert (message.state, message.sent_at, message.lease, message.error) == (SENT, clock.now(), "", "")
    assert send() == 0
    assert len(sink.mails) == 1


def test_what_is_due_first_goes_first_and_what_is_not_due_waits(write, people, letters, send, sink):
    letters["make"] = lambda db, message, viewer: Letter(message.key, "t", "h")
    moments = {"later": 30, "third": 0, "first": -20, "second": -10}
    write(
        lambda db: post(
            db,
            [
                Posting(key, "test", people.anna, next_at=clock.now() + timedelta(minutes=minutes))
                for key, minutes in moments.items()
            ],
        )
    )
    send()
    assert [mail["Subject"] for mail in sink.mails] == ["first", "second", "third"]
    with clock.at(demo.NOW + timedelta(minutes=31)):
        send()
    assert [mail["Subject"] for mail in sink.mails][3:] == ["later"]


def test_one_line_to_the_mail_server_carries_many(put, send, sink):
    put("anna", times=45)
    assert send() == 45
    assert len({mail["Message-ID"] for mail in sink.mails}) == 45


# --- refusals and failures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_not_now_is_tried_again_after_a_growing_while(put, send, sink, look, stage):
    posted = put("anna")
    sink.mood.refuse = {stage: "451 4.3.0 Try again later"}
    send()
    first = look(posted)
    assert (first.state, first.tries, first.lease) == (WAITING, 1, "")
    assert first.error == "451 4.3.0 Try again later"
    assert timedelta(seconds=45) <= first.next_at - clock.now() <= timedelta(seconds=75)
    assert send() == 0  # not before
    with clock.at(first.next_at):
        send()
        second = look(posted)
        assert second.tries == 2
        assert timedelta(seconds=90) <= second.next_at - clock.now() <= timedelta(seconds=150)
    sink.mood.refuse = {}
    with clock.at(second.next_at):
        send()
    assert look(posted).state is SENT
    assert len(sink.mails) == 1


def test_ten_tries_are_enough(put, send, sink, look):
    posted = put("anna")
    sink.mood.refuse = {"rcpt": "450 4.2.1 Mailbox busy"}
    moment = clock.now()
    for number in range(1, MOST_TRIES + 1):
        with clock.at(moment):
            send()
        message = look(posted)
        assert message.tries == number
        moment = message.next_at
    assert message.state is DEAD
    with clock.at(moment + timedelta(days=9)):
        assert send() == 0


def test_pauses_grow_to_six_hours_and_differ_between_messages():
    pauses = [pause("a", tries) for tries in range(1, 30)]
    assert all(
        0.75 * minutes * 60 <= pauses[n].total_seconds() <= 1.25 * minutes * 60
        for n, minutes in enumerate([1, 2, 4, 8])
    )
    assert max(pauses) <= LONGEST_PAUSE * 1.25
    assert pause("a", 5) == pause("a", 5) != pause("b", 5)


def test_an_address_that_does_not_exist_is_marked_and_not_written_to_again(put, send, sink, look, database, people):
    posted, other = put("anna"), put("bo")
    sink.mood.refuse, sink.mood.times = {"rcpt": "550 5.1.1 No such user here"}, 1
    send()
    assert (look(posted).state, look(posted).error) == (DEAD, "550 5.1.1 No such user here")
    assert look(other).state is SENT  # the same line goes on
    setting = setting_of(database, people.anna)
    assert setting is not None
    assert (setting.refused_at, setting.refusal) == (clock.now(), "550 5.1.1 No such user here")
    again = put("anna", kind="summons")
    send()
    assert (look(again).state, look(again).error) == (DROPPED, Reason.REFUSED)


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("rcpt", "554 5.7.1 Relay access denied"),  # about us, not about her
        ("rcpt", "550 5.7.1 Blocked by policy"),
        ("mail", "550 5.1.8 Sender unknown"),
        ("data", "552 5.3.4 Too large"),
    ],
)
def test_other_refusals_end_the_message_and_leave_the_address_alone(
    put, send, sink, look, database, people, stage, said
):
    posted = put("anna")
    sink.mood.refuse = {stage: said}
    send()
    assert (look(posted).state, look(posted).error) == (DEAD, said)
    assert setting_of(database, people.anna) is None


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_line_that_breaks_is_opened_anew_for_the_others(put, send, sink, look, stage):
    first, second = put("anna"), put("bo")
    sink.mood.drop, sink.mood.times = stage, 1
    send()
    assert (look(first).state, look(first).tries) == (WAITING, 1)
    assert look(second).state is SENT


def test_an_answer_that_is_lost_sends_the_same_message_id_again(put, send, sink, look):
    """Whether the server took it on, nobody can know: it may come twice, and mail programs show it once."""
    posted = put("anna")
    sink.mood.drop, sink.mood.times = "kept", 1
    send()
    with clock.at(look(posted).next_at):
        send()
    one, two = sink.mails
    assert one["Message-ID"] == two["Message-ID"] == f"<{look(posted).uid}@127.0.0.1>"
    assert look(posted).state is SENT


def test_a_server_that_falls_silent_is_left_after_a_while(put, send, sink, look):
    first = put("anna")
    sink.mood.stall = {"rcpt": 2.0}
    began = time.monotonic()
    send(timeout=0.2)
    assert time.monotonic() - began < 1.5
    assert (look(first).state, look(first).tries) == (WAITING, 1)
    assert "timed out" in look(first).error


def test_a_server_that_talks_too_slowly_is_cut_off(put, office, look):
    """A letter every now and then keeps within every timeout of a line, and would hold a lease for ever."""
    posted = put("anna")

    def drip() -> None:
        with listener, listener.accept()[0] as line:
            line.sendall(b"220 slow\r\n")
            line.recv(999)
            line.sendall(b"250 slow\r\n")
            line.recv(999)
            try:
                for _ in range(100):
                    line.sendall(b"2")
                    time.sleep(0.1)
            except OSError:
                pass

    listener = socket.create_server(("127.0.0.1", 0))
    server = threading.Thread(target=drip)
    server.start()
    url = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
    slow = Office(office.database, replace(office.settings, smtp_url=url))
    began = time.monotonic()
    Sender(slow, (Channel.MAIL,), patience=0.4, timeout=5).run()
    assert time.monotonic() - began < 3
    server.join()
    assert (look(posted).state, look(posted).tries) == (WAITING, 1)


def test_while_the_mail_server_is_away_everything_waits_and_nothing_is_given_up(put, send, sink, look, office):
    posted = put("anna", times=30)
    away = Office(office.database, replace(office.settings, smtp_url="smtp://127.0.0.1:1"))
    moment = clock.now()
    for _ in range(MOST_TRIES + 5):
        with clock.at(moment):
            Sender(away, (Channel.MAIL,)).run()
        moment += AWAY_PAUSE
    with office.database.reading() as db:
        rows = db.execute(select(Message.state, Message.tries, Message.lease)).all()
    assert {tuple(row) for row in rows} == {(WAITING, 0, "")}
    assert "refused" in look(posted - 29).error
    with clock.at(moment + AWAY_PAUSE):
        assert send() == 30
    assert look(posted).error == ""


def test_a_line_that_breaks_again_and_again_is_the_servers_fault(put, send, sink, office):
    put("anna", times=12)
    sink.mood.drop = "rcpt"
    send()
    with office.database.reading() as db:
        assert sorted(db.scalars(select(Message.tries))) == [0] * 9 + [1] * 3


def test_outside_this_machine_a_password_is_never_sent_in_the_open(put, office, sink, look, monkeypatch):
    """A server without STARTTLS is refused unless it is this machine's own."""
    posted = put("anna")
    settings = replace(office.settings, smtp_url=sink.url.replace("smtp://", "smtp://medspil:hemmelig@"))
    monkeypatch.setattr("med.notices.smtp.LOOPBACK", set())
    Sender(Office(office.database, settings), (Channel.MAIL,)).run()
    assert "STARTTLS" in look(posted).error
    assert sink.mood.asked == []


def test_a_letter_that_cannot_be_made_counts_as_a_try_and_tells_no_words(put, send, letters, look, sink):
    def stumble(db, message, viewer):
        raise ZeroDivisionError("Anna er syg")

    letters["make"] = stumble
    posted, second = put("anna"), put("bo")
    send()
    assert (look(posted).state, look(posted).tries, look(posted).error) == (WAITING, 1, "ZeroDivisionError")
    assert look(second).tries == 1
    del letters["make"]
    letters["letter"] = Letter("s", "t", "h", headers={"Bcc": "x@y.example"})
    posted = put("carla")
    send()
    assert (look(posted).tries, look(posted).error) == (1, "ValueError")
    assert sink.mails == []


def test_nobody_knows_the_kind_any_more(put, send, look):
    posted = put("anna", kind="forgotten")
    send()
    assert (look(posted).tries, look(posted).error) == (1, "KeyError")


# --- rights at the moment of sending ----------------------------------------------------------------------------------


def left(db, people):
    db.execute(update(Employment).where(Employment.person_id == people.anna).values(ends=clock.today() - timedelta(1)))


def shut_out(db, people):
    db.execute(update(Person).where(Person.id == people.anna).values(is_active=False))


def no_address(db, people):
    db.execute(update(Person).where(Person.id == people.anna).values(mail=""))


def stopped(db, people):
    db.add(MailSetting(person_id=people.anna, stopped_at=clock.now()))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (left, Reason.LEFT),
        (shut_out, Reason.LEFT),
        (no_address, Reason.NO_ADDRESS),
        (stopped, Reason.STOPPED),
    ],
)
def test_who_may_not_or_will_not_hear_of_it_gets_nothing(put, send, sink, look, write, people, change, reason):
    posted = put("anna")
    write(lambda db: change(db, people))
    send()
    assert (look(posted).state, look(posted).error) == (DROPPED, reason)
    assert sink.mails == []


def test_a_summons_comes_also_to_those_who_want_no_mail(put, send, sink, look, write, people):
    write(lambda db: stopped(db, people))
    posted = put("anna", kind="summons")
    send()
    assert look(posted).state is SENT


def test_the_composer_meets_the_receiver_as_of_now_in_their_language(put, send, sink, letters, write, people):
    put("anna")
    write(lambda db: db.execute(update(Person).where(Person.id == people.anna).values(language="en")))
    met = []
    letters["make"] = lambda db, message, viewer: met.append((viewer, language.current.get())) or letters["letter"]
    send()
    ((viewer, tongue),) = met
    assert viewer.person_id == people.anna
    assert viewer.seats
    assert tongue == "en"
    assert language.current.get() == "da"


def test_what_there_is_nothing_left_to_say_about_is_dropped(put, send, letters, look, sink):
    letters["make"] = lambda db, message, viewer: None
    posted = put("anna")
    send()
    assert (look(posted).state, look(posted).error) == (DROPPED, Reason.NOTHING_LEFT)


def test_composers_cannot_change_anything(put, send, letters, look, people, db):
    letters["make"] = lambda db, message, viewer: db.execute(update(Person).values(name="Nogen")) and None
    posted = put("anna")
    send()
    assert look(posted).tries == 1
    assert db.get_one(Person, people.anna).name != "Nogen"


def test_without_a_mail_server_mail_is_dropped_not_hoarded(put, office, look):
    posted = put("anna")
    Sender(Office(office.database, replace(office.settings, smtp_url="")), (Channel.MAIL,)).run()
    assert (look(posted).state, look(posted).error) == (DROPPED, Reason.NO_SERVER)


# --- several at once, the killed and the late -------------------------------------------------------------------------


def test_several_senders_send_each_message_once(put, office, sink):
    put("anna", times=60)
    offices = [Office(Database(office.database.url), office.settings) for _ in range(3)]
    threads = [threading.Thread(target=Sender(one, (Channel.MAIL,), batch=5).run) for one in offices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in offices:
        one.database.close()
    names = [mail["Message-ID"] for mail in sink.mails]
    assert len(names) == len(set(names)) == 60


def test_what_a_killed_sender_had_in_hand_is_sent_when_its_lease_has_run_out(put, office, send, look, sink):
    posted = put("anna")
    killed = Sender(office, (Channel.MAIL,))
    assert killed.claim() == [posted]
    assert send() == 0
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        assert send() == 1
    assert (look(posted).state, look(posted).tries) == (SENT, 0)


def test_a_late_sender_sends_nothing_and_marks_nothing(put, office, send, look, sink):
    posted = put("anna")
    late = Sender(office, (Channel.MAIL,))
    late.claim()
    with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
        late.handle(posted)  # its time is up: it must not begin
        assert sink.mails == []
        send()
        assert look(posted).state is SENT
        assert late.settle(posted, state=DEAD, error="too late") is False
        late.put_back([posted])
    assert (look(posted).state, look(posted).error) == (SENT, "")


def test_a_sender_puts_back_what_it_has_no_time_for(put, office, look):
    """So that a lease is never shorter than the work it stands for."""
    last = put("anna", times=3)
    hurried = Sender(office, (Channel.MAIL,), lease=timedelta(seconds=66.2), patience=60)
    ids = hurried.claim()
    with hurried.postman:
        assert hurried.work_through(ids, time.monotonic() - 1) == 1
    assert [look(last - 2 + n).state for n in range(3)] == [SENT, WAITING, WAITING]
    assert look(last).lease == ""


def test_a_stopping_process_lets_go_of_what_it_has_not_begun(put, office, look, letters):
    last = put("anna", times=5)

    def make(db, message, viewer):
        if message.id == last - 3:
            office.stopping.set()
        return letters["letter"]

    letters["make"] = make
    assert Sender(office, (Channel.MAIL,)).run() == 2
    assert [look(last - 4 + n).state for n in range(5)] == [SENT, SENT, WAITING, WAITING, WAITING]
    assert {look(last - n).lease for n in range(5)} == {""}
    assert look(last).next_at <= clock.now()


def test_a_stopping_process_does_not_wait_for_a_server_that_does_not_answer(put, office, sink, look, monkeypatch):
    monkeypatch.setattr("med.notices.sending.AT_STOP", 0.2)
    posted = put("anna")
    sink.mood.stall = {"data": 2.5}
    threading.Timer(0.3, office.stopping.set).start()
    began = time.monotonic()
    Sender(office, (Channel.MAIL,)).run()
    assert time.monotonic() - began < 2
    assert (look(posted).state, look(posted).tries, look(posted).lease) == (WAITING, 0, "")


def test_clock_changes_are_harmless(put, send, sink, office):
    """Leases and pauses are in UTC: the night of 25 hours has no hour twice."""
    with clock.at(demo.NOW.replace(month=10, day=25, hour=0, minute=59)):
        put("anna")
        held = Sender(office, (Channel.MAIL,)).claim()
        assert len(held) == 1
        with clock.at(clock.now() + timedelta(minutes=2)):  # 2.01 in Copenhagen, again
            assert send() == 0
        with clock.at(clock.now() + timedelta(minutes=6)):
            assert send() == 1


def test_a_page_is_saved_while_mail_is_waiting_for_an_answer(put, office, sink, write, database):
    """On SQLite there is one writer: it is never held while the mail server is thinking."""
    put("anna")
    sink.mood.stall = {"rcpt": 1.0}
    sending = threading.Thread(target=Sender(office, (Channel.MAIL,)).run)
    sending.start()
    while "rcpt" not in sink.mood.asked:
        time.sleep(0.01)
    began = time.monotonic()
    write(lambda db: db.execute(update(Person).values(theme="dark")))
    assert time.monotonic() - began < 0.5
    sending.join()
    assert len(sink.mails) == 1


def test_an_outlets_message_is_not_mailed(write, people, send, look):
    def work(db):
        outlet = Outlet(
            uid="u",
            kind=OutletKind.SLACK,
            name="n",
            url="https://x.example",
            made_by_id=people.ivan,
            made_at=clock.now(),
        )
        db.add(outlet)
        db.flush()
        post(db, [Posting("k", "test", outlet_id=outlet.id, channel=Channel.CHAT)])

    write(work)
    assert send() == 0
