"""Questions about people, units, committees and seats."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from med import clock
from med.access import SeatFact, SeatRole, Viewer
from med.errors import NotFound
from med.organisation.access import on_day, visible_committees, visible_people
from med.organisation.models import (
    Committee,
    Employment,
    Grant,
    GrantKind,
    Person,
    Rules,
    Seat,
    Unit,
)


def viewer_for(db: Session, person_id: int) -> Viewer:
    """The person as policies know them, from the rows that hold today. Raises NotFound for one who may not sign in."""
    person = db.get(Person, person_id)
    if person is None:
        raise NotFound
    return viewer_of(db, person)


def viewer_of(db: Session, person: Person) -> Viewer:
    if not person.is_active:
        raise NotFound
    today = clock.today()
    jobs = db.execute(
        select(Employment.unit_id, Employment.manages, Employment.role_key).where(
            Employment.person_id == person.id, on_day(Employment, today)
        )
    ).all()
    seats = db.execute(
        select(Seat.committee_id, Seat.side, Seat.role, Seat.id, Seat.substitute_for_id).where(
            Seat.person_id == person.id, on_day(Seat, today)
        )
    ).all()
    grants = db.execute(
        select(Grant.kind, Grant.committee_id, Grant.with_below).where(
            Grant.person_id == person.id, on_day(Grant, today)
        )
    ).all()
    secretary = {grant.committee_id for grant in grants if grant.kind is GrantKind.SECRETARY}
    wide = {grant.committee_id for grant in grants if grant.kind is GrantKind.SECRETARY and grant.with_below}
    managed = {job.unit_id for job in jobs if job.manages}
    return Viewer(
        person_id=person.id,
        name=person.name,
        handle=person.handle,
        language=person.language,
        is_employee=bool(jobs),
        is_admin=any(grant.kind is GrantKind.ADMIN for grant in grants),
        role_key=_highest([job.role_key for job in jobs]),
        unit_ids=frozenset(job.unit_id for job in jobs),
        managed_unit_ids=frozenset(managed | below(db, Unit, managed)),
        # A seat follows the employment: who has left the municipality has no seat, whatever its dates say.
        seats=tuple(SeatFact(*seat) for seat in seats) if jobs else (),
        secretary_of=frozenset(secretary | below(db, Committee, wide)) if jobs else frozenset(),
    )


ROLE_ORDER = ("direktion", "centerchef", "leder_af_ledere", "leder_af_medarbejdere", "medarbejder")


def _highest(keys: Sequence[str]) -> str:
    return min(keys, key=lambda key: ROLE_ORDER.index(key) if key in ROLE_ORDER else 9, default="medarbejder")


def below(db: Session, kind: type[Unit] | type[Committee], roots: set[int]) -> set[int]:
    """Ids of everything under `roots` in the tree of units or committees, the roots not counted."""
    if not roots:
        return set()
    tree = select(kind.id).where(kind.parent_id.in_(roots)).cte("below", recursive=True)
    tree = tree.union(select(kind.id).where(kind.parent_id == tree.c.id))
    return set(db.scalars(select(tree.c.id)))


def committee(db: Session, viewer: Viewer, committee_id: int) -> Committee:
    """The committee, or NotFound for one the viewer may not know."""
    found = db.scalar(select(Committee).where(Committee.id == committee_id, visible_committees(viewer)))
    if found is None:
        raise NotFound
    return found


def person(db: Session, viewer: Viewer, person_id: int) -> Person:
    found = db.scalar(select(Person).where(Person.id == person_id, visible_people(viewer)))
    if found is None:
        raise NotFound
    return found


def person_by_handle(db: Session, handle: str) -> Person | None:
    return db.scalar(select(Person).where(Person.handle == handle))


def person_by_words(db: Session, viewer: Viewer, words: str) -> Person | None:
    """Whom a typed name means: the whole name, the handle, or "name (handle)" as the suggestions write it."""
    words = words.strip()
    if words.endswith(")") and "(" in words:
        return db.scalar(
            select(Person).where(Person.handle == words[words.rindex("(") + 1 : -1], visible_people(viewer))
        )
    found = db.scalars(
        select(Person)
        .where(or_(Person.handle == words, func.lower(Person.name) == words.lower()), visible_people(viewer))
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def committees(db: Session, viewer: Viewer) -> Sequence[Committee]:
    """Every committee the viewer may know, by level and name."""
    return db.scalars(select(Committee).where(visible_committees(viewer)).order_by(Committee.name)).all()


def seats_on(db: Session, committee_id: int, day: date) -> Sequence[Seat]:
    """Who sat on a committee on a day: chairs first, then members, then substitutes and advisers, by side."""
    order = [SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER, SeatRole.SUBSTITUTE, SeatRole.ADVISORY]
    from sqlalchemy.orm import joinedload

    found = db.scalars(
        select(Seat)
        .where(Seat.committee_id == committee_id, on_day(Seat, day))
        .options(joinedload(Seat.person))
        .order_by(Seat.id)
    ).all()
    return sorted(found, key=lambda seat: (order.index(seat.role), seat.side or "", seat.person.name))


def rules_on(db: Session, committee_id: int, day: date) -> Rules:
    """The rules of procedure that held on a day; the defaults where a committee never set its own."""
    found = db.scalar(
        select(Rules)
        .where(Rules.committee_id == committee_id, Rules.valid_from <= day)
        .order_by(Rules.valid_from.desc())
        .limit(1)
    )
    return found or default_rules(committee_id)


def default_rules(committee_id: int) -> Rules:
    rules = Rules(committee_id=committee_id, valid_from=date(2000, 1, 1))
    for column in Rules.__table__.columns:
        if column.default is not None and getattr(rules, column.key) is None:
            setattr(rules, column.key, column.default.arg)  # type: ignore[attr-defined]
    return rules


def colleagues(db: Session, viewer: Viewer, day: date | None = None) -> Sequence[Row[tuple[int, str, str, str]]]:
    """Everyone employed on a day: (person id, name, handle, title), for suggestions."""
    return db.execute(
        select(Person.id, Person.name, Person.handle, func.min(Employment.title))
        .join(Employment, and_(Employment.person_id == Person.id, on_day(Employment, day or clock.today())))
        .where(visible_people(viewer))
        .group_by(Person.id, Person.name, Person.handle)
        .order_by(Person.name)
    ).all()


def parent_committees(db: Session, committee_id: int) -> list[Committee]:
    """The committees above, nearest first."""
    chain: list[Committee] = []
    parent = aliased(Committee)
    current: int | None = committee_id
    while current is not None and len(chain) < 20:
        found = db.scalar(
            select(parent).join(Committee, Committee.parent_id == parent.id).where(Committee.id == current)
        )
        if found is None or found in chain:
            break
        chain.append(found)
        current = found.id
    return chain
