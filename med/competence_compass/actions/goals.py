"""A citizen's goals: set, reword, rate, end. The words are sealed; what stands outside tells nothing of them."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.competence_compass import access
from med.competence_compass.access import Towards
from med.competence_compass.forms.goals import EndForm, GoalForm, RatingForm
from med.competence_compass.models import Area, Dimension, Goal, GoalRating, Version
from med.competence_compass.queries.goals import sealed_at
from med.competence_compass.vault import Vault
from med.errors import Conflict, Invalid, NotAllowed
from med.journal.actions import note
from med.language import T

MOVED = T("Målet er ændret, siden du åbnede siden. Se, hvad der står nu, og gem igen.")


def set_goal(db: Session, vault: Vault, viewer: Viewer, towards: Towards, form: GoalForm) -> Goal:
    """A new goal. Its words are sealed once it has a number: they are bound to where they stand."""
    require(viewer, access.keep_goals, towards)
    made = Goal(citizen_id=towards.id, set_on=form.set_on or clock.today(), sealed=b"", **_outside(db, towards, form))
    if made.set_on > clock.today():
        raise Invalid(set_on=T("Dagen ligger i fremtiden. Vælg i dag eller en dag, der er gået."))
    if made.set_on < towards.entered:
        raise Invalid(set_on=T("Dagen ligger, før borgeren begyndte her."))
    if made.due is not None and made.due < made.set_on:
        raise Invalid(due=T("Fristen ligger før den dag, målet blev sat."))
    db.add(made)
    db.flush()
    made.sealed = vault.seal(db, towards.id, sealed_at(made.id), form.sealed())
    note(db, viewer, "goal.set", made)
    return made


def reword_goal(db: Session, vault: Vault, viewer: Viewer, towards: Towards, goal: Goal, form: GoalForm) -> Goal:
    """Change a goal. Raises Conflict when it was changed in the meantime."""
    require(viewer, access.keep_goals, towards)
    _still_there(db, goal, form.version)
    outside = _outside(db, towards, form)
    if form.due is not None and form.due < goal.set_on:
        raise Invalid(due=T("Fristen ligger før den dag, målet blev sat."))
    changed = [name for name, value in outside.items() if getattr(goal, name) != value]
    for name in changed:
        setattr(goal, name, outside[name])
    goal.sealed = vault.seal(db, towards.id, sealed_at(goal.id), form.sealed())
    goal.version += 1
    note(db, viewer, "goal.reworded", goal, [*changed, "sealed"])
    return goal


def rate_goal(db: Session, viewer: Viewer, towards: Towards, goal: Goal, form: RatingForm) -> GoalRating:
    """Say where on its five levels a goal stands; a second rating on a day takes the first one's place."""
    require(viewer, access.keep_goals, towards)
    db.refresh(goal, ["ended_on", "version"], with_for_update=True)
    if goal.ended_on is not None:
        raise NotAllowed([T("Målet er afsluttet.")])
    if form.day > clock.today():
        raise Invalid(day=T("Dagen ligger i fremtiden. Vælg i dag eller en dag, der er gået."))
    if form.day < goal.set_on:
        raise Invalid(day=T("Dagen ligger, før målet blev sat."))
    rating = db.scalar(select(GoalRating).where(GoalRating.goal_id == goal.id, GoalRating.day == form.day))
    if rating is None:
        rating = GoalRating(goal_id=goal.id, day=form.day)
        db.add(rating)
    rating.level, rating.person_id = form.level, viewer.person_id
    note(db, viewer, "goal.rated", goal)
    return rating


def end_goal(db: Session, viewer: Viewer, towards: Towards, goal: Goal, form: EndForm) -> Goal:
    """The goal is no longer worked towards. It and its ratings stay."""
    require(viewer, access.keep_goals, towards)
    _still_there(db, goal, form.version)
    if form.day > clock.today() or form.day < goal.set_on:
        raise Invalid(day=T("Vælg en dag fra målet blev sat til i dag."))
    goal.ended_on = form.day
    goal.version += 1
    note(db, viewer, "goal.ended", goal, ["ended_on"])
    return goal


def _still_there(db: Session, goal: Goal, seen: int) -> None:
    db.refresh(goal, ["version", "ended_on"], with_for_update=True)
    if goal.ended_on is not None:
        raise NotAllowed([T("Målet er afsluttet.")])
    if goal.version != seen:
        raise Conflict(MOVED)


def _outside(db: Session, towards: Towards, form: GoalForm) -> dict[str, Any]:
    """What stands outside the seal. Raises Invalid for an area of another instrument, and a place off the scale."""
    kind, _, number = form.about.partition("-")
    area_id = int(number) if kind == "area" else None
    dimension_id = int(number) if kind == "dimension" else None
    if form.about:
        table = Area if kind == "area" else Dimension
        scale = db.execute(
            select(Version.scale_min, Version.scale_max, Version.instrument_id)
            .join(table, table.version_id == Version.id)
            .where(table.id == int(number))
        ).one_or_none()
        if scale is None or (towards.instrument_id is not None and scale.instrument_id != towards.instrument_id):
            raise Invalid(about=T("Vælg en af mulighederne."))
        if form.target_value is not None and not scale.scale_min <= form.target_value <= scale.scale_max:
            raise Invalid(
                target_value=T(
                    "Skriv et tal på skalaen, fra %(low)s til %(high)s.", low=scale.scale_min, high=scale.scale_max
                )
            )
    return {
        "goal_type": form.goal_type,
        "area_id": area_id,
        "dimension_id": dimension_id,
        "target_value": form.target_value,
        "weight": form.weight,
        "due": form.due,
    }
