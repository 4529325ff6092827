"""One browser, and real servers with the demo workplace: one to look around in, one to work in."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from med import clock
from med.db import Database
from med.demo import NOW
from tests.conftest import IN_CI, lay_ring
from tests.ui import stage
from tests.ui.people import Person, at_browser
from tests.ui.site import ARGUMENTS, Site, find_browser, running_site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# The package, not the session: while Playwright lives, its event loop runs in this thread, which others need.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        (pytest.fail if IN_CI else pytest.skip)("no Chromium: apt-get install chromium, or run make test as root")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def site(furnished_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo workplace as it is, with a meeting going on: nobody changes anything here."""
    folder = lay_ring(tmp_path_factory.mktemp("site"))
    shutil.copy(furnished_file, folder / "med.db")
    database = Database(f"sqlite:///{folder / 'med.db'}")
    with clock.at(NOW), database.writing() as db:
        stage.open_room(db, "32-med-planlagt")
        stage.ways_in(db)
    database.close()
    with running_site(folder) as running:
        yield running


@pytest.fixture(scope="package")
def workplace(furnished_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo workplace for those who change it; a test finds what the tests before it left."""
    folder = lay_ring(tmp_path_factory.mktemp("workplace"))
    shutil.copy(furnished_file, folder / "med.db")
    with running_site(folder) as running:
        yield running


@pytest.fixture(scope="package")
def workplace_on_postgres(furnished_template, postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    url = postgres.new("browsers", template=furnished_template)
    with running_site(lay_ring(tmp_path_factory.mktemp("workplace")), url) as running:
        yield running


@pytest.fixture
def signed_in(browser: Browser, site: Site) -> Iterator[Callable[..., Person]]:
    """`signed_in("anna", lang="en", scheme="dark", js=False, width=390)`; with `at=workplace` where things change."""
    with ExitStack() as leaving:

        def arrive(handle: str = "", *, at: Site = site, **how) -> Person:
            return leaving.enter_context(at_browser(browser, at, handle, **how))

        yield arrive
