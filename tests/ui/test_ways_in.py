"""The way in where nobody is anyone they choose: the link, the password, the second step, the codes, and back again."""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from med import clock
from med.db import Database
from tests.ui import stage
from tests.ui.axe import look
from tests.ui.people import Person
from tests.ui.site import Site, running_site
from tests.ui.test_every_page import TOO_WIDE

Arrive = Callable[..., Person]


@pytest.fixture
def in_earnest(furnished_file: Path, tmp_path: Path) -> Iterator[Site]:
    """A server that is no demo, to which Carla has got a link."""
    shutil.copy(furnished_file, tmp_path / "med.db")
    database = Database(f"sqlite:///{tmp_path / 'med.db'}")
    with clock.at(datetime.now(UTC)), database.writing() as db:  # that server's clock goes as ours does
        stage.send_link(db, "carla")
    database.close()
    with running_site(tmp_path, in_earnest=True) as running:
        yield running


def test_from_the_first_link_to_the_day_the_telephone_is_lost(signed_in: Arrive, in_earnest: Site) -> None:
    found: list[str] = []

    def see(page: Page, where: str) -> None:
        found.extend(look(page, where))
        page.set_viewport_size({"width": 320, "height": 640})
        found.extend(f"{where} at 320: {what}" for what in page.evaluate(TOO_WIDE))
        page.set_viewport_size({"width": 1280, "height": 900})

    def begin(password: str) -> None:
        page.get_by_label("Adgangskode", exact=True).fill(password)
        page.get_by_label("Adgangskoden igen").fill(password)
        page.get_by_role("button", name="Gem, og log ind").click()

    def come_in(code: str) -> None:
        page.get_by_label("Brugernavn").fill("carla")
        page.get_by_label("Adgangskode", exact=True).fill(stage.PASSWORD)
        page.locator("[name=code]").fill(code)
        page.get_by_role("button", name="Log ind", exact=True).click()

    page = signed_in(at=in_earnest).open("/log-ind/link/{welcome[carla]}")
    begin("carla12345678")
    expect(page.locator("[data-errors]")).to_be_focused()
    see(page, "a password anybody guesses")
    begin(stage.PASSWORD)
    page.get_by_role("link", name="Slå totrin til").click()
    page.get_by_label("Kode", exact=True).fill("000000")
    page.get_by_role("button", name="Slå til").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    see(page, "a code that does not fit")
    app = pyotp.TOTP(re.sub(r"\s", "", page.locator("details code").text_content() or ""))
    page.get_by_label("Kode", exact=True).fill(app.now())
    page.get_by_role("button", name="Slå til").click()
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_text_contents()
    see(page, "recovery codes")
    page.get_by_role("link", name="Jeg har gemt dem").click()
    see(page, "one's own ways in")

    page.locator(".menu--end summary").click()
    page.get_by_role("button", name="Log ud", exact=True).click()
    expect(page.get_by_label("Brugernavn")).to_be_visible()
    see(page, "the door")
    come_in("")
    expect(page.locator("[data-errors]")).to_be_focused()
    see(page, "the door that stays shut")
    come_in(codes[0])
    expect(page.locator(".menu--end summary")).to_contain_text("Carla")
    assert not found, "\n".join(found)
