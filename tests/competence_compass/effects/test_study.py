"""What follows from the observations: how much of an activity, which rows led to a referral, the spread at baseline."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from med.competence_compass.effects.study import FAR, Hypothesis, Series, donut, exposure, quarters, referral_rows
from tests.competence_compass.effects.small import small_study

DAY = date(2025, 1, 1).toordinal()


def one_citizen(days, **given):
    """One citizen, one dimension, one activity; scores 1, 2, 3, …"""
    n = len(days)
    none = np.zeros(0, np.int64)
    start = dict.fromkeys(
        ("p_citizen", "p_activity", "p_start", "p_end", "w_citizen", "w_activity", "w_queued", "w_left"), none
    )
    made = {
        "citizens": ["c"],
        "dimensions": ["d"],
        "activities": ["a"],
        "citizen": np.zeros(n, np.int64),
        "day": DAY + np.array(days),
        "assessor": np.zeros(n, np.int64),
        "kind": np.zeros(n, np.int64),
        "is_referral": np.zeros(n, bool),
        "scores": np.arange(1.0, n + 1)[:, None],
        "top": np.array([5.0]),
        "bottom": np.array([1.0]),
        "p_planned": np.zeros(0),
        "p_attended": np.zeros(0),
        "hypotheses": [Hypothesis(0, 0)],
        **start,
        **given,
    }
    return replace(small_study(), **made)


def taking_part(start: int, end: int, planned: float, attended: float) -> dict:
    return {
        "p_citizen": np.array([0]),
        "p_activity": np.array([0]),
        "p_start": np.array([DAY + start]),
        "p_end": np.array([DAY + end if end < FAR else FAR]),
        "p_planned": np.array([planned]),
        "p_attended": np.array([attended]),
    }


def queued(*entries: tuple[int, int]) -> dict:
    return {
        "w_citizen": np.zeros(len(entries), np.int64),
        "w_activity": np.zeros(len(entries), np.int64),
        "w_queued": np.array([DAY + day for day, _ in entries]),
        "w_left": np.array([DAY + left for _, left in entries]),
    }


def test_quarters_are_the_calendars():
    days = np.array([date(2025, month, 1).toordinal() for month in range(1, 13)])
    assert (quarters(days) - quarters(days)[0]).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert quarters(np.array([date(2026, 1, 1).toordinal()]))[0] == quarters(days)[0] + 4


def test_exposure_grows_from_the_first_day_to_the_last_and_stays():
    study = one_citizen([0, 100, 150, 200, 400], **taking_part(100, 200, 10, 8))
    assert exposure(study).toarray()[:, 0].tolist() == pytest.approx([0.0, 0.0, 0.4, 0.8, 0.8])


def test_exposure_never_passes_one_and_adds_up_over_two_runs():
    twice = {name: np.concatenate([value, value]) for name, value in taking_part(0, 10, 10, 7).items()}
    assert exposure(one_citizen([20], **twice)).toarray()[0, 0] == 1.0


def test_of_one_that_goes_on_the_latest_day_in_the_study_is_the_end():
    study = one_citizen([0, 50, 100], **taking_part(0, FAR, 10, 6))
    assert exposure(study).toarray()[:, 0].tolist() == pytest.approx([0.0, 0.3, 0.6])


def test_a_start_after_the_last_assessment_is_no_exposure():
    assert exposure(one_citizen([0, 50], **taking_part(80, FAR, 10, 6))).toarray().tolist() == [[0.0], [0.0]]


def led_to(study) -> list[int]:
    """The rows that led to the one waiting entry."""
    entries, rows = referral_rows(study)
    assert set(entries.tolist()) <= {0}
    return rows.tolist()


def test_the_last_assessment_before_queueing_led_to_it():
    study = one_citizen([0, 60, 90, 120], **queued((100, 300)))
    assert led_to(study) == [2]


def test_an_assessment_on_the_day_of_queueing_counts_and_one_older_than_100_days_does_not():
    assert led_to(one_citizen([0, 100], **queued((100, 300)))) == [1]
    assert led_to(one_citizen([0, 300], **queued((101, 300)))) == []
    assert led_to(one_citizen([0, 300], **queued((100, 300)))) == [0]


def test_a_marked_assessment_goes_before_the_last_one():
    study = one_citizen([0, 60, 90], is_referral=np.array([False, True, False]), **queued((95, 300)))
    assert led_to(study) == [1]


def test_only_the_targeted_dimension_is_left_out():
    study = one_citizen([0, 90], **queued((95, 300)))
    study = replace(study, dimensions=["d", "e"], scores=np.ones((2, 2)), hypotheses=[Hypothesis(0, 1)])
    assert donut(study).tolist() == [[False, False], [False, True]]


def test_the_spread_at_baseline_is_that_of_first_scores():
    study = small_study(missing=0.3)
    for k in range(3):
        firsts = []
        for c in range(len(study.citizens)):
            mine = study.scores[study.citizen == c, k]
            firsts += mine[np.isfinite(mine)][:1].tolist()
        found = Series(study, study.scores[study.in_order[0], k]).baseline_sd()
        assert found == pytest.approx(np.std(firsts, ddof=1))


def test_one_citizen_has_no_spread():
    study = one_citizen([0, 90])
    assert np.isnan(Series(study, study.scores[:, 0]).baseline_sd())
