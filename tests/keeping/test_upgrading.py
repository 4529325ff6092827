"""Upgrading what released versions left behind: every row survives; a kill leaves the old version or the new one."""

import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from med.db import Database
from med.migrations import current, drift, head, upgrade

RELEASED = ("0001", "0002", "0003")
Rows = dict[str, list[dict[str, Any]]]  # of each table
ROWS = 3  # in each table
LATER = {"alembic_version"}


def fill(connection: sa.Connection) -> Rows:
    """A few rows in every table of a released version, as its columns, keys and checks allow; read back as they are.

    A table whose rows cannot be guessed (a CHECK over several columns) is left empty.
    """
    tables = sa.MetaData()
    tables.reflect(connection)
    choices = {name: allowed(connection, name) for name in tables.tables}
    filled = {}
    for table in tables.sorted_tables:
        if table.name in LATER:
            continue
        for number in range(1, ROWS + 1):
            for which in (0, -1, 1):  # another word where the first does not go with the rest
                values = {column.name: value(column, number, choices[table.name], which) for column in table.columns}
                row = connection.begin_nested()
                try:
                    connection.execute(table.insert().values(values))
                    row.commit()
                    break
                except sa.exc.DBAPIError:
                    row.rollback()
        found = [dict(row) for row in connection.execute(ordered(table)).mappings()]
        if found:
            filled[table.name] = found
    return filled


def ordered(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).order_by(*table.primary_key.columns)


def allowed(connection: sa.Connection, table: str) -> dict[str, list[str]]:
    """Column -> the words its CHECK lets in."""
    found: dict[str, list[str]] = {}
    for check in sa.inspect(connection).get_check_constraints(table):
        words, column = re.findall(r"'([^']*)'", check["sqltext"]), re.search(r"\w+", check["sqltext"])
        if words and column and ("IN (" in check["sqltext"] or "ANY" in check["sqltext"]):
            found.setdefault(column[0], words)
    return found


def value(column: sa.Column, number: int, choices: dict[str, list[str]], which: int) -> Any:
    if words := choices.get(column.name):
        return words[which % len(words)]
    if column.foreign_keys:
        return None if column.nullable and column.name != "person_id" else number
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.DateTime):
        return datetime(2026, 3, number, 11 if column.name.startswith(("end", "leased")) else 9, tzinfo=UTC)
    if isinstance(kind, sa.Date):
        return date(2026, 3, number)
    if isinstance(kind, sa.Numeric | sa.Float):
        return number / 4
    if isinstance(kind, sa.Integer):
        return number
    if isinstance(kind, sa.LargeBinary):
        return bytes([number])
    return f"{column.name} {number} æøå"


def rows_of(database: Database, filled: Rows) -> Rows:
    """What stands today in the columns that were there before."""
    with database.write_engine.begin() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        return {
            name: [
                {column: row[column] for column in rows[0] if column in row}
                for row in connection.execute(ordered(tables.tables[name])).mappings()
            ]
            for name, rows in filled.items()
            if name in tables.tables
        }


@pytest.fixture(scope="module")
def left_behind(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Database, Rows]]]:
    """`left_behind("0003")`: a database of one's own as that version left it, and what stands in it.

    Each version is filled once and copied for every test.
    """
    folder = tmp_path_factory.mktemp("old")
    filled: dict[str, tuple[str, Rows]] = {}
    opened: list[Database] = []

    def make(template: str = "") -> str:
        if backend == "postgresql":
            name = sa.make_url(template).database if template else None
            return request.getfixturevalue("postgres").new("old", template=name)
        place = folder / f"{uuid.uuid4().hex}.db"
        if template:
            shutil.copyfile(template.removeprefix("sqlite:///"), place)
        return f"sqlite:///{place}"

    def copied(revision: str) -> tuple[Database, Rows]:
        if revision not in filled:
            first = Database(make())
            upgrade(first.write_engine, revision)
            with first.write_engine.begin() as connection:
                rows = fill(connection)
            first.close()
            filled[revision] = first.url, rows
        url, rows = filled[revision]
        opened.append(Database(make(url)))
        return opened[-1], rows

    yield copied
    for database in opened:
        database.close()


@pytest.mark.parametrize("revision", RELEASED)
def test_every_row_of_a_released_version_survives_the_upgrade(left_behind, revision):
    old, filled = left_behind(revision)
    assert {"person", "committee", "meeting", "item", "decision", "journal_entry"} <= set(filled)
    upgrade(old.write_engine)
    assert current(old.engine) == head()
    assert drift(old.engine) == []
    after = rows_of(old, filled)
    assert set(after) == set(filled)
    for name, rows in filled.items():
        here = [{column: row[column] for column in row if column in after[name][0]} for row in rows]
        assert after[name][: len(here)] == here, name


UPGRADE = "import sys; from med.db import Database; from med.migrations import upgrade; d = Database(sys.argv[1]);"
UPGRADE += "print('begun', flush=True); upgrade(d.write_engine); print('done', flush=True)"


@pytest.mark.parametrize("wait", [0.0, 0.15, 0.4])
def test_a_kill_in_the_middle_leaves_the_old_version_or_the_new_one(left_behind, wait):
    old, before = left_behind("0003")
    worker = subprocess.Popen([sys.executable, "-c", UPGRADE, old.url], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    worker.stdout.readline()
    time.sleep(wait)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    for _ in range(50):  # PostgreSQL takes a moment to notice that the other end is gone
        if current(old.engine) in {"0003", head()}:
            break
        time.sleep(0.1)
    at = current(old.engine)
    assert at in {"0003", head()}
    if at == "0003":
        assert rows_of(old, before) == before
    upgrade(old.write_engine)
    assert drift(old.engine) == []
