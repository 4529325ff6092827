from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from med.access import Viewer
from med.competence_compass.models import CompassRole
from med.errors import NotFound
from med.organisation.models import Unit


def roles_of(db: Session, viewer: Viewer) -> Sequence[tuple[CompassRole, str]]:
    """The roles given for the units one manages, with the unit's name: coordinators first, by unit."""
    rows: Sequence[Any] = db.execute(
        select(CompassRole, Unit.name)
        .join(Unit, Unit.id == CompassRole.unit_id)
        .where(CompassRole.unit_id.in_(viewer.managed_unit_ids))
        .options(joinedload(CompassRole.person))
        .order_by(CompassRole.kind, Unit.name, CompassRole.starts, CompassRole.id)
    ).all()
    return rows


def role(db: Session, viewer: Viewer, role_id: int) -> CompassRole:
    found = db.get(CompassRole, role_id)
    if found is None or found.unit_id not in viewer.managed_unit_ids:
        raise NotFound
    return found


def managed_units(db: Session, viewer: Viewer) -> Sequence[Any]:
    """(id, name) of the open units one manages."""
    return db.execute(
        select(Unit.id, Unit.name)
        .where(Unit.id.in_(viewer.managed_unit_ids), Unit.closed.is_(None))
        .order_by(Unit.name)
    ).all()
