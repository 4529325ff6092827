"""The real meeting note, and one of our own in the same shape, played through the pages on both databases."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from med import clock, demo
from med.db import Database
from tests.conftest import BACKENDS, SHARED
from tests.journeys.note import read_note
from tests.journeys.story import Story

OWN = Path(__file__).parent / "note-example.md"


@pytest.fixture
def play(visitor):
    """Live through a note's meeting, and give the story as it ended."""

    def play(path: Path) -> Story:
        story = Story(arrive=visitor, travel=clock.freeze, note=read_note(path), now=demo.NOW)
        story.play()
        return story

    return play


def check_chain(database: Database) -> str:
    """What `med verify` says about every committee's minutes."""
    done = subprocess.run(
        [sys.executable, "-m", "med.cli", "verify"],
        env={**os.environ, "MED_DATABASE_URL": database.url.replace("+psycopg", ""), "MED_SECRET": "s" * 40},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.shared
def test_a_real_meeting_from_its_committee_to_the_feed(play, shared, database):
    story = play(shared / "data" / "gentofte-2017-08-09.md")
    assert len({decision.id for decision in story.decisions}) >= 6
    assert {decision.words.perspective for decision in story.decisions} == {
        "compliance", "performance", "emergens", "resiliens"
    }  # fmt: skip
    assert "are as they were written" in check_chain(database)


# Where the real note is there it has been played on PostgreSQL, and a story takes seconds.
@pytest.mark.parametrize("backend", BACKENDS[:1] if SHARED.is_dir() else BACKENDS, indirect=True, scope="session")
def test_a_meeting_of_our_own_from_its_committee_to_the_feed(play, database):
    story = play(OWN)
    assert len({decision.id for decision in story.decisions}) >= 6
    assert "are as they were written" in check_chain(database)
