"""Approved minutes are chained by hash: the database refuses to change them, and what is forged is found."""

import json

import pytest
import sqlalchemy as sa
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from med import clock
from med.meetings.actions.minutes import freeze
from med.meetings.canonical import canonical, digest, document, open_sha256, seal
from med.meetings.models import Meeting, Minutes, MinutesVersion
from med.meetings.parts import PARTS
from med.meetings.queries.minutes import verify_chain
from med.migrations import triggers
from tests.meetings.rooms import held_meeting

CLOSED = {"title": "En sag om Ulla", "is_open": False, "minutes_text": "Ulla får orlov."}


@pytest.fixture
def chain(write):
    """Three meetings of one committee, approved one after another: their ids."""

    def make(db):
        ids = []
        for number in range(3):
            meeting = held_meeting(db, "Siden sidst", dict(CLOSED), title=f"Møde {number}")
            freeze(db, None, meeting, clock.now())
            ids.append(meeting.id)
        return ids

    return write(make)


@pytest.fixture
def committee(chain, db):
    db.rollback()
    return db.scalar(select(Meeting.committee_id).where(Meeting.id == chain[0]))


def links(db, chain):
    return db.scalars(select(Minutes).where(Minutes.meeting_id.in_(chain)).order_by(Minutes.sequence)).all()


def test_each_link_names_the_one_before(chain, committee, db):
    first, second, third = links(db, chain)
    assert (second.previous_sha256, third.previous_sha256) == (first.sha256, second.sha256)
    assert third.sequence == first.sequence + 2
    assert verify_chain(db, committee) == []


FORGERIES = {
    "a word": ("item", "UPDATE item SET minutes_text = 'Noget andet' WHERE meeting_id = :id", "Punkt 1"),
    "an outcome": ("item", "UPDATE item SET outcome = 'decided' WHERE meeting_id = :id AND position = 1", "Punkt 1"),
    "a closed word": (
        "item",
        "UPDATE item SET minutes_text = 'Ulla får ikke orlov' WHERE meeting_id = :id AND position = 2",
        "Punkt 2",
    ),
    "openness": ("item", "UPDATE item SET is_open = {true} WHERE meeting_id = :id AND position = 2", "Punkt 2"),
    "an item": ("item", "DELETE FROM item WHERE meeting_id = :id AND position = 2", "Punkt 2"),
    "presence": ("attendance", "UPDATE attendance SET presence = 'absent' WHERE meeting_id = :id", "Fremmødet"),
    "a hash": ("minutes", "UPDATE minutes SET sha256 = 'f00' WHERE meeting_id = :id", "hash"),
    "a link": ("minutes", "UPDATE minutes SET previous_sha256 = 'f00' WHERE meeting_id = :id", "Leddet"),
    "its place": ("minutes", "UPDATE minutes SET sequence = 99 WHERE meeting_id = :id", "mangler et referat"),
    "the document": (
        "minutes_version",
        "UPDATE minutes_version SET content = replace(content, 'Ulla', 'Ulrik')"
        " WHERE minutes_id = (SELECT id FROM minutes WHERE meeting_id = :id)",
        "dokument er ændret",
    ),
    "its document's existence": (
        "minutes_version",
        "DELETE FROM minutes_version WHERE minutes_id = (SELECT id FROM minutes WHERE meeting_id = :id)",
        "mangler",
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_the_database_refuses_and_a_forgery_is_found(forgery, chain, committee, database, db, backend):
    table, statement, found_as = FORGERIES[forgery]
    statement = statement.format(true="1" if backend == "sqlite" else "true")
    with pytest.raises(DBAPIError, match="is frozen"), database.write_engine.begin() as connection:
        connection.execute(text(statement), {"id": chain[1]})
    assert verify_chain(db, committee) == []
    db.rollback()
    with database.write_engine.begin() as connection:
        for drop in triggers.drop(backend, table):
            connection.execute(text(drop))
        connection.execute(text(statement), {"id": chain[1]})
    db.rollback()
    db.expire_all()
    breaks = verify_chain(db, committee)
    assert breaks, "the forgery was not found"
    assert any(found_as in str(one) for one in breaks), [str(one) for one in breaks]
    assert any(one.meeting_id == chain[1] or forgery == "a hash" for one in breaks)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM minutes WHERE meeting_id = :id",
        "UPDATE minutes SET chairs_approved_at = NULL, sha256 = '' WHERE meeting_id = :id",
        "DELETE FROM attendance WHERE meeting_id = :id",
        "INSERT INTO recusal (item_id, person_id) SELECT id, 1 FROM item WHERE meeting_id = :id AND position = 1",
        "UPDATE journal_entry SET happened = 'intet' WHERE thing = 'minutes'",
    ],
)
def test_nothing_the_minutes_rest_on_can_be_taken_away(statement, chain, database):
    with pytest.raises(DBAPIError, match="is frozen"), database.write_engine.begin() as connection:
        connection.execute(text(statement), {"id": chain[1]})


def test_adoption_may_still_be_noted(chain, database):
    with database.write_engine.begin() as connection:
        noted = connection.execute(
            text("UPDATE minutes SET state = 'adopted', adopted_at = chairs_approved_at WHERE meeting_id = :id"),
            {"id": chain[0]},
        )
    assert noted.rowcount == 1


def test_the_open_part_tells_nothing_of_what_is_closed(chain, db):
    first = links(db, chain)[0]
    content = json.loads(next(one.content for one in first.versions if one.is_frozen))
    shown = canonical(content["open"])
    assert "Ulla" not in shown
    assert first.sha256 == digest(shown) == open_sha256(content)
    assert content["open"]["seal"] == seal(content["salt"], content["closed"])


def test_the_seal_is_there_and_differs_though_nothing_is_closed(write):
    def make(db):
        one, other = (held_meeting(db, "Siden sidst", title="Ens") for _ in range(2))
        return document(db, one), document(db, other)

    one, other = write(make)
    assert one["closed"] == other["closed"] == {"items": [], "attachments": []}
    assert one["open"]["seal"] != other["open"]["seal"]


def test_the_same_rows_give_the_same_bytes(write):
    def twice(db):
        meeting = held_meeting(db, "Siden sidst", dict(CLOSED))
        first = canonical(document(db, meeting, salt="s"))
        db.expire_all()
        return first, canonical(document(db, db.get(Meeting, meeting.id), salt="s"))

    first, second = write(twice)
    assert first == second


def test_numbers_with_a_comma_have_no_place_in_the_document():
    assert canonical({"b": 1, "a": ["æ", None, True]}) == '{"a":["æ",null,true],"b":1}'
    with pytest.raises(TypeError):
        canonical({"a": {1, 2}})


def test_two_meetings_approved_at_once_get_a_place_each(chain, committee, database):
    import threading

    with database.writing() as db:
        ids = [held_meeting(db, title=f"Samtidig {n}").id for n in range(2)]
    gate = threading.Barrier(2)
    failures = []

    def approve(meeting_id):
        gate.wait()
        try:
            with database.writing() as db:
                freeze(db, None, db.get(Meeting, meeting_id), clock.now())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=approve, args=(meeting_id,)) for meeting_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.reading() as db:
        assert verify_chain(db, committee) == []
        top = db.scalar(select(sa.func.max(Minutes.sequence)).where(Minutes.committee_id == committee))
        count = db.scalar(
            select(sa.func.count()).where(Minutes.committee_id == committee, Minutes.sequence.is_not(None))
        )
        assert top == count


def test_a_decision_changed_behind_our_back_is_found(chain, committee, db, monkeypatch):
    """The demo's own year has decisions in its minutes: all of them stand as approved."""
    assert verify_chain(db, committee) == []
    original = list(PARTS.minutes)

    def forged(db, meeting):
        rows = {}
        for part in original:
            rows.update(part(db, meeting))
        return {item: [{**row, "text": "noget andet"} for row in found] for item, found in rows.items()}

    monkeypatch.setattr(PARTS, "minutes", [forged])
    assert any("Det besluttede på punkt" in str(one) for one in verify_chain(db, committee))


def test_a_version_that_was_only_looked_at_may_be_tidied(chain, write):
    """Only the frozen version is guarded: earlier ones are working papers."""

    def tidy(db):
        minutes = db.scalar(select(Minutes).where(Minutes.meeting_id == chain[0]))
        db.add(
            MinutesVersion(minutes_id=minutes.id, number=99, content="{}", sha256="", is_frozen=False, at=clock.now())
        )
        db.flush()
        db.execute(sa.delete(MinutesVersion).where(MinutesVersion.number == 99))

    write(tidy)
