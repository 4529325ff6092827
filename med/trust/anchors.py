"""Where the chains ended on a day, told to a place outside the database.

A chain shows that something in it was changed, but not that its end was cut off and its head set back. Once a day the
heads are therefore written down elsewhere: in a file that is only ever added to (MED_ANCHOR_FILE), and in a mail
(MED_ANCHOR_MAIL). `med verify --anchor FILE` holds the chains against such lines:

    2026-11-22T01:00:00Z journal 1234 <sha256>
    2026-11-22T01:00:00Z minutes/<the committee's uid> 7 <sha256>
"""

import fcntl
import logging
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from med import clock
from med.journal.chain import head_of
from med.journal.models import Entry
from med.meetings.models import Minutes
from med.notices.outbox import Letter, NotSent
from med.organisation.models import Committee
from med.settings import Settings
from med.slices import Office

log = logging.getLogger("med")
ANCHORS = "anchors.txt"
LINE = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z) (journal|minutes/\S+) (\d{1,18}) ([0-9a-f]{64})")


class Anchor(NamedTuple):
    at: str
    chain: str  # "journal", or "minutes/" and a committee's uid
    number: int
    sha256: str

    def __str__(self) -> str:
        return " ".join(map(str, self))


def anchors_now(db: Session) -> list[Anchor]:
    """The end of every chain, as it is at this moment."""
    at = clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    newest = select(Minutes.committee_id, func.max(Minutes.sequence)).group_by(Minutes.committee_id)
    heads = db.execute(
        select(Committee.uid, Minutes.sequence, Minutes.sha256)
        .join(Committee, Committee.id == Minutes.committee_id)
        .where(tuple_(Minutes.committee_id, Minutes.sequence).in_(newest))
        .order_by(Committee.id)
    )
    return [
        Anchor(at, "journal", *head_of(db)),
        *(Anchor(at, f"minutes/{uid}", number or 0, sha256) for uid, number, sha256 in heads),
    ]


def read_anchors(lines: Iterable[str]) -> Iterator[Anchor]:
    """The anchors in a file or in a mail as it was received, "> " and other words around them included."""
    for line in lines:
        if found := LINE.search(line):
            at, chain, number, sha256 = found.groups()
            yield Anchor(at, chain, int(number), sha256)


def missing_anchors(db: Session, anchors: Iterable[Anchor]) -> Iterator[str]:
    """What an anchor says was there and is not, or is something else by now."""
    for anchor in anchors:
        if anchor.number == 0:
            continue
        if anchor.chain == "journal":
            there = db.scalar(select(Entry.sha256).where(Entry.id == anchor.number))
        else:
            there = db.scalar(
                select(Minutes.sha256)
                .join(Committee, Committee.id == Minutes.committee_id)
                .where(Committee.uid == anchor.chain.partition("/")[2], Minutes.sequence == anchor.number)
            )
        if there != anchor.sha256:
            what = "is gone" if there is None else "is another"
            yield f"{anchor.chain} {anchor.number}, anchored at {anchor.at}, {what}"


def anchor_file(settings: Settings) -> Path:
    return settings.anchor_file or settings.data_dir / ANCHORS


def drop_anchors(office: Office) -> None:
    """The errand: once a day, whichever worker comes first. A mail that cannot be sent is logged, the file stands."""
    file = anchor_file(office.settings)
    with office.database.reading() as db:
        anchors = anchors_now(db)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+", encoding="ascii") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        kept.seek(0)
        earlier = list(read_anchors(kept))
        if any(one.chain == "journal" and one.at[:10] >= anchors[0].at[:10] for one in earlier):
            return
        # A committee's chain that has not grown since it was last written down needs no line of its own.
        known = {one[1:] for one in earlier}
        fresh = [one for one in anchors if one.chain == "journal" or one[1:] not in known]
        kept.writelines(f"{one}\n" for one in fresh)
        kept.flush()
        os.fsync(kept.fileno())
    if office.settings.anchor_mail:
        mail_anchors(office.settings, anchors)


def mail_anchors(settings: Settings, anchors: list[Anchor]) -> None:
    from med.notices.smtp import Postman, write

    lines = "".join(f"{one}\n" for one in anchors)
    said = (
        f"Kæderne i Medspil ({settings.base_url}) sluttede her. Gem mailen; `med verify --anchor FIL` holder dem op "
        f"imod den.\nWhere the chains of Medspil ended. Keep this mail; `med verify --anchor FILE` checks them.\n\n"
    )
    letter = Letter(f"Medspil: kæderne {anchors[0].at[:10]}", said + lines, f"<pre>{said}{lines}</pre>")
    message = write(letter, "", settings.anchor_mail, settings, uuid.uuid4().hex, clock.now())
    try:
        with Postman(settings) as postman:
            postman.deliver(message)
    except NotSent as failure:
        log.warning("the anchors were not mailed, and are in the file alone: %s", failure)
