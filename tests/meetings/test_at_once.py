"""Two people press buttons that do not go together in the same second: one of them is told."""

from datetime import date, time

import pytest
from sqlalchemy import select

from med.errors import Invalid, NotAllowed
from med.meetings.actions.agenda import add_item, move_item
from med.meetings.actions.minuting import close_meeting, open_meeting
from med.meetings.actions.outcomes import settle_item
from med.meetings.actions.planning import cancel_meeting, change_meeting
from med.meetings.actions.proposals import answer_proposal, raise_point
from med.meetings.forms.agenda import ItemForm, Move
from med.meetings.forms.minuting import Settled
from med.meetings.forms.planning import CancelMeeting, ChangeMeeting
from med.meetings.forms.proposals import Answer, AnswerProposal, RaisePoint
from med.meetings.models import Consensus, Meeting, Outcome, Proposal, ProposalState, State
from med.organisation.models import Committee
from tests.meetings.conftest import viewer
from tests.meetings.crossing import crossing


@pytest.fixture
def sent(plan, item, send_agenda):
    number = plan(standing=False)
    item(number, "Nøgler")
    item(number, "Cykler")
    send_agenda(number)
    return number


def opens(number):
    return lambda db: open_meeting(db, viewer(db, "anna"), db.get(Meeting, number))


def test_a_meeting_that_begins_is_not_cancelled(sent, database, look):
    def cancels(db):
        cancel_meeting(db, viewer(db, "bo"), db.get(Meeting, sent), CancelMeeting(reason="For mange er syge"))

    assert isinstance(crossing(database, opens(sent), cancels), NotAllowed)
    meeting = look(Meeting, sent)
    assert (meeting.state, meeting.cancelled_reason) == (State.IN_PROGRESS, "")


def test_a_meeting_that_begins_is_not_moved(sent, database, look):
    form = ChangeMeeting(day=date(2026, 12, 16), starts=time(9), ends=time(11), version=look(Meeting, sent).version)
    refused = crossing(
        database, opens(sent), lambda db: change_meeting(db, viewer(db, "bo"), db.get(Meeting, sent), form)
    )
    assert refused is not None
    assert look(Meeting, sent).starts_at.day == 9


def test_cancelled_twice_it_is_told_once(sent, database, look):
    def cancels(handle):
        return lambda db: cancel_meeting(db, viewer(db, handle), db.get(Meeting, sent), CancelMeeting(reason="Sygdom"))

    assert isinstance(crossing(database, cancels("anna"), cancels("bo")), NotAllowed)
    assert look(Meeting, sent).sequence == 1


@pytest.mark.parametrize("how", ["adds", "moves"])
def test_the_agenda_of_a_meeting_that_is_closed_stands(sent, database, look, write, how):
    def settle(db):
        open_meeting(db, viewer(db, "anna"), db.get(Meeting, sent))
        for one in db.get(Meeting, sent).items:
            one.outcome, one.consensus = Outcome.NOTED, Consensus.NOT_APPLICABLE

    def changes(db):
        meeting, bo = db.get(Meeting, sent), viewer(db, "bo")
        if how == "adds":
            add_item(db, bo, meeting, ItemForm(title="Sent"))
        else:
            move_item(db, bo, meeting, Move(item=meeting.items[1].id, to=0))

    write(settle)
    refused = crossing(database, lambda db: close_meeting(db, viewer(db, "anna"), db.get(Meeting, sent)), changes)
    assert isinstance(refused, NotAllowed)
    assert [one.title for one in look(Meeting, sent).items] == ["Nøgler", "Cykler"]


def declines(number, by):
    form = AnswerProposal(answer=Answer.DECLINE, reason="Vi har talt om det")
    return lambda db: answer_proposal(db, viewer(db, by), db.get(Proposal, number), form)


def test_what_was_sent_on_is_not_called_back_while_it_is_answered(sent, database, db, write, committee_id):
    def settle(session, outcome, to=None):
        item = session.get(Meeting, sent).items[0]
        form = Settled(outcome=outcome, consensus=Consensus.AGREED, sent_to=to, version=item.version)
        return settle_item(session, viewer(session, "anna"), item, form).id

    write(opens(sent))
    item = write(lambda session: settle(session, Outcome.SENT_ON, committee_id("centermed-job")))
    db.rollback()
    proposal = db.scalar(select(Proposal.id).where(Proposal.from_item_id == item))
    refused = crossing(database, declines(proposal, "dorte"), lambda session: settle(session, Outcome.DISCUSSED))
    assert isinstance(refused, Invalid)
    db.rollback()
    assert db.get(Proposal, proposal).state is ProposalState.DECLINED


def test_an_answer_stands_although_the_meeting_is_cancelled(sent, database, db, write, committee_id):
    def raises(session):
        found = session.get(Committee, committee_id("med-aabrinken"))
        meeting = session.get(Meeting, sent)
        form = RaisePoint(title="Cykelskuret", why="", committee=found.id)
        made = raise_point(session, viewer(session, "carla"), found, form, meeting=meeting)
        move = AnswerProposal(answer=Answer.MOVE, reason="Til næste møde", meeting=sent)
        return answer_proposal(session, viewer(session, "anna"), made, move, meeting=meeting).id

    def cancels(session):
        cancel_meeting(session, viewer(session, "bo"), session.get(Meeting, sent), CancelMeeting(reason="Sygdom"))

    proposal = write(raises)
    assert crossing(database, declines(proposal, "anna"), cancels) is None
    db.rollback()
    assert db.get(Proposal, proposal).state is ProposalState.DECLINED
