"""No page and no form walks through what grows with the years: SQLite says how it would ask a city's database, having
been told what one holds after ten years, and knowing nothing of it. A walk costs nothing in the demo and seconds there.
"""

import itertools
import math
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from med.db import Base, UtcDateTime
from tests.test_every_route import ask

# What a city of 1,000 committees has of everything, and what it gathers in ten years.
STAYS = {"unit": 2_000, "committee": 1_000, "seat": 30_000, "person": 50_000, "employment": 60_000, "account": 50_000}
GROWS = {
    "meeting": 40_000,
    "attendance": 600_000,
    "minutes": 40_000,
    "minutes_version": 120_000,
    "item": 400_000,
    "item_revision": 2_000_000,
    "attachment": 200_000,
    "note": 200_000,
    "proposal": 100_000,
    "decision": 1_000_000,
    "decision_tag": 1_100_000,
    "decision_step": 300_000,
    "follow_up": 400_000,
    "follow_up_change": 1_000_000,
    "search_text": 1_400_000,
    "notice": 2_000_000,
    "message": 1_000_000,
    "journal_entry": 10_000_000,
    "sign_in": 1_000_000,
    "subscription": 100_000,
    "compass_assessment": 100_000,
    "compass_score": 2_400_000,
    "compass_presence": 1_000_000,
    "compass_look": 2_000_000,
}
DAYS = 3_650
WHO = ["anna", "bo", "carla", "gunnar"]  # a chair, a vice-chair who coordinates, a member, an employee of elsewhere
VALUES = re.compile(r"'[^']*'|\b\d+\b")  # values: the same question otherwise is looked at once a page
LOOKING = ("SELECT", "UPDATE", "DELETE")
SHARED = "coalesce(attachment_seal.stored, attachment.sha256) IN"  # when a file is closed: do others share its bytes?

# Pages and forms that may, and are not asked: they look through everything there is, and hardly anybody asks.
MAY = {
    "decisions.balance": "counts every decision there is, once between two saves",
    "trust.own_data": "what is known of one person stands everywhere",
    "trust.take_data": "the same, in a file",
    "trust.retention": "what is to be erased is looked for everywhere",
}

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def distinct(column: sa.Column[Any], rows: int) -> int:
    """How many different values a column has in so many rows, by what it holds."""
    kind = column.type
    if isinstance(kind, sa.Enum):
        return len(kind.enums)
    if isinstance(kind, sa.Boolean):
        return 2
    if isinstance(kind, sa.Date | UtcDateTime):
        return min(DAYS, rows)
    others = [(STAYS | GROWS).get(key.column.table.name, rows) for key in column.foreign_keys]
    return min(others, default=rows)


def tell(path: str) -> None:
    """Writes into SQLite's own statistics what a city's database would be found to hold."""
    with sqlite3.connect(path) as db:
        db.execute("ANALYZE")
        for table, rows in (STAYS | GROWS).items():
            db.execute("DELETE FROM sqlite_stat1 WHERE tbl = ?", [table])
            for _, index, *_ in db.execute(f"PRAGMA index_list({table})").fetchall():
                names = [name for _, _, name in db.execute(f"PRAGMA index_info({index})")]
                kinds = [distinct(Base.metadata.tables[table].c[name], rows) for name in names if name]
                alike = [max(1, rows // math.prod(kinds[: n + 1])) for n in range(len(names))]
                db.execute(
                    "INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", [table, index, " ".join(map(str, [rows, *alike]))]
                )
    db.close()


def forget(path: str) -> None:
    """What a new installation knows: nothing. Every table is a large one to SQLite then."""
    with sqlite3.connect(path) as db:
        db.execute("ANALYZE")  # makes the table
        db.execute("DELETE FROM sqlite_stat1")
    db.close()


@pytest.fixture(params=[tell, forget])
def asked(scene: Any, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """All that is asked of a database that believes it is a city's, or knows nothing of itself, in SQLite's words with
    the values in them."""
    told: list[str] = []
    request.param(scene.desk.settings.database_url.removeprefix("sqlite:///"))
    before, scene.desk.database = scene.desk.database, type(scene.desk.database)(scene.desk.settings.database_url)
    for engine in {scene.desk.database.read_engine, scene.desk.database.write_engine}:
        event.listen(engine, "connect", lambda line, _: line.set_trace_callback(told.append))
    yield told
    scene.desk.database.close()
    scene.desk.database = before


def walks(plan: sqlite3.Connection, question: str) -> set[str]:
    """The tables of GROWS through all of which, or in whose order, the database would go; and those of STAYS for each
    row of which, one after the other, it would look into one of GROWS."""
    lines = [(parent, line) for _, parent, _, line in plan.execute(f"EXPLAIN QUERY PLAN {question}")]
    grows, stays = names_in(question, GROWS), names_in(question, STAYS)
    found = set()
    for at, (parent, line) in enumerate(lines):
        if (scan := re.match(r"SCAN (\w+)", line)) is None:
            continue
        beside = [other for its, other in lines[at + 1 :] if its == parent]
        looks = any(f"{way} {name} " in f"{other} " for other in beside for way in ("SEARCH", "SCAN") for name in grows)
        if scan[1] in grows or (scan[1] in stays and looks):
            found.add(scan[1])
    return found


def names_in(question: str, tables: dict[str, int]) -> set[str]:
    """The names a question has for these tables."""
    called = re.findall(r"(?:FROM|JOIN|,) +(\w+)(?: AS (\w+))?", question)
    return {name for table, other in called if table in tables for name in (other or table,)}


@pytest.fixture
def plan(scene: Any, asked: list[str]) -> Iterator[sqlite3.Connection]:
    line = sqlite3.connect(scene.desk.settings.database_url.removeprefix("sqlite:///"))
    yield line
    line.close()


def test_nothing_walks_through_what_grows(scene: Any, asked: list[str], plan: sqlite3.Connection):
    found: dict[str, set[str]] = defaultdict(set)
    seen: set[str] = set()
    for route in scene.routes:
        if route.name in MAY:
            continue
        for case, who in itertools.product(route.cases, WHO):
            ask(scene, route, case, who)
        new = {VALUES.sub("0", question): question for question in asked if question.startswith(LOOKING)}
        for question in new.keys() - seen:
            if SHARED not in question and (tables := walks(plan, new[question])):
                found[route.name] |= tables
        seen |= new.keys()
        asked.clear()
    assert len(seen) > 400
    assert found == {}


@pytest.mark.parametrize("asked", [tell], indirect=True)
def test_a_walk_would_be_found(plan: sqlite3.Connection):
    latest = (
        "SELECT m.id FROM meeting AS m WHERE m.state IN ('planned', 'agenda_sent') ORDER BY m.starts_at DESC LIMIT 9"
    )
    assert walks(plan, latest) == {"m"}
    closed = (
        "SELECT id FROM proposal WHERE id = 1 AND item_id NOT IN (SELECT item.id FROM item WHERE item.is_open IS 0)"
    )
    assert walks(plan, closed) == {"item"}
    assert walks(plan, "SELECT meeting.id FROM meeting WHERE meeting.state = 'planned'") == set()
    assert walks(plan, "SELECT id FROM committee") == set()
    each = "SELECT d.id FROM committee AS c CROSS JOIN decision AS d ON d.committee_id = c.id WHERE d.review = 1"
    assert walks(plan, each) == {"c"}
