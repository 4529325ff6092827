"""Whom a field for a name suggests: some of those who work here; the field takes any name."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Select, bindparam, select
from sqlalchemy.orm import Session

from med import clock
from med.access import INSIDE, Viewer
from med.organisation.access import on_day
from med.organisation.models import Employment, Person, Seat, Unit
from med.organisation.queries import below
from med.prepared import Prepared
from med.text import Choices

MOST_SUGGESTED = 300


def suggested(db: Session, viewer: Viewer, committee_id: int | None = None) -> Choices:
    """(name, title) as a field for a name offers them: `colleagues`, told apart."""
    return told_apart(colleagues(db, viewer, committee_id))


def colleagues(db: Session, viewer: Viewer, committee_id: int | None = None, unit_id: int | None = None) -> list[Any]:
    """Whom a field for a name suggests: (id, name, handle, title) of those who work here today, by name.

    A committee's own come first, or a unit's. Of a city's 45,000 only so many are suggested; the field takes any name.
    """
    if not (viewer.is_employee or viewer.is_admin):
        return []
    first = seated(db, viewer, committee_id) if committee_id is not None else []
    if unit_id is not None:
        first = _once(WORKING_AT(db, day=clock.today(), units=frozenset({unit_id} | below(db, Unit, {unit_id}))))
    known = {row.id for row in first}
    others = [row for row in _once(WORKING(db, day=clock.today())) if row.id not in known]
    return [*first, *others][:MOST_SUGGESTED]


def seated(db: Session, viewer: Viewer, committee_id: int) -> list[Any]:
    """The same of those who are inside a committee today."""
    if not (viewer.is_employee or viewer.is_admin):
        return []
    return _once(SEATED(db, day=clock.today(), committee=committee_id))


def told_apart(rows: Sequence[Any]) -> Choices:
    """(name, title) of suggested people; two of the same name are told apart as `person_by_words` reads them."""
    return _told_apart(tuple(rows))


@lru_cache(200)
def _told_apart(rows: tuple[Any, ...]) -> Choices:
    names = Counter(row.name for row in rows)
    return Choices((f"{one.name} ({one.handle})" if names[one.name] > 1 else one.name, one.title or "") for one in rows)


def _working() -> Select[*tuple[Any, ...]]:
    """A row for each job of each person, the person's together (`_once`): so both databases walk the names and stop. To
    keep one of each they would first put together all who work here."""
    return (
        select(Person.id, Person.name, Person.handle, Employment.title)
        .join(Employment, Employment.person_id == Person.id)
        .where(on_day(Employment, bindparam("day", type_=Date)))
        .order_by(Person.name, Person.id, Employment.title)
        .limit(MOST_SUGGESTED)
    )


def _once(rows: Sequence[Any]) -> list[Any]:
    found: dict[int, Any] = {}
    for row in rows:
        found.setdefault(row.id, row)
    return list(found.values())


WORKING = Prepared(_working, remembered=1)
WORKING_AT = Prepared(
    lambda: _working().where(
        Person.id.in_(
            select(Employment.person_id).where(
                Employment.unit_id.in_(bindparam("units", expanding=True)),
                on_day(Employment, bindparam("day", type_=Date)),
            )
        )
    )
)
SEATED = Prepared(
    lambda: _working().where(
        Person.id.in_(
            select(Seat.person_id).where(
                Seat.committee_id == bindparam("committee"),
                Seat.role.in_(INSIDE),
                on_day(Seat, bindparam("day", type_=Date)),
            )
        )
    )
)
