"""The pictures of docs/brugere/historien.md: `python -m tests.ui.story_pictures` plays the story and takes them."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from med import clock, demo
from med.competence_compass.vault import vault_of
from med.db import Database
from med.migrations import upgrade
from tests.ui.people import Person
from tests.ui.pictures import LARGEST, README, squeeze
from tests.ui.round import round_in_browsers
from tests.ui.site import ARGUMENTS, find_browser

# The page of the story -> its picture, and the place to begin at ("" is the top).
CHOSEN = {
    "forslag": ("historien-forslag", ""),
    "beslutning": ("historien-beslutning", ""),
    "aktivitet": ("historien-hypoteser", "#hypoteser"),
    "venteliste": ("historien-lod", ""),
    "forloeb-2": ("historien-proeve", "#deltagere"),
    "maalt": ("historien-maalt", "#virkning"),
    "punkt": ("historien-punkt", ""),
    "dagsorden": ("historien-dagsorden", "#dagsorden"),
    "feed": ("historien-feed", "section[aria-label^='Beslutninger']"),
    "kredsloeb": ("historien-kredsloeb", ""),
}


def take(name: str, person: Person) -> None:
    if name not in CHOSEN:
        return
    picture, place = CHOSEN[name]
    if place and (one := person.page.locator(place)).count():
        one.first.evaluate("(one) => one.scrollIntoView()")
    target = README / f"{picture}.png"
    target.write_bytes(squeeze(person.page.screenshot()))
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
    assert target.stat().st_size < LARGEST, f"{target} is too large to keep in the repository"


def main() -> int:
    program = find_browser()
    if program is None:
        print("pictures: no Chromium here (on Debian: apt-get install chromium).", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright, clock.at(demo.NOW):
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'med.db'}")
        upgrade(database.write_engine)
        with database.writing() as db:
            demo.furnish(db, vault_of(folder))
        database.close()
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        with round_in_browsers(browser, folder, database.url, seen=take) as story:
            story.play()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
