"""What the databases are told to hold, and what happens when the disk is full, shut, or the clock is not to be
trusted."""

import os
import resource
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from med import clock
from med.db import Database
from med.journal.models import JobRun
from med.journal.runs import claim, due_time
from med.notices.digests import last_hour
from med.workdays import copenhagen

# What each database answers when asked how it works: for those who write, and for those who read.
SQLITE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
POSTGRESQL = {
    "synchronous_commit": "on", "transaction_isolation": "read committed", "statement_timeout": "20s",
    "lock_timeout": "5s", "idle_in_transaction_session_timeout": "1min",
}  # fmt: skip


def test_both_databases_work_as_promised(database):
    for session in (database.reading, database.writing):
        with session() as db:
            if database.is_sqlite:
                found = {name: db.execute(text(f"PRAGMA {name}")).scalar() for name in SQLITE}
                assert found == SQLITE
            else:
                assert {name: db.execute(text(f"SHOW {name}")).scalar() for name in POSTGRESQL} == POSTGRESQL


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_writes_has_the_file_from_the_start(database):
    """BEGIN IMMEDIATE: two that read first and write then would refuse each other at the end."""
    other = Database(database.url)
    with database.writing() as db:
        db.execute(text("SELECT 1"))
        with other.write_engine.connect().execution_options() as second:
            second.connection.driver_connection.execute("PRAGMA busy_timeout = 50")
            with pytest.raises(Exception, match="locked"):
                second.execute(text("SELECT 1"))
    other.close()


FILLING = """
import resource, signal, sys
from med.db import Database
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
database = Database(sys.argv[1])
with database.writing() as db:
    db.execute(text("UPDATE person SET theme = 'dark' WHERE handle = 'anna'"))
most = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
try:
    with database.writing() as db:
        db.execute(text("UPDATE person SET theme = 'light'"))
        db.execute(text("CREATE TABLE much AS SELECT zeroblob(50000000) AS it"))
except OperationalError as error:
    print(str(error.orig))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
with database.writing() as db:
    print(db.execute(text("SELECT count(*) FROM person WHERE theme = 'dark'")).scalar())
    db.execute(text("UPDATE person SET theme = 'dark' WHERE handle = 'bo'"))
"""


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_full_disk_undoes_the_change_and_writing_goes_on_when_there_is_room(database):
    database.close()
    file = Path(database.url.removeprefix("sqlite:///"))
    most = max(file.stat().st_size, 2**20) + 2**20
    done = subprocess.run(
        [sys.executable, "-c", FILLING, database.url, str(most)], capture_output=True, text=True, check=True
    )
    said, dark = done.stdout.split("\n")[:2]
    assert "full" in said or "disk I/O" in said
    assert int(dark) >= 1  # the whole of the change is undone
    with database.reading() as db:
        assert db.scalar(text("SELECT theme FROM person WHERE handle = 'bo'")) == "dark"
        assert db.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize("words", [["serve"], ["migrate"], ["backup", "copy"]], ids=lambda words: words[0])
def test_a_place_that_cannot_be_used_is_one_sentence(tmp_path, words):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MED_")}
    place = Path("/proc/1/no-such-place")  # where not even root may write
    done = subprocess.run(
        [sys.executable, "-m", "med.cli", *words], env={**kept, "MED_DATA_DIR": str(place)}, capture_output=True,
        text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode in {1, 2}
    assert done.stderr.startswith("med: ")
    assert done.stderr.count("\n") == 1


# --- time ---------------------------------------------------------------------------------------------------------


def last_sunday(year: int, month: int) -> date:
    end = date(year, month, 31)
    return end - timedelta(days=(end.weekday() + 1) % 7)


NIGHTS = [last_sunday(year, month) for year in range(2026, 2038) for month in (3, 10)]


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_each_hour_of_a_night_the_clock_changes_comes_once(night):
    """What is due at an hour is due once, at one moment, through both nights of every year until 2037."""
    begin = datetime.combine(night - timedelta(days=1), time(12), clock.COPENHAGEN).astimezone(UTC)
    moments = [begin + timedelta(minutes=10 * step) for step in range(6 * 40)]
    for hour in range(24):
        due = [last_hour(moment, hour) for moment in moments]
        assert [moment for moment, _ in due] == sorted(moment for moment, _ in due)
        assert len({moment for moment, day in due if day == night}) == 1
        assert all(moment <= now for (moment, _), now in zip(due, moments, strict=True))
    for minutes in (1, 5, 60, 1440):
        steps = [due_time(minutes, moment) for moment in moments]
        assert steps == sorted(steps)
        assert all(
            timedelta(0) <= now - step < timedelta(minutes=minutes) for step, now in zip(steps, moments, strict=True)
        )


@given(st.sampled_from(NIGHTS), st.integers(-2, 2), st.integers(0, 23), st.integers(0, 59))
def test_a_meeting_stands_at_its_hour_on_the_wall(night, days, hour, minute):
    wall = datetime.combine(night + timedelta(days=days), time(hour, minute), clock.COPENHAGEN)
    kept = wall.astimezone(UTC)
    shown = copenhagen(kept)
    exists = wall.astimezone(UTC).astimezone(clock.COPENHAGEN).replace(fold=0) == wall
    assert shown.date() == wall.date()
    assert (shown.hour, shown.minute) == (hour, minute) if exists else shown.hour == hour + 1


def test_a_clock_that_jumps_does_nothing_twice_and_leaves_nothing_out(database, db):
    job = "keeping.trial"
    now = clock.now()
    moments = [now, now - timedelta(hours=3), now + timedelta(hours=2), now - timedelta(days=1), now, now]
    taken = []
    for moment in moments:
        with clock.at(moment):
            due_at = due_time(60, clock.now())
            if claim(database, job, due_at) is not None:
                taken.append(due_at)
    assert len(taken) == len(set(taken)) == 4
    assert db.query(JobRun).filter(JobRun.job == job).count() == 4
