"""A night that makes only what has changed finds what a run that makes everything finds."""

import os
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from med.competence_compass.effects.analysis import analyse, targeted
from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.design import make_design
from med.competence_compass.effects.kept import Shelf
from med.competence_compass.effects.model import fit
from med.competence_compass.effects.study import donut
from tests.competence_compass.effects.small import FIRST, only, small_study

TIMES = int(os.environ.get("MED_TIMES", "1"))
COV = Covariance(0.01, 0.4, 0.6)
STUDY = small_study(effect=0.3, citizens=60)


def fitted(study, folder=None, cov=COV, **how):
    return fit(make_design(study, donut(study)), cov, targeted(study), folder=folder, **how)


def same(one, other):
    for name in ("tau", "se_model", "se_robust", "s2", "rows"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9, nan_ok=True)
    assert (*one.lead, *one.line) == pytest.approx((*other.lead, *other.line), abs=1e-7, nan_ok=True)


def assessed_anew(study, citizens):
    """The last score of each is another."""
    scores = study.scores.copy()
    scores[np.isin(study.citizen, citizens) & (study.day == study.day.max())] += 0.5
    return replace(study, scores=scores)


def another_quarter(study, citizens):
    """They are assessed once more, by somebody new, in a quarter nobody was assessed in."""
    n = len(citizens)
    more = {
        "citizen": citizens, "day": np.full(n, FIRST + 91 * 9), "assessor": np.full(n, 77), "kind": np.zeros(n, int),
        "is_referral": np.zeros(n, bool),
    }  # fmt: skip
    rows = {name: np.concatenate([getattr(study, name), values]) for name, values in more.items()}
    return replace(study, scores=np.vstack([study.scores, np.full((n, study.scores.shape[1]), 3.5)]), **rows)


def erased(study, citizens):
    return only(study, ~np.isin(study.citizen, citizens))


def came_more_often(study, citizens):
    return replace(study, p_attended=np.where(np.isin(study.p_citizen, citizens), 10.0, study.p_attended))


def another_aim(study, citizens):
    return replace(study, hypotheses=[*study.hypotheses, replace(study.hypotheses[0], dimension=2)])


CHANGES = (assessed_anew, another_quarter, erased, came_more_often, another_aim)


@given(
    nights=st.lists(
        st.tuples(st.sampled_from(CHANGES), st.sets(st.integers(0, 59), min_size=1, max_size=6), st.booleans()),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=8 * TIMES, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_nights_the_numbers_are_those_of_a_whole_run(nights, tmp_path_factory):
    folder, study = tmp_path_factory.mktemp("kept"), STUDY
    fitted(study, folder)
    for change, citizens, slopes in nights:
        study = change(study, np.array(sorted(citizens)))
        same(fitted(study, folder, slopes=slopes), fitted(study, slopes=slopes))


def test_only_what_has_changed_is_made(tmp_path):
    assert fitted(STUDY, tmp_path).renewed == 60
    assert fitted(STUDY, tmp_path).renewed == 0
    assert fitted(assessed_anew(STUDY, np.array([3, 8])), tmp_path).renewed == 2
    assert fitted(STUDY, tmp_path).renewed == 2  # and back
    assert fitted(another_quarter(STUDY, np.array([5])), tmp_path).renewed == 1


def test_one_who_goes_on_is_not_changed_by_others_assessments(tmp_path):
    """What is known of their attendance says when it is known from, so a later day in the study moves nothing."""
    ends = np.where(np.arange(len(STUDY.p_end)) % 2, STUDY.p_end, np.iinfo(np.int32).max)
    study = replace(STUDY, p_end=ends, attended_until=np.maximum(STUDY.p_start, FIRST + 91 * 7))
    fitted(study, tmp_path)
    assert fitted(another_quarter(study, np.array([5])), tmp_path).renewed == 1


def test_other_variances_make_everything_anew(tmp_path):
    fitted(STUDY, tmp_path)
    other = Covariance(0.02, 0.4, 0.6)
    found = fitted(STUDY, tmp_path, other)
    assert found.renewed == 60
    same(found, fitted(STUDY, cov=other))


@pytest.mark.parametrize("spoil", ["index.npz", "pieces", "less.npy"])
@pytest.mark.parametrize("how", ["gone", "cut"])
def test_what_is_not_whole_is_not_used(tmp_path, spoil, how):
    fitted(STUDY, tmp_path)
    file = tmp_path / spoil
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    found = fitted(STUDY, tmp_path)
    assert found.renewed == 60
    same(found, fitted(STUDY))


def test_after_a_night_that_was_broken_off_everything_is_made_anew(tmp_path, monkeypatch):
    """Sums are changed where they lie: half changed ones must not be taken for whole."""
    fitted(STUDY, tmp_path)
    later = assessed_anew(STUDY, np.array([3, 8]))
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Shelf, "put", Mock(side_effect=KeyboardInterrupt))
        fitted(later, tmp_path)
    found = fitted(later, tmp_path)
    assert found.renewed == 60
    same(found, fitted(later))


def test_nobody_else_can_read_it_and_what_is_unused_goes(tmp_path):
    study = STUDY
    for night in range(4):
        study = replace(study, scores=study.scores + 0.1 * night)
        fitted(study, tmp_path)
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    whole = fitted(study, tmp_path / "other")
    assert whole.renewed == 60
    assert (tmp_path / "pieces").stat().st_size <= 4 * (tmp_path / "other" / "pieces").stat().st_size


def test_two_runs_at_once_do_not_share(tmp_path):
    import fcntl

    fitted(STUDY, tmp_path)
    with (tmp_path / "pieces").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = fitted(STUDY, tmp_path)
    assert found.renewed == 60
    assert fitted(STUDY, tmp_path).renewed == 0


def test_a_whole_analysis_says_how_many_it_made(tmp_path):
    one = analyse(STUDY, COV, folder=tmp_path)
    two = analyse(assessed_anew(STUDY, np.array([1])), COV, folder=tmp_path)
    assert (one.renewed, two.renewed) == (60, 1)
