"""False discoveries and shrinkage against published examples and their definitions, and every verdict's rule."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from med.competence_compass import disclosure
from med.competence_compass.effects.verdicts import Finding, Reason, Verdict, false_discovery, settle, shrink

CLEAR = Finding(
    n=33, compared=60, d=0.4, se=0.11, shrunken=0.33, is_up=True, is_down=False, waiting=0.2, waiting_n=10,
    is_maintain=False, lead_flagged=False, guarded_up=False, guarded_down=False,
)  # fmt: skip
UNSURE = replace(CLEAR, d=0.15, shrunken=0.1, is_up=False)


def test_the_example_of_benjamini_and_hochberg():
    """Their 1995 article, section 3.1: fifteen p-values, at 5 % the four smallest are discoveries."""
    p = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
                  0.6528, 0.7590, 1.0])  # fmt: skip
    assert false_discovery(p, 0.05)[0].tolist() == [True] * 4 + [False] * 11


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_adjusted_p_are_those_of_statsmodels(p):
    from statsmodels.stats.multitest import multipletests

    found, q = false_discovery(np.array(p))
    passed, adjusted, _, _ = multipletests(p, 0.10, method="fdr_bh")
    assert q == pytest.approx(adjusted)
    assert found.tolist() == [value <= 0.10 for value in q] and (found | ~passed | np.isclose(q, 0.10)).all()


def test_what_is_unknown_is_no_discovery_and_does_not_count():
    p = np.array([np.nan, 0.04, np.nan, 0.9])
    found, q = false_discovery(p)
    assert found.tolist() == [False, True, False, False]
    assert np.isnan(q[[0, 2]]).all() and q[1] == pytest.approx(0.08)


@pytest.mark.parametrize("seed", range(6))
def test_shrinkage_is_paule_and_mandels(seed):
    from statsmodels.stats.meta_analysis import combine_effects

    rng = np.random.default_rng(seed)
    se = rng.uniform(0.08, 0.2, 25)
    y = rng.normal(0.1, 0.15, 25) + rng.normal(0, se)
    shrunken, m, tau2 = shrink(y, se)
    assert tau2 == pytest.approx(combine_effects(y, se**2, method_re="iterated").tau2, abs=1e-4)
    w = 1 / (se**2 + tau2)
    assert m == pytest.approx((w @ y) / w.sum())
    assert shrunken == pytest.approx(m + tau2 / (tau2 + se**2) * (y - m))


def test_alike_estimates_become_one():
    shrunken, m, tau2 = shrink(np.array([0.1, 0.12, 0.11, np.nan]), np.full(4, 0.2))
    assert tau2 == 0 and shrunken[:3] == pytest.approx([m] * 3) and np.isnan(shrunken[3])


def test_two_estimates_learn_nothing_from_each_other():
    y = np.array([0.1, 0.5, np.nan])
    assert np.array_equal(shrink(y, np.full(3, 0.1))[0], y, equal_nan=True)


# --- the rules ----------------------------------------------------------------------------------------------------

RULES = [
    (CLEAR, Verdict.DEVELOPS, Reason.NONE),
    (UNSURE, Verdict.UNSETTLED, Reason.NONE),
    (replace(CLEAR, n=9), Verdict.TOO_LITTLE, Reason.FEW_PARTICIPANTS),
    (replace(CLEAR, n=10), Verdict.DEVELOPS, Reason.NONE),
    (replace(CLEAR, compared=4), Verdict.TOO_LITTLE, Reason.FEW_TO_COMPARE),
    (replace(CLEAR, se=0.22), Verdict.TOO_LITTLE, Reason.TOO_COARSE),  # 2.8 · 0.22 > 0.6
    (replace(CLEAR, se=0.21), Verdict.DEVELOPS, Reason.NONE),
    (replace(CLEAR, d=float("nan")), Verdict.TOO_LITTLE, Reason.NOT_SEPARABLE),
    (replace(CLEAR, varies=False), Verdict.TOO_LITTLE, Reason.NO_VARIATION),
    (replace(CLEAR, shrunken=0.09), Verdict.UNSETTLED, Reason.SMALL),
    (replace(CLEAR, waiting=-0.01), Verdict.UNSETTLED, Reason.WAITING_LIST_DISAGREES),
    (replace(CLEAR, waiting=-0.9, waiting_n=9), Verdict.DEVELOPS, Reason.NONE),
    (replace(CLEAR, waiting=float("nan")), Verdict.DEVELOPS, Reason.NONE),
    (replace(CLEAR, lead_flagged=True), Verdict.UNSETTLED, Reason.ROSE_BEFORE_START),
    (replace(CLEAR, lead_flagged=True, guarded_up=True), Verdict.DEVELOPS, Reason.NONE),
    (replace(UNSURE, d=0.02, se=0.1), Verdict.NO_EFFECT_SEEN, Reason.NONE),  # 90 %: -0.14 … 0.18
    (replace(UNSURE, d=0.04, se=0.1), Verdict.UNSETTLED, Reason.NONE),  # 90 %: -0.12 … 0.204
    (replace(UNSURE, d=0.04, se=0.1, is_maintain=True), Verdict.NO_EFFECT_SEEN, Reason.KEPT),
    (replace(UNSURE, d=-0.04, se=0.1, is_maintain=True), Verdict.UNSETTLED, Reason.NONE),  # 90 %: -0.204 …
]


@pytest.mark.parametrize(("found", "verdict", "reason"), RULES)
def test_each_rule(found, verdict, reason):
    assert settle(found) == (verdict, reason)


@pytest.mark.parametrize(("found", "verdict", "reason"), [rule for rule in RULES if not rule[0].is_maintain])
def test_decline_is_the_mirror(found, verdict, reason):
    mirrored = replace(
        found, d=-found.d, shrunken=-found.shrunken, waiting=-found.waiting, is_up=found.is_down, is_down=found.is_up,
        guarded_up=found.guarded_down, guarded_down=found.guarded_up,
    )  # fmt: skip
    expected = Verdict.DECLINES if verdict is Verdict.DEVELOPS else verdict
    assert settle(mirrored) == (expected, reason)


@given(
    st.builds(
        Finding,
        n=st.integers(0, 100), compared=st.integers(0, 100),
        d=st.floats(-2, 2) | st.just(float("nan")), se=st.floats(0, 2) | st.just(float("nan")),
        shrunken=st.floats(-2, 2) | st.just(float("nan")), is_up=st.booleans(), is_down=st.just(False),
        waiting=st.floats(-2, 2) | st.just(float("nan")), waiting_n=st.integers(0, 30),
        is_maintain=st.booleans(), lead_flagged=st.booleans(), guarded_up=st.booleans(),
        guarded_down=st.booleans(), varies=st.booleans(),
    )
)  # fmt: skip
def test_no_verdict_that_the_data_cannot_carry(found):
    verdict, reason = settle(found)
    if verdict in (Verdict.DEVELOPS, Verdict.DECLINES):
        assert found.n >= 10 and found.compared >= 5 and found.varies
        assert 2.8 * found.se <= 0.6 and found.is_up and found.shrunken >= 0.1
        assert not found.waiting < 0 or found.waiting_n < 10
    if reason is Reason.WAITING_LIST_DISAGREES:
        assert found.waiting_n >= disclosure.FEWEST_MEASURED  # else it would tell what is hidden
    if verdict is Verdict.NO_EFFECT_SEEN and reason is not Reason.KEPT:
        assert ndtri(0.95) * found.se + abs(found.d) <= 0.2 + 1e-9
    if verdict is Verdict.TOO_LITTLE:
        assert reason is not Reason.NONE
