from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.journal.models import Entry


def note(db: Session, viewer: Viewer | None, happened: str, thing: Any, fields: Iterable[str] = ()) -> None:
    """Write what just happened, in the same transaction: audit, notices and search all read from here.

    `viewer` is None when the system acts by itself.
    """
    db.flush()  # a new thing gets its id
    db.add(
        Entry(
            at=clock.now(),
            person_id=viewer.person_id if viewer else None,
            happened=happened,
            thing=thing.__tablename__,
            thing_id=thing.id,
            fields=",".join(sorted(fields)),
        )
    )


def note_many(
    db: Session, viewer: Viewer | None, kind: Any, happened: Iterable[tuple[str, int, Iterable[str]]]
) -> None:
    """`note` for an import's thousands: (what happened, id of the `kind`, fields) each, in one statement."""
    lines = [
        {
            "at": clock.now(),
            "person_id": viewer.person_id if viewer else None,
            "happened": what,
            "thing": kind.__tablename__,
            "thing_id": thing_id,
            "fields": ",".join(sorted(fields)),
        }
        for what, thing_id, fields in happened
    ]
    if lines:
        db.execute(insert(Entry), lines)
