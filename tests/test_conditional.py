"""What was answered before is answered again only while nothing at all has been saved, and to nobody else."""

import pytest
from sqlalchemy import update

from med import clock, demo
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
    assert database.state() == before
    write(lambda db: db.execute(update(Meeting).values(about="Nyt")))
    assert (database.state() == before) is (before is None)
    assert (before is None) is (not database.is_sqlite)


def test_while_nothing_is_saved_nothing_is_looked_for(visitor, address, finding, database):
    own = address("anna")
    reader = visitor("")
    reader.open(own)  # notes when the address was used, which is a change
    first = reader.open(own)
    before = len(finding)
    again = reader.open(own, **{"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and again.headers["etag"] == first.headers["etag"]
    assert reader.open(own).response.content == first.response.content
    assert len(finding) - before == (0 if database.is_sqlite else 2)


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
