"""What happens by the clock. APScheduler is only the clock; whether a job runs is decided by a row in the database.

Every worker, in a server process or on its own, wakes at the same full minutes and tries to claim (job, due time).
The unique row lets one of them through, so any number of workers do each thing once, and a restart does not do it
again. (Two workers with APScheduler's own shared job store ran every tick twice when it was tried.)
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from med import clock
from med.db import Database
from med.journal.models import JobRun
from med.journal.runs import claim, due_time
from med.settings import Settings
from med.slices import Job, Office

log = logging.getLogger("med.worker")


def run(database: Database, job: Job, line: Callable[..., object] | None = None) -> bool:
    """Do a job if it is due and nobody has done it; True when this call did. A failing job is logged, never raised.

    With a `line` (the queue of a writer thread) further turns wait their turn in it, behind what people asked for
    meanwhile; else they follow at once.
    """
    run_id = claim(database, job.name, due_time(job.minutes, clock.now()))
    return run_id is not None and take_turns(database, job, run_id, line)


def take_turns(database: Database, job: Job, run_id: int, line: Callable[..., object] | None = None) -> bool:
    assert job.work is not None
    more, error = True, ""
    try:
        while more:
            with database.writing() as db:
                more = bool(job.work(db))
            if more and line is not None:
                line(take_turns, database, job, run_id, line)
                return True
    except Exception as failure:  # the next step tries again; the administrator sees this one
        log.exception("job %s failed", job.name)
        error = type(failure).__name__
    with database.writing() as db:
        done_at = None if error else clock.now()
        db.execute(update(JobRun).where(JobRun.id == run_id).values(done_at=done_at, error=error))
    return not error


def go(office: Office, job: Job) -> None:
    """Run an errand. What goes wrong is logged and written down for the administrator; the next step tries again."""
    assert job.errand is not None
    try:
        job.errand(office)
    except Exception as failure:
        log.exception("errand %s failed", job.name)
        with suppress(SQLAlchemyError):  # where the database is what is wrong: the log
            run_id = claim(office.database, job.name, due_time(job.minutes, clock.now()))
            with office.database.writing() as db:
                db.execute(update(JobRun).where(JobRun.id == run_id).values(error=type(failure).__name__))


class Clockwork(BackgroundScheduler):
    """The running clock. `shutdown()` lets errands finish the message they have in hand and begin no other."""

    def __init__(self, office: Office) -> None:
        # A step that is missed, because the one before still runs or the machine slept, is made up for once.
        super().__init__(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
        self.office = office
        self.errands: set[threading.Thread] = set()

    def run_errand(self, job: Job) -> None:
        if self.office.stopping.is_set():
            return
        self.errands.add(threading.current_thread())
        try:
            go(self.office, job)
        finally:
            self.errands.discard(threading.current_thread())

    def shutdown(self, wait: bool = True) -> None:
        self.office.stopping.set()
        super().shutdown(wait=wait)

    def wait_for_errands(self, seconds: float) -> bool:
        """After `shutdown(wait=False)`: until no errand is under way; False when the time was too short."""
        until = time.monotonic() + seconds
        while self.errands and time.monotonic() < until:
            time.sleep(0.05)
        return not self.errands


def start(
    database: Database, jobs: Sequence[Job], settings: Settings, submit: Callable[..., object] | None = None
) -> Clockwork:
    """Start the clock; `shutdown()` the result to stop it.

    `submit` is where work is carried out: the writer thread of a server on SQLite, the scheduler's own threads else.
    An errand waits for others and always has a thread of the scheduler's.
    """
    scheduler = Clockwork(Office(database, settings))

    def line(*turn: Any) -> None:
        """What is left when the process is to go is done at the job's next step."""
        if submit is not None and not scheduler.office.stopping.is_set():
            submit(*turn)

    for job in jobs:

        def tick(job: Job = job) -> None:
            if job.errand is not None:
                scheduler.run_errand(job)
            elif submit is None:
                run(database, job)
            else:
                submit(run, database, job, line)

        since = due_time(job.minutes, datetime.now(UTC))
        trigger = IntervalTrigger(minutes=job.minutes, start_date=since, timezone=UTC)
        scheduler.add_job(tick, trigger, id=job.name, next_run_time=datetime.now(UTC))
    scheduler.start()
    return scheduler
