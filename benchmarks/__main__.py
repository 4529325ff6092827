"""`make bench`: each figure a ratio measured side by side in one run, written to benchmarks/results.md."""

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import addresses, compass, crowd, digest, front_end, loop, machines, outbox, searching, suite, traffic
from benchmarks.grounds import Grounds
from benchmarks.machine import describe
from med import clock

DIGEST_PEOPLE = 5000
RESULTS = Path(__file__).parent / "results.md"


HEAD = """# Measured

Written by `make bench`; one section alone by `make bench ARGS="--only traffic"` (also: search, addresses, start-up,
digest, outbox, front-end, compass, loop, crowd, machines, tests). Every ratio is CPU of the server process beside
its own plain-text route, in the same run.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=1_000_000, help="decisions of the large municipality")
    parser.add_argument("--on", default=",".join(traffic.NAMES), help="databases of the traffic, comma separated")
    parser.add_argument("--folder", type=Path, help="keep the SQLite municipalities here for another run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file to write")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections by name, comma separated")
    given = parser.parse_args()
    names = given.only.split(",")
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    with Grounds(given.seed, given.folder) as given.grounds:
        for name in names:
            began = time.monotonic()
            heading, *lines = SECTIONS[name](given)
            day = f"*{clock.today().isoformat()}, seed {given.seed}, {describe()}.*"
            keep(given.results, heading, "\n".join([heading, "", day, *lines]).rstrip() + "\n")
            print(f"{name}: {(time.monotonic() - began) / 60:.1f} minutes", file=sys.stderr, flush=True)
    print(given.results.read_text())
    return 0


def keep(results: Path, heading: str, text: str) -> None:
    """Put a section in the place of the one with its heading; the others stay as they were."""
    there = results.read_text() if results.exists() else ""
    held = {("## " + part).partition("\n")[0]: "## " + part for part in there.split("\n## ")[1:]}
    held[heading] = text
    results.write_text("\n".join([HEAD, *(part.rstrip() + "\n" for part in held.values())]))


SECTIONS: dict[str, Callable[[argparse.Namespace], list[str]]] = {
    "traffic": lambda given: traffic.section(given.grounds, max(given.rounds, 4), given.large, given.on.split(",")),
    "search": lambda given: searching.section(given.grounds.take("sqlite", given.large), given.rounds),
    "addresses": lambda given: addresses.run(given.rounds, given.decisions, given.seed),
    "start-up": lambda given: ["## Start-up", "", *start_up(given.rounds)],
    "digest": lambda given: digest.section(DIGEST_PEOPLE, given.seed),
    "outbox": lambda given: outbox.section(given.seed),
    "front-end": lambda given: front_end.section(given.rounds),
    "compass": lambda given: compass.section(given.rounds, compass.ASSESSMENTS, given.seed),
    "loop": lambda given: loop.section(given.rounds, given.decisions, given.seed),
    "crowd": lambda given: crowd.section(given.decisions, given.seed),
    "machines": lambda given: machines.section(given.seed),
    "tests": lambda given: suite.section(),
}


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
        (Path(folder) / "med.db").touch()  # an installation that is there
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
