"""Doing what a plan says that `comparing` made of a file or a folder."""

from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass import rollups
from med.competence_compass.actions.intake import leave
from med.competence_compass.exchange.comparing import codes_of
from med.competence_compass.exchange.plan import Plan
from med.competence_compass.exchange.saving import Saving
from med.competence_compass.models import Citizen, Goal, GoalRating, Participation, WaitingEntry
from med.competence_compass.vault import Vault
from med.journal.actions import note, note_many


def carry_out(db: Session, viewer: Viewer | None, vault: Vault, plan: Plan, progress: Any = None) -> int:
    """Do what a plan without faults says, in the caller's transaction; gives how many rows were new or changed."""
    if plan.faults:
        raise ValueError("a plan with faults is not carried out")
    if not plan.total:
        return 0
    dimensions = {code: id for id, code in codes_of(db, plan.version).items()}
    saving = Saving(
        db,
        viewer,
        vault,
        plan.version,
        {code: dimensions[code.lower()] for code in plan.new.dimensions},
        plan.citizens,
        plan.activities,
        plan.units,
        plan.unit_id,
    )
    if progress is not None:
        saving.progress = progress
    saving.save(plan.new)
    for kind, table in (("citizens", Citizen), ("participations", Participation), ("waiting", WaitingEntry)):
        if rows := plan.changes.get(kind):
            db.execute(update(table), rows)
    if rows := [row for row in plan.changes.get("goals", ()) if len(row) > 1]:
        db.execute(update(Goal), rows)
    if plan.ratings:
        db.execute(insert(GoalRating), plan.ratings)
    db.expire_all()  # what was loaded before the bulk changes is out of date
    for id, form in plan.leaving.items():
        leave(db, viewer, db.get_one(Citizen, id), form)
    moved, ended = ([row["id"] for row in plan.changes.get(kind, ())] for kind in ("citizens", "participations"))
    rollups.refresh(db, [*moved, *rollups.who_took_part(db, ended)])
    note_many(
        db, viewer, Citizen, [("citizen.changed", row["id"], ["import"]) for row in plan.changes.get("citizens", ())]
    )
    note(db, viewer, "compass.imported", plan.version, [count.kind for count in plan.counts if count.new])
    db.expire_all()
    return plan.total
