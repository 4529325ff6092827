"""Those who began against those who waited: the sum that can be checked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from med.competence_compass.effects.study import FAR, Hypothesis, Series
from med.competence_compass.effects.waiting_list import INFLATE, Around, waiting_list_estimate
from tests.competence_compass.effects.small import FIRST, only, small_study

QUARTERS = 5


def drawn(begun: list[list[float]], waited: list[list[float]], started: int = 1, ended: int = 2):
    """Citizens with one score a quarter; the first ones begin after quarter `started`, the others wait all along."""
    n = len(begun) + len(waited)
    people = np.arange(len(begun))
    everybody = np.arange(n)
    start, end = FIRST + 91 * started + 10, FIRST + 91 * ended + 5
    return replace(
        small_study(),
        citizens=[str(c) for c in everybody],
        dimensions=["d"],
        activities=["a"],
        citizen=np.repeat(everybody, QUARTERS),
        day=np.tile(FIRST + 91 * np.arange(QUARTERS), n),
        assessor=np.zeros(n * QUARTERS, int),
        kind=np.zeros(n * QUARTERS, int),
        is_referral=np.zeros(n * QUARTERS, bool),
        scores=np.array([*begun, *waited], float).reshape(-1, 1),
        top=np.array([5.0]),
        bottom=np.array([1.0]),
        p_citizen=people,
        p_activity=np.zeros(len(people), int),
        p_start=np.full(len(people), start),
        p_end=np.full(len(people), end),
        p_planned=np.full(len(people), 10.0),
        p_attended=np.full(len(people), 10.0),
        w_citizen=everybody,
        w_activity=np.zeros(n, int),
        w_queued=np.full(n, FIRST - 5),
        w_left=np.array([start] * len(begun) + [FAR] * len(waited)),
        hypotheses=[Hypothesis(0, 0)],
    )


def nothing_out(study):
    return np.zeros(study.scores.shape, bool)


# From quarter 1 (before) to quarter 3 (the first after the end).
BEGUN = [[2, 2, 3, 4, 4], [1, 1, 2, 2, 2], [3, 3, 3, 5, 5]]  # changes 2, 1, 2
WAITED = [[2, 2, 2, 2, 2], [3, 3, 3, 4, 4]]  # changes 0, 1


def test_a_difference_of_mean_changes():
    study = drawn(BEGUN, WAITED)
    found = waiting_list_estimate(study, nothing_out(study), 0, 0)
    assert found.estimate == pytest.approx(5 / 3 - 1 / 2)
    assert (found.started, found.waiting, found.n) == (3, 2, 2)
    assert found.se == pytest.approx(INFLATE * np.sqrt(np.var([2, 1, 2], ddof=1) / 3 + np.var([0, 1], ddof=1) / 2))


def test_what_happens_to_everyone_falls_out():
    season = np.array([0, 0, 5, 7, 1.0])
    study = drawn([[*np.array(row) + season] for row in BEGUN], [[*np.array(row) + season] for row in WAITED])
    assert waiting_list_estimate(study, nothing_out(study), 0, 0).estimate == pytest.approx(5 / 3 - 1 / 2)


def test_nobody_waiting_is_no_estimate():
    study = drawn(BEGUN, [])
    found = waiting_list_estimate(study, nothing_out(study), 0, 0)
    assert np.isnan(found.estimate) and np.isnan(found.se) and (found.started, found.waiting) == (3, 0)


def test_nobody_begun_is_no_estimate():
    study = drawn([], WAITED)
    assert np.isnan(waiting_list_estimate(study, nothing_out(study), 0, 0).estimate)


def test_one_of_each_has_no_error_to_show():
    study = drawn(BEGUN[:1], WAITED[:1])
    found = waiting_list_estimate(study, nothing_out(study), 0, 0)
    assert found.estimate == pytest.approx(2.0) and np.isnan(found.se)


def test_a_score_that_led_to_the_referral_is_not_the_one_before():
    study = drawn(BEGUN, WAITED)
    out = nothing_out(study)
    out[(study.citizen == 0) & (study.day == FIRST + 91)] = True  # then quarter 0 is the last before
    found = waiting_list_estimate(study, out, 0, 0)
    assert found.started == 3
    assert found.estimate == pytest.approx((1 * (2 - 0.5) + 2 * (1.5 - 0.5)) / 3)


def test_one_who_goes_on_is_not_counted_yet():
    study = drawn(BEGUN, WAITED)
    study = replace(study, p_end=np.array([FAR, *study.p_end[1:]]))
    assert waiting_list_estimate(study, nothing_out(study), 0, 0).started == 2


def test_who_left_the_list_before_is_not_compared_with():
    study = drawn(BEGUN, WAITED)
    left = study.w_left.copy()
    left[3] = FIRST + 91 * 2
    found = waiting_list_estimate(replace(study, w_left=left), nothing_out(study), 0, 0)
    assert found.waiting == 1 and found.estimate == pytest.approx(5 / 3 - 1)


def heard(study, own, order):
    """With the citizen's own voice on the same days, `own` higher than the staff's; the rows in some order."""
    twice = np.tile(np.arange(len(study.day)), 2)[order]
    is_own = np.repeat([0, 1], len(study.day))[order]
    rows = {name: getattr(study, name)[twice] for name in ("citizen", "day", "assessor", "is_referral")}
    return replace(study, **rows, kind=is_own, scores=study.scores[twice] + own * is_own[:, None])


@pytest.mark.parametrize("seed", range(6))
def test_two_voices_of_one_day_are_never_compared_with_one_another(seed):
    study = drawn(BEGUN, WAITED)
    alone = waiting_list_estimate(study, nothing_out(study), 0, 0)
    both = heard(study, 1.0, np.random.default_rng(seed).permutation(2 * len(study.day)))
    assert waiting_list_estimate(both, nothing_out(both), 0, 0) == alone


def test_two_voices_of_one_day_are_no_two_assessments_to_compare_with():
    study = drawn(BEGUN, WAITED)
    once = only(study, (study.citizen < len(BEGUN)) | (study.day == FIRST + 91))
    both = heard(once, 1.0, np.arange(2 * len(once.day)))
    for these, compared in ((study, 5), (once, 3), (both, 3)):  # who began was assessed twice before, too
        series = Series(these, these.scores[these.in_order[0], 0])
        assert Around(these, 0).seen(series, 5.0, 1.0)[:2] == (3, compared)


def test_who_was_heard_by_one_voice_only_is_counted_by_that_and_once():
    study = drawn(BEGUN, WAITED)
    plain = waiting_list_estimate(study, nothing_out(study), 0, 0)
    own = replace(study, kind=np.where(np.isin(study.citizen, (1, 3)), 1, 0))
    assert waiting_list_estimate(own, nothing_out(own), 0, 0) == plain
    turned = replace(study, kind=(study.day > FIRST + 91).astype(int))  # the staff before, the citizens after
    assert waiting_list_estimate(turned, nothing_out(turned), 0, 0).n == 0
