"""What the manager's page is made of, told without making it: as long as this is the same, so is the page."""

from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass.models import Activity, EffectRun, Snapshot, ToldEstimate
from med.db import BigInt, in_one_line, in_one_text
from med.organisation.models import Unit
from med.prepared import Prepared


def asked_marks() -> Select[*tuple[Any, ...]]:
    led: Any = bindparam("units", type_=BigInt, expanding=True)
    runs = select(in_one_line(EffectRun.id, EffectRun.state, EffectRun.progress)).where(
        EffectRun.version_id == bindparam("version_id", type_=BigInt)
    )
    activities = select(in_one_line(Activity.id, Activity.title, Activity.unit_id)).where(Activity.unit_id.in_(led))
    units = select(in_one_line(Unit.id, Unit.name, Unit.parent_id)).where(Unit.id.in_(led))
    return select(
        select(func.max(ToldEstimate.id)).scalar_subquery().label("told"),
        select(func.max(Snapshot.id)).scalar_subquery().label("kept"),
        in_one_text(runs.order_by(EffectRun.id)).label("runs"),
        in_one_text(activities.order_by(Activity.id)).label("activities"),
        in_one_text(units.order_by(Unit.id)).label("units"),
    )


MARKS = Prepared(asked_marks)


def what_shows(db: Session, viewer: Viewer, version_id: int | None) -> tuple[object, ...]:
    """Estimates that are told and snapshots are only added to; runs, activities and units change, so they are read.

    The version's own words do not change once it is used, and before it has no findings.
    """
    led = viewer.managed_unit_ids
    return (version_id, tuple(sorted(led)), *MARKS(db, units=led, version_id=version_id or 0)[0])
