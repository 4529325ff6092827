"""The feed under real sizes: what a page costs beside plain text, and what a thousand times more decisions add.

`python -m benchmarks.scale --sizes 1000,1000000`; `make bench` takes it into the table.
"""

import argparse
import hashlib
import itertools
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from benchmarks.machine import Caller, cpu_seconds, running
from benchmarks.municipality import build
from med import demo
from med.db import Database
from med.identity.models import SignIn
from med.organisation.models import Committee, Employment, Person

VIEWERS = 2000
OLDER = 40  # pages down the feed that one visit in five goes to
FILTERS = {
    "everything": "",
    "a usual perspective": "?perspektiv=emergens",
    "the rare perspective": "?perspektiv=resiliens",
    "one committee": "?udvalg={committee}",
    "a state": "?tilstand=in_progress",
    "in force": "?tilstand=i_kraft",
    "one's own": "?ansvarlig=mig",
    "a month": "?fra=2025-03-01&til=2025-03-31",
    "new to me": "?nye=1",
    "rare, and in force": "?perspektiv=resiliens&tilstand=i_kraft",
}
PERSONAS = {"member": "anna", "employee": "carla", "outsider": "ivan"}
COOKIE = "med"


def sign_in_many(database: Database, count: int) -> list[str]:
    """Cookies of so many employees, signed in as their browsers would be."""
    now = demo.NOW
    with database.writing() as db:
        working = Employment.ends.is_(None)
        people = list(db.scalars(select(Person.id).join(Employment).where(working).distinct().limit(count)))
        rows, cookies = [], []
        for number, person in enumerate(people):
            token = hashlib.sha256(f"viewer {number}".encode()).hexdigest()
            cookies.append(f"{COOKIE}={token}")
            rows.append(
                {
                    "token_hash": hashlib.sha256(token.encode()).hexdigest(), "person_id": person, "created_at": now,
                    "seen_at": now, "expires_at": now + timedelta(hours=12),
                    "news_since": now - timedelta(days=number % 9), "device": "", "how": "persona",
                }
            )  # fmt: skip
        db.execute(insert(SignIn), rows)
    return cookies


class Served:
    """A demo server over one folder, with callers for each persona."""

    def __init__(self, port: int, pid: int, cookies: list[str], committee: int) -> None:
        self.port, self.pid, self.committee = port, pid, committee
        self.plain = Caller(port)
        self.callers = {name: Caller(port, handle) for name, handle in PERSONAS.items()}
        self.cookies = cookies
        self.older = self.walk_down()

    def walk_down(self) -> list[str]:
        caller, found, path = self.callers["employee"], [], "/beslutninger"
        for _ in range(OLDER):
            caller.connection.request("GET", path, headers={"Cookie": caller.headers["Cookie"]})
            body = caller.connection.getresponse().read().decode()
            following = re.search(r'<link rel="next" href="([^"]+)"', body)
            if following is None:
                break
            path = following[1].replace("&amp;", "&")
            found.append(path)
        return found

    def varied(self, seed: int) -> Callable[[], None]:
        """One visit after another: another person each time, four in five on the first page."""
        chance = random.Random(seed)
        caller = Caller(self.port)

        def call() -> None:
            old = self.older and chance.random() < 0.2
            status, _, _ = caller.get(
                chance.choice(self.older) if old else "/beslutninger", {"Cookie": chance.choice(self.cookies)}
            )
            assert status == 200, status

        return call

    def cpu(self, call: Callable[[], object], times: int) -> float:
        before = cpu_seconds(self.pid)
        for _ in range(times):
            call()
        return (cpu_seconds(self.pid) - before) / times


def p99(call: Callable[[], object], times: int) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return sorted(took)[int(times * 0.99)]


def section(rounds: int, seed: int, sizes: list[int], folders: list[Path] | None = None) -> list[str]:
    with tempfile.TemporaryDirectory() as temporary:
        lines: list[str] = []
        times: dict[int, dict[tuple[str, str], list[float]]] = {}
        for at, size in enumerate(sizes):
            folder = folders[at] if folders else Path(temporary) / str(size)
            if not folders:
                build(folder, size, seed)
            database = Database(f"sqlite:///{folder / 'med.db'}")
            cookies = sign_in_many(database, VIEWERS)
            with database.reading() as db:
                committee = db.scalar(select(Committee.id).where(Committee.key == "u1")) or 1
            database.close()
            port = 8195 + at
            command = [sys.executable, "-m", "med.cli", "demo", "--port", str(port), "--data-dir", str(folder)]
            with running(command, port) as pid:
                served = Served(port, pid, cookies, committee)
                lines += costs(served, rounds, size, seed)
                times[size] = latencies(served, rounds)
        return ["## The feed, large", "", *lines, *growth(times)]


def costs(served: Served, rounds: int, size: int, seed: int) -> list[str]:
    varied = served.varied(seed)
    calls: dict[str, Callable[[], object]] = {
        "feed page, varied traffic": varied,
        **{f"feed page, {who}": (lambda c=caller: c.get("/beslutninger")) for who, caller in served.callers.items()},
    }  # fmt: skip
    for call in calls.values():
        for _ in range(60):
            call()
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        base = served.cpu(lambda: served.plain.get("/livez"), 1000)
        for name, call in calls.items():
            found[name].append(served.cpu(call, 200) / base)
    rows = ["", f"{size:,} decisions, {len(served.cookies):,} people signed in, SQLite, one process, compressed.", ""]
    rows += ["| page | CPU, × plain text | goal |", "|---|---|---|"]
    return [*rows, *(f"| {name} | {statistics.median(ratios):.1f} | ≤ 8 |" for name, ratios in found.items())]


def latencies(served: Served, rounds: int) -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = {pair: [] for pair in itertools.product(FILTERS, PERSONAS)}
    for _ in range(max(rounds, 4)):
        for (name, who), took in found.items():
            path = "/beslutninger" + FILTERS[name].format(committee=served.committee)
            took.append(p99(lambda p=path, w=who: served.callers[w].get(p), 60))
    return found


def growth(times: dict[int, dict[tuple[str, str], list[float]]]) -> list[str]:
    small, large = min(times), max(times)
    rows = ["", f"p99 of a page, {large:,} decisions against {small:,}; goal: at most 1.3 ×.", ""]
    rows += ["| filter | " + " | ".join(PERSONAS) + " |", "|---" * (len(PERSONAS) + 1) + "|"]
    for name in FILTERS:
        ratios = [
            statistics.median(times[large][name, who]) / statistics.median(times[small][name, who]) for who in PERSONAS
        ]
        rows.append(f"| {name} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |")
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--sizes", default="1000,1000000")
    parser.add_argument("--folders", default="", help="folders made by benchmarks.municipality, instead of making them")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folders = [Path(one) for one in given.folders.split(",") if one]
    print(f"*{datetime.now(UTC):%Y-%m-%d}, seed {given.seed}*")
    print("\n".join(section(given.rounds, given.seed, [int(one) for one in given.sizes.split(",")], folders or None)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
