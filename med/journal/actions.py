from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.journal.chain import Line, put_down


def note(db: Session, viewer: Viewer | None, happened: str, thing: Any, fields: Iterable[str] = ()) -> None:
    """Write what just happened, in the same transaction: audit, notices and search all read from here.

    `viewer` is None when the system acts by itself. The line is there once the transaction is saved, not before.
    """
    db.flush()  # a new thing gets its id
    note_many(db, viewer, thing, [(happened, thing.id, fields)])


def note_many(
    db: Session, viewer: Viewer | None, kind: Any, happened: Iterable[tuple[str, int, Iterable[str]]]
) -> None:
    """`note` for an import's thousands: (what happened, id of the `kind`, fields) each."""
    at, person_id = clock.now(), viewer.person_id if viewer else None
    put_down(
        db,
        (
            Line(at, person_id, what, kind.__tablename__, thing_id, ",".join(sorted(fields)))
            for what, thing_id, fields in happened
        ),
    )
