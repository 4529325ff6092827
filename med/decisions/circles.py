"""What became of decisions, from the slice above that knows: one sentence beside each entry of a feed.

The entries' own HTML is kept and shared (`fragments`), so the sentence stands beside it: a mark in the kept piece says
where, and each page puts in what is so at this moment, asked for all of its entries at once.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import lru_cache

from markupsafe import escape
from msgspec import Struct
from sqlalchemy.orm import Session

from med.language import T, Text

PLACE = "<!--circle-->"  # people's own words are escaped and cannot hold it


class Teller(Struct, frozen=True):
    """`tell(db, ids)` gives sentences by decision id, for ids the caller may show; `mark(db)` is another text as soon
    as any sentence or moment might be; `moved(db, ids)` is when what is told last became another, where it did."""

    tell: Callable[[Session, Collection[int]], Mapping[int, Text]]
    mark: Callable[[Session], str]
    moved: Callable[[Session, Collection[int]], Mapping[int, datetime]]


TELLERS: list[Teller] = []
HEADING = T("Hvad blev der af det?")


def register(teller: Teller) -> None:
    """Called in a slice's `slice.py`; a second registration of the same changes nothing."""
    if teller not in TELLERS:
        TELLERS.append(teller)


def sentences(db: Session, ids: Collection[int]) -> dict[int, str]:
    """A sentence for each decision that has one, in the reader's language."""
    return {id: str(said) for teller in TELLERS for id, said in teller.tell(db, ids).items()}


def moved(db: Session, ids: Collection[int]) -> dict[int, datetime]:
    """When what is told of each decision last became another, where there is such a moment."""
    found: dict[int, datetime] = {}
    for teller in TELLERS:
        for id, at in teller.moved(db, ids).items():
            found[id] = max(at, found.get(id, at))
    return found


def mark(db: Session) -> str:
    return "".join(teller.mark(db) for teller in TELLERS)


def said_of(said: str) -> bytes:
    """The sentence as it stands in a kept entry."""
    return as_it_stands(str(HEADING), said)


@lru_cache(2000)
def as_it_stands(heading: str, said: str) -> bytes:
    return f'<p class="dec__us"><b>{escape(heading)}</b> {escape(said)}</p>'.encode()
