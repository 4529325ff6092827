"""Two hundred people read and twenty write at once: how long do they wait, and is everything there afterwards?

    python -m benchmarks.crowd --decisions 20000 --seconds 45 --seed 1

Against `med serve` as installed, over a generated municipality: on SQLite with its one server process, on PostgreSQL
(of the wheel, waiting for the disk at every commit) with two and two workers. Everybody is signed in as somebody else
and has a connection of their own. They click and save at a stated pace, and once as fast as they get answers.

Time counts from the moment a person would have clicked, so that a server that holds people up cannot hide it by being
asked less. The load is made by one thread of this process; its own use of the processor is told beside the server's.
"""

import argparse
import asyncio
import gc
import hashlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

import med.app  # noqa: F401  every slice says what of its own belongs in the minutes
from benchmarks.at_work import READY, Browser, Gone, free_port, surroundings
from benchmarks.machine import cpu_seconds
from benchmarks.municipality import build
from med import clock
from med.access import SeatRole
from med.db import Database
from med.decisions.models import Decision
from med.identity.models import SignIn
from med.meetings.actions.minutes import freeze
from med.meetings.models import Attendance, Item, Meeting, Part, Purpose, Reply, State
from med.organisation.models import Committee, Employment, Person, Seat
from med.web.security import make_token
from scripts.postgres import running_postgres

READERS, WRITERS = 200, 20
BUSIEST = 25  # requests a second in København's budget weeks (docs/several-machines.md)
PACES = (1, 2, 4)  # times København's busiest second
WITH_GOAL = 2  # as many times must be held
LONGEST = 0.3  # seconds, of the slowest write in a hundred
TIMES = 3  # and so many times the slowest read in a hundred
WARM = 8  # seconds of the first pace that are not counted
PATIENCE = 30  # seconds after which an answer does not come any more
SECRET = "s" * 40
SAID = "Medarbejdersiden spurgte, hvordan planen hænger sammen med ferien. Ledelsen svarede, at den er lagt efter den. "

# What people look at: of each hundred clicks.
CLICKS = {"feed": 40, "meeting": 20, "decision": 15, "overview": 15, "minutes": 10}
FEEDS = ("", "", "", "?perspektiv=emergens", "?tilstand=in_progress", "?tilstand=i_kraft")


@dataclass
class Visitor:
    """Somebody with a browser: what their forms and pages carry."""

    number: int
    cookie: str
    token: str
    meeting: int = 0
    items: list[int] = field(default_factory=list)
    committee: int = 0


@dataclass
class Town:
    """Who is at work, and what there is to look at."""

    readers: list[Visitor]
    writers: list[Visitor]
    pages: dict[str, list[str]]


@dataclass
class Found:
    """What one pace came to."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    server: float = 0.0  # cores
    load: float = 0.0

    @property
    def good(self) -> bool:
        write = high(self.writes)
        return not self.errors and write < LONGEST and write <= TIMES * high(self.reads)


@dataclass
class Told:
    """What was acknowledged, to be looked for afterwards."""

    proposals: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    saves: int = 0
    texts: dict[int, tuple[str, str]] = field(default_factory=dict)  # item: the last one told, the one under way

    @property
    def count(self) -> int:
        return self.saves + len(self.proposals) + len(self.decisions)


def high(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)] if times else 0.0


# --- the town -----------------------------------------------------------------------------------------------------


def settle(database: Database, seed: int) -> Town:
    """A meeting that goes on for each writer, approved minutes to read, and everybody signed in."""
    chance = random.Random(seed)
    now = clock.now()
    with database.writing() as db:
        writers, rooms = [], []
        for number in range(WRITERS):
            committee = db.scalars(select(Committee).where(Committee.key == f"u{number}")).one()
            chair = select(Seat.person_id).where(
                Seat.committee_id == committee.id, Seat.role == SeatRole.CHAIR, Seat.ends.is_(None)
            )
            rooms.append(hold(db, committee, db.scalars(chair).one(), now - timedelta(minutes=20)))
        busy = {room.minute_taker_id for room in rooms}
        working = select(Person.id).join(Employment).where(Employment.ends.is_(None), Person.handle.like("m%"))
        readers = [one for one in db.scalars(working.distinct().order_by(Person.id)) if one not in busy][:READERS]
        people = [sign_in(db, seed, number, person) for number, person in enumerate(readers)]
        for number, room in enumerate(rooms, READERS):
            assert room.minute_taker_id is not None
            writer = sign_in(db, seed, number, room.minute_taker_id)
            writer.meeting, writer.committee = room.id, room.committee_id
            writer.items = list(db.scalars(select(Item.id).where(Item.meeting_id == room.id).order_by(Item.position)))
            writers.append(writer)
        held = list(db.scalars(select(Meeting).where(Meeting.state == State.HELD, Meeting.title.like("Møde om %"))))
        for meeting in sorted(chance.sample(held, 40), key=lambda one: one.starts_at):
            freeze(db, None, meeting, meeting.starts_at + timedelta(days=7))
            rooms.append(meeting)
        decisions = list(db.scalars(select(Decision.id).where(Decision.is_open, Decision.published_at.is_not(None))))
        pages = {
            "feed": [f"/beslutninger{one}" for one in FEEDS],
            "decision": [f"/beslutninger/{one}" for one in chance.sample(decisions, 300)],
            "meeting": [f"/moeder/{one.id}" for one in [*rooms[:WRITERS], *chance.sample(held, 200)]],
            "minutes": [f"/moeder/{one.id}/referat" for one in rooms[WRITERS:]],
            "overview": ["/"],
        }
    return Town(people, writers, pages)


def hold(db: Session, committee: Committee, minute_taker: int, starts_at: datetime) -> Meeting:
    """A meeting that has begun, with eight items and everybody of the committee."""
    meeting = Meeting(
        uid=str(uuid.uuid4()),
        committee_id=committee.id,
        title=f"Møde i {committee.name}",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        state=State.IN_PROGRESS,
        agenda_sent_at=starts_at - timedelta(days=7),
        opened_at=starts_at,
        created_at=starts_at - timedelta(days=30),
        minute_taker_id=minute_taker,
    )
    db.add(meeting)
    db.flush()
    for position in range(1, 9):
        about = {"title": f"Punkt {position}", "case_text": SAID * 3, "purpose": Purpose.DISCUSS}
        own = {"uid": str(uuid.uuid4()), "committee_id": committee.id, "position": position}
        db.add(Item(meeting_id=meeting.id, **own, **about))
    seats = db.scalars(select(Seat).where(Seat.committee_id == committee.id, Seat.ends.is_(None)).order_by(Seat.id))
    for seat in {seat.person_id: seat for seat in seats}.values():  # by chance one may have two
        there = {"seat_id": seat.id, "part": Part.MEMBER, "side": seat.side, "role": seat.role}
        db.add(Attendance(meeting_id=meeting.id, person_id=seat.person_id, reply=Reply.ACCEPTED, **there))
    db.flush()
    return meeting


def sign_in(db: Session, seed: int, number: int, person: int, how: str = "account") -> Visitor:
    """As their browser would be, half of them a while ago."""
    token = hashlib.sha256(f"crowd {seed} {number}".encode()).hexdigest()
    now = clock.now()
    row = {
        "token_hash": hashlib.sha256(token.encode()).hexdigest(), "person_id": person, "created_at": now,
        "seen_at": now - timedelta(seconds=number % 60), "expires_at": now + timedelta(hours=12),
        "news_since": now - timedelta(days=number % 9), "device": "", "how": how,
    }  # fmt: skip
    made = db.scalar(insert(SignIn).values(**row).returning(SignIn.id))
    secret = hashlib.sha256(f"{SECRET}:{made}:{token}".encode()).hexdigest()
    return Visitor(number, f"med={token}", make_token(secret))


# --- people at work -----------------------------------------------------------------------------------------------


class Line:
    """One browser's connection, kept open, and taken up anew where the server has closed it meanwhile."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port = port
        self.lead = f"Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nAccept-Encoding: gzip\r\n"
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, form: dict[str, str] | None = None, heads: str = "") -> tuple[int, str]:
        """Status and head of the answer. Raises OSError or IncompleteReadError where none comes."""
        if self.reader is None or self.reader.at_eof():
            self.close()
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self.reader is not None
        assert self.writer is not None
        body = urlencode(form).encode() if form is not None else b""
        if form is not None:
            heads += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{self.lead}{heads}\r\n".encode() + body)
        try:
            async with asyncio.timeout(PATIENCE):
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = re.search(r"\r\ncontent-length: (\d+)", head)
                if length is not None:
                    await self.reader.readexactly(int(length[1]))
        except BaseException:
            self.close()
            raise
        if "\r\nconnection: close" in head:
            self.close()
        return int(head[9:12]), head

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


class Reader:
    def __init__(self, town: Town, port: int, person: Visitor, seed: int) -> None:
        self.pages = town.pages
        self.line = Line(port, person.cookie)
        self.chance = random.Random(f"{seed} {person.number}")

    async def act(self) -> str:
        """One click; what went wrong, or ""."""
        kind = self.chance.choices(list(CLICKS), list(CLICKS.values()))[0]
        status, _ = await self.line.ask("GET", self.chance.choice(self.pages[kind]))
        return "" if status == 200 else f"{kind}: {status}"


class Writer:
    """Most write minutes that save themselves; every fifth raises points, every fifth records decisions."""

    def __init__(self, port: int, person: Visitor, told: Told, number: int) -> None:
        self.person, self.told = person, told
        self.line = Line(port, person.cookie)
        self.act = {0: self.raises, 1: self.decides}.get(number % 5, self.writes)
        self.number = 0
        self.version = 0

    def name(self) -> str:
        self.number += 1
        return f"Skrevet {self.person.number}-{self.number}"

    async def post(self, path: str, fields: dict[str, str], heads: str = "") -> tuple[int, str]:
        form = {"_token": self.person.token, "idem": f"{self.person.number}-{self.number}", **fields}
        return await self.line.ask("POST", path, form, f"{heads}Sec-Fetch-Site: same-origin\r\n")

    async def raises(self) -> str:
        name = self.name()
        status, _ = await self.post("/forslag/nyt", {"committee": str(self.person.committee), "title": name})
        return self.keep("proposals", name, status)

    async def decides(self) -> str:
        name = self.name().lower()
        item = self.person.items[self.number % 7 + 1]
        fields = {"text": name, "why": "Det skal stå der bagefter", "perspective": "resiliens"}
        status, _ = await self.post(f"/beslutninger/punkt/{item}", fields)
        return self.keep("decisions", name, status)

    def keep(self, kind: str, name: str, status: int) -> str:
        if status == 303:
            getattr(self.told, kind).append(name)
            return ""
        return f"{kind}: {status}"

    async def writes(self) -> str:
        """A sentence more each time, up to twenty; then the item is begun anew."""
        item, name = self.person.items[0], self.name()
        words = f"{SAID * (self.number % 20)}{name}"
        last = self.told.texts.get(item, ("", ""))[0]
        self.told.texts[item] = (last, words)
        path = f"/moeder/{self.person.meeting}/punkter/{item}/referat"
        status, head = await self.post(path, {"text": words, "version": str(self.version)}, "X-Fragment: 1\r\n")
        if status != 200:
            return f"texts: {status}"
        self.version = int(re.search(r"\r\nx-version: (\d+)", head)[1])  # type: ignore[index]
        self.told.texts[item] = (words, words)
        self.told.saves += 1
        return ""


class Crowd:
    """All of them, at one address."""

    def __init__(self, town: Town, port: int, seed: int) -> None:
        self.told = Told()
        self.seed = seed
        self.readers = [Reader(town, port, one, seed) for one in town.readers]
        self.writers = [Writer(port, one, self.told, number) for number, one in enumerate(town.writers)]

    async def work(self, found: Found, seconds: float, pace: float) -> None:
        """Everybody for so long, together `pace` times a second; 0 for as fast as they get answers."""
        pause = (len(self.readers) + len(self.writers)) / pace if pace else 0.0
        began = time.monotonic()
        until = began + seconds
        async with asyncio.TaskGroup() as group:
            for one in [*self.readers, *self.writers]:
                times = found.reads if isinstance(one, Reader) else found.writes
                group.create_task(self.go_on(one, pause, until, times, found.errors))
        found.seconds += time.monotonic() - began

    async def go_on(self, one, pause: float, until: float, times: list[float], errors: Counter[str]) -> None:
        chance = random.Random(f"{self.seed} {pause} {one.line.lead}")
        due = time.monotonic() + (chance.expovariate(1 / pause) if pause else 0.0)
        while due < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            try:
                wrong = await one.act()
            except (OSError, EOFError, TimeoutError) as error:
                wrong = type(error).__name__
            if wrong:
                errors[wrong] += 1
            times.append(time.monotonic() - due)
            due = due + chance.expovariate(1 / pause) if pause else time.monotonic()

    async def leave(self) -> None:
        for one in [*self.readers, *self.writers]:
            one.line.close()


def run(crowd: Crowd, pids: list[int], seconds: float, pace: float) -> Found:
    """One pace, with nothing thrown away meanwhile."""
    found = Found()
    before, used = sum(map(cpu_seconds, pids)), time.process_time()
    gc.collect()
    gc.disable()
    try:
        asyncio.run(once(crowd, found, seconds, pace))
    finally:
        gc.enable()
    found.server = (sum(map(cpu_seconds, pids)) - before) / found.seconds
    found.load = (time.process_time() - used) / found.seconds
    return found


async def once(crowd: Crowd, found: Found, seconds: float, pace: float) -> None:
    await crowd.work(found, seconds, pace)
    await crowd.leave()


def missing(told: Told, database: Database) -> list[str]:
    """What was acknowledged and is not there."""
    with database.reading() as db:
        proposals = set(db.scalars(text("SELECT title FROM proposal WHERE title LIKE 'Skrevet %'")))
        decisions = set(db.scalars(text("SELECT text FROM decision WHERE text LIKE 'skrevet %'")))
        texts = dict(db.execute(select(Item.id, Item.minutes_text).where(Item.id.in_(told.texts))).all())
    lost = [name for name in told.proposals if name not in proposals]
    lost += [name for name in told.decisions if name not in decisions]
    return lost + [
        last for item, (last, under_way) in told.texts.items() if last and texts[item] not in (last, under_way)
    ]


# --- the servers --------------------------------------------------------------------------------------------------


@contextmanager
def started(folder: Path, url: str, *words: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of `med` as a process of its own, its words in the folder's log; stopped afterwards."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "med.cli", *words],
            env={**surroundings(folder, url), **settings},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, path: str = "/readyz") -> None:
    until = time.monotonic() + READY
    asking = Browser(port, "")
    while time.monotonic() < until:
        try:
            if asking.ask("GET", path)[0] == 200:
                asking.leave()
                return
        except Gone:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"nobody answers on port {port}")


@contextmanager
def furnished(which: str, decisions: int, seed: int) -> Iterator[tuple[Path, str, int]]:
    """A municipality on a database of a kind: the data folder, the address, and who else uses the processor for it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url, other = f"sqlite:///{folder / 'med.db'}", 0
        if which == "postgresql":
            postgres = stack.enter_context(running_postgres(is_careful=True))
            url = postgres.create("crowd")
            other = int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0])
        build(folder, decisions, seed, url)
        yield folder, url, other


def measure(which: str, decisions: int, seconds: float, seed: int) -> tuple[list[str], bool]:
    """The lines about one database, and whether the goals held at every stated pace."""
    with furnished(which, decisions, seed) as (folder, url, other), ExitStack() as stack:
        database = Database(url)
        stack.callback(database.close)
        town = settle(database, seed)
        port = free_port()
        more = {"MED_WORKERS": "2"} if other else {}
        serving = started(folder, url, "serve", "--port", str(port), MED_BASE_URL=f"http://127.0.0.1:{port}", **more)
        pids = [stack.enter_context(serving).pid]
        pids += [stack.enter_context(started(folder, url, "worker")).pid for _ in range(2 if other else 0)]
        wait_for(port)
        crowd = Crowd(town, port, seed)
        run(crowd, [], WARM, BUSIEST)
        pids += [other] if other else []
        rows = {times: run(crowd, pids, seconds, times * BUSIEST) for times in PACES}
        rows[0] = run(crowd, pids, seconds / 3, 0)
        lost = missing(crowd.told, database)
        said = (folder / "log").read_text()
    wrong = [line for line in said.splitlines() if "locked" in line or "Traceback" in line]
    good = not lost and not wrong and all(found.good for times, found in rows.items() if 0 < times <= WITH_GOAL)
    return [*table(which, rows), "", summary(crowd.told, lost, wrong, good), ""], good


def table(which: str, rows: dict[int, Found]) -> list[str]:
    name = "PostgreSQL, two server processes and two workers" if which == "postgresql" else "SQLite, one server process"
    lines = [f"### {name}", ""]
    lines += ["| offered | a second | answered | read p50, ms | p99 | write p50, ms | p99 | × read | errors | cores |"]
    lines += ["|---" * 10 + "|"]
    for pace, found in rows.items():
        said = f"{pace} × København's busiest second" if pace else "as fast as they get answers"
        times = [statistics.median(found.reads), high(found.reads), statistics.median(found.writes), high(found.writes)]
        shown = " | ".join(f"{1000 * one:.0f}" for one in times)
        answered = (len(found.reads) + len(found.writes)) / found.seconds
        ratio = f"{times[3] / times[1]:.1f}"
        cores = f"{found.server:.2f} + {found.load:.2f}"
        errors = ", ".join(f"{count} × {what}" for what, count in found.errors.items()) or "0"
        lines.append(f"| {said} | {pace * BUSIEST or '–'} | {answered:.0f} | {shown} | {ratio} | {errors} | {cores} |")
    return lines


def summary(told: Told, lost: list[str], wrong: list[str], good: bool) -> str:
    return (
        f"{'Held' if good else '**Not held**'} up to {WITH_GOAL} × the busiest second: no error, writes' p99 "
        f"under {LONGEST * 1000:.0f} ms and at most {TIMES} × the reads'. {told.count:,} writes "
        f"acknowledged ({told.saves:,} of texts, {len(told.proposals):,} points, "
        f"{len(told.decisions):,} decisions), **{len(lost)} lost**; "
        f"{len(wrong)} lines of trouble in the server's log."
    )


def section(
    decisions: int, seed: int, seconds: float = 45.0, on: tuple[str, ...] = ("sqlite", "postgresql")
) -> list[str]:
    """The lines for benchmarks/results.md."""
    lines = []
    for which in on:
        lines += measure(which, decisions, seconds, seed)[0]
    mix = ", ".join(f"{name} {share}%" for name, share in CLICKS.items())
    return [
        "## Two hundred read, twenty write",
        "",
        f"{READERS} people read ({mix}) and {WRITERS} write (minutes that save themselves, every fifth raises points, "
        f"every fifth records decisions), {decisions:,} decisions; {seconds:.0f} s a row after {WARM} s to warm up, at "
        "random moments from the seed, the load on the same machine. Time counts from when a person would have "
        "clicked. Cores: all of the server's processes with the database's, and the load's own. Goals are for up to "
        f"{WITH_GOAL} × the busiest second of København's budget weeks ({BUSIEST} requests, docs/several-machines.md). "
        "In the last row nobody pauses: so many people are a queue then, and its length is what they wait.",
        "",
        *lines,
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd")
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=45.0, help="for each row; a third of it for the last")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--on", choices=("sqlite", "postgresql"), action="append")
    given = parser.parse_args()
    lines = section(given.decisions, given.seed, given.seconds, tuple(given.on or ("sqlite", "postgresql")))
    print("\n".join(lines))
    return 0 if "**Not held**" not in "\n".join(lines) else 1


if __name__ == "__main__":
    sys.exit(main())
