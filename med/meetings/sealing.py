"""Files follow their item: closed ones lie sealed, opened ones do not, and what no row points at goes.

Whether a file is served sealed or plain is read from its row, so an item can be closed or opened at once and its
files, large as they may be, are written anew within a minute. The same errand seals what lay there before there were
seals, asks the virus scanner about files that still wait for it, and tidies up.
"""

import logging

from sqlalchemy import and_, func, not_, select, update
from sqlalchemy.orm import Session

from med.meetings import files
from med.meetings.files.scanning import scanner_of
from med.meetings.models import Attachment, AttachmentSeal, Item, Scan
from med.sealing import Lost, ring_of
from med.settings import BadSetting, Settings
from med.slices import Office

log = logging.getLogger("med")
AT_ONCE = 200
IS_OPEN = and_(Item.is_open, Attachment.is_open)


def bytes_of(db: Session, settings: Settings, attachment: Attachment) -> bytes | None:
    """What somebody put there, or None when it is gone, changed, or sealed with a key that is lost."""
    seal = db.get(AttachmentSeal, attachment.id)
    if seal is None:
        return files.read(settings.files_dir, attachment.sha256)
    try:
        return files.read(settings.files_dir, seal.stored, ring_of(settings.data_dir).unwrap(seal))
    except (Lost, BadSetting) as error:
        log.error("attachment %s cannot be opened: %s", attachment.id, error)
        return None


def stored_names(db: Session) -> list[tuple[int, int, str]]:
    """(meeting, attachment, the name its bytes lie under) of every file that is to be there."""
    rows = db.execute(
        select(Item.meeting_id, Attachment.id, func.coalesce(AttachmentSeal.stored, Attachment.sha256))
        .join(Item, Item.id == Attachment.item_id)
        .outerjoin(AttachmentSeal, AttachmentSeal.attachment_id == Attachment.id)
        .where(Attachment.scan != Scan.INFECTED)
        .order_by(Attachment.id)
    )
    return [(meeting_id, attachment_id, stored) for meeting_id, attachment_id, stored in rows]


def keep_files(office: Office) -> None:
    """The errand of every minute. Whatever two workers do at once, one of them does for nothing."""
    scan_waiting(office)
    for attachment_id in _not_as_they_should_be(office):
        if office.stopping.is_set():
            return
        try:
            move(office, attachment_id)
        except OSError as error:  # one sentence a minute, until there is room; what is taken away below makes some
            log.error("files that were closed or opened cannot be written anew: %s", error)
            break

    def wanted() -> set[str]:
        with office.database.reading() as db:
            return {stored for _, _, stored in stored_names(db)}

    files.tidy_up(office.settings.files_dir, wanted)


def _not_as_they_should_be(office: Office) -> list[int]:
    sealed = AttachmentSeal.attachment_id.is_not(None)
    with office.database.reading() as db:
        return list(
            db.scalars(
                select(Attachment.id)
                .join(Item, Item.id == Attachment.item_id)
                .outerjoin(AttachmentSeal, AttachmentSeal.attachment_id == Attachment.id)
                .where(and_(sealed, IS_OPEN) | and_(not_(sealed), not_(IS_OPEN)), Attachment.scan != Scan.INFECTED)
                .order_by(Attachment.id)
                .limit(AT_ONCE)
            )
        )


def move(office: Office, attachment_id: int) -> None:
    """Write one file anew, sealed or plain as its item is now, then its row; the old bytes are tidied away later."""
    settings = office.settings
    with office.database.reading() as db:
        attachment = db.get_one(Attachment, attachment_id)
        data = bytes_of(db, settings, attachment)
        closed = not (attachment.is_open and attachment.item.is_open)
    if data is None:
        log.error("the file of attachment %s is gone or changed; see `med verify`", attachment_id)
        return
    stored, key = files.put(settings.files_dir, data, closed)
    with office.database.writing() as db:
        held = select(Attachment).where(Attachment.id == attachment_id).with_for_update()
        found = db.scalars(held).one_or_none()
        if found is None or closed == (found.is_open and found.item.is_open):
            return
        seal = db.get(AttachmentSeal, attachment_id)
        if closed and key is not None and seal is None:
            seal = AttachmentSeal(attachment_id=attachment_id, stored=stored)
            ring_of(settings.data_dir).wrap(db, seal, key)
            db.add(seal)
        elif not closed and seal is not None:
            db.delete(seal)


def scan_waiting(office: Office) -> None:
    """Ask again about files the scanner did not answer for."""
    ask = scanner_of(office.settings)
    if ask is None:
        return
    with office.database.reading() as db:
        waiting = list(db.scalars(select(Attachment.id).where(Attachment.scan == Scan.PENDING).limit(AT_ONCE)))
    for attachment_id in waiting:
        with office.database.reading() as db:
            data = bytes_of(db, office.settings, db.get_one(Attachment, attachment_id))
        said = ask(data) if data is not None else Scan.PENDING
        if said not in {Scan.CLEAN, Scan.INFECTED}:
            return
        with office.database.writing() as db:
            db.execute(update(Attachment).where(Attachment.id == attachment_id).values(scan=said))
