"""Attaching a file to an item, and taking it off again."""

from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.errors import Invalid
from med.journal.actions import note
from med.language import T
from med.meetings import access
from med.meetings.actions.agenda import agenda_changed
from med.meetings.actions.planning import lock
from med.meetings.actions.versions import take_version
from med.meetings.files import Kept
from med.meetings.forms.attachments import AttachFile
from med.meetings.models import Attachment, AttachmentSeal, Item, State
from med.sealing import Ring

MOST = 40


def attach(
    db: Session, viewer: Viewer, item: Item, kept: Kept, form: AttachFile, ring: Ring | None = None
) -> Attachment:
    """Put a file that is already kept on an item. On an open item it may still be for the committee only."""
    _take(db, viewer, item)
    here = [one for one in item.attachments if one.removed_at is None]
    if len(here) >= MOST:
        raise Invalid(file=T("Der er allerede %(n)s bilag på punktet.", n=MOST))
    attachment = Attachment(
        item=item,
        item_id=item.id,
        title=" ".join(form.attachment_title.split()) or kept.name,
        file_name=kept.name,
        media_type=kept.media_type,
        size=kept.size,
        sha256=kept.sha256,
        is_open=not form.inside_only,
        person_id=viewer.person_id,
        at=clock.now(),
        scan=kept.scan,
    )
    db.add(attachment)
    if kept.key is not None and ring is not None:
        db.flush()
        seal = AttachmentSeal(attachment_id=attachment.id, stored=kept.stored)
        ring.wrap(db, seal, kept.key)
        db.add(seal)
    note(db, viewer, "attachment.added", attachment)
    _changed(db, viewer, item)
    return attachment


def remove_attachment(db: Session, viewer: Viewer, attachment: Attachment) -> Attachment:
    """Take a file off the agenda. The row stays, so that minutes that name it keep their hash."""
    _take(db, viewer, attachment.item)
    if attachment.removed_at is None:
        attachment.removed_at = clock.now()
        note(db, viewer, "attachment.removed", attachment)
        _changed(db, viewer, attachment.item)
    return attachment


def set_attachment_openness(db: Session, viewer: Viewer, attachment: Attachment, is_open: bool) -> Attachment:
    _take(db, viewer, attachment.item)
    if attachment.is_open is not is_open:
        attachment.is_open = is_open
        note(db, viewer, "attachment.opened" if is_open else "attachment.closed", attachment, ["is_open"])
        _changed(db, viewer, attachment.item)
    return attachment


def _take(db: Session, viewer: Viewer, item: Item) -> None:
    """The files belong to the agenda: nobody approves it while one comes or goes."""
    require(viewer, access.prepare_agenda, item.meeting)
    lock(db, item.meeting)
    require(viewer, access.prepare_agenda, item.meeting)


def _changed(db: Session, viewer: Viewer, item: Item) -> None:
    """Until the agenda has gone out the chairs approve each item with its files."""
    if item.meeting.state is State.PLANNED:
        take_version(db, item, None)
        agenda_changed(db, viewer, item.meeting)


def note_fetched(db: Session, viewer: Viewer, attachment: Attachment) -> None:
    """Somebody opens a closed file: noted in the transaction that reads it."""
    note(db, viewer, "attachment.fetched", attachment)
