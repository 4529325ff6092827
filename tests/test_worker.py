"""What happens by the clock: each thing once, whoever does it, and again after a failure."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from med import clock, demo
from med.app import SLICES, all_jobs
from med.db import Database
from med.identity.jobs import tidy
from med.identity.models import SignIn, Submission
from med.journal.models import JobRun
from med.journal.runs import KEEP_RUNS, due_time
from med.organisation.models import Person
from med.settings import Settings
from med.slices import Job
from med.worker import run, start

SETTINGS = Settings(data_dir=Path("nowhere"), database_url="sqlite://", secret="s" * 40)


def at(hour: str, day: str = "2026-11-21") -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}+00:00")


@pytest.fixture
def no_runs(write):
    write(lambda db: db.execute(delete(JobRun)))


def runs(database: Database) -> list[tuple]:
    with database.reading() as db:
        return db.execute(select(JobRun.due_at, JobRun.error, JobRun.done_at.is_not(None)).order_by(JobRun.id)).all()


def nothing(db) -> None:
    pass


# --- when -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "now", "due"),
    [
        (60, "08:00:00", "08:00:00"),
        (60, "08:59:59.999999", "08:00:00"),
        (60, "00:00:00", "00:00:00"),
        (5, "23:59:59", "23:55:00"),
        (1440, "23:59:59", "00:00:00"),
        (7, "00:08:00", "00:07:00"),
        (7, "23:58:00", "23:55:00"),
    ],
)
def test_a_job_is_due_at_full_steps_from_midnight(minutes, now, due):
    assert due_time(minutes, at(now)) == at(due)


def test_steps_are_the_same_wherever_the_clock_stands():
    for moment in (at("10:30:00"), at("10:30:00").astimezone(clock.COPENHAGEN)):
        assert due_time(60, moment) == at("10:00:00")


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])  # the nights of 23 and of 25 hours
def test_a_night_when_the_clocks_change_has_every_hour_once(day):
    midnight = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=clock.COPENHAGEN).astimezone(UTC)
    seen = [due_time(30, midnight + timedelta(minutes=minute)) for minute in range(8 * 60)]
    steps = sorted(set(seen))
    assert seen == sorted(seen)
    assert [later - sooner for sooner, later in pairwise(steps)] == [timedelta(minutes=30)] * 15


# --- once -----------------------------------------------------------------------------------------------------------


def test_many_workers_do_each_thing_once(database, no_runs):
    """Each worker has a database connection of its own, as each process has."""
    done: list[datetime] = []
    job = Job("count", 60, lambda db: done.append(clock.now()))
    workers = [Database(database.url) for _ in range(4)]
    try:
        for hour in range(3):
            with clock.at(demo.NOW + timedelta(hours=hour)), ThreadPoolExecutor(8) as pool:
                told = list(pool.map(lambda n: run(workers[n % 4], job), range(8)))
            assert told.count(True) == 1
    finally:
        for worker in workers:
            worker.close()
    assert len(done) == 3
    assert [error for _, error, _ in runs(database)] == ["", "", ""]


def test_a_restart_does_not_do_it_again(database, no_runs):
    done: list[int] = []
    job = Job("count", 60, lambda db: done.append(1))
    assert [run(database, job) for _ in range(3)] == [True, False, False]
    with clock.at(demo.NOW + timedelta(minutes=59)):
        assert not run(database, job)
    with clock.at(demo.NOW + timedelta(minutes=60)):
        assert run(database, job)
    assert len(done) == 2


def test_jobs_of_other_names_do_not_stand_in_each_others_way(database, no_runs):
    assert run(database, Job("one", 60, nothing))
    assert run(database, Job("two", 60, nothing))


def test_a_failing_job_is_logged_undone_and_tried_at_its_next_step(database, no_runs, caplog):
    broken = True

    def work(db) -> None:
        db.execute(update(Person).values(theme="dark"))
        if broken:
            raise ZeroDivisionError("not for the table: a citizen's name")

    job = Job("fragile", 60, work)
    with caplog.at_level(logging.ERROR):
        assert not run(database, job)
    assert "fragile failed" in caplog.text
    assert not run(database, job)  # not again and again within its step
    with database.reading() as db:
        assert db.scalar(select(func.count()).where(Person.theme == "dark")) == 0
    assert [(error, done) for _, error, done in runs(database)] == [("ZeroDivisionError", False)]
    broken = False
    with clock.at(demo.NOW + timedelta(hours=1)):
        assert run(database, job)
    with database.reading() as db:
        assert db.scalar(select(func.count()).where(Person.theme == "dark")) > 20
    assert [(error, done) for _, error, done in runs(database)] == [("ZeroDivisionError", False), ("", True)]


def test_old_runs_are_cleared_away(database, no_runs):
    job, other = Job("count", 60, nothing), Job("other", 60, nothing)
    run(database, job)
    run(database, other)
    with clock.at(demo.NOW + KEEP_RUNS + timedelta(hours=1)):
        run(database, job)
    assert len(runs(database)) == 2  # its own old one is gone


# --- the clock itself -------------------------------------------------------------------------------------------------


def test_the_clock_starts_what_is_due_at_once_and_stops_when_told(database, no_runs):
    done = threading.Event()
    clockwork = start(database, [Job("now", 60, lambda db: done.set())], SETTINGS)
    try:
        assert done.wait(5)
    finally:
        clockwork.shutdown(wait=True)
    assert not any(thread.name.startswith("APScheduler") for thread in threading.enumerate())
    assert [(error, is_done) for _, error, is_done in runs(database)] == [("", True)]


def test_on_sqlite_the_writer_thread_does_the_work(database, no_runs):
    where: list[str] = []
    done = threading.Event()

    def work(db) -> None:
        where.append(threading.current_thread().name)
        done.set()

    writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
    clockwork = start(database, [Job("now", 60, work)], SETTINGS, writer.submit)
    assert done.wait(5)
    clockwork.shutdown(wait=False)
    writer.shutdown(wait=True)  # as a server that stops: what was begun is finished
    assert where[0].startswith("writer")
    assert [(error, is_done) for _, error, is_done in runs(database)] == [("", True)]


def test_a_stopping_worker_finishes_what_it_began(database, no_runs):
    begun = threading.Event()

    def work(db) -> None:
        begun.set()
        time.sleep(0.3)
        db.execute(update(Person).values(theme="light"))

    clockwork = start(database, [Job("slow", 60, work)], SETTINGS)
    assert begun.wait(5)
    clockwork.shutdown(wait=True)
    with database.reading() as db:
        assert db.scalar(select(func.count()).where(Person.theme == "light")) > 20


def test_jobs_are_named_once_and_after_their_slice():
    names = [job.name for job in all_jobs()]
    assert len(set(names)) == len(names)
    for piece in SLICES:
        assert all(job.name.startswith(f"{piece.name}.") and job.minutes >= 1 for job in piece.jobs)


# --- sweeping the doorstep --------------------------------------------------------------------------------------------


def test_tidying_keeps_what_somebody_still_needs(write, db, people):
    now = clock.now()

    def sign_in(key: str, person: int, ended: timedelta) -> SignIn:
        moment = now - ended
        return SignIn(
            token_hash=key, person_id=person, created_at=moment, seen_at=moment, expires_at=moment, news_since=moment
        )

    def furnish(db) -> None:
        db.execute(delete(SignIn))
        db.add_all(
            [
                sign_in("anna, long ago", people.anna, timedelta(days=90)),
                sign_in("anna, a month ago", people.anna, timedelta(days=30)),
                sign_in("bo, long ago, his latest", people.bo, timedelta(days=300)),
                sign_in("carla, older", people.carla, timedelta(days=61)),
                sign_in("carla, now", people.carla, -timedelta(hours=12)),
                Submission(person_id=people.anna, key="old", at=now - timedelta(days=3)),
                Submission(person_id=people.anna, key="yesterday", at=now - timedelta(days=1)),
            ]
        )

    write(furnish)
    write(tidy)
    db.rollback()  # look anew
    assert set(db.scalars(select(SignIn.token_hash))) == {
        "anna, a month ago",
        "bo, long ago, his latest",  # says what is new to him when he comes back
        "carla, now",
    }
    assert set(db.scalars(select(Submission.key))) == {"yesterday"}


# --- errands ----------------------------------------------------------------------------------------------------------


def test_an_errand_that_takes_longer_than_its_step_is_not_started_twice(database):
    begun: list[float] = []

    def slow(office) -> None:
        begun.append(time.monotonic())
        office.stopping.wait(5)

    clockwork = start(database, [Job("slow", 1, errand=slow)], SETTINGS)
    while not begun:
        time.sleep(0.01)
    clockwork.modify_job("slow", next_run_time=datetime.now(UTC))  # the next minute, already
    time.sleep(0.3)
    clockwork.shutdown(wait=False)
    assert clockwork.wait_for_errands(5)
    assert len(begun) == 1


def test_a_stopping_clock_tells_errands_and_waits_for_what_they_have_in_hand(database):
    done: list[str] = []

    def errand(office) -> None:
        done.append("begun")
        office.stopping.wait(5)
        time.sleep(0.2)
        with office.database.writing() as db:
            db.execute(update(Person).values(theme="light"))
        done.append("finished")

    clockwork = start(database, [Job("errand", 1, errand=errand)], SETTINGS)
    while not done:
        time.sleep(0.01)
    clockwork.shutdown(wait=False)
    assert not clockwork.wait_for_errands(0.01)
    assert clockwork.wait_for_errands(5)
    assert done == ["begun", "finished"]


def test_errands_and_the_writer_thread_share_the_one_connection(database):
    """On SQLite there is one connection that writes: errands and pages take turns, and nobody waits for ever."""
    writer = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def errand(office) -> None:
        for _ in range(20):
            with office.database.writing() as db:
                db.execute(update(Person).where(Person.handle == "anna").values(theme="dark"))

    def page() -> None:
        with database.writing() as db:
            db.execute(update(Person).where(Person.handle == "anna").values(theme="light"))

    jobs = [Job("a", 1, errand=errand), Job("b", 1, errand=errand), Job("c", 1, work=nothing)]
    clockwork = start(database, jobs, SETTINGS, writer.submit)
    for pages in [writer.submit(page) for _ in range(20)]:
        pages.result(timeout=20)
    clockwork.shutdown(wait=True)
    writer.shutdown(wait=True)
    assert clockwork.wait_for_errands(5)
