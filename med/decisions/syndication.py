"""The feed for feed readers: Atom (RFC 4287, paged as in RFC 5005) and JSON Feed 1.1, from the same entries."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from lxml import etree
from markupsafe import escape

from med import language
from med.decisions.fragments import heading
from med.decisions.models import DecisionState
from med.decisions.queries import Key
from med.language import T
from med.perspectives.models import Perspective
from med.perspectives.queries import Title
from med.workdays import short_date

ATOM = "http://www.w3.org/2005/Atom"
# Characters XML 1.0 cannot hold at all; imports may bring them.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Outlet:
    """Where a feed stands: addresses are absolute, and without the page's place except in the paging links."""

    base_url: str
    site_name: str
    feed_id: int  # of the private address; the token itself never becomes an id
    self_url: str
    alternate_url: str
    first_url: str
    next_url: str = ""  # older entries
    previous_url: str = ""  # newer entries
    empty_since: datetime | None = None  # what stands as "updated" while there is nothing

    @property
    def authority(self) -> str:
        return urlsplit(self.base_url).hostname or "localhost"

    def tag(self, what: str) -> str:
        """A `tag:` id (RFC 4151). It names the thing for good, whatever happens to the addresses."""
        return f"tag:{self.authority},2026:{what}"


@dataclass(frozen=True)
class Entry:
    """A decision as readers of a feed get it."""

    id: str
    url: str
    number: str
    title: str
    text: str
    why: str
    meaning: str
    withdrawn_reason: str
    committee: str
    meeting: str | None
    responsible: str | None
    due: str
    state: DecisionState
    before_discussion: bool
    main: Perspective | None
    further: Sequence[Perspective]
    published: datetime
    updated: datetime


def make_entry(outlet: Outlet, key: Key, row: Any, further: Sequence[Perspective]) -> Entry:
    said = heading(row.text)
    if row.state in (DecisionState.WITHDRAWN, DecisionState.REPLACED):
        said = f"{language.word(row.state)}: {said}"
    return Entry(
        id=outlet.tag(f"beslutning/{key.uid}"),
        url=f"{outlet.base_url}/beslutninger/{key.id}",
        number=f"{key.committee} {row.year}-{'' if row.is_open else 'L'}{row.number}",
        title=said,
        text=row.text,
        why=row.why,
        meaning=row.meaning,
        withdrawn_reason=row.withdrawn_reason,
        committee=key.committee,
        meeting=key.meeting,
        responsible=key.responsible,
        due=short_date(row.due) if row.due else "",
        state=row.state,
        before_discussion=row.before_discussion,
        main=row.perspective,
        further=further,
        published=key.published_at,
        updated=updated(key),
    )


def updated(key: Key) -> datetime:
    return max(key.changed_at, key.published_at)


def etag(outlet: Outlet, keys: Sequence[Key], titles: Mapping[Perspective, Title]) -> str:
    """What the answer is made of, so that "nothing new" is told before a word is read. Weak: it may be squeezed."""
    parts = (outlet, [tuple(key) for key in keys], list(titles.values()), language.current.get())
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def when_updated(outlet: Outlet, keys: Sequence[Key]) -> datetime:
    return max((updated(key) for key in keys), default=outlet.empty_since or datetime(2026, 1, 1, tzinfo=UTC))


def title_of(outlet: Outlet) -> str:
    return str(T("Beslutninger – %(site)s", site=outlet.site_name))


def facts(entry: Entry, titles: Mapping[Perspective, Title]) -> list[tuple[str, str]]:
    """What is said of a decision besides its words, as (name, value)."""
    found = [(str(T("Nummer")), entry.number), (str(T("Tilstand")), str(language.word(entry.state)))]
    if entry.responsible:
        found.append((str(T("Ansvarlig")), entry.responsible))
    if entry.due:
        found.append((str(T("Frist")), entry.due))
    if entry.meeting:
        found.append((str(T("Besluttet på")), entry.meeting))
    if entry.main:
        served = [titles[one].title for one in (entry.main, *entry.further)]
        found.append((str(T("Perspektiv")), ", ".join(served)))
    if entry.before_discussion:
        found.append((str(T("Bemærk")), str(T("Besluttet før drøftelse"))))
    return found


def as_html(entry: Entry, titles: Mapping[Perspective, Title]) -> str:
    """The entry's content. What people wrote is text here, never markup."""
    made = []
    if entry.withdrawn_reason:
        made.append(f"<p><strong>{escape(T('Trukket tilbage:'))}</strong> {escape(entry.withdrawn_reason)}</p>")
    made.append(f"<p>{escape(T('Vi har besluttet, at %(what)s', what=entry.text))}</p>")
    if entry.why:
        made.append(f"<p><strong>{escape(T('Hvorfor:'))}</strong> {escape(entry.why)}</p>")
    if entry.meaning:
        made.append(f"<p><strong>{escape(T('Det betyder for os:'))}</strong> {escape(entry.meaning)}</p>")
    rows = "".join(f"<li>{escape(name)}: {escape(value)}</li>" for name, value in facts(entry, titles))
    return "".join(made) + f"<ul>{rows}</ul>"


def as_atom(
    outlet: Outlet, keys: Sequence[Key], entries: Sequence[Entry], titles: Mapping[Perspective, Title]
) -> bytes:
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", language.current.get())
    add(feed, "id", outlet.tag(f"feed/{outlet.feed_id}"))
    add(feed, "title", title_of(outlet))
    add(feed, "updated", stamp(when_updated(outlet, keys)))
    add(feed, "generator", "Medspil")
    add(add(feed, "author"), "name", outlet.site_name)
    link(feed, "self", outlet.self_url, "application/atom+xml")
    link(feed, "alternate", outlet.alternate_url, "text/html")
    link(feed, "first", outlet.first_url, "application/atom+xml")
    if outlet.next_url:
        link(feed, "next", outlet.next_url, "application/atom+xml")
    if outlet.previous_url:
        link(feed, "previous", outlet.previous_url, "application/atom+xml")
    for entry in entries:
        made = add(feed, "entry")
        add(made, "id", entry.id)
        add(made, "title", entry.title)
        add(made, "published", stamp(entry.published))
        add(made, "updated", stamp(entry.updated))
        link(made, "alternate", entry.url, "text/html")
        add(add(made, "author"), "name", entry.committee)
        for one in (*([entry.main] if entry.main else []), *entry.further):
            scheme = f"{outlet.base_url}/perspektiver"
            add(made, "category", term=one.value, scheme=scheme, label=titles[one].title)
        add(
            made,
            "category",
            term=entry.state.value,
            scheme=outlet.tag("tilstand"),
            label=str(language.word(entry.state)),
        )
        add(made, "content", as_html(entry, titles), type="html")
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8")


def add(parent: Any, name: str, text: str = "", **attributes: str) -> Any:
    made = etree.SubElement(
        parent, f"{{{ATOM}}}{name}", {key: NOT_XML.sub("", value) for key, value in attributes.items()}
    )
    if text:
        made.text = NOT_XML.sub("", text)
    return made


def link(parent: Any, rel: str, href: str, media_type: str) -> None:
    add(parent, "link", rel=rel, href=href, type=media_type)


def as_json(
    outlet: Outlet, keys: Sequence[Key], entries: Sequence[Entry], titles: Mapping[Perspective, Title]
) -> bytes:
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title_of(outlet),
        "home_page_url": outlet.alternate_url,
        "feed_url": outlet.self_url,
        "language": language.current.get(),
        "authors": [{"name": outlet.site_name}],
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "content_html": as_html(entry, titles),
                "date_published": stamp(entry.published),
                "date_modified": stamp(entry.updated),
                "authors": [{"name": entry.committee}],
                "tags": [titles[one].title for one in (*([entry.main] if entry.main else []), *entry.further)],
                "_medspil": {
                    "number": entry.number,
                    "state": entry.state.value,
                    "perspective": entry.main.value if entry.main else None,
                    "before_discussion": entry.before_discussion,
                },
            }
            for entry in entries
        ],
    }
    if outlet.next_url:
        feed["next_url"] = outlet.next_url
    return msgspec.json.encode(feed)
