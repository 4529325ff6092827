"""Whom a typed name means, when someone is to be responsible."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import INSIDE, Viewer
from med.errors import Invalid
from med.language import T
from med.organisation.access import on_day
from med.organisation.models import Employment, Grant, GrantKind, Person, Seat
from med.organisation.queries import parent_committees, person_by_words


def responsible_for(
    db: Session, viewer: Viewer, words: str, committee_id: int, *, is_open: bool, field: str = "responsible"
) -> Person | None:
    """The person who is to see to it, None when nobody is named.

    Raises Invalid, under `field`, for a name nobody or several have, for someone who does not work here today, and
    on a closed item for someone outside the committee, who could not even read what they are to do.
    """
    if not words.strip():
        return None
    found = person_by_words(db, viewer, words)
    if found is None:
        raise Invalid(
            **{field: T("Vi kender ikke “%(name)s”, eller flere hedder det. Vælg fra listen.", name=words.strip())}
        )
    works_here = db.scalar(
        select(Employment.id).where(Employment.person_id == found.id, on_day(Employment, clock.today())).limit(1)
    )
    if works_here is None:
        raise Invalid(**{field: T("%(name)s er ikke ansat her i dag.", name=found.name)})
    if not is_open and not is_inside_committee(db, found.id, committee_id):
        raise Invalid(
            **{field: T("Punktet er lukket. Vælg en fra udvalget, for %(name)s må ikke læse det.", name=found.name)}
        )
    return found


def who_now(person: Person, before: Person | None) -> str:
    """What a history keeps of a change of hands, in the committee's language."""
    names = {"now": person.name, "before": before.name if before else "–"}
    return T("Ansvarlig: %(now)s (før: %(before)s).").message % names


def is_inside_committee(db: Session, person_id: int, committee_id: int) -> bool:
    """Whether closed items are someone's business today: full members and the secretary."""
    today = clock.today()
    seat = select(Seat.id).where(
        Seat.person_id == person_id,
        Seat.committee_id == committee_id,
        Seat.role.in_(INSIDE),
        on_day(Seat, today),
    )
    if db.scalar(seat.limit(1)) is not None:
        return True
    above = [found.id for found in parent_committees(db, committee_id)]
    grant = select(Grant.id).where(
        Grant.person_id == person_id,
        Grant.kind == GrantKind.SECRETARY,
        on_day(Grant, today),
        or_(Grant.committee_id == committee_id, Grant.with_below & Grant.committee_id.in_(above)),
    )
    return db.scalar(grant.limit(1)) is not None
