"""What a coordinator sees: pseudonyms, units, dates, who works with whom, who waits. Never scores, goals or names."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.access import (
    coordinated_units,
    intake_citizens,
    led_runs,
    named_to_leaders,
    role_towards,
)
from med.competence_compass.looks import LookRole
from med.competence_compass.models import (
    Activity,
    Assignment,
    AssignmentRole,
    Citizen,
    Instrument,
    Look,
    Participation,
    Run,
    WaitingEntry,
    WaitingOutcome,
)
from med.errors import NotFound
from med.organisation.access import on_day
from med.organisation.models import Employment, Person, Unit

PAGE = 50
LATEST = 300


class IntakeRow(Struct, frozen=True):
    id: int
    pseudonym: str
    unit: str
    entered: date
    left_on: date | None
    contacts: tuple[str, ...]
    waits: int


class Sums(Struct, frozen=True):
    here: int
    without_contact: int


def units_of(db: Session, viewer: Viewer) -> frozenset[int]:
    """The units whose intake the viewer coordinates today. NotFound where there is none: the pages do not exist."""
    units = coordinated_units(db, viewer)
    if not units:
        raise NotFound
    return units


def _is_here(today: date):
    return or_(Citizen.left_on.is_(None), Citizen.left_on >= today)


def _has_contact(today: date):
    return (
        select(Assignment.id)
        .where(
            Assignment.citizen_id == Citizen.id,
            Assignment.role == AssignmentRole.CONTACT,
            on_day(Assignment, today),
        )
        .exists()
    )


def sums(db: Session, units: frozenset[int]) -> Sums:
    today = clock.today()
    mine = select(func.count()).select_from(Citizen).where(intake_citizens(units), _is_here(today))
    return Sums(db.scalar(mine) or 0, db.scalar(mine.where(~_has_contact(today))) or 0)


def intake(db: Session, units: frozenset[int], *, show: str = "", words: str = "", page: int = 0) -> list[IntakeRow]:
    """A page of citizens by pseudonym, and one row more where there are more. `show`: "", "uden", "stoppet"."""
    today = clock.today()
    asked = select(Citizen.id, Citizen.pseudonym, Unit.name.label("unit"), Citizen.entered, Citizen.left_on)
    asked = asked.join(Unit, Unit.id == Citizen.unit_id).where(intake_citizens(units))
    if show == "stoppet":
        asked = asked.where(Citizen.left_on < today)
    else:
        asked = asked.where(_is_here(today))
    if show == "uden":
        asked = asked.where(~_has_contact(today))
    if words:
        asked = asked.where(Citizen.pseudonym.icontains(words.upper(), autoescape=True))
    rows = db.execute(asked.order_by(Citizen.pseudonym, Citizen.id).limit(PAGE + 1).offset(page * PAGE)).all()
    ids = [row.id for row in rows]
    contacts: dict[int, list[str]] = defaultdict(list)
    for citizen_id, name in db.execute(
        select(Assignment.citizen_id, Person.name)
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.citizen_id.in_(ids), Assignment.role == AssignmentRole.CONTACT, on_day(Assignment, today))
        .order_by(Assignment.starts, Assignment.id)
    ):
        contacts[citizen_id].append(name)
    waits = {
        row.citizen_id: row.times
        for row in db.execute(
            select(WaitingEntry.citizen_id, func.count().label("times"))
            .where(WaitingEntry.citizen_id.in_(ids), WaitingEntry.outcome == WaitingOutcome.WAITING)
            .group_by(WaitingEntry.citizen_id)
        )
    }
    return [
        IntakeRow(
            row.id, row.pseudonym, row.unit, row.entered, row.left_on, tuple(contacts[row.id]), waits.get(row.id, 0)
        )
        for row in rows
    ]


def citizen(db: Session, units: frozenset[int], citizen_id: int) -> Citizen:
    """A citizen of the coordinated units. NotFound."""
    found = db.scalar(select(Citizen).where(Citizen.id == citizen_id, intake_citizens(units)))
    if found is None:
        raise NotFound
    return found


def assignments(db: Session, citizen_id: int) -> Sequence[Any]:
    """Who works or worked with a citizen, the newest first."""
    return db.execute(
        select(
            Assignment.id,
            Assignment.role,
            Assignment.starts,
            Assignment.ends,
            Assignment.reason,
            Person.name.label("person"),
        )
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.citizen_id == citizen_id)
        .order_by(Assignment.starts.desc(), Assignment.id.desc())
    ).all()


def assignment(db: Session, units: frozenset[int], assignment_id: int) -> Assignment:
    found = db.scalar(
        select(Assignment)
        .join(Citizen, Citizen.id == Assignment.citizen_id)
        .where(Assignment.id == assignment_id, intake_citizens(units))
    )
    if found is None:
        raise NotFound
    return found


def waiting(db: Session, citizen_id: int) -> Sequence[Any]:
    return db.execute(
        select(Activity.title, WaitingEntry.queued, WaitingEntry.left_on, WaitingEntry.outcome)
        .join(Activity, Activity.id == WaitingEntry.activity_id)
        .where(WaitingEntry.citizen_id == citizen_id)
        .order_by(WaitingEntry.queued.desc(), WaitingEntry.id.desc())
    ).all()


def unit_choices(db: Session, units: frozenset[int]) -> list[tuple[int, str]]:
    rows = db.execute(
        select(Unit.id, Unit.name)
        .where(Unit.id.in_(units), or_(Unit.closed.is_(None), Unit.closed > clock.today()))
        .order_by(Unit.name, Unit.id)
    )
    return [(row.id, row.name) for row in rows]


def instrument_choices(db: Session) -> list[tuple[int, str, str]]:
    rows = db.execute(
        select(Instrument.id, Instrument.name, Instrument.target_group)
        .where(or_(Instrument.ended.is_(None), Instrument.ended > clock.today()))
        .order_by(Instrument.name, Instrument.id)
    )
    return [(row.id, row.name, row.target_group) for row in rows]


def target_groups(db: Session) -> list[str]:
    """The municipality's own short list: whom the instruments are for, and what was chosen before."""
    asked = select(Instrument.target_group).union(select(Citizen.target_group))
    return sorted(group for group in db.scalars(asked) if group)


def staff(db: Session, units: frozenset[int]) -> Sequence[Any]:
    """(name, handle, title) of those employed in the units, to be chosen from."""
    return db.execute(
        select(Person.name, Person.handle, func.min(Employment.title).label("title"))
        .join(Employment, Employment.person_id == Person.id)
        .where(Employment.unit_id.in_(units), on_day(Employment, clock.today()))
        .group_by(Person.id, Person.name, Person.handle)
        .order_by(Person.name, Person.id)
    ).all()


def looks(db: Session, citizen_id: int) -> Sequence[Any]:
    """(at, what, role, reason) of the latest looks at a citizen, the newest first. Who it was is not told."""
    return db.execute(
        select(Look.at, Look.what, Look.role, Look.reason)
        .where(Look.citizen_id == citizen_id)
        .order_by(Look.at.desc(), Look.id.desc())
        .limit(LATEST)
    ).all()


# --- in which capacity --------------------------------------------------------------------------------------------


def capacity(db: Session, viewer: Viewer, citizen_id: int) -> tuple[Citizen, LookRole]:
    """A citizen, and the closest capacity in which the viewer may ask for their name today. NotFound for all others."""
    found = db.scalar(select(Citizen).where(Citizen.id == citizen_id, Citizen.erased_at.is_(None)))
    if found is None or not viewer.is_employee:
        raise NotFound
    role = role_towards(db, viewer, citizen_id)
    if role is not None:
        return found, LookRole.CONTACT if role is AssignmentRole.CONTACT else LookRole.DEPUTY
    if found.unit_id in coordinated_units(db, viewer):
        return found, LookRole.COORDINATOR
    leads = db.scalar(
        select(Participation.id)
        .join(Citizen, Citizen.id == Participation.citizen_id)
        .where(
            Participation.citizen_id == citizen_id,
            named_to_leaders(),
            Participation.run_id.in_(select(Run.id).where(led_runs(viewer))),
        )
        .limit(1)
    )
    if leads is None:
        raise NotFound
    return found, LookRole.RUN_LEADER
