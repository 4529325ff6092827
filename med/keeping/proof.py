"""What a database holds, as numbers: the rows of every table, and a hash of what stands in them.

The hash is the same for two databases that hold the same rows, wherever and in whatever order they lie: each row is
hashed, and a table's rows are added up. It is an answer to "is this copy the same", not to "who has changed it".
"""

import hashlib
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import Struct

SIZE = 2**256


class Damaged(Exception):
    """A copy that is not what it should be, or cannot be made; one sentence on what is wrong."""

    status = 1


class NoCopy(Damaged):
    """What was given for a copy is none of ours."""

    status = 2


class Proof(Struct, frozen=True):
    """Table -> how many rows, and table -> their hash."""

    rows: dict[str, int]
    tables: dict[str, str]

    @property
    def sha256(self) -> str:
        lines = "".join(f"{name} {self.rows[name]} {self.tables[name]}\n" for name in sorted(self.rows))
        return hashlib.sha256(lines.encode()).hexdigest()

    def differs_from(self, rows: dict[str, int], tables: dict[str, str]) -> str:
        """The first table that is not as `rows` and `tables` say, in a sentence; "" when all are. Copies made before
        there were hashes have none."""
        for name in sorted(self.rows.keys() | rows.keys()):
            if self.rows.get(name) != rows.get(name):
                return f"{name} has {self.rows.get(name)} rows; the manifest says {rows.get(name)}"
            if tables and self.tables.get(name) != tables.get(name):
                return f"{name} has as many rows as the manifest says, but not the same"
        return ""


def of_sqlite(file: Path) -> Proof:
    """Of a SQLite file. Raises Damaged when the file itself is not sound."""
    rows, tables = {}, {}
    with closing(sqlite3.connect(file)) as db:
        try:
            found = [row[0] for row in db.execute("PRAGMA integrity_check")]
            if found != ["ok"] or db.execute("PRAGMA foreign_key_check").fetchone():
                raise Damaged(f"{file} is damaged: {found[0]}.")
            names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            for (name,) in names.fetchall():
                columns = sorted(row[1] for row in db.execute(f'PRAGMA table_info("{name}")'))
                asked = ", ".join(f'"{column}"' for column in columns)
                lines = db.execute(f'SELECT {asked} FROM "{name}"')  # nosec B608 - names of our own tables
                rows[name], tables[name] = added_up(repr(row).encode() for row in lines)
        except sqlite3.DatabaseError as error:
            raise Damaged(f"{file} is damaged: {error}.") from None
    return Proof(rows, tables)


def of_postgresql(db: Any) -> Proof:
    """Of what a psycopg connection sees at its moment. The values are compared as PostgreSQL writes them."""
    from psycopg import sql

    db.execute("SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL bytea_output = 'hex'")
    db.execute("SET LOCAL extra_float_digits = 1; SET LOCAL statement_timeout = 0")
    asked = (
        'SELECT table_name, array_agg(column_name::text ORDER BY column_name COLLATE "C") FROM '
        "information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) "
        "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' GROUP BY table_name"
    )
    rows, tables = {}, {}
    for name, columns in db.execute(asked).fetchall():
        lines = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(name)
        )
        with db.cursor() as cursor, cursor.copy(lines) as copy:
            rows[name], tables[name] = added_up(bytes(line) for line in copy)
    return Proof(rows, tables)


def added_up(lines: Iterable[bytes]) -> tuple[int, str]:
    count = total = 0
    for line in lines:
        count += 1
        total += int.from_bytes(hashlib.sha256(line).digest())
    return count, f"{total % SIZE:064x}"
