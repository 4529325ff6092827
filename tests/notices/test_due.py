"""Nothing is forgotten: what waits for somebody comes by itself on its day, also when whoever had it has left."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from med import clock, demo
from med.access import SeatRole
from med.competence_compass.models import Citizen
from med.competence_compass.queries.citizens import my_citizens
from med.decisions.access import left_behind
from med.decisions.actions import move_follow_up
from med.decisions.forms import FollowUpStateForm
from med.decisions.models import FollowUp, FollowUpState
from med.meetings.models import Item, Meeting, Minutes, MinutesState, Outcome, Proposal, ProposalState, State
from med.notices.composing.lines import lines_of
from med.notices.models import Notice
from med.notices.planning.workplace import look_around
from med.organisation.models import Committee, Employment, Grant, GrantKind, Person, Seat
from med.organisation.queries import viewer_of
from med.slices import waiting_for
from tests.meetings.rooms import held_meeting, make_meeting
from tests.notices.happenings import House

TODAY = date(2026, 11, 21)
YESTERDAY = TODAY - timedelta(days=1)
RUN_IT = ("anna", "bo", "emil")  # the chairs of MED-ledelsen and its secretary


@pytest.fixture
def house(database, tmp_path) -> House:
    made = House(database, tmp_path)
    made.begin()
    return made


def leaves(house: House, handle: str) -> None:
    mine = Employment.person_id == house.ids[handle]
    house.do(lambda db: db.execute(update(Employment).where(mine).values(ends=TODAY - timedelta(days=1))))


def waits(house: House, handle: str) -> list[str]:
    with house.database.reading() as db:
        return [str(thing.title) for thing in waiting_for(db, house.viewer(db, handle))]


def told(house: House, handle: str, key: str) -> int:
    """How often somebody was told of something, by the beginning of the notice's key."""
    mine = Notice.person_id == house.ids[handle]
    return len(house.ask(select(Notice.id).where(mine, Notice.key.startswith(f"{key}:"))))


def days(house: House, handle: str, key: str, *, until: int) -> list[int]:
    """The days from now on which they are."""
    times = [0]
    for day in range(until + 1):
        with clock.at(demo.NOW + timedelta(days=day)):
            house.tick()
        times.append(told(house, handle, key))
    return [day for day in range(until + 1) if times[day + 1] > times[day]]


# --- what somebody left -----------------------------------------------------------------------------------------------


def test_what_somebody_left_waits_for_those_who_run_the_committee_until_another_has_it(house):
    task = house.give_task("carla", due=TODAY + timedelta(days=4))
    settled = house.decide(responsible_id=house.ids["carla"], due=TODAY + timedelta(days=4))
    house.decide("lyset slukkes", responsible_id=house.ids["carla"], due=TODAY - timedelta(days=370))
    leaves(house, "carla")
    due = f"task_due:{task}"
    assert days(house, "anna", due, until=11) == [1, 4, 11]
    for handle in RUN_IT:
        assert told(house, handle, due) == told(house, handle, f"decision_due:{settled}") == 3, handle
        assert "Find en ny ansvarlig: Bestille kaffe" in waits(house, handle), handle
        assert "Find en ny ansvarlig: Kaffen er gratis" in waits(house, handle), handle
        assert not [one for one in waits(house, handle) if "Lyset slukkes" in one], "nobody has looked for a year"
    assert told(house, "gunnar", due) == told(house, "carla", due) == 0
    assert not [one for one in waits(house, "gunnar") if "Kaffen er gratis" in one or "Bestille kaffe" in one]
    with clock.at(demo.NOW + timedelta(days=12)):
        assert any("Find en ny ansvarlig: Bestille kaffe" in letter.text for letter in house.letters("anna"))
        form = FollowUpStateForm(state=FollowUpState.OPEN, due=TODAY + timedelta(days=20), owner="gunnar", version=1)
        house.do(lambda db: move_follow_up(db, house.viewer(db, "anna"), db.get_one(FollowUp, task), form))
        house.tick()
    assert told(house, "gunnar", f"task_given:{task}") == 1
    assert "Find en ny ansvarlig: Bestille kaffe" not in waits(house, "anna")
    with clock.at(demo.NOW + timedelta(days=20)):
        house.tick()
    assert told(house, "gunnar", due) == 1
    assert told(house, "anna", due) == 3


def test_a_closed_task_of_somebody_who_left_the_committee_is_not_forgotten_either(house):
    task = house.give_task("gunnar", is_open=False, due=TODAY + timedelta(days=1), text="Fortroligt")
    mine = Seat.person_id == house.ids["gunnar"]
    house.do(lambda db: db.execute(update(Seat).where(mine).values(ends=TODAY - timedelta(days=1))))
    with clock.at(demo.NOW + timedelta(days=1)):
        house.tick()
        assert "Find en ny ansvarlig: Fortroligt" in waits(house, "emil")
    assert [told(house, one, f"task_due:{task}") for one in ("gunnar", *RUN_IT)] == [0, 1, 1, 1]


def ends(house: House, *keys: str) -> None:
    """Committees had their last day yesterday, and with them their seats and secretaries."""

    def work(db):
        over = select(Committee.id).where(Committee.key.in_(keys))
        for kind, mine in ((Committee, Committee.key.in_(keys)), (Seat, Seat.committee_id.in_(over))):
            db.execute(update(kind).where(mine).values(ends=YESTERDAY))
        db.execute(update(Grant).where(Grant.kind == GrantKind.SECRETARY).values(ends=YESTERDAY))

    house.do(work)


def test_what_an_ended_committee_left_open_waits_for_the_one_above_it(house):
    tomorrow = TODAY + timedelta(days=1)
    settled = house.decide(responsible_id=house.ids["carla"], due=tomorrow)
    task = house.give_task("carla", due=tomorrow, decision_id=settled)
    looked_back = house.decide("lyset slukkes", review=tomorrow)
    hidden = house.decide("en sag om en person", is_open=False, review=tomorrow, responsible_id=house.ids["carla"])
    keys = [f"task_due:{task}", f"decision_due:{settled}", f"review_due:{looked_back}", f"review_due:{hidden}"]
    wanted = {
        "Find en ny ansvarlig: Bestille kaffe",
        "Find en ny ansvarlig: Kaffen er gratis",
        "Se tilbage på beslutningen: Lyset slukkes",
    }
    leaves(house, "carla")
    ends(house, "med-aabrinken")
    with clock.at(demo.NOW + timedelta(days=1)):
        house.tick()
        for handle in ("dorte", "susanne"):
            assert [told(house, handle, key) for key in keys] == [1, 1, 1, 0], handle
            assert wanted <= set(waits(house, handle)) and not [one for one in waits(house, handle) if "person" in one]
        for handle in ("anna", "bo", "emil"):
            assert [told(house, handle, key) for key in keys] == [0, 0, 0, 0], handle
            assert not wanted & set(waits(house, handle)), handle
    with clock.at(demo.NOW + timedelta(days=2)):
        house.tick()
        text = "".join(letter.text for letter in house.letters("dorte"))
        assert all(one in text for one in wanted), text
        # As far up as there is anybody, and no further.
        ends(house, "centermed-job")
        assert not wanted & set(waits(house, "dorte"))
        top = house.committees["hovedudvalget"]
        seats = select(Person.handle).join(Seat).where(Seat.committee_id == top, Seat.role == SeatRole.CHAIR)
        (chair, *_), *_ = house.ask(seats.where(Seat.ends.is_(None)))
        assert wanted <= set(waits(house, chair))


def test_who_left_what_is_asked_alike_for_one_and_for_all(house):
    house.give_task("karl", is_open=False)
    house.give_task("gunnar", is_open=False)
    house.give_task("carla")
    house.give_task("freja")
    leaves(house, "carla")
    with house.database.reading() as db:
        workplace = look_around(db)
        columns = (FollowUp.owner_id, FollowUp.committee_id, FollowUp.is_open)
        rows = db.execute(select(left_behind(FollowUp, TODAY), *columns)).all()
    assert {bool(left) for left, *_ in rows} == {True, False}
    assert all(bool(left) is not workplace.may_read(*row) for left, *row in rows)


# --- meetings ---------------------------------------------------------------------------------------------------------


def test_an_agenda_is_asked_for_until_it_is_approved(house):
    def plan(db):
        start = demo.NOW + timedelta(days=20)
        due = TODAY + timedelta(days=13)
        return make_meeting(db, state=State.PLANNED, start=start, agenda_due=due, agenda_chair_at=clock.now()).id

    meeting = house.do(plan)
    assert days(house, "bo", f"agenda_due:{meeting}", until=18) == [10, 13]
    assert told(house, "anna", f"agenda_due:{meeting}") == 0  # has said yes
    with clock.at(demo.NOW + timedelta(days=19)):
        letters = house.letters("bo")
        assert any("Godkend dagsordenen til MED-ledelsen, november" in letter.text for letter in letters)
        house.do(lambda db: db.execute(update(Meeting).where(Meeting.id == meeting).values(state=State.AGENDA_SENT)))
        with house.database.reading() as db:
            notices = db.scalars(select(Notice).where(Notice.thing == "agenda", Notice.thing_id == meeting)).all()
            assert {line.is_current for line in lines_of(db, house.viewer(db, "bo"), notices)} == {False}


@pytest.mark.parametrize("taker", ["gunnar", None, "carla"])
def test_minutes_nobody_writes_are_asked_for_and_then_the_chairs_hear(house, taker):
    leaves(house, "carla")  # and the secretary writes them
    due, out = TODAY + timedelta(days=2), TODAY + timedelta(days=5)
    who = {"minute_taker_id": house.ids[taker] if taker else None}
    minutes = house.do(lambda db: held_meeting(db, minutes_draft_due=due, minutes_out_due=out, **who).minutes.id)
    writer = "gunnar" if taker == "gunnar" else "emil"
    assert days(house, writer, f"draft_due:{minutes}", until=5) == [2]
    assert told(house, "anna", f"minutes_out:{minutes}") == 0
    assert days(house, "anna", f"minutes_out:{minutes}", until=9) == [6]
    assert told(house, "bo", f"minutes_out:{minutes}") == 1
    assert told(house, writer, f"draft_due:{minutes}") == 2  # again after a week
    with clock.at(demo.NOW + timedelta(days=9)):
        for handle in (writer, "anna", "bo"):
            assert "Skriv referatet færdigt: MED-ledelsen, november" in waits(house, handle), handle
        house.do(lambda db: db.execute(update(Minutes).values(state=MinutesState.IN_REVIEW)))
        assert "Skriv referatet færdigt: MED-ledelsen, november" not in waits(house, writer)


@pytest.mark.parametrize("is_open", [True, False])
def test_a_hearing_that_is_over_is_told_the_chairs_once(house, is_open):
    def hear(db):
        until = TODAY + timedelta(days=3)
        own = {"title": "Ny lønmodel", "outcome": Outcome.HEARING, "hearing_until": until, "is_open": is_open}
        meeting = held_meeting(db, own)
        return db.scalars(select(Item.id).where(Item.meeting_id == meeting.id)).one()

    item = house.do(hear)
    key = f"hearing_over:{item}"
    assert days(house, "anna", key, until=20) == [4]
    assert [told(house, one, key) for one in ("bo", "gunnar", "carla")] == [1, 0, 0]
    with clock.at(demo.NOW + timedelta(days=20)):
        said = "".join(letter.text for letter in house.letters("bo"))
    assert ("Høringen er slut: Ny lønmodel" in said) is is_open
    assert ("En høring om et lukket punkt er slut" in said) is not is_open
    assert is_open or "lønmodel" not in said


# --- the outcome of a point -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", ["", "item", "origin"])
def test_who_raised_a_point_hears_when_the_minutes_say_how_it_ended(house, hidden):
    def treat(db):
        closed = {"title": "Lukket", "is_open": False}
        meeting = held_meeting(db, {"title": "Mere luft", "is_open": hidden != "item"}, closed)
        items = {one.title: one for one in db.scalars(select(Item).where(Item.meeting_id == meeting.id))}
        items["Mere luft"].outcome = Outcome.DISCUSSED
        for raiser in ("julie", "gunnar"):
            db.add(
                Proposal(
                    uid=f"raised-{raiser}",
                    committee_id=meeting.committee_id,
                    title="Mere luft i kalenderen",
                    raised_by_id=house.ids[raiser],
                    raised_at=clock.now(),
                    state=ProposalState.ACCEPTED,
                    answered_at=clock.now(),
                    item_id=items["Mere luft"].id,
                    from_item_id=items["Lukket"].id if hidden == "origin" else None,
                )
            )
        meeting.minutes.state = MinutesState.APPROVED
        meeting.minutes.chairs_approved_at = clock.now()
        meeting.minutes.sha256 = "0" * 64
        return meeting.minutes.id

    minutes = house.do(treat)
    house.happens("minutes.approved", Minutes, minutes)
    house.tick()
    assert house.told("gunnar") == [("minutes_approved", "daily")]  # was there
    assert house.told("julie") == ([] if hidden else [("point_answered", "daily")])
    if not hidden:
        with clock.at(demo.NOW + timedelta(days=1)):
            house.tick()
            [letter] = house.letters("julie")
        assert "»Mere luft i kalenderen«" in letter.text and "Behandlet: Drøftet" in letter.text


# --- assessments ------------------------------------------------------------------------------------------------------


def test_a_contact_person_hears_when_it_is_time_to_take_stock_and_the_mail_names_nobody(house):
    with house.database.reading() as db:
        mine = [row for row in my_citizens(db, house.viewer(db, "freja")) if row.due and row.role == "contact"]
        pseudonyms = db.scalars(select(Citizen.pseudonym)).all()
    soonest = min(row.due for row in mine if row.due > TODAY + timedelta(days=4))
    before = soonest - timedelta(days=3) - TODAY
    row = next(one for one in mine if one.due == soonest)
    with clock.at(demo.NOW + before - timedelta(days=1)):
        house.tick()
    kept = [one.key for one in house.ask(select(Notice.key).where(Notice.thing == "citizen"))]
    assert f"assessment_due:{row.id}:{soonest}:soon" not in kept
    for later, stage in ((0, "soon"), (3, "due"), (10, "late1"), (11, "late1")):
        with clock.at(demo.NOW + before + timedelta(days=later)):
            house.tick()
        about = Notice.thing == "citizen", Notice.thing_id == row.id
        kept = house.ask(select(Notice.key, Notice.person_id).where(*about).order_by(Notice.id))
        assert (kept[-1].key, kept[-1].person_id) == (f"assessment_due:{row.id}:{soonest}:{stage}", house.ids["freja"])
    assert len(kept) == 3
    with clock.at(demo.NOW + before + timedelta(days=11)):
        letters = house.letters("freja")
    assert any("Tag en måling med en borger" in letter.text for letter in letters)
    said = "".join(letter.subject + letter.text + letter.html for letter in letters)
    assert "lukket punkt" not in said
    assert [one for one in pseudonyms if one in said] == []


def test_on_the_page_the_citizen_is_named_as_on_the_list(house, visitor):
    with clock.at(demo.NOW + timedelta(days=60)):
        house.tick()
        page = visitor("freja").open("/nyt")
        with house.database.reading() as db:
            listed = [one for one in waiting_for(db, house.viewer(db, "freja")) if one.kind == "compass.due"]
            due = [str(one.title) for one in listed if one.due <= clock.today()]
    assert due and all(one in page.words for one in due)
    assert "Lukket punkt" not in page.words


# --- the two lists ----------------------------------------------------------------------------------------------------

REMINDED = {"decision.due", "decision.review", "follow_up.due", "agenda", "minutes_draft", "compass.due"}


def test_what_is_due_on_the_list_has_been_told(house):
    house.give_task("carla", due=TODAY + timedelta(days=4))
    house.decide(responsible_id=house.ids["carla"], due=TODAY + timedelta(days=4), review=TODAY + timedelta(days=6))
    due = {"minutes_draft_due": TODAY + timedelta(days=2), "minutes_out_due": TODAY + timedelta(days=5)}
    house.do(lambda db: held_meeting(db, **due))
    start = demo.NOW + timedelta(days=35)
    house.do(lambda db: make_meeting(db, state=State.PLANNED, start=start, agenda_due=TODAY + timedelta(days=7)))
    leaves(house, "carla")
    compared = set()
    with clock.at(demo.NOW + timedelta(days=21)):
        house.tick()
        with house.database.reading() as db:
            for person in db.scalars(select(Person).where(Person.is_active)).all():
                viewer = viewer_of(db, person)
                notices = db.scalars(select(Notice).where(Notice.person_id == person.id)).all()
                hrefs = {line.href for line in lines_of(db, viewer, notices) if line.is_reminder and line.is_current}
                for thing in waiting_for(db, viewer):
                    if thing.kind in REMINDED and thing.due and TODAY < thing.due <= clock.today():
                        assert thing.href.partition("#")[0] in hrefs, (person.handle, thing)
                        compared.add(thing.kind)
    assert compared == REMINDED
