"""Disclosure control, from the side of somebody who wants to find out.

The attacker knows the rules, sees every number on every page, and solves for the hidden ones: the smallest and largest
value each can have (linear programming) must lie far enough apart.
"""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from med import clock, demo
from med.competence_compass import sums
from med.competence_compass.disclosure import (
    FEWEST_COUNTED,
    FEWEST_MEASURED,
    about,
    above,
    is_dominated,
    may_follow,
    protect,
    share,
    size,
    totals,
)
from med.competence_compass.models import (
    Activity,
    Citizen,
    Exam,
    Measure,
    Participation,
    Run,
    Snapshot,
    WaitingEntry,
    WaitingOutcome,
)
from tests.competence_compass.factories import make_activity, make_run, put_in, wait
from tests.competence_compass.house import make_citizen, make_instrument, take_stock


def span(leaves, shown, cell):
    """The smallest and largest value of a cell that fit everything shown: what an attacker gets to know."""
    from scipy.optimize import linprog

    names = list(leaves)
    rows = [
        [1.0 if other in set(above(leaf)) else 0.0 for leaf in names] for other in shown if shown[other] is not None
    ]
    numbers = [shown[other] for other in shown if shown[other] is not None]
    wanted = np.array([1.0 if cell in set(above(leaf)) else 0.0 for leaf in names])
    found = []
    for sign in (1, -1):
        most = 10_000.0  # nobody believes in more citizens
        solved = linprog(
            sign * wanted, A_eq=rows or None, b_eq=numbers or None, bounds=[(0, most)] * len(names), method="highs"
        )
        assert solved.success
        found.append(sign * solved.fun)
    return found[0], found[1]


def attack(leaves, shown, fewest=FEWEST_COUNTED):
    for cell, number in totals(leaves).items():
        assert number >= fewest or shown[cell] is None
        if shown[cell] is None:
            low, high = span(leaves, shown, cell)
            assert low - 1e-6 <= number <= high + 1e-6
            assert high - low >= fewest - 1e-6, (cell, low, high)
        else:
            assert shown[cell] == number


counts = st.integers(0, 30)


@st.composite
def nested(draw):
    """Unit × activity × period: some activities in each unit, some of them not run in every period."""
    leaves = {}
    for unit in range(draw(st.integers(1, 3))):
        for activity in range(draw(st.integers(1, 3))):
            for period in range(draw(st.integers(1, 3))):
                leaves[("all", f"u{unit}", f"a{unit}{activity}"), ("2025", f"q{period}")] = draw(counts)
    return leaves


@st.composite
def crossed(draw):
    """Unit × outcome × target group, everything crossed with everything."""
    sizes = [draw(st.integers(1, 3)) for _ in range(3)]
    return {
        ((f"u{a}",), (f"o{b}",), (f"g{c}",)): draw(counts)
        for a in range(sizes[0])
        for b in range(sizes[1])
        for c in range(sizes[2])
    }


@settings(max_examples=25)
@given(nested())
def test_hidden_cells_of_nested_tables_stay_hidden(leaves):
    attack(leaves, protect(leaves))


@settings(max_examples=25)
@given(crossed())
def test_hidden_cells_of_crossed_tables_stay_hidden(leaves):
    attack(leaves, protect(leaves))


@settings(max_examples=15)
@given(crossed())
def test_means_hide_as_counts_under_ten_do(leaves):
    attack(leaves, protect(leaves, FEWEST_MEASURED), FEWEST_MEASURED)


@settings(max_examples=20)
@given(st.lists(counts, min_size=2, max_size=4), st.lists(counts, min_size=2, max_size=4))
def test_a_second_report_with_the_year_does_not_give_away_the_first(first, second):
    """Each quarter was published when it ended; the year comes later, with a total over both."""
    quarters = [{((f"a{n}",), ("2025", f"q{q}")): v for n, v in enumerate(vs)} for q, vs in enumerate((first, second))]
    shown = [{cell: v for cell, v in protect(leaves).items() if len(cell[1]) == 2} for leaves in quarters]
    told = {cell for one in shown for cell, v in one.items() if v is not None}
    hidden = {cell for one in shown for cell, v in one.items() if v is None}
    both = {**quarters[0], **quarters[1]}
    year = protect(both, published=told)
    # What was hidden in the quarter's own report stays so; what both together tell is what is attacked.
    seen = {cell: None if cell in hidden else v for cell, v in year.items()}
    for cell in told:
        assert seen[cell] == totals(both)[cell]
    for cell in hidden:
        if totals(both)[cell] < FEWEST_COUNTED:
            low, high = span(both, {**seen}, cell)
            assert high - low >= FEWEST_COUNTED - 1e-6


def test_one_hidden_number_beside_a_total_takes_another_with_it():
    leaves = {(("u", "a"),): 3, (("u", "b"),): 12, (("u", "c"),): 7}
    shown = protect(leaves)
    assert shown[(),] == 22 and shown[("u",),] == 22
    assert [shown[leaf] for leaf in leaves] == [None, 12, None]
    assert span(leaves, shown, (("u", "a"),)) == (0, 10)


def test_where_there_is_nothing_to_hide_behind_the_totals_go():
    leaves = {(("u", "a"),): 3}
    assert set(protect(leaves).values()) == {None}


def test_nothing_is_hidden_without_need():
    leaves = {((f"u{n}", f"a{n}"), ("q",)): 5 + n for n in range(6)}
    assert protect(leaves) == totals(leaves)


def test_what_was_published_earlier_and_gives_it_away_is_said():
    leaves = {(("a",),): 3, (("b",),): 12}
    with pytest.raises(ValueError):
        protect(leaves, published=[((),), (("b",),)])


def test_a_negative_count_is_a_mistake():
    with pytest.raises(ValueError):
        protect({(("a",),): -1})


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_percentage_never_tells_of_fewer_than_five(part, rest):
    whole = part + rest
    percent = share(part if part >= 5 else None, whole if whole >= 5 else None)
    if part < 5 or rest < 5:
        assert percent is None
    elif whole < 50:
        assert percent % 5 == 0
    # The leak this is about: "15.0 % of 20" says 3.
    assert share(None, whole) is None and share(part, None) is None


@given(st.floats(-2, 2), st.integers(0, 300))
def test_an_effect_of_few_is_not_shown_and_that_of_some_is_rounded(value, n):
    assert (size(value, n) is None) == (n < 10) == (about(n) is None)
    if 10 <= n < 50:
        assert round(size(value, n) * 20, 6) == round(size(value, n) * 20)
    if n >= 10:
        assert about(n) % 5 == 0 and abs(about(n) - n) <= 2


def test_one_unit_among_several_may_not_be_nearly_all():
    assert is_dominated([81, 19]) and not is_dominated([80, 20])
    assert not is_dominated([12]) and not is_dominated([12, 0]) and not is_dominated([])


def test_a_mean_moves_on_when_ten_have_joined():
    assert may_follow(None, 10) and not may_follow(None, 9)
    assert not may_follow(33, 35) and not may_follow(33, 33) and may_follow(33, 43)


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_every_table_of_the_demo_holds_against_the_attacker(database):
    with database.reading() as db:
        tables = 0
        for snapshot in db.scalars(select(Snapshot)):
            content = json.loads(snapshot.content)
            if snapshot.measure not in {Measure.WAITING, Measure.DUE, Measure.STARTS, Measure.EXAMS} or not content:
                continue
            shown = sums.cells(content)
            leaves = [c for c in shown if all(p for p in c) and not any(is_above(c, other) for other in shown)]
            tables += 1
            for cell, number in shown.items():
                assert number is None or number >= FEWEST_COUNTED
                if number is None:
                    low, high = span(dict.fromkeys(leaves, 0), shown, cell)
                    assert high - low >= FEWEST_COUNTED - 1e-6, (snapshot.measure, cell)
        assert tables


def is_above(cell, other):
    return cell != other and all(theirs[: len(mine)] == mine for mine, theirs in zip(cell, other, strict=True))


def test_a_quarter_is_counted_once_and_nobody_changes_it(database, write):
    def contents(db):
        return {(one.measure, one.period): one.content for one in db.scalars(select(Snapshot))}

    with database.reading() as db:
        before = contents(db)
    assert (Measure.WAITING, "2026-3") in before and (Measure.STARTS, "2025") in before

    def somebody_more(db):
        activity = db.scalars(select(WaitingEntry.activity_id).limit(1)).one()
        waits = {w.citizen_id for w in db.scalars(select(WaitingEntry).where(WaitingEntry.activity_id == activity))}
        for citizen in db.scalars(select(Citizen.id).where(Citizen.id.not_in(waits)).limit(6)):
            db.add(
                WaitingEntry(
                    activity_id=activity,
                    citizen_id=citizen,
                    queued=clock.today() - timedelta(days=200),
                    outcome=WaitingOutcome.WAITING,
                )
            )
        sums.freeze_what_ended(db)

    write(somebody_more)
    with database.reading() as db:
        assert contents(db) == before
    for verb in ("UPDATE compass_snapshot SET content = '[]'", "DELETE FROM compass_snapshot"):
        with pytest.raises(DBAPIError), database.writing() as db:
            db.execute(text(verb))
    with clock.at(demo.NOW + timedelta(days=60)):
        write(sums.freeze_what_ended)
    with database.reading() as db:
        assert contents(db).keys() - before.keys() >= {(Measure.WAITING, "2026-4"), (Measure.STARTS, "2026")}


def test_before_and_after_says_the_same_until_ten_have_joined(database, write, monkeypatch):
    pairs = {"now": [(2, 3)] * 12, "own": [(3, 3)] * 9}

    def summed(which):
        return lambda db, day: {(1, 1): (len(pairs[which]), *(sum(score) for score in zip(*pairs[which], strict=True)))}

    monkeypatch.setattr(sums, "change_sums", summed("now"))
    monkeypatch.setattr(sums, "own_sums", summed("own"))

    def frozen(days):
        with clock.at(demo.NOW + timedelta(days=days)):
            write(sums.freeze_what_ended)
            with database.reading() as db:
                newest = sums.periods(db, Measure.CHANGES)[0]
                return sums.published(db, newest, [Measure.CHANGES])[Measure.CHANGES]

    assert frozen(60) == [[1, 1, 12, 2.0, 3.0]]  # nine who rated themselves are too few
    pairs["now"] = [(2, 3)] * 12 + [(1, 5)]
    pairs["own"] = [(3, 3)] * 9 + [(2, 4)]
    assert frozen(150) == [[1, 1, 12, 2.0, 3.0, 10, 2.9, 3.1]]  # one more: their five would be told by the difference
    pairs["now"] = [(2, 3)] * 12 + [(1, 5)] * 10
    pairs["own"] = [(3, 3)] * 9 + [(2, 4)] * 10
    assert frozen(240) == [[1, 1, 22, 1.55, 3.91, 10, 2.9, 3.1]]  # nor of their own voice, where nine have joined


def test_small_courses_are_counted_with_their_unit(write):
    def story(db):
        activity = db.scalars(select(Activity).join(Run).join(Participation).limit(1)).first()
        part = db.scalars(select(Participation).join(Run).where(Run.activity_id == activity.id).limit(1)).one()
        db.add(Exam(participation_id=part.id, day=clock.today() - timedelta(days=3), passed=True))
        db.flush()
        places = sums.Places(db)
        return sums.cells(sums.count_exams(db, places, clock.today().year)), f"a{activity.id}"

    cells, code = write(story)
    assert cells and not any(code in path for path, _ in cells) and any(sums.REST in path for path, _ in cells)


@pytest.mark.parametrize(
    ("ended", "told"), [(date(2026, 3, 20), "2026"), (date(2025, 11, 20), "2026"), (date(2026, 11, 20), "2027")]
)
def test_whose_half_year_is_not_over_is_looked_at_the_year_after(write, vault, ended, told):
    """Twelve who were never assessed afterwards, and twelve who wait and are: also where a course ends in autumn."""

    def story(db):
        version = make_instrument(db, "alene", areas=1, dimensions=1)
        activity = make_activity(db)
        run = make_run(db, activity, starts=ended - timedelta(days=90), sessions=0)
        for number in range(24):
            citizen = make_citizen(db, vault, f"B-{number}", contact=None)
            if number < 12:
                put_in(db, run, citizen, ends=ended)
            else:
                wait(db, activity, citizen).queued = date(2025, 1, 1)
                for year in (2025, 2026, 2027):
                    take_stock(db, citizen, version, date(year, 12, 1), 3, assessor="freja")
        return f"a{activity.id}"

    code = write(story)
    for year in (2025, 2026, 2027):
        with clock.at(datetime(year + 1, 1, 1, 3, tzinfo=UTC)):
            assert (code in write(lambda db, year=year: sums.missing(db, sums.Places(db), year))) is (str(year) == told)
