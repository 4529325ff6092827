"""What decisions add to the meeting's own pages and to the committee's."""

from datetime import date, timedelta

from sqlalchemy import select

from med import clock
from med.decisions.actions import agree_follow_up
from med.decisions.forms import FollowUpForm
from med.decisions.models import Decision
from med.decisions.parts import missing_decisions
from med.meetings.models import Consensus, Item, Meeting, Outcome, State
from med.organisation.models import Person
from tests.decisions.conftest import approve, decide, make_meeting


def test_open_follow_ups_stand_on_the_next_agenda_and_move_there(quiet, visitor, room, write, people):
    form = FollowUpForm(text="hænge tider op", owner="gunnar", due=date(2026, 11, 1))
    write(lambda session: agree_follow_up(session, people.viewer("anna"), session.get(Item, room.item), form))

    def plan(session):
        later = clock.now() + timedelta(days=20)
        return make_meeting(session, state=State.AGENDA_SENT, starts_at=later, title="MED-ledelsen: det næste").id

    planned = write(plan)
    page = visitor("gunnar").open(f"/moeder/{planned}")
    assert "Åbne opfølgninger" in page.words
    assert "20 dage over fristen" in page.words
    moving = next(f for f in page.tree.xpath("//form/@action") if "/opfoelgning/" in f)
    seen = visitor("carla").open(f"/moeder/{planned}")  # the last meeting is open and still on
    assert "hænge tider op" in seen.words
    assert not seen.has_form(action=moving)
    sent = page.form("Gem", action=moving).fill(state="done", note="De hænger der").send()
    assert sent.headers["location"] == f"/moeder/{planned}"
    assert "hænge tider op" not in visitor("gunnar").open(f"/moeder/{planned}").words


def test_decisions_stand_under_their_items_for_those_who_may_read_them(quiet, visitor, room, write):
    write(lambda session: decide(session, session.get(Item, room.item), text="der er to pauser"))
    write(lambda session: decide(session, session.get(Item, room.closed), text="sagen er lukket"))
    write(lambda session: setattr(session.get(Meeting, room.meeting), "state", State.HELD))
    page = f"/moeder/{room.meeting}"
    assert "Der er to pauser" not in visitor("carla").open(page).words
    assert "Sagen er lukket" in visitor("gunnar").open(page).words
    write(lambda session: approve(session, room.meeting))
    staff = visitor("carla").open(page)
    assert "Der er to pauser" in staff.words
    assert "Sagen er lukket" not in staff.words


def test_what_is_settled_as_decided_must_be_written_down(quiet, write, room):
    def work(session):
        meeting = session.get(Meeting, room.meeting)
        item = session.get(Item, room.item)
        before = missing_decisions(session, meeting)
        item.outcome = Outcome.DECIDED
        session.flush()
        missing = missing_decisions(session, meeting)
        decide(session, item)
        unsaid = missing_decisions(session, meeting)
        item.consensus = Consensus.AGREED
        session.flush()
        return (
            before,
            [(n, str(one)) for n, one in missing],
            [(n, str(one)) for n, one in unsaid],
            missing_decisions(session, meeting),
        )

    nobody_wrote = "Punkt 1 er besluttet, men beslutningen er ikke noteret."
    nobody_said = "Punkt 1 er besluttet, men det er ikke noteret, om der var enighed."
    assert write(work) == ([], [(1, nobody_wrote), (1, nobody_said)], [(1, nobody_said)], [])


def test_a_committees_page_shows_its_newest(visitor, published, committee_id):
    published("der er to pauser")
    published("sagen er lukket", is_open=False)
    page = f"/udvalg/{committee_id('med-aabrinken')}"
    assert "Der er to pauser" in visitor("carla").open(page).words
    assert "Sagen er lukket" not in visitor("carla").open(page).words
    assert "Sagen er lukket" in visitor("bo").open(page).words


def test_what_is_kept_of_an_item_is_never_old_nor_in_another_language(quiet, visitor, room, write, people):
    """Pieces under items are kept from one reader to the next: whatever they show, another word is another piece."""
    made = write(lambda session: decide(session, session.get(Item, room.item), text="der er to pauser").id)
    page = f"/moeder/{room.meeting}"
    assert "Der er to pauser" in visitor("gunnar").open(page).words
    assert "Der er to pauser" in visitor("gunnar").open(page).words  # the kept one
    write(lambda session: setattr(session.get(Decision, made), "text", "der er tre pauser"))
    now = visitor("anna").open(page).words
    assert "Der er tre pauser" in now
    assert "to pauser" not in now
    form = FollowUpForm(text="hænge tider op", owner="gunnar", due=clock.today())
    agree = lambda session: agree_follow_up(session, people.viewer("anna"), session.get(Item, room.item), form)  # noqa: E731
    write(agree)
    danish = visitor("gunnar").open(page).words
    assert "Opfølgning" in danish
    assert "hænge tider op" in danish
    english = visitor("gunnar").open(f"{page}?sprog=en").words
    assert "Opfølgning" not in english
    assert "hænge tider op" in english
    write(lambda session: setattr(session.scalars(select(Person).filter_by(handle="gunnar")).one(), "name", "Gorm"))
    assert "Gorm" in visitor("anna").open(page).tree.xpath("string(//*[@class='agenda agenda--full'])")
    with clock.at(clock.now() + timedelta(days=2)):
        assert "2 dage over fristen" in visitor("anna").open(page).words
