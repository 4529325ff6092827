"""Roles in the compass hold on their days and not on others, and give what is theirs and nothing else.

Written by hand from the issue: who may open what with each role alone. carla gets one role at a time; she has no other.
"""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from med import clock
from med.competence_compass.models import (
    AssignmentRole,
    Citizen,
    CompassRole,
    RoleKind,
    RunLeader,
)
from tests.competence_compass.factories import make_activity, make_run, put_in
from tests.competence_compass.house import assign, give_role, make_citizen, make_instrument, person_id, take_stock

NAME = "Kanariefugl Lysegul"
STAYS = 5  # days the role holds, the first and the last included

CITIZEN = [
    "/kompas/borger/{citizen}",
    "/kompas/borger/{citizen}/maal",
    "/kompas/borger/{citizen}/udskrift",
    "/kompas/borger/{citizen}/udlevering",
    "/kompas/borger/{citizen}/opslag",
]
NAMED = ["/kompas/borger/{citizen}/navn"]
INTAKE = ["/kompas/indtag", "/kompas/indtag/{citizen}", "/kompas/indtag/{citizen}/slet", "/kompas/indtag/ny"]
KEEPING = ["/kompas/redskaber/version/{version}/skala", "/kompas/redskaber/ny", "/kompas/redskaber/indlaes"]
GUARDED = [*CITIZEN, *NAMED, *INTAKE, *KEEPING]

OPENS = {
    "contact": [*CITIZEN, *NAMED],
    "deputy": [*CITIZEN, *NAMED],
    "leader": NAMED,
    "coordinator": [*NAMED, *INTAKE],
    "keeper": KEEPING,
}


@pytest.fixture
def world(write, vault) -> dict[str, int]:
    """A citizen of freja's who takes part in a run; carla is nobody to them yet."""

    def make(db) -> dict[str, int]:
        version = make_instrument(db, "roller", areas=3, dimensions=1)
        citizen = make_citizen(db, vault, "K9-KANARIE", version=version, name=NAME)
        take_stock(db, citizen, version, clock.today(), 3)
        run = make_run(db, make_activity(db, "ROLLER", "Forløb"))
        put_in(db, run, citizen)
        db.execute(delete(RunLeader).where(RunLeader.person_id == person_id(db, "carla")))
        db.execute(delete(CompassRole).where(CompassRole.person_id == person_id(db, "carla")))
        return {"citizen": citizen.id, "version": version.id, "run": run.id}

    return write(make)


def give(db, role: str, world: dict[str, int]) -> None:
    """carla gets a role from today, for STAYS days."""
    first, last = clock.today(), clock.today() + timedelta(days=STAYS - 1)
    citizen = db.get_one(Citizen, world["citizen"])
    if role in {"contact", "deputy"}:
        assign(db, citizen, "carla", AssignmentRole(role), starts=first, ends=last, reason="Ferie")
    elif role == "leader":
        db.add(RunLeader(run_id=world["run"], person_id=person_id(db, "carla"), starts=first, ends=last))
    else:
        made = give_role(db, "carla", RoleKind.COORDINATOR if role == "coordinator" else RoleKind.INSTRUMENTS)
        made.starts, made.ends = first, last


@pytest.mark.parametrize("role", OPENS)
@pytest.mark.parametrize("day", [-1, 0, STAYS - 1, STAYS], ids=["before", "first", "last", "after"])
def test_a_role_opens_its_own_on_its_days(visitor, write, world, role, day):
    write(lambda db: give(db, role, world))
    holds = 0 <= day < STAYS
    with clock.at(clock.now() + timedelta(days=day)):
        carla = visitor("carla")
        for path in GUARDED:
            page = carla.open(path.format(**world))
            opens = holds and path in OPENS[role]
            refused = 403 if path in KEEPING else 404
            assert page.status_code == (200 if opens else refused), f"{role}, day {day}: {path}"
            assert opens or NAME not in page.text


@pytest.mark.parametrize("person", ["anna", "dorte", "hanne", "ivan", "julie"])
def test_managers_and_the_administrator_open_nobody(visitor, world, person):
    other = visitor(person)
    for path in [*CITIZEN, *NAMED, *INTAKE]:
        page = other.open(path.format(**world))
        assert page.status_code == 404 and NAME not in page.text, path


def test_the_administrator_finds_nothing_in_the_compass(visitor, app, world):
    ivan = visitor("ivan")
    for path in ["/kompas", "/kompas/aktiviteter", *[path.format(**world) for path in GUARDED], "/kompas/redskaber"]:
        assert ivan.open(path).status_code in {403, 404}, path


def test_a_role_follows_the_employment(visitor, write, world):
    from med.organisation.models import Employment

    def leave(db) -> None:
        give(db, "contact", world)
        give(db, "coordinator", world)
        for job in db.scalars(select(Employment).where(Employment.person_id == person_id(db, "carla"))):
            job.ends = clock.today() - timedelta(days=1)

    write(leave)
    carla = visitor("carla")
    for path in [*CITIZEN, *NAMED, *INTAKE]:
        assert carla.open(path.format(**world)).status_code == 404, path
