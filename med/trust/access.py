"""Words that are a committee's before they are a person's: no right of access opens a closed item again.

Whoever sat on a committee has rows of their own about what is closed there: tasks, notes, points. The rows are theirs
to see and to take along; the words stay behind when the seat has ended (GDPR article 15, 4: others' rights).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select, true

from med.access import Viewer
from med.decisions.access import visible_decisions, visible_follow_ups
from med.decisions.models import Decision, FollowUp
from med.language import T
from med.meetings.access import is_open_point, visible_attachments, visible_items, visible_notes, visible_proposals
from med.meetings.models import Attachment, Item, Note, Proposal

LEFT_OUT = T("[kun for udvalget]")


class Words(NamedTuple):
    """Which columns of a table are words, which rows' are closed, and which of those somebody may read."""

    columns: tuple[str, ...]
    closed: ColumnElement[bool]
    readable: Callable[[Viewer], ColumnElement[bool]]
    by_item: bool = False  # `closed` and `readable` are asked of the row and its item together


ITEMS = Words(("title",), Item.is_open.is_(False), visible_items)
WORDS = {
    "note.person_id": Words(("text",), true(), visible_notes, by_item=True),
    "follow_up.owner_id": Words(("text",), FollowUp.is_open.is_(False), visible_follow_ups),
    "decision.responsible_id": Words(("text",), Decision.is_open.is_(False), visible_decisions),
    "item.responsible_id": ITEMS,
    "item.raised_by_id": ITEMS,
    "proposal.raised_by_id": Words(("title", "why"), ~is_open_point(), visible_proposals),
    "proposal.answered_by_id": Words(("title",), ~is_open_point(), visible_proposals),
    "attachment.person_id": Words(
        ("title", "file_name"),
        or_(Attachment.is_open.is_(False), Item.is_open.is_(False)),
        visible_attachments,
        by_item=True,
    ),
}
MODELS: dict[str, Any] = {
    "note": Note, "follow_up": FollowUp, "decision": Decision, "item": Item, "proposal": Proposal,
    "attachment": Attachment,
}  # fmt: skip


def not_theirs(place: str, viewer: Viewer | None) -> Select[tuple[int]]:
    """Ids of rows at a place of WORDS whose words a person may not read. `viewer` is None for who has left."""
    words, model = WORDS[place], MODELS[place.partition(".")[0]]
    found = select(model.id).where(words.closed)
    if words.by_item:
        found = found.join(Item, Item.id == model.item_id)
    return found.where(~words.readable(viewer)) if viewer else found
