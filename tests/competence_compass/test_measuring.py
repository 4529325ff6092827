"""The statistics of one citizen, against published examples and against what must always hold."""

from datetime import date, timedelta
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from med.competence_compass.measuring import (
    Precision,
    Reading,
    Verdict,
    Why,
    area_change,
    attainment,
    goal_attainment_t,
    months_after,
    reliable_change,
    side_by_side,
    smallest_detectable_change,
    standard_error,
    turned,
)

START = date(2025, 1, 15)
SURE = Precision(r=0.88, sd=0.8)  # SDC95 = 1.96·√2·0.8·√0.12 = 0.768


def line(*means: int | tuple[int, ...], assessors: str = "", days: int = 91, voices: str = "") -> list[Reading]:
    """Readings a quarter apart; a number stands for three dimensions alike, a tuple for each; "ab" names assessors."""
    return [
        Reading(
            START + timedelta(days=days * n),
            dict(enumerate(mean if isinstance(mean, tuple) else (mean,) * 3, 1)),
            assessors[n] if assessors else "a",
            {"s": "staff", "j": "joint"}[voices[n]] if voices else "staff",
        )
        for n, mean in enumerate(means)
    ]


# --- published examples -----------------------------------------------------------------------------------------------


def test_the_worked_example_of_jacobson_and_truax():
    """1991, p. 14: a couple from 32.5 to 47.5, SD 7.5, r = .80: S_E = 3.35, S_diff = 4.74, RC = 3.16."""
    assert standard_error(7.5, 0.80) == pytest.approx(3.35, abs=0.005)
    assert sqrt(2) * standard_error(7.5, 0.80) == pytest.approx(4.74, abs=0.005)
    assert reliable_change(32.5, 47.5, 7.5, 0.80) == pytest.approx(3.16, abs=0.005)


def test_the_root_of_two_is_not_forgotten():
    """R's scan divides by SEM alone in its row "Jacobson et al.", which gives 4.47 here."""
    assert reliable_change(32.5, 47.5, 7.5, 0.80) < 4


def test_a_scale_of_five_steps_needs_two_of_them():
    """outcomes.md: r = .77, SD 1.02: SEM .49, SDC95 1.35 = two steps on one dimension."""
    assert standard_error(1.02, 0.77) == pytest.approx(0.49, abs=0.005)
    assert smallest_detectable_change(1.02, 0.77) == pytest.approx(1.35, abs=0.01)


# Conversion tables for equally weighted goals, ρ = .30: number of goals → T for each sum of levels, from the lowest.
TABLE = {
    1: [30, 40, 50, 60, 70],
    2: [25, 31, 38, 44, 50, 56, 62, 69, 75],
    3: [23, 27, 32, 36, 41, 45, 50, 55, 59, 64, 68, 73, 77],
    4: [21, 25, 28, 32, 35, 39, 43, 46, 50, 54, 57, 61, 65, 68, 72, 75, 79],
    5: [20, 23, 26, 29, 32, 35, 38, 41, 44, 47, 50, 53, 56, 59, 62, 65, 68, 71, 74, 77, 80],
}


@pytest.mark.parametrize("goals", TABLE)
def test_goal_attainment_agrees_with_the_conversion_table(goals: int):
    for place, t in enumerate(TABLE[goals]):
        wanted = place - 2 * goals
        levels = [max(-2, min(2, wanted // goals)) for _ in range(goals)]
        for n in range(wanted - sum(levels)):
            levels[n % goals] += 1
        assert sum(levels) == wanted
        assert goal_attainment_t(levels) == pytest.approx(t, abs=0.51)


def test_weights_count():
    """Kiresuk & Sherman's eq. 1 by hand: w = 3, 1; x = 1, −1: 50 + 10·2/√(.7·10 + .3·16) = 55.82."""
    assert goal_attainment_t([1, -1], [3, 1]) == pytest.approx(55.82, abs=0.005)
    assert goal_attainment_t([1, -1]) == pytest.approx(50)


@pytest.mark.parametrize(("levels", "weights"), [([], None), ([3], None), ([1], [0.0]), ([1, 2], [1.0]), ([1], [-1.0])])
def test_no_t_for_what_is_no_goal(levels: list[int], weights: list[float] | None):
    with pytest.raises(ValueError):
        goal_attainment_t(levels, weights)


def test_attainment_is_told_without_t():
    assert attainment([]) is None
    found = attainment([-1, 0, 2])
    assert found is not None
    assert (found.rated, found.median, found.reached) == (3, 0, 2)


# --- the bar ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        ([], Why.NONE),
        (line(3), Why.ONE),
        (line(1, 5), Why.FEW),
        (line(1, 5, 5, days=60), Why.SHORT),
        (line(1, 3, 5, assessors="abb"), Why.ASSESSOR),
        (line(1, 3, 5, voices="ssj"), Why.VOICE),
        (line((1,), (2,), (5,)), Why.UNANSWERED),
    ],
)
def test_what_too_few_data_means(readings: list[Reading], why: Why):
    found = area_change(readings, 3, SURE)
    assert (found.verdict, found.why, found.rc) == (Verdict.TOO_FEW, why, None)


def test_means_over_different_dimensions_are_never_set_beside_one_another():
    found = area_change([Reading(START, {1: 5}, "a"), Reading(START + timedelta(days=200), {2: 1, 3: 1}, "a")], 3, SURE)
    assert (found.why, found.before, found.now, found.difference) == (Why.UNANSWERED, None, 1, None)
    some, more = Reading(START, {1: 5, 2: 4}, "a"), Reading(START, {1: 4, 2: 4, 3: 1}, "a")
    assert side_by_side(some, more, 3) == (4.5, 4)
    assert side_by_side(some, more, 5) is None and side_by_side(some, Reading(START, {3: 1}, "a"), 3) is None


def test_without_a_known_reliability_there_is_no_verdict():
    found = area_change(line(1, 3, 5), 3, None)
    assert (found.verdict, found.why) == (Verdict.TOO_FEW, Why.RELIABILITY)
    assert (found.before, found.now, found.sdc95) == (1, 5, None)


def test_six_months_are_months_of_the_calendar():
    assert months_after(date(2025, 8, 31), 6) == date(2026, 2, 28)
    assert months_after(date(2025, 1, 15), 6) == date(2025, 7, 15)
    first, middle, last = line(2, 3, 4)
    just = Reading(date(2025, 7, 15), last.values, "a")
    short = Reading(date(2025, 7, 14), last.values, "a")
    assert area_change([first, middle, just], 3, SURE).verdict is Verdict.DEVELOPS
    assert area_change([first, middle, short], 3, SURE).why is Why.SHORT


def test_a_change_is_final_when_the_assessment_before_confirms_it():
    assert area_change(line(2, 2, 2, 4), 3, SURE).verdict is Verdict.PERHAPS_UP
    assert area_change(line(2, 2, 4, 4), 3, SURE).verdict is Verdict.DEVELOPS
    assert area_change(line(4, 4, 4, 2), 3, SURE).verdict is Verdict.PERHAPS_DOWN
    assert area_change(line(4, 4, 2, 2), 3, SURE).verdict is Verdict.DECLINES
    assert area_change(line(2, 4, 4, 2), 3, SURE).verdict is Verdict.WITHIN


def test_somebody_else_in_between_confirms_nothing():
    assert area_change(line(2, 3, 4, 4, assessors="aaba"), 3, SURE).verdict is Verdict.PERHAPS_UP


def test_the_smallest_detectable_change_is_the_border():
    """SDC95 .768: two thirds of a step (.667) lie within, one step beyond."""
    assert area_change(line((2, 2, 2), (2, 3, 3), (2, 3, 3)), 3, SURE).verdict is Verdict.WITHIN
    assert area_change(line((2, 2, 2), (3, 3, 3), (3, 3, 3)), 3, SURE).verdict is Verdict.DEVELOPS


def test_fewer_answers_are_less_sure():
    """Two of four dimensions: SDC95 grows by √2, and what was a change no longer is one."""
    whole = [(2, 2, 2, 2), (3, 3, 3, 3), (3, 3, 3, 3)]
    assert area_change(line(*whole), 4, SURE).verdict is Verdict.DEVELOPS
    found = area_change(line(*[means[:2] for means in whole]), 4, SURE)
    assert found.verdict is Verdict.WITHIN
    assert found.sdc95 == pytest.approx(SURE.sdc95(4, 4) * sqrt(2))


def test_only_what_was_answered_both_times_is_compared():
    """A dimension that is new now must not move the mean."""
    first, middle, last = line((2, 2), (2, 2), (2, 2, 5))
    found = area_change([first, middle, last], 3, SURE)
    assert (found.before, found.now, found.verdict) == (2, 2, Verdict.WITHIN)


@pytest.mark.parametrize(("sd", "r"), [(0, 0.8), (-1, 0.8), (1, 1), (1, 1.2), (1, -0.1)])
def test_a_precision_that_no_double_rating_gives_is_refused(sd: float, r: float):
    with pytest.raises(ValueError):
        Precision(r, sd)


# --- what always holds ------------------------------------------------------------------------------------------------

scores = st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3).map(tuple), min_size=0, max_size=6)
precisions = st.builds(Precision, r=st.floats(0, 0.99), sd=st.floats(0.05, 3))
MIRROR = {
    Verdict.DEVELOPS: Verdict.DECLINES,
    Verdict.PERHAPS_UP: Verdict.PERHAPS_DOWN,
    Verdict.WITHIN: Verdict.WITHIN,
    Verdict.TOO_FEW: Verdict.TOO_FEW,
    Verdict.PERHAPS_DOWN: Verdict.PERHAPS_UP,
    Verdict.DECLINES: Verdict.DEVELOPS,
}


@given(scores, precisions)
def test_the_scale_turned_around_mirrors_the_verdict(means: list[tuple[int, ...]], precision: Precision):
    other = [tuple(turned(value, 1, 5, higher_is_better=False) for value in one) for one in means]
    here, there = area_change(line(*means), 3, precision), area_change(line(*other), 3, precision)
    assert there.verdict is MIRROR[here.verdict]
    assert there.why is here.why
    assert there.rc == (None if here.rc is None else -here.rc)


@given(scores, precisions, st.integers(-10, 10))
def test_a_constant_added_to_every_score_changes_nothing(
    means: list[tuple[int, ...]], precision: Precision, constant: int
):
    moved = [tuple(value + constant for value in one) for one in means]
    here, there = area_change(line(*means), 3, precision), area_change(line(*moved), 3, precision)
    assert (here.verdict, here.why, here.rc, here.sdc95) == (there.verdict, there.why, there.rc, there.sdc95)


@given(scores, precisions, precisions)
def test_a_surer_instrument_never_takes_a_change_back(means: list[tuple[int, ...]], one: Precision, other: Precision):
    less, more = sorted((one, other), key=lambda precision: -precision.sdc95(3, 3))
    if area_change(line(*means), 3, less).verdict in {Verdict.DEVELOPS, Verdict.DECLINES}:
        assert area_change(line(*means), 3, more).verdict is area_change(line(*means), 3, less).verdict


@given(scores, precisions)
def test_a_verdict_of_change_stands_on_enough(means: list[tuple[int, ...]], precision: Precision):
    found = area_change(line(*means), 3, precision)
    if found.verdict is not Verdict.TOO_FEW:
        assert found.readings >= 3
        assert found.first is not None and found.last is not None and found.last >= months_after(found.first, 6)
        assert found.difference is not None and found.sdc95 is not None
        assert (abs(found.difference) >= found.sdc95 - 1e-6) == (found.verdict is not Verdict.WITHIN)


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=10), st.floats(0.1, 10))
def test_t_mirrors_and_does_not_care_for_the_unit_of_the_weights(levels: list[int], unit: float):
    t = goal_attainment_t(levels)
    assert goal_attainment_t([-x for x in levels]) == pytest.approx(100 - t)
    assert goal_attainment_t(levels, [unit] * len(levels)) == pytest.approx(t)
