"""Questions about people, units, committees and seats."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Date, Row, and_, bindparam, func, or_, select, true, tuple_
from sqlalchemy.orm import Session, joinedload

from med import clock
from med.access import SeatFact, SeatRole, Side, Viewer
from med.errors import NotFound
from med.organisation.access import ANY_EMPLOYEE, STANDING, on_day, visible_committees, visible_people
from med.organisation.models import (
    MOST_LEVELS,
    Committee,
    Employment,
    Grant,
    GrantKind,
    Level,
    Person,
    Rules,
    Seat,
    Unit,
)
from med.prepared import Prepared


def viewer_for(db: Session, person_id: int) -> Viewer:
    """The person as policies know them, from the rows that hold today. Raises NotFound for one who may not sign in."""
    person = db.get(Person, person_id)
    if person is None:
        raise NotFound
    return viewer_of(db, person)


def viewer_of(db: Session, person: Any) -> Viewer:
    """The same for a person at hand, or anything with the person's columns."""
    if not person.is_active:
        raise NotFound
    jobs: list[tuple[int, bool, str]] = []
    seats: list[SeatFact] = []
    secretary: set[int] = set()
    wide: set[int] = set()
    is_admin = False
    for what, place, flag, word, side, seat_id, stands_in in HOLDS(db, who=person.id, today=clock.today()):
        if what == "job":
            jobs.append((place, flag, word))
        elif what == "seat":
            seats.append(SeatFact(place, Side(side) if side else None, SeatRole(word), seat_id, stands_in))
        elif word == GrantKind.SECRETARY:
            secretary.add(place)
            if flag:
                wide.add(place)
        elif word == GrantKind.ADMIN:
            is_admin = True
    managed = {place for place, manages, _ in jobs if manages}
    return Viewer(
        person_id=person.id,
        name=person.name,
        handle=person.handle,
        language=person.language,
        is_employee=bool(jobs),
        is_admin=is_admin,
        role_key=_highest([role for _, _, role in jobs]),
        unit_ids=frozenset(place for place, _, _ in jobs),
        managed_unit_ids=frozenset(managed | below(db, Unit, managed)),
        # A seat follows the employment: who has left the municipality has no seat, whatever its dates say.
        seats=tuple(seats) if jobs else (),
        secretary_of=frozenset(secretary | below(db, Committee, wide)) if jobs else frozenset(),
    )


HOLDS = Prepared(lambda: STANDING)  # asked at every request
ROLE_ORDER = ("direktion", "centerchef", "leder_af_ledere", "leder_af_medarbejdere", "medarbejder")


def _highest(keys: Sequence[str]) -> str:
    return min(keys, key=lambda key: ROLE_ORDER.index(key) if key in ROLE_ORDER else 9, default="medarbejder")


def below(db: Session, kind: type[Unit] | type[Committee], roots: set[int]) -> set[int]:
    """Ids of everything under `roots` in the tree of units or committees, the roots not counted."""
    if not roots:
        return set()
    return {id for (id,) in BELOW[kind](db, roots=roots)}


def _tree_below(kind: type[Unit] | type[Committee]) -> Any:
    roots = kind.parent_id.in_(bindparam("roots", expanding=True))
    tree = select(kind.id).where(roots).cte("below", recursive=True)
    tree = tree.union(select(kind.id).where(kind.parent_id == tree.c.id))
    return select(tree.c.id)


BELOW: dict[Any, Prepared] = {kind: Prepared(partial(_tree_below, kind)) for kind in (Unit, Committee)}


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
        .where(
            # Both spellings: SQLite's lower() leaves Æ, Ø and Å as they are.
            or_(Person.handle == words, Person.name == words, func.lower(Person.name) == words.lower()),
            visible_people(viewer),
        )
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def namesakes(db: Session, viewer: Viewer, words: str) -> Sequence[Row[str, str]]:
    """The (name, handle) of those whose name begins with these words, for a person to choose from; at most five."""
    return db.execute(
        select(Person.name, Person.handle)
        .where(named(words), visible_people(viewer))
        .order_by(Person.name, Person.id)
        .limit(5)
    ).all()


def named(words: str) -> ColumnElement[bool]:
    """People whose name holds each of the words, whatever the case. Æ, Ø and Å too, which SQLite cannot fold."""
    clauses: list[ColumnElement[bool]] = []
    for word in words.split()[:6]:
        spellings = {word, word.lower(), word.upper(), word.capitalize()}
        clauses.append(or_(*(Person.name.icontains(spelling, autoescape=True) for spelling in sorted(spellings))))
    return and_(true(), *clauses)


def committees(db: Session, viewer: Viewer, among: Collection[int] | None = None) -> Sequence[Committee]:
    """Every committee the viewer may know, or those `among` them, by name."""
    asked = select(Committee).where(visible_committees(viewer)).order_by(Committee.name)
    return db.scalars(asked if among is None else asked.where(Committee.id.in_(sorted(among)))).all()


class Known(NamedTuple):
    """A committee as lists and the tree of them show it."""

    id: int
    name: str
    label: str
    level: Level
    parent_id: int | None
    ends: date | None

    @property
    def is_over(self) -> bool:
        return self.ends is not None and self.ends < clock.today()


def known_committees(db: Session, viewer: Viewer) -> list[Known]:
    """The same for who only shows them, in no order."""
    return KNOWN(db) if viewer.is_employee or viewer.is_admin else []


KNOWN = Prepared(
    lambda: select(*(getattr(Committee, name) for name in Known._fields)).where(visible_committees(ANY_EMPLOYEE)),
    remembered=1,
    row=Known,
)


def heirs(db: Session) -> dict[int, int]:
    """Of each committee that is over the nearest above it that is not; the same as `Committee.heir`, for all."""
    above = {row.id: row.parent_id for row in ENDED(db, today=clock.today())}
    found = above
    for _ in range(MOST_LEVELS):
        if above.keys().isdisjoint(found.values()):
            break
        found = {over: above.get(heir, heir) for over, heir in found.items()}
    return {over: heir for over, heir in found.items() if heir is not None and heir not in above}


def and_left_to(db: Session, committee_ids: Collection[int]) -> set[int]:
    """With those that are over and have left what is open to one of these."""
    mine = set(committee_ids)
    return mine | {over for over, heir in heirs(db).items() if heir in mine} if mine else mine


ENDED = Prepared(
    lambda: select(Committee.id, Committee.parent_id).where(Committee.ends < bindparam("today", type_=Date)),
    remembered=1,
)


def seats_on(db: Session, committee_id: int, day: date) -> Sequence[Seat]:
    """Who sat on a committee on a day: chairs first, then members, then substitutes and advisers, by side."""
    order = [SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER, SeatRole.SUBSTITUTE, SeatRole.ADVISORY]
    found = db.scalars(
        select(Seat)
        .where(Seat.committee_id == committee_id, on_day(Seat, day))
        .options(joinedload(Seat.person), joinedload(Seat.substitute_for).joinedload(Seat.person))
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
            setattr(rules, column.key, column.default.arg)
    return rules


def parent_committees(db: Session, committee_id: int) -> list[Committee]:
    """The committees above, nearest first; those the session holds already are not asked for again."""
    chain: list[Committee] = []
    current = db.get(Committee, committee_id)
    while current is not None and current.parent_id is not None and len(chain) < 20:
        current = db.get(Committee, current.parent_id)
        if current is None or current in chain:
            break
        chain.append(current)
    return chain


# --- pages about committees -------------------------------------------------------------------------------------------


def known_committee(db: Session, viewer: Viewer, committee_id: int | None) -> Committee | None:
    """The committee a form points at, or None where there is no such one."""
    if committee_id is None:
        return None
    return db.scalar(select(Committee).where(Committee.id == committee_id, visible_committees(viewer)))


def children(db: Session, viewer: Viewer, committee_id: int) -> Sequence[Committee]:
    return db.scalars(
        select(Committee)
        .where(Committee.parent_id == committee_id, visible_committees(viewer))
        .order_by(Committee.name)
    ).all()


def secretaries_on(db: Session, committee_id: int, day: date) -> list[Person]:
    """Who is secretary of a committee on a day, by a grant of its own or one that reaches down to it."""
    above = [found.id for found in parent_committees(db, committee_id)]
    return list(
        db.scalars(
            select(Person)
            .where(
                Person.id.in_(
                    select(Grant.person_id).where(
                        Grant.kind == GrantKind.SECRETARY,
                        or_(Grant.committee_id == committee_id, and_(Grant.with_below, Grant.committee_id.in_(above))),
                        on_day(Grant, day),
                    )
                )
            )
            .order_by(Person.name)
        )
    )


def gone(db: Session, person_ids: Collection[int], day: date) -> set[int]:
    """Those of the people who do not work here on the day; a seat of theirs no longer gives them anything."""
    here = set(
        db.scalars(select(Employment.person_id).where(Employment.person_id.in_(person_ids), on_day(Employment, day)))
    )
    return set(person_ids) - here


def seats_of_committee(db: Session, committee_id: int) -> Sequence[Seat]:
    """Every seat there has been and will be, newest first."""
    return db.scalars(
        select(Seat)
        .where(Seat.committee_id == committee_id)
        .options(joinedload(Seat.person), joinedload(Seat.substitute_for).joinedload(Seat.person))
        .order_by(Seat.starts.desc(), Seat.id.desc())
    ).all()


def seat(db: Session, viewer: Viewer, committee_id: int, seat_id: int) -> Seat:
    found = db.scalar(
        select(Seat)
        .join(Seat.committee)
        .where(Seat.id == seat_id, Seat.committee_id == committee_id, visible_committees(viewer))
        .options(joinedload(Seat.person), joinedload(Seat.committee))
    )
    if found is None:
        raise NotFound
    return found


def rules_of(db: Session, committee_id: int) -> Sequence[Rules]:
    """A committee's rules of procedure through time, newest first."""
    return db.scalars(select(Rules).where(Rules.committee_id == committee_id).order_by(Rules.valid_from.desc())).all()


def units(db: Session) -> Sequence[Row[int, str, int | None]]:
    """Every unit that is open: (id, name, parent id)."""
    return db.execute(
        select(Unit.id, Unit.name, Unit.parent_id)
        .where(or_(Unit.closed.is_(None), Unit.closed >= clock.today()))
        .order_by(Unit.name)
    ).all()


def units_below(db: Session, unit_id: int) -> Sequence[str]:
    """Names of the units right under one, those that are open."""
    return db.scalars(
        select(Unit.name)
        .where(Unit.parent_id == unit_id, or_(Unit.closed.is_(None), Unit.closed >= clock.today()))
        .order_by(Unit.name)
    ).all()


def grants(db: Session) -> Sequence[Grant]:
    """Every grant there is or has been: those that hold first."""
    found = db.scalars(
        select(Grant).options(joinedload(Grant.person), joinedload(Grant.committee)).order_by(Grant.id)
    ).all()
    today = clock.today()
    return sorted(
        found, key=lambda grant: (grant.ends is not None and grant.ends < today, grant.kind, grant.person.name)
    )


# --- pages about people -----------------------------------------------------------------------------------------------

PEOPLE_ON_A_PAGE = 50


class PeoplePage(Struct, frozen=True):
    people: Sequence[Row[int, str, str, str]]  # id, name, title, unit
    after: int | None  # the last person's id where there are more


def people(db: Session, viewer: Viewer, words: str = "", after: int = 0, former: bool = False) -> PeoplePage:
    """Those who work here, by name, a page at a time: those behind the person `after`, whose name holds the words."""
    today = clock.today()
    jobs = (
        select(Employment.person_id, func.min(Employment.title).label("title"), func.min(Unit.name).label("unit"))
        .join(Unit, Unit.id == Employment.unit_id)
        .where(on_day(Employment, today))
        .group_by(Employment.person_id)
        .subquery()
    )
    asked = (
        select(Person.id, Person.name, func.coalesce(jobs.c.title, ""), func.coalesce(jobs.c.unit, ""))
        .join(jobs, jobs.c.person_id == Person.id, isouter=former)
        .where(visible_people(viewer), named(words))
        .order_by(Person.name, Person.id)
        .limit(PEOPLE_ON_A_PAGE + 1)
    )
    if after:
        mark = db.execute(select(Person.name, Person.id).where(Person.id == after)).first()
        if mark is not None:
            asked = asked.where(tuple_(Person.name, Person.id) > tuple_(*mark))
    found = db.execute(asked).all()
    more = len(found) > PEOPLE_ON_A_PAGE
    page = found[:PEOPLE_ON_A_PAGE]
    return PeoplePage(page, page[-1][0] if more else None)


def seats_of_person(db: Session, viewer: Viewer, person_id: int) -> Sequence[Seat]:
    return db.scalars(
        select(Seat)
        .join(Seat.committee)
        .where(Seat.person_id == person_id, visible_committees(viewer))
        .options(joinedload(Seat.committee), joinedload(Seat.substitute_for).joinedload(Seat.person))
        .order_by(Seat.starts.desc(), Seat.id.desc())
    ).all()


def employments(db: Session, person_id: int) -> Sequence[Employment]:
    """Where a person works and has worked, newest first."""
    return db.scalars(
        select(Employment)
        .where(Employment.person_id == person_id)
        .options(joinedload(Employment.unit))
        .order_by(Employment.starts.desc(), Employment.id.desc())
    ).all()
