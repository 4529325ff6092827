"""The feed's entries as finished pieces of HTML, kept as long as nothing they show has changed.

Making the HTML costs far more than finding the rows. So a page first asks for keys alone (`queries.Key`), and only
entries that were not made lately are read and rendered. A piece is the same for everyone who may see the decision:
it holds no button, no token and nothing about the reader but their language and whether it is new to them. Who may
see it is decided by the query that brings the keys, every time.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session

from med import clock, language
from med.access import Viewer
from med.decisions import queries
from med.perspectives.models import Perspective
from med.perspectives.queries import Title

LARGEST = 4000  # pieces of about 1 kB


class Fragments:
    """A shelf of rendered entries; the one not looked at for longest goes first."""

    def __init__(self, largest: int = LARGEST) -> None:
        self.largest = largest
        self._kept: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> str | None:
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, html: str) -> None:
        with self._lock:
            self._kept[key] = html
            self._kept.move_to_end(key)
            while len(self._kept) > self.largest:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)


SHELF = Fragments()


def fragment_key(key: queries.Key, is_new: bool, today: date, names: Hashable) -> Hashable:
    """Everything an entry shows: its words (by uid and version), the names in it, the language, and the day,
    which decides what is overdue. The uid, not the id: two databases of one process have the same ids."""
    return (
        key.uid,
        key.version,
        key.committee,
        key.meeting,
        key.responsible,
        names,
        is_new,
        today,
        language.current.get(),
    )


def render_entries(
    db: Session,
    viewer: Viewer,
    keys: Sequence[queries.Key],
    titles: Mapping[Perspective, Title],
    render: Callable[..., str],
    *,
    news_since: datetime,
    shelf: Fragments = SHELF,
) -> list[tuple[queries.Key, str]]:
    """The entries' HTML beside their keys, in the same order. `render(entry=…, key=…, …)` makes one."""
    today = clock.today()
    names = tuple((title.title, title.short) for title in titles.values())
    wanted = {key.id: fragment_key(key, key.published_at > news_since, today, names) for key in keys}
    found: dict[int, str | None] = {key.id: shelf.get(wanted[key.id]) for key in keys}
    missing = [key for key in keys if found[key.id] is None]
    words = gather(queries.entries(db, viewer, [key.id for key in missing]))
    for key in missing:
        if key.id not in words:
            continue  # withdrawn from sight between the two questions
        entry, further = words[key.id]
        html = render(
            entry=entry,
            further=further,
            key=key,
            titles=titles,
            today=today,
            is_new=key.published_at > news_since,
        )
        # Two readings of a moving database may straddle a change: keep only what belongs to the key's version.
        if entry.version == key.version:
            shelf.put(wanted[key.id], html)
        found[key.id] = html
    return [(key, piece) for key in keys if (piece := found[key.id]) is not None]


def gather(rows: Iterable[Any]) -> dict[int, tuple[Any, list[Perspective]]]:
    """One row per further perspective, put together: id → (row, further perspectives)."""
    found: dict[int, tuple[Any, list[Perspective]]] = {}
    for row in rows:
        _, further = found.setdefault(row.id, (row, []))
        if row.tag is not None:
            further.append(row.tag)
    return found


def heading(text: str) -> str:
    """What was decided, as a heading: without a leading "at", a capital first, no full stop."""
    text = text.removeprefix("at ").removesuffix(".")
    return text[:1].upper() + text[1:]
