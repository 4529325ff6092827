"""Private addresses as readers and calendars use them: asked again and again, with mostly nothing new.

`python -m benchmarks.addresses` measures them alone; `make bench` takes them into the table.
"""

import argparse
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.fill import fill
from benchmarks.machine import Caller, cpu_seconds, running
from med import clock, demo
from med.access import Viewer
from med.competence_compass.vault import vault_of
from med.db import Database
from med.identity.actions import make_feed_token
from med.meetings.models import Meeting, State
from med.migrations import upgrade
from med.organisation.models import Committee
from med.organisation.queries import person_by_handle, viewer_for

MEETINGS = 500
WITH_DUES = "the same with deadlines and tasks"
GOAL = 1.7  # times the CPU of the plain-text route: 0.6 of its throughput


def make_addresses(db: Session) -> dict[str, str]:
    """A member's feed and calendar, the calendar with 500 meetings in it: name -> path.

    A manager's cost about one multiple more: what lies below them is asked for, too.
    """
    person = person_by_handle(db, "bo")
    assert person is not None
    viewer: Viewer = viewer_for(db, person.id)
    committee = db.scalars(select(Committee).where(Committee.key == "med-aabrinken")).one()
    for number in range(MEETINGS):
        starts_at = clock.now() - timedelta(days=300) + timedelta(days=number)
        db.add(
            Meeting(
                uid=str(uuid.UUID(int=number)),
                committee_id=committee.id,
                title=f"MED-ledelsen, møde {number}",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=2),
                place="Caféen på Åbrinken",
                state=State.PLANNED,
                created_at=clock.now(),
                revised_at=clock.now(),
            )
        )
    feed = make_feed_token(db, viewer, "decisions")
    calendar = make_feed_token(db, viewer, "calendar", "moeder=mine&opgaver=nej&varsel=30")
    both = make_feed_token(db, viewer, "calendar", "moeder=mine&opgaver=begivenhed&varsel=30")
    return {
        "feed": f"/feeds/{feed}/beslutninger.atom",
        "calendar": f"/kalender/{calendar}.ics",
        "both": f"/kalender/{both}.ics",
    }


def measure(port: int, pid: int, paths: dict[str, str], rounds: int) -> list[str]:
    """Lines of a table: the CPU of each as a multiple of the plain-text route's, in the same run."""
    reader = Caller(port)
    known = {name: {"If-None-Match": reader.get(path)[2]["etag"]} for name, path in paths.items()}
    calls: dict[str, tuple[int, Callable[[], tuple[int, int, dict[str, str]]]]] = {
        "feed, nothing new (304)": (304, lambda: reader.get(paths["feed"], known["feed"])),
        "feed of 50, kept": (200, lambda: reader.get(paths["feed"])),
        f"calendar of {MEETINGS}, nothing new (304)": (304, lambda: reader.get(paths["calendar"], known["calendar"])),
        f"calendar of {MEETINGS}, kept": (200, lambda: reader.get(paths["calendar"])),
        f"{WITH_DUES}, nothing new (304)": (304, lambda: reader.get(paths["both"], known["both"])),
    }
    for name, (status, call) in calls.items():  # warm
        for _ in range(10):
            if (got := call()[0]) != status:
                raise RuntimeError(f"{name} answered {got}")
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        base = per_request(pid, lambda: reader.get("/livez"), 2000)
        for name, (_, call) in calls.items():
            found[name].append(per_request(pid, call, 200) / base)
    rows = ["| private address | CPU, × plain text | goal | kB as sent |", "|---|---|---|---|"]
    for name, (_, call) in calls.items():
        size = call()[1] / 1024
        goal = "–" if name.startswith(WITH_DUES) else f"≤ {GOAL}"
        rows.append(f"| {name} | {statistics.median(found[name]):.1f} | {goal} | {size:.1f} |")
    return rows


def per_request(pid: int, call: Callable[[], Any], times: int) -> float:
    before = cpu_seconds(pid)
    for _ in range(times):
        call()
    return (cpu_seconds(pid) - before) / times


def run(rounds: int, decisions: int, seed: int, port: int = 8192) -> list[str]:
    """A workplace of its own, started and measured."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "med.cli", "demo", "--port", str(port), "--data-dir", folder]
        database = Database(f"sqlite:///{Path(folder) / 'med.db'}")
        upgrade(database.write_engine)
        with clock.at(demo.NOW):
            with database.writing() as db:
                demo.furnish(db, vault_of(Path(folder)))
            with database.writing() as db:
                paths = make_addresses(db)
                fill(db, decisions, seed)
        database.close()
        with running(command, port) as pid:
            about = f"{decisions:,} decisions and {MEETINGS} meetings, SQLite, one process; median of {rounds} rounds."
            return ["## Private addresses", "", about, "", *measure(port, pid, paths, rounds)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.addresses")
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("\n".join(run(given.rounds, given.decisions, given.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
