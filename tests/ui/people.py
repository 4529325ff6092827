"""People at real browsers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.ui.site import Site

# What the page was not allowed to do is told to the page itself; without script there is nobody to tell.
LISTEN = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));"""


@dataclass
class Person:
    """Someone at a browser of their own. Leaving it with something on the console fails the test."""

    handle: str
    site: Site
    context: BrowserContext
    page: Page
    lang: str = "da"
    complaints: list[str] = field(default_factory=list)
    status: int = 0

    def open(self, path: str) -> Page:
        """Go somewhere; `path` may name things: "/moeder/{meeting[28-med-naeste]}"."""
        address = self.site.base + self.site.path(path)
        if self.lang != "da" and not self.handle:
            address += f"{'&' if '?' in address else '?'}sprog={self.lang}"  # nobody whose choice could be kept
        answer = self.page.goto(address, wait_until="load")
        self.status = answer.status if answer else 0
        return self.page

    def listen(self, page: Page) -> None:
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def hear(self, message: ConsoleMessage) -> None:
        # A page that answers 404 or 422 is told of on the console too; which status came is for the test to say.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{self.page.url}: {message.text}")


@contextmanager
def at_browser(
    browser: Browser,
    site: Site,
    handle: str = "",
    lang: str = "da",
    scheme: Any = "light",
    js: bool = True,
    width: int = 1280,
    height: int = 900,
    **more: Any,
) -> Iterator[Person]:
    """`handle` signed in, at a window of this width; "" is somebody who is not."""
    context = browser.new_context(
        color_scheme=scheme,
        java_script_enabled=js,
        viewport={"width": width, "height": height},
        locale="da-DK" if lang == "da" else "en-GB",
        reduced_motion="reduce",
        **more,
    )
    context.set_default_timeout(15_000)
    try:
        if handle:
            signed_in = context.request.post(f"{site.base}/log-ind/demo", form={"person": handle}, max_redirects=0)
            assert signed_in.status == 303, signed_in.text()
            context.request.get(f"{site.base}/mig?sprog={lang}")  # kept with the person, who may have read English
        if js:
            context.add_init_script(LISTEN)
        person = Person(handle, site, context, context.new_page(), lang)
        context.on("page", person.listen)
        person.listen(person.page)
        yield person
        assert not person.complaints, person.complaints
    finally:
        context.close()
