"""One unit of the compass with everybody a compass can have around it, each with a right and one who lost it."""

from datetime import timedelta

from tests.oracle.cast import LAST_DAY, LONG, OVER, TOMORROW
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
from tests.oracle.strategies import TODAY
from tests.oracle.worlds import Dated

TOP, HERE, ELSEWHERE = 1, 2, 3
TERMS = (LONG, LAST_DAY, Dated(TODAY), OVER, TOMORROW)  # three that hold today, one that ended, one to come
HOLDS = len(TERMS)


def whole_cast(state: str = "running", *, started: bool = True) -> World:
    """Each kind of right is given five times, once for each kind of term, to five people who have no other."""
    world = World(TODAY)
    world.units = {TOP: Unit(TOP), HERE: Unit(HERE, TOP), ELSEWHERE: Unit(ELSEWHERE, TOP)}
    world.citizens = {1: Citizen(1, HERE), 2: Citizen(2, ELSEWHERE), 3: Citizen(3, HERE, erased=True)}
    world.citizens[4] = Citizen(4, HERE, left=TODAY - timedelta(days=31))
    world.versions = {1: Version(1, locked=False), 2: Version(2, locked=True)}
    owner = 5 * HOLDS + 1
    world.activities = {
        1: Activity(1, HERE, owner, state, frozen=started, hypothesis="tested"),
        2: Activity(2, ELSEWHERE, hypothesis="exploratory"),
    }
    world.runs = {
        1: Run(1, 1, TODAY, started=started),
        2: Run(2, 1, TODAY - timedelta(days=90), started=True, ended=True, ends=TODAY - timedelta(days=14)),
        3: Run(3, 2, TODAY),
        4: Run(4, 1, TODAY - timedelta(days=90), started=True, ended=True, ends=TODAY - timedelta(days=15)),
    }
    world.participations = {1: Participation(1, 1, 1), 2: Participation(2, 2, 2), 3: Participation(3, 1, 3)}
    world.participations |= {4: Participation(4, 1, 4), 5: Participation(5, 4, 2)}
    world.exams = {number: Exam(number, number, passed=number != 2) for number in (1, 2, 3, 4)}
    world.entries = {1: Entry(1, 1, 2), 2: Entry(2, 2, 1), 3: Entry(3, 1, 3)}
    for number, term in enumerate(TERMS, 1):
        contact, coordinator, keeper, leader, manager = (number + place * HOLDS for place in range(5))
        for person in (contact, coordinator, keeper, leader):
            world.people[person] = Person(person, jobs=(Job(HERE, False, LONG),))
        # Leads the whole house in that time, and works elsewhere as an ordinary colleague all along.
        world.people[manager] = Person(manager, jobs=(Job(TOP, True, term), Job(ELSEWHERE, False, LONG)))
        for citizen, role in ((1, "contact"), (3, "deputy")):
            row = len(world.assignments) + 1
            world.assignments[row] = Assignment(row, citizen, contact, role, term)
        for person, kind in ((coordinator, "coordinator"), (keeper, "instruments")):
            row = len(world.roles) + 1
            world.roles[row] = Role(row, person, kind, HERE, term)
        for run in (1, 2, 4):
            row = len(world.leaders) + 1
            world.leaders[row] = Leader(row, run, leader, term)
    world.people[owner] = Person(owner, jobs=(Job(HERE, False, LONG),))
    world.people[owner + 1] = Person(owner + 1, jobs=(Job(HERE, True, OVER),))  # left, and led it
    world.people[owner + 2] = Person(owner + 2, active=False, jobs=(Job(HERE, True, LONG),))
    world.roles[99] = Role(99, owner + 1, "coordinator", TOP, LONG)
    world.assignments[99] = Assignment(99, 1, owner + 1, "contact", LONG)
    world.leaders[99] = Leader(99, 1, owner + 1, LONG)
    return world
