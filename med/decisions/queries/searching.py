"""`/soeg`: published decisions and the open items of agendas and minutes, newest first, as far as one may read them.

The index gives places in order of time; each is asked of the decision or the item itself, by the clause that its own
page asks by. What may not be read leaves no trace, in no count either.
"""

import re
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from med import search
from med.access import Viewer
from med.db import BigInt
from med.decisions.access import published_decisions
from med.decisions.models import Decision
from med.meetings.access import visible_items, visible_words
from med.meetings.models import Item, Meeting
from med.numbers import LARGEST_ID, asked_number
from med.organisation.access import ANY_EMPLOYEE, own
from med.organisation.models import Committee
from med.prepared import Prepared
from med.search import INDEX

RESULTS = 30  # on a page


class Hits(NamedTuple):
    """A page of (place, kind, id), newest first, and where the next one starts."""

    keys: list[Any]
    older: int | None


@cache
def question(kind: str) -> Prepared:
    """`kind` is "" for both: what only one can be asks the other's clause nothing.

    Each hit looks its own row up. Said as EXISTS, PostgreSQL would rather read every decision once and remember them;
    told to put the hits in order first, it reads all hits of a common word, of which it else walks a few.
    """
    readable = {
        search.DECISION: is_one(Decision, published_decisions(ANY_EMPLOYEE)),
        search.ITEM: is_one(Item, visible_items(ANY_EMPLOYEE)),
    }
    wanted = [and_(search.is_of(one), may) for one, may in readable.items() if kind in ("", one)]
    return Prepared(
        lambda: (
            select(INDEX.c.rowid, INDEX.c.kind, INDEX.c.thing_id)
            .where(
                search.matches(bindparam("sought", type_=search.Terms())),
                INDEX.c.rowid < bindparam("before", type_=BigInt),
                or_(*wanted),
            )
            .order_by(INDEX.c.rowid.desc())
            .limit(RESULTS + 1)
        ),
        weighs=True,
    )


def is_one(table: Any, clause: Any) -> Any:
    return select(table.id).where(table.id == search.its_thing(), clause).scalar_subquery().is_not(None)


NUMBER = re.compile(r"(?P<committee>.*?)\s*\b(?P<year>[12]\d{3})-(?P<closed>l?)(?P<number>\d{1,9})", re.IGNORECASE)


def numbered(db: Session, viewer: Viewer, words: str) -> tuple[int, ...] | None:
    """The decisions that the words are the number of, as it is printed: "2026-14", "MED-ledelsen 2026-14",
    "2026-L3" on a closed item. None where they are no number, or of nothing that may be read: then they are words."""
    said = NUMBER.fullmatch(words)
    if said is None or not viewer.is_employee:
        return None
    given = {"year": int(said["year"]), "number": int(said["number"]), "is_open": not said["closed"]}
    name = search.words_of(said["committee"])
    rows = NUMBERED(db, **given, **own(viewer))
    ids = [row.id for row in rows if not name or name in (search.words_of(row.name), search.words_of(row.short_name))]
    return tuple(ids) or None


NUMBERED = Prepared(
    lambda: (
        select(Decision.id, Committee.name, Committee.short_name)
        .join(Committee, Committee.id == Decision.committee_id)
        .where(
            published_decisions(ANY_EMPLOYEE),
            Decision.year == bindparam("year"),
            Decision.number == bindparam("number"),
            Decision.is_open == bindparam("is_open"),
        )
    )
)
PLACES_OF = Prepared(
    lambda: (
        select(search.TEXTS.c.place.label("rowid"), search.TEXTS.c.kind, search.TEXTS.c.thing_id)
        .join(Decision, Decision.id == search.TEXTS.c.thing_id)
        .where(
            search.TEXTS.c.kind == search.DECISION,
            search.TEXTS.c.thing_id.in_(bindparam("ids", expanding=True)),
            search.TEXTS.c.place < bindparam("before", type_=BigInt),
            published_decisions(ANY_EMPLOYEE),
        )
        .order_by(search.TEXTS.c.place.desc())
        .limit(RESULTS + 1)
    )
)


def found(db: Session, viewer: Viewer, words: str, kind: str = "", before: int | None = None) -> Hits:
    """The newest things that hold all the words and may be read, from a place on; or the decisions of that number."""
    wanted = search.sought(words, *([kind] if kind == search.ITEM else []))  # the mark of few; most are decisions
    if wanted.is_empty or not viewer.is_employee:
        return Hits([], None)
    before = before or LARGEST_ID
    if kind != search.ITEM and (ids := numbered(db, viewer, words)):
        rows = PLACES_OF(db, ids=ids, before=before, **own(viewer))
    else:
        rows = question(kind)(db, sought=wanted, before=before, **own(viewer))
    return Hits(rows[:RESULTS], rows[RESULTS - 1].rowid if len(rows) > RESULTS else None)


def read_place(raw: str) -> int | None:
    """Where a page goes on. Raises Unreadable for what is no place."""
    return asked_number(raw)


def words_of_hits(db: Session, viewer: Viewer, hits: Hits) -> list[tuple[str, Any]]:
    """(kind, row with what is shown), in the order of the hits."""
    rows: dict[tuple[str, int], Any] = {}
    for kind, asked in WORDS.items():
        if ids := [key.thing_id for key in hits.keys if key.kind == kind]:
            rows |= {(kind, row.id): row for row in asked(db, ids=ids, **own(viewer))}
    wanted = ((key.kind, key.thing_id) for key in hits.keys)
    return [(one[0], rows[one]) for one in wanted if one in rows]


SHORT = func.coalesce(func.nullif(Committee.short_name, ""), Committee.name).label("committee")
THESE: Any = bindparam("ids", expanding=True)
WORDS = {
    search.DECISION: Prepared(
        lambda: (
            select(
                Decision.id, Decision.text, Decision.why, Decision.meaning, Decision.is_open, Decision.year,
                Decision.number, Decision.perspective, Decision.published_at, SHORT,
            )
            .join(Committee, Committee.id == Decision.committee_id)
            .where(Decision.id.in_(THESE), published_decisions(ANY_EMPLOYEE))
        )
    ),
    search.ITEM: Prepared(
        lambda: (
            select(
                Item.id, Item.meeting_id, Item.title, Item.case_text, Item.recommendation, Item.minutes_text,
                Item.statement_management, Item.statement_employees, visible_words(ANY_EMPLOYEE).label("has_words"),
                Meeting.title.label("meeting"), Meeting.starts_at, SHORT,
            )
            .join(Meeting, Meeting.id == Item.meeting_id)
            .join(Committee, Committee.id == Item.committee_id)
            .where(Item.id.in_(THESE), visible_items(ANY_EMPLOYEE))
        )
    ),
}  # fmt: skip
