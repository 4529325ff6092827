"""The lines of an agenda as finished pieces of HTML, kept as long as nothing they show has changed.

A line is drawn from its item, from what the question brought beside it, and from the few facts in `Around`; the key is
all of that, so a piece is shared by those who see the same and by nobody else. The only thing it is not given is the
form's token: that has a place of its own, filled for each page.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from markupsafe import Markup
from msgspec.structs import astuple
from sqlalchemy import inspect

from med import clock, language
from med.access import Side, allows
from med.meetings import access
from med.meetings.models import Item
from med.meetings.queries.agenda import Agenda, Line
from med.meetings.words import ground
from med.web.kept import Kept, mark

LINES: Kept[list[str]] = Kept(4000)  # of about 2 kB; what stands between the places of the token
NO_SECRET = mark("token")
shown_of = attrgetter(*(column.key for column in inspect(Item).column_attrs))


class Around(NamedTuple):
    """What a line shows that is not its own: of the meeting, of the reader's part in it, of the day."""

    language: str
    today: date
    last: int  # the number of the last line
    locked: int  # those that stay first
    coming: bool
    is_inside: bool
    prepares: bool
    closes: bool
    shares_notes: bool
    side: Side | None


def lines(
    visit: Any,
    agenda: Agenda,
    is_inside: bool,
    coming: bool,
    added: Mapping[int, Sequence[Markup]],
    raised: Mapping[int, Markup],
) -> Callable[[Markup], Markup]:
    """The lines of an agenda that is shown, to be given the form's hidden fields. `added` and `raised` hold what other
    slices say of an item, by its id."""
    some = next((line.item for line in agenda.lines if line.item), None)  # who may what goes by the meeting, not by it
    around = Around(
        language.current.get(),
        clock.today(),
        len(agenda.lines),
        agenda.locked,
        coming,
        is_inside,
        some is not None and allows(visit.viewer, access.prepare_agenda, some.meeting),
        some is not None and allows(visit.viewer, access.close_item, some),
        some is not None and allows(visit.viewer, access.note_for_side, some),
        agenda.side,
    )
    rows = [(line, *_beside(line, added, raised)) for line in agenda.lines]
    keys = [(around, _shown(line), *beside) for line, *beside in rows]
    drawn: Any = None
    parts: list[str] = [""]
    for row, key, kept in zip(rows, keys, LINES.get_all(keys), strict=True):
        if kept is None:
            drawn = drawn or visit.desk.pages.macros("meetings/_line.html", visit, ground=ground).drawn
            line, own, others = row
            kept = str(drawn(line, line.item, around, others, own, NO_SECRET)).split(NO_SECRET)
            LINES.put(key, kept)
        parts[-1] += kept[0]
        parts += kept[1:]
    return lambda fields: Markup(str(fields).join(parts))  # nosec B704 - escaped when it was drawn


def _beside(
    line: Line, added: Mapping[int, Sequence[Markup]], raised: Mapping[int, Markup]
) -> tuple[Markup, tuple[Markup, ...]]:
    id = line.item.id if line.item else 0
    return raised.get(id, Markup("")), tuple(added.get(id, ()))


def _shown(line: Line) -> tuple[Any, ...]:
    number, item, *others = astuple(line)
    others = [tuple(one) if isinstance(one, list) else one for one in others]
    return number, item and shown_of(item), *others
