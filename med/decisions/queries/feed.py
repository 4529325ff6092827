"""The feed: published decisions, newest first, a page at a time.

Keyset paging: a page starts after a place (published_at, id), so page 2,000 of a million costs as little as the
first. The keys come first, in one walk of an index; the words are read only for entries not rendered lately.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Row, and_, bindparam, case, select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.decisions.access import published_decisions
from med.decisions.filters import Filters
from med.decisions.models import Decision, Tag
from med.decisions.queries.asking import (
    CAP,
    CHIPS,
    EPOCH,
    MICROSECOND,
    PAGE,
    Cursor,
    Key,
    counts_question,
    given,
    looks_through,
    page_question,
    shape_of,
)
from med.decisions.queries.searching import numbered
from med.errors import Unreadable
from med.kept import Kept
from med.language import T
from med.meetings.models import Item, Minutes
from med.numbers import number_in
from med.organisation.queries import person_by_words
from med.perspectives.models import Perspective
from med.prepared import Prepared


def read_cursor(raw: str) -> Cursor | None:
    """A place from an address; None when there is none. Raises Unreadable for what is no place."""
    if not raw:
        return None
    moment, _, number = raw.partition(".")
    since, id = number_in(moment, 10**16 - 1), number_in(number)
    if since is None or id is None:
        raise Unreadable(T("Adressen indeholder et tal, der ikke giver mening."))
    return Cursor(EPOCH + since * MICROSECOND, id)


class AtLeast(int):
    """A count of what was looked through, where there is more of it."""


class Slice(NamedTuple):
    """A page of the feed, and where its neighbours start; None where there are no more."""

    keys: list[Key]
    newer: Cursor | None
    older: Cursor | None


def who_is_meant(db: Session, viewer: Viewer, words: str) -> int:
    """The person id of a filter's "ansvarlig": oneself for "mig", 0 for a name nobody (or several) have."""
    if words.lower() in {"mig", "me"}:
        return viewer.person_id
    found = person_by_words(db, viewer, words)
    return found.id if found else 0


def look_up(db: Session, viewer: Viewer, filters: Filters) -> Filters:
    """The filters with what they name looked up: the person that `responsible` means, and the decisions whose number
    stands in `words`. Ask once; every question then has it."""
    if filters.responsible:
        filters = replace(filters, responsible_id=who_is_meant(db, viewer, filters.responsible))
    return replace(filters, ids=numbered(db, viewer, filters.words)) if filters.words else filters


def newest(
    db: Session,
    viewer: Viewer,
    filters: Filters,
    *,
    before: Cursor | None = None,
    after: Cursor | None = None,
    news_since: datetime | None = None,
    limit: int = PAGE,
) -> Slice:
    """The newest decisions the viewer may read; `before` goes on to older ones, `after` back to newer ones."""
    if not viewer.is_employee:
        return Slice([], None, None)
    asked = page_question(shape_of(filters, "before" if before else "after" if after else ""), limit + 1)
    found: list[Key] = asked(db, **given(viewer, filters, before or after, news_since))
    is_more = len(found) > limit
    found = found[:limit]
    if after is not None:
        found.reverse()
        is_last = not found or after.published_at <= EPOCH  # from the very beginning: nothing is older
        return Slice(found, found[0].cursor if is_more else None, None if is_last else found[-1].cursor)
    newer = found[0].cursor if found and before is not None else None
    return Slice(found, newer, found[-1].cursor if is_more else None)


def chip_counts(
    db: Session, viewer: Viewer, filters: Filters, *, news_since: datetime | None = None
) -> dict[Perspective | None, int]:
    """How many the list holds under each perspective's chip with the other filters as they are; None is "Alle".

    Each count stops at CAP, which is shown as "99+": below that it equals the list, above it costs no more than
    a walk of a hundred entries. With a state or a person only the newest CAP are looked through, with words the newest
    PAGE, which the page has at hand: where there are more, a count is `AtLeast`.
    """
    if not viewer.is_employee:
        return dict.fromkeys(CHIPS, 0)
    if filters.perspective:
        filters = replace(filters, perspective=None)
    row: Sequence[int]
    if filters.words:
        first = newest(db, viewer, filters, news_since=news_since)
        served = Counter(one for served in serving(db, first.keys) for one in served)
        row = len(first.keys), *(served[one] for one in Perspective)
        is_more = first.older is not None
    else:
        row = counts_question(shape_of(filters, ""))(db, **given(viewer, filters, None, news_since))[0]
        is_more = looks_through(filters) and row[0] >= CAP
    return dict(zip(CHIPS, map(AtLeast, row) if is_more else row, strict=True))


Serves = frozenset[Perspective]
# What an entry serves follows from `uid` and `version`, as its words do: it need not be asked anew after each save.
SERVES: Kept[Serves] = Kept(20_000)
TAGGED = Prepared(
    lambda: (
        select(Decision.id, Decision.version, Tag.perspective)
        .join(Tag, Tag.decision_id == Decision.id)
        .where(Decision.id.in_(bindparam("ids", expanding=True)))
    )
)


def serving(db: Session, keys: Sequence[Key]) -> list[Serves]:
    """The perspectives that each of these entries serves."""
    found = SERVES.get_all([key[1:3] for key in keys])
    if missing := [key.id for key, served in zip(keys, found, strict=True) if served is None]:
        tags: dict[tuple[int, int], list[Perspective]] = {}
        for id, version, perspective in TAGGED(db, ids=missing):
            tags.setdefault((id, version), []).append(perspective)
        for at, key in enumerate(keys):
            if found[at] is None:
                # Of another version than its key's only where it was changed between the two questions.
                found[at] = served = frozenset(tags.get((key.id, key.version), ()))
                if served:
                    SERVES.put(key[1:3], served)
    return [served or frozenset() for served in found]


def entries(db: Session, viewer: Viewer, ids: Sequence[int]) -> list[Row[*tuple[Any, ...]]]:
    """The words of entries by id, one row for each of their tags; the main one has `is_main`."""
    if not ids:
        return []
    return list(
        db.execute(
            select(
                Decision.id,
                Decision.version,
                Decision.is_open,
                Decision.year,
                Decision.number,
                Decision.text,
                Decision.why,
                Decision.meaning,
                Decision.perspective,
                Decision.due,
                Decision.state,
                Decision.withdrawn_reason,
                Decision.before_discussion,
                Decision.decided_at,
                Decision.published_at,
                Decision.changed_at,
                Tag.perspective.label("tag"),
                # Where the sides disagreed, the approved minutes say so, and so does the feed.
                case((Minutes.chairs_approved_at.is_not(None), Item.consensus)).label("consensus"),
            )
            .outerjoin(Item, Item.id == Decision.item_id)
            .outerjoin(Minutes, Minutes.meeting_id == Decision.meeting_id)
            .outerjoin(Tag, and_(Tag.decision_id == Decision.id, Tag.is_main.is_(False)))
            .where(Decision.id.in_(ids), published_decisions(viewer))
            .order_by(Tag.id)
        )
    )
