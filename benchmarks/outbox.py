"""Does the outbox lose or repeat mail? Workers are killed while a mail server refuses, drops the line and stalls.

    python -m benchmarks.outbox --mails 10000 --workers 4 --kills 50 --seed 1

Without `--database` both are tried: PostgreSQL (of the wheel) with all workers, SQLite with one. A mail is lost when
the server never took it, repeated when it took it more than once; a repeated one must carry the same Message-ID.
Pauses are a hundredth of the real ones and leases half a minute, so that a night fits into a minute.
"""

import argparse
import json
import multiprocessing
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from benchmarks.killing import kill, opened, start_process
from med import demo
from med.app import create_app  # noqa: F401  everything a worker needs is imported once, before it is forked
from med.competence_compass.vault import vault_of
from med.db import Database
from med.migrations import upgrade
from med.notices import outbox, sending, sink
from med.notices.models import Channel, Message, MessageState
from med.notices.outbox import Letter, Posting
from med.organisation.models import Person
from med.organisation.queries import viewer_of
from med.settings import Settings
from med.slices import Office
from scripts.postgres import running_postgres

LEASE = 30.0  # seconds; the rest of the haste follows from it
REFUSES, DROPS, STALLS = 0.03, 0.01, 0.002  # shares of the mails


@dataclass(frozen=True)
class Found:
    """How it went."""

    database: str
    mails: int
    workers: int
    kills: int
    lost: int
    repeated: int
    other_ids: int  # repeated under another Message-ID
    unmarked: int  # taken by the server, and not "sent" in the outbox
    seconds: float

    @property
    def good(self) -> bool:
        return not (self.lost or self.other_ids or self.unmarked) and self.repeated <= self.kills

    def __str__(self) -> str:
        return (
            f"{self.database}: {self.mails:,} mails, {self.workers} worker{'s' * (self.workers > 1)}, "
            f"{self.kills} kills: {self.lost} lost, {self.repeated} repeated with the same Message-ID, "
            f"{self.other_ids} with another, {self.seconds:.0f} s"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outbox")
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--database", default="", help="an own one, furnished as the demo is; it gets --mails more mails"
    )
    parser.add_argument("--lease", type=float, default=LEASE, help="seconds")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = []
    with databases(given.database) as urls:
        for url in urls:
            workers = 1 if url.startswith("sqlite") else given.workers
            found.append(measure(url, given.mails, workers, given.kills, given.seed, given.lease))
            print(json.dumps(asdict(found[-1])) if given.json else found[-1], flush=True)
    return 0 if all(one.good for one in found) else 1


def section(seed: int, mails: int = 10_000, workers: int = 4, kills: int = 50) -> list[str]:
    """The lines for benchmarks/results.md."""
    with databases("") as urls:
        found = [measure(url, mails, 1 if url.startswith("sqlite") else workers, kills, seed, LEASE) for url in urls]
    return [
        "## The outbox under kills",
        "",
        f"Workers are killed (kill -9) while the mail server refuses {REFUSES:.0%} of the mails for now, drops the "
        f"line at {DROPS:.0%} and falls silent at {STALLS:.1%}. Goal: none lost, repeated at most once a kill and with "
        "the same Message-ID.",
        "",
        *(f"- {one}" for one in found),
    ]


@contextmanager
def databases(given: str) -> Iterator[list[str]]:
    if given:
        yield [given]
        return
    with running_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        urls = [postgres.create("outbox"), f"sqlite:///{folder}/med.db"]
        for url in urls:
            with opened(url) as database:
                upgrade(database.write_engine)
                with database.writing() as db:
                    demo.furnish(db, vault_of(Path(folder)))
        yield urls


def measure(url: str, mails: int, workers: int, kills: int, seed: int, lease: float) -> Found:
    chance = random.Random(seed)
    posted = fill(url, mails)
    with tempfile.TemporaryDirectory() as folder, mail_server(Path(folder) / "taken", seed, lease) as (smtp_url, log):
        office = Settings(
            data_dir=Path(folder),
            database_url=url,
            secret="s" * 40,
            base_url="https://med.example.dk",
            smtp_url=smtp_url,
            mail_from="Medspil <medspil@example.dk>",
        )
        began = time.monotonic()
        running = [start_worker(office, lease) for _ in range(workers)]
        killed = 0
        try:
            while left(url):
                while killed < kills and taken(log) >= (killed + 1) * mails / (kills + 1):
                    place = chance.randrange(len(running))
                    time.sleep(chance.random() / 50)
                    kill(running[place])
                    running[place] = start_worker(office, lease)
                    killed += 1
                if time.monotonic() - began > 60 + mails / 10:
                    raise RuntimeError(f"{left(url)} mails are still there")
                time.sleep(0.05)
        finally:
            for pid in running:
                kill(pid)
        seconds = time.monotonic() - began
        lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    times = Counter(subject for subject, _ in lines)
    ids: dict[str, set[str]] = {}
    for subject, message_id in lines:
        ids.setdefault(subject, set()).add(message_id)
    with reading(url) as db:
        marked = set(db.scalars(select(Message.key).where(Message.kind == "bench", Message.state == MessageState.SENT)))
    return Found(
        database="SQLite" if url.startswith("sqlite") else "PostgreSQL",
        mails=mails,
        workers=workers,
        kills=killed,
        lost=len(posted - set(times)),
        repeated=sum(count - 1 for count in times.values()),
        other_ids=sum(len(found) - 1 for found in ids.values()),
        unmarked=len(posted - marked),
        seconds=round(seconds, 1),
    )


@contextmanager
def reading(url: str) -> Iterator[Any]:
    with opened(url) as database, database.reading() as db:
        yield db


def fill(url: str, mails: int) -> set[str]:
    """Mails to those who work here and have an address, round about."""
    with reading(url) as db:
        people = [
            person.id
            for person in db.scalars(select(Person).where(Person.is_active, Person.mail != "").limit(200))
            if viewer_of(db, person).is_employee
        ]
    keys = [f"bench:{number}" for number in range(mails)]
    with opened(url) as database, database.writing() as db:
        made = outbox.post(db, [Posting(key, "bench", people[n % len(people)]) for n, key in enumerate(keys)])
    assert made == mails, "this database has had its mails already"
    return set(keys)


def left(url: str) -> int:
    with reading(url) as db:
        waiting = select(func.count()).where(Message.kind == "bench", Message.state == MessageState.WAITING)
        return db.scalar(waiting) or 0


# --- a worker -----------------------------------------------------------------------------------------------------


def start_worker(settings: Settings, lease: float) -> int:
    """A process of its own that does nothing but send."""

    def prepare() -> Callable[[], None]:
        outbox.COMPOSERS["bench"] = lambda db, office, message, viewer: Letter(message.key, "Hej", "<p>Hej</p>")
        real = sending.pause
        sending.pause = lambda uid, tries: real(uid, tries) / 100
        sending.AWAY_PAUSE = timedelta(seconds=0.3)
        haste = {"lease": timedelta(seconds=lease), "patience": lease / 3, "timeout": min(lease / 8, 2.0)}
        office = Office(Database(settings.database_url), settings)
        return lambda: sending.Sender(office, (Channel.MAIL,), **haste).run()  # type: ignore[arg-type]

    return start_process(prepare, lambda: 0.1)


# --- the mail server ----------------------------------------------------------------------------------------------


@contextmanager
def mail_server(log: Path, seed: int, lease: float) -> Iterator[tuple[str, Path]]:
    """A mail server in a process of its own, that misbehaves by chance and writes down what it took."""
    log.touch()
    here, there = multiprocessing.get_context("fork").Pipe()
    server = multiprocessing.get_context("fork").Process(target=serve, args=(there, log, seed, lease), daemon=True)
    server.start()
    try:
        yield here.recv(), log
    finally:
        server.kill()
        server.join()


def serve(pipe: Any, log: Path, seed: int, lease: float) -> None:
    import asyncio

    chance = random.Random(seed + 1)

    class Moody:
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
            if chance.random() < REFUSES:
                return "451 4.3.2 Try again later"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            """What it does not take it does not keep: a server that takes a mail and loses its answer would repeat
            mails that nobody was killed for."""
            fate = chance.random()
            if fate < STALLS:
                await asyncio.sleep(min(lease / 4, 3.0))
                return "451 4.3.2 Too late"
            if fate < STALLS + DROPS:
                server.transport.close()
                return "451 4.3.2 Gone"
            heads = dict(
                line.split(b": ", 1) for line in envelope.content.split(b"\r\n\r\n")[0].split(b"\r\n") if b": " in line
            )
            with log.open("ab") as file:
                file.write(heads[b"Subject"] + b" " + heads[b"Message-ID"] + b"\n")
            return "250 Kept"

    with sink.running(Moody()) as url:
        pipe.send(url)
        signal.pause()


def taken(log: Path) -> int:
    return log.read_bytes().count(b"\n")


if __name__ == "__main__":
    sys.exit(main())
