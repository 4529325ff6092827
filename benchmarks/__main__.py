"""`make bench`: each figure a ratio measured side by side in one run, written to benchmarks/results.md."""

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import addresses, compass, digest, front_end, loop, outbox, scale, searching
from benchmarks.fill import fill
from benchmarks.machine import Caller, cpu_seconds, describe, memory_mb, running
from med import clock, demo
from med.competence_compass.vault import vault_of
from med.db import Database
from med.migrations import upgrade

DIGEST_PEOPLE = 5000
RESULTS = Path(__file__).parent / "results.md"
# name: (path, persona, goal as a multiple of the plain-text route's CPU, or None)
PAGES = {
    "feed page of 50, employee": ("/beslutninger", "carla", 60),
    "feed page of 50, member": ("/beslutninger", "anna", 60),
    "feed page, one perspective": ("/beslutninger?perspektiv=resiliens", "carla", 60),
    "decision page": ("/beslutninger/{decision}", "carla", None),
    "meeting page of 15 items with minutes": ("/moeder/{meeting}", "anna", 100),
    "minutes": ("/moeder/{meeting}/referat", "carla", 100),
    "overview": ("/", "anna", None),
}


HEAD = """# Measured

Written by `make bench`; one section alone by `make bench ARGS="--only pages"` (also: feed, search, addresses,
start-up, digest, outbox, compass, loop). Every ratio is CPU of the server process beside its own plain-text route, in
the same run.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=1_000_000, help="decisions of the large municipality (feed)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections by name, comma separated")
    given = parser.parse_args()
    names = given.only.split(",")
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    for name in names:
        heading, *lines = SECTIONS[name](given)
        day = f"*{clock.today().isoformat()}, seed {given.seed}, {describe()}.*"
        keep(heading, "\n".join([heading, "", day, *lines]).rstrip() + "\n")
    print(RESULTS.read_text())
    return 0


def keep(heading: str, text: str) -> None:
    """Put a section in the place of the one with its heading; the others stay as they were."""
    there = RESULTS.read_text() if RESULTS.exists() else ""
    held = {("## " + part).partition("\n")[0]: "## " + part for part in there.split("\n## ")[1:]}
    held[heading] = text
    RESULTS.write_text("\n".join([HEAD, *(part.rstrip() + "\n" for part in held.values())]))


def measure_pages(given: argparse.Namespace) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        places = prepare(Path(folder), given.decisions, given.seed)
        about = f"{given.decisions:,} decisions, SQLite, one process; median of {given.rounds} interleaved rounds."
        return ["## Pages", "", about, "", *pages(folder, places, given.rounds)]


SECTIONS: dict[str, Callable[[argparse.Namespace], list[str]]] = {
    "pages": measure_pages,
    "feed": lambda given: scale.section(max(given.rounds, 4), given.seed, [1000, given.large]),
    "search": lambda given: searching.section(given.decisions, given.rounds, given.seed),
    "addresses": lambda given: addresses.run(given.rounds, given.decisions, given.seed),
    "start-up": lambda given: ["## Start-up", "", *start_up(given.rounds)],
    "digest": lambda given: digest.section(DIGEST_PEOPLE, given.seed),
    "outbox": lambda given: outbox.section(given.seed),
    "front-end": lambda given: front_end.section(given.rounds),
    "compass": lambda given: compass.section(given.rounds, compass.ASSESSMENTS, given.seed),
    "loop": lambda given: loop.section(given.rounds, given.decisions, given.seed),
}


def prepare(folder: Path, count: int, seed: int) -> dict[str, int]:
    """The demo workplace with many more decisions, and one meeting of 15 items with minutes."""
    from benchmarks.long_meeting import hold_long_meeting

    database = Database(f"sqlite:///{folder / 'med.db'}")
    upgrade(database.write_engine)
    with clock.at(demo.NOW):
        with database.writing() as db:
            demo.furnish(db, vault_of(folder))
        with database.writing() as db:
            meeting, decision = hold_long_meeting(db)
            fill(db, count, seed)
    database.close()
    return {"meeting": meeting, "decision": decision}


def pages(folder: str, places: dict[str, int], rounds: int) -> list[str]:
    """CPU of the server per request, as a multiple of its own plain-text route's."""
    port = 8190
    command = [sys.executable, "-m", "med.cli", "demo", "--port", str(port), "--data-dir", folder]
    with running(command, port) as pid:
        callers = {handle: Caller(port, handle) for handle in {page[1] for page in PAGES.values()}}
        plain = Caller(port)
        found: dict[str, list[float]] = {name: [] for name in PAGES}
        sizes: dict[str, int] = {}
        for name, (path, handle, _) in PAGES.items():  # warm
            for _ in range(5):
                status, sizes[name], _ = callers[handle].get(path.format(**places))
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
        for _ in range(rounds):
            base = per_request(pid, lambda: plain.get("/livez"), 2000)
            for name, (path, handle, _) in PAGES.items():
                where = path.format(**places)
                found[name].append(per_request(pid, lambda c=callers[handle], w=where: c.get(w), 60) / base)
        resident = memory_mb(pid)
    rows = ["| page | CPU, × plain text | goal | kB as sent |", "|---|---|---|---|"]
    for name, (_, _, goal) in PAGES.items():
        shown = f"≤ {goal}" if goal else "–"
        rows.append(f"| {name} | {statistics.median(found[name]):.1f} | {shown} | {sizes[name] / 1024:.1f} |")
    return [*rows, "", f"Memory of the one process after the run: {resident:.0f} MB (goal: under 150)."]


def per_request(pid: int, call, times: int) -> float:
    before = cpu_seconds(pid)
    for _ in range(times):
        call()
    return (cpu_seconds(pid) - before) / times


def start_up(rounds: int) -> list[str]:
    """CPU of making the application, as a multiple of importing its three big libraries."""
    compileall.compile_dir("med", quiet=1)  # as the set-up does; a checkout being worked on may lack it
    bare = "import litestar, sqlalchemy.orm, jinja2"
    # As a server process makes it, and as installed: the test tools bring pydantic along, which litestar picks up.
    ours = "from med.cli.serving import make_app; make_app()"
    ratios = [cpu_of(ours) / cpu_of(bare) for _ in range(max(rounds, 5))]
    return [f"Start-up: {statistics.median(ratios):.2f} × the CPU of `{bare}` (goal: at most 2)."]


def cpu_of(code: str) -> float:
    counted = f"import os, sys; sys.modules['pydantic'] = None\n{code}\nt = os.times(); print(t.user + t.system)"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", counted],
            env={**os.environ, "MED_DATA_DIR": folder},
            capture_output=True,
            check=True,
            text=True,
        )
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
