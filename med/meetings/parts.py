"""What higher slices add to a meeting's pages, minutes and moments, without the meeting knowing them.

A slice calls `register(...)` in its `slice.py`. Everything is batched: one call a page, one query a list.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from sqlalchemy.orm import Session

from med.access import Viewer
from med.language import Text
from med.meetings.models import Item, Meeting


class Parts(Struct):
    # HTML under an item's minutes in the room: (visit, item) -> Markup
    room: list[Callable[[Any, Item], Any]] = []
    # HTML beside the room and the meeting: (visit, meeting) -> Markup
    aside: list[Callable[[Any, Meeting], Any]] = []
    # HTML beside the facts on the meeting's own page: (visit, meeting) -> Markup
    beside: list[Callable[[Any, Meeting], Any]] = []
    # HTML under the agenda (open follow-ups): (visit, meeting) -> Markup
    agenda: list[Callable[[Any, Meeting], Any]] = []
    # HTML under each item on the meeting's page and in the minutes: (visit, meeting) -> {item id: Markup}
    items: list[Callable[[Any, Meeting], dict[int, Any]]] = []
    # HTML beside who raised each item on the agenda: (visit, meeting) -> {item id: Markup}
    raised: list[Callable[[Any, Meeting], dict[int, Any]]] = []
    # What belongs in the minutes and their hash: (db, meeting) -> {item id: [plain dicts]}
    minutes: list[Callable[[Session, Meeting], dict[int, list[dict[str, Any]]]]] = []
    # Called when the minutes are approved, in the same transaction: (db, viewer, meeting)
    approved: list[Callable[[Session, Viewer | None, Meeting], None]] = []
    # An item's openness changed: (db, viewer, item)
    opened_or_closed: list[Callable[[Session, Viewer | None, Item], None]] = []
    # Reasons a meeting cannot be closed yet, with the number of the item: (db, meeting) -> [(position, Text)]
    not_closing: list[Callable[[Session, Meeting], list[tuple[int, Text]]]] = []
    # What a question is about: (db, viewer, decision id) -> Asked, or None for a decision they may not know
    asked: list[Callable[[Session, Viewer, int], "Asked | None"]] = []


class Asked(Struct, frozen=True):
    """A decision someone asks about, as the form to raise a point shows it."""

    decision_id: int
    committee_id: int
    text: str
    href: str


PARTS = Parts()


def asked_about(db: Session, viewer: Viewer, decision_id: int) -> Asked | None:
    """The decision a question is about, from the slice that keeps decisions; None for one the viewer may not know."""
    return next((found for ask in PARTS.asked if (found := ask(db, viewer, decision_id)) is not None), None)


def register(**parts: Callable[..., Any]) -> None:
    """Add one function per named part; a second registration of the same function changes nothing."""
    for name, function in parts.items():
        place = getattr(PARTS, name)
        if function not in place:
            place.append(function)
