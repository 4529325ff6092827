"""Items that come by themselves, when meetings are moved, become of another kind, or leave minutes not adopted."""

from datetime import date

import pytest
from sqlalchemy import func, select

from med.meetings.actions.outcomes import settle_item
from med.meetings.actions.standing import renew_adoptions
from med.meetings.forms.minuting import Settled
from med.meetings.models import Kind, Meeting, Outcome, Proposal, State
from tests.meetings.conftest import viewer

LAST_TIME = "Godkendelse af referat fra den 24. november"
FRAME = ["Nyt fra medarbejdersidens formøde", "Hvad fortæller vi videre?", "Evaluering af mødet"]


def titles(look, number):
    return [item.title for item in look(Meeting, number).items]


@pytest.fixture
def change(visitor):
    """`change(meeting_id, kind="theme")`: Anna corrects the meeting."""

    def send(number, **fields):
        answer = visitor("anna").open(f"/moeder/{number}/ret").form("Gem").fill(**fields).send()
        assert answer.status_code == 303, answer.words

    return send


def test_minutes_wait_for_the_meeting_that_does_adopt_them(plan, look, write, committee_id):
    """A meeting with an agenda of its own making adopts nothing, and takes nothing from the one after it."""
    before = plan(day=date(2026, 12, 8))
    plan(day=date(2026, 12, 10), standing=False)
    after = plan(day=date(2026, 12, 15))
    write(lambda db: renew_adoptions(db, committee_id("med-aabrinken")))
    assert next(item.adopts_id for item in look(Meeting, after).items if item.adopts_id) == before


def test_a_moved_meeting_is_adopted_by_its_new_day(plan, change, look):
    first, second = plan(day=date(2026, 12, 9)), plan(day=date(2026, 12, 15))
    assert titles(look, second)[0] == "Godkendelse af referat fra den 9. december"
    version = look(Meeting, second).items[0].version
    change(first, day="2026-12-11")
    assert titles(look, second)[0] == "Godkendelse af referat fra den 11. december"
    assert look(Meeting, second).items[0].version == version + 1  # who had the item's form open is told


def test_a_name_of_ones_own_stays_when_the_meeting_is_moved(plan, change, look, visitor):
    first, second = plan(day=date(2026, 12, 9)), plan(day=date(2026, 12, 15))
    item = look(Meeting, second).items[0].id
    visitor("anna").open(f"/moeder/{second}/punkter/{item}/ret").form("Gem").fill(title="Referatet fra sidst").send()
    change(first, day="2026-12-11")
    assert titles(look, second)[0] == "Referatet fra sidst"


def test_an_agenda_one_side_has_approved_is_approved_anew_when_its_first_item_is_renamed(plan, change, look, visitor):
    first, second = plan(day=date(2026, 12, 9)), plan(day=date(2026, 12, 15))
    visitor("anna").open(f"/moeder/{second}").form("Godkend dagsordenen").send()
    change(first, place="Lokale 2")
    assert look(Meeting, second).agenda_chair_at is not None
    change(first, day="2026-12-11")
    assert look(Meeting, second).agenda_chair_at is None


def test_minutes_that_are_not_adopted_are_no_proposal(plan, look, write, db):
    number = plan()
    before = db.scalar(select(func.count()).select_from(Proposal))

    def postpone(db) -> None:
        meeting = db.get(Meeting, number)
        meeting.state = State.IN_PROGRESS
        settle_item(db, viewer(db, "anna"), meeting.items[0], Settled(outcome=Outcome.POSTPONED, version=1))

    write(postpone)
    assert look(Meeting, number).items[0].outcome is Outcome.POSTPONED
    assert db.scalar(select(func.count()).select_from(Proposal)) == before


def test_a_name_medspil_gave_follows_the_kind_and_the_day(plan, change, look):
    number = plan(day=date(2027, 1, 20), kind=Kind.THEME)
    assert look(Meeting, number).title == "MED-ledelsen, temamøde i januar"
    change(number, kind="ordinary")
    assert look(Meeting, number).title == "MED-ledelsen, januar"
    change(number, day="2027-02-04")
    assert look(Meeting, number).title == "MED-ledelsen, februar"
    change(number, title="Vintermødet")
    change(number, day="2027-03-04", kind="theme")
    assert look(Meeting, number).title == "Vintermødet"


def test_a_theme_meeting_made_ordinary_gets_the_usual_frame_around_its_items(plan, item, change, look):
    number = plan(kind=Kind.THEME)
    item(number, "Psykisk arbejdsmiljø")
    later = plan(day=date(2026, 12, 15))
    assert LAST_TIME in titles(look, later)
    change(number, kind="ordinary")
    assert titles(look, number) == [LAST_TIME, FRAME[0], "Psykisk arbejdsmiljø", *FRAME[1:]]
    assert [one.position for one in look(Meeting, number).items] == [1, 2, 3, 4, 5]
    assert titles(look, later)[0] == "Godkendelse af referat fra den 9. december"
    assert LAST_TIME not in titles(look, later)


def test_a_meeting_made_one_without_agenda_leaves_the_frame_and_the_next_one_adopts(plan, item, change, look):
    number, later = plan(kind=Kind.EXTRAORDINARY), plan(day=date(2026, 12, 15))
    item(number, "Vandskaden")
    change(number, kind="without_agenda")
    assert titles(look, number) == ["Vandskaden"]
    assert titles(look, later)[:2] == [LAST_TIME, "Godkendelse af referat fra den 9. december"]


def test_what_somebody_has_written_on_stays_whatever_the_kind(plan, change, look, visitor):
    number = plan()
    written, noted = look(Meeting, number).items[2], look(Meeting, number).items[3]
    anna = visitor("anna")
    anna.open(f"/moeder/{number}/punkter/{written.id}/ret").form("Gem").fill(case_text="Til nyhedsbrevet").send()
    visitor("gunnar").submit(f"/moeder/{number}/punkter/{noted.id}/note", version=0, text="Mødet var langt")
    change(number, kind="theme")
    assert titles(look, number) == FRAME[1:]
    change(number, kind="ordinary")
    assert titles(look, number).count("Evaluering af mødet") == 1


def test_another_kind_must_be_approved_anew(plan, item, change, look, visitor):
    number = plan()
    item(number, "Nøgler")
    visitor("anna").open(f"/moeder/{number}").form("Godkend dagsordenen").send()
    change(number, kind="theme")
    assert look(Meeting, number).agenda_chair_at is None


def test_the_minutes_are_linked_where_they_can_be_read(plan, visitor, look):
    first, second = plan(day=date(2026, 12, 9), draft_shown=True), plan(day=date(2026, 12, 15), draft_shown=True)
    last_time = look(Meeting, first).items[0].adopts_id
    for handle in ("anna", "carla"):
        person = visitor(handle)
        page = person.open(f"/moeder/{second}")
        assert "Referatet er ikke godkendt endnu." in page.words
        assert f"/moeder/{first}/referat" not in page.links()
        shown = f"/moeder/{last_time}/referat" in person.open(f"/moeder/{first}").links()
        assert shown is (person.open(f"/moeder/{last_time}/referat").status_code == 200), handle
    assert "The minutes have not been approved yet." in visitor("anna").open(f"/moeder/{second}?sprog=en").words
