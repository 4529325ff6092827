"""What a feed says, before it is written in one format or the other.

A withdrawn decision is two things to a feed reader (docs/decisions/0010-tombstones.md): its own entry is gone for good,
which a tombstone says, and there is news, which an entry of its own says: "Trukket tilbage: …".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from markupsafe import escape
from msgspec import Struct

from med import language
from med.decisions.circles import HEADING
from med.decisions.fragments import heading
from med.decisions.models import DecisionState
from med.decisions.queries import Gone, Key
from med.language import T
from med.meetings.models import Consensus
from med.perspectives.models import Perspective
from med.perspectives.queries import Title
from med.workdays import short_date


class Outlet(Struct, frozen=True):
    """Where a feed stands. Every address is absolute; the token stands in the feed's own addresses, never in an id."""

    base_url: str
    site_name: str
    feed_id: int  # of the private address
    made_at: datetime  # what stands as "updated" while there is nothing
    self_url: str
    alternate_url: str
    first_url: str
    last_url: str
    next_url: str = ""  # older entries
    previous_url: str = ""  # newer entries

    def tag(self, what: str) -> str:
        """A `tag:` id (RFC 4151). It names the thing for good, whatever happens to the addresses."""
        return f"tag:{urlsplit(self.base_url).hostname or 'localhost'},2026:{what}"

    @property
    def about_url(self) -> str:
        """What the formats' own fields mean."""
        return f"{self.base_url}/feeds/om"

    @property
    def is_first(self) -> bool:
        return self.self_url == self.first_url


class Entry(Struct, frozen=True):
    """A decision as readers of a feed get it, or the news that it was withdrawn."""

    id: str
    url: str
    number: str
    title: str
    html: str
    committee: str
    state: DecisionState
    circle: str  # what became of it, in a sentence; "" where there is nothing to tell
    before_discussion: bool
    disagreed: bool
    main: Perspective | None
    further: Sequence[Perspective]
    published: datetime
    updated: datetime

    @property
    def perspectives(self) -> list[Perspective]:
        return [*([self.main] if self.main else []), *self.further]


class Tombstone(Struct, frozen=True):
    """An entry to take away (RFC 6721)."""

    ref: str
    when: datetime
    by: str = ""
    comment: str = ""


class Told(Struct, frozen=True):
    """What became of decisions, by id: in a sentence, and when that last became another."""

    said: Mapping[int, str] = {}
    moved: Mapping[int, datetime] = {}


@dataclass(frozen=True)
class Document:
    """A page of a feed, ready to be written down."""

    outlet: Outlet
    title: str
    updated: datetime
    entries: Sequence[Entry]
    tombstones: Sequence[Tombstone]
    titles: Mapping[Perspective, Title] = field(repr=False)


def document(
    outlet: Outlet,
    keys: Sequence[Key],
    words: Mapping[int, tuple[Any, Sequence[Perspective]]],
    gone: Sequence[Gone],
    titles: Mapping[Perspective, Title],
    told: Told | None = None,
) -> Document:
    """The page with the decisions of `keys`; `words` holds their rows. `gone` are those to take away in silence."""
    told = told or Told()
    entries, tombstones = [], []
    for key in keys:
        if key.id not in words:
            continue  # no longer to be seen since the keys were asked for
        row, further = words[key.id]
        if row.state is DecisionState.WITHDRAWN:
            tombstones.append(buried(outlet, key, row))
            entries.append(withdrawal(outlet, key, row, further, titles))
        else:
            entries.append(decision(outlet, key, row, further, titles, told))
    tombstones += [Tombstone(outlet.tag(f"beslutning/{one.uid}"), one.when) for one in gone]
    moments = [one.updated for one in entries] + [one.when for one in tombstones]
    return Document(
        outlet=outlet,
        title=str(T("Beslutninger – %(site)s", site=outlet.site_name)),
        updated=max(moments, default=outlet.made_at),
        entries=entries,
        tombstones=tombstones,
        titles=titles,
    )


def decision(
    outlet: Outlet,
    key: Key,
    row: Any,
    further: Sequence[Perspective],
    titles: Mapping[Any, Title],
    told: Told,
) -> Entry:
    said = heading(row.text)
    if row.state is DecisionState.REPLACED:
        said = f"{language.word(row.state)}: {said}"
    return Entry(
        id=outlet.tag(f"beslutning/{key.uid}"),
        title=said,
        published=key.published_at,
        updated=max(key.changed_at, key.published_at, told.moved.get(key.id, key.published_at)),
        **shared(outlet, key, row, further, titles, told.said.get(key.id, "")),
    )


def withdrawal(
    outlet: Outlet, key: Key, row: Any, further: Sequence[Perspective], titles: Mapping[Any, Title]
) -> Entry:
    return Entry(
        id=outlet.tag(f"beslutning/{key.uid}/trukket-tilbage"),
        title=f"{language.word(row.state)}: {heading(row.text)}",
        published=key.changed_at,
        updated=key.changed_at,
        **shared(outlet, key, row, further, titles),
    )


def buried(outlet: Outlet, key: Key, row: Any) -> Tombstone:
    comment = str(T("Trukket tilbage: %(why)s", why=row.withdrawn_reason) if row.withdrawn_reason else "")
    return Tombstone(outlet.tag(f"beslutning/{key.uid}"), key.changed_at, key.committee, comment)


def shared(
    outlet: Outlet,
    key: Key,
    row: Any,
    further: Sequence[Perspective],
    titles: Mapping[Any, Title],
    circle: str = "",
) -> dict[str, Any]:
    number = f"{key.committee} {row.year}-{'' if row.is_open else 'L'}{row.number}"
    return {
        "url": f"{outlet.base_url}/beslutninger/{key.id}",
        "number": number,
        "html": as_html(number, key, row, further, titles, circle),
        "circle": circle,
        "committee": key.committee,
        "state": row.state,
        "before_discussion": row.before_discussion,
        "disagreed": row.consensus is Consensus.DISAGREED,
        "main": row.perspective,
        "further": further,
    }


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def facts(
    number: str, key: Key, row: Any, further: Sequence[Perspective], titles: Mapping[Any, Title]
) -> list[tuple[str, str]]:
    """What is said of a decision besides its words, as (name, value)."""
    found = [(str(T("Nummer")), number), (str(T("Tilstand")), str(language.word(row.state)))]
    if key.responsible:
        found.append((str(T("Ansvarlig")), key.responsible))
    if row.due:
        found.append((str(T("Frist")), short_date(row.due)))
    if key.meeting:
        found.append((str(T("Besluttet på")), key.meeting))
    if row.perspective:
        found.append((str(T("Perspektiv")), ", ".join(titles[one].title for one in (row.perspective, *further))))
    if row.before_discussion:
        found.append((str(T("Bemærk")), str(T("Besluttet før drøftelse"))))
    if row.consensus is Consensus.DISAGREED:
        found.append((str(T("Bemærk")), str(T("De to sider blev ikke enige om punktet."))))
    return found


def as_html(
    number: str,
    key: Key,
    row: Any,
    further: Sequence[Perspective],
    titles: Mapping[Any, Title],
    circle: str = "",
) -> str:
    """The entry's content. What people wrote is text here, never markup."""
    made = []
    if row.withdrawn_reason:
        made.append(f"<p><strong>{escape(T('Trukket tilbage:'))}</strong> {escape(row.withdrawn_reason)}</p>")
    made.append(f"<p>{escape(T('Vi har besluttet, at %(what)s', what=row.text))}</p>")
    if row.why:
        made.append(f"<p><strong>{escape(T('Hvorfor:'))}</strong> {escape(row.why)}</p>")
    if row.meaning:
        made.append(f"<p><strong>{escape(T('Det betyder for os:'))}</strong> {escape(row.meaning)}</p>")
    if circle:
        made.append(f"<p><strong>{escape(HEADING)}</strong> {escape(circle)}</p>")
    rows = "".join(
        f"<li>{escape(name)}: {escape(value)}</li>" for name, value in facts(number, key, row, further, titles)
    )
    return "".join(made) + f"<ul>{rows}</ul>"
