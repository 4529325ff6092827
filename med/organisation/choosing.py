"""Committees as lists and filters offer them."""

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.organisation.access import ANY_EMPLOYEE, visible_committees
from med.organisation.models import Committee
from med.organisation.queries import known_committees
from med.prepared import Prepared
from med.text import Choices, collation_key

MOST_FILTERED = 60


def committees_to_filter(db: Session, viewer: Viewer, chosen: int | None = None) -> Choices:
    """Committees to filter by, by name: all, or where they are too many to choose from, one's own and the chosen one.

    What the other ones have is reached from each committee's page."""
    if not (viewer.is_employee or viewer.is_admin):
        return Choices()
    rows = SOME(db)
    if len(rows) > MOST_FILTERED:
        ids = viewer.committee_ids | ({chosen} if chosen else set())
        rows = THESE(db, ids=ids) if ids else []
    return _in_order(tuple(rows))


def every_committee(db: Session, viewer: Viewer) -> Choices:
    """All committees that there are or were, by name."""
    return _in_order(tuple(known_committees(db, viewer)))


def living_committees(db: Session, viewer: Viewer, also: int = 0) -> Choices:
    """Committees that are not over, and `also` the one that was asked for, by name."""
    return _in_order(tuple(known_committees(db, viewer)), clock.today(), also)


def _named(*where: Any) -> Any:
    return select(Committee.id, Committee.name, Committee.ends).where(visible_committees(ANY_EMPLOYEE), *where)


SOME = Prepared(lambda: _named().limit(MOST_FILTERED + 1), remembered=1)
THESE = Prepared(lambda: _named(Committee.id.in_(bindparam("ids", expanding=True))), remembered=1000)


@lru_cache(200)
def _in_order(rows: tuple[Any, ...], today: date = date.min, also: int = 0) -> Choices:
    found = [(row.id, row.name) for row in rows if row.ends is None or row.ends >= today or row.id == also]
    return Choices(sorted(found, key=lambda one: collation_key(one[1])))
