"""The files of an item that is closed are sealed in the transaction that closes it, wherever that is broken off."""

from contextlib import suppress

import pytest
from sqlalchemy import func, select

from med.meetings import files, sealing
from med.meetings.files import keeping
from med.meetings.models import AttachmentSeal, Item
from med.slices import Office
from tests.meetings.test_attachments import PDF, attach, attachment_on, lying


class Killed(Exception):
    """Nothing of ours catches it: what stands there afterwards is what a kill would have left."""


@pytest.fixture
def one_open(visitor, plan, item, monkeypatch):
    """An open item with one file that has lain there for a while; gives (anna, meeting, item)."""
    monkeypatch.setattr(keeping, "GRACE", -60)
    meeting = plan(draft_shown=True)
    point = item(meeting, "Lejemål")
    anna = visitor("anna")
    attach(anna, meeting, point)
    return anna, meeting, point


def close(anna, meeting, point):
    form = anna.open(f"/moeder/{meeting}/punkter/{point}/ret").form("Gem")
    return form.fill(is_closed="1", ground="negotiation").send()


def test_once_it_is_closed_no_plain_byte_is_left(one_open, tmp_path, visitor):
    anna, meeting, point = one_open
    assert list(lying(tmp_path).values()) == [PDF]
    assert close(anna, meeting, point).status_code == 303
    left = list(lying(tmp_path).values())
    assert len(left) == 1
    assert b"PDF" not in left[0]
    path = attachment_on(anna.open(f"/moeder/{meeting}"))
    assert anna.open(path).response.content == PDF
    assert visitor("carla").open(path).status_code == 404


def test_one_file_for_the_committee_only(one_open, tmp_path):
    anna, meeting, point = one_open
    form = anna.open(f"/moeder/{meeting}/punkter/{point}/ret").form("Luk for andre end udvalget")
    assert form.send().status_code == 303
    assert PDF not in lying(tmp_path).values()


def test_what_another_item_shows_stays(one_open, tmp_path, item, visitor):
    anna, meeting, point = one_open
    attach(anna, meeting, other := item(meeting, "Åbent"))
    close(anna, meeting, point)
    assert PDF in lying(tmp_path).values()
    carla = visitor("carla")
    assert carla.open(attachment_on(carla.open(f"/moeder/{meeting}"))).response.content == PDF
    assert other


def test_what_was_put_there_a_moment_ago_waits_for_the_errand(one_open, tmp_path, monkeypatch, app, database):
    monkeypatch.setattr(keeping, "GRACE", 15 * 60)
    close(*one_open)
    assert PDF in lying(tmp_path).values()
    monkeypatch.setattr(keeping, "GRACE", -60)
    sealing.keep_files(Office(database, app.state.desk.settings))
    assert PDF not in lying(tmp_path).values()


def test_large_ones_wait_for_the_errand(one_open, tmp_path, monkeypatch, app, database):
    monkeypatch.setattr(sealing, "SEALED_AT_ONCE", 10)
    assert close(*one_open).status_code == 303
    assert list(lying(tmp_path).values()) == [PDF]
    sealing.keep_files(Office(database, app.state.desk.settings))
    assert PDF not in lying(tmp_path).values()


@pytest.mark.parametrize(("place", "is_closed"), [("put", False), ("_seal", False), ("let_go", True)])
def test_killed_in_the_middle_it_is_the_one_or_the_other(
    one_open, tmp_path, monkeypatch, app, database, db, place, is_closed
):
    """Before it is saved the item is open and its file plain; after, closed and sealed: and the errand tidies up."""
    anna, meeting, point = one_open
    path = attachment_on(anna.open(f"/moeder/{meeting}"))
    where = files if place == "put" else sealing
    real = getattr(where, place)

    def killed(*args, **more):
        if place != "let_go":
            real(*args, **more)
        raise Killed

    with monkeypatch.context() as broken, suppress(Killed):
        broken.setattr(where, place, killed)
        close(anna, meeting, point)
    db.rollback()
    assert db.scalar(select(Item.is_open).where(Item.id == point)) is not is_closed
    assert db.scalar(select(func.count()).select_from(AttachmentSeal)) == int(is_closed)
    assert anna.open(path).response.content == PDF
    sealing.keep_files(Office(database, app.state.desk.settings))
    assert [PDF in lying(tmp_path).values(), len(lying(tmp_path))] == [not is_closed, 1]
    assert anna.open(path).response.content == PDF
