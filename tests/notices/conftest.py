"""A mail server of the test's own that can be told to misbehave, and an outbox to fill."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from med.db import Database
from med.notices import outbox
from med.notices import sink as mailbox
from med.notices.models import Channel, Message
from med.notices.outbox import Letter, Posting
from med.notices.sending import Sender
from med.settings import Settings
from med.slices import Office


@dataclass
class Moody:
    """Answers as it is told: `refuse["rcpt"] = "550 No such user"`, at "mail", "rcpt" or "data"; only the next `times`
    when set. `drop` ends the connection there, `stall` says nothing for so many seconds."""

    box: mailbox.Box
    refuse: dict[str, str] = field(default_factory=dict)
    drop: str = ""
    stall: dict[str, float] = field(default_factory=dict)
    times: int = 10**6
    asked: list[str] = field(default_factory=list)
    lines: set[Any] = field(default_factory=set)

    async def misbehave(self, stage: str, server: Any) -> str | None:
        self.asked.append(stage)
        self.lines.add(server.transport)
        if self.times <= 0:
            return None
        if stage in self.stall:
            self.times -= 1
            await asyncio.sleep(self.stall[stage])
        if self.drop == stage:
            self.times -= 1
            server.transport.close()
            return "250 Never heard"
        if stage in self.refuse:
            self.times -= 1
            return self.refuse[stage]
        return None

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if said := await self.misbehave("mail", server):
            return said
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if said := await self.misbehave("rcpt", server):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if said := await self.misbehave("data", server):
            return said
        self.box.keep(envelope.original_content)
        if said := await self.misbehave("kept", server):  # taken, and the answer is lost
            return said
        return "250 Kept"


@dataclass
class Sink:
    url: str
    mood: Moody
    box: mailbox.Box

    @property
    def mails(self) -> list[EmailMessage]:
        """Oldest first."""
        return [mail for number in reversed(self.box.numbers()) if (mail := self.box.read(number)) is not None]

    def raw(self, place: int = 0) -> bytes:
        return (self.box.folder / f"{self.box.numbers()[place]}.eml").read_bytes()


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """A mail server; `sink.mails` is what it took, `sink.mood` how it behaves."""
    box = mailbox.Box(tmp_path / "udbakke")
    mood = Moody(box)
    with mailbox.running(mood) as url:
        yield Sink(url, mood, box)
        for line in mood.lines:
            if line._loop:  # not closed yet
                line._loop.call_soon_threadsafe(line.abort)
        if mood.stall:
            time.sleep(0.05)  # until the loop has closed them


@pytest.fixture
def office(database: Database, sink: Sink, tmp_path: Path) -> Office:
    settings = Settings(
        data_dir=tmp_path,
        database_url=database.url,
        secret="s" * 40,
        smtp_url=sink.url,
        mail_from="Medspil <medspil@solbaek.example>",
    )
    return Office(database, settings)


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the kind "test" says: `letters["letter"]` for all, or a function of the message under "make"."""
    said: dict[str, Any] = {"letter": Letter("Emne", "Tekst", "<p>Tekst</p>")}

    def compose(db, office, message, viewer):
        return said["make"](db, message, viewer) if "make" in said else said["letter"]

    monkeypatch.setitem(outbox.COMPOSERS, "test", compose)
    monkeypatch.setitem(outbox.COMPOSERS, "summons", compose)
    monkeypatch.setattr(outbox, "SUMMONS", {"summons"})
    monkeypatch.setattr("med.notices.sending.SUMMONS", {"summons"})
    return said


@pytest.fixture
def put(write: Any, people: Any, letters: Any) -> Callable[..., int]:
    """`put("anna")` posts a message to Anna and gives its id; `put("anna", 5)` posts five."""
    posted = iter(range(10**6))

    def post(handle: str, times: int = 1, kind: str = "test", **details: Any) -> int:
        def work(db: Any) -> int:
            keys = [f"test:{next(posted)}" for _ in range(times)]
            outbox.post(db, [Posting(key, kind, person_id=getattr(people, handle), details=details) for key in keys])
            return int(db.query(Message.id).filter(Message.key == keys[-1]).scalar())

        return int(write(work))

    return post


@pytest.fixture
def send(office: Office) -> Callable[..., int]:
    """Do what the clock does: send what is due by mail."""

    def run(**settings: Any) -> int:
        return Sender(office, (Channel.MAIL,), **settings).run()

    return run


@pytest.fixture
def look(database: Database) -> Callable[[int], Message]:
    def find(message_id: int) -> Message:
        with database.reading() as db:
            found = db.get_one(Message, message_id)
            db.expunge(found)
            return found

    return find


def details(message: Message) -> dict[str, Any]:
    return json.loads(message.details)
