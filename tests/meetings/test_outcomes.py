"""How items end, and that an outcome is not done before its consequence is."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from med import clock
from med.meetings.models import (
    Consensus,
    Item,
    Meeting,
    Minutes,
    MinutesState,
    Outcome,
    Proposal,
    ProposalState,
    Purpose,
    Standing,
    State,
)
from tests.meetings.rooms import held_meeting, make_meeting


@pytest.fixture
def meeting_id(write):
    return write(
        lambda db: (
            make_meeting(
                db,
                {"title": "Status på økonomien", "purpose": Purpose.INFO},
                "Vagtplan",
                "Pauserum",
                state=State.IN_PROGRESS,
            ).id
        )
    )


@pytest.fixture
def end(visitor, db, meeting_id):
    """`end(2, outcome="discussed", …)`: the secretary fills in how item 2 ended; gives the answer."""
    emil = visitor("emil")

    def settle(position, **values):
        item = item_at(db, meeting_id, position)
        page = emil.open(f"/moeder/{meeting_id}/lokale?punkt={item.id}")
        return page.form(action="/udfald").fill(**values).send()

    return settle


def item_at(db, meeting_id, position):
    db.rollback()
    return db.scalar(select(Item).where(Item.meeting_id == meeting_id, Item.position == position))


def test_outcome_and_consensus_are_two_fields(end, db, meeting_id):
    assert end(2, outcome="discussed", consensus="agreed").status_code == 303
    item = item_at(db, meeting_id, 2)
    assert (item.outcome, item.consensus) == (Outcome.DISCUSSED, Consensus.AGREED)
    assert item.discussed is not None


def test_talk_needs_a_word_on_consensus(end):
    answer = end(2, outcome="discussed")
    assert answer.status_code == 422
    assert answer.errors() == {"consensus": "Fejl: Vælg, om der var enighed."}


def test_disagreement_needs_what_each_side_says(end, db, meeting_id):
    refused = end(2, outcome="decided", consensus="disagreed", statement_employees="Vi vil have en prøveperiode.")
    assert refused.status_code == 422
    assert refused.errors() == {"statement_management": "Fejl: Skriv, hvad siden mener, når der er uenighed."}
    assert "Vi vil have en prøveperiode." in refused.text
    done = end(
        2,
        outcome="decided",
        consensus="disagreed",
        statement_employees="Vi vil have en prøveperiode.",
        statement_management="Vi sætter den i gang nu.",
    )
    assert done.status_code == 303
    assert item_at(db, meeting_id, 2).statement_management == "Vi sætter den i gang nu."


def test_all_that_is_missing_is_said_at_once_where_it_is_written(end):
    refused = end(2, outcome="sent_on", consensus="disagreed")
    assert set(refused.errors()) == {"statement_management", "statement_employees", "sent_to"}
    assert len(refused.tree.xpath("//section[@id='udfald']//details[@open]")) == 2
    refused = end(2, outcome="sent_on")
    assert "Vælg, om der var enighed." in refused.errors()["consensus"]
    assert set(refused.errors()) == {"consensus", "sent_to"}


@pytest.mark.parametrize("outcome", ["decided", "discussed", "hearing"])
def test_a_piece_of_news_is_noted_and_never_decided(visitor, db, meeting_id, outcome):
    item = item_at(db, meeting_id, 1)
    emil = visitor("emil")
    page = emil.open(f"/moeder/{meeting_id}/lokale?punkt={item.id}")
    assert not page.tree.xpath(f"//input[@name='outcome'][@value='{outcome}']")
    path = f"/moeder/{meeting_id}/punkter/{item.id}/udfald"
    answer = emil.submit(path, outcome=outcome, consensus="not_applicable", version="1", hearing_until="2027-01-01")
    assert answer.status_code == 422
    assert "En orientering kan tages til efterretning" in answer.words


def test_what_a_side_wants_discussed_is_made_a_discussion(visitor, db, write, meeting_id, people):
    """News that one side wants to discuss: the room says how, and leads there whoever may change the item."""
    item = item_at(db, meeting_id, 1).id
    write(lambda db: setattr(db.get_one(Meeting, meeting_id), "minute_taker_id", people.carla))
    room, change = f"/moeder/{meeting_id}/lokale?punkt={item}", f"/moeder/{meeting_id}/punkter/{item}/ret"
    for handle, may in (("bo", True), ("carla", False)):
        page = visitor(handle).open(room)
        assert "Vil en af siderne drøfte orienteringen" in page.words
        assert (change in page.links()) is may, handle
    assert visitor("bo").open(change).form("Gem").fill(purpose="discuss").send().status_code == 303
    page = visitor("emil").open(room)
    assert page.tree.xpath("//input[@name='outcome'][@value='discussed']")
    assert "Vil en af siderne drøfte orienteringen" not in page.words


def test_a_piece_of_news_is_never_agreed(end, visitor, db, meeting_id):
    assert "ikke noget at være enige om" in end(1, outcome="noted", consensus="agreed").words
    assert end(1, outcome="noted").status_code == 303
    page = visitor("emil").open(f"/moeder/{meeting_id}/lokale?punkt={item_at(db, meeting_id, 1).id}")
    assert page.tree.xpath("//input[@name='consensus']/@value") == ["disagreed", "not_applicable"]
    assert item_at(db, meeting_id, 1).consensus is Consensus.NOT_APPLICABLE


def test_a_hearing_needs_a_day_to_come(end):
    assert "hvornår høringen slutter" in end(2, outcome="hearing", consensus="agreed").words
    early = end(2, outcome="hearing", consensus="agreed", hearing_until="2026-01-01")
    assert early.status_code == 422
    assert end(2, outcome="hearing", consensus="agreed", hearing_until="2026-12-24").status_code == 303


def test_what_is_settled_days_later_was_talked_about_at_the_meeting(visitor, db, write, meeting_id):
    """Else a matter decided the day after would be called decided before it was discussed."""

    def planned(session):
        item_at(session, meeting_id, 3).decision_planned = clock.today() + timedelta(days=1)

    def end(position, **values):
        page = visitor("emil").open(f"/moeder/{meeting_id}/lokale?punkt={item_at(db, meeting_id, position).id}")
        return page.form(action="/udfald").fill(**values).send()

    write(planned)
    day = clock.today()
    assert end(2, outcome="hearing", consensus="agreed", hearing_until=day + timedelta(days=1)).status_code == 303
    with clock.at(clock.now() + timedelta(days=3)):
        assert end(3, outcome="discussed", consensus="agreed").status_code == 303
        # The hearing is over by now, and what else was settled can still be corrected.
        corrected = end(2, outcome="hearing", consensus="not_applicable", hearing_until=day + timedelta(days=1))
        assert corrected.status_code == 303
    db.rollback()
    assert item_at(db, meeting_id, 3).discussed == day
    assert not item_at(db, meeting_id, 3).decided_before_discussion


def test_sent_to_another_committee_makes_a_proposal_there(end, db, meeting_id, committee_id, visitor):
    refused = end(2, outcome="sent_on", consensus="agreed")
    assert refused.errors()["sent_to"].endswith("Vælg, hvilket udvalg punktet sendes til.")
    to = committee_id("centermed-job")
    assert end(2, outcome="sent_on", consensus="agreed", sent_to=to, why="Det gælder hele centret.").status_code == 303
    item = item_at(db, meeting_id, 2)
    proposal = db.scalar(select(Proposal).where(Proposal.from_item_id == item.id))
    assert (proposal.committee_id, proposal.title, proposal.why) == (to, "Vagtplan", "Det gælder hele centret.")
    page = visitor("emil").open(f"/moeder/{meeting_id}/lokale?punkt={item.id}")
    assert "Står som forslag hos CenterMED Job og Kompetencer: modtaget." in page.words


def test_the_own_committee_is_not_another_one(visitor, db, meeting_id, committee_id):
    item = item_at(db, meeting_id, 2)
    answer = visitor("emil").submit(
        f"/moeder/{meeting_id}/punkter/{item.id}/udfald",
        outcome="sent_on",
        consensus="agreed",
        version="1",
        sent_to=str(committee_id("med-aabrinken")),
    )
    assert answer.status_code == 422


def test_correcting_the_outcome_calls_back_what_nobody_answered(end, db, meeting_id, committee_id):
    end(2, outcome="sent_on", consensus="agreed", sent_to=committee_id("centermed-job"))
    assert end(2, outcome="discussed", consensus="agreed", sent_to="").status_code == 303
    proposal = db.scalar(select(Proposal).where(Proposal.from_item_id == item_at(db, meeting_id, 2).id))
    assert proposal.state is ProposalState.WITHDRAWN
    assert item_at(db, meeting_id, 2).sent_to_id is None


def test_what_was_answered_there_cannot_be_called_back(end, db, meeting_id, committee_id, write):
    end(2, outcome="sent_on", consensus="agreed", sent_to=committee_id("centermed-job"))
    item = item_at(db, meeting_id, 2)

    def answer(session):
        session.scalar(select(Proposal).where(Proposal.from_item_id == item.id)).state = ProposalState.ACCEPTED

    write(answer)
    refused = end(2, outcome="discussed", consensus="agreed")
    assert refused.status_code == 422
    assert "har allerede svaret" in refused.words
    assert item_at(db, meeting_id, 2).outcome is Outcome.SENT_ON


def test_a_postponed_item_comes_again_to_the_same_committee(end, db, meeting_id):
    assert end(3, outcome="postponed", why="Tiden løb ud.").status_code == 303
    item = item_at(db, meeting_id, 3)
    proposal = db.scalar(select(Proposal).where(Proposal.from_item_id == item.id))
    assert (proposal.committee_id, proposal.title) == (item.committee_id, "Pauserum")


def test_a_stale_form_is_told_and_keeps_its_words(visitor, db, meeting_id):
    item = item_at(db, meeting_id, 2)
    address = f"/moeder/{meeting_id}/lokale?punkt={item.id}"
    emil, anna = visitor("emil"), visitor("anna")
    stale = emil.open(address).form(action="/udfald")
    anna.open(address).form(action="/udfald").fill(outcome="discussed", consensus="agreed").send()
    answer = stale.fill(outcome="withdrawn", statement_employees="Vi trak det selv.").send()
    assert answer.status_code == 409
    assert "Vi trak det selv." in answer.text
    assert item_at(db, meeting_id, 2).outcome is Outcome.DISCUSSED


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": ""},
        {"outcome": "afstemning"},
        {"outcome": "discussed", "consensus": "flertal"},
        {"outcome": "hearing", "consensus": "agreed", "hearing_until": "31.02.2027"},
        {"outcome": "sent_on", "consensus": "agreed", "sent_to": "9" * 30},
        {"outcome": "noted", "statement_employees": "x" * 4001},
    ],
)
def test_wrong_values_are_told_beside_the_form(visitor, db, meeting_id, wrong):
    item = item_at(db, meeting_id, 2)
    answer = visitor("emil").submit(f"/moeder/{meeting_id}/punkter/{item.id}/udfald", version="1", **wrong)
    assert answer.status_code == 422
    assert "at rette" in answer.words
    assert item_at(db, meeting_id, 2).outcome is None


def test_a_committee_nobody_knows_is_not_found(visitor, db, meeting_id):
    item = item_at(db, meeting_id, 2)
    path = f"/moeder/{meeting_id}/punkter/{item.id}/udfald"
    answer = visitor("emil").submit(path, version="1", outcome="sent_on", consensus="agreed", sent_to="987654")
    assert answer.status_code == 404


@pytest.fixture
def adoption(write):
    """A held meeting, and the next one in progress whose first item adopts its minutes."""

    def make(db):
        last = held_meeting(db, title="Sidste møde")
        adopts = {
            "title": "Godkendelse af referat",
            "purpose": Purpose.DECIDE,
            "standing": Standing.MINUTES_ADOPTION,
            "adopts_id": last.id,
        }
        return last.id, make_meeting(db, adopts, "Siden sidst", state=State.IN_PROGRESS, title="Næste møde").id

    return write(make)


def test_minutes_are_adopted_by_the_next_meetings_first_item(adoption, visitor, db, write):
    last, following = adoption
    item = item_at(db, following, 1)
    emil = visitor("emil")
    address = f"/moeder/{following}/lokale?punkt={item.id}"
    too_early = emil.open(address).form(action="/udfald").fill(outcome="decided", consensus="agreed").send()
    assert too_early.status_code == 422
    assert "ikke godkendt det referat endnu" in too_early.words
    emil.open(f"/moeder/{last}/referat").form("Send til godkendelse").send()
    for chair in ("anna", "bo"):
        visitor(chair).open(f"/moeder/{last}/referat").form("Godkend referatet").send()
    assert (
        emil.open(address).form(action="/udfald").fill(outcome="decided", consensus="agreed").send().status_code == 303
    )
    db.rollback()
    minutes = db.scalar(select(Minutes).where(Minutes.meeting_id == last))
    assert (minutes.state, minutes.adopted_item_id) == (MinutesState.ADOPTED, item.id)
    assert minutes.adopted_at is not None
    # Corrected before this meeting's own minutes are approved: taken back.
    emil.open(address).form(action="/udfald").fill(outcome="postponed", consensus="not_applicable").send()
    db.rollback()
    minutes = db.scalar(select(Minutes).where(Minutes.meeting_id == last))
    assert (minutes.state, minutes.adopted_at) == (MinutesState.APPROVED, None)
