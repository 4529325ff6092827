"""How long a change waits for its tests: each slice's own, on both databases, two processes, without the browser."""

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

GOAL = 90  # seconds
BROWSER = "ui"
COUNTED = re.compile(r"(\d+) passed")


class Took(NamedTuple):
    name: str
    tests: int
    seconds: float


def section() -> list[str]:
    """Raises RuntimeError when a test fails: how fast it fails is no figure."""
    folder = Path("tests")
    slices = sorted(one.name for one in folder.iterdir() if (one / "__init__.py").exists() and one.name != BROWSER)
    rows = [run(name, [f"tests/{name}"]) for name in slices]
    whole = run("what is no slice's own", [str(one) for one in sorted(folder.glob("test_*.py"))])
    tests, seconds = sum(row.tests for row in (*rows, whole)), sum(row.seconds for row in (*rows, whole))
    return [
        "## The tests",
        "",
        "`make test ARGS=tests/meetings` and the like: from the command to its last line, two processes on two cores. "
        f"Goal: a slice's own in at most {GOAL} s.",
        "",
        "| tests | how many | seconds | goal met |",
        "|---|---|---|---|",
        *(
            f"| {row.name} | {row.tests:,} | {row.seconds:.0f} | {'yes' if row.seconds <= GOAL else '**no**'} |"
            for row in sorted(rows, key=lambda row: -row.seconds)
        ),
        f"| *{whole.name}* | {whole.tests:,} | {whole.seconds:.0f} | – |",
        "",
        f"Together {tests:,} tests without the browser, {seconds:.0f} s one after the other.",
    ]


def run(name: str, paths: list[str]) -> Took:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", *paths], capture_output=True, text=True
    )
    took = time.monotonic() - began
    counted = COUNTED.search(done.stdout)
    if done.returncode or counted is None:
        raise RuntimeError(f"the tests of {name} ended with {done.returncode}:\n{done.stdout[-2000:]}")
    return Took(name, int(counted[1]), took)
