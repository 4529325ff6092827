"""The whole way round at real browsers: from Carla's point to its measured effect and back to the table."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conftest import lay_ring
from tests.ui.round import round_in_browsers


def test_the_whole_way_round(request: pytest.FixtureRequest, browser: Browser, postgres: Any, tmp_path: Path) -> None:
    """On PostgreSQL; on SQLite the browser is where every page is walked, and this story without one."""
    lay_ring(tmp_path)
    url = postgres.new("round", template=request.getfixturevalue("furnished_template"))
    pressed: list[str] = []
    with round_in_browsers(browser, tmp_path, url, seen=lambda name, person: pressed.append(name)) as story:
        story.play()
        story.leave()
    assert {"forslag", "aktivitet", "venteliste", "maalt", "punkt", "feed", "kredsloeb"} <= set(pressed)
