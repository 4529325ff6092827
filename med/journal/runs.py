"""Who does what is due by the clock: whoever writes its row first."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from med import clock
from med.db import Database
from med.journal.models import JobRun

KEEP_RUNS = timedelta(days=30)


def due_time(minutes: int, now: datetime) -> datetime:
    """The latest full step of so many minutes, counted from midnight UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=minutes)
    return midnight + (now - midnight) // step * step


def claim(database: Database, job: str, due_at: datetime, done_at: datetime | None = None) -> int | None:
    """The id of the run, if it is ours; None when another worker has it, or it is done. Old runs of the job go."""
    now = clock.now()
    try:
        with database.writing() as db:
            db.execute(delete(JobRun).where(JobRun.job == job, JobRun.due_at < now - KEEP_RUNS))
            run = JobRun(job=job, due_at=due_at, claimed_at=now, done_at=done_at)
            db.add(run)
            db.flush()
            return run.id
    except IntegrityError:
        return None
