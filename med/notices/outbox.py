"""The outbox: what is to leave the house is a row first, written in the transaction that is the reason for it.

A slice that has something to send registers a composer for its kind and posts rows with ids in them. The words are
made when the mail is sent, from what its receiver may see by then; a composer that answers None has nothing to say
any more, and the row is dropped.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.db import insert_into
from med.notices.models import Channel, Message
from med.slices import Office


class Letter(Struct, frozen=True):
    """A mail's content. `calendar` is an iTIP object for the method it names, and comes last in the mail."""

    subject: str
    text: str
    html: str
    calendar: bytes = b""
    method: str = ""
    headers: Mapping[str, str] = {}  # List-Unsubscribe and the like


class Parcel(Struct, frozen=True):
    """What a chat channel or a webhook is told."""

    body: dict[str, Any]


# (db, office, message, its receiver today or None for an outlet) -> what to send, or None to drop it
Composer = Callable[[Session, Office, Message, Viewer | None], Letter | Parcel | None]
COMPOSERS: dict[str, Composer] = {}
SUMMONS: set[str] = set()
OPERATIONS: set[str] = set()


def register(**composers: Composer) -> None:
    """A slice calls this in its `slice.py`, once for each kind of message it sends."""
    for kind, composer in composers.items():
        assert kind not in COMPOSERS, kind
        COMPOSERS[kind] = composer


def register_summons(**composers: Composer) -> None:
    """Kinds that go with the seat and reach also those who want no mail: being called to a meeting, and its end."""
    register(**composers)
    SUMMONS.update(composers)


def register_operations(**composers: Composer) -> None:
    """Kinds for those who look after the system, who may work elsewhere and cannot ask not to be told."""
    register_summons(**composers)
    OPERATIONS.update(composers)


class NotSent(Exception):
    """Why something did not leave the house, in the other side's words. The kinds say what follows from it."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = " ".join("".join(c if c.isprintable() else " " for c in said).split())[:300]


class Away(NotSent):
    """The other side cannot be talked to at all. No message is to blame; all of them wait."""


class Later(NotSent):
    """Not now; the same again after a while."""

    def __init__(self, said: str, broken: bool = False) -> None:
        super().__init__(said)
        self.broken = broken  # the line broke or fell silent, rather than that somebody said so


class Never(NotSent):
    """Trying again makes no sense."""


class NoSuchAddress(Never):
    """The one it is for is not there, now or later."""


class Posting(Struct, frozen=True):
    """One message to be posted. The same key is posted once, however often and by whomever it is tried."""

    key: str
    kind: str
    person_id: int | None = None
    outlet_id: int | None = None
    channel: Channel = Channel.MAIL
    details: Mapping[str, Any] = {}
    next_at: datetime | None = None


def post(db: Session, postings: Iterable[Posting]) -> int:
    """Put messages in the outbox; those whose key is there already are left as they are. Returns how many are new."""
    now = clock.now()
    rows = [
        {
            "key": one.key,
            "uid": str(uuid.uuid4()),
            "channel": one.channel,
            "kind": one.kind,
            "person_id": one.person_id,
            "outlet_id": one.outlet_id,
            "details": msgspec.json.encode(one.details).decode(),
            "created_at": now,
            "next_at": one.next_at or now,
        }
        for one in postings
    ]
    if not rows:
        return 0
    db.flush()
    made = 0
    for start in range(0, len(rows), 500):
        statement = (
            insert_into(db, Message).values(rows[start : start + 500]).on_conflict_do_nothing(index_elements=["key"])
        )
        made += len(db.execute(statement.returning(Message.id)).all())
    return made
