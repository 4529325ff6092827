"""The lines of an agenda as finished pieces of HTML, kept as long as nothing they show has changed.

A line is drawn from its item, from what the question brought beside it, and from the few facts in `Around`; the key is
all of that, so a piece is shared by those who see the same and by nobody else. It holds no form, no token and nobody's
notes: it has places for them, filled for each page, for those who have them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from markupsafe import Markup, escape
from msgspec.structs import astuple, replace
from sqlalchemy import inspect

from med import clock, language
from med.access import allows
from med.kept import Kept
from med.meetings import access
from med.meetings.models import Item, Standing
from med.meetings.queries.agenda import Agenda, Line, Written
from med.meetings.words import ground
from med.web.frames import Parts, mark, parts_of, put_together

LINES: Kept[Parts] = Kept(4000)  # of about 2 kB
FORMS: Kept[Parts] = Kept(50)
MOVING = ("action", "id", "title", "up", "down", "is_first", "is_last", "token")
NOTES = ("action", "id", "title", "is_written", "version", "text", "side_version", "side_text", "token")
shown_of = attrgetter(*(column.key for column in inspect(Item).column_attrs))


class Around(NamedTuple):
    """What a line shows that is not its own: of the meeting, of the reader's part in it, of the day."""

    language: str
    today: date
    coming: bool
    prepares: bool
    closes: bool


def lines(
    visit: Any,
    agenda: Agenda,
    is_inside: bool,
    coming: bool,
    added: Mapping[int, Sequence[Markup]],
    raised: Mapping[int, Markup],
) -> Callable[[Markup], Markup]:
    """The lines of an agenda that is shown, to be given the forms' hidden fields. `added` and `raised` hold what other
    slices say of an item, by its id."""
    # Who may what is a matter of the meeting, the same for each of its items.
    item = next((line.item for line in agenda.lines if line.item), None)
    prepares = item is not None and allows(visit.viewer, access.prepare_agenda, item.meeting)
    closes = item is not None and allows(visit.viewer, access.close_item, item)
    shares = item is not None and allows(visit.viewer, access.note_for_side, item)
    around = Around(language.current.get(), clock.today(), coming, prepares, closes)
    pieces = _pieces(visit, agenda, around, added, raised)
    moving = _form(visit, "moving", MOVING) if prepares else None
    notes = _form(visit, "notes", NOTES, side=agenda.side if shares else None) if is_inside else None
    is_written = _form(visit, "written", ()) if notes else [""]

    locked, last = agenda.locked, len(agenda.lines)

    def with_forms(token: Markup) -> Markup:
        made = []
        for line, piece in zip(agenda.lines, pieces, strict=True):
            own = {"moving": "", "notes": ""}
            if line.item and moving and line.item.standing is not Standing.MINUTES_ADOPTION:
                own["moving"] = put_together(moving, {**_moving(visit, line, line.item, locked, last), "token": token})
            if line.item and notes:
                own["notes"] = put_together(notes, {**_notes(visit, line, line.item, is_written), "token": token})
            made.append(put_together(piece, own))
        return Markup("".join(made))  # nosec B704 - escaped when it was drawn, or below

    return with_forms


def _pieces(
    visit: Any, agenda: Agenda, around: Around, added: Mapping[int, Sequence[Markup]], raised: Mapping[int, Markup]
) -> list[Parts]:
    rows = [(line, tuple(added.get(id, ())), raised.get(id, "")) for id, line in _by_item(agenda)]
    keys = [(around, _shown(line), others, own) for line, others, own in rows]
    found = []
    drawn: Any = None
    for (line, others, own), key, kept in zip(rows, keys, LINES.get_all(keys), strict=True):
        if kept is None:
            drawn = drawn or _macros(visit).drawn
            kept = parts_of(drawn(line, line.item, around, others, own, mark("moving"), mark("notes")))
            LINES.put(key, kept)
        found.append(kept)
    return found


def _by_item(agenda: Agenda) -> Iterator[tuple[int, Line]]:
    return ((line.item.id if line.item else 0, line) for line in agenda.lines)


def _shown(line: Line) -> tuple[Any, ...]:
    """All of a line but the notes, which a piece does not hold."""
    number, item, *others = astuple(replace(line, note=None, side_note=None))
    return number, item and shown_of(item), *(tuple(one) if isinstance(one, list) else one for one in others)


# --- forms ------------------------------------------------------------------------------------------------------


def _macros(visit: Any) -> Any:
    return visit.desk.pages.macros("meetings/_line.html", visit, ground=ground)


def _form(visit: Any, name: str, places: Sequence[str], **given: Any) -> Parts:
    """A form drawn for no line, with marks where a line's own goes."""
    key = (name, language.current.get(), *given.values())
    form = FORMS.get(key)
    if form is None:
        form = parts_of(getattr(_macros(visit), name)(**given, **{place: mark(place) for place in places}))
        FORMS.put(key, form)
    return form


def _moving(visit: Any, line: Line, item: Item, locked: int, last: int) -> dict[str, str]:
    return {
        "action": visit.url("meetings.reorder", meeting_id=item.meeting_id),
        "id": str(item.id),
        "title": escape(item.title),
        "up": str(line.number - 2),
        "down": str(line.number),
        "is_first": " disabled" if line.number - 1 <= locked else "",
        "is_last": " disabled" if line.number == last else "",
    }


def _notes(visit: Any, line: Line, item: Item, is_written: Parts) -> dict[str, str]:
    own, shared = line.note or NOTHING, line.side_note or NOTHING
    return {
        "action": visit.url("meetings.note", meeting_id=item.meeting_id, item_id=item.id),
        "id": str(item.id),
        "title": escape(item.title),
        "is_written": is_written[0] if own.text or shared.text else "",
        "version": str(own.version),
        "text": escape(own.text),
        "side_version": str(shared.version),
        "side_text": escape(shared.text),
    }


NOTHING = Written("", 0)
