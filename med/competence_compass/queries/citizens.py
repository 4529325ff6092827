"""Whom one works with, and what is due with them."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.access import AFTERWARDS, Towards, own_citizens
from med.competence_compass.models import (
    AssessmentPurpose,
    Assignment,
    AssignmentRole,
    Citizen,
    Instrument,
    Occasion,
)
from med.errors import NotFound
from med.organisation.access import on_day
from med.organisation.models import Unit
from med.prepared import Prepared

INTERVAL = 91  # days between assessments for a citizen who has no instrument of their own yet
SOON = 14


def own_citizen(db: Session, viewer: Viewer, citizen_id: int) -> Towards:
    """A citizen and what the viewer is to them today. NotFound for everyone who is not their contact or deputy."""
    rows = db.execute(
        select(
            Citizen.id,
            Citizen.pseudonym,
            Unit.name.label("unit"),
            Citizen.instrument_id,
            func.coalesce(Instrument.interval_days, INTERVAL).label("interval_days"),
            Citizen.entered,
            Citizen.left_on,
            Assignment.role,
            Assignment.reason,
        )
        .join(Unit, Unit.id == Citizen.unit_id)
        .outerjoin(Instrument, Instrument.id == Citizen.instrument_id)
        .join(Assignment, _mine(viewer))
        .where(Citizen.id == citizen_id, own_citizens(viewer))
    ).all()
    if not rows:
        raise NotFound
    return Towards(*min(rows, key=_closest))


def _mine(viewer: Viewer):
    return and_(
        Assignment.citizen_id == Citizen.id,
        Assignment.person_id == viewer.person_id,
        on_day(Assignment, clock.today()),
    )


def _closest(row) -> int:
    """A contact person who is also somebody's deputy is the contact person."""
    return list(AssignmentRole).index(row.role)


class OwnRow(Struct, frozen=True):
    """A citizen on one's own list: by pseudonym, with what is due."""

    id: int
    pseudonym: str
    unit: str
    role: AssignmentRole
    last: date | None
    due: date | None  # when stock is to be taken again; None for who has left
    draft_id: int | None  # begun by the viewer and not closed

    @property
    def is_overdue(self) -> bool:
        return self.due is not None and self.due < clock.today()

    @property
    def is_soon(self) -> bool:
        return self.due is not None and not self.is_overdue and self.due <= clock.today() + timedelta(days=SOON)


ASSIGNED = Prepared(lambda: select(Assignment.id).where(Assignment.person_id == bindparam("who")).limit(1))


def my_citizens(db: Session, viewer: Viewer) -> Sequence[OwnRow]:
    """The viewer's citizens today, those with the earliest due first."""
    if not ASSIGNED(db, who=viewer.person_id):  # most who work here: they are asked no more
        return []
    taken = (
        select(Occasion.citizen_id, func.max(Occasion.day).label("last"))
        .join(Assignment, and_(Assignment.citizen_id == Occasion.citizen_id, Assignment.person_id == viewer.person_id))
        .where(Occasion.closed_at.is_not(None), Occasion.purpose != AssessmentPurpose.DOUBLE)
        .group_by(Occasion.citizen_id)
        .subquery()
    )
    drafts = (
        select(Occasion.citizen_id, func.max(Occasion.id).label("draft"))
        .where(Occasion.closed_at.is_(None), Occasion.begun_by_id == viewer.person_id)
        .group_by(Occasion.citizen_id)
        .subquery()
    )
    today = clock.today()
    rows = db.execute(
        select(
            Citizen.id,
            Citizen.pseudonym,
            Unit.name.label("unit"),
            Assignment.role,
            taken.c.last,
            func.coalesce(Instrument.interval_days, INTERVAL).label("interval"),
            Citizen.entered,
            Citizen.left_on,
            drafts.c.draft,
        )
        .join(Unit, Unit.id == Citizen.unit_id)
        .join(Assignment, _mine(viewer))
        .outerjoin(Instrument, Instrument.id == Citizen.instrument_id)
        .outerjoin(taken, taken.c.citizen_id == Citizen.id)
        .outerjoin(drafts, drafts.c.citizen_id == Citizen.id)
        .where(
            own_citizens(viewer),
            or_(
                Citizen.left_on.is_(None),
                Citizen.left_on >= today - AFTERWARDS,
                Assignment.role == AssignmentRole.DEPUTY,  # let in to hand over what is the citizen's
            ),
        )
    ).all()
    found: dict[int, OwnRow] = {}
    for row in sorted(rows, key=_closest):
        due = None if row.left_on else _due(row)
        found.setdefault(row.id, OwnRow(row.id, row.pseudonym, row.unit, row.role, row.last, due, row.draft))
    return sorted(found.values(), key=lambda row: (row.due or date.max, row.pseudonym))


def _due(row) -> date:
    return row.last + timedelta(days=row.interval) if row.last else row.entered


class Due(NamedTuple):
    """A citizen with whom somebody is to take stock, and by when."""

    citizen_id: int
    person_id: int
    day: date


def assessments_due(db: Session, until: date) -> Iterator[Due]:
    """For the reminders, which are planned for everybody at once: what is due by a day with the contact persons."""
    last = (
        select(func.max(Occasion.day))
        .where(
            Occasion.citizen_id == Citizen.id,
            Occasion.closed_at.is_not(None),
            Occasion.purpose != AssessmentPurpose.DOUBLE,
        )
        .scalar_subquery()
    )
    rows = db.execute(
        select(
            Citizen.id,
            Assignment.person_id,
            last.label("last"),
            func.coalesce(Instrument.interval_days, INTERVAL).label("interval"),
            Citizen.entered,
        )
        .join(Assignment, Assignment.citizen_id == Citizen.id)
        .outerjoin(Instrument, Instrument.id == Citizen.instrument_id)
        .where(
            Assignment.role == AssignmentRole.CONTACT,
            on_day(Assignment, clock.today()),
            Citizen.left_on.is_(None),
            Citizen.erased_at.is_(None),
        )
    )
    for row in rows:
        if (day := _due(row)) <= until:
            yield Due(row.id, row.person_id, day)
