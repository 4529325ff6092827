"""Worlds of the compass as hypothesis draws them: people between units, days right at the edge of terms."""

from datetime import date, timedelta

from hypothesis import strategies as st

from tests.oracle.compass.worlds import (
    Activity,
    Assignment,
    Citizen,
    Entry,
    Exam,
    Job,
    Leader,
    Participation,
    Person,
    Role,
    Run,
    Unit,
    Version,
    World,
)
from tests.oracle.strategies import TODAY, rarely, term


def days_ago(*days: int) -> st.SearchStrategy[date | None]:
    """Often not at all, and else on one of the days where something turns."""
    return st.sampled_from([None] * len(days) + [TODAY - timedelta(days=one) for one in days])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World(TODAY)
    units = list(range(1, draw(st.integers(2, 4)) + 1))
    for number in units:
        parent = draw(st.sampled_from([None, *range(1, number)])) if number > 1 else None
        world.units[number] = Unit(number, parent)
    unit = st.sampled_from(units)
    people = list(range(1, draw(st.integers(2, 4)) + 1))
    for number in people:
        # Two jobs with terms of their own: who moves from one unit to another, today or tomorrow.
        jobs = st.lists(st.builds(Job, unit, st.booleans(), term()), min_size=1, max_size=2)
        world.people[number] = Person(number, not draw(rarely()), () if draw(rarely()) else tuple(draw(jobs)))
    person = st.sampled_from(people)
    citizens = list(range(1, draw(st.integers(1, 3)) + 1))
    for number in citizens:
        left = draw(days_ago(30, 31))
        world.citizens[number] = Citizen(number, draw(unit), draw(rarely()), left)
    citizen = st.sampled_from(citizens)
    for number in range(1, draw(st.integers(0, 4)) + 1):
        role = draw(st.sampled_from(["contact", "deputy"]))
        world.assignments[number] = Assignment(number, draw(citizen), draw(person), role, draw(term()))
    for number in range(1, draw(st.integers(0, 3)) + 1):
        kind = draw(st.sampled_from(["coordinator", "coordinator", "instruments"]))
        world.roles[number] = Role(number, draw(person), kind, draw(unit), draw(term()))
    world.versions = {1: Version(1, locked=False), 2: Version(2, locked=True)}
    draw(activities(world, units, people, citizens))
    return world


@st.composite
def activities(draw: st.DrawFn, world: World, units: list[int], people: list[int], citizens: list[int]) -> None:
    """What is offered and who is in it."""
    for number in range(1, draw(st.integers(1, 2)) + 1):
        world.activities[number] = Activity(
            number,
            draw(st.sampled_from(units)),
            draw(st.sampled_from([None, *people])),
            draw(st.sampled_from(["proposed", "running", "running", "ended"])),
            draw(st.booleans()),
            draw(st.booleans()),
            draw(st.sampled_from(["", "tested", "tested", "exploratory"])),
        )
    offered = st.sampled_from(sorted(world.activities))
    for number in range(1, draw(st.integers(1, 2)) + 1):
        starts = TODAY + timedelta(days=draw(st.sampled_from([-30, 0, 0, 1])))
        ends = draw(days_ago(0, 14, 15, 182, 183))
        if ends is not None:
            starts = min(starts, ends)
        world.runs[number] = Run(number, draw(offered), starts, draw(st.booleans()), draw(st.booleans()), ends)
    run = st.sampled_from(sorted(world.runs))
    for number in range(1, draw(st.integers(0, 3)) + 1):
        world.leaders[number] = Leader(number, draw(run), draw(st.sampled_from(people)), draw(term()))
    places = st.tuples(run, st.sampled_from(citizens))
    for number, (its, who) in enumerate(draw(st.lists(places, unique=True, max_size=3)), 1):
        world.participations[number] = Participation(number, its, who)
        if draw(st.booleans()):
            world.exams[number] = Exam(number, number, draw(st.booleans()))
    for number in range(1, draw(st.integers(0, 2)) + 1):
        world.entries[number] = Entry(number, draw(offered), draw(st.sampled_from(citizens)))
