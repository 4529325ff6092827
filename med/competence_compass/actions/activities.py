"""Proposing an activity, saying what it is meant to do, and ending it."""

import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.competence_compass import access, rollups
from med.competence_compass.access import AboutActivity
from med.competence_compass.activity_words import SIZES
from med.competence_compass.forms.activities import ActivityForm, HypothesisForm
from med.competence_compass.models import (
    Activity,
    ActivityState,
    Dimension,
    Hypothesis,
    Run,
    Version,
    WaitingEntry,
    WaitingOutcome,
)
from med.competence_compass.queries.activities import begun_before, coordinates, decisions_seen
from med.decisions.models import Decision
from med.errors import Conflict, Invalid, NotFound
from med.journal.actions import note
from med.language import T
from med.organisation.models import Person, Unit
from med.organisation.queries import person_by_words

FIELDS = ("title", "kind", "unit_id", "about", "code", "planned_sessions", "capacity", "cost", "owner_id", "has_exam",
          "decision_id")  # fmt: skip


def propose_activity(db: Session, viewer: Viewer, form: ActivityForm) -> Activity:
    """A new activity; whoever proposes it owns it until somebody else is named."""
    require(viewer, access.propose_activity, None)
    values = _values(db, viewer, form)
    made = Activity(uid=str(uuid.uuid4()), state=ActivityState.PROPOSED, version=1, **values)
    db.add(made)
    note(db, viewer, "activity.proposed", made)
    return made


def change_activity(db: Session, viewer: Viewer, activity: Activity, form: ActivityForm) -> Activity:
    """Describe it anew. Raises Conflict when somebody else did so meanwhile."""
    about = AboutActivity(activity, coordinates(db, viewer, activity.unit_id))
    require(viewer, access.keep_activity, about)
    if form.version != activity.version:
        raise Conflict(T("En anden har rettet aktiviteten imens. Se, hvad der står nu, og ret igen."))
    values = _values(db, viewer, form, activity)
    if values["unit_id"] != activity.unit_id and not access.runs_activities(viewer, activity, about.coordinates):
        raise Invalid(unit=T("Kun enhedens leder og koordinatoren kan flytte aktiviteten til en anden enhed."))
    if values["unit_id"] != activity.unit_id and activity.state is not ActivityState.PROPOSED:
        # Who sees its waiting list follows the unit.
        raise Invalid(unit=T("Aktiviteten er begyndt og kan ikke flyttes til en anden enhed."))
    changed = [name for name in FIELDS if getattr(activity, name) != values[name]]
    for name in changed:
        setattr(activity, name, values[name])
    if changed:
        activity.version += 1
        note(db, viewer, "activity.changed", activity, changed)
    return activity


def _values(db: Session, viewer: Viewer, form: ActivityForm, activity: Activity | None = None) -> dict[str, Any]:
    unit = db.get(Unit, form.unit)
    if unit is None or (unit.closed is not None and unit.closed <= clock.today()):
        raise Invalid(unit=T("Vælg en enhed, der findes."))
    owner: Person | None = db.get(Person, viewer.person_id)
    if form.owner:
        owner = person_by_words(db, viewer, form.owner)
        if owner is None:
            raise Invalid(owner=T("Vi kender ikke “%(name)s”, eller flere hedder det.", name=form.owner))
    elif activity is not None:
        owner = None
    if form.code:
        taken = select(Activity.id).where(func.lower(Activity.code) == form.code.lower())
        if activity is not None:
            taken = taken.where(Activity.id != activity.id)
        if db.scalar(taken) is not None:
            raise Invalid(code=T("Koden bruges af en anden aktivitet."))
    return {
        "title": form.title,
        "kind": form.kind,
        "unit_id": unit.id,
        "about": form.about,
        "code": form.code or (activity.code if activity is not None else _next_code(db)),
        "planned_sessions": form.planned_sessions,
        "capacity": form.capacity,
        "cost": form.cost,
        "owner_id": owner.id if owner is not None else None,
        "decision_id": _begun_with(db, viewer, form.decision, activity),
        "has_exam": form.has_exam,
    }


def _begun_with(db: Session, viewer: Viewer, chosen: int | None, activity: Activity | None) -> int | None:
    """The decision an activity began with, which then was made before it began."""
    if activity is None:
        return _decision(db, viewer, chosen)
    decision_id = _decision(db, viewer, chosen, activity.decision_id)
    if decision_id is not None and decision_id != activity.decision_id:
        decided_at = db.scalar(select(Decision.decided_at).where(Decision.id == decision_id))
        if decided_at is not None and begun_before(decided_at, activity.frozen_at) is not None:
            raise Invalid(
                decision=T(
                    "Aktiviteten var begyndt før beslutningen. På beslutningens egen side kan den ændre aktiviteten "
                    "eller se på den igen."
                )
            )
    return decision_id


def _decision(db: Session, viewer: Viewer, chosen: int | None, stands: int | None = None) -> int | None:
    """The decision chosen, if the viewer may know it. One that stands there already, unseen by them, stays."""
    if chosen is None:
        return stands if stands is not None and stands not in decisions_seen(db, viewer, [stands]) else None
    if chosen not in decisions_seen(db, viewer, [chosen]):
        raise Invalid(decision=T("Vælg en af mulighederne."))
    return chosen


def _next_code(db: Session) -> str:
    """ "A12": the first of the kind that is free."""
    known = set(db.scalars(select(Activity.code).where(Activity.code.like("A%"))))
    number = len(known) + 1
    while f"A{number}" in known:
        number += 1
    return f"A{number}"


def add_hypothesis(db: Session, viewer: Viewer, activity: Activity, form: HypothesisForm) -> Hypothesis:
    """What the activity is meant to do. After its first start it is exploratory: it never carries a verdict."""
    require(viewer, access.keep_activity, AboutActivity(activity, coordinates(db, viewer, activity.unit_id)))
    in_use = (
        select(Dimension.id)
        .join(Version, Version.id == Dimension.version_id)
        .where(Dimension.id == form.dimension, Version.active_from <= clock.today())
    )
    if db.scalar(in_use) is None:
        raise Invalid(dimension=T("Vælg en af mulighederne."))
    if any(known.dimension_id == form.dimension for known in activity.hypotheses):
        raise Invalid(dimension=T("Der er allerede en hypotese om den kompetence."))
    made = Hypothesis(
        activity_id=activity.id,
        dimension_id=form.dimension,
        aim=form.aim,
        expected_d=SIZES[form.size.value][0],
        rationale=form.rationale,
        decision_id=_decision(db, viewer, form.decision),
        written_on=clock.today(),
        written_by_id=viewer.person_id,
        is_exploratory=activity.frozen_at is not None,
    )
    db.add(made)
    rollups.refresh_activity(db, activity.id)
    note(db, viewer, "hypothesis.written", made, ["is_exploratory"] if made.is_exploratory else [])
    return made


def remove_hypothesis(db: Session, viewer: Viewer, activity: Activity, hypothesis_id: int) -> None:
    """Take one back before the activity's first start. Afterwards nobody can, and the database agrees."""
    require(viewer, access.remove_hypothesis, AboutActivity(activity, coordinates(db, viewer, activity.unit_id)))
    found = next((known for known in activity.hypotheses if known.id == hypothesis_id), None)
    if found is None:
        raise NotFound
    note(db, viewer, "hypothesis.removed", found)
    db.delete(found)
    rollups.refresh_activity(db, activity.id)


def end_activity(db: Session, viewer: Viewer, activity: Activity) -> None:
    """It is not offered any more; whoever still waits leaves the list."""
    require(viewer, access.run_activity, AboutActivity(activity, coordinates(db, viewer, activity.unit_id)))
    running = select(Run.id).where(Run.activity_id == activity.id, Run.started_at.is_not(None), Run.ended_at.is_(None))
    if db.scalar(running.limit(1)) is not None:
        raise Conflict(T("Et forløb er i gang. Afslut det først."))
    today = clock.today()
    for entry in db.scalars(
        select(WaitingEntry).where(
            WaitingEntry.activity_id == activity.id, WaitingEntry.outcome == WaitingOutcome.WAITING
        )
    ):
        entry.outcome = WaitingOutcome.EXPIRED
        entry.left_on = max(today, entry.queued)
        entry.offered_run_id = entry.offered_at = None
        note(db, viewer, "waiting.expired", entry)
    activity.state = ActivityState.ENDED
    activity.version += 1
    note(db, viewer, "activity.ended", activity)
