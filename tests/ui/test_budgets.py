"""A page is light, stands still, and fits the hand: on an old phone in a corridor as at a desk."""

from collections.abc import Callable

from med.web import assets
from tests.ui.pages import PAGES
from tests.ui.people import Person

KB = 1024
STILL = 0.02

SHIFTS = """() => new Promise((tell) => {
    const seen = [];
    new PerformanceObserver((list) => list.getEntries().forEach((shift) => seen.push(shift)))
        .observe({ type: "layout-shift", buffered: true });
    setTimeout(() => tell({
        sum: seen.reduce((sum, shift) => sum + shift.value, 0),
        what: seen.flatMap((shift) => shift.sources.map((one) => (one.node?.outerHTML ?? "gone").slice(0, 100))),
    }), 60);
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


def test_a_cold_page_is_light_and_stands_still(signed_in: Callable[..., Person]) -> None:
    found: list[str] = []
    people: dict[str, Person] = {}
    weights: list[int] = []
    asked: list[str] = []
    for place in PAGES:
        if place.handle not in people:
            person = people[place.handle] = signed_in(place.handle)
            cold = person.context.new_cdp_session(person.page)
            cold.send("Network.enable")
            cold.send("Network.setCacheDisabled", {"cacheDisabled": True})
            cold.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
            cold.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
        weights.clear()
        asked.clear()
        page = people[place.handle].open(place.path)
        shift = page.evaluate(SHIFTS)
        if sum(weights) > 45 * KB:
            found.append(f"{place.name}: {sum(weights) / KB:.1f} KB")
        if len(asked) > 6:
            found.append(f"{place.name}: {len(asked)} requests: {asked}")
        if shift["sum"] > STILL:
            found.append(f"{place.name}: moved by {shift['sum']:.3f} while it came: {shift['what']}")
        assert weights, "nothing was weighed"
    assert not found, "\n".join(found)


def test_a_page_fits_a_narrow_phone_and_a_thumb(signed_in: Callable[..., Person]) -> None:
    found: list[str] = []
    people: dict[str, Person] = {}
    for place in PAGES:
        if place.handle not in people:
            people[place.handle] = signed_in(place.handle, width=390, height=800, has_touch=True, is_mobile=True)
        page = people[place.handle].open(place.path)
        if (shift := page.evaluate(SHIFTS))["sum"] > STILL:
            found.append(f"{place.name} at 390: moved by {shift['sum']:.3f} while it came: {shift['what']}")
        page.set_viewport_size({"width": 320, "height": 640})
        found += [f"{place.name} at 320: {what}" for what in page.evaluate(TOO_WIDE)]
        page.set_viewport_size({"width": 390, "height": 800})
        found += [f"{place.name} at 390: {what}" for what in page.evaluate(TOO_WIDE)]
        found += [f"{place.name} too small: {what}" for what in page.evaluate(TOO_SMALL)]
    assert not found, "\n".join(found)


def test_style_and_script_are_small() -> None:
    built = assets.build()
    assert len(built["med.js"].squeezed) <= 8 * KB
    assert len(built["med.css"].squeezed) <= 10 * KB


def test_what_never_changes_is_fetched_once(signed_in: Callable[..., Person]) -> None:
    carla = signed_in("carla")
    fetched: list[str] = []
    carla.page.on("response", lambda answer: fetched.append(answer.url) if "/static/" in answer.url else None)
    carla.open("/")
    assert fetched
    for address in fetched:
        answer = carla.context.request.get(address)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    page = carla.open("/udvalg")
    again = page.evaluate(
        "() => performance.getEntriesByType('resource').filter((one) => one.name.includes('/static/med.'))"
        ".map((one) => [one.name, one.transferSize])"
    )  # not the icon: the browser fetches it when it has time, perhaps after the first page is left
    assert again and not [name for name, bytes_sent in again if bytes_sent]
