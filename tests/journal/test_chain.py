"""The journal is chained: whatever is done to its lines behind our back is found, and where."""

import os
import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from med.db import Database
from med.journal import chain
from med.journal.actions import note, note_many
from med.journal.models import Entry, Head
from med.migrations import triggers, upgrade

TIMES = int(os.environ.get("MED_TIMES", "1"))


def thing(number):
    return SimpleNamespace(__tablename__="item", id=number)


@pytest.fixture
def journal(write, people):
    """The furnished journal and a few lines more; every line's id in order."""

    def more(db):
        for number in range(4):
            note(db, people.viewer("anna"), "item.saved", thing(number), ["text", "outcome"])
        note_many(db, None, thing(0), [("person.imported", number, ()) for number in range(20)])
        return

    write(more)
    return write(lambda db: db.scalars(select(Entry.id).order_by(Entry.id)).all())


def found(database):
    with database.reading() as db:
        return list(chain.breaks(db))


def test_lines_are_chained_in_the_order_they_are_saved(journal, database, db):
    assert found(database) == []
    assert journal == list(range(1, len(journal) + 1))
    last = db.execute(select(Entry.id, Entry.sha256).order_by(Entry.id.desc()).limit(1)).one()
    assert chain.head_of(db) == tuple(last)


def test_a_line_goes_with_the_transaction_and_with_the_part_of_it_that_is_undone(journal, database):
    with database.writing() as db:
        note(db, None, "item.kept", thing(1))
        with pytest.raises(ZeroDivisionError), db.begin_nested():
            note(db, None, "item.undone", thing(2))
            raise ZeroDivisionError
        with db.begin_nested():
            note(db, None, "item.also_kept", thing(3))
    with pytest.raises(ZeroDivisionError), database.writing() as db:
        note(db, None, "item.lost", thing(4))
        raise ZeroDivisionError
    with database.reading() as db:
        assert db.scalars(select(Entry.happened).where(Entry.id > journal[-1]).order_by(Entry.id)).all() == [
            "item.kept",
            "item.also_kept",
        ]
    assert found(database) == []


def test_a_row_that_is_refused_takes_its_own_part_along_and_no_other(journal, database):
    """The database says no in the middle, as when two do the same at once, and the action goes on another way."""
    with database.writing() as db:
        note(db, None, "item.kept", thing(1))
        with pytest.raises(IntegrityError), db.begin_nested():
            note(db, None, "item.undone", thing(2))
            with db.begin_nested():
                note(db, None, "item.undone_within", thing(3))
            db.add(Head(id=1, entry_id=0, sha256=""))
            db.flush()
    with database.reading() as db:
        assert db.scalars(select(Entry.happened).where(Entry.id > journal[-1])).all() == ["item.kept"]
    assert found(database) == []


def test_many_writers_make_one_chain(journal, database):
    """Each saves its own rows and lines; nobody forks the chain, and no line is lost."""
    gate = threading.Barrier(4)
    failures = []

    def write(writer):
        gate.wait()
        try:
            for number in range(15):
                with database.writing() as db:
                    note(db, None, f"item.by_{writer}", thing(number))
                    note_many(db, None, thing(0), [(f"item.by_{writer}", number, ())] * 2)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert found(database) == []
    with database.reading() as db:
        assert db.scalar(select(func.count()).where(Entry.id > journal[-1])) == 4 * 15 * 3
        assert db.scalar(select(Head.entry_id)) == journal[-1] + 4 * 15 * 3


# --- what somebody with a hand on the database could do ---------------------------------------------------------

TEXTS = ("happened", "thing", "fields")
tampering = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from((*TEXTS, "person_id", "thing_id", "at", "sha256"))),
    st.tuples(st.just("delete"), st.integers(1, 3)),
    st.tuples(st.just("insert"), st.booleans()),
    st.tuples(st.just("swap"), st.integers(1, 5)),
)


def tamper(db, ids, at, how, what):
    """Do it; the ids between which it must be found."""
    line = ids[at % len(ids)]
    if how == "edit":
        value = {"person_id": "CASE WHEN person_id IS NULL THEN 1 END", "thing_id": "thing_id + 1"}.get(
            what, "'2020-01-01 00:00:00.000000'" if what == "at" else f"{what} || 'x'"
        )
        db.execute(text(f"UPDATE journal_entry SET {what} = {value} WHERE id = :id"), {"id": line})
        return line, line
    if how == "delete":
        db.execute(text("DELETE FROM journal_entry WHERE id >= :id AND id < :to"), {"id": line, "to": line + what})
        return line - 1, line + what
    if how == "insert":  # in the middle everything after it is moved; at the end it only has to be there
        if what:
            line = ids[-1] + 1
        else:
            for number in reversed([one for one in ids if one >= line]):
                db.execute(text("UPDATE journal_entry SET id = id + 1 WHERE id = :id"), {"id": number})
        db.execute(
            text(
                "INSERT INTO journal_entry (id, at, person_id, happened, thing, thing_id, fields, sha256) "
                "SELECT :id, at, person_id, happened, thing, thing_id, fields, sha256 FROM journal_entry WHERE id = :of"
            ),
            {"id": line, "of": ids[0]},
        )
        return line, line + 1  # what is put in before the first may be the first's own copy: then the second is odd
    other = ids[(at + what) % len(ids)]
    first, second = min(line, other), max(line, other)
    for old, new in ((first, -1), (second, first), (-1, second)):
        db.execute(text("UPDATE journal_entry SET id = :new WHERE id = :old"), {"old": old, "new": new})
    return first, second


def test_whatever_is_done_to_a_line_is_found_and_where(journal, database, backend):
    """Any edit, deletion, insertion or exchange, anywhere; each is undone before the next is tried."""
    with database.write_engine.begin() as connection:
        for statement in triggers.drop(backend, "journal_entry"):
            connection.execute(text(statement))

    @settings(max_examples=60 * TIMES)
    @given(at=st.integers(0, len(journal) - 1), done=tampering)
    def trial(at, done):
        with database.writing() as db:
            part = db.begin_nested()
            low, high = tamper(db, journal, at, *done)
            db.flush()
            breaks = list(chain.breaks(db))
            part.rollback()
        assert breaks, "not found"
        assert low <= breaks[0].entry_id <= high, (low, high, [str(one) for one in breaks])

    trial()
    assert found(database) == []


def test_a_journal_cut_off_at_its_end_is_seen(journal, database, backend):
    with database.write_engine.begin() as connection:
        for statement in triggers.drop(backend, "journal_entry"):
            connection.execute(text(statement))
        connection.execute(text("DELETE FROM journal_entry WHERE id > :id"), {"id": journal[-3]})
    assert [one.entry_id for one in found(database)] == [journal[-3]]


def test_lines_from_before_there_was_a_chain_are_chained(backend, request, tmp_path):
    """Their numbers may have gaps, as PostgreSQL leaves when something is undone."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if backend == "postgresql":
        url = request.getfixturevalue("postgres").new("old")
    old = Database(url)
    upgrade(old.write_engine, "0003")
    with old.write_engine.begin() as connection:
        for number, at in (
            (1, "2026-05-01 08:00:00.000000"),
            (2, "2026-05-01 08:00:00.123456"),
            (7, "2026-11-02 09:30:00.5"),
        ):
            connection.execute(
                text(
                    "INSERT INTO journal_entry (id, at, person_id, happened, thing, thing_id, fields)"
                    " VALUES (:id, :at, NULL, 'item.saved', 'item', 4, 'a,b')"
                ),
                {"id": number, "at": at if backend == "sqlite" else datetime.fromisoformat(at).replace(tzinfo=UTC)},
            )
    upgrade(old.write_engine)
    with old.writing() as db:
        note(db, None, "item.saved", thing(4))
    assert found(old) == []
    with old.reading() as db:
        assert db.scalars(select(Entry.id).order_by(Entry.id)).all() == [1, 2, 7, 8]
    with pytest.raises(DBAPIError, match="is frozen"), old.write_engine.begin() as connection:
        connection.execute(text("DELETE FROM journal_entry WHERE id = 7"))
    old.close()
