"""The whole way round at real browsers: from Carla's point to its measured effect and back to the table."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.conftest import lay_ring
from tests.ui.round import round_in_browsers


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_whole_way_round(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path, kind: str) -> None:
    lay_ring(tmp_path)
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("furnished_file"), tmp_path / "med.db")
        url = f"sqlite:///{tmp_path / 'med.db'}"
    else:
        template = request.getfixturevalue("furnished_template")
        url = request.getfixturevalue("postgres").new("round", template=template)
    pressed: list[str] = []
    with round_in_browsers(browser, tmp_path, url, seen=lambda name, person: pressed.append(name)) as story:
        story.play()
        story.leave()
    assert {"forslag", "aktivitet", "venteliste", "maalt", "punkt", "feed", "kredsloeb"} <= set(pressed)
