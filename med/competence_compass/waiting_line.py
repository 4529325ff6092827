"""Who is next: one order for a waiting list, and the lot between equal applicants. Plain functions on plain values.

Need comes first, then the day one was put on the list. Those with the same need and the same day are equal
applicants, and only a lot can tell which of them is next. Those who were put on the list to be drawn by lot are equal
to one another whatever their day (that makes the waiting list a fair comparison for the activity's effect): they stand
together where the one of them stands who has waited longest, and keep that place in the order of the lot.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from enum import StrEnum
from itertools import groupby

from msgspec import Struct


class Waits(Struct, frozen=True):
    """Someone on the list, as far as the order is concerned."""

    id: int
    priority: int
    queued: date
    by_lot: bool = False  # put on the list to be drawn, not to wait for their day
    draw_id: int | None = None
    draw_place: int | None = None
    drawn_from: date | None = None  # the earliest day among those the lot was drawn between


def in_line(waiting: Iterable[Waits]) -> list[list[Waits]]:
    """The list in its order: groups of equal applicants, each group one alone when nothing is left to a lot."""
    known = list(waiting)
    undrawn: dict[int, date] = {}  # need -> the earliest day of those who are still to be drawn
    for one in known:
        if one.by_lot and one.draw_id is None:
            undrawn[one.priority] = min(one.queued, undrawn.get(one.priority, one.queued))

    def stands(one: Waits) -> tuple[int, date, int, int, int]:
        """Smaller comes first; the same means equal applicants."""
        if one.draw_id is not None:
            return -one.priority, one.drawn_from or one.queued, 0, one.draw_id, one.draw_place or 0
        return -one.priority, undrawn[one.priority] if one.by_lot else one.queued, 1, 0, 0

    ordered = sorted(known, key=lambda one: (stands(one), one.id))
    return [list(group) for _, group in groupby(ordered, key=stands)]


def places(waiting: Iterable[Waits]) -> dict[int, int]:
    """Entry id -> its number in the line, from 1; equal applicants share theirs."""
    found: dict[int, int] = {}
    ahead = 0
    for group in in_line(waiting):
        found.update({one.id: ahead + 1 for one in group})
        ahead += len(group)
    return found


def new_seed() -> str:
    return secrets.token_hex(16)


def draw_lots(seed: str, among: Collection[int]) -> list[int]:
    """The entries in the order of the lot: by SHA-256 of "seed:entry id", smallest first.

    The seed is 128 random bits made when the lot is drawn and kept beside it, so nobody can choose the outcome, and
    anybody can compute it again. Raises ValueError when an entry comes twice.
    """
    if len(set(among)) != len(among):
        raise ValueError("an applicant takes part in a lot once")
    return sorted(among, key=lambda entry: lot(seed, entry))


def lot(seed: str, entry: int) -> str:
    """One entry's lot, as anyone can check it: `printf '%s' seed:entry | sha256sum`."""
    return hashlib.sha256(f"{seed}:{entry}".encode()).hexdigest()


def equals_of(waiting: Sequence[Waits], priority: int) -> list[Waits]:
    """All of the same need between whom no lot has been drawn yet, in the order they stand in."""
    return [one for group in in_line(waiting) for one in group if one.priority == priority and one.draw_id is None]


class Because(StrEnum):
    """Why this one is next."""

    ALONE = "alone"
    NEED = "need"
    LOT = "lot"
    WAITED = "waited"
    EQUAL = "equal"  # nobody is: a lot decides between equal applicants


def why_next(line: Sequence[Sequence[Waits]]) -> Because | None:
    """What puts the first of the line before the second; None when nobody waits."""
    if not line:
        return None
    if len(line[0]) > 1:
        return Because.EQUAL
    if len(line) == 1:
        return Because.ALONE
    first, second = line[0][0], line[1][0]
    if first.priority != second.priority:
        return Because.NEED
    if first.draw_id is not None and first.draw_id == second.draw_id:
        return Because.LOT
    return Because.WAITED
