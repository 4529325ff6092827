"""The demo's compass: Åbrinken's citizens, invented, with what they take part in and how stock was taken with them.

All of it is the generator's; here it gets the demo's people: Freja is a contact person, Carla leads a run, Bo
coordinates intake and waiting lists, Anna keeps the instruments.
"""

from collections import defaultdict
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session as Db

from med import clock
from med.competence_compass.access import after_run
from med.competence_compass.actions.reliability import compute_reliability
from med.competence_compass.analysing import ask_for_run
from med.competence_compass.exchange.instruments import keep_instrument
from med.competence_compass.exchange.rows import GoalRow, dimensions_of
from med.competence_compass.exchange.saving import Saving, noon
from med.competence_compass.generator import Centre, World, make_world
from med.competence_compass.generator.centre import QUARTER
from med.competence_compass.models import (
    Activity,
    ActivityKind,
    Area,
    Assignment,
    AssignmentRole,
    CompassRole,
    Dimension,
    GoalType,
    Identity,
    Participation,
    Presence,
    Reliability,
    ReliabilityMethod,
    RoleKind,
    Run,
    RunLeader,
    Session,
    Version,
    WaitingEntry,
    WaitingOutcome,
)
from med.competence_compass.sums import freeze_what_ended
from med.competence_compass.vault import Vault
from med.demo.workplace import LONG_AGO, uid
from med.organisation.models import Employment, Person, Unit

# For tests and pictures: a dozen citizens, five activities, two years.
A_FEW = Centre(
    seed=1458, citizens=12, activities=5, assessors=5, places=(3, 4), quarters=8, from_start=0.9, leaving=0.02,
    doubled=0.3, referring=1.0, selection=0.4,
)  # fmt: skip
WHOLE = Centre(seed=2026)
FEWEST_TO_ANALYSE = 100  # a handful of citizens tells nothing of effects
CONTACTS = ("freja", "rasmus", "yusuf", "nadia", "tove", "signe", "ole")  # the rest of the assessors are hired
LEADERS = {"vaerkstederne": "carla", "aktivitet": "tove", "specialterapi": "signe", "ungesporet": "rasmus"}
OWNERS = {"vaerkstederne": "lise", "aktivitet": "pernille", "specialterapi": "pernille", "ungesporet": "mikkel"}
COSTS = {
    ActivityKind.COURSE: 18_000,
    ActivityKind.WORKSHOP: 42_000,
    ActivityKind.JOB: 26_000,
    ActivityKind.THERAPY: 31_000,
    ActivityKind.SOCIAL: 9_000,
}
GROUPS = ("Beskyttet beskæftigelse", "Aktivitets- og samværstilbud", "Særligt tilrettelagt ungdomsuddannelse")


def move_citizens_in(db: Db, vault: Vault, centre: Centre) -> World:
    """Fill the compass's tables; people and units are there."""
    world = make_world(centre)
    people = {handle: id for id, handle in db.execute(select(Person.id, Person.handle))}
    units = {key: id for id, key in db.execute(select(Unit.id, Unit.key))}
    assessors = sorted(set(world.contacts.values()) | {row.assessor for row in world.folder.assessments} - {"borger"})
    staff = appoint(db, assessors, people, units)
    version = keep_instrument(db, None, world.folder.instrument, LONG_AGO)
    dimensions = {
        code: id
        for id, code in db.execute(select(Dimension.id, Dimension.code).where(Dimension.version_id == version.id))
    }
    saving = Saving(
        db,
        None,
        vault,
        version,
        {code: dimensions[code] for code in world.folder.dimensions},
        {},
        {},
        units,
        units["aabrinken"],
        people=staff,
        uid=uid,
        goal_words=GoalWords(world),
        closed_at=noon,  # the demo lived it
    )
    saving.save(world.folder)
    measure_agreement(db, version)
    name_citizens(db, vault, world, saving.citizens)
    assign(db, world, saving.citizens, staff, people)
    give_roles(db, people, units)
    lead_runs(db, people)
    keep_sessions(db, Random(centre.seed))
    plan_ahead(db, people, units)
    freeze_what_ended(db)
    if centre.citizens >= FEWEST_TO_ANALYSE:
        ask_for_run(db, None, version)  # done in the demo's first minute, by the same worker as at night
    return world


def appoint(db: Db, assessors: list[str], people: dict[str, int], units: dict[str, int]) -> dict[str, int]:
    """Who of Åbrinken's staff each assessor is. A large centre has more contact persons than the demo's story tells."""
    from med.competence_compass.generator.world import words

    names = words("names.toml")
    chance = Random(len(assessors))
    staff: dict[str, int] = {}
    for number, code in enumerate(assessors):
        if number < len(CONTACTS):
            staff[code] = people[CONTACTS[number]]
            continue
        name = f"{chance.choice(names['first'])} {chance.choice(names['last'])}"
        hired = Person(handle=f"aab{number + 1:02}", name=name, mail=f"aab{number + 1:02}@solbaek.example")
        db.add(hired)
        db.flush()
        unit = tuple(LEADERS)[number % 4]
        db.add(
            Employment(
                person_id=hired.id,
                unit_id=units[unit],
                title="Pædagog og kontaktperson" if unit != "vaerkstederne" else "Værkstedsassistent og kontaktperson",
                role_key="medarbejder",
                starts=LONG_AGO,
            )
        )
        staff[code] = hired.id
    db.flush()
    return staff


class GoalWords:
    """A goal's words, from what the instrument says one sees a step above where the citizen stood."""

    def __init__(self, world: World) -> None:
        instrument = world.folder.instrument
        self.low, self.high = instrument["scale"]["min"], instrument["scale"]["max"]
        self.dimensions = {one["code"]: one for area in instrument["areas"] for one in area["dimensions"]}
        self.place = {code: at for at, code in enumerate(dimensions_of(instrument))}
        self.answers: dict[str, list[tuple[date, list[Any]]]] = defaultdict(list)
        for row in world.folder.assessments:
            self.answers[row.citizen].append((row.date, row.answers))

    def __call__(self, row: GoalRow) -> dict[str, Any]:
        dimension = self.dimensions[row.dimension]
        seen = [answers[self.place[row.dimension]] for day, answers in self.answers[row.citizen] if day <= row.set_on]
        numbers = [answer for answer in seen if isinstance(answer, int)]
        stands = numbers[-1] if numbers else 2
        target = min(self.high, stands + 1) if row.goal_type is GoalType.DEVELOP else stands
        easy = {level["value"]: level.get("easy") or level["short"] for level in dimension["levels"]}
        levels = {str(step): easy[min(self.high, max(self.low, target + step))] for step in range(-2, 3)}
        if target + 2 > self.high:
            levels["2"] = "Jeg kan det, også når dagen er svær."
        if target + 1 > self.high:
            levels["1"] = "Jeg kan det næsten hver gang."
        if target - 2 < self.low:
            levels["-2"] = "Jeg kan mindre, end da vi begyndte."
        return {"title": easy[target], "levels": levels, "plan": "", "target_value": target}


def measure_agreement(db: Db, version: Version) -> None:
    """How far assessors agree, from the double assessments; where these are too few, a number said to be made up."""
    if compute_reliability(db, None, version):
        return
    db.add_all(
        Reliability(
            version_id=version.id,
            area_id=area,
            method=ReliabilityMethod.PUBLISHED,
            r=0.85,
            sd=0.75,
            source="Opfundet til demoen. Rigtige tal kommer fra husets egne dobbeltmålinger.",
            on=clock.today(),
        )
        for area in db.scalars(select(Area.id).where(Area.version_id == version.id).order_by(Area.position))
    )
    db.flush()


def name_citizens(db: Db, vault: Vault, world: World, citizens: dict[str, int]) -> None:
    sealed = []
    for number, (code, id) in enumerate(citizens.items()):
        name = world.names[code]
        words = {
            "name": name,
            "called": name.split()[0],
            "reach": f"Telefon 00 00 {number // 100:02} {number % 100:02}",
        }
        sealed.append({"citizen_id": id, "sealed": vault.seal(db, id, f"compass_identity.sealed/{id}", words)})
    db.execute(insert(Identity), sealed)


def assign(db: Db, world: World, citizens: dict[str, int], staff: dict[str, int], people: dict[str, int]) -> None:
    """Contact persons from the day a citizen came, and a few who stand in for a colleague."""
    today = clock.today()
    rows: list[dict[str, Any]] = []

    def works_with(citizen: int, person: int, role: AssignmentRole, starts: date, ends: date | None, why: str) -> None:
        rows.append(
            {"citizen_id": citizen, "person_id": person, "role": role, "starts": starts, "ends": ends, "reason": why,
             "given_by_id": people["bo"]}
        )  # fmt: skip

    contact = AssignmentRole.CONTACT
    of_karl, of_rasmus = 0, 0
    for row in world.folder.citizens:
        assert row.entered is not None
        id, person = citizens[row.citizen], staff[world.contacts[row.citizen]]
        starts = row.entered
        if person == people["freja"] and row.left is None and of_karl < 1 and starts < date(2025, 3, 1):
            of_karl += 1  # Karl was the contact person until he left the task
            works_with(id, people["karl"], contact, starts, date(2025, 9, 30), "")
            starts = date(2025, 10, 1)
        works_with(id, person, contact, starts, row.left, "")
        if person == people["rasmus"] and row.left is None and of_rasmus < 2:
            of_rasmus += 1
            works_with(
                id,
                people["freja"],
                AssignmentRole.DEPUTY,
                today - timedelta(days=12),
                today + timedelta(days=16),
                "Vikar for Rasmus under hans kursus.",
            )
    db.execute(insert(Assignment), rows)


def give_roles(db: Db, people: dict[str, int], units: dict[str, int]) -> None:
    for handle, kind in (("bo", RoleKind.COORDINATOR), ("anna", RoleKind.INSTRUMENTS)):
        db.add(
            CompassRole(
                person_id=people[handle], kind=kind, unit_id=units["aabrinken"], starts=LONG_AGO,
                given_by_id=people["dorte"],
            )
        )  # fmt: skip
    db.flush()


def lead_runs(db: Db, people: dict[str, int]) -> None:
    """Every run has a leader; Carla's are the workshops'. And what an activity costs, and who owns it."""
    keys = {unit.id: unit.key for unit in db.execute(select(Unit.id, Unit.key))}
    leaders = []
    for run_id, starts, ends, unit, has_exam in db.execute(
        select(Run.id, Run.starts, Run.ends, Activity.unit_id, Activity.has_exam).join(
            Activity, Activity.id == Run.activity_id
        )
    ):
        person = people[LEADERS[keys[unit]]]
        last = ends + after_run(has_exam) if ends else None
        leaders.append({"run_id": run_id, "person_id": person, "starts": starts - timedelta(days=14), "ends": last})
    if leaders:
        db.execute(insert(RunLeader), leaders)
    chance = Random("costs")
    for activity in db.scalars(select(Activity).order_by(Activity.id)):
        activity.owner_id = people[OWNERS[keys[activity.unit_id]]]
        activity.cost = round(COSTS[activity.kind] * chance.uniform(0.7, 1.4) / 500) * 500
    db.execute(
        update(Run).values(capacity=select(Activity.capacity).where(Activity.id == Run.activity_id).scalar_subquery())
    )
    db.flush()


def keep_sessions(db: Db, chance: Random) -> None:
    """The sessions of what goes on now, and who came: as many as the participations say."""
    today = clock.today()
    sessions: list[dict[str, Any]] = []
    came: list[dict[str, Any]] = []
    first = (db.scalar(select(func.max(Session.id))) or 0) + 1
    for run in db.scalars(select(Run).where(Run.ends.is_(None)).order_by(Run.id)):
        quarters = min(4, max(1, round(run.planned_sessions / 12)))
        apart = (quarters * QUARTER - 3) / run.planned_sessions
        held: list[int] = []
        for number in range(1, run.planned_sessions + 1):
            day = run.starts + timedelta(days=round((number - 1) * apart))
            day += timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
            id = first + len(sessions)
            sessions.append({"id": id, "run_id": run.id, "number": number, "day": day})
            if day < today:
                held.append(id)
        for part in db.scalars(select(Participation).where(Participation.run_id == run.id)):
            until = held if part.ends is None else held[: max(1, len(held) // 2)]
            attended = set(chance.sample(until, min(part.attended, len(until))))
            part.attended = len(attended)
            came += [{"session_id": id, "participation_id": part.id, "came": id in attended} for id in until]
    db.flush()
    if sessions:
        db.execute(insert(Session), [{key: value for key, value in row.items() if key != "id"} for row in sessions])
        numbers = {
            (row.run_id, row.number): row.id for row in db.execute(select(Session.run_id, Session.number, Session.id))
        }
        ids = {row["id"]: numbers[row["run_id"], row["number"]] for row in sessions}
        if came:
            db.execute(insert(Presence), [{**row, "session_id": ids[row["session_id"]]} for row in came])


def plan_ahead(db: Db, people: dict[str, int], units: dict[str, int]) -> None:
    """A run that begins in December for those who wait the longest line, and a proposal that says not yet what for."""
    today = clock.today()
    waits = db.execute(
        select(WaitingEntry.activity_id, func.count().label("waiting"))
        .where(WaitingEntry.outcome == WaitingOutcome.WAITING)
        .group_by(WaitingEntry.activity_id)
        .order_by(func.count().desc(), WaitingEntry.activity_id)
        .limit(1)
    ).first()
    if waits is not None:
        activity = db.get_one(Activity, waits.activity_id)
        number = (db.scalar(select(func.max(Run.number)).where(Run.activity_id == activity.id)) or 0) + 1
        starts = today + timedelta(days=16)
        run = Run(
            activity_id=activity.id,
            number=number,
            starts=starts,
            ends=starts + timedelta(days=84),
            planned_sessions=activity.planned_sessions,
            capacity=activity.capacity,
        )
        db.add(run)
        db.flush()
        db.add(RunLeader(run_id=run.id, person_id=people["carla"], starts=today - timedelta(days=3)))
    db.add(
        Activity(
            uid=uid("activity", "kor"),
            code="kor",
            title="Kor på tværs af husene",
            kind=ActivityKind.SOCIAL,
            unit_id=units["aktivitet"],
            about="Foreslået på personalemødet. Vi mangler at skrive, hvad det skal flytte for borgerne.",
            planned_sessions=16,
            capacity=20,
            owner_id=people["pernille"],
        )
    )
    db.flush()
