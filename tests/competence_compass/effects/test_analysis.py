"""Whole runs: known effects are found, and bad data get a verdict they can carry, or "for få data" with its reason."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from med.competence_compass.effects.analysis import Result, analyse, residual
from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.report import as_json, as_lines
from med.competence_compass.effects.study import FAR, Hypothesis, Study
from med.competence_compass.effects.verdicts import Reason, Verdict
from tests.competence_compass.effects.small import FIRST, only, small_study

COV = Covariance(0.002, 0.5, 0.5)


def run(study: Study, **how) -> Result:
    """Analyse; nothing that leaves may be a NaN, and the table can be read."""
    result = analyse(study, **how)
    told = json.dumps(as_json(study, result), allow_nan=False)
    assert json.loads(told)["run"]["version"]
    assert all("nan" not in line for line in as_lines(study, result))
    assert len(result.estimates) == len(study.hypotheses)
    for one in result.estimates:
        if one.verdict is Verdict.TOO_LITTLE:
            assert one.reason is not Reason.NONE
        else:
            assert math.isfinite(one.estimate) and math.isfinite(one.se) and one.se > 0
    return result


def verdicts(result: Result) -> list[tuple[Verdict, Reason]]:
    return [(one.verdict, one.reason) for one in result.estimates]


def too_little(result: Result) -> bool:
    return all(one.verdict is Verdict.TOO_LITTLE for one in result.estimates)


def test_a_large_effect_is_found_and_none_is_not():
    found = run(small_study(citizens=120, effect=0.7))
    assert {one.verdict for one in found.estimates} == {Verdict.DEVELOPS}
    nothing = run(small_study(citizens=120))
    assert Verdict.DEVELOPS not in {one.verdict for one in nothing.estimates}


def test_one_who_waited_does_not_take_a_word_back():
    """Not even with leaps that turn the comparison round; nor is that one counted as a comparison that may be shown."""
    study = small_study(citizens=120, effect=0.7)
    began = study.p_citizen[study.p_activity == 0]
    alone = np.flatnonzero((study.w_activity == 0) & ~np.isin(study.w_citizen, began))[0]
    kept = study.w_activity != 0
    kept[alone] = True
    leaps = (study.citizen == study.w_citizen[alone]) * (study.day - FIRST) / 91
    study = replace(
        study,
        scores=study.scores + leaps[:, None],
        **{name: getattr(study, name)[kept] for name in ("w_citizen", "w_activity", "w_queued", "w_left")},
    )
    found = next(one for one in run(study).estimates if one.activity == 0)
    assert found.waiting.estimate < 0 and found.waiting.n == found.waiting.waiting == 1
    assert found.verdict is Verdict.DEVELOPS


def test_what_makes_worse_is_found_too():
    assert {one.verdict for one in run(small_study(citizens=120, effect=-0.7)).estimates} == {Verdict.DECLINES}


def test_keeping_is_a_success_when_that_was_the_aim():
    study = small_study(citizens=400)
    keep = [replace(one, is_maintain=True) for one in study.hypotheses]
    found = run(replace(study, hypotheses=keep))
    assert (Verdict.NO_EFFECT_SEEN, Reason.KEPT) in verdicts(found)


def test_an_earlier_runs_variances_are_used_as_they_are():
    assert run(small_study(), covariance=COV).covariance is COV


def test_progress_is_told_from_nothing_to_everything():
    told: list[tuple[str, float]] = []
    run(small_study(), progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1


def test_the_rising_who_get_places_switch_to_lines_of_their_own():
    """Everybody has a line; those who begin have steeper ones. The guarded estimate is not taken in by them, and the
    reader is told why there is no conclusion."""
    study = small_study(2, citizens=120, missing=0.0)
    begins = np.zeros(len(study.citizens), bool)
    begins[study.p_citizen[study.p_activity == 0]] = True
    rising = begins[study.citizen] * (study.quarter - study.quarter.min())
    study = replace(study, scores=study.scores + 0.15 * rising[:, None], hypotheses=study.hypotheses[:1])
    found = run(study)
    assert found.is_guarded and found.line_z > 3
    assert verdicts(run(study, guard=False)) == [(Verdict.DEVELOPS, Reason.NONE)]
    assert verdicts(found) == [(Verdict.UNSETTLED, Reason.ROSE_BEFORE_START)]


def test_what_is_left_beside_the_design_is_that_of_least_squares():
    """With a dummy for each citizen, and columns that depend on one another."""
    rng = np.random.default_rng(5)
    own = np.repeat(np.arange(12), 6)
    x = rng.integers(0, 2, (72, 5)).astype(float)
    x[:, 4] = x[:, 0] + x[:, 1]
    y = rng.normal(size=72)
    whole = np.hstack([x, (own[:, None] == np.arange(12)).astype(float)])
    expected = y - whole @ np.linalg.lstsq(whole, y, rcond=None)[0]
    assert residual(sparse.csr_array(x), y, own) == pytest.approx(expected, abs=1e-9)


# --- bad data -------------------------------------------------------------------------------------------------------


def without_rows() -> Study:
    study = small_study()
    return only(study, np.zeros(len(study.day), bool))


def one_citizen() -> Study:
    study = small_study(citizens=10)
    mine, waits = study.p_citizen == study.p_citizen[0], study.w_citizen == study.p_citizen[0]
    return only(trimmed(study, mine, waits), study.citizen == study.p_citizen[0])


def one_assessment_each() -> Study:
    study = small_study()
    return only(study, study.day == study.day.min())


def trimmed(study: Study, parts: np.ndarray, waits: np.ndarray) -> Study:
    """The study with some participations and waiting entries."""
    kept = {name: getattr(study, name)[parts] for name in vars(study) if name.startswith("p_")}
    kept |= {name: getattr(study, name)[waits] for name in vars(study) if name.startswith("w_")}
    return replace(study, **kept)


def one_participant() -> Study:
    study = small_study()
    parts = np.ones(len(study.p_citizen), bool)
    parts[np.flatnonzero(study.p_activity == 0)[1:]] = False
    return trimmed(study, parts, np.ones(len(study.w_citizen), bool))


def everybody_in_the_same() -> Study:
    study = small_study(activities=1)
    n = len(study.citizens)
    at = {"p_start": FIRST + 300, "p_end": FIRST + 380, "p_planned": 10.0, "p_attended": 10.0, "p_activity": 0}
    given = {name: np.full(n, value) for name, value in at.items()}
    return trimmed(
        replace(study, p_citizen=np.arange(n), **given), np.ones(n, bool), np.zeros(len(study.w_citizen), bool)
    )


def nobody_waiting() -> Study:
    study = small_study(citizens=80)
    return trimmed(study, np.ones(len(study.p_citizen), bool), np.zeros(len(study.w_citizen), bool))


def all_values_equal() -> Study:
    study = small_study(missing=0.0)
    return replace(study, scores=np.full(study.scores.shape, 3.0))


def always_together() -> Study:
    """Whoever does the first activity does the second on the same days, with the same attendance."""
    study = small_study(activities=2)
    mine = study.p_activity == 0
    kept = trimmed(study, mine, study.w_activity == 0)
    parts = {name: np.tile(getattr(kept, name), 2) for name in vars(kept) if name.startswith("p_")}
    parts["p_activity"] = np.repeat([0, 1], mine.sum())
    return replace(kept, **parts)


def one_assessor() -> Study:
    return small_study(citizens=80, assessor=np.zeros(640, int))


def gaps_of_years() -> Study:
    study = small_study(citizens=80)
    late = study.quarter >= study.quarter.min() + 4
    far = np.array([0, 3 * 365])
    return replace(
        study,
        day=study.day + far[late.astype(int)],
        p_end=study.p_end + far[(study.p_end > FIRST + 4 * 91).astype(int)],
    )


def ties() -> Study:
    """Three values, and every assessment twice on the same day."""
    study = small_study(citizens=60)
    twice = np.repeat(np.arange(len(study.day)), 2)
    rounded = only(study, twice)
    return replace(rounded, scores=np.clip(np.round(rounded.scores), 2, 4))


def all_begin_alike() -> Study:
    """Everybody stands at the bottom for three quarters: what becomes of them has nothing to be measured by."""
    study = small_study(citizens=80)
    begins = study.day < FIRST + 91 * 3
    return replace(study, scores=np.where(begins[:, None], 1.0, study.scores))


def turned_halfway() -> Study:
    """Somebody turned the scale in the fifth quarter: 5 became the worst."""
    study = small_study(citizens=80)
    late = (study.quarter >= study.quarter.min() + 4)[:, None]
    return replace(study, scores=np.where(late, 6 - study.scores, study.scores))


def two_versions() -> Study:
    """The instrument was changed when most had begun: scores by the version before are another study's."""
    study = small_study()
    return only(study, study.day >= FIRST + 91 * 6)


def much_missing() -> Study:
    return small_study(citizens=80, missing=0.3)


def no_hypotheses() -> Study:
    return small_study(hypotheses=())


def nobody_took_part() -> Study:
    study = small_study()
    return trimmed(study, np.zeros(len(study.p_citizen), bool), np.zeros(len(study.w_citizen), bool))


def no_dimension_answered() -> Study:
    study = small_study()
    return replace(study, scores=np.where(np.arange(3) == 0, np.nan, study.scores))


def planned_nothing() -> Study:
    study = small_study()
    return replace(study, p_planned=np.zeros(len(study.p_planned)), p_attended=np.zeros(len(study.p_planned)))


def nobody_stops() -> Study:
    study = small_study(citizens=80)
    return replace(study, p_end=np.full(len(study.p_end), FAR))


def one_day() -> Study:
    study = small_study()
    return replace(study, day=np.full(len(study.day), FIRST))


def test_rows_in_another_order_give_the_same():
    """To the last digit, also where several have assessed the same citizen on the same day."""
    study = small_study(citizens=80)
    rows = {name: np.tile(getattr(study, name), 2) for name in ("citizen", "day", "is_referral")}
    twice = replace(
        study,
        **rows,
        assessor=np.append(study.assessor, study.assessor + 4),
        kind=np.append(study.kind, 1 - study.kind),
        scores=np.concatenate([study.scores, study.scores[::-1]]),
    )
    order = np.random.default_rng(3).permutation(len(twice.day))
    one, other = (as_json(these, run(these, covariance=COV)) for these in (twice, only(twice, order)))
    assert one == other and one["estimates"][0]["waiting_list_estimate"] is not None


def test_without_hypotheses_nothing_is_tested():
    assert run(no_hypotheses(), covariance=COV).estimates == []


def test_bad_data_have_variances_too():
    """The step that the others are given: it neither fails nor leaves anything that is no number."""
    for make in (without_rows, one_citizen, all_values_equal, ties, turned_halfway, one_day):
        found = run(make()).covariance
        assert all(math.isfinite(value) for value in (found.slope, found.period, found.rho))


def a_citizen_with_one_assessment() -> Study:
    study = small_study(citizens=80)
    begins = np.append(True, study.citizen[1:] != study.citizen[:-1])
    return only(study, (study.citizen != 0) | begins)


UNSETTLED = {(Verdict.UNSETTLED, Reason.NONE)}
FEW = {(Verdict.TOO_LITTLE, Reason.FEW_PARTICIPANTS)}
WHAT_IS_SAID = [  # of the first hypothesis, whose effect is none
    (without_rows, FEW),
    (one_citizen, FEW),
    (one_assessment_each, FEW),
    (a_citizen_with_one_assessment, UNSETTLED),
    (one_participant, FEW),
    (everybody_in_the_same, {(Verdict.TOO_LITTLE, Reason.NOT_SEPARABLE)}),
    (nobody_waiting, UNSETTLED),
    (all_values_equal, {(Verdict.TOO_LITTLE, Reason.NO_VARIATION)}),
    (all_begin_alike, {(Verdict.TOO_LITTLE, Reason.NO_VARIATION)}),
    (always_together, {(Verdict.TOO_LITTLE, Reason.NOT_SEPARABLE)}),
    (one_assessor, UNSETTLED),
    (gaps_of_years, UNSETTLED),
    (ties, UNSETTLED),
    (turned_halfway, {(Verdict.TOO_LITTLE, Reason.TOO_COARSE)}),  # noise enough to drown everything
    (two_versions, FEW),
    (much_missing, UNSETTLED),
    (nobody_took_part, FEW),
    (no_dimension_answered, FEW),
    (planned_nothing, {(Verdict.TOO_LITTLE, Reason.NOT_SEPARABLE)}),
    (nobody_stops, UNSETTLED),
    (one_day, FEW),
]


@pytest.mark.parametrize(("make", "said"), WHAT_IS_SAID, ids=[make.__name__ for make, _ in WHAT_IS_SAID])
def test_bad_data_get_the_word_they_can_carry_and_why(make, said):
    assert set(verdicts(run(make(), covariance=COV))[:1]) == said


def test_without_a_waiting_list_there_is_no_second_opinion():
    found = run(nobody_waiting())
    assert all(math.isnan(one.waiting.estimate) for one in found.estimates)
    assert not too_little(found)


def test_one_activity_alone_in_trouble_does_not_harm_the_others():
    found = run(replace(one_participant(), hypotheses=[Hypothesis(0, 0), Hypothesis(1, 1)]), covariance=COV)
    assert found.estimates[0].verdict is Verdict.TOO_LITTLE
    assert math.isfinite(found.estimates[1].estimate)


def test_no_verdict_comes_from_the_order_of_ties():
    """The same rows in another order: the same words and numbers."""
    study = ties()
    mixed = only(study, np.random.default_rng(3).permutation(len(study.day)))
    one, other = run(study, covariance=COV), run(mixed, covariance=COV)
    assert verdicts(one) == verdicts(other)
    for a, b in zip(one.estimates, other.estimates, strict=True):
        assert a.estimate == pytest.approx(b.estimate, abs=1e-9)
        assert a.waiting.estimate == pytest.approx(b.waiting.estimate, abs=1e-9, nan_ok=True)
        assert a.ceiling == b.ceiling


def test_only_rows_that_led_to_referrals_leave_nothing():
    study = small_study(missing=0.0)
    everything = {
        "w_citizen": np.tile(np.arange(40), 3), "w_activity": np.repeat(np.arange(3), 40),
        "w_queued": np.full(120, FIRST + 1), "w_left": np.full(120, FAR),
    }  # fmt: skip
    found = run(replace(only(study, study.day == FIRST), **everything), covariance=COV)
    assert found.rows_used == 0 and found.rows_left_out == 40 and too_little(found)
