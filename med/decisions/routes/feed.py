"""`/beslutninger`: the feed."""

from itertools import groupby
from typing import Any

from litestar import Response
from markupsafe import Markup

from med import language
from med.access import signed_in
from med.decisions import circles, queries
from med.decisions.filters import IN_FORCE, Filters, read_filters
from med.decisions.fragments import heading, render_entries
from med.decisions.models import DecisionState
from med.language import T
from med.perspectives.queries import titles
from med.web.routing import Visit, get
from med.workdays import copenhagen


@get("/beslutninger", name="decisions.index", policy=signed_in)
def index(visit: Visit) -> Response:
    filters, errors = read_filters(visit.query)
    before, after = queries.read_cursor(visit.query.get("foer")), queries.read_cursor(visit.query.get("efter"))
    news_since = visit.arrival.news_since
    db, viewer = visit.db, visit.viewer
    filters = queries.know_responsible(db, viewer, filters)
    if filters.responsible_id == 0:
        errors["ansvarlig"] = T("Vi kender ikke “%(name)s”, eller flere hedder det.", name=filters.responsible)
    found = queries.newest(db, viewer, filters, before=before, after=after, news_since=news_since)
    perspectives = titles(db)
    counts = queries.chip_counts(db, viewer, filters, news_since=news_since)
    template = visit.desk.pages.env.get_template("decisions/_entry.html")

    def render(**context: Any) -> str:
        return template.render(heading=heading, circle_place=Markup(circles.PLACE), **context)  # nosec B704 - our own mark

    pieces = render_entries(db, viewer, found.keys, perspectives, render, news_since=news_since)
    said = circles.sentences(db, [key.id for key, _ in pieces])
    days = [
        (day, Markup("".join(circles.put_in(html, said.get(key.id)) for key, html in its)))  # nosec B704: rendered by our own template
        for day, its in groupby(pieces, lambda pair: copenhagen(pair[0].published_at).date())
    ]
    fields = {**filters.fields(), **{name: visit.query.get(name) for name in errors}}
    return visit.page(
        "decisions/index.html",
        days=days,
        filters=filters,
        values=fields,
        errors=errors,
        chips=[
            ("", language.gettext("Alle perspektiver"), shown(counts[None])),
            *((one.value, title.short or title.title, shown(counts[one])) for one, title in perspectives.items()),
        ],
        committees=queries.committee_choices(db, viewer),
        states=[(IN_FORCE, str(T("I kraft nu"))), *((one.value, str(language.word(one))) for one in DecisionState)],
        newer=place(filters, "efter", found.newer),
        older=place(filters, "foer", found.older),
        followed=filters.query(nye=""),
        searched=queries.SEARCHED,
        news_since=news_since,
        status_code=400 if errors else 200,
    )


def shown(count: int) -> str:
    return f"{queries.CAP - 1}+" if count >= queries.CAP else str(count)


def place(filters: Filters, name: str, cursor: queries.Cursor | None) -> str | None:
    if cursor is None:
        return None
    chosen = filters.query()
    return f"/beslutninger?{chosen}{'&' if chosen else ''}{name}={cursor}"
