"""Pages no link leads to say what they say to everyone, too: axe finds nothing on them."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.ui.axe import look
from tests.ui.people import Person
from tests.ui.site import Site

Arrive = Callable[..., Person]


def test_what_forms_answer_says_it_to_everyone(signed_in: Arrive, workplace: Site) -> None:
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
