"""What decisions add to the meeting's own pages and to the committee's."""

import json
from datetime import date, timedelta

from sqlalchemy import select, update

from med import clock
from med.decisions.actions import agree_follow_up
from med.decisions.forms import FollowUpForm
from med.decisions.models import Decision, FollowUp
from med.decisions.parts import missing_decisions
from med.meetings.canonical import canonical, document
from med.meetings.models import Consensus, Item, Meeting, MinutesVersion, Outcome, State
from med.meetings.queries.minutes import differences
from med.organisation.models import Person
from med.perspectives.queries import titles
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


def settled(db, room, people):
    """A decision and a follow-up on the first item of a meeting that is over."""
    item = db.get(Item, room.item)
    made = decide(db, item, responsible="gunnar", due=date(2026, 12, 1))
    form = FollowUpForm(text="hænge tider op", owner="gunnar", due=date(2026, 12, 3))
    agreed = agree_follow_up(db, people.viewer("anna"), item, form)
    item.meeting.state = State.HELD
    db.flush()
    return made.id, agreed.id


def test_the_difference_between_two_versions_tells_of_all_that_was_decided(quiet, visitor, room, write, people, db):
    decision_id, follow_up_id = write(lambda session: settled(session, room, people))
    emil, page = visitor("emil"), f"/moeder/{room.meeting}/referat"
    emil.open(page).form("Send til godkendelse").send()
    corrected = emil.open(f"/beslutninger/{decision_id}/ret").form("Gem").fill(
        perspective="emergens", further=["compliance"], responsible="Bo Kjærgaard", due="2026-12-02",
        meaning="Ro i pausen.", frame="Højst 500 kr.", hoped_effect="Flere smil.", review="2027-06-01",
    ).send()  # fmt: skip
    assert corrected.status_code == 303
    moved = {"owner_id": people.carla, "due": date(2026, 12, 4)}
    write(lambda session: session.execute(update(FollowUp).where(FollowUp.id == follow_up_id).values(**moved)))
    emil.open(page).form("Send til godkendelse").send()
    shown = visitor("bo").open(f"{page}/versioner")
    for left_out in shown.tree.xpath("//*[@class='vh'] | //del"):
        left_out.drop_tree()
    now = " ".join(" ".join(line.text_content() for line in shown.tree.xpath("//p[ins]")).split())
    named = titles(db)
    for words in (
        f"Perspektiv: {named['emergens'].title}", f"Tjener også: {named['compliance'].title}",
        "Ansvarlig: Bo Kjærgaard", "Frist: 2. dec. 2026", "Hvad betyder det for os? Ro i pausen.",
        "Hjørneflag: Højst 500 kr.", "Hvad håber vi, borgerne mærker? Flere smil.",
        "Hvornår ser vi tilbage på den? 1. jun. 2027", "Hvem gør det? Carla Winther", "Frist: 4. dec. 2026",
    ):  # fmt: skip
        assert words in now, (words, now)
    assert visitor("emil").open(f"{page}/versioner?fra=1&til=1").words.endswith("Der er ingen forskel.")


def test_no_value_of_what_was_decided_is_left_out_of_the_difference(quiet, room, write, people, db):
    """Nor one that is kept in the minutes later on."""

    def kept(session):
        settled(session, room, people)
        return canonical(document(session, session.get(Meeting, room.meeting)))

    before = write(kept)
    other = {"perspective": "emergens", "further": ["emergens"], "due": "2027-01-01", "review": "2027-01-01"}
    rows = json.loads(before)["open"]["items"][0]["decisions"]
    assert [row["kind"] for row in rows] == ["decision", "follow_up"]
    for at, row in enumerate(rows):
        for key in row.keys() - {"kind"}:
            changed = json.loads(before)
            changed["open"]["items"][0]["decisions"][at][key] = other.get(key, "noget andet")
            found = differences(db, MinutesVersion(content=before), MinutesVersion(content=canonical(changed)))
            assert [str(one.field) for one in found] == ["Beslutninger"], (row["kind"], key)


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
