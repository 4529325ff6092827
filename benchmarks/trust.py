"""What the tests of trust say when they are asked for everything: who may see what, canaries, and what is sent at it.

python -m benchmarks.trust rules|canaries|edge --seed 1
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parents[1]
SAYS = re.compile(r"\d (passed|failed|error)|\d{3,} |lines, |^(FAILED|ERROR) ")


def tests_say(*tests: str, **environment: str) -> tuple[bool, list[str]]:
    """Whether all of them passed, and the lines with figures that they printed, pytest's own last."""
    command = [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", *tests]
    run = subprocess.run(command, cwd=HOME, env={**os.environ, **environment}, capture_output=True, text=True)
    printed = (line.lstrip(".F ") for line in run.stdout.splitlines() if not line.startswith(("E ", " ", ">")))
    return run.returncode == 0, [line for line in printed if SAYS.search(line)]


def told(held: bool, demand: str, lines: list[str]) -> list[str]:
    return [f"- {'Held' if held else '**NOT HELD**'}: {demand}", *(f"- {line}" for line in lines)]


def rules(seed: int) -> list[str]:
    """The oracle asked about fifty times as many worlds as in `make test`; every route for everybody."""
    held, lines = tests_say("tests/oracle", MED_TIMES="50", MED_SEED=str(seed))
    found = told(
        held,
        "Medspil and the oracle say the same of everybody and everything in 1,000 drawn worlds of committees and 750 "
        "of the compass on SQLite (250 and 200 on PostgreSQL), and every rule that holds whatever the rules are, holds",
        lines,
    )
    held, lines = tests_say("tests/test_every_route.py", MED_WHOLE="1")
    return [*found, *told(held, "every persona gets at every route, in every state, what was written down", lines)]


def canaries(seed: int) -> list[str]:
    held, lines = tests_say("tests/canaries", MED_WHOLE="1", MED_SEED=str(seed))
    return told(
        held,
        "no persona meets a word they may not know on any page, form, search, feed, calendar, mail, log line, header "
        "or file name, on either database; and a surface that forgets to ask is noticed",
        lines,
    )


def edge(seed: int) -> list[str]:
    held, lines = tests_say("tests/edge", MED_TIMES="167", MED_SEED=str(seed))
    return told(
        held,
        "50,100 requests over a socket to a real server on SQLite, and slow and huge ones for 20 seconds of each kind: "
        "no answer 5xx, no traceback, no line left hanging, and an ordinary reader gets every page, each within five "
        "seconds; many times as long as alone while what is sent has to be unpacked or taken apart",
        lines,
    )


MEASURES = {"rules": rules, "canaries": canaries, "edge": edge}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trust")
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("\n".join(MEASURES[given.what](given.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
