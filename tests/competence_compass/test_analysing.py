"""Runs of the effect analysis: asked for once, carried out by one, kept as they came out, and surviving a kill."""

import hashlib
import json
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from med import clock, demo
from med.cli import main
from med.competence_compass import analysing
from med.competence_compass.effects.reading import study_of
from med.competence_compass.erasing import kept_in, let_go
from med.competence_compass.exchange import giving
from med.competence_compass.exchange.comparing import compare
from med.competence_compass.exchange.giving import attended_until, folder_of, instrument_of, version_of
from med.competence_compass.exchange.reading import read_single
from med.competence_compass.exchange.taking import carry_out
from med.competence_compass.models import (
    Activity,
    Assessment,
    Citizen,
    Dimension,
    EffectEstimate,
    EffectRun,
    Hypothesis,
    RunState,
    Version,
)
from med.competence_compass.vectors import packed_of
from med.errors import Conflict
from med.settings import Settings
from med.slices import Office

MED = (sys.executable, "-c", "from med.cli import main; raise SystemExit(main())")


@pytest.fixture
def office(database, tmp_path):
    return Office(database, Settings(data_dir=tmp_path, database_url=database.url, secret="s" * 40))


@pytest.fixture
def asked(write):
    return write(lambda db: analysing.ask_for_run(db, None, version_of(db)).id)


@pytest.fixture(scope="module")
def heard():
    """What the child has answered to the same data, for tests of what becomes of a run."""
    return {}


@pytest.fixture
def analysed(office, asked, heard, monkeypatch):
    """A run that is done. The child is asked once for the same data; that it gives the same again is tried below."""

    def answer(data, progress, stopping, kept):
        key = hashlib.sha256(data).hexdigest()
        if key not in heard:
            heard[key] = json.dumps(in_child(data, progress, stopping, kept))
        return json.loads(heard[key])

    in_child = analysing.in_child
    with monkeypatch.context() as patch:
        patch.setattr(analysing, "in_child", answer)
        analysing.work(office)
    return asked


def test_a_run_is_carried_out_in_a_process_of_its_own_and_kept(office, asked, database, write):
    analysing.work(office)
    with database.reading() as db:
        run = db.get_one(EffectRun, asked)
        assert (run.state, run.error, run.progress) == (RunState.DONE, "", 100)
        assert run.rows_used > 0 and len(run.input_sha256) == 64 and 0 <= run.rho <= 1
        found = {(one.activity.code, one.dimension.code): one for one in run.estimates}
        tested = {(row.activity, row.dimension) for row in folder_of(db, run.version).hypotheses}
        assert found and set(found) <= tested
        for one in found.values():
            assert one.verdict in {"udvikler", "tilbagegang", "ingen_paaviselig_effekt", "uafklaret", "for_faa_data"}
            assert one.verdict != "for_faa_data" or one.reason


def test_the_same_data_gives_the_same_numbers(office, asked, database, write):
    analysing.work(office)
    again = write(lambda db: analysing.ask_for_run(db, None, version_of(db)).id)
    assert again != asked
    analysing.work(office)
    with database.reading() as db:
        one, two = (
            [
                (e.activity_id, e.dimension_id, e.estimate, e.se, e.verdict)
                for e in db.scalars(
                    select(EffectEstimate).where(EffectEstimate.run_id == run).order_by(EffectEstimate.id)
                )
            ]
            for run in (asked, again)
        )
        assert one == two and one
        first, second = db.get_one(EffectRun, asked), db.get_one(EffectRun, again)
        assert second.variance_at == first.variance_at  # young enough to be used again


def test_asking_twice_is_one_run(asked, write):
    assert write(lambda db: analysing.ask_for_run(db, None, version_of(db)).id) == asked


def test_an_instrument_nobody_used_has_nothing_to_analyse(write):
    def ask(db):
        version = version_of(db)
        db.execute(update(Version).where(Version.id == version.id).values(locked_at=None))
        db.refresh(version)
        analysing.ask_for_run(db, None, version)

    with pytest.raises(Conflict):
        write(ask)


def test_two_workers_never_take_the_same_run(office, asked):
    taken, ready = [], threading.Barrier(4)

    def worker():
        ready.wait()
        taken.append(analysing.take(office))

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one for one in taken if one is not None] == [next(one for one in taken if one)]


def test_a_killed_workers_run_is_taken_by_the_next_and_the_late_one_saves_nothing(office, asked, database):
    run_id, lease = analysing.take(office)
    assert analysing.take(office) is None
    with clock.at(demo.NOW + analysing.LEASE + timedelta(minutes=1)):
        analysing.work(office)
        analysing.carry_out(office, run_id, lease)  # the first was only slow
    with database.reading() as db:
        run = db.get_one(EffectRun, asked)
        assert run.state is RunState.DONE and run.lease != lease
        pairs = [(one.activity_id, one.dimension_id) for one in run.estimates]
        assert len(pairs) == len(set(pairs))


def test_a_child_that_fails_leaves_a_sentence(office, asked, database, monkeypatch):
    monkeypatch.setattr(giving, "folder_of", lambda *_, **__: {"not": "a folder"})
    analysing.work(office)
    with database.reading() as db:
        run = db.get_one(EffectRun, asked)
        assert run.state is RunState.FAILED and run.error.startswith("The analysis ended with 1")
        assert "Traceback" not in run.error and len(run.error) < 200


def test_a_server_that_stops_puts_the_run_back(office, asked, database):
    run_id, lease = analysing.take(office)
    stopping = replace(office, stopping=threading.Event())
    stopping.stopping.set()
    analysing.carry_out(stopping, run_id, lease)
    with database.reading() as db:
        assert db.get_one(EffectRun, asked).state is RunState.WAITING


def test_a_done_run_stands(analysed, write):
    for change in (
        update(EffectRun).values(rows_used=1),
        update(EffectEstimate).values(verdict="udvikler"),
        EffectEstimate.__table__.delete(),
        EffectRun.__table__.delete(),
    ):
        with pytest.raises(DBAPIError, match="frozen"):
            write(lambda db, change=change: db.execute(change))


def test_the_night_asks_where_something_new_was_assessed(analysed, write, database):
    with clock.at(demo.NOW + timedelta(hours=20)):
        write(analysing.ask_at_night)
        with database.reading() as db:
            assert len(db.scalars(select(EffectRun.id)).all()) == 1
        write(lambda db: db.execute(update(Assessment).values(closed_at=clock.now())))
        with clock.at(demo.NOW + timedelta(hours=21)):
            write(analysing.ask_at_night)
        with database.reading() as db:
            assert len(db.scalars(select(EffectRun.id)).all()) == 2


TAKEN_IN = {
    "assessments": "Borger;Dato;Vurderet af;moeder\n{citizen};5.1.2023;xy;3\n",
    "participations": "Aktivitet;Borger;Fra;Til;Planlagt;Deltaget\n{activity};{citizen};2.1.2023;3.1.2023;8;2\n",
    "waiting": "Aktivitet;Borger;Skrevet op;Af ventelisten\n{activity};{citizen};2.1.2023;3.1.2023\n",
}


@pytest.mark.parametrize("kind", TAKEN_IN)
def test_the_night_asks_where_a_file_was_taken_in_however_old_its_days(analysed, write, database, vault, kind):
    def take_in(db):
        version = version_of(db)
        rows = TAKEN_IN[kind].format(
            citizen=db.scalars(select(Citizen.pseudonym)).first(), activity=db.scalars(select(Activity.code)).first()
        )
        plan = compare(db, read_single(kind, "fil.csv", rows.encode(), instrument_of(db, version)), version)
        assert not plan.faults, [str(fault) for fault in plan.faults]
        carry_out(db, None, vault, plan)

    with clock.at(demo.NOW + timedelta(hours=20)):
        write(take_in)
    with clock.at(demo.NOW + timedelta(hours=21)), database.reading() as db:
        closed = db.scalars(select(Assessment.closed_at).where(Assessment.day == date(2023, 1, 5))).all()
        assert closed == [demo.NOW + timedelta(hours=20)] * (kind == "assessments")  # no run before it knew of it
        write(analysing.ask_at_night)
        assert not analysing.has_imported(db, clock.now())
    with database.reading() as db:
        assert len(db.scalars(select(EffectRun.id)).all()) == 2


def test_the_night_computes_anew_what_is_of_an_older_method(analysed, write, database, monkeypatch):
    monkeypatch.setattr(analysing, "METHOD", "of tomorrow")
    with clock.at(demo.NOW + timedelta(hours=20)):
        write(analysing.ask_at_night)
    with database.reading() as db:
        assert len(db.scalars(select(EffectRun.id)).all()) == 2


def test_the_server_needs_no_numpy():
    """75 MB and a third of a second that a page does not need."""
    code = "import sys, med.app; med.app.all_jobs(); print(sorted({'numpy', 'scipy', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_analysis_needs_no_tables():
    """They and all of scipy's statistics took two thirds of what a night's analysis took."""
    code = (
        "import sys, med.competence_compass.effects.__main__; print({'sqlalchemy', 'scipy.stats'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_a_folder_is_analysed_from_the_command_line(tmp_path, capsys):
    from med.competence_compass.exchange.writing import write_folder
    from med.competence_compass.generator import Centre, make_world

    folder = tmp_path / "centre"
    folder.mkdir()
    write_folder(folder, make_world(Centre(seed=3, citizens=60, activities=5, quarters=8)).folder)

    def analyse(*words):
        """In this process; that it ends so as one of its own is tried for all commands alike (tests/test_cli.py)."""
        return main(["compass", "analyse", *map(str, words)]), capsys.readouterr()

    out = tmp_path / "out.json"
    command = [*MED, "compass", "analyse", str(folder), "--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert set(found) == {"run", "estimates"}
    assert {"cut_off", "rows_used", "rows_left_out", "lead_z", "variance", "version"} <= set(found["run"])
    assert {
        "activity", "dimension", "n", "n_comparison", "estimate", "se", "ci_low", "ci_high", "p", "q", "shrunken",
        "waiting_list_estimate", "waiting_list_se", "detectable", "verdict", "reason",
    } <= set(found["estimates"][0])  # fmt: skip
    told = {one["reason"] for one in found["estimates"]} - {""}
    assert told and all(f"\n{reason}: " in done.stdout for reason in told)  # each reason said at length
    status, nowhere = analyse(folder, "--json", tmp_path / "nowhere" / "out.json")
    assert status == 2 and "there is no folder" in nowhere.err
    (folder / "hypotheses.csv").unlink()
    status, nothing = analyse(folder)
    assert status == 0 and "No hypothesis was written before" in nothing.out
    (folder / "assessments.csv").write_text("citizen;date\nx;31.31.2025\n", encoding="utf-8")
    status, refused = analyse(folder)
    assert status == 2 and "assessments.csv" in refused.out + refused.err
    assert "Traceback" not in refused.err
    assert analyse(tmp_path / "nowhere")[0] == 2


def test_an_analysis_reads_vectors_and_finds_the_rows(database):
    """The same study from packed answers as from the scores' own rows."""
    with database.reading() as db:
        version = version_of(db)
        by_rows = study_of(folder_of(db, version), until=attended_until(db))
        by_bytes = study_of(folder_of(db, version, answered=False), packed_of(db, version.id), attended_until(db))
    order = [np.lexsort((one.assessor, one.kind, one.day, one.citizen)) for one in (by_rows, by_bytes)]
    assert by_rows.citizens == by_bytes.citizens and len(order[0])
    for name in ("citizen", "day", "assessor", "kind", "is_referral", "scores"):
        mine, theirs = (getattr(one, name)[at] for one, at in zip((by_rows, by_bytes), order, strict=True))
        np.testing.assert_array_equal(mine, theirs)
    for name in ("p_citizen", "p_start", "p_end", "p_attended", "attended_until", "w_citizen", "w_queued"):
        np.testing.assert_array_equal(getattr(by_rows, name), getattr(by_bytes, name))


def test_what_was_written_too_late_is_not_analysed_whoever_is_erased(database, write):
    """Dates do not tell: it may be the day of the start, and who began first may be gone."""

    def add(db):
        tested = db.scalars(select(Hypothesis).where(Hypothesis.is_exploratory.is_(False))).first()
        activity = db.get(Activity, tested.activity_id)
        others = [one.dimension_id for one in activity.hypotheses]
        late = select(Dimension).where(Dimension.version_id == tested.dimension.version_id, Dimension.id.not_in(others))
        dimension = db.scalars(late.order_by(Dimension.id)).first()
        db.add(Hypothesis(
            activity_id=activity.id, dimension_id=dimension.id, expected_d=0.5, rationale="Set bagefter",
            written_on=activity.frozen_at.date() - timedelta(days=1), is_exploratory=True,
        ))  # fmt: skip
        return activity.code, dimension.code

    pair = write(add)
    with database.reading() as db:
        version = version_of(db)
        exported, analysed = (folder_of(db, version, answered=answered) for answered in (True, False))
        assert pair in {(one.activity, one.dimension) for one in exported.hypotheses}
        study = study_of(analysed, packed_of(db, version.id), attended_until(db))
    tested = {(study.activities[one.activity], study.dimensions[one.dimension]) for one in study.hypotheses}
    assert tested and pair not in tested


def test_a_night_makes_only_what_has_changed_and_an_erasure_throws_away_what_is_kept(office, asked, database, write):
    analysing.work(office)
    again = write(lambda db: analysing.ask_for_run(db, None, version_of(db)).id)
    analysing.work(office)
    with database.reading() as db:
        first, second = db.get_one(EffectRun, asked), db.get_one(EffectRun, again)
        assert first.citizens == second.citizens > 0
        assert first.citizens_renewed > second.citizens_renewed == 0
    kept = kept_in(office.settings.data_dir)
    assert list(kept.rglob("pieces"))
    let_go(database, office.settings.data_dir)
    assert not kept.exists()


def test_variances_are_found_anew_when_a_tenth_of_the_assessments_is_new(analysed, database):
    with database.reading() as db:
        run = db.get_one(EffectRun, analysed)
        rows = run.rows_used + run.rows_left_out
        assert analysing.fresh_variance(db, run.version_id, rows)[1] == run.variance_at
        assert analysing.fresh_variance(db, run.version_id, round(rows * 1.05))[1] == run.variance_at
        for other in (round(rows * 1.2), round(rows * 0.8)):
            assert analysing.fresh_variance(db, run.version_id, other) == (None, None)
