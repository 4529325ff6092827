"""What higher slices add to a committee's pages (its meetings, its decisions), and what they say to its end.

A slice calls `panel(...)` or `before_it_ends(...)` in its `slice.py`; the committee's pages never import it.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy.orm import Session

from med.language import Text
from med.organisation.models import Committee


class Panel(Struct, frozen=True):
    heading: Text
    # (visit, committee) -> Markup; empty markup leaves the heading out too
    show: Callable[[Any, Committee], Any]
    order: int = 50


PANELS: list[Panel] = []
# Why a committee cannot end on a day: (db, committee, its last day) -> Text, or None
ENDINGS: list[Callable[[Session, Committee, date], Text | None]] = []


def panel(heading: Text, show: Callable[[Any, Committee], Any], order: int = 50) -> None:
    """Add a part to every committee's page; a second registration of the same function changes nothing."""
    if all(known.show is not show for known in PANELS):
        PANELS.append(Panel(heading, show, order))
        PANELS.sort(key=lambda known: known.order)


def before_it_ends(ask: Callable[[Session, Committee, date], Text | None]) -> None:
    """Ask before a committee is given a last day; a second registration of the same function changes nothing."""
    if ask not in ENDINGS:
        ENDINGS.append(ask)
