"""Pages that follow what happens, by server-sent events: the plumbing, which knows nothing of meetings.

A page stands in pieces, each with an id. A reader's stream sends a piece when what *that reader* may see of it has
changed, and nothing otherwise: what is hidden from someone causes no event to them, not even an empty one.

    event: html
    id: 5f0c…            what the reader has now; sent back as ?efter= or Last-Event-ID after a break
    data: {"id": "room-item", "html": "<section id=…", "say": "words for a screen reader, mostly empty"}

    event: reload        the page itself is another one now
    : (a comment)        a heartbeat, so that proxies keep the line open

Readers wait on an event in memory: no thread and no database connection is held meanwhile. They are woken by `wake`,
called once a transaction of this process is saved, or when another process announces one (med/wire.py), and by one
look at the database every `EVERY` seconds for all channels together, `SELDOM` while the wire is open.
"""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping

from msgspec import Struct

EVERY = 1.5  # seconds between looks at the database
SELDOM = 15.0  # the same while other processes announce what they save
HEARTBEAT = 15.0  # seconds of silence before a comment is sent and the reader's rights are checked anew
GAP = 0.3  # at most one push in so many seconds, so that a burst is one push

log = logging.getLogger("med")

# What differs each time a page is made, though nothing has changed: running clocks and form tokens.
_PASSING = re.compile(r' data-clock="\d+"|name="(?:_token|idem)" value="[^"]*"')


class Piece(Struct, frozen=True):
    """A part of a page that can be exchanged. `say` is read aloud when it is other than it was."""

    id: str
    html: str
    say: str = ""

    @property
    def mark(self) -> str:
        return hashlib.sha256(_PASSING.sub("", self.html).encode()).hexdigest()[:16]


class Look(Struct, frozen=True):
    """What a reader may see now. `over`: send this and end the stream; `reload`: the page must be fetched anew."""

    pieces: tuple[Piece, ...] = ()
    over: bool = False
    reload: bool = False


def mark_of(pieces: Collection[Piece]) -> str:
    """A short sign for everything a reader has on the page."""
    return hashlib.sha256("".join(piece.mark for piece in pieces).encode()).hexdigest()[:16]


class _Reader:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.news = asyncio.Event()

    def wake(self) -> None:
        self.loop.call_soon_threadsafe(self.news.set)

    async def wait(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.news.wait(), seconds)
        except TimeoutError:
            return False
        return True


Versions = Callable[[Collection[int]], Awaitable[Mapping[int, object]]]


class Hub:
    """The readers of this process, by channel. `versions` tells for each channel a value that changes with it."""

    def __init__(self, versions: Versions, most: int, is_wired: Callable[[], bool] = lambda: False) -> None:
        self.versions = versions
        self.most = most
        self.is_wired = is_wired
        self.closed = False
        self.readers: dict[int, set[_Reader]] = {}
        # One look at a time in a channel: the first makes what the others who see the same can share.
        self.turns: dict[int, asyncio.Lock] = {}
        self._watch: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        return sum(len(readers) for readers in self.readers.values())

    @property
    def is_full(self) -> bool:
        return self.count >= self.most

    def close(self) -> None:
        """The server stops: every stream ends, and the browsers come back to its successor."""
        self.closed = True
        self.wake_all()

    def wake(self, channel: int) -> None:
        """Something in the channel was saved. Callable from any thread."""
        for reader in tuple(self.readers.get(channel, ())):
            reader.wake()

    def wake_all(self) -> None:
        for channel in tuple(self.readers):
            self.wake(channel)

    async def stream(
        self, channel: int, look: Callable[[], Awaitable[Look | None]], seen: str = ""
    ) -> AsyncIterator[bytes]:
        """A reader's events until the look says it is over (None: the reader may not look any longer)."""
        reader = _Reader()
        self.readers.setdefault(channel, set()).add(reader)
        self._start_watch()
        marks: dict[str, str] = {}
        said: dict[str, str] = {}
        try:
            yield b"retry: 3000\n\n"
            while not self.closed:
                reader.news.clear()
                async with self.turns.setdefault(channel, asyncio.Lock()):
                    now = await look()
                if now is None:
                    return
                has_all = not marks and bool(seen) and mark_of(now.pieces) == seen
                event_id = mark_of(now.pieces)
                for piece in now.pieces:
                    if not has_all and marks.get(piece.id) != piece.mark:
                        say = piece.say if said.get(piece.id, piece.say) != piece.say else ""
                        yield _event("html", event_id, {"id": piece.id, "html": piece.html, "say": say})
                    marks[piece.id] = piece.mark
                    said[piece.id] = piece.say
                if now.reload:
                    yield _event("reload", "", {})
                if now.over or now.reload:
                    return
                if await reader.wait(HEARTBEAT):
                    await asyncio.sleep(GAP)
                else:
                    yield b":\n\n"
        finally:
            self.readers[channel].discard(reader)
            if not self.readers[channel]:
                del self.readers[channel]
                self.turns.pop(channel, None)

    def _start_watch(self) -> None:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.get_running_loop().create_task(self._watch_database())

    async def _watch_database(self) -> None:
        """One question for all channels, as long as someone follows any."""
        known: dict[int, object] = {}
        while self.readers:
            await asyncio.sleep(SELDOM if self.is_wired() else EVERY)
            try:
                found = await self.versions(tuple(self.readers))
            except Exception:
                log.exception("live: the database did not answer")
                continue
            for channel, version in found.items():
                # A channel seen for the first time may have changed since its reader looked.
                if channel not in known or known[channel] != version:
                    self.wake(channel)
            known = dict(found)


def _event(name: str, event_id: str, data: dict[str, str]) -> bytes:
    lines = [f"event: {name}"]
    if event_id:
        lines.append(f"id: {event_id}")
    # JSON keeps line breaks inside its strings, so that the data is one line.
    lines.append(f"data: {json.dumps(data, ensure_ascii=False)}")
    return ("\n".join(lines) + "\n\n").encode()


HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
MEDIA_TYPE = "text/event-stream"  # Litestar adds the charset
