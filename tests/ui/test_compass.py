"""Taking stock with a citizen, and a file looked over, in a real browser; axe looks along."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.ui.axe import look
from tests.ui.people import Person
from tests.ui.site import Site


def test_stock_is_taken_an_area_at_a_time(signed_in: Callable[..., Person], workplace: Site) -> None:
    freja = signed_in("freja", at=workplace, width=820)
    page: Page = freja.open(workplace.path("/kompas/borger/{own_citizen[freja]}/maaling"))
    page.locator("main form button").last.click()
    expect(page.locator("main")).to_contain_text("1 af 8")
    found = look(page, "the first area")
    for group in page.locator("main fieldset").all():
        if group.locator("[type=radio]").count():
            group.locator("[type=radio]").nth(2).check(force=True)
    page.get_by_role("button", name="Gem og gå videre", exact=True).click()
    expect(page.locator("main")).to_contain_text("2 af 8")
    page.go_back()
    assert page.locator("main [type=radio]:checked").count() > 0  # what was answered stands
    assert not found, "\n".join(found)


def test_a_file_is_looked_over_before_it_is_taken_in(signed_in: Callable[..., Person], workplace: Site) -> None:
    bo = signed_in("bo", at=workplace)
    page = bo.open("/kompas/indlaes")
    page.get_by_label("Borgere", exact=False).first.check(force=True)
    new = b"citizen;unit;entered\nZ9-PROEVE;vaerkstederne;01.09.2026\n"
    page.locator("[type=file]").set_input_files({"name": "borgere.csv", "mimeType": "text/csv", "buffer": new})
    page.get_by_role("button", name="Se, hvad filen gør").click()
    expect(page.locator("main")).to_contain_text("borgere.csv")
    found = look(page, "what a file would do")
    assert not found, "\n".join(found)
