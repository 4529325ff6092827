"""What happens when something fails in the middle? A fault at every step of the main journeys, one after the other.

    python -m benchmarks.faults

A journey is one form of a meeting's life, or the post that leaves the house. It is done once without a fault, and the
steps are counted: every flush and commit of the database, before and after, every fsync and rename of a file, every
word to the mail server. Then it is done once for each step, from the same start, with a fault there. The tables must
be as before, or as they are when all went well (compared row by row, chance and clock held still); and the same form
sent again must bring them there exactly once.
"""

import argparse
import errno
import logging
import os
import random
import secrets
import smtplib
import sqlite3
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
from litestar.testing import TestClient
from psycopg import sql
from sqlalchemy import event, make_url, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from benchmarks.durability import furnish
from med import clock, demo
from med.app import create_app
from med.db import Database
from med.keeping.copies import libpq
from med.keeping.proof import Proof, of_postgresql, of_sqlite
from med.meetings import files
from med.meetings.models import Item, State
from med.notices import sending, sink
from med.notices.models import Message, MessageState
from med.notices.outbox import COMPOSERS, Letter, Posting, post
from med.organisation.models import Committee, Person
from med.settings import Settings
from med.slices import Office
from scripts.postgres import running_postgres
from tests.conftest import lay_ring
from tests.meetings.rooms import held_meeting, make_meeting
from tests.visitors import Visitor


class Faults:
    """Counts the steps while it is armed, and raises at one of them."""

    def __init__(self) -> None:
        self.at = -1
        self.steps: list[str] = []
        self.armed = False

    @contextmanager
    def during(self, at: int = -1) -> Iterator["Faults"]:
        self.at, self.steps, self.armed = at, [], True
        try:
            yield self
        finally:
            self.armed = False

    def step(self, what: str, error: Callable[[], Exception]) -> None:
        if self.armed:
            self.steps.append(what)
            if len(self.steps) - 1 == self.at:
                raise error()

    @contextmanager
    def listening(self) -> Iterator[None]:
        def full() -> Exception:
            return OperationalError("injected", None, sqlite3.OperationalError("database or disk is full"))

        def no_room() -> Exception:
            return OSError(errno.ENOSPC, "No space left on device")

        def cut() -> Exception:
            return smtplib.SMTPServerDisconnected("injected")

        def before(what: str, real: Any, error: Callable[[], Exception]) -> Any:
            def step(*args: Any, **more: Any) -> Any:
                self.step(what, error)
                return real(*args, **more)

            return step

        heard = {
            name: (lambda *_, name=name: self.step(name, full))
            for name in ("before_flush", "after_flush", "before_commit", "after_commit")
        }
        for name, hear in heard.items():
            event.listen(Session, name, hear)
        with ExitStack() as patched:
            patched.enter_context(mock.patch.object(os, "fsync", before("fsync", os.fsync, no_room)))
            patched.enter_context(mock.patch.object(Path, "replace", before("rename", Path.replace, no_room)))
            for name in ("connect", "ehlo", "mail", "rcpt", "data"):
                real = getattr(smtplib.SMTP, name)
                patched.enter_context(mock.patch.object(smtplib.SMTP, name, _method(self, f"smtp {name}", real, cut)))
            yield
        for name, hear in heard.items():
            event.remove(Session, name, hear)


def _method(faults: Faults, what: str, real: Any, error: Callable[[], Exception]) -> Any:
    def step(self: Any, *args: Any, **more: Any) -> Any:
        faults.step(what, error)
        return real(self, *args, **more)

    return step


@contextmanager
def no_chance() -> Iterator[None]:
    """Random names and tokens are the same each time, so that tables can be compared row by row."""
    chance = random.Random(0)

    def token(size: int | None = None) -> bytes:
        return chance.randbytes(size or 32)

    with (
        mock.patch.object(uuid, "uuid4", lambda: uuid.UUID(bytes=token(16), version=4)),
        mock.patch.object(secrets, "token_bytes", token),
        mock.patch.object(secrets, "token_hex", lambda size=None: token(size).hex()),
        mock.patch.object(secrets, "token_urlsafe", lambda size=None: token(size).hex()),
    ):
        yield


@dataclass
class World:
    """A furnished database that can be put back as it was, and the application over it."""

    folder: Path
    database: Database
    settings: Settings
    client: Any
    postgres: Any = None
    name: str = "faults"

    def proof(self) -> Proof:
        if self.database.is_sqlite:
            return of_sqlite(self.folder / "med.db")
        with psycopg.connect(libpq(self.database.url)) as connection:
            return of_postgresql(connection)

    def keep(self, as_what: str) -> None:
        self.database.close()
        if self.database.is_sqlite:
            copy_sqlite(self.folder / "med.db", self.folder / as_what)
        else:
            self.postgres.drop(f"{self.name}_{as_what}")
            with psycopg.connect(self.postgres.url(driver="postgresql"), autocommit=True) as connection:
                # The application listens for news on a line of its own, and nobody may while a copy is made.
                name = sql.Identifier(self.name)
                connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
                ending = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
                connection.execute(ending, [self.name])
                self.postgres.create(f"{self.name}_{as_what}", template=self.name)
                connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))

    def back_to(self, what: str) -> None:
        self.database.close()
        if self.database.is_sqlite:
            copy_sqlite(self.folder / what, self.folder / "med.db")
        else:
            self.postgres.drop(self.name)
            self.postgres.create(self.name, template=f"{self.name}_{what}")


def copy_sqlite(source: Path, target: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    source_db, target_db = sqlite3.connect(source), sqlite3.connect(target)
    with source_db, target_db:
        source_db.backup(target_db)
    source_db.close()
    target_db.close()


# --- the journeys -------------------------------------------------------------------------------------------------


@dataclass
class Form:
    """A form as it was filled in: it is sent as often as it takes."""

    world: World
    who: Visitor
    path: str
    pairs: list[tuple[str, str]]
    upload: dict[str, Any] | None = None

    def send(self) -> int:
        return self.who.post(self.path, self.pairs, self.upload).status_code


def filled(
    world: World, handle: str, page: str, button: str, upload: dict[str, Any] | None = None, **values: Any
) -> Form:
    who = Visitor(world.client).sign_in(handle)
    form = who.open(page).form(button)
    form.fill(**values)
    return Form(world, who, form.action, form.pairs, upload)


def meeting(world: World, state: State = State.IN_PROGRESS) -> tuple[int, int]:
    """(meeting, its first item)"""
    with world.database.writing() as db:
        made = make_meeting(db, state=state)
        return made.id, db.scalars(select(Item.id).where(Item.meeting_id == made.id).order_by(Item.position)).all()[0]


def raise_a_point(world: World) -> Form:
    with world.database.reading() as db:
        committee = db.scalars(select(Committee.id).where(Committee.key == "med-aabrinken")).one()
    return filled(
        world, "carla", f"/forslag/nyt?udvalg={committee}", "Send", committee=committee, title="Støj i hallen"
    )


def plan_a_meeting(world: World) -> Form:
    with world.database.reading() as db:
        committee = db.scalars(select(Committee.id).where(Committee.key == "med-aabrinken")).one()
    page = f"/moeder/nyt?udvalg={committee}&dag=2026-12-09"
    return filled(world, "anna", page, "Planlæg mødet", day="2026-12-09", starts="9.30", ends="11.00")


def attach_a_file(world: World) -> Form:
    meeting_id, item = meeting(world, State.PLANNED)
    who = Visitor(world.client).sign_in("anna")
    page = f"/moeder/{meeting_id}/punkter/{item}/ret"
    form = who.open(page).form("Læg bilaget på")
    form.fill(attachment_title="Støjmåling")
    return Form(world, who, form.action, form.pairs, {"file": ("maaling.txt", b"Det larmer\n" * 99, "text/plain")})


def answer_an_invitation(world: World) -> Form:
    meeting_id, _ = meeting(world, State.AGENDA_SENT)
    return filled(world, "gunnar", f"/moeder/{meeting_id}/afbud", "afbud", note="Jeg er på kursus")


def open_the_meeting(world: World) -> Form:
    meeting_id, _ = meeting(world, State.AGENDA_SENT)
    return filled(world, "anna", f"/moeder/{meeting_id}/lokale", "Åbn mødet")


def record_a_decision(world: World) -> Form:
    _, item = meeting(world)
    words = {"text": "der er to pauser", "why": "Støjen trætter", "perspective": "resiliens"}
    return filled(world, "anna", f"/beslutninger/punkt/{item}", "Gem", **words)


def send_minutes_to_review(world: World) -> Form:
    with world.database.writing() as db:
        made = held_meeting(db).id
    return filled(world, "anna", f"/moeder/{made}/referat", "godkendelse")


@dataclass
class Post:
    """Three mails that leave the house; a mail server takes them, and remembers under which Message-ID."""

    world: World
    box: Path

    def send(self) -> int:
        with sink.running(sink.Handler(sink.Box(self.box))) as url:
            office = Office(
                self.world.database,
                Settings(
                    data_dir=self.world.folder, database_url=self.world.database.url, secret="s" * 40,
                    smtp_url=url, mail_from="Medspil <medspil@example.dk>",
                ),
            )  # fmt: skip
            later = clock.now() + timedelta(minutes=10 * (len(list(self.box.glob("*"))) + 1))
            with clock.at(later):
                sending.Sender(office, (sending.Channel.MAIL,), timeout=2.0).run()
        return 303


JOURNEYS: dict[str, Callable[[World], Form]] = {
    "raise a point": raise_a_point,
    "plan a meeting": plan_a_meeting,
    "attach a file": attach_a_file,
    "answer an invitation": answer_an_invitation,
    "open the meeting": open_the_meeting,
    "record a decision": record_a_decision,
    "send the minutes to review": send_minutes_to_review,
}


@dataclass
class Found:
    journey: str
    steps: int = 0
    undone: int = 0  # faults after which nothing had happened
    done: int = 0  # after which all had
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.journey}: {self.steps} steps, {self.undone} undone, {self.done} done, {len(self.wrong)} wrong"


def try_journey(world: World, faults: Faults, name: str, every: int = 1) -> Found:
    found = Found(name)
    with clock.at(demo.NOW):
        world.back_to("furnished")
        with no_chance():
            form = JOURNEYS[name](world)
        world.keep("begun")
        before = world.proof()
        with no_chance(), faults.during() as counted:
            status = form.send()
        steps, after = list(counted.steps), world.proof()
        if status != 303 or after == before:
            found.wrong.append(f"without a fault: {status}")
            return found
        for at in range(0, len(steps), every):
            found.steps += 1
            world.back_to("begun")
            with no_chance(), faults.during(at), suppress(OSError):
                form.send()
            now = world.proof()
            if now == before:
                found.undone += 1
            elif now == after:
                found.done += 1
            else:
                found.wrong.append(f"{steps[at]} ({at}): half done: {now.differs_from(before.rows, before.tables)}")
            again = form.send()
            if again != 303 or world.proof().rows != after.rows:
                found.wrong.append(f"{steps[at]} ({at}): sent again: {again}")
            if left := [path for path in files_of(world) if path.name.startswith(".incoming")]:
                found.wrong.append(f"{steps[at]} ({at}): half a file is left: {left[0].name}")
    return found


def files_of(world: World) -> list[Path]:
    with world.database.reading() as db:
        named = set(db.scalars(text("SELECT sha256 FROM attachment WHERE title = 'Støjmåling'")))
    gone = [files.path_of(world.settings.files_dir, one) for one in named]
    assert all(path.exists() for path in gone), "a row without its file"
    return [path for path in world.settings.files_dir.rglob("*") if path.is_file()]


def try_post(world: World, faults: Faults, every: int = 1) -> Found:
    """Mail cannot be taken back: a fault may repeat one, under the same Message-ID, and may lose none."""
    found = Found("send the post")
    COMPOSERS.setdefault("fault", lambda db, office, message, viewer: Letter(message.key, "Hej", "<p>Hej</p>"))

    def begin() -> tuple[Post, Path]:
        world.back_to("furnished")
        with world.database.writing() as db:
            db.execute(text("DELETE FROM message WHERE state = 'waiting'"))
            people = db.scalars(select(Person.id).where(Person.handle.in_(["anna", "bo", "carla"]))).all()
            post(db, [Posting(f"fault:{one}", "fault", one) for one in people])
        box = Path(tempfile.mkdtemp(dir=world.folder))
        return Post(world, box), box

    with clock.at(demo.NOW):
        first, _ = begin()
        with faults.during() as counted:
            first.send()
        steps = list(counted.steps)
        ours = [at for at, step in enumerate(steps) if step != "rename"]  # a file's name is the mail server's affair
        for at in ours[::every]:
            found.steps += 1
            sender, box = begin()
            with faults.during(at), suppress(OSError, OperationalError):
                sender.send()
            for hours in (1, 8, 24):
                with clock.at(demo.NOW + timedelta(hours=hours)), suppress(OSError):
                    sender.send()
            with world.database.reading() as db:
                states = db.execute(select(Message.uid, Message.state).where(Message.kind == "fault")).all()
            mails = [path.read_bytes() for path in box.rglob("*") if path.is_file()]
            ids = {line for mail in mails for line in mail.splitlines() if line.lower().startswith(b"message-id")}
            if len(ids) != 3 or len(mails) > 4 or any(state is not MessageState.SENT for _, state in states):
                found.wrong.append(f"{steps[at]} ({at}): {len(mails)} mails, {len(ids)} ids, {[s for _, s in states]}")
            elif len(mails) == 3:
                found.undone += 1
            else:
                found.done += 1
    return found


@contextmanager
def worlds(which: str) -> Iterator[World]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        lay_ring(folder)
        postgres = None
        url = f"sqlite:///{folder / 'med.db'}"
        if which == "postgresql":
            postgres = stack.enter_context(running_postgres())
            url = postgres.create("faults")
        furnish(url, folder)
        yield stack.enter_context(world_of(url, folder, postgres))


@contextmanager
def world_of(url: str, folder: Path, postgres: Any) -> Iterator[World]:
    """The application over a database that is furnished."""
    settings = Settings(data_dir=folder, database_url=url, secret="s" * 40, demo=True)
    app = create_app(settings)
    with clock.at(demo.NOW), TestClient(app, base_url="http://127.0.0.1:8000") as client:
        name = make_url(url).database or ""
        world = World(folder, app.state.desk.database, settings, client, postgres, name)
        world.keep("furnished")
        yield world


def try_all(world: World, every: int = 1) -> Iterator[Found]:
    faults = Faults()
    with faults.listening():
        for name in JOURNEYS:
            yield try_journey(world, faults, name, every)
        yield try_post(world, faults, every)


def main() -> int:
    logging.disable(logging.CRITICAL)  # each fault is logged, as it should be
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--every", type=int, default=1, help="only every n-th step")
    given = parser.parse_args()
    good = True
    for which in given.on or ("sqlite", "postgresql"):
        with worlds(which) as world:
            for found in try_all(world, given.every):
                print(f"{which}: {found}", *found.wrong[:5], sep="\n  ", flush=True)
                good = good and not found.wrong
    return 0 if good else 1


def section(seed: int) -> list[str]:
    """The lines for docs/evidence.md."""
    lines = [
        "A fault (disk full, line cut) at each flush, commit, fsync, rename and word to the mail server of a journey. "
        "Afterwards all of it has happened or nothing, and the same form sent again brings it about exactly once; of "
        "the post none is lost, and one that comes twice has the same Message-ID (counted as done).",
        "",
    ]
    for which in ("sqlite", "postgresql"):
        with worlds(which) as world:
            for found in try_all(world):
                lines.append(f"- {'Held' if not found.wrong else '**NOT HELD**'} ({which}): {found}")
                lines += [f"  - {said}" for said in found.wrong[:5]]
    return lines


if __name__ == "__main__":
    sys.exit(main())
