"""Notes on an item: for oneself, or shared among the members of one side."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.journal.actions import note
from med.meetings import access
from med.meetings.actions.versions import Stale, take_version
from med.meetings.forms.agenda import NoteForm
from med.meetings.models import Item, Note


def save_note(db: Session, viewer: Viewer, item: Item, form: NoteForm) -> Note:
    """Keep a note as it stands in its field. Raises Stale when a colleague changed the side's note meanwhile."""
    require(viewer, access.note_for_side if form.shared else access.note_privately, item)
    found = find_note(db, viewer, item, form.shared)
    if found is None:
        if form.version:
            raise Stale
        found = Note(
            item_id=item.id,
            person_id=None if form.shared else viewer.person_id,
            side=access.side_at(viewer, item.meeting) if form.shared else None,
            text=form.text,
            changed_by_id=viewer.person_id,
            changed_at=clock.now(),
        )
        try:
            with db.begin_nested():
                db.add(found)
        except IntegrityError:  # a colleague began the side's note in the same moment
            raise Stale from None
    elif found.text != form.text:
        take_version(db, found, form.version)
        found.text, found.changed_by_id, found.changed_at = form.text, viewer.person_id, clock.now()
    note(db, viewer, "note.kept", found)
    return found


def find_note(db: Session, viewer: Viewer, item: Item, shared: bool) -> Note | None:
    """One's own note on an item, or one's side's."""
    mine = Note.side == access.side_at(viewer, item.meeting) if shared else Note.person_id == viewer.person_id
    return db.scalar(select(Note).join(Item, Item.id == Note.item_id).where(
        Note.item_id == item.id, mine, access.visible_notes(viewer)
    ))  # fmt: skip
