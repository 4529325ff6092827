"""Two people with the same form open: who saves last is told, and nobody's words disappear."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from med.errors import Conflict
from med.language import T
from med.meetings.models import Item, Meeting, Note


class Stale(Conflict):
    """What was on the screen is no longer what is saved. The page shows both, and asks."""

    def __init__(self) -> None:
        super().__init__(T("En anden har rettet imens. Se, hvad der står nu, og gem igen."))


def take_version(db: Session, thing: Meeting | Item | Note, seen: int | None) -> None:
    """Count the version one up, if it is still the one that was seen. `None` sees whatever is there.

    Compare-and-set in the database: on PostgreSQL two people may save at the same moment. Raises Stale.
    """
    kind = type(thing)
    here = kind.id == thing.id if seen is None else (kind.id == thing.id) & (kind.version == seen)
    db.flush()
    changed = db.execute(
        update(kind).where(here).values(version=kind.version + 1).execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise Stale
    db.refresh(thing)
