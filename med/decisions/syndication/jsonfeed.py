"""JSON Feed 1.1 (https://jsonfeed.org/version/1.1). What is gone stands in our own field: the format has no word."""

from typing import Any

import msgspec

from med import language
from med.decisions.syndication.entries import Document, Entry, stamp


def as_json(page: Document) -> bytes:
    outlet = page.outlet
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": page.title,
        "home_page_url": outlet.alternate_url,
        "feed_url": outlet.self_url,
        "language": language.current.get(),
        "authors": [{"name": outlet.site_name}],
        "_medspil": {
            "about": outlet.about_url,
            "deleted": [{"id": gone.ref, "date_deleted": stamp(gone.when)} for gone in page.tombstones],
        },
        "items": [item(page, entry) for entry in page.entries],
    }
    if outlet.next_url:
        feed["next_url"] = outlet.next_url
    return msgspec.json.encode(feed)


def item(page: Document, entry: Entry) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "date_published": stamp(entry.published),
        "date_modified": stamp(entry.updated),
        "authors": [{"name": entry.committee}],
        "tags": [page.titles[one].title for one in entry.perspectives],
        "_medspil": {
            "about": page.outlet.about_url,
            "number": entry.number,
            "state": entry.state.value,
            "perspective": entry.main.value if entry.main else None,
            "before_discussion": entry.before_discussion,
            "disagreed": entry.disagreed,
            "circle": entry.circle or None,
        },
    }
    return made
