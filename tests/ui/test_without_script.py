"""The same site with JavaScript off: every task of a committee's year, in a browser that only knows forms and links."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.ui.people import Person
from tests.ui.site import Site

Arrive = Callable[..., Person]

SLIPPERY = "Trapperne i hus B er glatte"
LIGHT = "Lyset på parkeringspladsen"
SALT = "der bliver strøet før kl. 6 på dage med frost"


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def press(page: Page, words: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=words).first.click()


def settle(page: Page, outcome: str) -> None:
    page.get_by_label(outcome, exact=True).check()
    if outcome == "Besluttet":
        page.get_by_label("Enighed", exact=True).check()
    press(page, re.compile("^Gem, og gå til næste punkt|^Gem afslutning"))


def test_from_an_idea_to_a_decision_everyone_can_read(signed_in: Arrive, workplace: Site) -> None:
    people = {name: signed_in(name, at=workplace, js=False) for name in ("anna", "bo", "carla", "emil", "gunnar")}
    anna, bo, carla, emil, gunnar = (person.page for person in people.values())

    # An employee without a seat raises a point.
    people["carla"].open("/forslag/nyt")
    carla.get_by_label("Hvad skal vi tale om?").fill(SLIPPERY)
    carla.get_by_label("Hvilket udvalg?").select_option("MED-ledelsen på Åbrinken")
    carla.get_by_label("Hvorfor er det vigtigt?").fill("To er faldet i denne måned.")
    press(carla, "Send")
    heading(carla, SLIPPERY)

    # The chair plans a meeting, and answers.
    people["anna"].open("/moeder/nyt?udvalg={committee[med-aabrinken]}")
    form = anna.locator("form", has=anna.get_by_role("button", name="Planlæg mødet"))
    form.get_by_label("Dag", exact=True).fill("2027-02-09")
    form.get_by_label("Begynder").fill("09:00")
    form.get_by_label("Slutter").fill("10:30")
    press(anna, "Planlæg mødet")
    expect(anna).to_have_url(re.compile(r"/moeder/\d+(\?|$)"))
    meeting = anna.url.partition("?")[0]
    anna.goto(carla.url)
    anna.get_by_label("Sæt det på dagsordenen").check()
    anna.locator("[name=meeting]").select_option(meeting.rpartition("/")[2])
    press(anna, "Svar")
    carla.reload()
    expect(carla.locator("main")).to_contain_text("Det blev det til")

    # She adds an item and moves it up; both chairs approve the agenda; a member accepts.
    anna.goto(meeting)
    anna.get_by_role("link", name="Tilføj punkt").click()
    anna.get_by_label("Overskrift").fill(LIGHT)
    anna.get_by_label("Drøftelse", exact=True).check()
    anna.get_by_label("Minutter").fill("10")
    press(anna, re.compile("^(Gem|Tilføj)"))
    expect(anna.locator("#dagsorden > li")).to_have_count(6)
    press(anna, f"Flyt {LIGHT} op")
    expect(anna.locator("#dagsorden > li .agenda__title").nth(2)).to_have_text(LIGHT)
    for page in (anna, bo):
        page.goto(meeting)
        press(page, re.compile("^Godkend dagsordenen"))
    gunnar.goto(meeting)
    press(gunnar, "Jeg kommer")
    expect(gunnar.locator("main")).to_contain_text("Du kommer")

    # The secretary opens the meeting, writes, records a decision, settles every item, and closes it.
    emil.goto(f"{meeting}/lokale")
    emil.get_by_text("Åbn mødet …").click()
    press(emil, "Ja, åbn mødet nu")
    emil.get_by_label("Referat", exact=True).fill("Referatet fra december mangler endnu.")
    press(emil, "Gem referat")
    expect(emil.get_by_label("Referat", exact=True)).to_have_value("Referatet fra december mangler endnu.")
    settle(emil, "Udsat")
    emil.get_by_role("link", name=SLIPPERY).click()
    emil.get_by_label("Vi har besluttet, at").fill(SALT)
    emil.get_by_label("Hvorfor?", exact=True).first.fill("To er faldet, og frosten kommer før vagten.")
    emil.get_by_label("Vi sikrer driften").check()
    press(emil, "Gem beslutningen")
    settle(emil, "Besluttet")
    for item in emil.locator("#room-agenda li:not(.is-done) a").all_text_contents():
        emil.get_by_role("link", name=item).click()
        settle(emil, "Taget til efterretning")
    emil.get_by_text("Afslut mødet …").click()
    press(emil, "Ja, afslut mødet")
    expect(emil.locator("main")).to_contain_text("Mødet er slut")

    # Both chairs approve the minutes; now they are everybody's.
    emil.goto(f"{meeting}/referat")
    press(emil, "Send til godkendelse")
    for page in (anna, bo):
        page.goto(f"{meeting}/referat")
        press(page, "Godkend referatet")
    carla.goto(f"{meeting}/referat")
    expect(carla.locator("main")).to_contain_text(SALT[3:])

    # The feed, filtered without script.
    people["carla"].open("/beslutninger")
    carla.get_by_label(re.compile("^Drift")).check()
    press(carla, "Vis")
    expect(carla.locator(".dec").first).to_contain_text(SALT[1:])
    assert "perspektiv=compliance" in carla.url


def test_the_sentence_for_ones_role_is_put_better(signed_in: Arrive, workplace: Site) -> None:
    hanne = signed_in("hanne", at=workplace, js=False)
    page = hanne.open("/perspektiver/compliance/ret")
    page.get_by_role("link", name=re.compile("^Ret.*Vi ved, hvem der gør hvad")).click()
    page.get_by_label("Udsagn").fill("Vi ved, hvem der gør hvad, og siger det højt.")
    press(page, re.compile("^Gem"))
    hanne.open("/perspektiver/compliance")
    expect(page.locator("main")).to_contain_text("Vi ved, hvem der gør hvad, og siger det højt.")


def test_language_and_colours_are_chosen(signed_in: Arrive, workplace: Site) -> None:
    page = signed_in("julie", at=workplace, js=False).open("/mig")
    page.get_by_label("English").check()
    page.get_by_label("Mørk").check()
    press(page, "Gem")
    heading(page, "My page")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
