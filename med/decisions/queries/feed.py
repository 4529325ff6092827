"""The feed: published decisions, newest first, a page at a time.

Keyset paging: a page starts after a place (published_at, id), so page 2,000 of a million costs as little as the
first. The keys come first, in one walk of an index; the words are read only for entries not rendered lately.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, bindparam, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from med.access import Viewer
from med.db import UtcDateTime
from med.decisions.access import OVER, published_decisions
from med.decisions.filters import LARGEST_ID, Filters
from med.decisions.models import Decision, Tag
from med.errors import Unreadable
from med.language import T
from med.meetings.models import Meeting
from med.organisation.access import visible_committees
from med.organisation.models import Committee, Person
from med.organisation.queries import person_by_words
from med.perspectives.models import Perspective
from med.text import collation_key
from med.workdays import to_utc

PAGE = 50
CAP = 100  # a count above 99 is shown as "99+": nobody needs it exact, and it would cost a walk of everything
SEARCHED = 5000  # a text search reads the newest so many, and the page says so

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Cursor(NamedTuple):
    """A place in the feed: between this decision and its neighbour."""

    published_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.published_at - EPOCH) // MICROSECOND}.{self.id}"


def read_cursor(raw: str) -> Cursor | None:
    """A place from an address; None when there is none. Raises Unreadable for what is no place."""
    if not raw:
        return None
    moment, dot, number = raw.partition(".")
    digits = moment.isascii() and moment.isdecimal() and number.isascii() and number.isdecimal()
    if not dot or not digits or len(moment) > 16 or len(number) > 19 or int(number) > LARGEST_ID:
        raise Unreadable(T("Adressen indeholder et tal, der ikke giver mening."))
    return Cursor(EPOCH + int(moment) * MICROSECOND, int(number))


class Key(NamedTuple):
    """All that decides how an entry looks, but its words: those follow from `uid` and `version`."""

    id: int
    uid: str
    version: int
    published_at: datetime
    committee: str
    meeting: str | None
    responsible: str | None
    changed_at: datetime

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.published_at, self.id)


class Slice(NamedTuple):
    """A page of the feed, and where its neighbours start; None where there are no more."""

    keys: list[Key]
    newer: Cursor | None
    older: Cursor | None


def who_is_meant(db: Session, viewer: Viewer, words: str) -> int | None:
    """The person id of a filter's "ansvarlig": oneself for "mig", 0 for a name nobody (or several) have."""
    if not words:
        return None
    if words.lower() in {"mig", "me"}:
        return viewer.person_id
    found = person_by_words(db, viewer, words)
    return found.id if found else 0


def know_responsible(db: Session, viewer: Viewer, filters: Filters) -> Filters:
    """The filters with the person that `responsible` names looked up. Ask once; every question then has it."""
    return replace(filters, responsible_id=who_is_meant(db, viewer, filters.responsible))


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
    if is_usual(viewer, filters) and before is None and after is None:
        asked, given = usual_page(filters.perspective), {"inside": list(viewer.inside)}
    else:
        asked, given = page_of(viewer, filters, before, after, news_since), {}
    found = [Key(*row) for row in db.execute(asked.limit(limit + 1), given)]
    is_more = len(found) > limit
    found = found[:limit]
    if after is not None:
        found.reverse()
        return Slice(found, found[0].cursor if is_more else None, found[-1].cursor if found else None)
    newer = found[0].cursor if found and before is not None else None
    return Slice(found, newer, found[-1].cursor if is_more else None)


def page_of(
    viewer: Viewer, filters: Filters, before: Cursor | None, after: Cursor | None, news_since: datetime | None
) -> Select[*tuple[Any, ...]]:
    by_tag = walks_tags(filters)
    place = (Tag.published_at, Tag.decision_id) if by_tag else (Decision.published_at, Decision.id)
    short = func.coalesce(func.nullif(Committee.short_name, ""), Committee.name)
    asked: Select[*tuple[Any, ...]] = (
        select(
            Decision.id,
            Decision.uid,
            Decision.version,
            Decision.published_at,
            short,
            Meeting.title,
            Person.name,
            Decision.changed_at,
        )
        .select_from(Tag if by_tag else Decision)
        .where(*conditions(viewer, filters, news_since))
    )
    if by_tag:
        asked = asked.join(Decision, Decision.id == Tag.decision_id)
    asked = (
        asked.join(Committee, Committee.id == Decision.committee_id)
        .outerjoin(Meeting, Meeting.id == Decision.meeting_id)
        .outerjoin(Person, Person.id == Decision.responsible_id)
    )
    if filters.words:
        asked = asked.where(Decision.id.in_(select(searched(viewer, filters, news_since).c.id)))
    if before is not None:
        asked = asked.where(tuple_(*place) < values(before))
    if after is not None:
        asked = asked.where(tuple_(*place) > values(after))
        return asked.order_by(place[0].asc(), place[1].asc())
    return asked.order_by(place[0].desc(), place[1].desc())


def values(cursor: Cursor) -> Any:
    return tuple_(literal(cursor.published_at, UtcDateTime()), literal(cursor.id))


# --- the usual page: nothing chosen but perhaps a perspective ---------------------------------------------------------
# Putting a statement together in Python costs more than running it. What nearly everybody asks is put together once,
# by the same functions, for an employee whose committees are filled in when it runs.


class AnyEmployee:
    is_employee = True
    inside: Any = bindparam("inside", expanding=True)


ANY_EMPLOYEE = cast(Viewer, AnyEmployee())


def is_usual(viewer: Viewer, filters: Filters) -> bool:
    return viewer.is_employee and filters == Filters(perspective=filters.perspective)


@cache
def usual_page(perspective: Perspective | None) -> Select[*tuple[Any, ...]]:
    return page_of(ANY_EMPLOYEE, Filters(perspective=perspective), None, None, None)


@cache
def usual_counts() -> Select[*tuple[Any, ...]]:
    return counts_of(ANY_EMPLOYEE, Filters(), None)


def walks_tags(filters: Filters) -> bool:
    """Whether a perspective's own index is the shortest way: when nothing rarer was asked for."""
    return bool(filters.perspective and not (filters.responsible or filters.state or filters.words))


def conditions(viewer: Viewer, filters: Filters, news_since: datetime | None) -> list[ColumnElement[bool]]:
    """What the filters and the viewer's rights come to, on Decision (joined with Tag where `walks_tags` says so)."""
    found: list[ColumnElement[bool]] = []
    table: type[Decision] | type[Tag] = Decision
    if walks_tags(filters):
        table = Tag
        found += [
            Tag.perspective == filters.perspective,
            Tag.published_at.is_not(None),
            or_(Tag.is_open, Tag.committee_id.in_(viewer.inside)),
        ]
    elif filters.perspective:
        found.append(serves(filters.perspective))
    found.append(published_decisions(viewer))
    if filters.committee_id is not None:
        found.append(table.committee_id == filters.committee_id)
    if filters.state is not None:
        found.append(Decision.state == filters.state)
    if filters.in_force:
        found.append(Decision.state.not_in(OVER))
    if filters.responsible_id is not None:
        found.append(Decision.responsible_id == filters.responsible_id)
    if filters.since:
        found.append(table.published_at >= midnight(filters.since))
    if filters.until:
        found.append(table.published_at < midnight(filters.until + timedelta(days=1)))
    if filters.only_new and news_since is not None:
        found.append(table.published_at > news_since)
    if filters.words:
        found += [has_word(word) for word in filters.search]
    return found


def midnight(day: date) -> datetime:
    return to_utc(day, time(0))


def serves(perspective: Perspective) -> ColumnElement[bool]:
    return exists().where(Tag.decision_id == Decision.id, Tag.perspective == perspective)


def has_word(word: str) -> ColumnElement[bool]:
    """Whether a word stands in what was decided or why. SQLite folds only A–Z, so æ, ø and å are tried as written."""
    forms = dict.fromkeys([word, word.lower(), word.upper(), word.capitalize()])
    wanted = {form.translate(ASCII_LOWER): form for form in forms}.values()
    return or_(
        *(
            column.icontains(form, autoescape=True)
            for form in wanted
            for column in (Decision.text, Decision.why, Decision.meaning)
        )
    )


ASCII_LOWER = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}


def searched(viewer: Viewer, filters: Filters, news_since: datetime | None) -> Subquery:
    """The newest decisions a text search looks through, whatever else is chosen besides the words."""
    rest = replace(filters, words="", perspective=None)
    return (
        select(Decision.id)
        .where(*conditions(viewer, rest, news_since))
        .order_by(Decision.published_at.desc(), Decision.id.desc())
        .limit(SEARCHED)
        .subquery()
    )


def chip_counts(
    db: Session, viewer: Viewer, filters: Filters, *, news_since: datetime | None = None
) -> dict[Perspective | None, int]:
    """How many the list holds under each perspective's chip with the other filters as they are; None is "Alle".

    Each count stops at CAP, which is shown as "99+": below that it equals the list, above it costs no more than
    a walk of a hundred entries. All five are one query.
    """
    if is_usual(viewer, filters):
        row = db.execute(usual_counts(), {"inside": list(viewer.inside)}).one()
    else:
        row = db.execute(counts_of(viewer, filters, news_since)).one()
    return dict(zip(CHIPS, row, strict=True))


CHIPS: list[Perspective | None] = [None, *Perspective]


def counts_of(viewer: Viewer, filters: Filters, news_since: datetime | None) -> Select[*tuple[Any, ...]]:
    if filters.words:
        return counts_of_search(viewer, filters, news_since)
    columns = []
    for perspective in CHIPS:
        chosen = replace(filters, perspective=perspective)
        asked: Select[*tuple[Any, ...]] = select(literal(1).label("one"))
        if walks_tags(chosen):
            asked = asked.select_from(Tag).join(Decision, Decision.id == Tag.decision_id)
        else:
            asked = asked.select_from(Decision)
        columns.append(capped(asked.where(*conditions(viewer, chosen, news_since))))
    return select(*columns)


def counts_of_search(viewer: Viewer, filters: Filters, news_since: datetime | None) -> Select[*tuple[Any, ...]]:
    """The same for a text search: the texts are looked through once, and what is found is counted five ways."""
    rest = replace(filters, perspective=None)
    hits = (
        select(Decision.id)
        .where(
            *conditions(viewer, rest, news_since),
            Decision.id.in_(select(searched(viewer, filters, news_since).c.id)),
        )
        .cte("hits")
    )
    columns = []
    for perspective in CHIPS:
        asked: Select[*tuple[Any, ...]] = select(literal(1).label("one")).select_from(hits)
        if perspective is not None:
            asked = asked.join(Tag, and_(Tag.decision_id == hits.c.id, Tag.perspective == perspective))
        columns.append(capped(asked))
    return select(*columns)


def capped(asked: Select[*tuple[Any, ...]]) -> Any:
    return select(func.count()).select_from(asked.limit(CAP).subquery()).scalar_subquery()


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
            )
            .outerjoin(Tag, and_(Tag.decision_id == Decision.id, Tag.is_main.is_(False)))
            .where(Decision.id.in_(ids), published_decisions(viewer))
            .order_by(Tag.id)
        )
    )


def committee_choices(db: Session, viewer: Viewer) -> list[tuple[int, str]]:
    """Committees to filter by, by name."""
    rows = db.execute(select(Committee.id, Committee.name).where(visible_committees(viewer)))
    return sorted(((row.id, row.name) for row in rows), key=lambda row: collation_key(row[1]))
