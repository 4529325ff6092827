"""Who may know which citizen, and do what in the compass, written from the issue and the security text.

    sees(world, person, "citizens", 7)      may the person open everything about citizen 7
    may(world, person, "draw", 7)           may the person do that to thing 7

Need to know, by dated rows, the first and the last day included: contact persons and their deputies know their own
citizens; who leads a run knows its participants; the coordinator knows who comes and who waits in their units. The
manager knows sums, the keeper of the instruments no citizen, the operator of the system nothing. Imports nothing from
`med`.
"""

from collections.abc import Callable

from tests.oracle.compass.worlds import Activity, Run, World


def employed(world: World, person: int) -> bool:
    who = world.people[person]
    return who.active and any(job.term.holds(world.today) for job in who.jobs)


def with_those_below(world: World, unit: int) -> set[int]:
    """The unit itself, and every unit that has it somewhere above."""
    found = {unit}
    while more := {one.id for one in world.units.values() if one.parent in found} - found:
        found |= more
    return found


def manages(world: World, person: int, unit: int) -> bool:
    """Leads the unit or one above it: today, in the job of today."""
    return world.people[person].active and any(
        job.manages and job.term.holds(world.today) and unit in with_those_below(world, job.unit)
        for job in world.people[person].jobs
    )


def manages_something(world: World, person: int) -> bool:
    return any(manages(world, person, unit) for unit in world.units)


def holds(world: World, person: int, kind: str, unit: int | None = None) -> bool:
    """Holds a role in the compass today: for a unit (given for it or for one above), or for any."""
    return employed(world, person) and any(
        role.person == person
        and role.kind == kind
        and role.term.holds(world.today)
        and (unit is None or unit in with_those_below(world, role.unit))
        for role in world.roles.values()
    )


def coordinates(world: World, person: int, unit: int) -> bool:
    return holds(world, person, "coordinator", unit)


def works_with(world: World, person: int, citizen: int) -> bool:
    """Contact person or deputy today; of somebody who was erased nobody is."""
    return (
        employed(world, person)
        and not world.citizens[citizen].erased
        and any(
            one.person == person and one.citizen == citizen and one.term.holds(world.today)
            for one in world.assignments.values()
        )
    )


def leads(world: World, person: int, run: int) -> bool:
    return (
        employed(world, person)
        and not is_long_over(world, world.runs[run])
        and any(
            one.person == person and one.run == run and one.term.holds(world.today) for one in world.leaders.values()
        )
    )


def is_long_over(world: World, run: Run) -> bool:
    """Leading ends with the run, whatever was said about the leader: what is left is noted within a fortnight, and
    where there is an exam, within half a year. A run that is over and nobody knows since when is long over."""
    days = 182 if world.activities[run.activity].has_exam else 14
    return run.ended and (run.ends is None or (world.today - run.ends).days > days)


def left_long_since(world: World, citizen: int) -> bool:
    left = world.citizens[citizen].left
    return left is not None and (world.today - left).days > 30


# --- seeing ---------------------------------------------------------------------------------------------------------


def sees(world: World, person: int, kind: str, thing: int) -> bool:
    return SIGHT[kind](world, person, thing)


def sees_what_everyone_may(world: World, person: int, thing: int) -> bool:
    """Activities and their runs are no secret to those who work here; who is in them is."""
    return employed(world, person)


def sees_in_intake(world: World, person: int, citizen: int) -> bool:
    one = world.citizens[citizen]
    return not one.erased and coordinates(world, person, one.unit)


def sees_participation(world: World, person: int, participation: int) -> bool:
    """As a participant, by pseudonym: who leads the run, and who works with the citizen anyhow."""
    there = world.participations[participation]
    return not world.citizens[there.citizen].erased and (
        leads(world, person, there.run) or works_with(world, person, there.citizen)
    )


def sees_certificate(world: World, person: int, exam: int) -> bool:
    """There stands a name on it."""
    taken = world.exams[exam]
    there = world.participations[taken.participation]
    return (
        taken.passed
        and sees_participation(world, person, there.id)
        and (works_with(world, person, there.citizen) or not left_long_since(world, there.citizen))
    )


def sees_name(world: World, person: int, citizen: int) -> bool:
    """To a reason. The manager, the keeper of the instruments and the operator never; who leads a run until a month
    after the citizen left."""
    return (
        works_with(world, person, citizen)
        or sees_in_intake(world, person, citizen)
        or any(
            there.citizen == citizen
            and sees_participation(world, person, there.id)
            and not left_long_since(world, citizen)
            for there in world.participations.values()
        )
    )


def sees_entry(world: World, person: int, entry: int) -> bool:
    """A place in the line for an activity: who coordinates the activity's unit."""
    waits = world.entries[entry]
    return not world.citizens[waits.citizen].erased and coordinates(
        world, person, world.activities[waits.activity].unit
    )


def may_ask_for_a_place(world: World, person: int, citizen: int) -> bool:
    return works_with(world, person, citizen) or sees_in_intake(world, person, citizen)


def sees_role(world: World, person: int, role: int) -> bool:
    """Who holds which role: the managers who give them."""
    return manages(world, person, world.roles[role].unit)


def sees_effects(world: World, person: int, activity: int) -> bool:
    return manages(world, person, world.activities[activity].unit)


# kind of sight -> (where its things stand in the world, the rule)
SIGHT: dict[str, Callable[[World, int, int], bool]] = {
    "activities": sees_what_everyone_may,
    "runs": sees_what_everyone_may,
    "citizens": works_with,
    "intake": sees_in_intake,
    "names": sees_name,
    "participations": sees_participation,
    "exams": sees_certificate,
    "entries": sees_entry,
    "askable": may_ask_for_a_place,
    "roles": sees_role,
    "effects": sees_effects,
    "led": leads,
}
PLACES = {"intake": "citizens", "names": "citizens", "askable": "citizens", "effects": "activities", "led": "runs"}
OF_CITIZENS = ("citizens", "intake", "names", "participations", "exams", "entries", "askable")


# --- doing ----------------------------------------------------------------------------------------------------------


def may(world: World, person: int, verb: str, thing: int | None = None) -> bool:
    kind, rule = VERBS[verb]
    if not employed(world, person):
        return False
    return rule(world, person) if kind is None else rule(world, person, getattr(world, kind)[thing])


def decides(world: World, person: int, activity: Activity) -> bool:
    """The unit's leader, one above, or the coordinator say what happens."""
    return manages(world, person, activity.unit) or coordinates(world, person, activity.unit)


def _keep_activity(world: World, person: int, activity: Activity) -> bool:
    return activity.state != "ended" and (decides(world, person, activity) or activity.owner == person)


def _run_activity(world: World, person: int, activity: Activity) -> bool:
    return activity.state != "ended" and decides(world, person, activity)


def _remove_hypothesis(world: World, person: int, activity: Activity) -> bool:
    """What an activity was meant to do stands from its first start."""
    return _keep_activity(world, person, activity) and not activity.frozen


def _keep_run(world: World, person: int, run: Run) -> bool:
    return not run.ended and _run_activity(world, person, world.activities[run.activity])


def _start_run(world: World, person: int, run: Run) -> bool:
    """Only activities with a hypothesis start, on their first day or later, and somebody leads them."""
    return (
        _keep_run(world, person, run)
        and not run.started
        and world.activities[run.activity].hypothesis == "tested"
        and any(one.run == run.id and one.term.holds(world.today) for one in world.leaders.values())
        and run.starts <= world.today
    )


def _lead_run(world: World, person: int, run: Run) -> bool:
    return leads(world, person, run.id) and run.started


def _attend_run(world: World, person: int, run: Run) -> bool:
    return _lead_run(world, person, run) and not run.ended


def _plan_sessions(world: World, person: int, run: Run) -> bool:
    return not run.ended and (leads(world, person, run.id) or _keep_run(world, person, run))


def _end_run(world: World, person: int, run: Run) -> bool:
    return run.started and _plan_sessions(world, person, run)


def _keep_waiting_list(world: World, person: int, activity: Activity) -> bool:
    """The coordinator alone: a lot that the leader could draw again is no lot."""
    return activity.state != "ended" and coordinates(world, person, activity.unit)


def _keeps_instruments(world: World, person: int, version: object) -> bool:
    return holds(world, person, "instruments")


def _anyone(world: World, person: int) -> bool:
    return True


VERBS: dict[str, tuple[str | None, Callable[..., bool]]] = {
    "use_compass": (None, _anyone),
    "see_instruments": (None, _anyone),
    "propose_activity": (None, _anyone),
    "see_sums": (None, manages_something),
    "open_citizen": ("citizens", lambda world, person, one: works_with(world, person, one.id)),
    "take_stock": ("citizens", lambda world, person, one: works_with(world, person, one.id)),
    "keep_goals": ("citizens", lambda world, person, one: works_with(world, person, one.id)),
    "open_name": ("citizens", lambda world, person, one: sees_name(world, person, one.id)),
    "keep_activity": ("activities", _keep_activity),
    "remove_hypothesis": ("activities", _remove_hypothesis),
    "run_activity": ("activities", _run_activity),
    "keep_waiting_list": ("activities", _keep_waiting_list),
    "keep_run": ("runs", _keep_run),
    "start_run": ("runs", _start_run),
    "lead_run": ("runs", _lead_run),
    "attend_run": ("runs", _attend_run),
    "plan_sessions": ("runs", _plan_sessions),
    "end_run": ("runs", _end_run),
    "keep_instruments": ("versions", _keeps_instruments),
    "edit_version": (
        "versions",
        lambda world, person, one: holds(world, person, "instruments") and not one.locked,
    ),
    "keep_intake": ("units", lambda world, person, one: coordinates(world, person, one.id)),
    "keep_report_layout": (
        "units",
        lambda world, person, one: manages(world, person, one.id) or coordinates(world, person, one.id),
    ),
    "give_role": ("units", lambda world, person, one: manages(world, person, one.id)),
}
