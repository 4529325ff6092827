"""Medspil and the oracle are asked the same about who may know which citizen, in small invented worlds."""

import ast
import dataclasses
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import Assignment, CompassRole, RunLeader
from med.db import Database
from med.organisation.models import Employment
from med.organisation.models import Grant as GrantRow
from tests.oracle.compass import rules, settling
from tests.oracle.compass.cast import whole_cast
from tests.oracle.compass.strategies import worlds
from tests.oracle.compass.worlds import Assignment as Assigned
from tests.oracle.compass.worlds import Leader, Role, World
from tests.oracle.settling import grant_row
from tests.oracle.strategies import TODAY, term
from tests.oracle.test_clauses import empty, empty_file, examples, in_a_world
from tests.oracle.worlds import Dated, Grant

__all__ = ["empty", "empty_file"]  # databases with every table and no rows

HERE = Path(__file__).parent
TIMES = int(os.environ.get("MED_TIMES", "1"))
EXAMPLES = {"sqlite": 15 * TIMES, "postgresql": 4 * TIMES}
SOME = 10 * TIMES


def settled(database: Database, world: World, ask: Any) -> None:
    in_a_world(database, world, ask, settling.settle)


def test_the_oracle_borrows_nothing_from_what_it_judges():
    for name in ("rules.py", "worlds.py", "strategies.py", "cast.py"):
        for node in ast.walk(ast.parse((HERE / name).read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [found for found in names if found.split(".")[0] == "med"], name


def test_the_oracle_knows_every_policy_of_the_compass():
    assert set(settling.policies()) == set(rules.VERBS)
    assert set(settling.SEEING) == set(rules.SIGHT)


def things(world: World, kind: str) -> list[int]:
    return sorted(getattr(world, rules.PLACES.get(kind, kind)))


def compare_seeing(db: Session, world: World) -> None:
    for person in world.people:
        seen = settling.seen(db, settling.viewer(db, person), world)
        for kind in rules.SIGHT:
            expected = {thing for thing in things(world, kind) if rules.sees(world, person, kind, thing)}
            assert seen[kind] == expected, f"person {person}, {kind}"


def compare_doing(db: Session, world: World) -> None:
    for person in world.people:
        viewer = settling.viewer(db, person)
        looked_up: dict[Any, Any] = {}
        for verb, (kind, _) in rules.VERBS.items():
            for thing in [None] if kind is None else sorted(getattr(world, kind)):
                allowed = settling.permits(db, viewer, verb, kind, thing, looked_up)
                assert allowed == rules.may(world, person, verb, thing), f"person {person}, {verb}, {thing}"


def test_seeing_in_any_world(backend: str, empty: Database):
    @examples(EXAMPLES[backend])
    @given(worlds())
    def compare(world: World) -> None:
        settled(empty, world, lambda db: compare_seeing(db, world))

    compare()


def test_doing_in_any_world(backend: str, empty: Database):
    @examples(EXAMPLES[backend])
    @given(worlds())
    def compare(world: World) -> None:
        settled(empty, world, lambda db: compare_doing(db, world))

    compare()


def test_everybody_around_a_unit(backend: str, empty: Database):
    """Each right in a term that holds, one that has ended and one to come; what is offered, going on and over."""
    stages = [("running", True), ("proposed", False), ("ended", True)]
    for state, started in stages if backend == "sqlite" else stages[:1]:
        world = whole_cast(state, started=started)
        settled(empty, world, lambda db, world=world: (compare_seeing(db, world), compare_doing(db, world)))


# --- what must hold in any world, whatever the rules are --------------------------------------------------------


def test_a_child_is_seen_only_with_its_parent(empty_file: Database):
    @examples(SOME)
    @given(worlds())
    def check(world: World) -> None:
        def ask(db: Session) -> None:
            for person in world.people:
                seen = settling.seen(db, settling.viewer(db, person), world)
                assert {world.exams[one].participation for one in seen["exams"]} <= seen["participations"]
                assert {world.participations[one].run for one in seen["participations"]} <= seen["runs"]
                named = seen["names"] | {one for one in world.citizens if rules.left_long_since(world, one)}
                assert {world.participations[one].citizen for one in seen["participations"]} <= named
                assert {world.runs[one].activity for one in seen["runs"]} <= seen["activities"]
                assert {world.entries[one].activity for one in seen["entries"]} <= seen["activities"]
                assert seen["citizens"] | seen["intake"] <= seen["names"]

        settled(empty_file, world, ask)

    check()


@st.composite
def rights(draw: st.DrawFn, world: World) -> tuple[Any, dict[str, Any]]:
    """One right more for somebody: (its table, its row)."""
    person = draw(st.sampled_from(sorted(world.people)))
    kind = draw(st.sampled_from(["assignment", "role", "leader", "job"]))
    if kind == "assignment":
        role = draw(st.sampled_from(["contact", "deputy"]))
        made = Assigned(99, draw(st.sampled_from(sorted(world.citizens))), person, role, draw(term()))
        return Assignment, settling.assignment_row(made)
    if kind == "leader":
        lead = Leader(99, draw(st.sampled_from(sorted(world.runs))), person, draw(term()))
        return RunLeader, settling.leader_row(lead)
    unit = draw(st.sampled_from(sorted(world.units)))
    if kind == "role":
        given_role = draw(st.sampled_from(["coordinator", "instruments"]))
        return CompassRole, settling.role_row(Role(99, person, given_role, unit, draw(term())))
    return Employment, {"id": 99, "person_id": person, "unit_id": unit, "manages": True, **settling.dated(draw(term()))}


def test_a_right_more_never_takes_away_and_a_right_less_never_gives(empty_file: Database):
    @examples(2 * SOME)
    @given(worlds(), st.data())
    def check(world: World, data: st.DataObject) -> None:
        table, row = data.draw(rights(world))

        def ask(db: Session) -> None:
            person = row["person_id"]
            without = settling.seen(db, settling.viewer(db, person), world)
            db.execute(insert(table), [row])
            with_it = settling.seen(db, settling.viewer(db, person), world)
            for kind, ids in without.items():
                assert ids <= with_it[kind], kind
            entity = db.get_one(table, row["id"])
            entity.starts, entity.ends = TODAY - timedelta(days=500), TODAY - timedelta(days=1)
            db.flush()
            afterwards = settling.seen(db, settling.viewer(db, person), world)
            if table is CompassRole:  # who manages the unit sees that the role was given, and has ended
                afterwards["roles"] -= {row["id"]}
            assert afterwards == without

        settled(empty_file, world, ask)

    check()


def test_running_the_system_opens_no_citizen(empty_file: Database):
    @examples(SOME)
    @given(worlds(), st.data())
    def check(world: World, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(sorted(world.people)))

        def ask(db: Session) -> None:
            before = settling.seen(db, settling.viewer(db, person), world)
            grant = Grant(99, person, "admin", Dated(TODAY - timedelta(days=9)))
            db.execute(insert(GrantRow), [grant_row(grant)])
            assert settling.seen(db, settling.viewer(db, person), world) == before

        settled(empty_file, world, ask)

    check()


def test_managers_and_keepers_of_the_instruments_know_no_citizen(empty_file: Database):
    """Nor does somebody who has left, whatever roles they still hold."""

    @examples(SOME)
    @given(worlds(), st.data())
    def check(world: World, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(sorted(world.people)))
        has_left = data.draw(st.booleans())
        if has_left:
            world.people[person] = dataclasses.replace(world.people[person], jobs=())
        else:
            world.assignments = {n: one for n, one in world.assignments.items() if one.person != person}
            world.leaders = {n: one for n, one in world.leaders.items() if one.person != person}
            world.roles = {
                n: dataclasses.replace(one, kind="instruments") if one.person == person else one
                for n, one in world.roles.items()
            }

        def ask(db: Session) -> None:
            seen = settling.seen(db, settling.viewer(db, person), world)
            assert {kind: seen[kind] for kind in rules.OF_CITIZENS} == {key: set() for key in rules.OF_CITIZENS}
            if has_left:
                assert not any(seen.values())

        settled(empty_file, world, ask)

    check()


@pytest.fixture(autouse=True)
def today_is_the_worlds(the_hour: None) -> None:
    assert clock.today() == TODAY
