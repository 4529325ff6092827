"""Whoever keeps the instruments writes the next version in a real browser; axe looks along at every page of a draft."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from med.competence_compass.importing.instruments import EXAMPLE
from tests.ui.axe import look
from tests.ui.people import Person
from tests.ui.site import Site


def test_a_new_version_is_written(signed_in: Callable[..., Person], workplace: Site) -> None:
    found: list[str] = []
    anna = signed_in("anna", at=workplace)
    page: Page = anna.open("/kompas/redskaber/1")
    page.get_by_role("button", name="Lav en ny version").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("version 2")
    found += look(page, "a draft")

    page.get_by_role("link", name="Ret skala, retning og kilde").click()
    found += look(page, "a scale")
    page.get_by_label("Laveste trin").fill("9")
    page.get_by_role("button", name="Gem").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    found += look(page, "a scale upside down")
    page.get_by_label("Laveste trin").fill("1")
    page.get_by_role("button", name="Gem").click()

    page.get_by_role("link", name=re.compile("^Ret ?: Samarbejde")).click()
    found += look(page, "an area")
    page.get_by_role("link", name="Holder aftaler").click()
    found += look(page, "a dimension")
    page.get_by_label("Spørgsmål", exact=False).first.fill("Holder borgeren det, I har aftalt?")
    page.get_by_role("button", name="Gem").click()
    expect(page.locator("main > .notice")).to_contain_text("Gemt.")

    page.get_by_role("link", name="Fra version 1 til denne").click()
    found += look(page, "what became of each dimension")
    anna.open("/kompas/redskaber/indlaes")
    page.locator("[type=file]").set_input_files(
        {"name": "kompas.json", "mimeType": "application/json", "buffer": EXAMPLE.read_bytes()}
    )
    page.get_by_role("button", name="Se, hvad filen ændrer").click()
    expect(page.locator("main")).to_contain_text("kompas.json")
    found += look(page, "what a file would change")
    page.get_by_role("button", name="Kassér filen").click()

    anna.open("/kompas/redskaber/1")
    page.get_by_role("link", name="Version 2").click()
    page.get_by_text("Kassér kladden").click()
    page.get_by_role("button", name="Kassér den").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kompas (eksempel)")
    assert not found, "\n".join(found)
