"""The generated municipality is one that the program could have made itself."""

from collections import Counter, defaultdict

import pytest
from sqlalchemy import select

from benchmarks.municipality import make
from med import clock
from med.decisions.filters import Filters
from med.decisions.models import Decision, FollowUp, FollowUpState, Tag
from med.decisions.queries import chip_counts, newest
from med.meetings.models import Item, Meeting, Proposal, State
from med.organisation.models import Committee, Person, Seat
from med.organisation.queries import viewer_for


@pytest.fixture
def made(database):
    with database.writing() as db:
        make(db, 600, seed=3, people=60, committees=9)
    with database.reading() as db:
        yield db


def test_numbers_run_without_gaps_and_tags_carry_what_decides_who_reads(made):
    ours = select(Committee.id).where(Committee.key.like("u_"))
    series = defaultdict(list)
    decisions = {one.id: one for one in made.scalars(select(Decision).where(Decision.committee_id.in_(ours)))}
    assert len(decisions) == 600
    for one in decisions.values():
        series[one.committee_id, one.is_open, one.year].append(one.number)
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in series.values())
    tags = [tag for tag in made.scalars(select(Tag)) if tag.decision_id in decisions]
    assert Counter(tag.decision_id for tag in tags if tag.is_main) == Counter(list(decisions))
    for tag in tags:
        of = decisions[tag.decision_id]
        assert (tag.committee_id, tag.is_open, tag.published_at) == (of.committee_id, of.is_open, of.published_at)
    assert {one.is_open for one in decisions.values()} == {True, False}


def test_seats_follow_one_another_and_closed_items_say_why(made):
    ours = select(Committee.id).where(Committee.key.like("u_"))
    places = defaultdict(list)
    for seat in made.scalars(select(Seat).where(Seat.committee_id.in_(ours)).order_by(Seat.starts)):
        places[seat.committee_id].append((seat.starts, seat.ends))
    today = clock.today()
    for seats in places.values():
        assert sum(ends is None for _, ends in seats) == 12
        assert sum(starts <= today and (ends is None or ends >= today) for starts, ends in seats) == 12
    closed = list(made.scalars(select(Item).where(Item.committee_id.in_(ours), Item.is_open.is_(False))))
    assert closed and all(item.closed_ground for item in closed)


def test_there_is_something_ahead_and_something_left_to_do(made):
    ours = select(Committee.id).where(Committee.key.like("u_"))
    coming = made.scalars(select(Meeting).where(Meeting.committee_id.in_(ours), Meeting.state == State.PLANNED)).all()
    assert set(Counter(one.committee_id for one in coming).values()) == {2} and len(coming) == 18
    assert all(one.starts_at > clock.now() and one.attendances for one in coming)
    points = Counter(made.execute(select(Proposal.committee_id, Proposal.state).where(Proposal.committee_id.in_(ours))))
    assert set(points.values()) == {2, 10}
    tasks = made.scalars(select(FollowUp).where(FollowUp.committee_id.in_(ours))).all()
    assert len(tasks) == 120 and {one.state for one in tasks} == {FollowUpState.OPEN, FollowUpState.DONE}
    assert all((one.closed_at is None) == (one.state is FollowUpState.OPEN) for one in tasks)


def test_a_member_reads_their_closed_ones_and_nobody_elses(made):
    everybody = made.scalars(select(Person.id).where(Person.handle.like("m%")).order_by(Person.id))
    viewers = [viewer_for(made, id) for id in everybody]
    member = next(viewer for viewer in viewers if viewer.inside)
    plain = next(viewer for viewer in viewers if viewer.is_employee and not viewer.inside)
    for viewer in (member, plain):
        found = {key.id for key in newest(made, viewer, Filters(), limit=2000).keys}
        rows = made.execute(select(Decision.id, Decision.is_open, Decision.committee_id, Decision.published_at))
        assert found == {
            row.id for row in rows if row.published_at and (row.is_open or row.committee_id in viewer.inside)
        }
        assert chip_counts(made, viewer, Filters())[None] == 100


def test_the_same_seed_makes_the_same(database):
    seen = []
    for _ in range(2):
        with database.writing() as db:
            make(db, 50, seed=4, people=20, committees=8)
            seen.append(db.execute(select(Decision.uid, Decision.text).order_by(Decision.id.desc()).limit(50)).all())
            db.rollback()
    assert seen[0] == seen[1]
