"""What happens by the clock: files that nobody said yes to go, and the names of those that were taken in."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from med import clock
from med.organisation.models import ImportFile
from med.slices import Job

KEEP_FILES = timedelta(days=1)


def let_files_go(db: Session) -> None:
    db.execute(delete(ImportFile).where(ImportFile.uploaded_at < clock.now() - KEEP_FILES))


jobs = [Job("organisation.import_files", minutes=60, work=let_files_go)]
