"""Who hears of what, and who does not; each thing once, whoever plans and however often."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from med import clock, demo
from med.access import SeatRole
from med.decisions.access import published_decisions, visible_follow_ups
from med.decisions.actions import hand_over_decision
from med.decisions.forms import HandOverForm
from med.decisions.models import Decision, FollowUp, FollowUpState
from med.meetings.actions.proposals import answer_proposal, raise_point, receive_sent_on
from med.meetings.forms.proposals import Answer, AnswerProposal, RaisePoint
from med.meetings.models import Attendance, Meeting, Minutes, MinutesState, Part, Proposal, Reply
from med.notices import digests, planning
from med.notices.models import Channel, How, Message, Notice, Outlet, OutletKind, ReadMark, Topic
from med.notices.planning import calendar
from med.notices.planning.workplace import look_around
from med.organisation.models import Committee, Employment, Person, Seat
from med.organisation.queries import viewer_of
from med.perspectives.models import Perspective
from tests.meetings.rooms import held_meeting
from tests.notices.happenings import House, next_meeting

TODAY = date(2026, 11, 21)


@pytest.fixture
def house(database, tmp_path) -> House:
    made = House(database, tmp_path)
    made.begin()
    return made


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_decision_reaches_its_followers_and_the_committee_and_nobody_else(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.follow("julie", Topic.PERSPECTIVE, "emergens", How.AT_ONCE)
    house.follow("dorte", Topic.PERSPECTIVE, "compliance")
    house.decide(further=(Perspective.EMERGENS,))
    house.tick()
    assert house.told("carla") == [("decision_published", "daily")]
    assert house.told("julie") == [("decision_published", "at_once")]  # by a further perspective
    assert house.told("gunnar") == [("decision_published", "weekly")]  # a member hears by default
    assert house.told("anna") == []  # her own act
    assert [house.told(one) for one in ("dorte", "hanne", "karl", "ivan")] == [[], [], [], []]


def test_of_a_closed_item_only_those_inside_hear(house):
    for handle in ("carla", "rasmus", "karl"):
        house.follow(handle, Topic.COMMITTEE, house.committees["med-aabrinken"])
        house.follow(handle, Topic.PERSPECTIVE, "resiliens")
    house.decide(is_open=False)
    house.tick()
    assert [house.told(one) for one in ("carla", "rasmus", "karl")] == [[], [], []]  # rasmus is a substitute
    assert house.told("bo") == house.told("emil") == [("decision_published", "weekly")]


def test_the_loudest_wish_counts_and_never_means_never(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"], How.WEEKLY)
    house.follow("carla", Topic.PERSPECTIVE, "resiliens", How.AT_ONCE)
    house.follow("gunnar", Topic.COMMITTEE, house.committees["med-aabrinken"], How.NEVER)
    house.decide()
    house.tick()
    assert house.told("carla") == [("decision_published", "at_once")]
    assert house.told("gunnar") == []


def test_whoever_is_responsible_hears_of_it_the_same_day(house):
    house.decide(responsible_id=house.ids["carla"])
    house.tick()
    assert house.told("carla") == [("decision_published", "daily")]


def test_what_becomes_of_a_decision_is_told_those_who_follow_it(house):
    with clock.at(demo.NOW - timedelta(minutes=20)):
        old = house.decide("kaffen koster to kroner")
    house.follow("carla", Topic.DECISION, old)
    house.happens("decision.news", Decision, old)
    house.tick()
    assert house.told("carla") == [("decision_changed", "daily")]
    assert house.told("gunnar") == []  # how it goes day by day is for those who follow it
    new = house.decide("kaffen er gratis", replaces=old)
    house.tick()
    assert house.told("carla") == [("decision_changed", "daily")] * 2
    assert sorted(house.told("gunnar")) == [("decision_changed", "weekly"), ("decision_published", "weekly")]
    house.happens("decision.withdrawn", Decision, new, by=None)
    house.happens("decision.reviewed", Decision, new, by="bo")
    house.tick()
    assert house.told("carla", about=new) == []
    assert house.told("gunnar", about=new)[1:] == [("decision_changed", "weekly")] * 2


def test_whoever_gets_a_decision_to_see_to_is_told_so(house):
    with clock.at(demo.NOW - timedelta(minutes=20)):
        made = house.decide("kaffen er gratis", responsible_id=house.ids["carla"])
    house.follow("bo", Topic.DECISION, made)
    house.follow("freja", Topic.DECISION, made)
    form = HandOverForm(responsible="Freja Holst", version=2)
    house.do(lambda db: hand_over_decision(db, house.viewer(db, "anna"), db.get_one(Decision, made), form))
    house.tick()
    assert house.told("freja", about=made)[-1] == ("task_given", "daily")
    assert [kind for kind, _ in house.told("bo", about=made)] == ["decision_changed"]
    assert house.told("gunnar", about=made) == []
    with clock.at(demo.NOW + timedelta(days=2)):
        house.tick()
        letter = house.letters("freja")[-1]
    assert "Du er nu ansvarlig for beslutningen: Kaffen er gratis" in letter.text


def give(house, made, name):
    def work(db):
        decision = db.get_one(Decision, made)
        form = HandOverForm(responsible=name, version=decision.version)
        hand_over_decision(db, house.viewer(db, "anna"), decision, form)

    house.do(work)


def test_of_several_who_get_a_decision_one_after_another_the_last_is_told_and_once(house, monkeypatch):
    with clock.at(demo.NOW - timedelta(minutes=20)):
        made = house.decide("kaffen er gratis", responsible_id=house.ids["carla"])

    def given():
        told = {one: house.told(one, about=made) for one in ("carla", "freja", "gunnar", "hanne")}
        return {one: n for one, its in told.items() if (n := its.count(("task_given", "daily")))}

    for name in ("Freja Holst", "Gunnar Thorsen"):
        give(house, made, name)
    house.tick()
    assert given() == {"gunnar": 1}
    with clock.at(demo.NOW + timedelta(minutes=3)):  # what was a moment ago is read once more
        give(house, made, "Freja Holst")
        house.tick()
    assert given() == {"gunnar": 1, "freja": 1}
    monkeypatch.setattr(planning, "ENTRIES", 1)  # also when it is read a line at a time
    with clock.at(demo.NOW + timedelta(minutes=20)):
        for name in ("Carla Winther", "Gunnar Thorsen"):
            give(house, made, name)
        house.tick()
    assert given() == {"gunnar": 2, "freja": 1}


def test_a_closed_decision_is_not_thought_of_for_somebody_who_may_not_read_it(house):
    with clock.at(demo.NOW - timedelta(minutes=20)):
        made = house.decide(is_open=False, responsible_id=house.ids["carla"])
    house.happens("decision.handed_over", Decision, made)
    house.tick()
    assert house.told("carla") == []


# --- meetings, minutes ------------------------------------------------------------------------------------------------


def test_an_agenda_reaches_the_invited_and_the_followers(house):
    meeting = next_meeting(house)
    house.follow("julie", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.do(
        lambda db: db.execute(
            update(Attendance)
            .where(Attendance.meeting_id == meeting, Attendance.person_id == house.ids["gunnar"])
            .values(reply=Reply.DECLINED)
        )
    )
    house.happens("agenda.sent", Meeting, meeting)
    house.tick()
    assert house.told("bo") == house.told("julie") == [("agenda_sent", "daily")]
    assert house.told("carla") == [("agenda_sent", "daily")]  # she signed up to listen
    assert house.told("gunnar") == [("agenda_sent", "weekly")]  # has said no; hears as a member
    assert house.told("anna") == house.told("dorte") == []


def test_a_moved_meeting_stands_on_the_page_of_the_invited_who_get_an_invitation_by_mail(house):
    meeting = next_meeting(house)
    house.happens("meeting.moved", Meeting, meeting)
    house.happens("meeting.changed", Meeting, meeting, fields=["title"])  # not worth a word
    house.happens("meeting.changed", Meeting, meeting, fields=["place"])
    house.happens("meeting.cancelled", Meeting, meeting)
    house.tick()
    assert sorted(house.told("bo")) == [("meeting_cancelled", "page")] + [("meeting_moved", "page")] * 2
    assert sorted(house.told("carla")) == [("meeting_cancelled", "daily")] + [("meeting_moved", "daily")] * 2


def test_minutes_wait_for_the_chairs_and_for_whoever_acts_for_one(house):
    meeting = next_meeting(house)

    def review(db):
        minutes = Minutes(
            meeting_id=meeting,
            committee_id=house.committees["med-aabrinken"],
            state=MinutesState.IN_REVIEW,
        )
        db.add(minutes)
        rows = db.scalars(select(Attendance).where(Attendance.meeting_id == meeting)).all()
        bo = next(row for row in rows if row.person_id == house.ids["bo"])
        bo.reply = Reply.DECLINED
        for row in rows:
            if row.person_id == house.ids["rasmus"]:
                db.delete(row)
        db.flush()
        db.add(
            Attendance(
                meeting_id=meeting,
                person_id=house.ids["rasmus"],
                part=Part.SUBSTITUTE,
                side=bo.side,
                role=SeatRole.SUBSTITUTE,
                stands_in_for_id=bo.id,
                reply=Reply.ACCEPTED,
            )
        )
        db.flush()
        return minutes.id

    minutes = house.do(review)
    house.happens("minutes.sent_to_review", Minutes, minutes, by="emil")
    house.tick()
    for handle in ("anna", "bo", "rasmus"):
        assert house.told(handle) == [("minutes_to_approve", "daily")], handle
    assert house.told("gunnar") == house.told("emil") == []


# --- points, tasks ----------------------------------------------------------------------------------------------------


def test_a_raised_point_reaches_the_chairs_and_its_answer_the_one_who_raised_it(house):
    def raise_it(db):
        committee = db.get_one(Committee, house.committees["med-aabrinken"])
        return raise_point(
            db, house.viewer(db, "carla"), committee, RaisePoint(committee=committee.id, title="Kaffe")
        ).id

    point = house.do(raise_it)
    house.tick()
    for handle in ("anna", "bo", "emil"):
        assert house.told(handle) == [("point_raised", "daily")], handle
    assert house.told("carla") == house.told("gunnar") == []
    form = AnswerProposal(answer=Answer.DECLINE, reason="Kaffe er taget op.")
    house.do(lambda db: answer_proposal(db, house.viewer(db, "anna"), db.get_one(Proposal, point), form))
    house.tick()
    assert house.told("carla") == [("point_answered", "daily")]
    assert house.told("anna") == [("point_raised", "daily")]


def test_the_answer_comes_back_to_the_committee_that_sent_the_point_on(house):
    """A disagreement taken to the committee above: both chairs and the secretary of the one below hear the answer."""

    def send(db):
        item = held_meeting(db, {"title": "GPS i bilerne"}).items[0]
        item.raised_by_id = house.ids["gunnar"]
        above = db.get_one(Committee, house.committees["hovedudvalget"])
        return receive_sent_on(db, house.viewer(db, "emil"), item, above, "Vi er uenige.").id

    point = house.do(send)
    house.tick()
    assert house.told("hanne") == [("point_raised", "daily")]
    form = AnswerProposal(answer=Answer.POSTPONE, reason="Vi venter på jura.")
    house.do(lambda db: answer_proposal(db, house.viewer(db, "hanne"), db.get_one(Proposal, point), form))
    house.tick()
    for handle in ("gunnar", "anna", "bo"):
        assert house.told(handle) == [("point_answered", "daily")], handle
    assert house.told("carla") == []


def test_a_task_reaches_its_owner_and_a_closed_one_nobody_outside(house):
    mine = house.give_task("carla")
    house.give_task("julie", is_open=False)
    house.give_task("anna")  # her own doing
    house.tick()
    assert house.told("carla") == [("task_given", "daily")]
    assert house.told("julie") == house.told("anna") == []
    house.happens("follow_up.moved", FollowUp, mine, fields=["state"])
    house.happens("follow_up.moved", FollowUp, mine, fields=["due"])
    house.happens("follow_up.moved", FollowUp, mine, by="carla", fields=["due"])
    house.tick()
    assert house.told("carla") == [("task_given", "daily"), ("task_changed", "daily")]


def test_a_task_that_is_given_on_before_anybody_was_told_reaches_the_last_once(house):
    task = house.give_task("carla")

    def to(handle):
        house.do(lambda db: db.execute(update(FollowUp).values(owner_id=house.ids[handle]).where(FollowUp.id == task)))
        house.happens("follow_up.moved", FollowUp, task, fields=["owner_id"])

    for handle in ("freja", "gunnar"):
        to(handle)
    house.tick()
    assert [house.told(one, about=task) for one in ("carla", "freja", "gunnar")] == [[], [], [("task_given", "daily")]]
    with clock.at(demo.NOW + timedelta(minutes=3)):
        to("carla")
        house.tick()
    assert house.told("carla", about=task) == house.told("gunnar", about=task) == [("task_given", "daily")]


# --- by the calendar --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "stage"),
    [(-3, "soon"), (-1, "soon"), (0, "due"), (6, "due"), (7, "late1"), (13, "late1"), (14, "late2")],
)
def test_when_it_is_time_for_which_reminder(days, stage):
    assert calendar.stage(TODAY - timedelta(days=days), TODAY) == stage


def test_a_task_is_reminded_of_before_on_and_weekly_after_its_day_and_no_more_when_it_is_done(house):
    task = house.give_task("carla", due=date(2026, 11, 25))
    told = []
    for day in range(40):
        with clock.at(demo.NOW + timedelta(days=day)):
            if day == 30:
                house.do(lambda db: db.execute(update(FollowUp).values(state=FollowUpState.DONE)))
            house.tick()
            house.tick()
        told.append(sum(kind == "task_due" for kind, _ in house.told("carla", about=task)))
    first = [day for day in range(1, 40) if told[day] > told[day - 1]]
    assert first == [1, 4, 11, 18, 25]  # Sunday the 22nd, then Wednesdays


def test_after_days_without_a_clock_only_the_reminder_that_fits_comes(house):
    task = house.give_task("carla", due=date(2026, 11, 25))
    with clock.at(demo.NOW + timedelta(days=20)):
        house.tick()
    assert house.told("carla", about=task) == [("task_given", "daily"), ("task_due", "daily")]


def test_decisions_and_reviews_come_due_for_the_responsible_and_the_chairs(house):
    made = house.decide(
        responsible_id=house.ids["carla"], due=TODAY + timedelta(days=2), review=TODAY + timedelta(days=1)
    )
    with clock.at(demo.NOW + timedelta(days=1)):
        house.tick()
    kinds = {one: {kind for kind, _ in house.told(one, about=made)} for one in ("carla", "bo", "gunnar")}
    assert kinds["carla"] == {"decision_published", "decision_due", "review_due"}
    assert kinds["bo"] == {"decision_published", "review_due"}
    assert kinds["gunnar"] == {"decision_published"}


def test_closed_things_come_due_only_for_those_inside(house):
    house.do(
        lambda db: db.execute(
            insert(FollowUp).values(
                committee_id=house.committees["med-aabrinken"],
                is_open=False,
                text="Fortroligt",
                owner_id=house.ids["carla"],
                due=TODAY + timedelta(days=1),
                created_at=clock.now(),
            )
        )
    )
    with clock.at(demo.NOW + timedelta(days=1)):
        house.tick()
    assert house.told("carla") == []


# --- once -------------------------------------------------------------------------------------------------------------


def test_planning_again_and_again_tells_once(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.decide()
    for minutes in (0, 0, 5, 11, 60):
        with clock.at(demo.NOW + timedelta(minutes=minutes)):
            house.tick()
    assert house.told("carla") == [("decision_published", "daily")]


def test_several_planners_at_once_tell_once(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"], How.AT_ONCE)
    for number in range(20):
        house.decide(f"vi prøver nummer {number}")
    start, failed = threading.Barrier(4), []

    def plan() -> None:
        start.wait()
        try:
            house.tick()
        except Exception as error:
            failed.append(error)

    planners = [threading.Thread(target=plan) for _ in range(4)]
    for planner in planners:
        planner.start()
    for planner in planners:
        planner.join()
    assert failed == []
    assert len(house.told("carla")) == 20
    house.tick()
    linked = house.ask(select(Notice.message_id).where(Notice.person_id == house.ids["carla"]))
    assert all(row.message_id for row in linked)


def test_of_several_workers_the_first_at_each_step_of_the_clock_plans(house, monkeypatch):
    done = []
    monkeypatch.setattr(digests, "tell", lambda office: done.append(clock.now()))
    for minutes in (0, 0, 4, 5, 5, 10):
        with clock.at(demo.NOW + timedelta(minutes=minutes)):
            digests.run(house.office)
    assert done == [demo.NOW + timedelta(minutes=minutes) for minutes in (0, 5, 10)]

    def dies(office):
        raise KeyboardInterrupt

    monkeypatch.setattr(digests, "tell", dies)
    with clock.at(demo.NOW + timedelta(minutes=15)), pytest.raises(KeyboardInterrupt):
        digests.run(house.office)
    monkeypatch.setattr(digests, "tell", lambda office: done.append(clock.now()))
    with clock.at(demo.NOW + timedelta(minutes=20)):
        digests.run(house.office)
    assert len(done) == 4


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_whoever_is_killed_in_the_middle_loses_nothing(house, monkeypatch, calls):
    house.follow("carla", Topic.PERSPECTIVE, "resiliens")
    for number in range(3):
        house.decide(f"vi prøver nummer {number}")
    left = [calls]
    monkeypatch.setattr(planning, "ROWS", 10)
    keep = planning.insert

    def killed(db, rows):
        left[0] -= 1
        made = keep(db, rows)
        if left[0] == 0:
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(planning, "insert", killed)
    with pytest.raises(KeyboardInterrupt):
        house.tick()
    house.tick()
    assert house.told("carla") == [("decision_published", "daily")] * 3
    assert house.told("bo") == [("decision_published", "weekly")] * 3


def test_a_line_that_becomes_visible_late_is_read_all_the_same(house):
    """Two changes at once: the one that was noted first is saved last, when the planner has passed it."""
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    with clock.at(demo.NOW + timedelta(minutes=4)):
        house.decide("teen er gratis")
        house.tick()
    late = house.decide("kaffen er gratis")
    with clock.at(demo.NOW + timedelta(minutes=9)):
        house.tick()
    assert house.told("carla", about=late) == [("decision_published", "daily")]
    assert len(house.told("carla")) == 2


def test_the_first_start_says_nothing_of_what_is_long_past(house):
    with clock.at(demo.NOW - timedelta(days=2)):
        house.decide("vi gjorde det i forrige uge")
    house.do(lambda db: db.execute(ReadMark.__table__.delete()))
    house.tick()
    assert ("decision_published", "weekly") not in house.told("bo")


# --- rights and mail --------------------------------------------------------------------------------------------------


def test_who_has_left_hears_nothing(house):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.do(
        lambda db: db.execute(
            update(Employment).where(Employment.person_id == house.ids["carla"]).values(ends=TODAY - timedelta(days=1))
        )
    )
    house.do(
        lambda db: db.execute(
            update(Seat).where(Seat.person_id == house.ids["gunnar"]).values(ends=TODAY - timedelta(days=1))
        )
    )
    house.decide(is_open=True)
    house.decide(is_open=False)
    house.tick()
    assert house.told("carla") == house.told("gunnar") == []


@pytest.mark.parametrize("setting", ["stopped_at", "refused_at", "digests_stopped_at"])
def test_who_gets_no_mail_reads_it_on_the_page(house, setting):
    house.follow("carla", Topic.COMMITTEE, house.committees["med-aabrinken"])
    house.set_mail("carla", **{setting: clock.now()})
    house.decide()
    house.tick()
    assert house.told("carla") == [("decision_published", "page")]


def test_the_plain_twin_of_the_clauses_says_the_same_as_they_do(house):
    house.decide(is_open=False)
    house.give_task("gunnar", is_open=False)
    house.give_task("karl", is_open=False)
    with house.database.reading() as db:
        workplace = look_around(db)
        decisions = db.execute(
            select(Decision.id, Decision.committee_id, Decision.is_open, Decision.published_at)
        ).all()
        tasks = db.execute(select(FollowUp.id, FollowUp.committee_id, FollowUp.is_open, FollowUp.owner_id)).all()
        for person in db.scalars(select(Person)):
            viewer = viewer_of(db, person)
            assert (person.id in workplace.here) == viewer.is_employee
            seen = set(db.scalars(select(Decision.id).where(published_decisions(viewer))))
            for row in decisions:
                thought = row.published_at and workplace.may_read(person.id, row.committee_id, row.is_open)
                assert bool(thought) == (row.id in seen), (person.handle, row)
            own = set(db.scalars(select(FollowUp.id).where(visible_follow_ups(viewer), FollowUp.owner_id == person.id)))
            for row in tasks:
                if row.owner_id == person.id:
                    assert workplace.may_read(person.id, row.committee_id, row.is_open) == (row.id in own)
            for committee_id in house.committees.values():
                assert (person.id in workplace.inside.get(committee_id, ())) == (committee_id in viewer.inside)
                assert (person.id in workplace.sits.get(committee_id, ())) == (committee_id in viewer.committee_ids)
                assert (person.id in workplace.presides.get(committee_id, ())) == (
                    viewer.is_employee and viewer.presides(committee_id)
                )


# --- channels ---------------------------------------------------------------------------------------------------------


def test_channels_hear_of_open_things_of_their_committee_once(house):
    def outlets(db):
        for name, kind, committee in (
            ("alle", OutletKind.WEBHOOK, None),
            ("ours", OutletKind.TEAMS, house.committees["med-aabrinken"]),
            ("theirs", OutletKind.SLACK, next(id for key, id in house.committees.items() if key != "med-aabrinken")),
            ("ended", OutletKind.SLACK, None),
        ):
            db.add(
                Outlet(
                    uid=name, kind=kind, name=name, url="https://chat.example", committee_id=committee,
                    made_by_id=house.ids["ivan"], made_at=clock.now(),
                    ended_at=clock.now() if name == "ended" else None,
                )
            )  # fmt: skip

    house.do(outlets)
    opened = house.decide()
    house.decide(is_open=False)
    meeting = next_meeting(house)
    house.happens("agenda.sent", Meeting, meeting)
    house.tick()
    house.tick()
    found = house.ask(
        select(Outlet.name, Message.channel, Message.details).join(Message, Message.outlet_id == Outlet.id)
    )
    assert sorted((row.name, row.channel) for row in found) == [
        ("alle", Channel.WEBHOOK),
        ("alle", Channel.WEBHOOK),
        ("ours", Channel.CHAT),
        ("ours", Channel.CHAT),
    ]
    told = {row.details for row in found}
    assert f'{{"happened":"decision.published","thing":"decision","id":{opened}}}' in told
    assert f'{{"happened":"agenda.sent","thing":"meeting","id":{meeting}}}' in told
