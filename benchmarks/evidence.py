"""Writes docs/evidence.md: the long figures, each with its command, seed, date and Monte Carlo error.

    python -m benchmarks.evidence                       # everything; a quarter of an hour and more
    python -m benchmarks.evidence effects --seed 1      # one section; the others stay as they were
    python -m benchmarks.evidence --list

A figure gets into the document from here and from nowhere else.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.machine import describe

HOME = Path(__file__).parent.parent
EVIDENCE = HOME / "docs/evidence.md"
INTRODUCTION = """# Evidence

What has been claimed of Medspil and takes too long for `make test`. Written by `make evidence`, never by hand; one
section alone is renewed with `make evidence ARGS=effects`. Where chance plays a part, ± is one Monte Carlo standard
error. Planted faults and what is sent at the server were tried on SQLite alone.
"""


@dataclass(frozen=True)
class Section:
    title: str
    command: str  # that shows the same; {seed} and {replications} are filled in
    measure: Callable[[int, int], Iterable[list[str]]]  # (seed, replications) -> markdown, more each time


def effects(seed: int, replications: int) -> Iterator[list[str]]:
    """Told after each case."""
    from benchmarks import effects_honesty as honesty

    trials = {}
    for name in honesty.CASES:
        trials[name] = honesty.run(name, replications, seed)
        print(f"{name}: {replications} centres", file=sys.stderr, flush=True)
        yield list(honesty.report(trials))


def speed(seed: int, replications: int) -> Iterator[list[str]]:
    from benchmarks import effects_speed

    yield effects_speed.section(seed)


def outbox(seed: int, replications: int) -> Iterator[list[str]]:
    from benchmarks.outbox import section

    yield section(seed)[2:]


def review_points(seed: int, replications: int) -> Iterator[list[str]]:
    from benchmarks.review_points import section

    yield section(seed)


def durability(seed: int, replications: int) -> Iterator[list[str]]:
    from benchmarks.durability import section

    yield section(seed)


def steps(seed: int, replications: int) -> Iterator[list[str]]:
    from benchmarks.faults import section

    yield section(seed)


def replies(seed: int, replications: int) -> Iterator[list[str]]:
    """The replies of the test, tenfold, on both databases."""
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "tests/calendar/test_hostile_replies.py"]
    run = subprocess.run(
        command, cwd=HOME, env={**os.environ, "MED_TIMES": "10", "MED_SEED": str(seed)}, capture_output=True, text=True
    )
    said = [line for line in run.stdout.splitlines() if re.search(r"\d+ (passed|failed|error)", line)]
    yield [
        "3,000 hostile replies to invitations on SQLite and 3,000 on PostgreSQL: forged, broken, foreign, repeated. "
        "None may stop the reading of mail, and none may answer for somebody else.",
        "",
        f"- {'Held' if run.returncode == 0 else '**NOT HELD**'}: {said[-1].strip('= ') if said else 'no answer'}",
    ]


def trust(what: str) -> Callable[[int, int], Iterable[list[str]]]:
    def measure(seed: int, replications: int) -> Iterator[list[str]]:
        from benchmarks.trust import MEASURES

        yield MEASURES[what](seed)

    return measure


def tests(said: str, files: str, times: int) -> Callable[[int, int], Iterator[list[str]]]:
    """A section that is some tests, with more examples than on every change."""

    def measure(seed: int, replications: int) -> Iterator[list[str]]:
        command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *files.split()]
        run = subprocess.run(
            command, cwd=HOME, env={**os.environ, "MED_TIMES": str(times), "MED_SEED": str(seed)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        last = [line for line in run.stdout.splitlines() if re.search(r"\d+ (passed|failed|error)", line)]
        yield [
            said,
            "",
            f"- {'Held' if run.returncode == 0 else '**NOT HELD**'}: {last[-1].strip('= ') if last else 'no answer'}",
        ]

    return measure


def faults(seed: int, replications: int) -> Iterator[list[str]]:
    from scripts.planted_faults import FAULTS, plant, report

    yield report(list(plant(FAULTS)))


def disclosure(seed: int, replications: int) -> Iterator[list[str]]:
    """The search of the test, with all its people and days; and that it finds what is planted."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "tests/loop/test_subtraction.py"]
    run = subprocess.run(command, cwd=HOME, env={**os.environ, "MED_TIMES": "4"}, capture_output=True, text=True)
    said = re.findall(r"[^\n.]*\brecovered\b[^\n]*", run.stdout)
    yield [
        "One thing happens to one citizen between two days: they join a waiting list, leave it, begin, pass, fail, or "
        "are assessed and a run counts them in. Six people who read sums open every page, file and feed on twelve "
        "days; a number that differs within the quarter counts as a citizen recovered. Once on SQLite and once on "
        "PostgreSQL; `live_lists` and `every_run` are faults planted, which the search must find.",
        "",
        *(f"- {line.strip(' .')}" for line in said),
        f"- {'Held' if run.returncode == 0 else '**NOT HELD**'}",
    ]


def appends(seed: int, replications: int) -> Iterator[list[str]]:
    from benchmarks.journal import section

    yield section(seed)


def floods(seed: int, replications: int) -> Iterator[list[str]]:
    from benchmarks.floods import section

    yield section(seed)


UPLOADS = (
    "Hostile files by 10 seeds, 150 and more by each: macros, acting PDFs in odd spellings and packed away, bombs, "
    "OLE, files behind files, ways out, disguises. None may be taken; what people send must be. Then the pages, seals "
    "of closed files and the scanner, on SQLite and on PostgreSQL."
)
JOURNAL = (
    "3,000 edits, deletions, insertions and exchanges of journal lines on SQLite and 3,000 on PostgreSQL: each "
    "must be found, and named where it was done. Four writers at once must make one chain."
)
SECTIONS: Mapping[str, Section] = {
    "rules": Section("Who may see and do what", "python -m benchmarks.trust rules --seed {seed}", trust("rules")),
    "faults": Section("Planted faults", "python -m scripts.planted_faults", faults),
    "canaries": Section("Canaries", "python -m benchmarks.trust canaries --seed {seed}", trust("canaries")),
    "edge": Section("What is sent at it", "python -m benchmarks.trust edge --seed {seed}", trust("edge")),
    "floods": Section("A flood of sign-ins", "python -m benchmarks.floods --seed {seed}", floods),
    "effects": Section(
        "Honest effects",
        "python -m benchmarks.effects_honesty --replications {replications} --seed {seed}",
        effects,
    ),
    "speed": Section("The speed of an effect analysis", "python -m benchmarks.effects_speed --seed {seed}", speed),
    "outbox": Section("The outbox under kills", "python -m benchmarks.outbox --seed {seed}", outbox),
    "review-points": Section(
        "Points that raise themselves, under kills", "python -m benchmarks.review_points --seed {seed}", review_points
    ),
    "disclosure": Section(
        "One citizen between two reports", "MED_TIMES=4 pytest -s tests/loop/test_subtraction.py", disclosure
    ),
    "durability": Section("Kills under load", "python -m benchmarks.durability --kills 100 --seed {seed}", durability),
    "steps": Section("A fault at every step", "python -m benchmarks.faults", steps),
    "replies": Section(
        "Hostile replies", "MED_TIMES=10 MED_SEED={seed} pytest tests/calendar/test_hostile_replies.py", replies
    ),
    "uploads": Section(
        "Hostile files",
        "MED_TIMES=10 MED_SEED={seed} pytest tests/meetings/test_attachments.py",
        tests(UPLOADS, "tests/meetings/test_attachments.py", 10),
    ),
    "appends": Section("Four writers of the journal", "python -m benchmarks.journal --seed {seed}", appends),
    "journal": Section(
        "The chain of the journal",
        "MED_TIMES=50 MED_SEED={seed} pytest tests/journal",
        tests(JOURNAL, "tests/journal", 50),
    ),
}


def written(name: str, seed: int, replications: int) -> Iterator[str]:
    """A section as it stands in the document; again whenever more of it is known."""
    section = SECTIONS[name]
    began, used = time.monotonic(), os.times()
    for found in section.measure(seed, replications):
        yield _told(section, seed, replications, began, used, found)


def _told(section: Section, seed: int, replications: int, began: float, used: os.times_result, found: list[str]) -> str:
    now = os.times()
    cpu = sum(now[:4]) - sum(used[:4])
    command = section.command.format(seed=seed, replications=replications)
    told = f"`{command}` on {date.today()}, seed {seed}: {cpu:.0f} s CPU, {time.monotonic() - began:.0f} s in all, "  # noqa: DTZ011
    return "\n".join([f"## {section.title}", "", told + describe() + ".", "", *found])


def put(document: str, name: str, text: str) -> str:
    """The document with the section renewed, or added in its place."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->\n"
    if begin in document:
        before, rest = document.split(begin, 1)
        return before + begin + text + end + rest.split(end, 1)[1]
    later = list(SECTIONS)[list(SECTIONS).index(name) + 1 :]
    at = next((f"<!-- {one} -->\n" for one in later if f"<!-- {one} -->\n" in document), None)
    if at is None:
        return document + "\n" + begin + text + end
    before, rest = document.split(at, 1)
    return before + begin + text + end + "\n" + at + rest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence")
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replications", type=int, default=40)
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    if given.list:
        print("\n".join(f"{name}: {section.title}" for name, section in SECTIONS.items()))
        return 0
    if unknown := [name for name in given.sections if name not in SECTIONS]:
        parser.error(f"unknown: {', '.join(unknown)}; there is {', '.join(SECTIONS)}")
    for name in given.sections or SECTIONS:
        for text in written(name, given.seed, given.replications):
            document = EVIDENCE.read_text(encoding="utf-8") if EVIDENCE.exists() else INTRODUCTION
            EVIDENCE.write_text(put(document, name, text), encoding="utf-8")
        print(f"{name}: written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
