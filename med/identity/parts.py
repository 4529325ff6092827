"""What the slices that answer at private addresses need: whose address it is, and a note that it was used."""

from datetime import timedelta
from typing import Any

from med import clock, language
from med.access import Viewer
from med.identity.actions import mark_used, viewer_by_token
from med.web.routing import Visit

NOTE_USE_EVERY = timedelta(hours=1)


def arrive_by_address(visit: Visit, token: str, scope: str) -> tuple[Viewer, Any]:
    """Whose private address this is, and the address itself; from here on their language is spoken.

    Raises NotFound alike for what never was an address, has ended, is for something else, or whose person has left.
    """
    viewer, held = viewer_by_token(visit.db, token, scope)
    language.current.set(viewer.language)
    note_use(visit, held)
    return viewer, held


def note_use(visit: Visit, held: Any) -> None:
    """When the address was last used, at most once an hour, after the answer and where writing belongs."""
    if held.used_at is not None and clock.now() - held.used_at < NOTE_USE_EVERY:
        return
    database, token_id = visit.desk.database, held.id

    def write() -> None:
        with database.writing() as db:
            mark_used(db, token_id)

    visit.after.append(write)
