"""From a world of the compass to rows in a database, and what Medspil's own questions and policies say about it.

The policies are given what the pages give them: looked up by the same questions, not told by the test.
"""

from datetime import date
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from med.access import Viewer, allows
from med.competence_compass import access
from med.competence_compass.access import AboutActivity, AboutIntake, AboutLayout, AboutVersion
from med.competence_compass.models import (
    Activity,
    Area,
    Assignment,
    Citizen,
    CompassRole,
    Dimension,
    Exam,
    Hypothesis,
    Instrument,
    Participation,
    Run,
    RunLeader,
    Version,
    WaitingEntry,
)
from med.competence_compass.queries import effects, intake, runs, waiting
from med.competence_compass.queries import roles as role_queries
from med.competence_compass.queries.activities import activity, coordinates
from med.competence_compass.queries.citizens import own_citizen
from med.errors import NotFound
from med.organisation.models import Employment, Person, Unit
from tests.oracle.compass.worlds import World
from tests.oracle.settling import NOW, viewer, when

__all__ = ["permits", "policies", "seen", "settle", "viewer"]


def settle(db: Session, world: World) -> None:
    """Write the world's rows, each with the id it has there."""

    def write(model: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            db.execute(insert(model), rows)

    for unit in world.units.values():  # one at a time: a unit's parent stands above it
        write(Unit, [{"id": unit.id, "key": f"u{unit.id}", "name": f"U {unit.id}", "parent_id": unit.parent}])
    people = world.people.values()
    write(Person, [{"id": p.id, "handle": f"p{p.id}", "name": f"P {p.id}", "is_active": p.active} for p in people])
    write(
        Employment,
        [
            {"person_id": p.id, "unit_id": job.unit, "manages": job.manages, **dated(job.term)}
            for p in people
            for job in p.jobs
        ],
    )
    write(Instrument, [{"id": 1, "key": "i", "name": "Kompasset"}])
    for version in world.versions.values():
        scale = {"scale_min": 1, "scale_max": 5, "made_at": NOW, "locked_at": when(version.locked)}
        write(Version, [{"id": version.id, "instrument_id": 1, "number": version.id, **scale}])
    write(Area, [{"id": 1, "version_id": 1, "code": "a", "title": "A", "position": 1}])
    write(Dimension, [{"id": 1, "version_id": 1, "area_id": 1, "code": "a-1", "title": "A 1", "position": 1}])
    write(
        Citizen,
        [
            {
                "id": c.id,
                "uid": f"c{c.id}",
                "pseudonym": f"K{c.id}",
                "unit_id": c.unit,
                "entered": date(2024, 1, 1),
                "left_on": c.left,
                "erased_at": when(c.erased),
            }
            for c in world.citizens.values()
        ],
    )
    write(Assignment, [assignment_row(one) for one in world.assignments.values()])
    write(CompassRole, [role_row(one) for one in world.roles.values()])
    _settle_activities(db, write, world)


def dated(term: Any) -> dict[str, Any]:
    return {"starts": term.starts, "ends": term.ends}


def assignment_row(one: Any) -> dict[str, Any]:
    return {"id": one.id, "citizen_id": one.citizen, "person_id": one.person, "role": one.role, **dated(one.term)}


def role_row(one: Any) -> dict[str, Any]:
    return {"id": one.id, "person_id": one.person, "kind": one.kind, "unit_id": one.unit, **dated(one.term)}


def leader_row(one: Any) -> dict[str, Any]:
    return {"id": one.id, "run_id": one.run, "person_id": one.person, **dated(one.term)}


def _settle_activities(db: Session, write: Any, world: World) -> None:
    write(
        Activity,
        [
            {
                "id": a.id,
                "uid": f"a{a.id}",
                "code": f"A{a.id}",
                "title": f"A {a.id}",
                "kind": "course",
                "unit_id": a.unit,
                "planned_sessions": 8,
                "owner_id": a.owner,
                "state": a.state,
                "has_exam": a.has_exam,
            }
            for a in world.activities.values()
        ],
    )
    write(
        Hypothesis,
        [
            {
                "activity_id": a.id,
                "dimension_id": 1,
                "expected_d": 0.5,
                "rationale": "Øvelse",
                "written_on": world.today,
                "is_exploratory": a.hypothesis == "exploratory",
            }
            for a in world.activities.values()
            if a.hypothesis
        ],
    )
    # From now on no hypothesis can be written for them.
    frozen = [a.id for a in world.activities.values() if a.frozen]
    db.execute(update(Activity).where(Activity.id.in_(frozen)).values(frozen_at=NOW))
    write(
        Run,
        [
            {
                "id": r.id,
                "activity_id": r.activity,
                "number": r.id,
                "starts": r.starts,
                "ends": r.ends,
                "planned_sessions": 8,
                "started_at": when(r.started),
                "ended_at": when(r.ended),
            }
            for r in world.runs.values()
        ],
    )
    write(RunLeader, [leader_row(one) for one in world.leaders.values()])
    write(
        Participation,
        [
            {"id": p.id, "run_id": p.run, "citizen_id": p.citizen, "starts": date(2026, 1, 1), "planned": 8}
            for p in world.participations.values()
        ],
    )
    write(
        Exam,
        [
            {"id": e.id, "participation_id": e.participation, "day": date(2026, 6, 1), "passed": e.passed}
            for e in world.exams.values()
        ],
    )
    write(
        WaitingEntry,
        [
            {"id": e.id, "activity_id": e.activity, "citizen_id": e.citizen, "queued": date(2026, 6, 1)}
            for e in world.entries.values()
        ],
    )


# --- what Medspil says ----------------------------------------------------------------------------------------------


def seen(db: Session, who: Viewer | None, world: World) -> dict[str, set[int]]:
    """Kind of sight -> the ids that the pages' own questions give."""
    if who is None:
        return {key: set() for key in SEEING}
    return {kind: ask(db, who, world) for kind, ask in SEEING.items()}


def found(ids: Any, ask: Any) -> set[int]:
    """Those that can be looked up without NotFound."""

    def is_there(one: int) -> bool:
        try:
            ask(one)
        except NotFound:
            return False
        return True

    return {one for one in ids if is_there(one)}


def seen_citizens(db: Session, who: Viewer, world: World) -> set[int]:
    listed = ids(db, Citizen, access.own_citizens(who))
    assert listed == found(world.citizens, lambda one: own_citizen(db, who, one))
    return listed


def seen_in_intake(db: Session, who: Viewer, world: World) -> set[int]:
    units = access.coordinated_units(db, who)
    here = {row.id for row in intake.intake(db, units)}
    listed = here | {row.id for row in intake.intake(db, units, show="stoppet")}
    assert listed == found(world.citizens, lambda one: intake.citizen(db, units, one)), "listed, but no page of its own"
    assert intake.sums(db, units).here == len(here)
    pseudonyms = set(waiting.pseudonyms(db, who))
    assert pseudonyms == {f"K{one}" for one in here}
    known = [f"K{one}" for one in world.citizens if waiting.citizen_by_pseudonym(db, who, f"k{one}")]
    assert set(known) == {f"K{one}" for one in listed}
    return listed


def seen_participations(db: Session, who: Viewer, world: World) -> set[int]:
    listed = {row.id for run in world.runs for row in runs.participants(db, who, run)}
    one_by_one = found(
        world.participations, lambda one: runs.participation(db, who, world.participations[one].run, one)
    )
    assert listed == one_by_one
    return listed


def seen_roles(db: Session, who: Viewer, world: World) -> set[int]:
    listed = {role.id for role, _ in role_queries.roles_of(db, who)}
    there = db.scalars(select(CompassRole.id)).all()  # a test may have given one that the world does not know
    assert listed == found(there, lambda one: role_queries.role(db, who, one))
    return listed


def ids(db: Session, model: Any, clause: Any) -> set[int]:
    return set(db.scalars(select(model.id).where(clause)))


SEEING: dict[str, Any] = {
    "activities": lambda db, who, world: (
        ids(db, Activity, access.visible_activities(who)) & found(world.activities, lambda one: activity(db, who, one))
    ),
    "runs": lambda db, who, world: found(world.runs, lambda one: runs.run(db, who, one)),
    "citizens": seen_citizens,
    "intake": seen_in_intake,
    "names": lambda db, who, world: found(world.citizens, lambda one: intake.capacity(db, who, one)),
    "participations": seen_participations,
    "exams": lambda db, who, world: found(world.exams, lambda one: runs.passed_exam(db, who, one)),
    "entries": lambda db, who, world: found(world.entries, lambda one: waiting.entry(db, who, one)),
    "askable": lambda db, who, world: found(world.citizens, lambda one: waiting.citizen_to_queue(db, who, one)),
    "roles": seen_roles,
    "effects": lambda db, who, world: ids(db, Activity, effects.overseen(who)),
    "led": lambda db, who, world: ids(db, Run, access.led_runs(who)),
}


def policies() -> dict[str, Any]:
    return {
        name: policy
        for name, policy in vars(access).items()
        if getattr(policy, "__module__", "") == access.__name__
        and "Iterator" in str(getattr(policy, "__annotations__", {}).get("return", ""))
    }


def permits(
    db: Session, who: Viewer | None, verb: str, kind: str | None, thing: int | None, looked_up: dict[Any, Any]
) -> bool:
    """`looked_up`: what policies were told of this viewer's things; the same for every verb about them."""
    if who is None:
        return False
    key = verb if verb in ABOUT else kind, thing
    if key not in looked_up:
        try:
            looked_up[key] = True, ABOUT[key[0]](db, who, thing)
        except NotFound:
            looked_up[key] = False, None
    is_there, about = looked_up[key]
    return (is_there or kind == "citizens") and allows(who, getattr(access, verb), about)


def about_run(db: Session, who: Viewer, run_id: int) -> Any:
    return runs.about_run(db, who, runs.run(db, who, run_id))


def about_activity(db: Session, who: Viewer, activity_id: int) -> AboutActivity:
    its = activity(db, who, activity_id)
    return AboutActivity(its, coordinates(db, who, its.unit_id))


ABOUT: dict[str | None, Any] = {
    None: lambda db, who, thing: None,
    "citizens": own_citizen,
    "open_name": lambda db, who, thing: intake.capacity(db, who, thing)[1],
    "activities": about_activity,
    "runs": about_run,
    "versions": lambda db, who, thing: AboutVersion(access.keeps_instruments(db, who), db.get_one(Version, thing)),
    "give_role": lambda db, who, thing: thing,
    "keep_report_layout": lambda db, who, thing: AboutLayout(thing, thing in access.coordinated_units(db, who)),
    "units": lambda db, who, thing: AboutIntake(thing in access.coordinated_units(db, who)),
}
