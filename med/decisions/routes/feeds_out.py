"""`/feeds/{token}/beslutninger.atom` and `.json`: what the token sees is what its person may see today."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from litestar import Response

from med import clock, language
from med.access import anyone
from med.decisions import queries, syndication
from med.decisions.filters import Filters, filters_of
from med.decisions.fragments import gather
from med.identity.actions import mark_used, viewer_by_token
from med.identity.models import FeedToken
from med.perspectives.queries import titles
from med.web.routing import Visit, get

NOTE_USE_EVERY = timedelta(hours=1)


@get("/feeds/{token:str}/beslutninger.atom", name="decisions.atom", policy=anyone)
def atom(visit: Visit, token: str) -> Response:
    return answer(visit, token, "atom", "application/atom+xml; charset=utf-8", syndication.as_atom)


@get("/feeds/{token:str}/beslutninger.json", name="decisions.json", policy=anyone)
def json_feed(visit: Visit, token: str) -> Response:
    return answer(visit, token, "json", "application/feed+json; charset=utf-8", syndication.as_json)


def answer(visit: Visit, token: str, ending: str, media_type: str, write: Callable[..., bytes]) -> Response:
    db = visit.db
    viewer, held = viewer_by_token(db, token, "decisions")
    language.current.set(viewer.language)
    filters = queries.know_responsible(db, viewer, filters_of(held.filters))
    before, after = queries.read_cursor(visit.query.get("foer")), queries.read_cursor(visit.query.get("efter"))
    found = queries.newest(db, viewer, filters, before=before, after=after)
    perspectives = titles(db)
    outlet = outlet_of(visit, token, held, ending, filters, found)
    headers = {
        "ETag": syndication.etag(outlet, found.keys, perspectives),
        "Last-Modified": format_datetime(
            syndication.when_updated(outlet, found.keys).replace(microsecond=0), usegmt=True
        ),
        "Cache-Control": "private, max-age=300",
    }
    note_use(visit, held)
    if is_known(visit, headers):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    words = gather(queries.entries(db, viewer, [key.id for key in found.keys]))
    entries = [syndication.make_entry(outlet, key, *words[key.id]) for key in found.keys if key.id in words]
    return Response(write(outlet, found.keys, entries, perspectives), headers=headers, media_type=media_type)


def outlet_of(
    visit: Visit, token: str, held: FeedToken, ending: str, filters: Filters, found: queries.Slice
) -> syndication.Outlet:
    settings = visit.desk.settings
    first = f"{settings.base_url}/feeds/{token}/beslutninger.{ending}"
    chosen = filters.query()
    place = "&".join(f"{name}={value}" for name in ("foer", "efter") if (value := visit.query.get(name)))
    return syndication.Outlet(
        base_url=settings.base_url,
        site_name=settings.name,
        feed_id=held.id,
        self_url=f"{first}?{place}" if place else first,
        alternate_url=f"{settings.base_url}/beslutninger" + (f"?{chosen}" if chosen else ""),
        first_url=first,
        next_url=f"{first}?foer={found.older}" if found.older else "",
        previous_url=f"{first}?efter={found.newer}" if found.newer else "",
        empty_since=held.created_at,
    )


def is_known(visit: Visit, headers: dict[str, str]) -> bool:
    """Whether the reader has this already (RFC 9110: If-None-Match goes before If-Modified-Since)."""
    asked = visit.request.headers
    if (tags := asked.get("if-none-match")) is not None:
        wanted = headers["ETag"].removeprefix("W/")
        return any(tag.strip().removeprefix("W/") in {wanted, "*"} for tag in tags.split(","))
    if (since := asked.get("if-modified-since")) is not None:
        try:
            moment = parsedate_to_datetime(since)
        except (ValueError, TypeError):
            return False
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return parsedate_to_datetime(headers["Last-Modified"]) <= moment
    return False


def note_use(visit: Visit, held: FeedToken) -> None:
    """When the address was last used, at most once an hour, after the answer and where writing belongs."""
    last: datetime | None = held.used_at
    if last is not None and clock.now() - last < NOTE_USE_EVERY:
        return
    database, token_id = visit.desk.database, held.id

    def write() -> None:
        with database.writing() as db:
            mark_used(db, token_id)

    visit.after.append(write)
