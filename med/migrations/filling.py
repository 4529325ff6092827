"""What rows that are there already need when 0004 brings new tables and columns. Plain SQL, on both databases."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from med.db import UtcDateTime
from med.migrations import triggers


def fill(connection: Connection) -> None:
    chain_journal(connection)


AT_ONCE = 10_000
JOURNAL = sa.table(
    "journal_entry",
    *(sa.column(name, kind) for name, kind in (
        ("id", sa.BigInteger()), ("at", UtcDateTime()), ("person_id", sa.BigInteger()), ("happened", sa.Text()),
        ("thing", sa.Text()), ("thing_id", sa.BigInteger()), ("fields", sa.Text()), ("sha256", sa.Text()),
    )),
)  # fmt: skip
HEAD = sa.table("journal_head", sa.column("id"), sa.column("entry_id"), sa.column("sha256"))


def chain_journal(connection: Connection) -> None:
    """Chain the lines written before there was a chain, in the order of their numbers; gaps stay as they are."""
    from med.journal.chain import FIRST, link  # the rule of the chain itself, which never changes

    last, before = 0, FIRST
    dialect = connection.dialect.name
    asked = sa.select(*(column for column in JOURNAL.c if column.name != "sha256")).order_by(JOURNAL.c.id)
    chained = sa.update(JOURNAL).where(JOURNAL.c.id == sa.bindparam("entry")).values(sha256=sa.bindparam("hash"))
    guards_down = False
    while rows := connection.execute(asked.where(JOURNAL.c.id > last).limit(AT_ONCE)).all():
        if not guards_down:
            run_all(connection, triggers.drop(dialect, "journal_entry"))
            guards_down = True
        found: list[dict[str, Any]] = []
        for last, *line in rows:
            before = link(before, last, line)
            found.append({"entry": last, "hash": before})
        connection.execute(chained, found)
    if guards_down:
        run_all(connection, triggers.put_back(dialect, "journal_entry"))
        connection.execute(sa.insert(HEAD).values(id=1, entry_id=last, sha256=before))


def run_all(connection: Connection, statements: list[str]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)
