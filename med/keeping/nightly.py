"""The copy that is made every night, looked over, and thinned out; and the alarm when it was not.

Any number of workers wake for it; the row of the night lets one of them through. One that dies over it leaves it to
another an hour later.
"""

import logging
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from markupsafe import escape
from msgspec import Struct
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.db import Database
from med.journal.chain import breaks
from med.journal.models import JobRun
from med.journal.runs import claim
from med.keeping import copies
from med.language import T
from med.meetings.queries.minutes import verify_chain
from med.notices.digests import last_hour
from med.notices.models import Message
from med.notices.outbox import Letter, Posting, post
from med.organisation.access import on_day
from med.organisation.models import Committee, Grant, GrantKind
from med.settings import Settings
from med.slices import Office

log = logging.getLogger("med.keeping")
JOB, MINUTES = "keeping.copy", 10
AGAIN = timedelta(hours=1)  # a copy that failed, or was broken off, is tried again after this
TOO_OLD = timedelta(hours=36)
NAME = "medspil-%Y-%m-%d-%H%M"
BEGUN = ".making-"


class State(Struct, frozen=True):
    """How the copies are doing."""

    newest: copies.Copy | None
    error: str  # of the latest run, if it failed
    is_busy: bool  # one is being made

    @property
    def age(self) -> timedelta | None:
        return clock.now() - self.newest.made_at if self.newest else None

    @property
    def is_bad(self) -> bool:
        if self.is_busy:
            return False
        return bool(self.error) or self.age is None or self.age > TOO_OLD or bool(self.newest and self.newest.breaks)


def run(office: Office) -> None:
    """The errand: this night's copy, if it is due and nobody makes it; then a look at how they are doing."""
    settings = office.settings
    if settings.backup_dir is None:
        return
    due_at, _ = last_hour(clock.now(), settings.backup_hour)
    if is_ours(office.database, due_at):
        error = ""
        try:
            keep(office, due_at)
        except Exception as failure:  # written down for the administrator, who is told below
            log.exception("no backup was made")
            why = isinstance(failure, OSError) and failure.strerror  # "No space left on device"
            error = str(failure) if isinstance(failure, copies.Damaged) else why or type(failure).__name__
        with office.database.writing() as db:
            done = {"error": error, "done_at": None if error else clock.now()}
            db.execute(update(JobRun).where(JobRun.job == JOB, JobRun.due_at == due_at).values(**done))
    with office.database.writing() as db:
        if state(db, settings).is_bad:
            alarm(db)


def is_ours(database: Database, due_at: datetime) -> bool:
    """Whether this worker is the one to make the copy: the first, or who finds that the first died over it."""
    if claim(database, JOB, due_at) is not None:
        return True
    now = clock.now()
    mine = (JobRun.job == JOB, JobRun.due_at == due_at, JobRun.done_at.is_(None), JobRun.claimed_at < now - AGAIN)
    with database.writing() as db:
        taken = update(JobRun).where(*mine).values(claimed_at=now, error="").returning(JobRun.id)
        return db.scalar(taken) is not None


def keep(office: Office, due_at: datetime) -> None:
    """One copy more, under its name once it has been looked over; and those beyond the number to keep go."""
    home = office.settings.backup_dir
    assert home is not None
    there = copies.listing(home)
    name = clock.now().astimezone(clock.COPENHAGEN).strftime(NAME)
    for left in home.glob(f"{BEGUN}*"):
        shutil.rmtree(left)
    begun = home / f"{BEGUN}{name}"
    with office.database.reading() as db:
        broken = sum(len(verify_chain(db, committee)) for committee in db.scalars(select(Committee.id)))
        broken += sum(1 for _ in breaks(db))
    made = copies.make(office.settings, office.database, begun, like=there[0].folder if there else None, breaks=broken)
    copies.check(made)
    begun.rename(home / name)
    copies.flush(home)
    for old in [copy.folder for copy in there if copy.folder.name.startswith("medspil-")][
        office.settings.backups - 1 :
    ]:
        shutil.rmtree(old)


def state(db: Session, settings: Settings) -> State:
    latest = db.execute(
        select(JobRun.error, JobRun.done_at, JobRun.claimed_at).where(JobRun.job == JOB).order_by(JobRun.due_at.desc())
    ).first()
    busy = latest is not None and not latest.error and latest.done_at is None
    found = copies.listing(settings.backup_dir or Path(settings.data_dir / "-"))
    return State(
        newest=found[0] if found else None,
        error=latest.error if latest else "",
        is_busy=bool(busy and latest and latest.claimed_at > clock.now() - AGAIN),
    )


def alarm(db: Session) -> None:
    """A mail to everyone who looks after the system, once a day."""
    today = clock.today()
    keepers = select(Grant.person_id).where(Grant.kind == GrantKind.ADMIN, on_day(Grant, today))
    post(db, [Posting(f"{JOB}:{today}:{one}", "copy_alarm", one) for one in sorted(set(db.scalars(keepers)))])


def compose_alarm(db: Session, office: Office, message: Message, viewer: Viewer | None) -> Letter | None:
    """What is wrong by now; nothing when it has been put right meanwhile."""
    if viewer is None or not viewer.is_admin or office.settings.backup_dir is None:
        return None
    found = state(db, office.settings)
    if not found.is_bad:
        return None
    if found.newest is None:
        said = T("Der er ingen sikkerhedskopi af Medspil.")
    elif found.newest.breaks:
        said = T("Sikkerhedskopien er taget, men en kæde er brudt. Kør »med verify«.")
    else:
        said = T("Den nyeste sikkerhedskopi er %(hours)s timer gammel.", hours=int((found.age or AGAIN) / AGAIN))
    lines = [str(said)]
    if found.error:
        lines.append(str(T("Sidste forsøg fejlede: %(error)s", error=found.error)))
    where = f"{office.settings.base_url}/drift/kopier"
    lines.append(str(T("Se, hvad der er galt: %(where)s", where=where)))
    html = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return Letter(str(T("Medspil: sikkerhedskopien mangler")), "\n\n".join(lines) + "\n", html)
