"""Where the chains ended is told elsewhere, once a day; a chain cut short afterwards is found by it."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text

from med import clock, demo
from med.journal.actions import note
from med.journal.chain import breaks, head_of
from med.journal.models import Entry
from med.migrations import triggers
from med.notices import smtp
from med.settings import Settings
from med.slices import Office
from med.trust import anchors


@pytest.fixture
def office(database, tmp_path):
    return Office(database, Settings(data_dir=tmp_path, database_url=database.url, secret="s" * 40))


def told(office):
    return list(anchors.read_anchors(anchors.anchor_file(office.settings).read_text().splitlines()))


def add_line(db):
    note(db, None, "item.saved", SimpleNamespace(__tablename__="item", id=1))


def test_the_ends_are_written_down_once_a_day(office, database, write):
    anchors.drop_anchors(office)
    first = told(office)
    assert first[0].chain == "journal"
    assert any(one.chain.startswith("minutes/") for one in first)
    with database.reading() as db:
        assert first[0][2:] == head_of(db)
    write(add_line)
    anchors.drop_anchors(office)
    assert told(office) == first
    with clock.at(demo.NOW + timedelta(days=1)):
        anchors.drop_anchors(office)
    assert [one.chain for one in told(office)[len(first) :]] == ["journal"]
    with database.reading() as db:
        assert list(anchors.missing_anchors(db, told(office))) == []


def test_a_journal_cut_short_with_its_head_set_back_is_found_by_an_anchor(office, database, backend, write):
    write(add_line)
    anchors.drop_anchors(office)
    with database.write_engine.begin() as connection:
        for statement in triggers.drop(backend, "journal_entry"):
            connection.execute(text(statement))
        connection.execute(text("DELETE FROM journal_entry WHERE id = (SELECT max(id) FROM journal_entry)"))
    with database.writing() as db:
        last = db.execute(select(Entry.id, Entry.sha256).order_by(Entry.id.desc()).limit(1)).one()
        db.execute(text("UPDATE journal_head SET entry_id = :id, sha256 = :sha256"), last._asdict())
    with database.reading() as db:
        assert list(breaks(db)) == []
        (found,) = anchors.missing_anchors(db, told(office))
    assert found == f"journal {last.id + 1}, anchored at 2026-11-21T07:00:00Z, is gone"


def test_an_anchor_is_read_from_a_mail_that_was_quoted(office, monkeypatch):
    sent = []
    monkeypatch.setattr(smtp.Postman, "deliver", lambda postman, message: sent.append(message))
    mailing = replace(
        office.settings, smtp_url="smtp://localhost", mail_from="medspil@k.dk", anchor_mail="revision@k.dk"
    )
    anchors.drop_anchors(replace(office, settings=mailing))
    body = sent[0].get_body(("plain",)).get_content()
    quoted = "".join(f"> {line}\n" for line in body.splitlines())
    assert list(anchors.read_anchors(quoted.splitlines())) == told(office)
    assert sent[0]["To"].addresses[0].addr_spec == "revision@k.dk"


@pytest.mark.parametrize("line", ["", "journal 4 abc", "2026-11-22T01:00:00Z journal 99999999999999999999 " + "a" * 64])
def test_what_is_no_anchor_is_passed_over(line):
    assert list(anchors.read_anchors([line])) == []
