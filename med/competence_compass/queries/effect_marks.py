"""What the manager's page is made of, told without making it: as long as this is the same, so is the page."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass.models import Activity, EffectRun, Snapshot, ToldEstimate
from med.competence_compass.queries.effects import overseen
from med.db import in_one_line, in_one_text
from med.organisation.models import Unit


def what_shows(db: Session, viewer: Viewer, version_id: int | None) -> tuple[object, ...]:
    """Estimates that are told and snapshots are only added to; runs, activities and units change, so they are read.

    The version's own words do not change once it is used, and before it has no findings.
    """
    runs = select(in_one_line(EffectRun.id, EffectRun.state, EffectRun.progress)).where(
        EffectRun.version_id == version_id
    )
    activities = select(in_one_line(Activity.id, Activity.title, Activity.unit_id)).where(overseen(viewer))
    units = select(in_one_line(Unit.id, Unit.name, Unit.parent_id)).where(Unit.id.in_(viewer.managed_unit_ids))
    told = select(func.max(ToldEstimate.id)).scalar_subquery()
    kept = select(func.max(Snapshot.id)).scalar_subquery()
    texts = (
        in_one_text(runs.order_by(EffectRun.id)),
        in_one_text(activities.order_by(Activity.id)),
        in_one_text(units.order_by(Unit.id)),
    )
    found = db.execute(select(told, kept, *texts)).one()
    return (version_id, tuple(sorted(viewer.managed_unit_ids)), *found)
