"""What each topic of the compass puts on `/kompas`: my citizens, my runs, intake, waiting lists, sums.

A topic calls `landing(show, order=…)` where its routes are made; the page itself imports none of them.
"""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

# (visit) -> a whole section with a heading of its own (h2), or None for who has nothing to do with it
Show = Callable[[Any], Markup | None]
PANELS: list[tuple[int, Show]] = []


def landing(show: Show, order: int = 50) -> None:
    """Add a section to `/kompas`: 10 citizens, 20 runs, 30 intake, 40 waiting lists, 50 sums, 60 instruments."""
    if all(known is not show for _, known in PANELS):
        PANELS.append((order, show))
        PANELS.sort(key=lambda entry: entry[0])
