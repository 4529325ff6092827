"""Who may see which citizens, and who may do what in the compass.

Five dated roles, and nobody else: contact persons and their deputies see their own citizens; whoever leads a run sees
its participants' pseudonyms, attendance and exams; the coordinator sees intake and waiting lists of their units; a
unit's manager and those above see sums only; whoever keeps the instruments sees no citizen at all. The administrator
of the system sees nothing.
"""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.models import (
    Assignment,
    AssignmentRole,
    Citizen,
    CompassRole,
    Participation,
    RoleKind,
    Run,
    RunLeader,
)
from med.language import T, Text
from med.organisation.access import is_employee, on_day
from med.organisation.models import Unit
from med.organisation.queries import below


def own_citizens(viewer: Viewer, day: date | None = None) -> ColumnElement[bool]:
    """The citizens whose contact person or deputy the viewer is: everything about them."""
    if not viewer.is_employee:
        return false()
    mine = select(Assignment.citizen_id).where(
        Assignment.person_id == viewer.person_id, on_day(Assignment, day or clock.today())
    )
    return and_(Citizen.id.in_(mine), Citizen.erased_at.is_(None))


def led_runs(viewer: Viewer, day: date | None = None) -> ColumnElement[bool]:
    """The runs the viewer leads today: participants by pseudonym, attendance, exams."""
    if not viewer.is_employee:
        return false()
    mine = select(RunLeader.run_id).where(
        RunLeader.person_id == viewer.person_id, on_day(RunLeader, day or clock.today())
    )
    return Run.id.in_(mine)


def participants_seen(viewer: Viewer, day: date | None = None) -> ColumnElement[bool]:
    """Participations in the runs the viewer leads, and those of their own citizens."""
    if not viewer.is_employee:
        return false()
    return or_(
        Participation.run_id.in_(select(Run.id).where(led_runs(viewer, day))),
        Participation.citizen_id.in_(select(Citizen.id).where(own_citizens(viewer, day))),
    )


def coordinated_units(db: Session, viewer: Viewer, day: date | None = None) -> frozenset[int]:
    """The units whose intake and waiting lists the viewer coordinates today, those below included."""
    return _units_of(db, viewer, RoleKind.COORDINATOR, day)


def keeps_instruments(db: Session, viewer: Viewer, day: date | None = None) -> bool:
    return bool(_units_of(db, viewer, RoleKind.INSTRUMENTS, day))


def _units_of(db: Session, viewer: Viewer, kind: RoleKind, day: date | None) -> frozenset[int]:
    if not viewer.is_employee:
        return frozenset()
    roots = set(
        db.scalars(
            select(CompassRole.unit_id).where(
                CompassRole.person_id == viewer.person_id,
                CompassRole.kind == kind,
                on_day(CompassRole, day or clock.today()),
            )
        )
    )
    return frozenset(roots | below(db, Unit, roots))


def intake_citizens(units: frozenset[int]) -> ColumnElement[bool]:
    """The citizens of units one coordinates: pseudonym, unit, dates, waiting; never scores, goals or words."""
    return and_(Citizen.unit_id.in_(units), Citizen.erased_at.is_(None)) if units else false()


def role_towards(db: Session, viewer: Viewer, citizen_id: int, day: date | None = None) -> AssignmentRole | None:
    """In which capacity the viewer may open a citizen's page today; None when they may not."""
    if not viewer.is_employee:
        return None
    roles = db.scalars(
        select(Assignment.role).where(
            Assignment.citizen_id == citizen_id,
            Assignment.person_id == viewer.person_id,
            on_day(Assignment, day or clock.today()),
        )
    ).all()
    return min(roles, key=list(AssignmentRole).index, default=None)


# --- doing --------------------------------------------------------------------------------------------------------


def use_compass(viewer: Viewer, thing: object = None) -> Iterator[Text]:
    """The compass's own pages; what is on them is decided by the clauses above."""
    yield from is_employee(viewer)


def see_sums(viewer: Viewer, thing: object = None) -> Iterator[Text]:
    """Sums over the citizens of units one manages."""
    yield from is_employee(viewer)
    if not viewer.managed_unit_ids:
        yield T("Kun ledere ser samlede tal.")
