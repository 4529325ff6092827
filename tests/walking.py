"""Asking the application straight, without a client in between: for tests that ask thousands of times."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Litestar
from sqlalchemy import select
from sqlalchemy.orm import Session

from med.db import Database
from med.identity.models import SignIn
from med.organisation.models import Person
from med.web.security import make_token

HOST = "127.0.0.1:8000"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def is_page(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/html") and bool(self.body)


class Forgetful(Database):
    """A database that says yes to every change and keeps none, so that each request meets the same world."""

    @contextmanager
    def writing(self, now: bool = False) -> Iterator[Session]:
        with Session(self.write_engine, expire_on_commit=False) as db:
            try:
                yield db
                db.flush()
            finally:
                db.rollback()


class Walker:
    """Asks as one person after the other. `sign_in` first, with a database that remembers."""

    def __init__(self, app: Litestar) -> None:
        self.app = app
        self.desk = app.state.desk
        self.loop = asyncio.new_event_loop()
        self.cookies: dict[str, str] = {"": ""}
        self.tokens: dict[str, str] = {"": ""}

    def close(self) -> None:
        async def stop_listening() -> None:
            left = asyncio.all_tasks() - {asyncio.current_task()}  # what waits for news of live meetings
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

        self.loop.run_until_complete(stop_listening())
        self.loop.close()

    def sign_in(self, *handles: str) -> None:
        door = self.desk.doorkeeper
        with self.desk.database.writing() as db:
            for handle in handles:
                person = db.scalars(select(Person).where(Person.handle == handle)).one()
                token = door.open(db, person, "walker")
                db.flush()
                row = db.scalars(select(SignIn).order_by(SignIn.id.desc()).limit(1)).one()
                secret = hashlib.sha256(f"{door.settings.secret}:{row.id}:{token}".encode()).hexdigest()
                self.cookies[handle], self.tokens[handle] = f"{door.cookie}={token}", make_token(secret)

    def get(self, handle: str, path: str, method: str = "GET", **headers: str) -> Answer:
        return self.ask(method, path, handle, headers)

    def post(self, handle: str, path: str, fields: Any = (), *, token: bool = True, **headers: str) -> Answer:
        pairs = [*([("_token", self.tokens[handle])] if token else []), *fields]
        return self.send(handle, path, urlencode(pairs).encode(), **headers)

    def send(
        self, handle: str, path: str, body: bytes, kind: str = "application/x-www-form-urlencoded", **headers: str
    ) -> Answer:
        return self.ask("POST", path, handle, {"content-type": kind, **headers}, body)

    def ask(self, method: str, path: str, handle: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        return self.loop.run_until_complete(self._ask(method, path, handle, headers, body))

    async def _ask(self, method: str, path: str, handle: str, headers: dict[str, str], body: bytes) -> Answer:
        place, _, query = path.partition("?")
        raw = {"host": HOST, **({"cookie": self.cookies[handle]} if handle else {}), **headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": place,
            "raw_path": place.encode(),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [
                (name.lower().replace("_", "-").encode(), value.encode("latin-1")) for name, value in raw.items()
            ],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            "extensions": {},
            "state": {},
        }
        came: dict[str, Any] = {}
        chunks: list[bytes] = []
        heard = asyncio.Event()
        incoming = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop(0)
            await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                came["status"] = message["status"]
                came["headers"] = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))
                if came["headers"].get("content-type", "").startswith("text/event-stream"):
                    heard.set()  # the stream goes on for as long as the meeting does; one piece is enough

        answering = asyncio.create_task(self.app(scope, receive, send))  # type: ignore[arg-type]
        listening = asyncio.create_task(heard.wait())
        await asyncio.wait({answering, listening}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            answering.cancel()
        listening.cancel()
        for ended in await asyncio.gather(answering, listening, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        return Answer(came["status"], came["headers"], b"".join(chunks))
