"""Two machines behind a proxy, on loopback: do they behave as one, and does anybody notice when one goes?

    python -m benchmarks.machines --seed 1

Each machine is a `med serve` with a data folder of its own; the files in them are one shared folder. Beside them two
`med worker` and one PostgreSQL (of the wheel, waiting for the disk at every commit). The proxy is `benchmarks.proxy`.
"""

import argparse
import asyncio
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from benchmarks.at_work import FORM, Browser, free_port
from benchmarks.crowd import (
    Crowd,
    Found,
    Town,
    Visitor,
    Writer,
    high,
    missing,
    once,
    settle,
    sign_in,
    started,
    wait_for,
)
from benchmarks.municipality import build
from med.access import SeatRole
from med.db import Database
from med.decisions.models import Decision
from med.identity.limits import PASSWORD_HERE
from med.journal.models import JobRun
from med.meetings.models import Item, Proposal
from med.organisation.models import Committee, Person, Seat
from med.organisation.routes.committees import as_typed
from med.web.live import GAP
from scripts.postgres import Postgres, running_postgres

DECISIONS = 10_000
READERS = 60
PACE = 20  # requests a second while machines come and go
SAVES = 60  # of the live room
TIMES = 10  # each thing that must be seen at once
TRIES = 12  # at a password
DRAIN = 2  # seconds: eight of the proxy's questions


@dataclass
class Machine:
    """One `med serve`, which can be killed, told to stop, and started again."""

    folder: Path
    url: str
    port: int
    base_url: str
    process: subprocess.Popen[bytes] | None = None
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        around = {"MED_BASE_URL": self.base_url, "MED_PROXIES": "127.0.0.1", "MED_DRAIN": str(DRAIN)}
        self.stack = ExitStack()
        self.process = self.stack.enter_context(
            started(self.folder, self.url, "serve", "--port", str(self.port), **around)
        )
        wait_for(self.port)

    def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(30)


@dataclass
class Place:
    """Everything that runs, and who there is."""

    a: Machine
    b: Machine
    proxy: int
    database: Database
    town: Town
    postgres: Postgres

    @property
    def both(self) -> list[tuple[Machine, Machine]]:
        """(where it is done, where it is looked at): once each way."""
        return [(self.a, self.b), (self.b, self.a)]


@contextmanager
def running(seed: int) -> Iterator[Place]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(running_postgres(is_careful=True))
        url = postgres.create("machines")
        build(folder / "a", DECISIONS, seed, url)
        (folder / "a" / "files").mkdir(exist_ok=True)
        (folder / "a" / "files").rename(folder / "files")
        shutil.copytree(folder / "a", folder / "b")
        port = free_port()
        machines = []
        for name in "ab":
            (folder / name / "files").symlink_to(folder / "files")
            machines.append(Machine(folder / name, url, free_port(), f"http://127.0.0.1:{port}"))
        database = Database(url)
        stack.callback(database.close)
        town = settle(database, seed)
        for machine in machines:
            machine.start()
            stack.callback(lambda one=machine: one.stack.close())
            stack.enter_context(started(machine.folder, url, "worker"))
        words = ["--port", str(port), "--machines", ",".join(str(machine.port) for machine in machines)]
        proxy = subprocess.Popen([sys.executable, "-m", "benchmarks.proxy", *words])
        stack.callback(proxy.wait)
        stack.callback(proxy.terminate)
        wait_for(port)
        yield Place(*machines, port, database, town, postgres)


def browser(machine: Machine, person: Visitor) -> Browser:
    made = Browser(machine.port, "")
    made.cookie, made.token = person.cookie, person.token
    return made


# --- as one -------------------------------------------------------------------------------------------------------


def live(place: Place, seed: int) -> str:
    """How long until who follows at one machine has what was written at the other."""
    found = asyncio.run(follow(place, seed))
    took = ", ".join(
        f"{name} {1000 * one:.0f} ms" for name, one in (("p50", statistics.median(found)), ("p99", high(found)))
    )
    return (
        f"- **Live room.** {len(found)} texts saved at machine A, followed by an employee at machine B: from the click "
        f"to the words {took}, of which {1000 * GAP:.0f} ms are waited on purpose, so that a burst is one push."
    )


async def follow(place: Place, seed: int) -> list[float]:
    writer = Writer(place.a.port, place.town.writers[2], Crowd(place.town, place.a.port, seed).told, 2)
    reader, line = await asyncio.open_connection("127.0.0.1", place.b.port, limit=2**22)
    path = f"/moeder/{writer.person.meeting}/direkte"
    lead = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {place.town.readers[0].cookie}\r\n\r\n"
    line.write(lead.encode())
    chance, found = random.Random(seed), []
    for _ in range(SAVES):
        await asyncio.sleep(0.6 + chance.random() * 0.4)
        began = time.monotonic()
        wrong = await writer.writes()
        assert not wrong, wrong
        words = f"Skrevet {writer.person.number}-{writer.number}".encode()
        async with asyncio.timeout(30):
            while words not in await reader.readline():
                pass
        found.append(time.monotonic() - began)
    line.close()
    writer.line.close()
    return found


def signed_out(place: Place) -> tuple[int, int]:
    """(tried, wrong): a sign-in that is ended at one machine, asked for at the other."""
    wrong = 0
    people = iter(place.town.readers[READERS:])
    for _ in range(TIMES):
        for here, there in place.both:
            person = next(people)
            at, other = browser(here, person), browser(there, person)
            wrong += other.ask("GET", "/mig")[0] != 200
            wrong += at.post("/log-ud", {})[0] != 303
            wrong += other.ask("GET", "/mig")[0] != 303
            at.leave()
            other.leave()
    return TIMES * 2, wrong


def published(place: Place, seed: int) -> tuple[int, int]:
    """A decision both chairs publish at one machine, in the feed of an employee at the other."""
    chair = place.town.writers[0]
    with place.database.writing() as db:
        vice = select(Seat.person_id).where(
            Seat.committee_id == chair.committee, Seat.role == SeatRole.VICE_CHAIR, Seat.ends.is_(None)
        )
        second = sign_in(db, seed, 1000, db.scalars(vice).one())
    wrong = 0
    for number in range(TIMES):
        for here, there in place.both:
            name = f"Maskinerne er enige {number} {here.port}"
            feed = browser(there, place.town.readers[1])
            feed.ask("GET", "/beslutninger")
            at = browser(here, chair)
            fields = {"text": name, "why": "Det skal ses begge steder", "perspective": "resiliens"}
            _, heads = at.post(f"/beslutninger/punkt/{chair.items[1]}", fields)
            made = re.search(r"/beslutninger/(\d+)", heads["location"])
            assert made is not None
            wrong += name.encode() in feed.ask("GET", "/beslutninger")[2]
            for person in (chair, second):
                wrong += browser(here, person).post(f"/beslutninger/{made[1]}/straks", {})[0] != 303
            wrong += name.encode() not in feed.ask("GET", "/beslutninger")[2]
            feed.leave()
            at.leave()
    return TIMES * 2, wrong


def renamed(place: Place, seed: int) -> tuple[int, int]:
    """A committee that gets another name at one machine, in the feed and on its own page at the other."""
    with place.database.writing() as db:
        ivan = db.scalars(select(Person.id).where(Person.handle == "ivan")).one()
        admin = sign_in(db, seed, 1001, ivan, "persona")  # his own way in would ask for a second step
    committee = place.town.writers[1].committee
    wrong, last = 0, ""
    for number in range(TIMES):
        for here, there in place.both:
            with place.database.reading() as db:
                typed = as_typed(db.get_one(Committee, committee))
            name = f"Udvalget der skiftede navn {number} {here.port}"
            at, other = browser(here, admin), browser(there, place.town.readers[2])
            pages = (f"/beslutninger?udvalg={committee}", f"/udvalg/{committee}")
            for page in pages:
                other.ask("GET", page)
            wrong += at.post(f"/udvalg/{committee}/ret", {**typed, "name": name, "short_name": ""})[0] != 303
            for page in pages:
                status, _, body = other.ask("GET", page)
                wrong += status != 200 or name.encode() not in body or bool(last and last.encode() in body)
            last = name
            at.leave()
            other.leave()
    return TIMES * 4, wrong


def counted_together(place: Place) -> str:
    """Wrong passwords for one name, from one address, at both machines in turn."""
    answers = []
    for number in range(TRIES):
        at = Browser(place.both[number % 2][0].port, "")
        words = b"handle=carla&password=forkert-adgangskode"
        answers.append(at.ask("POST", "/log-ind/konto", words, Content_Type=FORM, Sec_Fetch_Site="same-origin")[0])
        at.leave()
    allowed = PASSWORD_HERE.burst
    good = answers == [422] * allowed + [429] * (TRIES - allowed)
    return (
        f"- **Limits.** {TRIES} wrong passwords for one name, at A and B in turn: {answers.count(422)} looked at, then "
        f"{answers.count(429)} refused (allowed at once: {allowed}){'' if good else f' – **NOT HELD**: {answers}'}."
    )


def at_once(name: str, what: str, found: tuple[int, int]) -> str:
    tried, wrong = found
    return f"- **{name}.** {what} at the next request: {tried} times, half each way, **{wrong} wrong**."


# --- one goes -----------------------------------------------------------------------------------------------------


class Patient(Writer):
    """Sends a form again, under the same key, when no machine answered: as a person does who sees the error page."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.again = 0

    async def post(self, path: str, fields: dict[str, str], heads: str = "") -> tuple[int, str]:
        for _ in range(20):
            try:
                status, head = await super().post(path, fields, heads)
                if status not in (502, 503):
                    return status, head
            except (OSError, EOFError):
                pass
            self.again += 1
            await asyncio.sleep(0.5)
        return 502, ""


def under_load(place: Place, seed: int, seconds: float, during: Callable[[], None]) -> str:
    """What people met while `during` went on."""
    town = Town(place.town.readers[:READERS], place.town.writers[3:], place.town.pages)
    crowd = Crowd(town, place.proxy, seed)
    patient = [Patient(place.proxy, one, crowd.told, number) for number, one in enumerate(town.writers)]
    crowd.writers = list(patient)
    with place.database.reading() as db:
        versions = dict(db.execute(select(Item.id, Item.minutes_version)).all())
    for writer in patient:
        writer.number, writer.version = seed * 100_000, versions[writer.person.items[0]]
    found = Found()

    async def both() -> None:
        await asyncio.gather(once(crowd, found, seconds, PACE), asyncio.to_thread(during))

    asyncio.run(both())
    errors = ", ".join(f"{count} × {said}" for said, count in found.errors.items()) or "0"
    return (
        f"{len(found.reads):,} pages and {len(found.writes):,} forms, wrong answers: {errors}; forms nobody answered, "
        f"sent again under the same key: {sum(one.again for one in patient)}; "
        f"**{len(missing(crowd.told, place.database))} acknowledged writes lost**, {twice(place.database)} twice; "
        f"p99 of pages {1000 * high(found.reads):.0f} ms, of forms {1000 * high(found.writes):.0f} ms."
    )


def twice(database: Database) -> int:
    """Points and decisions that stand there more than once: no two have the same words."""
    with database.reading() as db:
        points = [*db.scalars(select(Proposal.title).where(Proposal.title.like("Skrevet %")))]
        decisions = [*db.scalars(select(Decision.text).where(Decision.text.like("skrevet %")))]
    return len(points) - len(set(points)) + len(decisions) - len(set(decisions))


def killed(place: Place, seed: int) -> str:
    def during() -> None:
        for machine in (place.a, place.b, place.a):
            time.sleep(4)
            machine.end(signal.SIGKILL)
            time.sleep(2)
            machine.start()

    met = under_load(place, seed + 1, 30, during)
    return (
        f"- **Kill.** Three times a machine is killed (kill -9) under load, and started again two seconds later: {met}"
    )


def rolled(place: Place, seed: int) -> str:
    def during() -> None:
        for machine in (place.a, place.b):
            time.sleep(3)
            machine.end(signal.SIGTERM)
            machine.start()

    met = under_load(place, seed + 2, 25, during)
    return f"- **Rolling restart.** Each machine in turn is told to stop (MED_DRAIN={DRAIN}), and started anew: {met}"


def shared(place: Place) -> str:
    """Every clock tries each due job; the row lets one through. PostgreSQL's own log tells of those turned away."""
    with place.database.reading() as db:
        runs = db.execute(select(JobRun.job, JobRun.due_at, JobRun.done_at)).all()
        tallied = db.scalar(select(func.count()).select_from(select(JobRun.job, JobRun.due_at).distinct().subquery()))
    log = (place.postgres.folder / "log").read_text(errors="replace")
    refused = len(re.findall(r'duplicate key value violates unique constraint "uq__job_run', log))
    done = sum(run.done_at is not None for run in runs)
    return (
        f"- **Shared work.** Four clocks (two machines, two workers): {tallied} things were due, {len(runs)} were "
        f"begun, {done} done, {refused} times another clock came second and did nothing."
    )


def section(seed: int) -> list[str]:
    """The lines for benchmarks/results.md."""
    with running(seed) as place:
        lines = [
            live(place, seed),
            at_once("Signed out", "A sign-in ended at one machine is refused by the other", signed_out(place)),
            at_once("Published", "A decision published at one is in the other's feed", published(place, seed)),
            at_once(
                "Renamed", "A committee renamed at one has that name, and no other, at the other", renamed(place, seed)
            ),
            counted_together(place),
            killed(place, seed),
            rolled(place, seed),
            shared(place),
        ]
    return [
        "## Two machines",
        "",
        f"Two `med serve` with data folders of their own and one shared folder of files, two `med worker`, one "
        f"PostgreSQL, a reverse proxy of ours in front; all on one machine, over loopback. {DECISIONS:,} decisions; "
        f"where it says load: {READERS} readers and 17 writers, {PACE} requests a second through the proxy.",
        "",
        *lines,
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.machines")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("\n".join(section(given.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
