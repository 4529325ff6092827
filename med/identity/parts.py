"""What the slices that answer at private addresses bring to their page, and what they need when they answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec import Struct

from med import clock, language
from med.access import Viewer
from med.identity.actions import mark_used, viewer_by_token
from med.language import Text
from med.web.routing import Visit

NOTE_USE_EVERY = timedelta(hours=1)


class Kind(Struct, frozen=True):
    """A kind of private address: what it is called, how one is made, and what is said about one that exists.

    `form` gives the fields as HTML: (visit, values, errors). `read` gives the words kept with the address, and a
    message per field: (visit) -> (filters, errors). `describe` tells what those words choose: (visit, filters) -> text.
    """

    scope: str
    anchor: str  # where it stands on the page
    order: int
    title: Text
    about: Text
    button: Text
    address: Callable[[str], str]  # token -> path
    form: Callable[[Any, dict[str, Any], dict[str, Any]], Any]
    read: Callable[[Any], tuple[str, dict[str, Any]]]
    describe: Callable[[Any, str], Text | str]
    is_calendar: bool = False


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    KINDS[kind.scope] = kind


def kinds() -> list[Kind]:
    return sorted(KINDS.values(), key=lambda kind: kind.order)


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
