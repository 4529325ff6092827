"""No page says something to the eyes that it does not say to everyone else: axe finds nothing, anywhere."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.ui.pages import PAGES
from tests.ui.people import Person

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What another colour scheme can break; the rest of the page is the same page.
COLOUR = ["color-contrast", "link-in-text-block"]


@pytest.mark.parametrize("lang", ["da", "en"])
def test_axe_finds_nothing(signed_in: Callable[..., Person], lang: str) -> None:
    axe = Axe()
    found: list[str] = []
    people: dict[str, Person] = {}
    for place in PAGES:
        person = people.get(place.handle) or people.setdefault(place.handle, signed_in(place.handle, lang=lang))
        page = person.open(place.path)
        if person.status != place.status:
            found.append(f"{place.path} answered {person.status} to {place.handle!r}")
            continue
        page.emulate_media(color_scheme="light")
        look(axe, page, {"runOnly": {"type": "tag", "values": RULES}}, f"{place.name} {lang} light", found)
        page.emulate_media(color_scheme="dark")
        look(axe, page, {"runOnly": {"type": "rule", "values": COLOUR}}, f"{place.name} {lang} dark", found)
    assert not found, "\n".join(found)


def look(axe: Axe, page, options: dict, where: str, found: list[str]) -> None:
    for broken in axe.run(page, options={**options, "resultTypes": ["violations"]}).response["violations"]:
        nodes = [node["html"][:160] + " " + node.get("failureSummary", "")[:300] for node in broken["nodes"][:3]]
        found.append(f"{where}: {broken['id']} ({broken['help']})\n    " + "\n    ".join(nodes))
