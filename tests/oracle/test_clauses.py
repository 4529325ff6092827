"""Medspil and the oracle are asked the same about thousands of people and things in small invented worlds."""

import ast
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy.orm import Session

from med import clock
from med.db import Database
from med.decisions.filters import Filters
from med.decisions.queries.balance import balance
from med.decisions.queries.feed import chip_counts, newest
from med.decisions.queries.follow_ups import follow_ups
from med.meetings.access import inside_items, inside_meetings, is_inside, is_open_point
from med.migrations import upgrade
from tests.oracle import rules, settling
from tests.oracle.cast import whole_cast
from tests.oracle.strategies import TODAY, seats, term, worlds
from tests.oracle.worlds import Dated, Grant, World

HERE = Path(__file__).parent
# `MED_TIMES=50 pytest tests/oracle` asks about fifty times as many worlds.
TIMES = int(os.environ.get("MED_TIMES", "1"))
EXAMPLES = {"sqlite": 20 * TIMES, "postgresql": 5 * TIMES}
SOME = 10 * TIMES


def make_empty(url: str) -> Database:
    database = Database(url)
    upgrade(database.write_engine)
    return database


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """SQLite with every table and no rows: for what holds whatever the database."""
    database = make_empty(f"sqlite:///{tmp_path_factory.mktemp('oracle') / 'med.db'}")
    yield database
    database.close()


@pytest.fixture(scope="module")
def empty(backend: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of each kind, with every table and no rows."""
    if backend == "sqlite":
        yield request.getfixturevalue("empty_file")
        return
    database = make_empty(request.getfixturevalue("postgres").new("oracle"))
    yield database
    database.close()


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        # Where a fault was planted it is enough to fail.
        phases=[Phase.generate] if "MED_PLANTED" in os.environ else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


def in_a_world(database: Database, world: Any, ask: Any, settle: Any = settling.settle) -> None:
    """Settle the world, ask, and leave no row behind."""
    with Session(database.write_engine, expire_on_commit=False) as db:
        settle(db, world)
        ask(db)
        db.rollback()


def test_the_oracle_borrows_nothing_from_what_it_judges():
    for name in ("rules.py", "worlds.py", "strategies.py", "cast.py", "expectations.py"):
        for node in ast.walk(ast.parse((HERE / name).read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [found for found in names if found.split(".")[0] == "med"], name


def test_the_oracle_knows_every_policy_and_every_clause():
    assert set(settling.policies()) == set(rules.VERBS)
    assert {*settling.CLAUSES, *settling.QUESTIONS} == set(rules.SIGHT)


def test_every_clause_of_every_slice_is_compared():
    """A slice's access.py or a clause in it that came since: its name stands in what the oracle asks."""
    asked = "".join(path.read_text(encoding="utf-8") for path in HERE.rglob("*.py"))
    through_questions = {"inside_items", "stands_in_at", "on_day", "own_subscriptions", "participants_seen"}
    through_questions |= {"intake_citizens", "named_to_leaders"}  # `capacity`, in whose name opens to whom
    through_questions |= {"left_behind", "works_here", "sits_inside"}  # who sees to it: tests/notices/test_due.py
    for path in HERE.parents[1].glob("med/*/access.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.returns and "ColumnElement" in ast.unparse(node.returns):
                known = node.name.startswith("_") or node.name in through_questions or f"{node.name}(" in asked
                assert known, f"{path}: {node.name} is not compared with the oracle"


def things(world: World, kind: str) -> list[int]:
    return sorted(getattr(world, rules.PLACES.get(kind, kind)))


def compare_seeing(db: Session, world: World) -> None:
    for person in world.people:
        seen = settling.seen(db, settling.viewer(db, person))
        for kind in rules.SIGHT:
            expected = {thing for thing in things(world, kind) if rules.sees(world, person, kind, thing)}
            assert seen[kind] == expected, f"person {person}, {kind}"
    for token in world.tokens.values():
        for scope in ("decisions", "calendar"):
            expected_to_open = rules.opens(world, token.id) and token.scope == scope
            assert settling.opened(db, token, scope) == expected_to_open, f"{token}, {scope}"
    free = set(db.scalars(settling.select(settling.Proposal.id).where(is_open_point())))
    assert free == {proposal for proposal in world.proposals if rules.keeps_its_words(world, proposal)}


def compare_doing(db: Session, world: World) -> None:
    policies = settling.policies()
    loaded = {kind: {row.id: row for row in db.query(model)} for kind, model in settling.MODELS.items()}
    for person in world.people:
        viewer = settling.viewer(db, person)
        for verb, (kind, _) in rules.VERBS.items():
            for thing in [None] if kind is None else sorted(getattr(world, kind)):
                entity = None if kind is None or thing is None else loaded[kind][thing]
                allowed = settling.permits(viewer, policies[verb], entity)
                assert allowed == rules.may(world, person, verb, thing), f"person {person}, {verb}, {thing}"


def test_seeing_in_any_world(backend: str, empty: Database):
    @examples(EXAMPLES[backend])
    @given(worlds())
    def compare(world: World) -> None:
        in_a_world(empty, world, lambda db: compare_seeing(db, world))

    compare()


def test_doing_in_any_world(backend: str, empty: Database):
    @examples(EXAMPLES[backend])
    @given(worlds())
    def compare(world: World) -> None:
        in_a_world(empty, world, lambda db: compare_doing(db, world))

    compare()


STAGES = [
    ("in_progress", True, None),
    ("held", True, "approved"),
    # The clauses are the same on both databases; the two above show that PostgreSQL reads them alike.
    ("planned", True, None),
    ("planned", False, None),
    ("agenda_sent", True, None),
    ("in_progress", False, "draft"),
    ("held", False, "adopted"),
    ("cancelled", True, None),
    ("held", True, "in_review"),
    ("held", False, "in_review"),
]


def test_everybody_at_every_stage_of_a_meeting(backend: str, empty: Database):
    """The whole cast of a committee, at a meeting in every state, with its minutes in every state."""
    for stage in STAGES if backend == "sqlite" else STAGES[:2]:
        world = whole_cast(*stage)

        def both(db: Session, world: World = world) -> None:
            compare_seeing(db, world)
            compare_doing(db, world)

        in_a_world(empty, world, both)


# --- what must hold in any world, whatever the rules are --------------------------------------------------------


def test_a_child_is_seen_only_with_its_parent(empty_file: Database):
    @examples(SOME)
    @given(worlds())
    def check(world: World) -> None:
        def ask(db: Session) -> None:
            for person in world.people:
                seen = settling.seen(db, settling.viewer(db, person))
                assert {world.attachments[a].item for a in seen["attachments"]} <= seen["items"]
                assert {world.notes[n].item for n in seen["notes"]} <= seen["items"]
                assert seen["words"] <= seen["items"]
                assert {world.items[i].meeting for i in seen["items"]} <= seen["meetings"]
                assert {world.minutes[m].meeting for m in seen["minutes"]} <= seen["meetings"]
                assert {world.meetings[m].committee for m in seen["meetings"]} <= seen["committees"]
                assert seen["feed"] <= seen["decisions"]
                assert {world.decisions[d].committee for d in seen["decisions"]} <= seen["committees"]
                assert {world.follow_ups[f].committee for f in seen["follow_ups"]} <= seen["committees"]
                assert {world.links[one].decision for one in seen["links"]} <= seen["decisions"]
                assert seen["calendar"] <= seen["items"]

        in_a_world(empty_file, world, ask)

    check()


def test_a_seat_more_never_takes_away_and_a_seat_less_never_gives(empty_file: Database):
    @examples(SOME)
    @given(worlds(), st.data())
    def check(world: World, data: st.DataObject) -> None:
        extra = data.draw(seats(99, sorted(world.people), sorted(world.committees)))
        before_id = data.draw(st.sampled_from([0, 99]))  # also as the first row a query meets
        extra = dataclasses.replace(extra, id=before_id)
        ended = dataclasses.replace(extra, term=Dated(extra.term.starts.replace(year=2020), TODAY.replace(day=20)))

        def ask(db: Session) -> None:
            without = settling.seen(db, settling.viewer(db, extra.person))
            db.execute(settling.insert(settling.Seat), [settling.seat_row(extra)])
            with_it = settling.seen(db, settling.viewer(db, extra.person))
            for kind, ids in without.items():
                assert ids <= with_it[kind], kind
            seat = db.get(settling.Seat, extra.id)
            seat.starts, seat.ends = ended.term.starts, ended.term.ends
            db.flush()
            assert settling.seen(db, settling.viewer(db, extra.person)) == without

        in_a_world(empty_file, world, ask)

    check()


def test_running_the_system_gives_no_content(empty_file: Database):
    @examples(SOME)
    @given(worlds(), st.data())
    def check(world: World, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(sorted(world.people)))
        grant = Grant(99, person, "admin", data.draw(term()))

        def ask(db: Session) -> None:
            before = settling.seen(db, settling.viewer(db, person))
            db.execute(settling.insert(settling.Grant), [settling.grant_row(grant)])
            after = settling.seen(db, settling.viewer(db, person))
            for kind in set(before) - {"committees", "people", "subscriptions"}:
                assert after[kind] == before[kind], kind
            # Who sees the committees sees which of them they once chose to follow; no word of what goes on there.
            more = after["subscriptions"] - before["subscriptions"]
            assert before["subscriptions"] <= after["subscriptions"]
            assert {world.subscriptions[one].topic for one in more} <= {"committee"}

        in_a_world(empty_file, world, ask)

    check()


def test_who_does_not_work_here_sees_and_does_nothing(empty_file: Database):
    """Also one with seats, grants and a place at the table: a seat follows the employment."""

    @examples(SOME)
    @given(worlds(), st.data())
    def check(world: World, data: st.DataObject) -> None:
        person = data.draw(st.sampled_from(sorted(world.people)))
        world.people[person] = dataclasses.replace(world.people[person], jobs=())
        for grant in [grant for grant in world.grants.values() if grant.kind == "admin" and grant.person == person]:
            del world.grants[grant.id]

        def ask(db: Session) -> None:
            viewer = settling.viewer(db, person)
            own = {"notices", "subscriptions"}  # that there is news, or a wish; not what it is about
            assert not any(ids for kind, ids in settling.seen(db, viewer).items() if kind not in own)
            loaded = {kind: list(db.query(model)) for kind, model in settling.MODELS.items()}
            for verb, policy in settling.policies().items():
                kind = rules.VERBS[verb][0]
                for thing in [None] if kind is None else loaded[kind]:
                    assert not settling.permits(viewer, policy, thing), verb

        in_a_world(empty_file, world, ask)

    check()


def test_inside_is_what_a_substitute_steps_into(empty_file: Database):
    """`inside_meetings` and `inside_items` say the same of a meeting and its items."""

    @examples(SOME)
    @given(worlds())
    def check(world: World) -> None:
        def ask(db: Session) -> None:
            for person in world.people:
                viewer = settling.viewer(db, person)
                if viewer is None:
                    continue
                meetings = set(db.scalars(settling.select(settling.Meeting.id).where(inside_meetings(viewer))))
                items = set(db.scalars(settling.select(settling.Item.id).where(inside_items(viewer))))
                assert items == {item.id for item in world.items.values() if item.meeting in meetings}
                assert meetings == {m.id for m in world.meetings.values() if rules.belongs_at(world, person, m)}
                assert meetings == {m.id for m in db.scalars(settling.select(settling.Meeting)) if is_inside(viewer, m)}

        in_a_world(empty_file, world, ask)

    check()


def test_a_count_is_the_length_of_its_list(backend: str, empty: Database):
    """The feed, its chips, the balance and a search: no number tells of more than what the reader may read."""
    words = [Filters(), Filters(words="gør"), Filters(committee_id=1), Filters(in_force=True)]

    @examples(EXAMPLES[backend])
    @given(worlds())
    def check(world: World) -> None:
        def ask(db: Session) -> None:
            for person in world.people:
                viewer = settling.viewer(db, person)
                if viewer is None:
                    continue
                published = {one for one in world.decisions if rules.sees(world, person, "feed", one)}
                assert balance(db, viewer).total == len(published)
                for filters in words:
                    for perspective, count in chip_counts(db, viewer, filters).items():
                        chosen = structs.replace(filters, perspective=perspective)
                        listed = [key.id for key in newest(db, viewer, chosen).keys]
                        assert count == len(listed), filters
                        assert set(listed) <= published
                assert {key.id for key in newest(db, viewer, Filters()).keys} == published
                tasks = {row.id for row in follow_ups(db, viewer, with_closed=True).rows}
                assert tasks == {one for one in world.follow_ups if rules.sees(world, person, "follow_ups", one)}

        in_a_world(empty, world, ask)

    check()


@pytest.fixture(autouse=True)
def today_is_the_worlds(the_hour: None) -> None:
    assert clock.today() == TODAY
