"""The journal is a chain: each line carries a hash over what it says and over the line before it.

Lines are written at the very end of their transaction, while a lock on the chain's head is held: so the chain has one
order, that in which things were saved, whatever the number of servers, and nobody waits for another's whole request.
An id is a place in the chain. What is changed, taken out, put in or moved is found by reading the chain again; that
its end was cut off is seen at the head, or, when someone took care of the head too, at an anchor kept elsewhere.

    sha256 = SHA-256(JSON [the line before's sha256, id, at, person_id, happened, thing, thing_id, fields])
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, event, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, SessionTransaction

from med.db import insert_rows
from med.journal.models import Entry, Head
from med.prepared import Prepared, PreparedChange

FIRST = "0" * 64  # what the first line has before it
PENDING = "journal"
MANY = 4  # lines that are written together
COLUMNS = ("id", "at", "person_id", "happened", "thing", "thing_id", "fields", "sha256")


class Line(NamedTuple):
    """What a line says; its place is given when it is saved."""

    at: datetime
    person_id: int | None
    happened: str
    thing: str
    thing_id: int
    fields: str


def link(before: str, entry_id: int, line: Iterable[Any]) -> str:
    """The hash of a line in its place."""
    at, *rest = line
    plain = [before, entry_id, at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), *rest]
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()


def put_down(db: Session, lines: Iterable[Line]) -> None:
    """Lines for the end of this transaction; they go with it, or with the part of it that is undone."""
    part = db.get_nested_transaction()
    db.info.setdefault(PENDING, []).extend((part, line) for line in lines)


@event.listens_for(Session, "before_commit")
def _save(db: Session) -> None:
    if db.info.get(PENDING) and not db.in_nested_transaction():
        db.flush()  # all other rows are locked before the head is: two can never wait for each other
        append(db, [line for _, line in db.info.pop(PENDING)])


@event.listens_for(Session, "after_soft_rollback")
def _forget(db: Session, undone: SessionTransaction) -> None:
    if pending := db.info.get(PENDING):
        while not undone.nested and undone.parent is not None:  # a flush that failed: what goes is the part it was in
            undone = undone.parent
        db.info[PENDING] = [one for one in pending if undone.nested and undone not in _parts(one[0])]


def _parts(part: SessionTransaction | None) -> Iterator[SessionTransaction]:
    """The savepoint a line was put down in, and those around it."""
    while part is not None:
        yield part
        part = part.parent


# Nearly every change says these.
HEAD: Any = Head.__table__
LOCKED = Prepared(lambda: select(HEAD.c.entry_id, HEAD.c.sha256).where(HEAD.c.id == 1).with_for_update())
MOVED = PreparedChange(
    lambda: update(HEAD).where(HEAD.c.id == 1).values(entry_id=bindparam("last"), sha256=bindparam("hash"))
)
ENTRY: Any = Entry.__table__
ADDED = PreparedChange(lambda: insert(ENTRY).values({name: bindparam(name) for name in COLUMNS}))


def append(db: Session, lines: Iterable[Line]) -> None:
    """Chain lines to the head and save them. Called once a transaction, as its last step."""
    head = lock_head(db)
    last, before = head
    rows = []
    for line in lines:
        last += 1
        before = link(before, last, line)
        rows.append((last, *line, before))
    if len(rows) < MANY:
        for row in rows:
            ADDED(db, **dict(zip(COLUMNS, row, strict=True)))
    else:
        insert_rows(db, ENTRY, COLUMNS, rows)
    MOVED(db, last=last, hash=before)


def lock_head(db: Session) -> tuple[int, str]:
    """(id, hash) of the last line; whoever else wants to write one waits until this transaction is over."""
    if not (found := LOCKED(db)):
        try:
            with db.begin_nested():
                db.execute(insert(Head).values(id=1, entry_id=0, sha256=FIRST))
        except IntegrityError:  # two wrote the very first line at once
            pass
        found = LOCKED(db)
    [(last, sha256)] = found
    return last, sha256


# --- reading it again -------------------------------------------------------------------------------------------


class Broken(Struct, frozen=True):
    """A place where the journal is not what was written."""

    entry_id: int
    what: str

    def __str__(self) -> str:
        return f"journal line {self.entry_id}: {self.what}"


def head_of(db: Session) -> tuple[int, str]:
    """(id, hash) of the last line that was written, as the head has it; (0, …) before the first."""
    found = db.execute(select(Head.entry_id, Head.sha256).where(Head.id == 1)).first()
    return (found[0], found[1]) if found else (0, FIRST)


def breaks(db: Session) -> Iterator[Broken]:
    """Walk the whole chain, ten thousand lines at a time. Nothing when every line is as it was written."""
    last, before = 0, FIRST
    expected_last, expected = head_of(db)
    while True:
        rows = db.execute(
            select(*(getattr(Entry, name) for name in COLUMNS)).where(Entry.id > last).order_by(Entry.id).limit(10_000)
        ).all()
        for row in rows:
            entry_id, *line, sha256 = row
            if link(before, entry_id, line) != sha256:
                missing = f", or lines {last + 1}–{entry_id - 1} before it are gone" if entry_id - last > 1 else ""
                yield Broken(entry_id, f"changed, moved or put in afterwards{missing}")
            last, before = entry_id, sha256
        if not rows:
            break
    if (last, before) != (expected_last, expected):
        end = f"the journal was written as far as line {expected_last}, and ends here"
        yield Broken(last, end if last < expected_last else "the end is not the one that was written last")
