"""The compass as a folder for whoever is to analyse it: complete, the same each time, and noted at every citizen."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from med import clock
from med.cli import main
from med.competence_compass.exchange.comparing import compare
from med.competence_compass.exchange.giving import folder_of, note_export, rekey, version_of
from med.competence_compass.exchange.instruments import keep_instrument
from med.competence_compass.exchange.reading import read_folder
from med.competence_compass.exchange.taking import carry_out
from med.competence_compass.exchange.writing import write_folder
from med.competence_compass.generator import make_world
from med.competence_compass.models import Assessment, Assignment, Citizen, GoalRating, Look, LookAt
from med.competence_compass.vault import vault_of
from med.db import Database
from med.demo.compass import WHOLE
from med.migrations import upgrade
from med.organisation.models import Unit


def exported(db, path: Path) -> dict[str, bytes]:
    version = version_of(db)
    assert version is not None
    write_folder(path, folder_of(db, version))
    return {file.name: file.read_bytes() for file in path.iterdir()}


@pytest.fixture
def empty(backend, tmp_path, request):
    """A database with tables and units and nothing else."""
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    if backend == "postgresql":
        postgres = request.getfixturevalue("postgres")
        url = postgres.create(f"empty{os.getpid()}")
    made = Database(url)
    upgrade(made.write_engine)
    yield made
    made.close()
    if backend == "postgresql":
        postgres.drop(f"empty{os.getpid()}")


def test_out_in_and_out_again_gives_the_same_bytes(db, empty, tmp_path):
    first = exported(db, tmp_path / "first")
    reading = read_folder(tmp_path / "first")
    assert not reading.faults, [str(fault) for fault in reading.faults]
    with empty.writing() as other:
        other.add_all([Unit(key=key, name=key) for key in db.scalars(select(Unit.key))])
        other.flush()
        version = keep_instrument(other, None, reading.folder.instrument, date(2020, 1, 1))
        plan = compare(other, reading, version)
        assert not plan.faults, [str(fault) for fault in plan.faults]
        carry_out(other, None, vault_of(tmp_path / "elsewhere"), plan)
    with empty.reading() as other:
        assert exported(other, tmp_path / "second") == first


def test_only_what_stands_leaves_the_house(db, write, tmp_path):
    citizen = db.scalars(select(Citizen).order_by(Citizen.id)).first()
    taken_back = db.scalars(select(Assessment).where(Assessment.citizen_id != citizen.id)).first()
    before = len(folder_of(db, version_of(db)).assessments)
    mine = len(db.scalars(select(Assessment.id).where(Assessment.citizen_id == citizen.id)).all())

    def change(session):
        session.get(Citizen, citizen.id).erased_at = taken_back.closed_at
        session.get(Assessment, taken_back.id).superseded_at = taken_back.closed_at

    write(change)
    db.rollback()
    db.expire_all()
    folder = folder_of(db, version_of(db))
    assert len(folder.assessments) == before - mine - 1
    assert citizen.pseudonym not in {row.citizen for row in folder.citizens}


def test_a_level_leaves_the_house_with_its_day_and_never_one_to_come(db, write):
    before = [row.rated_on for row in folder_of(db, version_of(db)).goals if row.level is not None]
    last = db.scalar(select(GoalRating.id).order_by(GoalRating.day.desc()).limit(1))
    db.rollback()
    write(lambda session: setattr(session.get(GoalRating, last), "day", clock.today() + timedelta(days=90)))
    days = [row.rated_on for row in folder_of(db, version_of(db)).goals if row.level is not None]
    assert len(set(before)) > 3 and None not in before
    assert max(days) == clock.today()


def test_rekeyed_folders_cannot_be_laid_side_by_side(db):
    plain, one, two = (folder_of(db, version_of(db)) for _ in range(3))
    rekey(one)
    rekey(two)
    names = {row.citizen for row in plain.citizens}
    assert not names & {row.citizen for row in one.citizens}
    assert {row.assessor for row in one.assessments} <= {f"V{n:03}" for n in range(1, 30)} | {"borger"}
    for kind in ("assessments", "participations", "waiting", "goals", "exams"):
        assert len(getattr(one, kind)) == len(getattr(plain, kind))
        assert {row.citizen for row in getattr(one, kind)} <= {row.citizen for row in one.citizens}
    by_dates = [{(row.entered, row.left): row.citizen for row in folder.citizens} for folder in (one, two)]
    assert by_dates[0] != by_dates[1]


def test_every_citizen_can_see_that_their_answers_were_given_out(db, write):
    count = write(lambda session: note_export(session, "Evaluering 2026"))
    looks = db.scalars(select(Look).where(Look.what == LookAt.EXPORT)).all()
    assert len(looks) == count == len(db.scalars(select(Citizen.id)).all())
    assert {look.reason for look in looks} == {"Evaluering 2026"}


def test_who_looked_says_that_operations_took_it_out(db, people, write, visitor):
    freja = visitor("freja")
    write(lambda session: note_export(session, "Evaluering 2026"))
    citizen = db.scalars(select(Assignment.citizen_id).where(Assignment.person_id == people.freja)).first()
    page = freja.open(f"/kompas/borger/{citizen}/opslag")
    assert "Udtræk uden navn Driften, fra kommandolinjen Evaluering 2026" in page.words
    page = freja.open(f"/kompas/borger/{citizen}/udlevering").form("Udlevér")
    page = page.fill(reason="Borgeren har bedt om indsigt").send()
    assert "Udtræk uden navn Driften, fra kommandolinjen Evaluering 2026" in page.words
    assert "Udlevering af alt Stedfortræder" in page.words or "Udlevering af alt Kontaktperson" in page.words


@pytest.fixture
def med(monkeypatch, capsys, data_dir):
    """`med(…)`: what the command line answers, and what it says."""
    monkeypatch.setenv("MED_DATA_DIR", str(data_dir))

    def run(*arguments: str) -> tuple[int, str]:
        status = main(arguments)
        return status, "".join(capsys.readouterr())

    return run


def test_the_command_line_gives_and_takes(med, furnished_file, data_dir, tmp_path):
    (data_dir / "med.db").write_bytes(furnished_file.read_bytes())
    out = tmp_path / "out"
    assert med("export", "compass", str(out))[0] == 2  # what for?
    status, said = med("export", "compass", str(out), "--reason", "Evaluering")
    assert status == 0 and "12 citizens" in said, said
    assert med("export", "compass", str(out), "--reason", "x")[0] == 2  # is there already
    status, said = med("import", "compass", str(out))
    assert status == 0 and "Nothing to change." in said
    file = out / "citizens.csv"
    file.write_text(file.read_text() + "Q2-NY;maanen;2026-01-01;\n")
    status, said = med("import", "compass", str(out))
    assert status == 2 and "citizens.csv, række 14: enheden “maanen” kendes ikke." in said
    file.write_text(file.read_text().replace("maanen", "ungesporet"))
    status, said = med("import", "citizens", str(file), "--dry-run")
    assert status == 0 and "Borgere: 1 nye" in said and "Nothing was changed" in said
    assert "Nye borgere: Ungesporet 1\n" in said
    assert "1 change saved." in med("import", "citizens", str(file))[1]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_the_demos_citizens_can_be_taken_in_where_nothing_was(med, monkeypatch, empty, data_dir, tmp_path):
    """Of tables that were filled a moment ago PostgreSQL knows nothing, and would plan for a handful of rows."""
    folder = make_world(WHOLE).folder
    write_folder(tmp_path / "demo", folder)
    keys = {row.unit for row in (*folder.citizens, *folder.activities) if row.unit}
    with empty.writing() as db:
        db.add_all([Unit(key=key, name=key) for key in keys])
    monkeypatch.setenv("MED_DATABASE_URL", empty.url)
    (data_dir / "keyring.json").unlink()
    assert "Nothing is sealed yet" in med("vault", "turn")[1]
    status, said = med("import", "compass", str(tmp_path / "demo"))
    assert status == 0 and "changes saved." in said, said
    with empty.reading() as db:
        seen = dict(db.execute(text("SELECT relname, reltuples FROM pg_class WHERE relname LIKE 'compass_%'")).all())
    assert (seen["compass_citizen"], seen["compass_assessment"]) == (len(folder.citizens), len(folder.assessments))
