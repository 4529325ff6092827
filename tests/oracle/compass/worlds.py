"""A small world of the competence compass, as plain data: units, who works where, citizens, and what they take part in.

Nothing here comes from `med`; words are those the database stores.
"""

from dataclasses import dataclass, field
from datetime import date

from tests.oracle.worlds import Dated


@dataclass(frozen=True)
class Unit:
    id: int
    parent: int | None = None


@dataclass(frozen=True)
class Job:
    unit: int
    manages: bool
    term: Dated


@dataclass(frozen=True)
class Person:
    id: int
    active: bool = True
    jobs: tuple[Job, ...] = ()


@dataclass(frozen=True)
class Citizen:
    id: int
    unit: int
    erased: bool = False
    left: date | None = None


@dataclass(frozen=True)
class Assignment:
    id: int
    citizen: int
    person: int
    role: str  # "contact", "deputy"
    term: Dated


@dataclass(frozen=True)
class Role:
    id: int
    person: int
    kind: str  # "coordinator", "instruments"
    unit: int
    term: Dated


@dataclass(frozen=True)
class Activity:
    id: int
    unit: int
    owner: int | None = None
    state: str = "proposed"
    frozen: bool = False
    has_exam: bool = False
    hypothesis: str = ""  # "", "tested" (written before the first start) or "exploratory"


@dataclass(frozen=True)
class Run:
    id: int
    activity: int
    starts: date
    started: bool = False
    ended: bool = False
    ends: date | None = None


@dataclass(frozen=True)
class Leader:
    id: int
    run: int
    person: int
    term: Dated


@dataclass(frozen=True)
class Participation:
    id: int
    run: int
    citizen: int


@dataclass(frozen=True)
class Exam:
    id: int
    participation: int
    passed: bool


@dataclass(frozen=True)
class Entry:
    id: int
    activity: int
    citizen: int


@dataclass(frozen=True)
class Version:
    id: int
    locked: bool


@dataclass
class World:
    today: date
    units: dict[int, Unit] = field(default_factory=dict)
    people: dict[int, Person] = field(default_factory=dict)
    citizens: dict[int, Citizen] = field(default_factory=dict)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    roles: dict[int, Role] = field(default_factory=dict)
    activities: dict[int, Activity] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    leaders: dict[int, Leader] = field(default_factory=dict)
    participations: dict[int, Participation] = field(default_factory=dict)
    exams: dict[int, Exam] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    versions: dict[int, Version] = field(default_factory=dict)
