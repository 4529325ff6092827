"""The feed's entries as finished pieces of HTML, kept as long as nothing they show has changed.

Making the HTML costs far more than finding the rows. So a page first asks for keys alone (`queries.Key`), and only
entries that were not made lately are read and rendered. A piece is the same for everyone who may see the decision:
it holds no button, no token and nothing about the reader but their language and whether it is new to them. Who may
see it is decided by the query that brings the keys, every time.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from med import clock, language
from med.access import Viewer
from med.decisions import circles, queries
from med.kept import Kept
from med.perspectives.models import Perspective
from med.perspectives.queries import Title

LARGEST = 4000  # pieces of about 1 kB


class Piece(NamedTuple):
    """An entry's HTML, before and after the place where the slice above says what became of the decision."""

    head: bytes
    tail: bytes


SHELF: Kept[Piece] = Kept(LARGEST)


class Entries(NamedTuple):
    """The entries beside their keys, and whether every one is as its key says: else the database moved meanwhile."""

    pieces: list[tuple[queries.Key, Piece]]
    holds: bool


def surroundings(titles: Mapping[Perspective, Title], today: date) -> str:
    """What entries show besides their own: the perspectives' names, the language, and the day, which decides what is
    overdue. One short text, so that fifty keys are made and compared quickly."""
    names = tuple((title.title, title.short) for title in titles.values())
    return _surroundings(names, today, language.current.get())


@lru_cache(64)
def _surroundings(*shown: Any) -> str:
    return repr(shown)


def fragment_key(key: queries.Key, is_new: bool, around: str) -> Hashable:
    """Everything an entry shows: its words (by uid and version), the names in it, and what is around it.
    The uid, not the id: two databases of one process have the same ids."""
    return (key.uid, key.version, key.committee, key.meeting, key.responsible, is_new, around)


def render_entries(
    db: Session,
    viewer: Viewer,
    keys: Sequence[queries.Key],
    titles: Mapping[Perspective, Title],
    render: Callable[..., str],
    *,
    news_since: datetime,
    shelf: Kept[Piece] = SHELF,
) -> Entries:
    """The entries' HTML beside their keys, in the same order. `render(entry=…, key=…, …)` makes one."""
    holds = True
    today = clock.today()
    around = surroundings(titles, today)
    wanted = [fragment_key(key, key.published_at > news_since, around) for key in keys]
    found = shelf.get_all(wanted)
    if None in found:
        missing = [key.id for key, piece in zip(keys, found, strict=True) if piece is None]
        words = gather(queries.entries(db, viewer, missing))
        for at, key in enumerate(keys):
            if found[at] is not None or key.id not in words:
                holds = holds and found[at] is not None
                continue  # at hand, or withdrawn from sight between the two questions
            entry, further = words[key.id]
            html = render(
                entry=entry,
                further=further,
                key=key,
                titles=titles,
                today=today,
                is_new=key.published_at > news_since,
            )
            head, _, tail = html.partition(circles.PLACE)
            found[at] = made = Piece(head.encode(), tail.encode())
            # Two readings of a moving database may straddle a change: keep only what belongs to the key's version.
            if entry.version == key.version:
                shelf.put(wanted[at], made)
            else:
                holds = False
    return Entries([(key, piece) for key, piece in zip(keys, found, strict=True) if piece is not None], holds)


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
