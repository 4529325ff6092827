"""Who may know about committees and people, and who may change them."""

import typing
from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    String,
    and_,
    bindparam,
    cast,
    exists,
    false,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from med.access import INSIDE, Viewer
from med.db import BigInt
from med.language import T, Text
from med.organisation.models import Committee, Employment, Grant, GrantKind, Person, Seat


class AnyEmployee:
    """Who asks, in questions that are put together once and asked by many: filled in with `own(viewer)`."""

    is_employee = True
    inside: Any = bindparam("inside", expanding=True)
    person_id: Any = bindparam("who", type_=BigInt)


ANY_EMPLOYEE = typing.cast(Viewer, AnyEmployee())


def own(viewer: Viewer) -> dict[str, Any]:
    """What stands for the viewer in such a question: the committees they are inside (0 is none), and who they are. An
    empty list that stands in IN and in NOT IN SQLAlchemy would write as the same for both, and PostgreSQL give all.

    Only for employees: everybody else is told `false()` before anything is asked.
    """
    return {"inside": sorted(viewer.inside) or [0], "who": viewer.person_id}


def on_day(dated: Any, day: Any) -> ColumnElement[bool]:
    """The rows of a dated table (seat, grant, employment) that hold on a day, first and last day included."""
    return and_(dated.starts <= day, or_(dated.ends.is_(None), dated.ends >= day))


def works_here(person_id: Any, day: Any) -> ColumnElement[bool]:
    """Whether somebody, a column of another table, is employed on a day and may sign in."""
    job = exists().where(Employment.person_id == Person.id, on_day(Employment, day), Person.is_active)
    return job.where(Person.id == person_id).correlate_except(Employment, Person)


def sits_inside(person_id: Any, committee_id: Any, day: Any) -> ColumnElement[bool]:
    """Whether closed items of a committee are somebody's business, both columns. A secretary of any committee "with
    those below" counts: where in the tree is not looked up."""
    seat = exists().where(Seat.committee_id == committee_id, Seat.role.in_(INSIDE), on_day(Seat, day))
    where = or_(Grant.committee_id == committee_id, Grant.with_below)
    grant = exists().where(Grant.kind == GrantKind.SECRETARY, where, on_day(Grant, day))
    return or_(
        seat.where(Seat.person_id == person_id).correlate_except(Seat),
        grant.where(Grant.person_id == person_id).correlate_except(Grant),
    )


def _standing(what: str, dated: Any, place: Any, flag: Any, word: Any, side: Any, seat_id: Any, stands_in: Any) -> Any:
    """One kind of dated row in the shape that all three share; what a kind lacks is NULL of the right type."""

    def typed(column: Any, kind: Any) -> Any:
        return cast(null() if column is None else column, kind)

    return select(
        literal(what).label("what"),
        typed(place, BigInteger).label("place"),
        typed(flag, Boolean).label("flag"),
        typed(word, String).label("word"),
        typed(side, String).label("side"),
        typed(seat_id, BigInteger).label("seat_id"),
        typed(stands_in, BigInteger).label("stands_in"),
    ).where(dated.person_id == bindparam("who"), on_day(dated, bindparam("today", type_=Date)))


# What a person holds today, in one question put together once: it is asked at every request.
STANDING = union_all(
    _standing("job", Employment, Employment.unit_id, Employment.manages, Employment.role_key, None, None, None),
    _standing("seat", Seat, Seat.committee_id, None, Seat.role, Seat.side, Seat.id, Seat.substitute_for_id),
    _standing("grant", Grant, Grant.committee_id, Grant.with_below, Grant.kind, None, None, None),
)


def visible_committees(viewer: Viewer) -> ColumnElement[bool]:
    """Committees are no secret to those who work here; an administrator from outside sees them to keep them."""
    return true() if viewer.is_employee or viewer.is_admin else false()


def visible_people(viewer: Viewer) -> ColumnElement[bool]:
    return true() if viewer.is_employee or viewer.is_admin else false()


def sees_inside(viewer: Viewer, committee: Committee) -> bool:
    """Whether a committee's own details (electoral groups, mail) are this person's business."""
    return committee.id in viewer.inside


def see_committees(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    """The pages about committees and who sits on them."""
    if not (viewer.is_employee or viewer.is_admin):
        yield T("Kun ansatte har adgang til udvalgene.")


def is_employee(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    if not viewer.is_employee:
        yield T("Kun ansatte har adgang til indholdet.")


def is_admin(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    if not viewer.is_admin:
        yield T("Kun systemadministratoren kan gøre dette.")


def keep_committee(viewer: Viewer, committee: Committee) -> Iterator[Text]:
    """Change a committee's name, rules and seats: its secretary, or the administrator who sets it up."""
    if not (viewer.is_secretary(committee.id) or viewer.is_admin):
        yield T("Kun udvalgets MED-sekretær og systemadministratoren kan ændre udvalget.")


def keep_seat(viewer: Viewer, seat: Seat) -> Iterator[Text]:
    yield from keep_committee(viewer, seat.committee)


def found_committee(viewer: Viewer, parent: Committee | None = None) -> Iterator[Text]:
    """Set up a new committee under `parent`: the administrator, or the secretary of the parent.

    Without a parent it asks whether the person may set up committees at all.
    """
    if viewer.is_admin:
        return
    if not viewer.secretary_of:
        yield T("Kun MED-sekretærer og systemadministratoren kan oprette udvalg.")
    elif parent is not None and not viewer.is_secretary(parent.id):
        yield T("Du er ikke MED-sekretær for det udvalg, som det nye skal høre under.")


def found_main_committee(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    if not viewer.is_admin:
        yield T("Kun systemadministratoren kan oprette et hovedudvalg.")


def found_group(viewer: Viewer, parent: Committee) -> Iterator[Text]:
    """Set up an ad hoc group under a committee: its chairs and secretary."""
    if not (viewer.runs(parent.id) or viewer.is_admin):
        yield T("Kun formandskabet og MED-sekretæren kan nedsætte en gruppe under udvalget.")


def give_grant(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    """Make someone secretary of committees, and end it again."""
    yield from is_admin(viewer)


def import_organisation(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    yield from is_admin(viewer)


def see_person(viewer: Viewer, person: Person) -> Iterator[Text]:
    yield from is_employee(viewer) if not viewer.is_admin else ()
