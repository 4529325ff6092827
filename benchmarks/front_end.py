"""How soon a page is seen on an old phone with a slow line: real Chromium, throttled, cold and with a warm cache.

The line and the processor are those Lighthouse's "slow 4G" names: 150 ms there and back, 1.6 Mbit/s down, 750 kbit/s
up, a processor four times slower. Beside each page stands the plain-text route under the same conditions: what is
left is what the page itself costs. First and largest contentful paint and layout shift are the browser's own figures.
"""

import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, CDPSession, sync_playwright

from tests.ui.people import at_browser
from tests.ui.pictures import prepare
from tests.ui.site import ARGUMENTS, Site, find_browser, running_site

PLAIN = "/livez"
PAGES = {
    "overview": ("/", "anna"),
    "feed": ("/beslutninger", "carla"),
    "decision": ("/beslutninger/{decision[makker-til-vikarer]}", "bo"),
    "meeting": ("/moeder/{meeting[28-med-naeste]}", "bo"),
    "minutes": ("/moeder/{meeting[26-med-status]}/referat", "carla"),
    "proposal form": ("/forslag/nyt", "carla"),
    "committee's circle": ("/udvalg/{committee[med-aabrinken]}/kredsloeb", "bo"),
    "effects": ("/kompas/effekt", "anna"),
    "sign-in": ("/log-ind", ""),
}
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER = 4

SEEN = """() => new Promise((tell) => {
    const kinds = ["paint", "largest-contentful-paint", "layout-shift"];
    const seen = Object.fromEntries(kinds.map((kind) => [kind, []]));
    for (const type of kinds) {
        new PerformanceObserver((list) => seen[type].push(...list.getEntries())).observe({ type, buffered: true });
    }
    setTimeout(() => tell({
        first: seen.paint.find((one) => one.name === "first-contentful-paint")?.startTime,
        largest: seen["largest-contentful-paint"].at(-1)?.startTime,
        shift: seen["layout-shift"].reduce((sum, one) => sum + one.value, 0),
    }), 300);
})"""


class Sight(NamedTuple):
    first: float  # ms from the click to the first words
    largest: float  # ms to the largest piece
    shift: float  # cumulative layout shift, no unit


def section(rounds: int) -> list[str]:
    """The section of results.md. Raises RuntimeError where there is no Chromium."""
    program = find_browser()
    if program is None:
        raise RuntimeError("no Chromium here (on Debian: apt-get install chromium)")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_site(prepare(Path(folder), is_walk=False)) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        places = {"plain text": (PLAIN, ""), **PAGES}
        cold: dict[str, list[Sight]] = {name: [] for name in places}
        warm: dict[str, list[Sight]] = {name: [] for name in places}
        for _ in range(rounds):
            for name, (path, handle) in places.items():
                first, second = visit(browser, site, path, handle)
                cold[name].append(first)
                warm[name].append(second)
        browser.close()
    rows = [
        "| page | first words, cold | again | largest piece, cold | × plain text, cold | × plain text, again | shift |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in places:
        was, again = middle(cold[name]), middle(warm[name])
        rows.append(
            f"| {name} | {was.first:.0f} ms | {again.first:.0f} ms | {was.largest:.0f} ms "
            f"| {was.first / middle(cold['plain text']).first:.2f} "
            f"| {again.first / middle(warm['plain text']).first:.2f} | {max(was.shift, again.shift):.3f} |"
        )
    about = (
        f"Chromium on a phone of 390 px, 150 ms there and back, 1.6 Mbit/s, a processor {SLOWER} times slower; "
        f"median of {rounds} interleaved rounds. The milliseconds are this machine's, the ratios count."
    )
    return ["## First words", "", about, "", *rows]


def middle(sights: list[Sight]) -> Sight:
    return Sight(*(statistics.median(values) for values in zip(*sights, strict=True)))


def visit(browser: Browser, site: Site, path: str, handle: str) -> tuple[Sight, Sight]:
    """One person's first visit with nothing kept, and the same page once more."""
    with at_browser(browser, site, handle, width=390, height=844, is_mobile=True) as person:
        hand = person.context.new_cdp_session(person.page)
        hand.send("Network.enable")
        hand.send("Network.clearBrowserCache")
        throttle(hand)
        found = []
        for _ in range(2):
            person.open(path)
            found.append(Sight(**person.page.evaluate(SEEN)))
    return found[0], found[1]


def throttle(hand: CDPSession) -> None:
    hand.send("Network.emulateNetworkConditions", LINE)
    hand.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
