"""When a committee ends, what nobody had answered goes to the one above: an employee's point is not lost with it."""

from datetime import date

import pytest
from sqlalchemy import select, update

from med import clock, demo
from med.journal.models import Entry
from med.meetings.actions.proposals import pass_on, receive_sent_on
from med.meetings.jobs import pass_points_on
from med.meetings.models import Item, Proposal, ProposalState
from med.organisation.models import Committee
from tests.meetings.conftest import viewer

LAST = date(2026, 11, 30)


@pytest.fixture
def end(write):
    """Committees have their last day, and the clock stands on the day after; `end(...)` gives how many went on."""

    def make(*keys: str, most: int = 100) -> int:
        write(lambda db: db.execute(update(Committee).where(Committee.key.in_(keys)).values(ends=LAST)))
        with clock.at(demo.NOW.replace(month=12, day=1)):
            return write(lambda db: pass_on(db, most))

    return make


def test_an_unanswered_point_goes_to_the_committee_above_and_everyone_hears(visitor, raised, end, look, committee_id):
    number = raised("De unge venter for længe")
    assert f"/forslag/{number}" not in visitor("dorte").open("/?alt=1").links()
    end("med-aabrinken")
    point = look(Proposal, number)
    assert point.committee_id == committee_id("centermed-job")
    assert (point.moved_from_id, point.meeting_id) == (committee_id("med-aabrinken"), None)
    with clock.at(demo.NOW.replace(month=12, day=1, hour=12)):
        assert f"/forslag/{number}" in visitor("dorte").open("/?alt=1").links()
        carla = visitor("carla")
        assert f"/forslag/{number}" in carla.open("/?alt=1").links()
        page = carla.open(f"/forslag/{number}")
        assert "Sendt videre til CenterMED Job og Kompetencer" in page.words
        assert "Udvalget nåede ikke at svare, før det sluttede." in page.words
        assert "The committee ended before it had answered." in carla.open(f"/forslag/{number}?sprog=en").words
        page.form("Jeg har læst svaret").send()
        assert f"/forslag/{number}" not in carla.open("/").links()
        answered = visitor("dorte").open(f"/forslag/{number}").form("Svar").fill(answer="decline", reason="Det er løst")
        assert answered.send().status_code == 303
        assert "Det er løst" in carla.open(f"/forslag/{number}").words


def test_it_goes_up_until_there_is_somebody_to_answer(raised, end, look, committee_id):
    number = raised("Kaffen")
    end("med-aabrinken", "centermed-job")
    assert look(Proposal, number).committee_id == committee_id("hovedudvalget")


def test_with_nobody_above_it_stays(raised, end, look, committee_id):
    number = raised("Kaffen")
    assert end("med-aabrinken", "centermed-job", "hovedudvalget") == 0
    point = look(Proposal, number)
    assert (point.committee_id, point.answered_at) == (committee_id("med-aabrinken"), None)


def test_what_is_answered_or_closed_stays_where_it_was(visitor, raised, end, look, write, item, plan, committee_id):
    """What a committee closed is not read above it because the committee is no more."""
    declined = raised("Farven på døren")
    visitor("anna").open(f"/forslag/{declined}").form("Svar").fill(answer="decline", reason="Malet i maj").send()
    closed = item(plan(by="dorte", committee="centermed-job", day=date(2026, 12, 11)), "Opsigelsen", by="dorte",
                  is_closed=True, ground="negotiation")  # fmt: skip

    def send(db) -> int:
        there = db.get(Committee, committee_id("med-aabrinken"))
        return receive_sent_on(db, viewer(db, "dorte"), db.get(Item, closed), there, "Per har sagt op").id

    sent = write(send)
    end("med-aabrinken")
    for number, state in ((declined, ProposalState.DECLINED), (sent, ProposalState.RECEIVED)):
        point = look(Proposal, number)
        assert (point.committee_id, point.state) == (committee_id("med-aabrinken"), state)


def test_on_the_last_day_the_committee_still_answers(raised, end, write, look, committee_id):
    number = raised("Kaffen")
    write(lambda db: db.execute(update(Committee).where(Committee.key == "med-aabrinken").values(ends=LAST)))
    with clock.at(demo.NOW.replace(day=30)):
        write(pass_points_on)
    assert look(Proposal, number).committee_id == committee_id("med-aabrinken")


def test_many_go_in_turns_and_the_journal_tells_of_each(raised, end, db):
    numbers = [raised(title) for title in ("Kaffen", "Døren", "Lyset")]
    assert end("med-aabrinken", most=2) == 2
    db.rollback()
    gone = end("med-aabrinken", most=100)
    db.rollback()
    told = db.scalars(select(Entry.thing_id).where(Entry.happened == "proposal.send_on", Entry.person_id.is_(None)))
    assert set(numbers) <= set(told)
    assert gone >= 1 and end("med-aabrinken") == 0
