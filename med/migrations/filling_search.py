"""What can be searched, from what is there already: everything published, in order of time. Plain SQL, both databases.

`med search rebuild` runs the same.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from med.db import UtcDateTime, insert_rows
from med.search import DECISION, ITEM, PUT_UP, TAKE_DOWN, decision_stems, item_stems, merge, places, run_all

AT_ONCE = 20_000
KEYS = {
    DECISION: "SELECT id, published_at AS at FROM decision WHERE published_at IS NOT NULL ORDER BY published_at, id",
    ITEM: (
        "SELECT i.id, coalesce(m.agenda_sent_at, n.chairs_approved_at) AS at FROM item AS i"
        " JOIN meeting AS m ON m.id = i.meeting_id LEFT JOIN minutes AS n ON n.meeting_id = m.id"
        " WHERE i.is_open AND i.standing IS NULL AND (m.agenda_sent_at IS NOT NULL OR n.chairs_approved_at IS NOT NULL)"
        " ORDER BY 2, 1"
    ),
}
WORDS = {
    DECISION: (
        "SELECT id, committee_id, text, why, meaning FROM decision"
        " WHERE published_at IS NOT NULL AND id > :last ORDER BY id LIMIT :many"
    ),
    ITEM: (
        "SELECT i.id, i.committee_id, i.title, i.case_text, i.recommendation,"
        " CASE WHEN n.chairs_approved_at IS NULL THEN '' ELSE i.minutes_text END,"
        " CASE WHEN n.chairs_approved_at IS NULL THEN '' ELSE i.statement_management END,"
        " CASE WHEN n.chairs_approved_at IS NULL THEN '' ELSE i.statement_employees END"
        " FROM item AS i JOIN meeting AS m ON m.id = i.meeting_id LEFT JOIN minutes AS n ON n.meeting_id = m.id"
        " WHERE i.is_open AND i.standing IS NULL AND (m.agenda_sent_at IS NOT NULL OR n.chairs_approved_at IS NOT NULL)"
        " AND i.id > :last ORDER BY i.id LIMIT :many"
    ),
}
TAGS = "SELECT decision_id, perspective FROM decision_tag WHERE decision_id > :first AND decision_id <= :last"
SEARCH_TEXT = sa.table(
    "search_text",
    *(sa.column(name, kind) for name, kind in (
        ("place", sa.BigInteger()), ("kind", sa.Text()), ("thing_id", sa.BigInteger()), ("stems", sa.Text()),
    )),
)  # fmt: skip


def fill_search(connection: Connection) -> int:
    """Fill the empty table, then put the index up over it. Gives the number of things."""
    db = Session(connection)
    count = 0
    for kind in (DECISION, ITEM):
        keys = connection.execute(sa.text(KEYS[kind]).columns(id=sa.BigInteger(), at=UtcDateTime())).all()
        place_of = dict(zip((key.id for key in keys), places((key.at for key in keys), kind), strict=True))
        count += len(place_of)
        del keys
        last = 0
        while rows := connection.execute(sa.text(WORDS[kind]), {"last": last, "many": AT_ONCE}).all():
            before, last = last, rows[-1].id
            stems = of_decisions(connection, rows, before, last) if kind == DECISION else of_items(rows)
            made = [(place_of[row.id], kind, row.id, its) for row, its in zip(rows, stems, strict=True)]
            insert_rows(db, SEARCH_TEXT, ("place", "kind", "thing_id", "stems"), made)  # type: ignore[arg-type]
    run_all(connection, PUT_UP)
    while merge(db, 100_000):
        pass
    return count


def of_decisions(connection: Connection, rows: Iterable[Any], first: int, last: int) -> list[str]:
    tags = defaultdict(list)
    for decision_id, perspective in connection.execute(sa.text(TAGS), {"first": first, "last": last}):
        tags[decision_id].append(perspective)
    return [decision_stems(committee, tags[id], *texts) for id, committee, *texts in rows]


def of_items(rows: Iterable[Any]) -> list[str]:
    return [item_stems(committee, *texts) for _, committee, *texts in rows]


def rebuild(connection: Connection) -> int:
    """Everything anew. SQLite's readers go on with the old index meanwhile; PostgreSQL's searches wait."""
    run_all(connection, TAKE_DOWN)
    connection.execute(sa.delete(SEARCH_TEXT))
    return fill_search(connection)


def behind(connection: Connection) -> int:
    """How many published things the search does not know, or knows and should not: 0 when all is well."""
    wrong = 0
    for kind, keys in KEYS.items():
        asked = (
            f"SELECT (SELECT count(*) FROM ({keys}) AS k WHERE NOT EXISTS (SELECT 1 FROM search_text AS s"  # nosec B608
            " WHERE s.kind = :kind AND s.thing_id = k.id)) + (SELECT count(*) FROM search_text AS s"
            f" WHERE s.kind = :kind AND NOT EXISTS (SELECT 1 FROM ({keys}) AS k WHERE k.id = s.thing_id))"
        )
        wrong += connection.execute(sa.text(asked), {"kind": kind}).scalar_one()
    return wrong
