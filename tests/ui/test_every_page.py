"""Every page, at a desk and on a phone: it says what it says to everyone, is light, stands still, and fits the hand.

Two walks, of which each page is opened once: in English, light and with nothing fetched before; in Danish, whose words
are longer, dark, and under a thumb. Each goes in stretches, which the processes of a run share.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.ui.axe import bring_axe, everything
from tests.ui.pages import PAGES
from tests.ui.people import Person

Arrive = Callable[..., Person]

KB = 1024
STILL = 0.02
STRETCHES = range(3)

# Asked when axe has been through the page, which moves nothing: what comes late is seen, and nobody waits for it.
SHIFTS = """() => new Promise((tell) => {
    const seen = [];
    new PerformanceObserver((list) => list.getEntries().forEach((shift) => seen.push(shift)))
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => tell({
        sum: seen.reduce((sum, shift) => sum + shift.value, 0),
        what: seen.flatMap((shift) => shift.sources.map((one) => (one.node?.outerHTML ?? "gone").slice(0, 100))),
        lang: document.documentElement.lang,
    }), 10);
})"""

TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) { return []; }
    return [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > width + 0.5 && !one.closest(".table-wrap > *, .vh"))
        .map((one) => one.outerHTML.slice(0, 120)).slice(0, 3).concat("wider than the window");
}"""

# What is pressed with a thumb. A box is as large as its label; a link in running text is exempt (WCAG 2.5.8).
TOO_SMALL = """() => {
    const controls = "nav a, summary, button, .btn, select, textarea, input:not([type=hidden]), .tools a, .chip";
    return [...document.querySelectorAll(controls)].filter((one) => {
        const box = (one.matches("[type=radio], [type=checkbox]") && one.closest("label")) || one;
        const { width, height } = box.getBoundingClientRect();
        return one.checkVisibility() && !one.closest(".vh, .crumbs, .prose") && (height < 43.5 || width < 24);
    }).map((one) => one.outerHTML.slice(0, 140));
}"""


def walk(
    signed_in: Arrive, stretch: int, found: list[str], arrived: Callable[[Person], None], **how: Any
) -> Iterator[tuple[str, Page]]:
    """The pages of a stretch with their names, each person at one browser; `arrived` is called as somebody sits down
    at theirs."""
    people: dict[str, Person] = {}
    theirs = sorted(PAGES, key=lambda place: place.handle)  # few people come in more than one stretch
    for place in theirs[len(theirs) * stretch // len(STRETCHES) : len(theirs) * (stretch + 1) // len(STRETCHES)]:
        person = people.get(place.handle)
        if person is None:
            person = people[place.handle] = signed_in(place.handle, **how)
            bring_axe(person.context)
            arrived(person)
        page = person.open(place.path)
        if person.status != place.status:
            found.append(f"{place.path} answered {person.status} to {place.handle!r}")
            continue
        yield place.name, page


def heard_and_still(page: Page, name: str, lang: str) -> list[str]:
    """What axe finds, whether the page is in the language that was asked for, and whether it moved as it came."""
    found = everything(page, name)
    shift = page.evaluate(SHIFTS)
    assert shift["lang"] == lang, name
    if shift["sum"] > STILL:
        found.append(f"{name}: moved by {shift['sum']:.3f} while it came: {shift['what']}")
    return found


@pytest.mark.parametrize("stretch", STRETCHES)
def test_at_a_desk(signed_in: Arrive, stretch: int) -> None:
    found: list[str] = []
    weights: list[int] = []
    asked: list[str] = []

    def weigh(person: Person) -> None:
        cold = person.context.new_cdp_session(person.page)
        cold.send("Network.enable")
        cold.send("Network.setCacheDisabled", {"cacheDisabled": True})
        cold.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
        cold.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))

    for name, page in walk(signed_in, stretch, found, weigh, lang="en", scheme="light"):
        assert weights, "nothing was weighed"
        if sum(weights) > 45 * KB:
            found.append(f"{name}: {sum(weights) / KB:.1f} KB")
        if len(asked) > 6:
            found.append(f"{name}: {len(asked)} requests: {asked}")
        found += heard_and_still(page, name, "en")
        weights.clear()
        asked.clear()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("stretch", STRETCHES)
def test_on_a_phone(signed_in: Arrive, stretch: int) -> None:
    found: list[str] = []
    phone = {"width": 390, "height": 800, "has_touch": True, "is_mobile": True}
    for name, page in walk(signed_in, stretch, found, lambda _: None, lang="da", scheme="dark", **phone):
        found += heard_and_still(page, name, "da")
        found += [f"{name} at 390: {what}" for what in page.evaluate(TOO_WIDE)]
        found += [f"{name} too small: {what}" for what in page.evaluate(TOO_SMALL)]
        page.set_viewport_size({"width": 320, "height": 640})
        found += [f"{name} at 320: {what}" for what in page.evaluate(TOO_WIDE)]
        page.set_viewport_size({"width": 390, "height": 800})
    assert not found, "\n".join(found)
