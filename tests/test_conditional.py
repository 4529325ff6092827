"""What was answered before is answered again only while nothing at all has been saved, and to nobody else."""

import contextlib
import random
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from med import clock, demo
from med.db import Database, is_away
from med.identity.actions import make_feed_token
from med.identity.models import FeedToken
from med.meetings.models import Meeting
from med.organisation.models import Employment
from med.organisation.queries import viewer_for
from med.web import conditional


@pytest.fixture
def address(write, people):
    def make(handle: str) -> str:
        token = write(
            lambda db: make_feed_token(db, viewer_for(db, getattr(people, handle)), "calendar", "moeder=mine")
        )
        return f"/kalender/{token}.ics"

    return make


@pytest.fixture
def finding(monkeypatch):
    """How often an answer was really looked for."""
    looked = []
    answer = conditional.answer
    monkeypatch.setattr("med.calendar.routes.feeds.answer", lambda *a, **k: looked.append(1) or answer(*a, **k))
    return looked


def test_the_database_tells_whether_anybody_has_saved(database, write):
    before = database.state()
    assert before is not None and database.state() == before
    write(lambda db: db.execute(update(Meeting).values(about="Nyt")))
    assert database.state() not in (before, None)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_line_that_breaks_tells_nothing_and_another_is_opened(database):
    before = database.state()
    with database.writing() as db:
        db.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()"
            )
        )
    assert database.state() is None
    assert database.state() is not None and before is not None
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Meeting))


def test_a_database_that_is_away_is_said_to_be_away(tmp_path):
    (tmp_path / "folder.db").mkdir()
    for url in (f"postgresql+psycopg://nobody@/none?host={tmp_path}", f"sqlite:///{tmp_path / 'folder.db'}"):
        away = Database(url)
        assert away.state() is None
        with pytest.raises(OperationalError) as said, away.reading():
            pass
        assert is_away(said.value)
        away.close()


def test_what_is_saved_and_thrown_away_again_has_changed_nothing_to_see(database):
    """A look that came in between saw what was before, and may go on doing so."""

    def titles():
        with database.reading() as db:
            return db.info["state"], [*db.scalars(select(Meeting.title).order_by(Meeting.id))]

    before = titles()
    with contextlib.suppress(ZeroDivisionError), database.writing() as db:
        db.execute(update(Meeting).values(title="Fortrudt"))
        db.flush()
        during = titles()
        raise ZeroDivisionError
    assert before[1] == during[1] == titles()[1]


def test_the_same_state_is_the_same_rows_whoever_saves_meanwhile(database, write):
    """Readers and writers at once: no state stands for two readings that began in it and ended in it."""
    one = write(lambda db: db.scalar(select(func.min(Meeting.id))))
    seen: dict[object, set[int]] = defaultdict(set)
    done, counted = Event(), Lock()

    def save():
        for _ in range(25):
            with contextlib.suppress(ZeroDivisionError), database.writing() as db:
                db.execute(update(Meeting).where(Meeting.id == one).values(version=Meeting.version + 1))
                time.sleep(random.random() / 500)
                if random.random() < 0.2:
                    raise ZeroDivisionError

    def look():
        while not done.is_set():
            before = database.state()
            with database.reading() as db:
                state, found = db.info["state"], db.scalar(select(Meeting.version).where(Meeting.id == one))
            if before == database.state() and (before == state or database.is_sqlite):
                with counted:
                    seen[before].add(found)

    with ThreadPoolExecutor(6) as threads:
        readers = [threads.submit(look) for _ in range(3)]
        writers = [threads.submit(save) for _ in range(1 if database.is_sqlite else 3)]
        try:
            for writer in writers:
                writer.result()
        finally:
            done.set()
        for reader in readers:
            reader.result()
    assert len(seen) > 3
    assert {len(found) for found in seen.values()} == {1}


def test_while_nothing_is_saved_nothing_is_looked_for(visitor, address, finding):
    own = address("anna")
    reader = visitor("")
    reader.open(own)  # notes when the address was used, which is a change
    first = reader.open(own)
    before = len(finding)
    again = reader.open(own, **{"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and again.headers["etag"] == first.headers["etag"]
    assert reader.open(own).response.content == first.response.content
    assert len(finding) == before


def test_the_edge_gives_the_same_answer_as_the_application(visitor, address, database, monkeypatch):
    own = address("anna")
    reader = visitor("")
    for _ in range(2):
        reader.open(own)
    tag = reader.open(own).headers["etag"]
    for asked in ({}, {"if-none-match": tag}, {"if-none-match": '"other"'}, {"accept-encoding": "identity"}):
        known = reader.open(own, **asked)
        with monkeypatch.context() as context:
            context.setattr(database, "state", lambda: None)
            found = reader.open(own, **asked)
        assert (known.status_code, known.response.content) == (found.status_code, found.response.content)
        assert dict(known.headers) == dict(found.headers)


def test_what_is_saved_is_seen_at_once(visitor, address, write):
    own = address("anna")
    reader = visitor("")
    reader.open(own)
    first = reader.open(own)
    write(lambda db: db.execute(update(Meeting).values(title="Et nyt navn", revised_at=clock.now(), version=99)))
    again = reader.open(own, **{"if-none-match": first.headers["etag"]})
    assert again.status_code == 200 and "Et nyt navn" in again.response.text


@pytest.mark.parametrize("ends", ["address", "person"])
def test_a_right_that_ends_ends_at_once(visitor, address, write, people, ends):
    own = address("anna")
    reader = visitor("")
    reader.open(own)
    first = reader.open(own)
    assert first.status_code == 200
    change = (
        update(FeedToken).values(revoked_at=clock.now())
        if ends == "address"
        else update(Employment).where(Employment.person_id == people.anna).values(ends=Employment.starts)
    )
    write(lambda db: db.execute(change))
    assert reader.open(own, **{"if-none-match": first.headers["etag"]}).status_code == 404


def test_a_right_that_ends_by_the_day_ends_with_it(visitor, address, write, people):
    own = address("anna")
    write(
        lambda db: db.execute(update(Employment).where(Employment.person_id == people.anna).values(ends=clock.today()))
    )
    reader = visitor("")
    reader.open(own)
    assert reader.open(own).status_code == 200
    with clock.at(demo.NOW.replace(hour=23, minute=59)):
        assert reader.open(own).status_code == 200
    with clock.at(demo.NOW.replace(day=demo.NOW.day + 1, hour=0, minute=1)):
        assert reader.open(own).status_code == 404


def test_nobody_gets_anothers(visitor, address):
    mine, hers = address("anna"), address("carla")
    reader = visitor("")
    for _ in range(3):
        first, second = reader.open(mine), reader.open(hers)
        assert first.response.content != second.response.content
        assert reader.open(hers, **{"if-none-match": first.headers["etag"]}).status_code == 200
