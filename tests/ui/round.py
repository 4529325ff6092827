"""The story of the whole way round, where people at real browsers press the buttons that matter."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, Locator

from med import clock, demo
from med.slices import Office
from tests.journeys.round import Round, pass_the_night
from tests.ui.people import Person, at_browser
from tests.ui.served import served_here
from tests.ui.site import Site
from tests.visitors import Page, Visitor

# Who presses what in a browser; the steps between go through the same forms without one.
PRESSED = {
    ("carla", "Send"),
    ("anna", "Svar"),
    ("emil", "Gem beslutningen"),
    ("anna", "Foreslå aktiviteten"),
    ("bo", "Træk lod mellem dem, der står lige"),
    ("bo", "Begynd forløbet"),
    ("carla", "Ja, afslut forløbet"),
    ("anna", "Gem tilbageblik"),
}
OPEN_ALL = "() => document.querySelectorAll('main details').forEach((one) => { one.open = true; })"


@dataclass(kw_only=True)
class RoundInBrowsers(Round):
    browser: Browser
    site: Site
    seen: Callable[[str, Person], None] = lambda name, person: None  # shown each page that matters
    today: ExitStack = field(default_factory=ExitStack)
    persons: dict[str, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.look = self.look_closely

    def on(self, day: date) -> None:
        self.leave()
        super().on(day)

    def leave(self) -> None:
        """Everyone closes their browser; what one complained of on its console fails here."""
        self.persons.clear()
        self.today.close()

    def person(self, handle: str) -> Person:
        if handle not in self.persons:
            self.persons[handle] = self.today.enter_context(at_browser(self.browser, self.site, handle))
        return self.persons[handle]

    def do(self, handle: str, path: str, button: str, action: str = "", **fields: Any) -> Page:
        if (handle, button) not in PRESSED:
            return super().do(handle, path, button, action, **fields)
        page = self.person(handle).open(path)
        page.evaluate(OPEN_ALL)
        press = page.get_by_role("button", name=button, exact=button != "Gem beslutningen").first
        form = page.locator(f"form[action*='{action}']" if action else "form", has=press).first
        for name, value in fields.items():
            fill_in(form.locator(f"[name='{name}']"), str(value))
        if form.get_attribute("data-confirm") is not None:  # the button gives way to a question
            press.click()
            press = page.locator("form .btn--danger")
        with page.expect_navigation():
            press.click()
        to = urlsplit(page.url)
        return self.open(handle, to.path + (f"?{to.query}" if to.query else ""))

    def look_closely(self, name: str, handle: str, path: str) -> None:
        person = self.person(handle)
        page = person.open(path)
        self.expect(person.status == 200 and page.locator("h1").count() == 1, f"{path} stands there for {handle}")
        self.seen(name, person)


def fill_in(field: Locator, value: str) -> None:
    """As a hand would: tick, choose or write."""
    kind = field.first.evaluate("(one) => one.type")
    if kind in {"radio", "checkbox"}:
        field.and_(field.page.locator(f"[value='{value}']")).check(force=True)
    elif kind == "select-one":
        field.first.select_option(value)
    else:
        field.first.fill(value)


@contextmanager
def round_in_browsers(browser: Browser, folder: Path, database_url: str, **more: Any) -> Iterator[RoundInBrowsers]:
    """The story over a furnished database, ready to be played at the demo's hour."""
    with served_here(folder, database_url) as (site, settings), httpx.Client(base_url=site.base, timeout=30) as client:
        until = time.monotonic() + 20
        while not answers(client) and time.monotonic() < until:
            time.sleep(0.05)

        def arrive(handle: str) -> Visitor:
            made = Visitor(client, site.base)
            return made.sign_in(handle) if handle else made

        story = RoundInBrowsers(
            arrive=arrive,
            travel=clock.freeze,
            night=lambda: pass_the_night(Office(site.database, settings)),
            now=demo.NOW,
            browser=browser,
            site=site,
            **more,
        )
        with story.today:
            yield story


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False
