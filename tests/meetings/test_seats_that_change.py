"""Somebody comes, goes or changes role between the day a meeting is planned and the day it is held."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from med import clock
from med.access import SeatRole, Side
from med.meetings.actions.attendance import reply_to_meeting
from med.meetings.actions.minuting import open_meeting
from med.meetings.actions.planning import approve_agenda
from med.meetings.forms.planning import ApproveAgenda, ReplyToMeeting
from med.meetings.jobs import keep_invitations, out_of_step
from med.meetings.models import Kind, Meeting, Part, Reply, State
from med.meetings.waiting import agendas
from med.organisation.actions.seats import end_seat, give_seat, move_seat
from med.organisation.forms import EndSeatForm, MoveSeatForm, SeatForm
from med.organisation.models import Committee, Person, Seat
from med.slices import Office
from tests.meetings.conftest import viewer

DECEMBER = datetime(2026, 12, 2, 9, tzinfo=UTC)


def seat_of(db, handle):
    return db.scalars(
        select(Seat)
        .join(Person, Person.id == Seat.person_id)
        .join(Committee, Committee.id == Seat.committee_id)
        .where(Person.handle == handle, Committee.key == "med-aabrinken", Seat.ends.is_(None))
    ).one()


@pytest.fixture
def seats(write, committee_id):
    """`seats.comes("carla")`, `seats.goes("gunnar")`, `seats.becomes("lise", role)`: from 1 December."""

    class Seats:
        def comes(self, handle, role=SeatRole.MEMBER, **more):
            form = SeatForm(person=handle, role=role, side=Side.EMPLOYEE, starts=date(2026, 11, 21), **more)
            found = committee_id("med-aabrinken")
            return write(lambda db: give_seat(db, viewer(db, "emil"), db.get(Committee, found), form).person_id)

        def goes(self, handle, last=date(2026, 11, 30)):
            write(lambda db: end_seat(db, viewer(db, "emil"), seat_of(db, handle), EndSeatForm(ends=last)).id)

        def becomes(self, handle, role, side, starts=date(2026, 12, 1)):
            form = MoveSeatForm(role=role, side=side, starts=starts, succeed=True)
            write(lambda db: move_seat(db, viewer(db, "emil"), seat_of(db, handle), form).id)

    return Seats()


@pytest.fixture
def night(app, database):
    """What the clock does about it; gives whether anything is left to do."""

    def passes():
        keep_invitations(Office(database, app.state.desk.settings))
        with database.reading() as db:
            return out_of_step(db)

    return passes


def who(meeting):
    return {one.person.handle: one for one in meeting.attendances}


def approve(write, handle, number):
    write(lambda db: approve_agenda(db, viewer(db, handle), db.get(Meeting, number), ApproveAgenda()).id)


def test_a_member_who_becomes_chair_must_approve_the_agenda(plan, item, seats, write, look):
    number = plan()
    item(number, "Nøgler")
    seats.becomes("lise", SeatRole.CHAIR, Side.MANAGEMENT)
    with clock.at(DECEMBER):
        approve(write, "bo", number)
        assert look(Meeting, number).state is State.PLANNED
        approve(write, "lise", number)
    meeting = look(Meeting, number)
    assert meeting.state is State.AGENDA_SENT
    assert who(meeting)["lise"].role is SeatRole.CHAIR
    assert "anna" not in who(meeting)  # her seat ended with it


def test_who_comes_after_the_agenda_went_out_is_on_the_list_when_it_begins(plan, item, send_agenda, seats, write, look):
    number = plan()
    item(number, "Nøgler")
    send_agenda(number)
    seats.comes("carla")
    seats.goes("gunnar")
    with clock.at(datetime(2026, 12, 9, 8, tzinfo=UTC)):
        write(lambda db: open_meeting(db, viewer(db, "anna"), db.get(Meeting, number)).id)
    there = who(look(Meeting, number))
    assert (there["carla"].part, there["carla"].side) == (Part.MEMBER, Side.EMPLOYEE)
    assert "gunnar" not in there


@pytest.mark.parametrize("kind", [Kind.ORDINARY, Kind.WITHOUT_AGENDA])
def test_invitations_follow_the_seats_by_themselves(plan, seats, visitor, look, night, kind):
    number = plan(kind=kind)
    assert number not in night()
    visitor("bo").open(f"/moeder/{number}").form("Jeg kommer").send()
    visitor("julie").open(f"/moeder/{number}").form("Tilmeld mig").send()
    seats.comes("carla")
    seats.goes("gunnar")
    seats.becomes("lise", SeatRole.CHAIR, Side.MANAGEMENT)
    assert number not in night()
    there = who(look(Meeting, number))
    assert (there["carla"].reply, there["bo"].reply) == (Reply.INVITED, Reply.ACCEPTED)
    assert there["julie"].part is Part.OBSERVER
    assert (there["lise"].role, "gunnar" in there, "anna" in there) == (SeatRole.CHAIR, False, False)
    assert "Kommer du" in visitor("carla").open("/").words


def test_the_demo_begins_in_step(night):
    assert night() == []


def test_a_minute_taker_who_leaves_the_committee_still_writes(plan, seats, look, night):
    number = plan(minute_taker="gunnar")
    seats.goes("gunnar")
    night()
    assert who(look(Meeting, number))["gunnar"].part is Part.GUEST


def test_an_agenda_that_waits_for_one_who_has_left_is_sent_by_the_other(plan, item, seats, visitor, write, look, night):
    number = plan()
    item(number, "Nøgler")
    waits: list[str] = []
    approve(write, "anna", number)
    seats.goes("bo")
    assert number not in night()
    with clock.at(DECEMBER):
        write(lambda db: waits.extend(one.href for one in agendas(db, viewer(db, "anna"))))
        assert f"/moeder/{number}" in waits
        assert visitor("anna").open(f"/moeder/{number}").form("Godkend dagsordenen").send().status_code == 303
    assert look(Meeting, number).state is State.AGENDA_SENT


def test_a_substitute_who_took_over_the_seat_can_be_invited_to_another_day(plan, seats, visitor, write, look):
    number = plan()
    gunnar = write(lambda db: seat_of(db, "gunnar").id)
    carla = seats.comes("carla", SeatRole.SUBSTITUTE, substitute_for=gunnar)
    declined = ReplyToMeeting(reply=Reply.DECLINED, substitute=carla)
    write(lambda db: reply_to_meeting(db, viewer(db, "gunnar"), db.get(Meeting, number), declined).id)
    seats.goes("gunnar", date(2026, 12, 10))
    seats.becomes("carla", SeatRole.MEMBER, Side.EMPLOYEE, date(2026, 12, 11))
    saved = visitor("anna").open(f"/moeder/{number}/ret").form("Gem").fill(day="2026-12-16").send()
    assert saved.status_code == 303
    there = who(look(Meeting, number))
    assert (there["carla"].part, there["carla"].stands_in_for_id) == (Part.MEMBER, None)
    assert "gunnar" not in there


def test_a_committee_does_not_end_before_its_meetings(plan, visitor, committee_id):
    plan(day=date(2027, 1, 12))
    path = f"/udvalg/{committee_id('med-aabrinken')}/ret"
    emil = visitor("emil")
    refused = emil.open(path).form("Gem").fill(ends="2027-01-11").send()
    assert "har planlagt et møde tirsdag den 12. januar 2027" in refused.errors()["ends"]
    assert emil.open(path).form("Gem").fill(ends="2027-01-12").send().status_code == 303
