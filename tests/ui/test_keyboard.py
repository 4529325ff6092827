"""Everything with the keyboard alone: one sees where one is, gets there, and gets away again."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.ui.pages import PAGES
from tests.ui.people import Person
from tests.ui.site import Site

Arrive = Callable[..., Person]

FIRST = "Gå til indhold"

# What has the focus: its words, and whether one can see that it has.
FOCUSED = """() => {
    const one = document.activeElement;
    const shown = one.matches(".chip input") ? one.closest(".chip") : one;
    const style = getComputedStyle(shown);
    const box = shown.getBoundingClientRect();
    return {
        words: (one.labels?.[0]?.textContent || one.getAttribute("aria-label") || one.textContent || "").trim(),
        tag: one.tagName,
        html: one.outerHTML.slice(0, 120),
        visible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
}"""

# The same after each press of Tab, gathered by the page: asking it after each costs as much as pressing.
GATHER = f"""() => {{
    globalThis.stops = [];
    addEventListener("keyup", (event) => {{ if (event.key === "Tab") {{ stops.push(({FOCUSED})()); }} }});
}}"""

# How often Tab may be pressed: one stop for a group of radio buttons, one for each part of a date.
STOPS = """() => {
    const groups = new Set();
    return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
        .filter((one) => !one.disabled && one.type !== "hidden" && one.checkVisibility() && one.tabIndex >= 0)
        .filter((one) => {
            if (one.type !== "radio") { return true; }
            const key = `${one.form?.getAttribute("action")} ${one.name}`;
            const isFirst = !groups.has(key);
            groups.add(key);
            return isFirst;
        }).reduce((sum, one) => sum + (one.type === "date" ? 4 : one.type === "time" ? 3 : 1), 0);
}"""


def tab_to(page: Page, words: str, way: str = "Tab", most: int = 150) -> None:
    """Press Tab until something with these words has the focus."""
    for _ in range(most):
        page.keyboard.press(way)
        if words in page.evaluate(FOCUSED)["words"]:
            return
    raise AssertionError(f"{words!r} is not reached with {way}")


def test_the_first_stop_leads_past_the_menu(signed_in: Arrive) -> None:
    page = signed_in("carla").open("/udvalg")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["words"] == FIRST
    assert page.evaluate(FOCUSED)["inside"], "the skip link has the focus and is not to be seen"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('main') !== null")


def test_one_signs_in_and_out(signed_in: Arrive, workplace: Site) -> None:
    page = signed_in("", at=workplace).open("/")
    tab_to(page, "Bo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overblik")
    tab_to(page, "Bo Kjærgaard")
    page.keyboard.press("Enter")
    tab_to(page, "Log ud", most=3)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{workplace.base}/log-ind")


def test_the_rest_of_the_menu_opens_and_closes(signed_in: Arrive) -> None:
    page = signed_in("carla").open("/")
    tab_to(page, "Mere")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Perspektiver", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Perspektiver", exact=True)).to_be_hidden()
    assert page.evaluate(FOCUSED)["words"] == "Mere"
    page.keyboard.press("Space")
    tab_to(page, "Perspektiver", most=4)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Perspektiver")


def test_a_point_is_raised(signed_in: Arrive, workplace: Site) -> None:
    page = signed_in("carla", at=workplace).open("/moeder")
    tab_to(page, "Rejs et punkt")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rejs et punkt")
    tab_to(page, "Hvad skal vi tale om?")
    page.keyboard.type("Lyset i omklædningsrummet")
    tab_to(page, "Hvilket udvalg?")
    page.keyboard.type("MED-ledelsen")
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lyset i omklædningsrummet")


def test_the_agenda_is_put_in_order_with_alt_and_arrows(signed_in: Arrive, workplace: Site) -> None:
    page = signed_in("dorte", at=workplace).open("/moeder/{meeting[31-centermed-planlagt]}")
    titles = page.locator("#dagsorden > li .agenda__title")
    before = titles.all_text_contents()
    assert len(before) >= 4
    tab_to(page, before[2].strip())
    page.keyboard.press("Alt+ArrowDown")
    after = [*before[:2], before[3], before[2], *before[4:]]
    expect(titles).to_have_text([words.strip() for words in after])
    expect(page.locator("#announce")).to_contain_text(before[2].strip())
    assert before[2].strip() in page.evaluate(FOCUSED)["words"], "the focus was lost"
    page.keyboard.press("Alt+ArrowUp")
    expect(titles).to_have_text([words.strip() for words in before])
    page.reload()
    expect(titles).to_have_text([words.strip() for words in before])


def test_arrows_choose_a_perspective_in_the_feed(signed_in: Arrive) -> None:
    page = signed_in("carla").open("/beslutninger")
    tab_to(page, "Alle")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("perspektiv=compliance"))
    page.wait_for_load_state()
    assert "Drift" in page.evaluate(FOCUSED)["words"], "after the new page the focus is elsewhere"
    counted = page.get_by_role("radio", name="Drift").locator("..").locator(".count").text_content()
    assert page.locator(".dec").count() == int(counted or 0) > 0


def test_the_focus_is_seen_on_its_way_through_every_page_and_out_of_it(signed_in: Arrive) -> None:
    found: list[str] = []
    people: dict[str, Person] = {}
    seen: set[str] = set()
    for place in PAGES:
        kind = place.path.partition("{")[0].partition("?")[0]
        if kind in seen:
            continue  # one page of each part of the site
        seen.add(kind)
        person = people.get(place.handle) or people.setdefault(place.handle, signed_in(place.handle))
        page = person.open(place.path)
        stops = page.evaluate(STOPS)
        page.evaluate(GATHER)
        for _ in range(stops + 3):
            page.keyboard.press("Tab")
        seen_at = page.evaluate("() => stops")
        assert len(seen_at) == stops + 3, place.name
        for number, focused in enumerate(seen_at):
            if focused["tag"] == "BODY" or (number and focused["words"] == FIRST):
                break  # out at the other end, or round it
            if not focused["visible"] or not focused["inside"]:
                found.append(f"{place.name}: the focus is not seen on {focused['html']}")
        else:
            found.append(f"{place.name}: no way out after {stops} stops; at last on {focused['html']}")
    assert not found, "\n".join(found)


def test_whoever_goes_back_meets_the_choice_that_the_list_shows(signed_in: Arrive) -> None:
    """Browsers remember what was chosen in a form, which by then is the choice that led on."""
    page = signed_in("anna").open("/beslutninger")
    for name, value in (("Resultater", "performance"), ("Velfærd", "emergens")):
        page.locator(".chip", has_text=name).click()
        page.wait_for_url(f"**perspektiv={value}*")
    page.go_back(wait_until="load")
    expect(page).to_have_url(re.compile("perspektiv=performance"))
    expect(page.locator(".chip :checked")).to_have_value("performance")
