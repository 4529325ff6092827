"""How the feed's questions are put together: filters and rights as conditions, on the shortest index there is."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from msgspec.structs import replace
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    distinct,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from med import search
from med.access import Viewer
from med.db import BigInt, UtcDateTime
from med.decisions.access import OVER, published_decisions
from med.decisions.filters import Filters
from med.decisions.models import Decision, DecisionState, Tag
from med.meetings.models import Meeting
from med.organisation.access import ANY_EMPLOYEE
from med.organisation.models import Committee, Person
from med.perspectives.models import Perspective
from med.prepared import Prepared
from med.workdays import to_utc

PAGE = 50
CAP = 100  # a count above 99 is shown as "99+": nobody needs it exact, and it would cost a walk of everything

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Cursor(NamedTuple):
    """A place in the feed: between this decision and its neighbour."""

    published_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.published_at - EPOCH) // MICROSECOND}.{self.id}"


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


def page_of(
    viewer: Viewer, filters: Filters, before: Cursor | None, after: Cursor | None, news_since: datetime | None
) -> Select[*tuple[Any, ...]]:
    by_tag = walks_tags(filters)
    by_words = bool(filters.words) and filters.ids is None
    place: Any = (Tag.published_at, Tag.decision_id) if by_tag else (Decision.published_at, Decision.id)
    if by_words:
        place = (search.INDEX.c.rowid,)
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
        .select_from(search.INDEX if by_words else Tag if by_tag else Decision)
        .where(*conditions(viewer, filters, news_since))
    )
    if by_tag:
        asked = asked.join(Decision, Decision.id == Tag.decision_id)
    if by_words:
        asked = asked.join(Decision, Decision.id == search.its_thing())
    asked = (
        asked.join(Committee, Committee.id == Decision.committee_id)
        .outerjoin(Meeting, Meeting.id == Decision.meeting_id)
        .outerjoin(Person, Person.id == Decision.responsible_id)
    )
    if before is not None:
        asked = asked.where(tuple_(*place) < values(before) if not by_words else place[0] < place_of(before))
    if after is not None:
        asked = asked.where(tuple_(*place) > values(after) if not by_words else place[0] > place_of(after))
        return asked.order_by(*(column.asc() for column in place))
    return asked.order_by(*(column.desc() for column in place))


def place_of(cursor: Cursor) -> Any:
    """Where the decision at a place in the feed stands in the search; its moment, where it is not there."""
    its = select(search.TEXTS.c.place).where(
        search.TEXTS.c.kind == search.DECISION, search.TEXTS.c.thing_id == cursor.id
    )
    return func.coalesce(its.scalar_subquery(), first_place(cursor.published_at))


def first_place(moment: Any) -> Any:
    """Where a moment begins in the search; for a moment that is filled in, so is its place (`given`)."""
    if isinstance(moment, BindParameter):
        return bindparam(f"{moment.key}_place", type_=BigInt)
    return search.first_place(moment, search.DECISION)


def values(cursor: Cursor) -> Any:
    if isinstance(cursor, Cursor):
        return tuple_(literal(cursor.published_at, UtcDateTime()), literal(cursor.id))
    return tuple_(cursor.published_at, cursor.id)


# --- put together once for each shape --------------------------------------------------------------------------------
# Putting a statement together in Python costs more than running it. So it is put together once for each choice of
# filters, by the same functions, for an employee whose committees, days and names are filled in when it runs.


class Shape(NamedTuple):
    """Which filters are set, whatever they are set to."""

    perspective: Perspective | None
    committee: bool
    state: DecisionState | None
    in_force: bool
    responsible: bool
    since: bool
    until: bool
    only_new: bool
    words: bool
    ids: bool
    way: str  # "before" or "after" a place, or ""


def shape_of(filters: Filters, way: str) -> Shape:
    return Shape(
        filters.perspective,
        filters.committee_id is not None,
        filters.state,
        filters.in_force,
        filters.responsible_id is not None,
        filters.since is not None,
        filters.until is not None,
        filters.only_new,
        bool(filters.words) and filters.ids is None,
        filters.ids is not None,
        way,
    )


BARE = shape_of(Filters(), "")


class FilledIn(str):
    """Words that are not there yet, in the filters of a shape."""


MOMENT: Any = bindparam("news_since", type_=UtcDateTime())
PLACE = cast(
    Cursor, SimpleNamespace(published_at=bindparam("at", type_=UtcDateTime()), id=bindparam("id", type_=BigInt))
)


def blank(shape: Shape) -> Filters:
    """Filters of this shape with places for what they are set to."""

    def there(is_set: bool, name: str, kind: Any) -> Any:
        return bindparam(name, type_=kind) if is_set else None

    return Filters(
        perspective=shape.perspective,
        committee_id=there(shape.committee, "committee", BigInt),
        state=shape.state,
        in_force=shape.in_force,
        responsible="x" if shape.responsible else "",
        responsible_id=there(shape.responsible, "responsible", BigInt),
        since=there(shape.since, "since", UtcDateTime()),
        until=there(shape.until, "until", UtcDateTime()),
        only_new=shape.only_new,
        words=FilledIn("x") if shape.words else "",
        ids=cast(Any, bindparam("ids", expanding=True)) if shape.ids else None,
    )


def given(viewer: Viewer, filters: Filters, place: Cursor | None, news_since: datetime | None) -> dict[str, Any]:
    """What is filled in. Names a shape has no place for are left out."""
    found: dict[str, Any] = {"inside": viewer.inside}
    if filters.committee_id is not None:
        found["committee"] = filters.committee_id
    if filters.responsible_id is not None:
        found["responsible"] = filters.responsible_id
    if filters.since:
        found["since"] = first_moment(filters.since)
    if filters.until:
        found["until"] = last_moment(filters.until)
    if filters.only_new:
        found["news_since"] = news_since or EPOCH
    if place is not None:
        found |= {"at": place.published_at, "id": place.id}
    if filters.ids is not None:
        found["ids"] = filters.ids
    elif filters.words:
        moments = {name: found[name] for name in ("since", "until", "news_since", "at") if name in found}
        found |= {f"{name}_place": first_place(moment) for name, moment in moments.items()}
        found["sought"] = sought(filters)
        found.pop("at", None)  # the search goes by places alone
    return found


@lru_cache(400)
def page_question(shape: Shape, limit: int) -> Prepared:
    before, after = (PLACE if shape.way == way else None for way in ("before", "after"))
    return Prepared(
        lambda: page_of(ANY_EMPLOYEE, blank(shape), before, after, MOMENT).limit(limit),
        # The pages everybody turns are other ones for each who has a seat, where they have something closed in them.
        remembered=200 if shape._replace(way="") == BARE else 20,
        row=Key,
        weighs=shape.words,
    )


@lru_cache(200)
def counts_question(shape: Shape) -> Prepared:
    return Prepared(lambda: counts_of(ANY_EMPLOYEE, blank(shape), MOMENT), remembered=1000 if shape == BARE else 100)


def walks_tags(filters: Filters) -> bool:
    """Whether a perspective's own index is the shortest way: when nothing rarer was asked for."""
    rarer = filters.responsible or filters.state or filters.words or filters.ids is not None
    return bool(filters.perspective and not rarer)


def conditions(viewer: Viewer, filters: Filters, news_since: datetime | None) -> list[ColumnElement[bool]]:
    """What the filters and the viewer's rights come to, on Decision (joined with Tag where `walks_tags` says so)."""
    found: list[ColumnElement[bool]] = []
    table: type[Decision] | type[Tag] = Decision
    if walks_tags(filters):
        table = Tag
        found += tag_conditions(viewer, filters, news_since)
    elif filters.perspective and (filters.ids is not None or not filters.words):
        found.append(serves(filters.perspective))
    found.append(published_decisions(viewer))
    if table is Decision:
        found += when_and_where(Decision, filters, news_since)
    if filters.state is not None:
        found.append(Decision.state == filters.state)
    if filters.in_force:
        found.append(Decision.state.not_in(OVER))
    if filters.responsible_id is not None:
        found.append(Decision.responsible_id == filters.responsible_id)
    if filters.ids is not None:
        found.append(Decision.id.in_(filters.ids))
    elif filters.words:
        found += words_conditions(filters, news_since)
    return found


def words_conditions(filters: Filters, news_since: datetime | None) -> list[ColumnElement[bool]]:
    """What the search's own index can tell, on search.INDEX: the words, whose, what it serves, and when."""
    wanted: Any = literal(sought(filters), search.Terms())
    if isinstance(filters.words, FilledIn):
        wanted = bindparam("sought", type_=search.Terms())
    found: list[ColumnElement[bool]] = [search.matches(wanted), search.is_of(search.DECISION)]
    place = search.INDEX.c.rowid
    if filters.since is not None:
        found.append(place >= first_place(first_moment(filters.since)))
    if filters.until is not None:
        found.append(place < first_place(last_moment(filters.until)))
    if filters.only_new and news_since is not None:
        found.append(place >= first_place(news_since))
    return found


def sought(filters: Filters) -> search.Sought:
    """The words, with what the search's index knows of a decision besides them."""
    marks = []
    if filters.committee_id is not None:
        marks.append(f"u{filters.committee_id}")
    if filters.perspective is not None:
        marks.append(filters.perspective.value)
    return search.sought(filters.words, *marks)


def tag_conditions(viewer: Viewer, filters: Filters, news_since: datetime | None) -> list[ColumnElement[bool]]:
    """The same on Tag alone, which carries what an entry's place and openness are decided by."""
    return [
        Tag.perspective == filters.perspective,
        Tag.published_at.is_not(None),
        or_(Tag.is_open, Tag.committee_id.in_(viewer.inside)),
        *when_and_where(Tag, filters, news_since),
    ]


def when_and_where(
    table: type[Decision] | type[Tag], filters: Filters, news_since: datetime | None
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.committee_id is not None:
        found.append(table.committee_id == filters.committee_id)
    if filters.since is not None:
        found.append(table.published_at >= first_moment(filters.since))
    if filters.until is not None:
        found.append(table.published_at < last_moment(filters.until))
    if filters.only_new and news_since is not None:
        found.append(table.published_at > news_since)
    return found


def first_moment(day: Any) -> Any:
    """Midnight as a day begins; what is no day is the place where a moment will be filled in."""
    return to_utc(day, time(0)) if isinstance(day, date) else day


def last_moment(day: Any) -> Any:
    return to_utc(day + timedelta(days=1), time(0)) if isinstance(day, date) else day


def serves(perspective: Perspective) -> ColumnElement[bool]:
    return exists().where(Tag.decision_id == Decision.id, Tag.perspective == perspective)


CHIPS: list[Perspective | None] = [None, *Perspective]


def looks_through(filters: Filters) -> bool:
    """Whether the chips are counted by looking through the newest: no index holds a perspective beside these."""
    return bool(filters.words or filters.state or filters.responsible)


def counts_of(viewer: Viewer, filters: Filters, news_since: datetime | None) -> Select[*tuple[Any, ...]]:
    if looks_through(filters):
        return counts_among_newest(viewer, replace(filters, perspective=None), news_since)
    columns = []
    for perspective in CHIPS:
        chosen = replace(filters, perspective=perspective)
        walked = Tag if walks_tags(chosen) else Decision
        asked: Select[*tuple[Any, ...]] = select(literal(1).label("one")).select_from(walked)
        if walked is Tag and not chosen.in_force:  # the index alone answers
            asked = asked.where(*tag_conditions(viewer, chosen, news_since))
        else:
            if walked is Tag:
                asked = asked.join(Decision, Decision.id == Tag.decision_id)
            asked = asked.where(*conditions(viewer, chosen, news_since))
        newest = asked.order_by(walked.published_at.desc()).limit(CAP).subquery()
        columns.append(select(func.count()).select_from(newest).scalar_subquery())
    return select(*columns)


def counts_among_newest(viewer: Viewer, filters: Filters, news_since: datetime | None) -> Select[*tuple[Any, ...]]:
    newest = (
        select(Decision.id)
        .where(*conditions(viewer, filters, news_since))
        .order_by(Decision.published_at.desc(), Decision.id.desc())
        .limit(CAP)
        .subquery()
    )
    return (
        select(func.count(distinct(newest.c.id)), *map(how_many, Perspective))
        .select_from(newest)
        .outerjoin(Tag, Tag.decision_id == newest.c.id)
    )


def how_many(perspective: Perspective) -> Any:
    return func.count().filter(Tag.perspective == perspective)
