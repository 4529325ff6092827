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
from functools import cached_property
from threading import Lock
from typing import Any

from litestar import Response

from med import VERSION, clock
from med.web.edge import SMALLEST, Headers, takes_gzip
from med.web.packing import squeeze
from med.web.routing import Desk, Visit

LARGEST = 6 * 2**20  # bytes of finished answers
MOST_SEEN = 20_000
TAG = re.compile(r'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*')
SECOND = timedelta(seconds=1)
PLACES = ("/feeds/", "/kalender/")  # addresses there carry their own right, and nothing else counts
ASKED = "med.asked"  # in the scope of a request: its address and the state of the database before it began


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

    mark: str
    since: datetime
    media_type: str
    headers: dict[str, str]
    shelf: Shelf
    key: Hashable

    @cached_property
    def said(self) -> list[dict[str, str]]:
        """The headers, without and with compression."""
        return [
            {
                # Two encodings of the same content are two representations: a strong tag must tell them apart.
                "etag": f'"{tag}"',
                "last-modified": format_datetime(self.since, usegmt=True),
                "cache-control": "private, no-cache",
                "vary": "Accept-Encoding",
                **self.headers,
            }
            for tag in (self.mark, f"{self.mark}-gz")
        ]

    @cached_property
    def lines(self) -> list[Headers]:
        """The same as they are sent."""
        return [[(name.encode(), value.encode("latin-1")) for name, value in said.items()] for said in self.said]

    def packed(self, body: bytes) -> bytes:
        """The body compressed, once."""
        key = (self.key, "gzip")
        if (found := self.shelf.get(key)) is None:
            found = squeeze(body)
            self.shelf.put(key, found)
        return found


class Unchanged:
    """Answers that hold as long as nobody has saved anything, for ten minutes at most: then not even rights are asked.

    The database tells (`Database.state`); under the whole address, whose token is its owner's. Asked at the edge,
    before anything else of the application: on SQLite it costs less than a page of plain text.
    """

    def __init__(self, most: int = 5_000) -> None:
        self.most = most
        self._given: OrderedDict[bytes, tuple[Hashable, Given]] = OrderedDict()
        self._lock = Lock()

    def put(self, asked: tuple[bytes, Hashable], given: Given) -> None:
        address, state = asked
        with self._lock:
            self._given[address] = (state, given)
            self._given.move_to_end(address)
            while len(self._given) > self.most:
                self._given.popitem(last=False)

    async def again(
        self, desk: Desk, scope: dict[str, Any], asked: dict[bytes, bytes], squeezed: bool
    ) -> tuple[int, Headers, bytes] | None:
        """Status, headers and body, if nothing at all has happened since they were found; who is signed in makes no
        difference there. Else `answer` is told what was asked, and in which state."""
        if not scope["path"].startswith(PLACES) or scope["method"] not in {"GET", "HEAD"}:
            return None
        if (count := await desk.read(desk.database.state)) is None:
            return None
        state = (count, int(clock.now().timestamp()) // 600)
        # The whole address, hashed: a token is kept nowhere as it is.
        whole = b"%b?%b" % (scope["path"].encode("utf-8", "surrogatepass"), scope["query_string"])
        address = hashlib.sha256(whole).digest()
        scope[ASKED] = (address, state)
        with self._lock:
            before, given = self._given.get(address, (None, None))
        if given is None or before != state:
            return None
        tags = [value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"]
        known = asked.get(b"if-modified-since")
        if has_it(given, tags, known and known.decode("latin-1")):
            return 304, given.lines[squeezed], b""
        if (body := given.shelf.get(given.key)) is None:
            return None
        charset = "; charset=utf-8" if given.media_type.startswith("text/") else ""  # as the framework says it
        more = [(b"content-type", f"{given.media_type}{charset}".encode())]
        if squeezed and len(body) >= SMALLEST:
            body = given.packed(body)
            more.append((b"content-encoding", b"gzip"))
        return 200, [*given.lines[squeezed], *more, (b"content-length", str(len(body)).encode())], body


UNCHANGED = Unchanged()


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
    found = mark()
    given = Given(found, shelf.since(address, found), media_type, headers, shelf, (address, found))
    asked: Any = visit.request.scope.get(ASKED)
    if asked is not None:
        UNCHANGED.put(asked, given)
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
    asked = visit.request.headers
    headers = given.said[takes_gzip(asked.get("accept-encoding", ""))]
    if has_it(given, asked.getall("if-none-match", []), asked.get("if-modified-since")):
        return Response(b"", status_code=304, headers=headers, media_type=given.media_type)
    return None if body is None else Response(body, headers=headers, media_type=given.media_type)


def has_it(given: Given, tags: list[str], known: Any) -> bool:
    """Whether the asker has this already: If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)."""
    if tags:
        return is_among(given.mark, ",".join(tags))
    if known is None:
        return False
    try:
        moment = parsedate_to_datetime(known)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) >= given.since
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
