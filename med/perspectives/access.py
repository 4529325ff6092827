from collections.abc import Iterator
from typing import Any

from med.access import Viewer
from med.language import T, Text


def edit_grundlag(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    """The grundlag is the Hovedudvalg's: its chairs and secretary keep it. `thing` is that committee, or None."""
    if thing is None or not viewer.runs(thing.id):
        yield T("Kun Hovedudvalgets formandskab og sekretær kan ændre grundlaget.")
