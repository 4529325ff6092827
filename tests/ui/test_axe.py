"""No page says something to the eyes that it does not say to everyone else: axe finds nothing, anywhere."""

from collections.abc import Callable

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.ui.pages import PAGES
from tests.ui.people import Person
from tests.ui.site import Site

Arrive = Callable[..., Person]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What other colours and a narrow window can break; the rest of the page is the same page.
RULES = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


def look(page: Page, where: str, looks: bool = True) -> list[str]:
    """What axe finds: everything in light, and what differs in dark on a phone. Without `looks`, not what is a matter
    of colours and sizes, which is two thirds of the work."""
    page.evaluate(AXE_SCRIPT)
    page.emulate_media(color_scheme="light")
    found = run(page, {"type": "tag", "values": TAGS}, f"{where} light", looks)
    if not looks:
        return found
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme="dark")
    found += run(page, {"type": "rule", "values": RULES}, f"{where} dark, narrow")
    page.set_viewport_size(WIDE)
    return found


def run(page: Page, only: dict, where: str, colours: bool = True) -> list[str]:
    options = {"runOnly": only, "resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": colours}}}
    violations = page.evaluate("(options) => axe.run(document, options).then((found) => found.violations)", options)
    said = []
    for broken in violations:
        nodes = [node["html"][:160] + " " + node.get("failureSummary", "")[:300] for node in broken["nodes"][:3]]
        said.append(f"{where}: {broken['id']} ({broken['help']})\n    " + "\n    ".join(nodes))
    return said


@pytest.mark.parametrize("lang", ["da", "en"])
def test_on_every_page(signed_in: Arrive, lang: str) -> None:
    found: list[str] = []
    people: dict[str, Person] = {}
    for place in PAGES:
        person = people.get(place.handle) or people.setdefault(place.handle, signed_in(place.handle, lang=lang))
        page = person.open(place.path)
        if person.status != place.status:
            found.append(f"{place.path} answered {person.status} to {place.handle!r}")
        else:
            found += look(page, f"{place.name} {lang}", looks=lang == "da")  # the same in both
            expect(page.locator("html")).to_have_attribute("lang", lang)
    assert not found, "\n".join(found)


def test_on_what_forms_answer(signed_in: Arrive, workplace: Site) -> None:
    """Pages no link leads to: a form that comes back with errors, two texts side by side, what a file would change."""
    found: list[str] = []

    page = signed_in("carla", at=workplace).open("/forslag/nyt")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    found += look(page, "a point without words")

    page = signed_in("anna", at=workplace).open("/moeder/nyt?udvalg={committee[med-aabrinken]}")
    page.get_by_role("button", name="Planlæg mødet").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    found += look(page, "a meeting without a day")

    page = signed_in("emil", at=workplace).open("/udvalg/{committee[med-aabrinken]}/pladser/ny")
    page.get_by_role("button", name="Giv pladsen").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    found += look(page, "a seat for nobody")

    page = signed_in("ivan", at=workplace).open("/udvalg/indlaes")
    page.locator("[type=radio]").first.check()
    units = "nøgle;navn;overenhed\nkantinen;Kantinen;solbaek\nvaskeriet;;findes-ikke"
    page.locator("[type=file]").set_input_files(
        {"name": "enheder.csv", "mimeType": "text/csv", "buffer": units.encode()}
    )
    page.get_by_role("button", name="Se, hvad der ændres").click()
    expect(page.locator("main")).to_contain_text("enheder.csv")
    found += look(page, "what a file would change")

    hanne = signed_in("hanne", at=workplace)
    page = hanne.open("/perspektiver/performance/ret")
    other = hanne.context.new_page()
    other.goto(page.url)
    for one, words in ((other, "Vi når det, vi lover"), (page, "Vi leverer")):
        one.get_by_label("Overskrift").fill(words)
        one.get_by_role("button", name="Gem overskriften").click()
    expect(page.locator("main")).to_contain_text("Dine ord står i felterne")
    found += look(page, "a heading two people changed")

    assert not found, "\n".join(found)
