"""`/feeds/{token}/beslutninger.atom` and `.json`: what the token sees is what its person may see today."""

from collections.abc import Callable
from typing import Any

from litestar import Response

from med import language
from med.access import anyone
from med.decisions import circles, queries, syndication
from med.decisions.filters import Filters, filters_of
from med.decisions.fragments import gather
from med.identity.parts import arrive_by_address
from med.perspectives.queries import titles
from med.web.conditional import Shelf, answer, mark_of
from med.web.routing import Visit, get

SHELF = Shelf()


@get("/feeds/{token:str}/beslutninger.atom", name="decisions.atom", policy=anyone)
def atom(visit: Visit, token: str) -> Response:
    kind = "application/atom+xml; charset=utf-8"
    return feed(visit, token, "atom", kind, syndication.as_atom)


@get("/feeds/{token:str}/beslutninger.json", name="decisions.json", policy=anyone)
def json_feed(visit: Visit, token: str) -> Response:
    kind = "application/feed+json; charset=utf-8"
    return feed(visit, token, "json", kind, syndication.as_json)


@get("/feeds/om", name="decisions.feed_format", policy=anyone)
def feed_format(visit: Visit) -> Response:
    """What the feeds' own fields mean, for whoever writes a program that reads them."""
    return visit.page("decisions/feed_format.html")


def feed(
    visit: Visit, token: str, ending: str, media_type: str, write: Callable[[syndication.Document], bytes]
) -> Response:
    viewer, held = arrive_by_address(visit, token, "decisions")
    db, settings = visit.db, visit.desk.settings
    filters = queries.look_up(db, viewer, filters_of(held.filters))
    before, after = queries.read_cursor(visit.query.get("foer")), queries.read_cursor(visit.query.get("efter"))
    place = f"?foer={before}" if before else f"?efter={after}" if after else ""
    if before:
        after = None
    own = f"{settings.base_url}/feeds/{token}/beslutninger.{ending}{place}"

    def mark() -> str:
        found = queries.feed_mark(db, viewer, filters, before, after)
        return mark_of(found, own, settings.name, language.current.get(), filters, held.created_at, circles.mark(db))

    def make() -> bytes:
        found = queries.newest(db, viewer, filters, before=before, after=after)
        outlet = outlet_of(settings, token, ending, held, filters, own, found)
        lately = queries.lately_withdrawn(db, viewer, filters)
        shown = {key.id for key in lately}
        keys = [*(lately if outlet.is_first else []), *(key for key in found.keys if key.id not in shown)]
        words = gather(queries.entries(db, viewer, [key.id for key in keys]))
        gone = queries.no_longer_mine(db, viewer) if outlet.is_first else []
        ids = [key.id for key in keys]
        told = syndication.Told(circles.sentences(db, ids), circles.moved(db, ids))
        return write(syndication.document(outlet, keys, words, gone, titles(db), told))

    return answer(visit, SHELF, (held.key, ending, place), mark, media_type, make)


def outlet_of(
    settings: Any, token: str, ending: str, held: Any, filters: Filters, own: str, found: queries.Slice
) -> syndication.Outlet:
    first = f"{settings.base_url}/feeds/{token}/beslutninger.{ending}"
    chosen = filters.query()
    return syndication.Outlet(
        base_url=settings.base_url,
        site_name=settings.name,
        feed_id=held.id,
        made_at=held.created_at,
        self_url=own,
        alternate_url=f"{settings.base_url}/beslutninger" + (f"?{chosen}" if chosen else ""),
        first_url=first,
        last_url=f"{first}?efter=0.0",
        next_url=f"{first}?foer={found.older}" if found.older else "",
        previous_url=f"{first}?efter={found.newer}" if found.newer else "",
    )
