"""What higher slices add to a committee's pages: its meetings, its decisions, its guidelines.

A slice calls `panel(...)` or `line(...)` in its `slice.py`; the committee's pages never import it.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from med.language import Text
from med.organisation.models import Committee


class Panel(Struct, frozen=True):
    heading: Text
    # (visit, committee) -> Markup; empty markup leaves the heading out too
    show: Callable[[Any, Committee], Any]
    order: int = 50


PANELS: list[Panel] = []


def panel(heading: Text, show: Callable[[Any, Committee], Any], order: int = 50) -> None:
    """Add a part to every committee's page; a second registration of the same function changes nothing."""
    if all(known.show is not show for known in PANELS):
        PANELS.append(Panel(heading, show, order))
        PANELS.sort(key=lambda known: known.order)
