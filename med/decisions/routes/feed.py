"""`/beslutninger`: the feed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from litestar import Response
from markupsafe import Markup

from med import clock, language
from med.access import signed_in
from med.decisions import circles, queries
from med.decisions.filters import IN_FORCE, Filters, read_filters
from med.decisions.fragments import heading, render_entries, surroundings
from med.decisions.models import DecisionState
from med.kept import Kept
from med.language import T
from med.organisation.choosing import committees_to_filter
from med.perspectives.models import Perspective
from med.perspectives.queries import Title, titles
from med.web.frames import in_html
from med.web.packing import Packed, packed
from med.web.pages import listed
from med.web.routing import Visit, get
from med.workdays import copenhagen, short_date


@get("/beslutninger", name="decisions.index", policy=signed_in)
def index(visit: Visit) -> Response:
    filters, errors = read_filters(visit.query)
    before, after = queries.read_cursor(visit.query.get("foer")), queries.read_cursor(visit.query.get("efter"))
    news_since = visit.arrival.news_since
    db, viewer = visit.db, visit.viewer
    filters = queries.look_up(db, viewer, filters)
    if filters.responsible_id == 0:
        errors["ansvarlig"] = T("Vi kender ikke “%(name)s”, eller flere hedder det.", name=filters.responsible)
    found = queries.newest(db, viewer, filters, before=before, after=after, news_since=news_since)
    perspectives = titles(db)
    counts = queries.chip_counts(db, viewer, filters, news_since=news_since)
    committees = committees_to_filter(db, viewer, filters.committee_id)
    newer, older = place(filters, "efter", found.newer), place(filters, "foer", found.older)
    chips = [
        ("", language.gettext("Alle perspektiver"), shown(counts[None])),
        *((one.value, title.short or title.title, shown(counts[one])) for one, title in perspectives.items()),
    ]

    values = {**filters.fields(), **{name: visit.query.get(name) for name in errors}}

    def context() -> dict[str, Any]:
        return {
            "has_any": bool(found.keys),
            "filters": filters,
            "values": values,
            "errors": errors,
            "chips": chips,
            "states": [
                (IN_FORCE, str(T("I kraft nu"))),
                *((one.value, str(language.word(one))) for one in DecisionState),
            ],
            "newer": newer,
            "older": older,
            "followed": filters.query(nye=""),
        }

    body = visit.desk.pages.filled(
        "decisions/index.html",
        visit,
        (bool(found.keys), tuple(chips), newer, older, tuple(errors)),
        {
            "committees": listed(committees, values["udvalg"]).encode(),
            "days": in_days(visit, found.keys, perspectives),
            "news_day": in_html(short_date(day_of(news_since), visit.arrival.language)),
        },
        context,
    )
    return visit.whole(body, 400 if errors else 200)


def in_days(visit: Visit, keys: Sequence[queries.Key], perspectives: Mapping[Perspective, Title]) -> Packed:
    """The entries, each day under its heading, with what became of them. Kept as a whole, too, under all that shows in
    it: most readers meet the same page."""
    pages, news_since = visit.desk.pages, visit.arrival.news_since
    said = circles.sentences(visit.db, [key.id for key in keys])
    is_new = tuple([key.published_at > news_since for key in keys])
    whole = (tuple(keys), is_new, tuple(said.items()), surroundings(perspectives, clock.today()))
    if (kept := DAYS.get(whole)) is not None:
        return kept

    def render(**context: Any) -> str:
        return pages.env.get_template("decisions/_entry.html").render(
            heading=heading,
            circle_place=Markup(circles.PLACE),  # nosec B704 - our own mark
            **context,
        )

    entries = render_entries(visit.db, visit.viewer, keys, perspectives, render, news_since=news_since)
    made: list[bytes] = []
    day = None
    for key, (head, tail) in entries.pieces:
        if (its := day_of(key.published_at)) != day:
            if day is not None:
                made.append(b"</div>\n")
            day = its
            made.append(day_heading(pages.env, day, visit.arrival.language))
        made.append(head)
        if key.id in said:
            made.append(circles.said_of(said[key.id]))
        made.append(tail)
    body = packed(b"".join([*made, b"</div>\n"]) if made else b"")
    if entries.holds:
        DAYS.put(whole, body)
    return body


DAYS: Kept[Packed] = Kept(100)  # of about 60 kB


@lru_cache(4000)
def day_of(moment: datetime) -> date:
    return copenhagen(moment).date()


@lru_cache(1000)
def day_heading(env: Environment, day: date, lang: str) -> bytes:
    return env.get_template("decisions/_day.html").render(day=day).encode()


def shown(count: int) -> str | None:
    """A count as it stands on a chip; nothing where none was found and there is more to look through."""
    if isinstance(count, queries.AtLeast) or count >= queries.CAP:
        return f"{min(count, queries.CAP - 1)}+" if count else None
    return str(count)


def place(filters: Filters, name: str, cursor: queries.Cursor | None) -> str | None:
    if cursor is None:
        return None
    chosen = filters.query()
    return f"/beslutninger?{chosen}{'&' if chosen else ''}{name}={cursor}"
