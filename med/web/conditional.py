"""Answers to machines that ask again and again: "nothing new", or the same bytes from a shelf (RFC 9110, 13).

Whoever answers first finds out, cheaply, what the answer would be made of: its *mark*. Everything follows from that:
the entity tag, whether the asker has it already, and whether it was built before. A mark belongs to one address of one
person, and so does what stands on the shelf under it.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from threading import Lock
from typing import Any

from litestar import Response

from med import VERSION, clock
from med.db import state_of
from med.web.edge import takes_gzip
from med.web.routing import Visit

LARGEST = 6 * 2**20  # bytes of finished answers
MOST_SEEN = 20_000
TAG = re.compile(r'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*')
SECOND = timedelta(seconds=1)


def mark_of(*parts: Any) -> str:
    """A short mark of plain values. Another version of the program may say the same with other bytes."""
    return hashlib.sha256(repr((VERSION, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Shelf:
    """Finished answers under their key. The one not asked for longest goes first; `largest` counts their bytes.

    It also remembers since when each address has had the content it has: its Last-Modified. What the content was made
    of may carry no time at all (somebody left a committee, a committee got another name), so only that is honest.
    """

    def __init__(self, largest: int = LARGEST, most_seen: int = MOST_SEEN) -> None:
        self.largest = largest
        self.most_seen = most_seen
        self.size = 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._seen: OrderedDict[Hashable, tuple[str, datetime]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> bytes | None:
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, body: bytes) -> None:
        with self._lock:
            self.size += len(body) - len(self._kept.pop(key, b""))
            self._kept[key] = body
            while self.size > self.largest:
                _, gone = self._kept.popitem(last=False)
                self.size -= len(gone)

    def since(self, address: Hashable, mark: str) -> datetime:
        """When this address was first seen with this mark; always later than with the mark before it."""
        with self._lock:
            before = self._seen.get(address)
            if before is None or before[0] != mark:
                now = clock.now().replace(microsecond=0)
                before = (mark, max(now, before[1] + SECOND) if before else now)
                self._seen[address] = before
            self._seen.move_to_end(address)
            while len(self._seen) > self.most_seen:
                self._seen.popitem(last=False)
            return before[1]

    def __len__(self) -> int:
        return len(self._kept)


@dataclass(frozen=True)
class Given:
    """What was answered at an address: enough to answer the same again."""

    state: Hashable  # of the database, and which ten minutes it was
    mark: str
    since: datetime
    media_type: str
    headers: dict[str, str]
    shelf: Shelf
    key: Hashable


class Unchanged:
    """Answers that hold as long as nobody has saved anything, for ten minutes at most: then not even rights are asked.

    Only where the database can tell (`med.db.state_of`); under the whole address, whose token is its owner's.
    """

    def __init__(self, most: int = 5_000) -> None:
        self.most = most
        self._given: OrderedDict[bytes, Given] = OrderedDict()
        self._lock = Lock()

    def get(self, address: bytes, state: Hashable) -> Given | None:
        with self._lock:
            found = self._given.get(address)
            return found if found is not None and found.state == state else None

    def put(self, address: bytes, given: Given) -> None:
        with self._lock:
            self._given[address] = given
            self._given.move_to_end(address)
            while len(self._given) > self.most:
                self._given.popitem(last=False)


UNCHANGED = Unchanged()


def unless_unchanged(visit: Visit, find: Callable[[], Response]) -> Response:
    """The answer given before, if nothing at all has happened since; else what `find` finds, by way of `answer`.

    For addresses that carry their own right alone: who is signed in makes no difference there.
    """
    state = moment_of(visit)
    visit.request.state.own_right = True
    if state is not None:
        given = UNCHANGED.get(address_of(visit), state)
        if given is not None and (again := reply(visit, given, given.shelf.get(given.key))) is not None:
            return again
    return find()


def moment_of(visit: Visit) -> Hashable | None:
    state = state_of(visit.db)
    return None if state is None else (state, int(clock.now().timestamp()) // 600, VERSION)


def address_of(visit: Visit) -> bytes:
    """The whole address, hashed: a token is kept nowhere as it is."""
    url = visit.request.url
    return hashlib.sha256(f"{url.path}?{url.query}".encode("utf-8", "surrogatepass")).digest()


def answer(
    visit: Visit,
    shelf: Shelf,
    address: Hashable,
    mark: Callable[[], str],
    media_type: str,
    make: Callable[[], bytes],
    **headers: str,
) -> Response:
    """304 for who has it already; else the finished bytes, made now if they were not made before.

    `mark()` tells what the answer is made of without making it. It is asked again after making: what was made while
    the database changed is sent, but not kept.
    """
    state = moment_of(visit)
    found = mark()
    given = Given(state, found, shelf.since(address, found), media_type, headers, shelf, (address, found))
    if state is not None and getattr(visit.request.state, "own_right", False):
        UNCHANGED.put(address_of(visit), given)
    if (told := reply(visit, given, shelf.get(given.key))) is not None:
        return told
    body = make()
    if mark() == found:
        shelf.put(given.key, body)
    told = reply(visit, given, body)
    assert told is not None
    return told


def reply(visit: Visit, given: Given, body: bytes | None) -> Response | None:
    """304 for who has it, the body for who has not; None when there is none."""
    squeezed = takes_gzip(visit.request.headers.get("accept-encoding", ""))
    said = {
        # Two encodings of the same content are two representations: a strong tag must tell them apart.
        "ETag": f'"{given.mark}-gz"' if squeezed else f'"{given.mark}"',
        "Last-Modified": format_datetime(given.since, usegmt=True),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        **given.headers,
    }
    if has_it(visit, given.mark, given.since):
        return Response(b"", status_code=304, headers=said, media_type=given.media_type)
    return None if body is None else Response(body, headers=said, media_type=given.media_type)


def has_it(visit: Visit, mark: str, since: datetime) -> bool:
    """Whether the asker has this already: If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)."""
    asked = visit.request.headers
    if tags := asked.getall("if-none-match", []):
        return is_among(mark, ",".join(tags))
    if (known := asked.get("if-modified-since")) is None:
        return False
    try:
        moment = parsedate_to_datetime(known)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) >= since
    except (ValueError, TypeError, IndexError, OverflowError):
        return False  # no date: the header is ignored (RFC 9110, 13.1.3)


def is_among(mark: str, tags: str) -> bool:
    """Whether a list of entity tags names what has this mark, weakly compared, in either encoding."""
    if tags.strip() == "*":
        return True
    place = 0
    while (tag := TAG.match(tags, place)) is not None:
        if tag[1].removesuffix("-gz") == mark:
            return True
        place = tag.end()
        if tags[place : place + 1] != ",":
            return False
        place += 1
    return False
