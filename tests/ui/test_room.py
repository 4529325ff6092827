"""The meeting while it happens: two write, others follow, the network fails; no word is lost or shown too widely."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete

from med.meetings.actions.entering import stir
from med.meetings.models import Item, Kind, Meeting, State
from tests.meetings.rooms import make_meeting
from tests.ui import stage
from tests.ui.people import Person
from tests.ui.site import Site

# The items of the demo's next meeting, by their place on the agenda.
NEWS, DUTIES, CHRISTMAS, GOALS, PREMISES = 1, 2, 3, 4, 5

Arrive = Callable[..., Person]


class Room:
    """A meeting that goes on, and what its items are called."""

    def __init__(self, site: Site, slug: str = "28-med-naeste") -> None:
        self.site = site
        with site.database.writing() as db:
            meeting = stage.open_room(db, slug)
            self.meeting_id = meeting.id
            self.items = [(item.id, item.title) for item in meeting.items]

    def path(self, place: int) -> str:
        return f"/moeder/{self.meeting_id}/lokale?punkt={self.items[place][0]}"

    def words(self, place: int) -> str:
        """What is saved of an item."""
        with self.site.database.reading() as db:
            meeting = db.get_one(Meeting, self.meeting_id)
            return next(item.minutes_text for item in meeting.items if item.id == self.items[place][0])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def room(request: pytest.FixtureRequest) -> Room:
    name = "workplace" if request.param == "sqlite" else "workplace_on_postgres"
    return Room(request.getfixturevalue(name))


# What only the browser does is the same at both.
AT_ONE = pytest.mark.parametrize("room", ["sqlite"], indirect=True)


def area(page: Page) -> Locator:
    return page.locator("form[data-autosave] textarea")


def write(page: Page, words: str) -> None:
    """Put words at the end, as one types them."""
    field = area(page)
    field.press("Control+End")
    field.press_sequentially(words)


def wait_until_saved(page: Page) -> None:
    expect(page.locator("form[data-autosave] output")).to_have_attribute("data-state", "ok")


# Everything the stream says, also what the page does not show.
KEEP_WHAT_ARRIVES = """
    globalThis.arrived = [];
    const Source = globalThis.EventSource;
    globalThis.EventSource = class extends Source {
        addEventListener(name, listener) {
            super.addEventListener(name, (event) => { globalThis.arrived.push(String(event.data)); listener(event); });
        }
    };"""


def arrived(page: Page) -> str:
    return " ".join(page.evaluate("() => globalThis.arrived"))


def test_what_is_written_is_saved_as_it_is_written(signed_in: Arrive, room: Room) -> None:
    page = signed_in("emil", at=room.site).open(room.path(NEWS))
    write(page, "Dækningslisten er taget godt imod.")
    wait_until_saved(page)
    expect(page.locator("form[data-autosave] output")).to_contain_text("Gemt kl.")
    page.reload()
    expect(area(page)).to_have_value("Dækningslisten er taget godt imod.")
    assert room.words(NEWS) == "Dækningslisten er taget godt imod."


def test_two_who_write_in_different_places_get_both_texts(signed_in: Arrive, room: Room) -> None:
    emil = signed_in("emil", at=room.site).open(room.path(DUTIES))
    area(emil).fill("Anna fremlægger tallene.\n\nBo peger på vagterne.")
    wait_until_saved(emil)
    anna = signed_in("anna", at=room.site).open(room.path(DUTIES))
    emil.reload()
    area(emil).fill("Anna fremlægger tallene for efteråret.\n\nBo peger på vagterne.")
    wait_until_saved(emil)
    write(anna, "\n\nDækningslisten bliver.")
    wait_until_saved(anna)
    both = "Anna fremlægger tallene for efteråret.\n\nBo peger på vagterne.\n\nDækningslisten bliver."
    expect(area(anna)).to_have_value(both)
    expect(anna.locator("form[data-autosave] output")).to_contain_text("flettet ind")
    assert room.words(DUTIES) == both


def test_two_who_write_in_the_same_place_see_theirs_beside_mine_and_choose(signed_in: Arrive, room: Room) -> None:
    emil = signed_in("emil", at=room.site).open(room.path(CHRISTMAS))
    area(emil).fill("Caféen holder åbent.")
    wait_until_saved(emil)
    anna = signed_in("anna", at=room.site).open(room.path(CHRISTMAS))
    area(emil).fill("Caféen holder åbent alle dage.")
    expect(emil.locator("form[data-autosave] output")).to_have_attribute("data-state", "ok")
    emil.wait_for_function("() => !document.querySelector('form[data-autosave] output').textContent.includes('…')")
    area(anna).fill("Caféen holder åbent til middag.")
    conflict = anna.locator("#conflict")
    expect(conflict).to_contain_text("Caféen holder åbent alle dage.")
    expect(conflict).to_contain_text("Caféen holder åbent til middag.")
    expect(anna.locator("form[data-autosave] output")).to_have_attribute("data-state", "bad")
    assert room.words(CHRISTMAS) == "Caféen holder åbent alle dage."
    conflict.get_by_role("button", name="Brug mit").click()
    expect(area(anna)).to_have_value("Caféen holder åbent til middag.")
    expect(anna.locator("#conflict")).to_be_empty()
    assert room.words(CHRISTMAS) == "Caféen holder åbent til middag."


def test_a_reader_sees_words_and_decisions_arrive(signed_in: Arrive, room: Room) -> None:
    emil = signed_in("emil", at=room.site).open(room.path(GOALS))
    emil.get_by_role("button", name="Begynd på punktet nu").click()
    carla = signed_in("carla", at=room.site).open(f"/moeder/{room.meeting_id}/lokale")
    expect(carla.locator("[data-live-state]")).to_have_attribute("data-state", "on")
    expect(carla.locator("[data-live-state]")).to_have_text("Direkte")
    carla.evaluate("() => { globalThis.same = true; }")
    write(area(emil).page, "Støjen er faldet, og kabinen mangler.")
    expect(carla.locator("#room-item")).to_contain_text("Støjen er faldet, og kabinen mangler.")
    form = emil.locator("form", has=emil.get_by_role("button", name="Gem beslutningen"))
    form.get_by_label("Vi har besluttet, at").fill("kabinen til høvlen bestilles i denne uge")
    form.get_by_label("Hvorfor?").fill("Målingerne fra oktober viser det.")
    form.get_by_label("Vi sikrer driften").check()
    form.get_by_role("button", name="Gem beslutningen").click()
    expect(carla.locator("#room-aside")).to_contain_text("abinen til høvlen bestilles i denne uge")
    assert carla.evaluate("() => globalThis.same"), "the page was loaded anew"


def test_a_closed_item_never_reaches_an_outsider(signed_in: Arrive, room: Room) -> None:
    _, title = room.items[PREMISES]
    reader = signed_in("carla", at=room.site)
    reader.page.add_init_script(KEEP_WHAT_ARRIVES)
    carla = reader.open(f"/moeder/{room.meeting_id}/lokale")
    expect(carla.locator("[data-live-state]")).to_have_attribute("data-state", "on")
    emil = signed_in("emil", at=room.site).open(room.path(PREMISES))
    emil.get_by_role("button", name="Begynd på punktet nu").click()
    write(emil, "Udlejer tilbyder et nedslag på tre procent.")
    wait_until_saved(emil)
    # The next thing Carla may see arrives, and with it nothing of what was said in between.
    emil.goto(room.site.base + room.path(NEWS))
    emil.get_by_role("button", name="Begynd på punktet nu").click()
    expect(carla.locator("#room-item")).to_contain_text(room.items[NEWS][1])
    expect(carla.locator("#room-agenda")).to_contain_text("Lukket punkt")
    assert room.items[NEWS][1] in arrived(carla)
    assert title not in arrived(carla) and "nedslag" not in arrived(carla) and "udlejer" not in arrived(carla).lower()
    assert title not in carla.content()
    bo = signed_in("bo", at=room.site).open(room.path(PREMISES))
    expect(bo.locator("main")).to_contain_text("Udlejer tilbyder et nedslag på tre procent.")


def test_what_could_not_be_saved_is_there_next_time(signed_in: Arrive, room: Room) -> None:
    emil = signed_in("emil", at=room.site)
    page = emil.open(room.path(0))
    emil.context.set_offline(True)
    write(page, "Referatet er godkendt med en rettelse.")
    expect(page.locator("form[data-autosave] output")).to_contain_text("ligger sikkert på denne enhed")
    page.close()
    assert room.words(0) == ""
    emil.context.set_offline(False)
    emil.page = emil.context.new_page()
    page = emil.open(room.path(0))
    expect(page.locator("form[data-autosave]")).to_contain_text("Der ligger tekst på denne enhed")
    page.get_by_role("button", name="Hent teksten").click()
    wait_until_saved(page)
    assert room.words(0) == "Referatet er godkendt med en rettelse."


def test_a_button_pressed_in_the_middle_of_a_word_takes_the_words_along(signed_in: Arrive, room: Room) -> None:
    page = signed_in("emil", at=room.site).open(room.path(DUTIES))
    page.get_by_label("Udsat", exact=True).check()
    write(page, "\n\nDet sidste, vi nåede at sige.")
    page.get_by_role("button", name="Gem, og bliv her").click()
    page.wait_for_url("**sagt=gemt**")
    expect(area(page)).to_have_value(re.compile("Det sidste, vi nåede at sige[.]$"))
    expect(page.locator("form[data-autosave]")).not_to_contain_text("Der ligger tekst på denne enhed")
    write(page, " Og lidt til.")
    wait_until_saved(page)
    expect(page.locator("#conflict")).to_be_empty()
    assert room.words(DUTIES).endswith("Det sidste, vi nåede at sige. Og lidt til.")


@AT_ONE
def test_a_form_is_not_sent_without_the_other_forms_words_before_it_is_said(signed_in: Arrive, room: Room) -> None:
    page = signed_in("emil", at=room.site).open(room.path(CHRISTMAS))
    decision = page.get_by_label("Vi har besluttet, at …")
    decision.fill("caféen holder åbent")
    page.get_by_label("Drøftet", exact=True).check()
    page.get_by_label("Uenighed", exact=True).check()
    page.get_by_label("Ledelsessiden", exact=True).fill("Det er for dyrt.")
    onwards = page.get_by_role("button", name="Gem, og gå til næste punkt")
    onwards.click()
    expect(page.get_by_role("alert")).to_contain_text("Du har udfyldt noget i »Notér en beslutning«")
    expect(onwards).to_be_focused()
    page.get_by_role("link", name="Notér en beslutning").click()
    expect(decision).to_be_focused()
    page.get_by_role("button", name="Gem beslutningen").click()
    expect(page.get_by_role("alert")).to_contain_text("»Hvordan endte punktet?«")
    # Whoever goes on writing is asked once more; whoever presses again has chosen.
    decision.press_sequentially(" alle dage")
    expect(page.get_by_role("alert")).to_have_count(0)
    onwards.click()
    expect(page.get_by_role("alert")).to_have_count(1)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        onwards.click()
    # The other side's words are missing: what came back is saved nowhere, and is looked after like what was typed.
    expect(page.locator("#f-statement_employees-error")).to_be_visible()
    page.get_by_role("button", name="Næste punkt").first.click()
    expect(page.get_by_role("alert").last).to_contain_text("»Hvordan endte punktet?«")
    page.get_by_role("button", name="Næste punkt").first.click()
    expect(page.locator("#room-write-h")).not_to_have_text(room.items[CHRISTMAS][1])


@AT_ONE
def test_what_a_choice_asks_for_is_shown_when_it_is_chosen(signed_in: Arrive, room: Room) -> None:
    emil = signed_in("emil", at=room.site).open(room.path(PREMISES))
    form = emil.locator("#udfald")
    expect(form.get_by_label("Sendt til udvalg")).to_be_hidden()
    form.get_by_label("Sendt til andet udvalg").check()
    expect(form.get_by_label("Sendt til udvalg")).to_be_visible()
    expect(form.get_by_label("Ledelsessiden")).to_be_hidden()
    form.get_by_label("Uenighed").check()
    expect(form.get_by_label("Ledelsessiden")).to_be_visible()


def test_the_first_item_of_an_empty_room_reaches_the_others_who_minute(signed_in: Arrive, room: Room) -> None:
    with room.site.database.writing() as db:
        meeting = make_meeting(db, "Tages af igen", state=State.IN_PROGRESS, kind=Kind.WITHOUT_AGENDA)
        db.execute(delete(Item).where(Item.meeting_id == meeting.id))
        number = meeting.id
    anna, emil = (signed_in(who, at=room.site).open(f"/moeder/{number}/lokale") for who in ("anna", "emil"))
    expect(emil.locator("[data-live-state]")).to_have_attribute("data-state", "on")
    expect(emil.get_by_text("Der er ingen punkter endnu")).to_be_visible()
    expect(emil.get_by_text("Der er kommet et punkt")).to_be_hidden()
    anna.locator("summary", has_text="Tilføj punkt").click()
    anna.get_by_label("Hvad skal I tale om?").fill("Nøgler til skuret")
    anna.get_by_role("button", name="Tilføj", exact=True).click()
    expect(emil.get_by_text("Der er ingen punkter endnu")).to_be_hidden()
    emil.get_by_role("link", name="Gå til det").click()
    expect(emil.get_by_role("heading", name="Nøgler til skuret")).to_be_visible()
    expect(area(emil)).to_be_visible()


def test_no_link_and_no_change_of_the_meeting_takes_the_words_unsaid(signed_in: Arrive, room: Room) -> None:
    page = signed_in("emil", at=room.site).open(room.path(CHRISTMAS))
    page.get_by_label("Vi har besluttet, at …").fill("caféen holder åbent")
    onwards = page.locator("#room-agenda a", has_text=room.items[GOALS][1])
    onwards.click()
    expect(page.get_by_role("alert")).to_contain_text("Du har udfyldt noget i »Notér en beslutning«")
    onwards.click()
    expect(page.locator("#room-write-h")).to_have_text(room.items[GOALS][1])
    page.get_by_label("Vi har besluttet, at …").fill("kabinen bestilles")
    page.get_by_label("Hvorfor?", exact=True).first.focus()
    expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "on")
    with room.site.database.writing() as db:
        db.get_one(Meeting, room.meeting_id).state = State.HELD
        stir(db, room.meeting_id)
    try:
        expect(page.get_by_role("alert")).to_contain_text("Mødet er ændret. Gem dine ord, og genindlæs siden.")
        expect(page.get_by_label("Vi har besluttet, at …")).to_have_value("kabinen bestilles")
    finally:
        with room.site.database.writing() as db:
            db.get_one(Meeting, room.meeting_id).state = State.IN_PROGRESS


@AT_ONE
@pytest.mark.parametrize("js", [True, False])
def test_the_case_comes_back_when_a_file_is_put_on(signed_in: Arrive, room: Room, js: bool) -> None:
    page = signed_in("emil", at=room.site, js=js).open(f"/moeder/{room.meeting_id}/punkter/{room.items[NEWS][0]}/ret")
    case, file = page.get_by_label("Sagsfremstilling"), page.get_by_label("Læg en fil på")
    case.fill("Listen er sendt rundt.")
    file.set_input_files({"name": "liste.txt", "mimeType": "text/plain", "buffer": "Dækning".encode()})
    page.get_by_role("button", name="Læg bilaget på").click()
    expect(page.locator("main")).to_contain_text("Det, du har skrevet om punktet, er ikke gemt endnu.")
    expect(page.locator("#bilag")).to_contain_text("liste.txt")
    expect(case).to_have_value("Listen er sendt rundt.")
    file.set_input_files({"name": "mere.txt", "mimeType": "text/plain", "buffer": b"Mere"})
    page.get_by_role("button", name="Gem", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Filen er ikke lagt på punktet. Vælg den igen")
    expect(case).to_have_value("Listen er sendt rundt.")
    if js:
        page.locator(".crumbs a").last.click()
        expect(page.get_by_text("Du har udfyldt noget i »Punktet«")).to_be_visible()


@AT_ONE
def test_words_from_a_word_processor_keep_their_structure(signed_in: Arrive, room: Room) -> None:
    page = signed_in("emil", at=room.site).open(room.path(NEWS))
    area(page).fill("")
    page.evaluate(
        """([html]) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            const area = document.querySelector("form[data-autosave] textarea");
            area.focus();
            area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        ["<h2 style='color:red'>Nyt</h2><p>Vi er <b>enige</b>.</p><ul><li>Én</li><li>To</li></ul>"],
    )
    expect(area(page)).to_have_value("### Nyt\n\nVi er **enige**.\n\n- Én\n- To")
    wait_until_saved(page)


@AT_ONE
def test_the_page_for_one_person_is_not_in_the_others_store(signed_in: Arrive, room: Room) -> None:
    """Words kept on a shared device belong to one person: the next one who signs in is not offered them."""
    emil = signed_in("emil", at=room.site)
    page = emil.open(room.path(0))
    emil.context.set_offline(True)
    write(page, "\n\nKun Emils.")
    expect(page.locator("form[data-autosave] output")).to_have_attribute("data-state", "bad")
    # While there is no line: once it is back the words are saved, and the store is empty again.
    kept: list[Any] = page.evaluate("() => Object.keys(localStorage)")
    assert kept and all(key.startswith("med-kladde:emil:") for key in kept)
    emil.context.set_offline(False)
    wait_until_saved(page)
