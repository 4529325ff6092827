"""Every command as people start it: a process of its own, which has loaded no more than the command asks for.

Tests that call `main` have the whole application beside them, and do not notice what a command forgot to load.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from med import VERSION, clock, demo
from med.cli import make_parser
from med.db import Database
from tests.conftest import lay_ring
from tests.meetings.test_archives import meeting, write_folder
from tests.organisation.test_import import people_file, units_file

# What is started and used in tests of its own (test_serving.py).
ELSEWHERE = {"serve", "demo", "worker"}

# What is said, and by which command. They are run in this order at one place: what one writes the next one reads.
COMMANDS = {
    "migrate": "The database was already at",
    "doctor": "ok       The tables are those of this program.",
    "verify": "are as they were written.",
    "retention --dry-run": "rows would go.",
    "retention": "rows are gone.",
    "search rebuild": "can be searched.",
    "compass rebuild": "assessments packed",
    "person anna": "sits on",
    "person anna --export anna.zip": "Anna",
    "person bo --shut-out": "– shut out",
    "person bo --export bo.zip": "Bo",
    "person bo --let-in": "works as",
    "person ny --make Ny --admin --invite": "gets in once",
    "person ny --password --emergency": "Ny (ny)",
    "token --person anna --scope decisions": "/beslutninger.atom",
    "export decisions --person anna --out decisions.csv": "decisions are in",
    "export instrument eksempel --format json --out instrument.json": "is in instrument.json.",
    "import instrument instrument.json": "Nothing to change.",
    "export compass folder --reason Evaluering --rekey": "assessments are in folder.",
    "compass analyse folder": "",
    "export compass again --reason Evaluering": "assessments are in again.",
    "import compass again": "Nothing to change.",
    "import citizens again/citizens.csv": "Nothing to change.",
    "import participations again/participations.csv": "Nothing to change.",
    "import assessments again/assessments.csv": "Nothing to change.",
    "import goals again/goals.csv": "Nothing to change.",
    "import grundlag grundlag.csv": "saved.",
    "import units units.csv --dry-run": "Nothing was changed (dry run).",
    "import people people.csv": "",
    "import committees committees.csv": "1 change saved.",
    "import seats seats.csv": "1 change saved.",
    "import oparl archive": "changes saved.",
    "vault turn --drop-old": "The ring has 1 key(s)",
    "vault replay": "0 citizens of the list",
    "backup copy --with-secret": "files are in copy.",
    "restore copy --into put-back --verify": "every chain of minutes is whole.",
}

FILES = {
    "grundlag.csv": "perspektiv;rolle;udsagn\n"
    + "".join(
        f"{perspective};medarbejder;Jeg siger til.\n"
        for perspective in ("compliance", "performance", "emergens", "resiliens")
    ),
    "committees.csv": "nøgle;navn;niveau;overordnet\nlokal-a;LokalMED Nord;lokalmed;centermed-job\n",
    "seats.csv": "udvalg;brugernavn;rolle;side\nlokal-a;anna;medlem;ledelse\n",
}


@pytest.fixture(scope="module")
def place(furnished_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("commands")
    shutil.copy(furnished_file, folder / "med.db")
    lay_ring(folder)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    database = Database(f"sqlite:///{folder / 'med.db'}")
    with clock.at(demo.NOW), database.reading() as db:
        (folder / "units.csv").write_bytes(units_file(db))
        (folder / "people.csv").write_bytes(people_file(db))
    database.close()
    (folder / "erasures.txt").write_text("")
    write_folder(folder / "archive", [meeting(1, [])])
    yield folder


def run_python(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MED_")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=place,
        env={**kept, "MED_DATA_DIR": str(place), "PYTHONPATH": str(Path(__file__).parents[1])},
        input="syv grønne æbler i en spand\n",
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def start(place: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    return lambda words: run_python(place, "-m", "med.cli", *words.split())


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_does_what_it_is_for(start, words):
    done = start(words)
    assert (done.returncode, done.stderr) == (0, "")
    assert COMMANDS[words] in done.stdout


def names(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The commands of a parser, those below others and the kinds of what they take with them."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from names(below, (*before, name))
            return
        if not action.option_strings and action.choices:
            yield from ((*before, choice) for choice in action.choices)
            return
    yield before


def test_every_command_there_is_was_tried():
    tried = {tuple(words.split()) for words in COMMANDS}
    assert [
        name
        for name in names(make_parser())
        if name[0] not in ELSEWHERE and not any(words[: len(name)] == name for words in tried)
    ] == []


WEB = {"litestar", "jinja2"}
FETCHED = """
import atexit, sys
atexit.register(lambda: print(sorted({of!r} & set(sys.modules)), file=sys.stderr))
from med.cli import main, serving
{do}
"""


@pytest.mark.parametrize(
    ("words", "is_not_fetched"),
    [
        ("--help", {"sqlalchemy", "asyncio", "med.app", *WEB}),
        ("doctor", {"med.app", *WEB}),
        ("person anna", {"med.app", *WEB}),
        ("export decisions --person anna", {"med.app", *WEB}),
    ],
)
def test_a_command_fetches_only_what_it_works_with(place, words, is_not_fetched):
    done = run_python(place, "-c", FETCHED.format(of=is_not_fetched, do="sys.exit(main(sys.argv[1:]))"), *words.split())
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_the_server_starts_without_what_few_pages_need(place):
    seldom = {"attr", "email.policy", "lxml", "markdown_it", "pydantic", "smtplib", "sqlalchemy.dialects.postgresql"}
    seldom |= {"med.competence_compass.exchange", "med.organisation.importing"}
    made = (
        "import gc; app = serving.make_app(); assert gc.isenabled() and gc.get_freeze_count() > len(gc.get_objects())"
    )
    done = run_python(place, "-c", FETCHED.format(of=seldom, do=made))
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_the_version_is_said(start):
    assert start("--version").stdout == f"med {VERSION}\n"
