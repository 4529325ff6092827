"""Upgrading what released versions left behind: every row survives; a kill leaves the old version or the new one."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from med.db import Database
from med.migrations import current, drift, head, upgrade

RELEASED = ("0001", "0002", "0003")
ROWS = 3  # in each table
LATER = {"alembic_version"}


def fill(connection: sa.Connection) -> dict[str, list[dict[str, Any]]]:
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


@pytest.fixture
def empty(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if backend == "postgresql":
        url = request.getfixturevalue("postgres").new("old")
    made = Database(url)
    yield made
    made.close()


def rows_of(database: Database, filled: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
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


@pytest.mark.parametrize("revision", RELEASED)
def test_every_row_of_a_released_version_survives_the_upgrade(empty, revision):
    upgrade(empty.write_engine, revision)
    with empty.write_engine.begin() as connection:
        filled = fill(connection)
    assert {"person", "committee", "meeting", "item", "decision", "journal_entry"} <= set(filled)
    upgrade(empty.write_engine)
    assert current(empty.engine) == head()
    assert drift(empty.engine) == []
    after = rows_of(empty, filled)
    assert set(after) == set(filled)
    for name, rows in filled.items():
        here = [{column: row[column] for column in row if column in after[name][0]} for row in rows]
        assert after[name][: len(here)] == here, name


UPGRADE = "import sys; from med.db import Database; from med.migrations import upgrade; d = Database(sys.argv[1]);"
UPGRADE += "print('begun', flush=True); upgrade(d.write_engine); print('done', flush=True)"


@pytest.mark.parametrize("wait", [0.0, 0.15, 0.4])
def test_a_kill_in_the_middle_leaves_the_old_version_or_the_new_one(empty, wait):
    upgrade(empty.write_engine, "0003")
    with empty.write_engine.begin() as connection:
        filled = fill(connection)
    before = rows_of(empty, filled)
    empty.close()
    worker = subprocess.Popen([sys.executable, "-c", UPGRADE, empty.url], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    worker.stdout.readline()
    time.sleep(wait)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    for _ in range(50):  # PostgreSQL takes a moment to notice that the other end is gone
        if current(empty.engine) in {"0003", head()}:
            break
        time.sleep(0.1)
    at = current(empty.engine)
    assert at in {"0003", head()}
    if at == "0003":
        assert rows_of(empty, filled) == before
    upgrade(empty.write_engine)
    assert drift(empty.engine) == []
