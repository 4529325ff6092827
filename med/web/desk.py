"""The application's own tools, and the threads that work is carried out in."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Protocol

from litestar import Request
from msgspec import Struct
from sqlalchemy.orm import Session

from med.access import Viewer
from med.db import Database
from med.web.pages import Pages
from med.web.saves import Saves
from med.wire import Ear


class Arrival(Struct, frozen=True):
    """Someone at the door: the viewer, and the sign-in their forms are bound to."""

    viewer: Viewer | None
    sign_in_id: int | None
    token_secret: str
    language: str
    theme: str
    news_since: datetime  # what is newer is new to this person
    seen_at: datetime | None = None
    is_fresh: bool = False  # showed who they are a moment ago: what matters most may be changed
    lacks_step: bool = False  # an administrator's right waits until their password has a second step


class Doorkeeper(Protocol):
    """What the web needs from the identity slice, which lies above it."""

    cookie: str
    trip_cookie: str

    def arrive(self, db: Session, request: Request) -> Arrival: ...
    def touch(self, db: Session, arrival: Arrival) -> None: ...
    def is_stale(self, arrival: Arrival) -> bool: ...
    def first_answer(self, db: Session, viewer: Viewer, key: str) -> str | None: ...
    def claim(self, db: Session, viewer: Viewer, key: str) -> None: ...
    def settle(self, db: Session, viewer: Viewer, key: str, answer: str) -> None: ...
    def open(self, db: Session, person: Any, device: str, how: str = ...) -> str: ...
    def close(self, db: Session, sign_in_id: int) -> None: ...
    def stranger(self, chosen: str, now: datetime) -> Arrival: ...


class Desk:
    """The application's own tools: database, pages, doorkeeper, threads. One per process."""

    def __init__(self, database: Database, pages: Pages, doorkeeper: Doorkeeper, settings: Any) -> None:
        self.database = database
        self.pages = pages
        self.doorkeeper = doorkeeper
        self.settings = settings
        self.writer = ThreadPoolExecutor(1 if database.is_sqlite else 12, thread_name_prefix="writer")
        self.saves = Saves(
            lambda: self.database.writing(now=True), lambda change: self.in_thread(self._changed, change)
        )
        self.ear = Ear(database.url)  # what other server processes announce; started where people are served
        self.at_stop: list[Callable[[], None]] = []  # ends what would never end by itself: open event streams
        self.is_leaving = False  # serves whoever comes, and tells proxies to send nobody

    def stop(self) -> None:
        """The server wants to go: no answer may keep it waiting."""
        for end in self.at_stop:
            end()

    def close(self) -> None:
        self.ear.close()
        self.writer.shutdown(wait=True)
        self.saves.close()
        self.database.close()

    def in_thread(self, work: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        context = contextvars.copy_context()
        return asyncio.get_running_loop().run_in_executor(self.writer, context.run, work, *args)

    async def write(self, change: Callable[[Session], Any], now: bool = False) -> Any:
        """A change in a transaction of its own; with `now`, on SQLite, perhaps with others of its kind (`Saves`)."""
        if now and self.database.is_sqlite:
            return await self.saves.add(change)
        return await self.in_thread(self._changed, change)

    async def touch(self, arrival: Arrival) -> None:
        """Note that someone is here: once a minute for everybody who reads, so it is one of those that come often."""
        await self.write(lambda db: self.doorkeeper.touch(db, arrival), now=True)

    def _changed(self, change: Callable[[Session], Any]) -> Any:
        with self.database.writing() as db:
            return change(db)

    async def read(self, work: Callable[..., Any], *args: Any) -> Any:
        if self.database.is_sqlite:
            return work(*args)
        return await self.in_thread(work, *args)
