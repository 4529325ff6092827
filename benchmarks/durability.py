"""Is anything lost that was acknowledged? The real server is killed (kill -9) at random moments under mixed load.

    python -m benchmarks.durability --kills 200 --seed 1

Eight people work at once over HTTP: they sign in, raise points, write minutes that save themselves, record decisions,
attach files, answer invitations and plan meetings. What a browser was told is saved (a redirect, an X-Version) is
written down by us; after each kill the server is started again and all of it must be there, nothing may be half
(HALVES), and the server must answer within five seconds. Between kills a backup is made under the same load, put into
a new place and proved. Both databases, PostgreSQL from the wheel; the process that is killed is our server.
"""

import argparse
import hashlib
import itertools
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select, text

import med.app  # noqa: F401  every slice says what of its own belongs in the minutes
from benchmarks.at_work import READY, Browser, Gone, free_port, start, surroundings
from med import clock, demo
from med.cli.verifying import broken_chains
from med.competence_compass.vault import vault_of
from med.db import Database
from med.meetings import files
from med.meetings.models import Attendance, Item, State
from med.migrations import upgrade
from med.organisation.models import Committee, Person
from scripts.postgres import running_postgres
from tests.meetings.rooms import make_meeting

WRITERS = ("anna", "emil")  # each at an item of their own
LONGEST_START = 5.0  # seconds of the processor: on a machine of its own as long on the wall

# What would be half a change: the question counts those; each must be 0. `since` is the journal's end at the start.
HALVES = {
    "a proposal without its line in the journal": "SELECT count(*) FROM proposal p WHERE p.title LIKE 'Drift %' AND NOT"
    " EXISTS (SELECT 1 FROM journal_entry j WHERE j.happened = 'proposal.raised' AND j.thing_id = p.id)",
    "a line in the journal without its proposal": "SELECT count(*) FROM journal_entry j WHERE j.id > :since AND"
    " j.happened = 'proposal.raised' AND NOT EXISTS (SELECT 1 FROM proposal p WHERE p.id = j.thing_id)",
    "a decision without its line in the journal": "SELECT count(*) FROM decision d WHERE d.text LIKE 'drift %' AND NOT"
    " EXISTS (SELECT 1 FROM journal_entry j WHERE j.happened = 'decision.recorded' AND j.thing_id = d.id)",
    "a line in the journal without its decision": "SELECT count(*) FROM journal_entry j WHERE j.id > :since AND"
    " j.happened = 'decision.recorded' AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.id = j.thing_id)",
    "a decision without its one main perspective": "SELECT count(*) FROM decision d WHERE d.text LIKE 'drift %' AND"
    " (SELECT count(*) FROM decision_tag t WHERE t.decision_id = d.id AND t.is_main) <> 1",
    "a meeting nobody is invited to": "SELECT count(*) FROM meeting m WHERE m.title LIKE 'Drift %' AND NOT EXISTS"
    " (SELECT 1 FROM attendance a WHERE a.meeting_id = m.id)",
    "a meeting without its standing items": "SELECT count(*) FROM meeting m WHERE m.title LIKE 'Drift %' AND NOT EXISTS"
    " (SELECT 1 FROM item i WHERE i.meeting_id = m.id)",
    "a meeting without its line in the journal": "SELECT count(*) FROM meeting m WHERE m.title LIKE 'Drift %' AND NOT"
    " EXISTS (SELECT 1 FROM journal_entry j WHERE j.happened = 'meeting.planned' AND j.thing_id = m.id)",
    "an attachment without its line in the journal": "SELECT count(*) FROM attachment a WHERE a.title LIKE 'Drift %'"
    " AND NOT EXISTS (SELECT 1 FROM journal_entry j WHERE j.happened = 'attachment.added' AND j.thing_id = a.id)",
    "a form taken in without an answer": "SELECT count(*) FROM submission s WHERE s.answer = ''",
    "a text of an item beyond its revisions": "SELECT count(*) FROM item i WHERE i.minutes_text LIKE 'Drift %' AND"
    " NOT EXISTS (SELECT 1 FROM item_revision r WHERE r.item_id = i.id)",
}


@dataclass
class Found:
    """How it went on one database."""

    database: str
    kills: int = 0
    kept: Counter[str] = field(default_factory=Counter)  # what was acknowledged and is there
    lost: list[str] = field(default_factory=list)
    halves: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)  # answers nobody should have got
    starts: list[tuple[float, float]] = field(default_factory=list)  # seconds: on the wall, of the processor
    backups: int = 0
    faulty_backups: list[str] = field(default_factory=list)
    breaks: int = 0

    @property
    def good(self) -> bool:
        bad = self.lost or self.halves or self.refused or self.faulty_backups or self.breaks
        return not bad and max(cpu for _, cpu in self.starts) < LONGEST_START

    def __str__(self) -> str:
        wall, cpu = (sorted(seconds) for seconds in zip(*self.starts, strict=True))
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.kept.items()))
        return (
            f"{self.database}: {self.kills} kills, {sum(self.kept.values()):,} acknowledged writes ({kinds}): "
            f"**{len(self.lost)} lost**, {len(self.halves)} half, {self.breaks} breaks in the chains, "
            f"{sum(self.refused.values())} unexpected answers; restart {wall[len(wall) // 2]:.1f} s (median; "
            f"longest {wall[-1]:.1f} s, of the processor {cpu[-1]:.1f} s); {self.backups} backups under load, "
            f"{len(self.faulty_backups)} not identical"
        )


# --- people at work -----------------------------------------------------------------------------------------------


@dataclass
class Place:
    """What the load is about: ids of things that are there before it begins."""

    live: int
    coming: int
    items: list[int]
    papers: list[int]  # items of the coming meeting, to attach files to
    committee: int
    since: int


class Load:
    """Eight at work until the server is gone; remembers what each was told is saved."""

    def __init__(self, place: Place, port: int, database: Database, seed: int) -> None:
        self.place, self.port, self.database = place, port, database
        self.chance = random.Random(seed)
        self.number = itertools.count()
        self.papers = itertools.cycle(place.papers)  # an item has room for so many files
        self.told: dict[str, list[str]] = defaultdict(list)
        self.latest: dict[str, tuple[str, str]] = {}  # of what is overwritten: the last one told, the one under way
        self.cookies: list[str] = []
        self.refused: Counter[str] = Counter()
        self.ended = threading.Event()
        self.busy = threading.Semaphore(0)
        work = [(self.signs_in, "carla"), (self.raises, "freja"), (self.decides, "bo")]
        work += [(self.attaches, "emil"), (self.answers, "gunnar"), (self.plans, "anna")]
        self.work: list[tuple[Callable[[Browser], None], Browser]] = [(do, Browser(port, who)) for do, who in work]
        self.work += [(self.writes, Browser(port, who)) for who in WRITERS]

    def run(self) -> None:
        self.ended.clear()
        threads = [threading.Thread(target=self.go_on, args=one, daemon=True) for one in self.work]
        self.threads = threads
        for thread in threads:
            thread.start()
        for _ in threads:  # all have had something saved
            self.busy.acquire(timeout=READY)

    def end(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join(20)

    def go_on(self, do: Callable[[Browser], None], browser: Browser) -> None:
        pause = random.Random(self.chance.random())
        try:
            browser.settle_in()
            do(browser)
            self.busy.release()
            while not self.ended.is_set():
                do(browser)
                time.sleep(pause.random() * 0.04)
        except Gone:
            pass
        except Exception as surprise:
            self.refused[f"{type(surprise).__name__}: {surprise}"[:200]] += 1
        finally:
            browser.leave()

    def name(self) -> str:
        return f"Drift {next(self.number)}"

    def took(self, kind: str, name: str, status: int) -> None:
        if status == 303:
            self.told[kind].append(name)
        else:
            self.refused[f"{kind}: {status}"] += 1

    def signs_in(self, browser: Browser) -> None:
        self.cookies.append(Browser(self.port, browser.handle).sign_in())
        time.sleep(0.1)

    def raises(self, browser: Browser) -> None:
        name = self.name()
        self.took(
            "proposals", name, browser.post("/forslag/nyt", {"committee": self.place.committee, "title": name})[0]
        )

    def decides(self, browser: Browser) -> None:
        name = self.name().lower()
        fields = {"text": name, "why": "Det skal stå der bagefter", "perspective": "resiliens"}
        item = self.chance.choice(self.place.items[2:])
        self.took("decisions", name, browser.post(f"/beslutninger/punkt/{item}", fields)[0])

    def attaches(self, browser: Browser) -> None:
        name = self.name()
        item = next(self.papers)
        path = f"/moeder/{self.place.coming}/punkter/{item}/bilag"
        self.took("attachments", name, browser.upload(path, name, f"{name}\n".encode() * 500))

    def answers(self, browser: Browser) -> None:
        name = self.name()
        self.latest["answer"] = (self.latest.get("answer", ("", ""))[0], name)
        status, _ = browser.post(f"/moeder/{self.place.coming}/svar", {"reply": "declined", "note": name})
        self.took("answers", name, status)
        self.latest["answer"] = (name, name)

    def plans(self, browser: Browser) -> None:
        name = self.name()
        day = date(2027, 1, 4) + timedelta(days=7 * self.chance.randrange(50) + self.chance.randrange(5))
        fields = {
            "day": day.isoformat(),
            "starts": "9.30",
            "ends": "11.00",
            "title": name,
            "kind": "ordinary",
            "day_anyway": "on",
        }
        self.took("meetings", name, browser.post(f"/moeder/nyt?udvalg={self.place.committee}", fields)[0])
        time.sleep(0.1)

    def writes(self, browser: Browser) -> None:
        item, name = self.place.items[WRITERS.index(browser.handle)], self.name()
        key = f"item {item}"
        before = self.latest.get(key, ("", ""))[0]
        version = getattr(browser, "version", None)
        if version is None:  # the first time, and after a kill
            with self.database.reading() as db:
                version = db.scalar(select(Item.minutes_version).where(Item.id == item))
        self.latest[key] = (before, name)
        path = f"/moeder/{self.place.live}/punkter/{item}/referat"
        browser.version = None  # type: ignore[attr-defined]
        status, heads = browser.post(path, {"text": name, "version": version}, fragment=True)
        if status == 200:
            browser.version = heads["x-version"]  # type: ignore[attr-defined]
            self.latest[key] = (name, name)
            self.told["texts"].append(name)
        else:
            self.refused[f"texts: {status}"] += 1


# --- is it there --------------------------------------------------------------------------------------------------


def look(found: Found, load: Load, database: Database, folder: Path) -> None:
    """Everything that was told since the last look, and nothing half."""
    with database.reading() as db:
        there = {
            "proposals": set(db.scalars(text("SELECT title FROM proposal WHERE title LIKE 'Drift %'"))),
            "decisions": set(db.scalars(text("SELECT text FROM decision WHERE text LIKE 'drift %'"))),
            "meetings": set(db.scalars(text("SELECT title FROM meeting WHERE title LIKE 'Drift %'"))),
        }
        papers = dict(db.execute(text("SELECT title, sha256 FROM attachment WHERE title LIKE 'Drift %'")).all())
        there["attachments"] = {
            name
            for name, sha256 in papers.items()
            if files.read(folder / "files", sha256) is not None
            and hashlib.sha256(f"{name}\n".encode() * 500).hexdigest() == sha256
        }
        if orphans := set(papers) - there["attachments"]:
            found.halves += [f"attachment {name} without its file" for name in orphans]
        now = {
            f"item {item}": db.scalar(select(Item.minutes_text).where(Item.id == item)) for item in load.place.items[:2]
        }
        gunnar = select(Person.id).where(Person.handle == "gunnar").scalar_subquery()
        note = select(Attendance.note).where(Attendance.meeting_id == load.place.coming, Attendance.person_id == gunnar)
        now["answer"] = db.scalar(note)
        for what, question in HALVES.items():
            if count := db.scalar(text(question), {"since": load.place.since} if ":since" in question else {}):
                found.halves.append(f"{count} × {what}")
    for kind, names in load.told.items():
        if kind in there:
            found.lost += [f"{kind}: {name}" for name in names if name not in there[kind]]
        found.kept[kind] += len(names)
    for key, (last, under_way) in load.latest.items():
        if last and now[key] not in (last, under_way):
            found.lost.append(f"{key}: {last}, there is {now[key]!r}")
    visitor = Browser(load.port, "carla")
    for visitor.cookie in load.cookies:
        if visitor.ask("GET", "/mig")[0] != 200:
            found.lost.append("a sign-in")
    found.kept["sign-ins"] += len(load.cookies)
    visitor.leave()
    load.told.clear()
    load.cookies.clear()


# --- the whole of it --------------------------------------------------------------------------------------------------


def prepare(database: Database) -> Place:
    """A meeting that goes on with eight items, and one to come."""
    with clock.at(demo.NOW), database.writing() as db:
        titles = [f"Punkt {number}" for number in range(1, 9)]
        live = make_meeting(db, *titles, state=State.IN_PROGRESS, start=demo.NOW - timedelta(minutes=20))
        paper = [f"Bilag {number}" for number in range(200)]  # an item has room for forty
        coming = make_meeting(db, *paper, start=demo.NOW + timedelta(days=9))
        committee = db.scalars(select(Committee.id).where(Committee.key == "med-aabrinken")).one()
        items, papers = (
            list(db.scalars(select(Item.id).where(Item.meeting_id == one.id).order_by(Item.position)))
            for one in (live, coming)
        )
        since = db.scalar(text("SELECT max(id) FROM journal_entry")) or 0
        return Place(live.id, coming.id, items, papers, committee, since)


def measure(url: str, folder: Path, kills: int, seed: int, backups: int, fresh: Callable[[str], str]) -> Found:
    chance = random.Random(seed)
    database = Database(url)
    found = Found("SQLite" if database.is_sqlite else "PostgreSQL")
    port = free_port()
    load = Load(prepare(database), port, database, seed)
    server, _ = start(folder, url, port)
    try:
        for number in range(kills):
            load.run()
            if number < backups:
                time.sleep(0.3)
                back_up(found, load, folder, url, fresh(f"restored_{number}"))
            time.sleep(0.1 + chance.random())
            server.send_signal(signal.SIGKILL)
            server.wait()
            load.end()
            found.kills += 1
            server, seconds = start(folder, url, port)
            found.starts.append(seconds)
            look(found, load, database, folder)
            if number % 20 == 19:
                print(f"{found.database}: {found}", file=sys.stderr, flush=True)
        found.breaks = len(broken_chains(database))
        found.refused = load.refused
    finally:
        server.kill()
        server.wait()
        database.close()
    return found


def back_up(found: Found, load: Load, folder: Path, url: str, into: str) -> None:
    """A copy while everybody works, put into a new place: the same rows there, and all that was told before it."""
    before = {kind: list(names) for kind, names in load.told.items()}
    place = folder / f"copy-{found.backups}"
    around = surroundings(folder, url)
    made = subprocess.run(
        [sys.executable, "-m", "med.cli", "backup", str(place)], env=around, capture_output=True, text=True
    )
    elsewhere = ["--database-url", into] if not url.startswith("sqlite") else []
    words = ["restore", str(place), "--into", str(folder / f"new-{found.backups}"), "--verify", *elsewhere]
    back = subprocess.run([sys.executable, "-m", "med.cli", *words], env=around, capture_output=True, text=True)
    found.backups += 1
    proofs = {line for said in (made.stdout, back.stdout) for line in said.splitlines() if line.startswith("All that")}
    if made.returncode or back.returncode or len(proofs) != 1:
        found.faulty_backups.append(made.stderr + back.stderr + str(proofs))
        return
    restored = Database(into if elsewhere else f"sqlite:///{folder}/new-{found.backups - 1}/med.db")
    with restored.reading() as db:
        for kind, question in {
            "proposals": "SELECT title FROM proposal",
            "decisions": "SELECT text FROM decision",
        }.items():
            missing = set(before.get(kind, ())) - set(db.scalars(text(question)))
            found.faulty_backups += [f"{kind}: {name} was saved before the backup" for name in missing]
    restored.close()
    shutil.rmtree(place)
    shutil.rmtree(folder / f"new-{found.backups - 1}")


@contextmanager
def furnished(which: str) -> Iterator[tuple[str, Path, Callable[[str], str]]]:
    """A furnished database of a kind, its data folder, and how to get another database of the kind."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if which == "sqlite":
            furnish(f"sqlite:///{folder / 'med.db'}", folder)
            yield f"sqlite:///{folder / 'med.db'}", folder, lambda name: ""
            return
        with running_postgres() as postgres:
            url = postgres.create("durability")
            furnish(url, folder)
            yield url, folder, postgres.create


def furnish(url: str, folder: Path) -> None:
    database = Database(url)
    upgrade(database.write_engine)
    with database.writing() as db:
        demo.furnish(db, vault_of(folder))
    database.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.durability")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--backups", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--on", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--database", default="", help="an own one, furnished as the demo is; with --folder")
    parser.add_argument("--folder", type=Path, help="the data folder of --database; it is written to")
    given = parser.parse_args()
    good = True
    if given.database:
        found = measure(given.database, given.folder, given.kills, given.seed, 0, str)
        print(found, *found.lost, *found.halves, *found.refused.items(), sep="\n")
        return 0 if found.good else 1
    for which in given.on or ("sqlite", "postgresql"):
        with furnished(which) as (url, folder, fresh):
            found = measure(url, folder, given.kills, given.seed, given.backups, fresh)
        good = good and found.good
        print(found, flush=True)
        for said in [*found.lost[:5], *found.halves[:5], *found.faulty_backups[:5], *list(found.refused.items())[:9]]:
            print(f"  {said}", file=sys.stderr)
    return 0 if good else 1


def section(seed: int, kills: int = 200, backups: int = 5) -> list[str]:
    """The lines for docs/evidence.md: half of the kills on each database."""
    lines = []
    for which in ("sqlite", "postgresql"):
        with furnished(which) as (url, folder, fresh):
            found = measure(url, folder, kills // 2, seed, backups, fresh)
        lines.append(f"- {'Held' if found.good else '**NOT HELD**'}: {found}")
        refused = [f"{count} × {what}" for what, count in found.refused.most_common(5)]
        lines += [f"  - {said}" for said in [*found.lost[:5], *found.halves[:5], *found.faulty_backups[:5], *refused]]
    return [
        "Eight people sign in, raise points, write minutes, record decisions, attach files, answer and plan over HTTP "
        "while the server is killed (kill -9). What a browser was told is saved must be there after the restart, "
        f"nothing half of {len(HALVES)} kinds, and the server back within {LONGEST_START:.0f} seconds.",
        "",
        *lines,
    ]


if __name__ == "__main__":
    sys.exit(main())
