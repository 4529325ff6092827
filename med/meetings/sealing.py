"""Files follow their item: closed ones lie sealed, opened ones do not, and what no row points at goes.

Whether a file is served sealed or plain is read from its row. The files of an item that is closed are sealed in the
same transaction, as far as that keeps nobody waiting; the others, and those that are opened, are written anew within a
minute. The same errand seals what lay there before there were
seals, asks the virus scanner about files that still wait for it, and tidies up.
"""

import logging

from sqlalchemy import and_, func, not_, select, true, update
from sqlalchemy.orm import Session

from med.db import Database
from med.meetings import files
from med.meetings.files.scanning import scanner_of
from med.meetings.models import Attachment, AttachmentSeal, Item, Scan
from med.sealing import Lost, ring_of
from med.setting_values import BadSetting
from med.settings import Settings
from med.slices import Office

log = logging.getLogger("med")
AT_ONCE = 200
SEALED_AT_ONCE = 30 * 2**20  # bytes: a quarter of a second while nobody else writes
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


def stored_names(db: Session, among: set[str] | None = None) -> list[tuple[int, int, str]]:
    """(meeting, attachment, the name its bytes lie under) of every file that is to be there, or of those `among`."""
    name = func.coalesce(AttachmentSeal.stored, Attachment.sha256)
    rows = db.execute(
        select(Item.meeting_id, Attachment.id, name)
        .join(Item, Item.id == Attachment.item_id)
        .outerjoin(AttachmentSeal, AttachmentSeal.attachment_id == Attachment.id)
        .where(Attachment.scan != Scan.INFECTED, name.in_(among) if among is not None else true())
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


def seal_closed(db: Session, settings: Settings, item: Item) -> set[str]:
    """Seal the files of an item that are no longer open, in the transaction that closes it.

    Gives the names their plain bytes lie under, for `let_go` once the transaction is saved: whatever stops us before,
    the rows point at what is there. What is too large, and all where the disk takes nothing, is left to the errand.
    """
    db.flush()
    plain = (
        select(Attachment)
        .join(Item, Item.id == Attachment.item_id)
        .outerjoin(AttachmentSeal, AttachmentSeal.attachment_id == Attachment.id)
        .where(Attachment.item_id == item.id, AttachmentSeal.attachment_id.is_(None), not_(IS_OPEN))
        .where(Attachment.scan != Scan.INFECTED)
        .order_by(Attachment.size)
    )
    gone, room = set(), SEALED_AT_ONCE
    for attachment in db.scalars(plain).all():
        room -= attachment.size
        data = files.read(settings.files_dir, attachment.sha256) if room >= 0 else None
        if data is None:
            continue
        try:
            stored, key = files.put(settings.files_dir, data, closed=True)
            _seal(db, settings, attachment.id, stored, key)
        except (OSError, BadSetting) as error:
            log.error("files that were closed cannot be sealed yet: %s", error)
            break
        gone.add(attachment.sha256)
    return gone


def let_go(database: Database, settings: Settings, names: set[str]) -> None:
    """Take away what was sealed a moment ago, unless another row points at it, or somebody put it there lately."""
    if not names:
        return
    with database.reading() as db:
        wanted = {stored for _, _, stored in stored_names(db, names)}
    files.let_go(settings.files_dir, names - wanted)


def _seal(db: Session, settings: Settings, attachment_id: int, stored: str, key: bytes | None) -> None:
    assert key is not None
    seal = AttachmentSeal(attachment_id=attachment_id, stored=stored)
    ring_of(settings.data_dir).wrap(db, seal, key)
    db.add(seal)


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
        if closed and seal is None:
            _seal(db, settings, attachment_id, stored, key)
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
