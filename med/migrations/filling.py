"""What rows that are there already need when 0004 brings new tables and columns. Plain SQL, on both databases."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from med.db import UtcDateTime
from med.migrations import triggers
from med.migrations.filling_compass import keep_beside_scores
from med.migrations.filling_search import fill_search
from med.workdays import copenhagen


def fill(connection: Connection) -> None:
    connection.execute(sa.insert(STEP).values(revision="0004", works_with="0004"))  # older programs write no chain
    chain_journal(connection)
    keep_beside_scores(connection)
    tell_newest_runs(connection)
    fill_search(connection)


STEP = sa.table("schema_step", sa.column("revision"), sa.column("works_with"))
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


RUN = sa.table(
    "compass_effect_run",
    *(sa.column(name, kind) for name, kind in (
        ("id", sa.BigInteger()), ("version_id", sa.BigInteger()), ("state", sa.Text()), ("done_at", UtcDateTime()),
    )),
)  # fmt: skip
ESTIMATE = sa.table(
    "compass_effect_estimate",
    *(sa.column(name) for name in ("id", "run_id", "activity_id", "dimension_id", "n", "shrunken")),
)
TOLD = sa.table(
    "compass_told_estimate",
    *(sa.column(name) for name in ("estimate_id", "activity_id", "dimension_id", "told_as")),
    sa.column("at", UtcDateTime()),
)
QUARTERS_RUN = sa.table("compass_quarters_run", *(sa.column(name) for name in ("version_id", "quarter", "run_id")))


def tell_newest_runs(connection: Connection) -> None:
    """What was shown of effects until now, the newest run of each instrument version, goes on being what is told."""
    newest = sa.select(sa.func.max(RUN.c.id)).where(RUN.c.state == "done").group_by(RUN.c.version_id)
    for run_id, version_id, done_at in connection.execute(
        sa.select(RUN.c.id, RUN.c.version_id, RUN.c.done_at).where(RUN.c.id.in_(newest)).order_by(RUN.c.id)
    ).all():
        day = copenhagen(done_at)
        quarter = f"{day.year}-{(day.month - 1) // 3 + 1}"
        connection.execute(sa.insert(QUARTERS_RUN).values(version_id=version_id, quarter=quarter, run_id=run_id))
        rows = connection.execute(sa.select(ESTIMATE).where(ESTIMATE.c.run_id == run_id).order_by(ESTIMATE.c.id)).all()
        told = [
            {
                "estimate_id": row.id,
                "activity_id": row.activity_id,
                "dimension_id": row.dimension_id,
                "told_as": "figures" if row.n >= 10 and row.shrunken is not None else "words",
                "at": done_at,
            }
            for row in rows
        ]
        if told:
            connection.execute(sa.insert(TOLD), told)
