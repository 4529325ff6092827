"""Minutes as canonical JSON, and what is hashed of them.

The document has two parts. The **open** part is what every employee may read: the meeting, who was there, the open
items with their words, outcomes, decisions and the hashes of their open files, and where the document stands in the
committee's chain. The **closed** part is the rest: closed items, closed attachments on open items. Of the closed part
the open one holds a seal only, SHA-256 over a random salt and the closed part. The seal is always there, also when
nothing was closed, so it tells an outsider neither what nor how much.

    Minutes.sha256 = SHA-256(canonical(open)),   open["seal"] = SHA-256(salt + canonical(closed))

Canonical: keys sorted, no white space, UTF-8, times in UTC to the second ("2026-11-19T08:00:00Z"), dates ISO, enum
values as stored, no floats. The same rows give the same bytes on both databases.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from med.meetings.models import (
    Attachment,
    Attendance,
    Item,
    Meeting,
    Part,
    Recusal,
)
from med.meetings.parts import PARTS
from med.organisation.models import Person

FORMAT = "medspil-minutes/1"


def canonical(value: Any) -> str:
    """The one way to write a plain value as text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def seal(salt: str, closed: Any) -> str:
    return digest(salt + canonical(closed))


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def document(
    db: Session, meeting: Meeting, *, sequence: int | None = None, previous_sha256: str = "", salt: str = ""
) -> dict[str, Any]:
    """The minutes as they stand now: {"open": …, "closed": …, "salt": …}. A salt is made unless one is given."""
    opened, closed = _items(db, meeting)
    salt = salt or secrets.token_hex(16)
    hidden = {"items": closed, "attachments": _attachments(db, meeting, is_open=False)}
    shown = {
        "format": FORMAT,
        "committee": {"uid": meeting.committee.uid, "name": meeting.committee.name},
        "meeting": {
            "uid": meeting.uid,
            "title": meeting.title,
            "kind": meeting.kind,
            "is_open": meeting.is_open,
            "place": meeting.place,
            "starts_at": meeting.starts_at,
            "ends_at": meeting.ends_at,
            "opened_at": meeting.opened_at,
            "closed_at": meeting.closed_at,
            "minute_taker": meeting.minute_taker.handle if meeting.minute_taker else None,
            "moderator": meeting.moderator.handle if meeting.moderator else None,
        },
        "attendance": _attendance(db, meeting),
        "items": opened,
        "sequence": sequence,
        "previous_sha256": previous_sha256,
        "seal": seal(salt, hidden),
    }
    return {"open": shown, "closed": hidden, "salt": salt}


def open_sha256(whole: dict[str, Any]) -> str:
    return digest(canonical(whole["open"]))


def _attendance(db: Session, meeting: Meeting) -> list[dict[str, Any]]:
    rows = db.scalars(
        select(Attendance)
        .where(Attendance.meeting_id == meeting.id, Attendance.part != Part.OBSERVER)
        .options(joinedload(Attendance.person))
        .order_by(Attendance.id)
    ).all()
    handles = {row.id: row.person.handle for row in rows}
    return [
        {
            "person": row.person.handle,
            "name": row.person.name,
            "part": row.part,
            "side": row.side,
            "role": row.role,
            "presence": row.presence,
            "arrived": row.arrived,
            "left": row.left,
            "note": row.remark,
            "stands_in_for": handles.get(row.stands_in_for_id) if row.stands_in_for_id else None,
        }
        for row in rows
    ]


def _items(db: Session, meeting: Meeting) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The items for the open part, closed ones as their number only, and the closed ones in full."""
    items = db.scalars(
        select(Item)
        .where(Item.meeting_id == meeting.id)
        .options(joinedload(Item.responsible), joinedload(Item.sent_to))
        .order_by(Item.position, Item.id)
    ).all()
    recused: dict[int, list[str]] = {}
    for item_id, handle in db.execute(
        select(Recusal.item_id, Person.handle)
        .join(Person, Person.id == Recusal.person_id)
        .where(Recusal.item_id.in_([item.id for item in items]))
        .order_by(Person.handle)
    ):
        recused.setdefault(item_id, []).append(handle)
    files = _attachments(db, meeting, is_open=True)
    added = [part(db, meeting) for part in PARTS.minutes]
    opened, closed = [], []
    for item in items:
        whole = {
            **item_words(item),
            "number": item.position,
            "recused": recused.get(item.id, []),
            "attachments": [row for row in files if row["item"] == item.uid],
            "decisions": [row for rows in added for row in rows.get(item.id, [])],
        }
        opened.append(whole if item.is_open else {"number": item.position, "is_open": False})
        if not item.is_open:
            closed.append(whole)
    return opened, closed


def item_words(item: Item) -> dict[str, Any]:
    """An item's own columns: what the database's triggers keep once the minutes are approved."""
    return {
        "uid": item.uid,
        "is_open": item.is_open,
        "ground": item.closed_ground,
        "title": item.title,
        "purpose": item.purpose,
        "standing": item.standing,
        "case_number": item.case_number,
        "case_text": item.case_text,
        "recommendation": item.recommendation,
        "responsible": item.responsible.handle if item.responsible else None,
        "raised_side": item.raised_side,
        "text": item.minutes_text,
        "outcome": item.outcome,
        "consensus": item.consensus,
        "statement_management": item.statement_management,
        "statement_employees": item.statement_employees,
        "hearing_until": item.hearing_until,
        "sent_to": item.sent_to.uid if item.sent_to else None,
    }


def _attachments(db: Session, meeting: Meeting, *, is_open: bool) -> list[dict[str, Any]]:
    """Files by title and hash. A file on a closed item travels with the closed part, whatever it is itself."""
    rows: Iterable[Any] = db.execute(
        select(Item.uid, Item.is_open, Attachment)
        .join(Item, Item.id == Attachment.item_id)
        .where(Item.meeting_id == meeting.id, Attachment.removed_at.is_(None))
        .order_by(Attachment.id)
    )
    return [
        {
            "item": uid,
            "title": file.title,
            "file_name": file.file_name,
            "size": file.size,
            "sha256": file.sha256,
            "is_open": file.is_open,
        }
        for uid, item_open, file in rows
        if (item_open and file.is_open) == is_open
    ]
