"""The joint estimate against statsmodels and linearmodels, and what must not change it."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy import linalg

from med.competence_compass.effects.analysis import targeted
from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.design import make_design
from med.competence_compass.effects.model import System, fit
from med.competence_compass.effects.study import Hypothesis, donut
from tests.competence_compass.effects.small import only, small_study

COV = Covariance(0.02, 0.7, 0.5)


def fitted(study, cov=COV, **how):
    return fit(make_design(study, donut(study)), cov, targeted(study), **how)


def columns(design, rows):
    """The whole design, written out."""
    return design.columns(rows).toarray()


def rows_for(design, k):
    """The usable rows of a dimension, citizen by citizen, of citizens with at least two."""
    return [rows[design.usable[rows, k]] for rows in design.rows if design.usable[rows, k].sum() > 1]


@pytest.mark.parametrize("k", [0, 1, 2])
def test_estimates_and_model_errors_are_those_of_generalised_least_squares(k):
    """statsmodels' GLS with the whole covariance matrix and a dummy for each citizen."""
    from statsmodels.regression.linear_model import GLS

    study = small_study(effect=0.5)
    design = make_design(study, donut(study))
    groups = rows_for(design, k)
    rows = np.concatenate(groups)
    own = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    dummies = (own[:, None] == np.arange(len(groups))).astype(float)
    v = linalg.block_diag(*(COV.of(study.quarter[group].astype(float)) for group in groups))
    oracle = GLS(study.scores[rows, k], np.hstack([columns(design, rows), dummies]), sigma=v).fit()
    ours = fitted(study)
    a = len(study.activities)
    assert ours.tau[:, k] == pytest.approx(oracle.params[:a], abs=1e-8)
    assert ours.se_model[:, k] == pytest.approx(oracle.bse[:a], rel=1e-8)
    assert ours.rows[k] == len(rows)


def test_robust_errors_are_those_of_linearmodels():
    """PanelOLS with entity effects and clusters, where V is the identity; its factor counts what ours counts."""
    import pandas as pd
    from linearmodels.panel import PanelOLS

    study = small_study(effect=0.3, missing=0.0)
    design = make_design(study, np.zeros(study.scores.shape, bool))
    rows = np.concatenate(rows_for(design, 0))
    x = columns(design, rows)
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])
    frame["y"] = study.scores[rows, 0]
    frame["who"], frame["when"] = study.citizen[rows], study.day[rows]
    frame = frame.set_index(["who", "when"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = PanelOLS(frame["y"], frame[[f"x{i}" for i in range(x.shape[1])]], entity_effects=True).fit(
            cov_type="clustered", cluster_entity=True, group_debias=True, count_effects=False
        )
    ours = fit(design, Covariance(), targeted(study))
    a = len(study.activities)
    assert ours.tau[:, 0] == pytest.approx(oracle.params.to_numpy()[:a], abs=1e-8)
    assert ours.se_robust[:, 0] == pytest.approx(oracle.std_errors.to_numpy()[:a], rel=1e-6)


def test_the_guarded_version_gives_each_citizen_a_line_of_their_own():
    """Against least squares with a dummy and a slope for each citizen."""
    study = small_study(effect=0.4, missing=0.0)
    design = make_design(study, np.zeros(study.scores.shape, bool))
    groups = rows_for(design, 1)
    rows = np.concatenate(groups)
    own = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    dummies = (own[:, None] == np.arange(len(groups))).astype(float)
    whole = np.hstack([columns(design, rows), dummies, dummies * study.quarter[rows][:, None]])
    beta = np.linalg.lstsq(whole, study.scores[rows, 1], rcond=None)[0]
    ours = fit(design, Covariance(), targeted(study), slopes=True)
    assert ours.tau[:, 1] == pytest.approx(beta[: len(study.activities)], abs=1e-6)


def test_the_guarded_version_is_blind_to_lines():
    study = small_study(missing=0.0)
    slopes = np.linspace(-1, 1, len(study.citizens))[study.citizen] * study.quarter
    tilted = replace(study, scores=study.scores + slopes[:, None])
    for one, other in ((study, tilted),):
        assert np.allclose(fitted(one, slopes=True).tau, fitted(other, slopes=True).tau, atol=1e-7)
    assert not np.allclose(fitted(study).tau, fitted(tilted).tau, atol=1e-2)


# --- what must not change anything ------------------------------------------------------------------------------


def same(one, other, flip=1.0):
    for name in ("tau", "se_model", "se_robust", "s2"):
        sign = flip if name == "tau" else 1.0
        assert np.allclose(getattr(one, name), sign * getattr(other, name), atol=1e-8, equal_nan=True), name


def test_the_order_of_rows_does_not_matter():
    study = small_study(effect=0.3)
    shuffled = np.random.default_rng(1).permutation(len(study.day))
    same(fitted(study), fitted(only(study, shuffled)))


def test_a_constant_does_not_matter():
    study = small_study(effect=0.3)
    same(fitted(study), fitted(replace(study, scores=study.scores + 17)))


def test_a_citizens_own_level_does_not_matter():
    study = small_study(effect=0.3)
    same(fitted(study), fitted(replace(study, scores=study.scores + np.arange(40.0)[study.citizen][:, None])))


def test_turning_the_scale_turns_the_estimate():
    study = small_study(effect=0.3)
    same(fitted(study), fitted(replace(study, scores=-study.scores)), flip=-1.0)


def test_new_codes_for_assessors_do_not_matter():
    study = small_study(effect=0.3)
    same(fitted(study), fitted(replace(study, assessor=np.array([7, 3, 99, 1])[study.assessor])))


def test_new_numbers_for_citizens_do_not_matter():
    study = small_study(effect=0.3)
    new = np.random.default_rng(2).permutation(len(study.citizens))
    moved = replace(study, citizen=new[study.citizen], p_citizen=new[study.p_citizen], w_citizen=new[study.w_citizen])
    same(fitted(study), fitted(moved))


def test_twice_the_citizens_give_the_same_estimate_and_are_surer():
    study = small_study(effect=0.3)
    n = len(study.citizens)
    twice = {
        name: np.concatenate([getattr(study, name)] * 2)
        for name in ("day", "assessor", "kind", "is_referral", "scores", "p_activity", "p_start", "p_end", "p_planned",
                     "p_attended", "w_activity", "w_queued", "w_left")
    }  # fmt: skip
    twice |= {
        name: np.concatenate([getattr(study, name), getattr(study, name) + n])
        for name in ("citizen", "p_citizen", "w_citizen")
    }
    one, two = (
        fitted(study),
        fitted(replace(study, citizens=[*study.citizens, *(f"{one} again" for one in study.citizens)], **twice)),
    )
    assert np.allclose(one.tau, two.tau, atol=1e-8)
    assert (two.se_model < one.se_model).all() and (two.se_robust < one.se_robust).all()


def test_a_citizen_seen_once_changes_nothing():
    study = small_study(effect=0.3, missing=0.0)
    keep = (study.citizen != 5) | (study.day == study.day.min())
    without = only(study, study.citizen != 5)
    same(fitted(only(study, keep)), fitted(without))


# --- what cannot be told ------------------------------------------------------------------------------------------


def test_two_activities_always_together_cannot_be_told_apart():
    study = small_study(effect=0.3)
    mine = study.p_activity == 0
    doubled = {
        name: np.concatenate([getattr(study, name), getattr(study, name)[mine]])
        for name in ("p_citizen", "p_start", "p_end", "p_planned", "p_attended")
    }
    study = replace(
        study,
        activities=[*study.activities, "twin"],
        p_activity=np.concatenate([study.p_activity, np.full(mine.sum(), 3)]),
        hypotheses=[*study.hypotheses, Hypothesis(3, 0)],
        **doubled,
    )
    found = fitted(study)
    assert np.isnan(found.tau[[0, 3]]).all() and np.isnan(found.se[[0, 3]]).all()
    assert np.isfinite(found.tau[[1, 2]]).all()


def test_an_activity_nobody_took_part_in_is_unknown():
    study = small_study()
    found = fitted(replace(study, activities=[*study.activities, "empty"]))
    assert np.isnan(found.tau[3]).all()
    assert np.isfinite(found.tau[:3]).all()


def test_a_singular_sum_is_inverted_where_it_can_be():
    system = System(np.array([[2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 4.0]]))
    assert system.rank == 2 and system.knows(np.arange(3)).tolist() == [False, False, True]
    assert system.solve(np.eye(3))[2, 2] == pytest.approx(0.25)


def test_no_rows_is_no_error():
    study = only(small_study(), np.zeros(320, bool))
    found = fitted(study)
    assert np.isnan(found.tau).all() and np.isnan(found.lead_z)


# --- the lead test ------------------------------------------------------------------------------------------------


def test_those_who_rise_before_they_begin_are_noticed():
    clean, rising = [], []
    for seed in range(12):
        study = small_study(seed, citizens=80, missing=0.0, w_citizen=np.zeros(0, int), w_activity=np.zeros(0, int),
                            w_queued=np.zeros(0, int), w_left=np.zeros(0, int))  # fmt: skip
        design = make_design(study, donut(study))
        clean.append(fitted(study).lead_z)
        lift = 0.6 * (design.lead @ targeted(study))
        rising.append(fitted(replace(study, scores=study.scores + lift)).lead_z)
    assert np.mean(clean) < 1.2 and sum(z > 2 for z in clean) <= 2
    assert min(rising) > 2


def test_those_who_are_taken_out_of_the_queue_because_they_rise_are_noticed():
    """Everybody who waits is coming out of a bad period; those who get the place come out of it faster."""
    caught = 0
    for seed in range(8):
        study = small_study(seed, citizens=120, missing=0.0)
        design = make_design(study, donut(study))
        targets = targeted(study)
        dip = -0.7 * np.minimum(design.waits @ targets, 1) + 0.5 * (design.lead @ targets)
        caught += fitted(replace(study, scores=study.scores + dip)).lead_z > 2
    assert caught >= 6


def test_what_an_activity_does_is_no_line_of_those_who_begin():
    """A large effect does not look like rising anyway; a line of one's own does, whichever door it came through."""
    for seed in range(4):
        study = small_study(seed, citizens=120, effect=1.0, missing=0.0)
        design = make_design(study, donut(study))
        assert fitted(study).line_z < 3
        begun = np.minimum(design.begun @ targeted(study).astype(float), 1)[study.citizen]
        referred = np.minimum(design.referred @ targeted(study).astype(float), 1)[study.citizen]
        time = (study.quarter - study.quarter.mean())[:, None]
        by_referral = fitted(replace(study, scores=study.scores + 0.2 * time * begun)).line
        from_queue = fitted(replace(study, scores=study.scores + 0.2 * time * (begun - referred))).line
        assert by_referral[0] > 3
        assert from_queue[1] > 3
