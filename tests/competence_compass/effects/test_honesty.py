"""A sample of `make evidence`: centres with known effects, with margins as wide as so few of them ask for."""

import math

import pytest

from benchmarks.effects_honesty import CASES, Trial, asked, caught, line, lines, mean, report, run
from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.verdicts import Verdict
from med.competence_compass.generator import Centre

COV = Covariance(0.003, 0.45, 0.6)
SMALL = {"citizens": 160, "activities": 10, "quarters": 12, "places": (5, 9)}


@pytest.fixture(scope="module")
def base() -> Trial:
    return run("base", 2, 11, Centre(**SMALL), COV)


def test_nothing_is_called_nothing_and_something_is_found(base):
    at = {one.size: one for one in lines(base)}
    nothing = at[0.0]
    assert abs(nothing.bias.value) < 0.09
    assert nothing.coverage.value > 0.85
    assert nothing.verdicts[Verdict.DEVELOPS].value < 0.15
    assert at[0.5].verdicts[Verdict.DEVELOPS].value > nothing.verdicts[Verdict.DEVELOPS].value + 0.3
    assert abs(at[0.5].bias.value) < 0.15
    for one in lines(base):
        assert sum(share.value for share in one.verdicts.values()) == pytest.approx(1)


def test_those_who_rise_anyway_are_noticed():
    steep = Centre(slope_sd=0.1, referral_on_growth=3.0, selection=0.2, **SMALL)
    trial = run("growth_referred", 1, 21, steep, COV)
    assert caught(trial).value == 1.0
    nothing = lines(trial)[0]
    assert nothing.unguarded.value > nothing.bias.value + 0.03


def test_the_report_shows_every_size_and_the_demands(base):
    told = "\n".join(report({"base": base}))
    for size in ("| base | 0 |", "| base | 0.15 |", "| base | 0.3 |", "| base | 0.5 |"):
        assert size in told
    assert told.count("eld: base, true zero") + told.count("NOT HELD**: base, true zero") >= 3


def test_the_error_of_a_mean_is_that_of_the_replications():
    """Equal numbers in each: the standard error of the replications' own means."""
    found = mean([1.0, 3.0, 2.0, 4.0, 6.0, 8.0], [0, 0, 1, 1, 2, 2])
    assert found.value == 4.0
    assert found.error == pytest.approx(math.sqrt(((2 - 4) ** 2 + (3 - 4) ** 2 + (7 - 4) ** 2) / 2 / 3))
    assert math.isnan(mean([], []).value)
    assert math.isnan(line("base", 0.3, []).bias.value)


def test_cases_are_asked_for_by_name():
    assert asked("base,growth") == ["base", "growth_referred", "growth_queue"]
    assert set(asked(",".join(CASES))) == set(CASES)
    with pytest.raises(SystemExit):
        asked("luck")
