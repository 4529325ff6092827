"""A disk that takes nothing, full or read-only: said at the field, the words kept, and nothing half there."""

import errno
import logging
import os

import pytest
from sqlalchemy import select

from med import sealing
from med.meetings.files import keeping, refusing
from med.meetings.models import Attachment, AttachmentSeal
from med.meetings.sealing import keep_files
from med.slices import Office
from tests.meetings.test_attachments import PDF, attach, lying

STEPS = {"begin": (keeping.tempfile, "mkstemp"), "sync": (os, "fsync"), "lock": (keeping.fcntl, "flock")}


@pytest.fixture
def failing(monkeypatch):
    """`failing(errno.ENOSPC, "sync")`: from now on nothing can be begun, or brought safely to the disk."""

    def fail(number, step):
        def no(*args, **more):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(*STEPS[step], no)

    return fail


@pytest.mark.parametrize(
    ("number", "step", "closed"),
    [(errno.EROFS, "begin", {}), (errno.ENOSPC, "sync", {}), (errno.ENOSPC, "lock", {"is_closed": True}),
     (errno.ENOSPC, "sync", {"is_closed": True})],
)  # fmt: skip
def test_it_is_said_at_the_field(visitor, plan, item, tmp_path, failing, db, number, step, closed):
    meeting = plan()
    point = item(meeting, "Budget", **closed, **({"ground": "negotiation"} if closed else {}))
    anna = visitor("anna")
    form = anna.open(f"/moeder/{meeting}/punkter/{point}/ret").form("Læg bilaget på").fill(attachment_title="Tallene")
    failing(number, step)
    back = form.send(files={"file": ("Budget.pdf", PDF, "application/pdf")})
    assert back.status_code == 422
    assert back.errors() == {"file": f"Fejl: {refusing.NOT_KEPT}"}
    assert 'value="Tallene"' in back.text
    assert lying(tmp_path) == {}
    assert db.scalars(select(Attachment.id).where(Attachment.title == "Tallene")).all() == []


def test_a_lost_key_ring_is_said_too_and_none_is_made(visitor, plan, item, tmp_path):
    meeting = plan()
    point = item(meeting, "Lejemål", is_closed=True, ground="negotiation")
    (tmp_path / "keyring.json").unlink()
    back = attach(visitor("anna"), meeting, point)
    assert back.status_code == 422
    assert back.errors() == {"file": f"Fejl: {refusing.NOT_KEPT}"}
    assert not (tmp_path / "keyring.json").exists()


def test_a_key_ring_that_cannot_be_written_leaves_nothing(tmp_path, failing):
    failing(errno.ENOSPC, "sync")
    with pytest.raises(OSError, match="No space"):
        sealing.write_ring(tmp_path / "keyring.json", "one", {"one": bytes(32)})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_sealed_now_is_sealed_when_there_is_room(
    visitor, plan, item, app, database, tmp_path, failing, monkeypatch, db, caplog
):
    meeting = plan()
    point = item(meeting, "Budget")
    anna = visitor("anna")
    attach(anna, meeting, point)
    form = anna.open(f"/moeder/{meeting}/punkter/{point}/ret").form("Gem")
    office = Office(database, app.state.desk.settings)
    with monkeypatch.context():
        failing(errno.ENOSPC, "begin")
        assert form.fill(is_closed="1", ground="negotiation").send().status_code == 303
        with caplog.at_level(logging.ERROR):
            keep_files(office)
        assert "cannot be written anew" in caplog.text
        assert list(lying(tmp_path).values()) == [PDF]
    monkeypatch.undo()
    monkeypatch.setattr(keeping, "GRACE", -60)
    keep_files(office)
    assert PDF not in lying(tmp_path).values()
    db.rollback()
    assert len(db.scalars(select(AttachmentSeal)).all()) == 1
