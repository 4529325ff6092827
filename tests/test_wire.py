"""What one server process saves, the others hear: at once on PostgreSQL, and only what was saved."""

import queue

import pytest
import sqlalchemy as sa

from med import wire
from med.db import Database
from med.meetings.actions.entering import stir
from med.meetings.live import hub_of
from med.wire import Ear, announce

PATIENCE = 8


@pytest.fixture
def shared_database(postgres):
    database = Database(postgres.create("wire"))
    yield database
    database.close()
    postgres.drop("wire")


@pytest.fixture
def listening():
    """An ear at a database, and what it hears, as it comes."""
    opened = []

    def listen(url, *hearers):
        heard = queue.SimpleQueue()
        ear = Ear(url)
        ear.hearers += [heard.put, *hearers]
        ear.start()
        opened.append(ear)
        assert heard.get(timeout=PATIENCE) == ""
        return heard

    yield listen
    for ear in opened:
        ear.close()
        assert not ear.is_open


def test_on_sqlite_there_is_nobody_to_tell(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'one.db'}")
    ear = Ear(database.url)
    ear.start()
    with database.writing() as db:
        announce(db, "meeting 1")
    assert ear._thread is None and not ear.is_open
    ear.close()
    database.close()


def test_what_is_saved_is_heard_and_what_is_not_saved_is_not(shared_database, listening):
    heard = listening(shared_database.url)
    with pytest.raises(ZeroDivisionError), shared_database.writing() as db:
        announce(db, "never")
        raise ZeroDivisionError
    with shared_database.writing() as db:
        announce(db, "one")
        announce(db, "two")
    assert [heard.get(timeout=PATIENCE) for _ in range(2)] == ["one", "two"]
    assert heard.empty()


def test_a_broken_line_is_taken_up_again(shared_database, listening, monkeypatch, caplog):
    monkeypatch.setattr(wire, "TRY_AGAIN", 0.05)
    heard = listening(shared_database.url)
    with shared_database.writing() as db:
        db.execute(sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"))
    assert heard.get(timeout=PATIENCE) == ""  # anything may have been missed
    with shared_database.writing() as db:
        announce(db, "again")
    assert heard.get(timeout=PATIENCE) == "again"
    assert "the line to the database broke" in caplog.text


def test_a_room_hears_what_another_process_changed_in_it(app, backend, database, write, listening, monkeypatch):
    """`write` is the other process: nobody here wakes the readers."""
    woken = queue.SimpleQueue()
    monkeypatch.setattr(hub_of(app), "wake", woken.put)
    monkeypatch.setattr(hub_of(app), "wake_all", lambda: woken.put("all"))
    hearers = app.state.desk.ear.hearers
    if backend == "postgresql":
        listening(database.url, *hearers)
    else:
        for hear in hearers:
            hear("")

    def elsewhere(words, change):
        write(change)
        if backend == "sqlite":
            for hear in hearers:
                hear(words)

    assert woken.get(timeout=PATIENCE) == "all"
    elsewhere("something else", lambda db: announce(db, "something else"))
    elsewhere("meeting 7", lambda db: stir(db, 7))
    assert woken.get(timeout=PATIENCE) == 7
    assert woken.empty()
