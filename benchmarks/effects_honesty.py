"""Does the effect analysis tell the truth? Invented centres whose true effects are known are analysed, many times.

    python -m benchmarks.effects_honesty --replications 40 --cases base,need,growth_referred --seed 1

A replication is a centre of its own (seed, seed + 1, …). Sizes are in standard deviations at baseline, the unit of the
estimates: a true effect of d points is d / SD of the dimension in that centre. Monte Carlo errors (±) are standard
errors with the replication as the unit, since the pairs of one centre share citizens, assessors and quarters.
"""

import argparse
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: small matrices are quicker alone

import numpy as np
from numpy.typing import NDArray

from med.competence_compass.effects.analysis import LEAD_LIMIT, Result, analyse
from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.reading import study_of
from med.competence_compass.effects.study import Study
from med.competence_compass.effects.verdicts import Z95, Verdict
from med.competence_compass.generator import Centre, make_world

STEEP = 0.06
"""Points a quarter: the spread of the citizens' own development where places go to the rising."""

CASES: Mapping[str, tuple[Centre, str]] = {
    "base": (Centre(), "the defaults: referral on low scores, queue, noise, assessors, moods"),
    "need": (Centre(selection_on_need=1.5), "staff refer by a lasting need that no score shows"),
    "growth_referred": (
        Centre(slope_sd=STEEP, referral_on_growth=2.0, selection=0.4),
        "those who are rising by themselves are referred",
    ),
    "growth_queue": (
        Centre(slope_sd=STEEP, selection_on_growth=1.0, activities=20),
        "those who are rising by themselves are taken first out of the queue",
    ),
    "zero": (Centre(zero_share=1.0), "no activity does anything"),
    "fading": (Centre(fading=0.15), "effects lose 15 % a quarter after the end"),
    "expectancy": (Centre(expectancy=0.15), "staff who know of a participation score 0.15 points higher"),
    "slopes": (Centre(slope_sd=STEEP), "the same steep developments, places not given by them"),
    "trends": (Centre(trend=0.04, quarter_sd=0.15), "everybody rises by 0.04 a quarter, and quarters differ"),
}
GROWTH = ("growth_referred", "growth_queue")
ABOUT = (26, 40)
"""Participants of the pairs that count as having "33" (seen before and after)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """What one hypothesis got, and what was true. Sizes in SD at baseline."""

    replication: int
    size: float  # as the generator drew it, in points
    truth: float
    estimate: float
    se: float
    waiting: float
    n: int
    verdict: Verdict
    unguarded: float  # the estimate without the guard


@dataclass(frozen=True)
class Trial:
    """One case: every pair of every replication, and the four z of each replication's guard."""

    name: str
    pairs: list[Pair]
    ahead: list[tuple[float, float, float, float]]  # lead and line test, two halves each
    guarded: list[bool]


def run(
    name: str, replications: int, seed: int, centre: Centre | None = None, covariance: Covariance | None = None
) -> Trial:
    """Try a case. `centre` stands in for the case's own, `covariance` for finding the variances.

    In the base case they are found anew in each centre; in the others in the first, and the others take them from
    there, as a night takes those of its quarter.
    """
    trial = Trial(name, [], [], [])
    for number in range(replications):
        world = make_world(replace(centre or CASES[name][0], seed=seed + number))
        study = study_of(world.folder)
        result = analyse(study, covariance)
        if name != "base":
            covariance = result.covariance
        bare = analyse(study, result.covariance, guard=False) if result.is_guarded else result
        trial.pairs.extend(pairs(number, study, world.truth, result, bare))
        trial.ahead.append((*result.lead, *result.line))
        trial.guarded.append(result.is_guarded)
    return trial


def pairs(
    number: int, study: Study, truth: Mapping[tuple[str, str], float], result: Result, bare: Result
) -> Iterator[Pair]:
    for one, other in zip(result.estimates, bare.estimates, strict=True):
        size = truth[study.activities[one.activity], study.dimensions[one.dimension]]
        sd = float(result.sd[one.dimension])
        yield Pair(
            number, size, size / sd, one.estimate, one.se, one.waiting.estimate, one.n, one.verdict, other.estimate
        )


@dataclass(frozen=True)
class Share:
    """A mean over pairs, and its Monte Carlo standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} ± {self.error:.3f}" if math.isfinite(self.value) else "–"

    @property
    def percent(self) -> str:
        return f"{self.value:.1%} ± {self.error:.1%}" if math.isfinite(self.value) else "–"


def mean(values: Sequence[float] | Floats, replication: Sequence[int]) -> Share:
    """The mean, and its standard error with replications as clusters (ratio estimator, Cochran 1977 §6.3)."""
    value, group = np.asarray(values, float), np.asarray(replication, int)
    if not len(value):
        return Share(math.nan, math.nan)
    middle = float(value.mean())
    rest = np.bincount(group, value - middle)
    count = len(np.unique(group))
    spread = math.sqrt(float((rest**2).sum()) * count / (count - 1)) / len(value) if count > 1 else math.nan
    return Share(middle, spread)


@dataclass(frozen=True)
class Line:
    """How one case behaved at one true size."""

    case: str
    size: float
    pairs: int
    participants: float
    bias: Share
    unguarded: Share
    waiting: Share
    coverage: Share
    significant: Share  # estimate over 1.96 standard errors: the false-positive rate at zero, else the power
    verdicts: Mapping[Verdict, Share]


def line(case: str, size: float, found: Sequence[Pair]) -> Line:
    seen = [one for one in found if math.isfinite(one.estimate) and math.isfinite(one.se)]
    waited = [one for one in found if math.isfinite(one.waiting)]
    by = [one.replication for one in seen]
    return Line(
        case,
        size,
        len(found),
        float(np.mean([one.n for one in found])) if found else math.nan,
        mean([one.estimate - one.truth for one in seen], by),
        mean([one.unguarded - one.truth for one in seen], by),
        mean([one.waiting - one.truth for one in waited], [one.replication for one in waited]),
        mean([float(abs(one.estimate - one.truth) <= Z95 * one.se) for one in seen], by),
        mean([float(one.estimate > Z95 * one.se) for one in seen], by),
        {
            verdict: mean([float(one.verdict is verdict) for one in found], [one.replication for one in found])
            for verdict in Verdict
        },
    )


def lines(trial: Trial) -> list[Line]:
    sizes = sorted({one.size for one in trial.pairs})
    return [line(trial.name, size, [one for one in trial.pairs if one.size == size]) for size in sizes]


def strong(trial: Trial, size: float = 0.5) -> Line:
    """The pairs with a true effect of `size` and about 33 participants."""
    found = [one for one in trial.pairs if one.size == size and ABOUT[0] <= one.n <= ABOUT[1]]
    return line(trial.name, size, found)


def caught(trial: Trial) -> Share:
    """Share of the replications in which the guard switched."""
    return mean([float(one) for one in trial.guarded], range(len(trial.guarded)))


def demands(trials: Mapping[str, Trial]) -> list[tuple[str, bool]]:
    """What is required of the estimator, and whether it held."""
    found = []
    for case in ("base", "need"):
        if case not in trials:
            continue
        at = {one.size: one for one in lines(trials[case])}
        nothing, well = at[0.0], strong(trials[case])
        develops, found_it = nothing.verdicts[Verdict.DEVELOPS], well.verdicts[Verdict.DEVELOPS]
        found += [
            (f"{case}, true zero: |bias| ≤ 0.02 SD: {nothing.bias}", abs(nothing.bias.value) <= 0.02),
            (
                f"{case}, true zero: coverage 93–97 %: {nothing.coverage.percent}",
                0.93 <= nothing.coverage.value <= 0.97,
            ),
            (f'{case}, true zero: "udvikler" ≤ 5 %: {develops.percent}', develops.value <= 0.05),
            (
                f"{case}, d = 0.5, {ABOUT[0]}–{ABOUT[1]} participants (mean {well.participants:.0f}), {well.pairs} "
                f'pairs: "udvikler" ≥ 90 %: {found_it.percent}',
                found_it.value >= 0.90,
            ),
        ]
    for case in GROWTH:
        if case in trials:
            bias = next(one.unguarded for one in lines(trials[case]) if one.size == 0)
            share = caught(trials[case])
            found.append(
                (
                    f"{case}: bias at zero without the guard {bias} (the case is real from 0.05 on); "
                    f"the guard catches ≥ 3 of 4: {share.percent}",
                    share.value >= 0.75,
                )
            )
    if "expectancy" in trials:
        nothing = next(one for one in lines(trials["expectancy"]) if one.size == 0)
        found.append(
            (
                f"expectancy: the case is real (bias at zero ≥ 0.05 SD: {nothing.bias}) and no statistics helps: "
                f"waiting list {nothing.waiting}, guard {caught(trials['expectancy']).percent}. The page says so",
                nothing.bias.value >= 0.05,
            )
        )
    return found


def report(trials: Mapping[str, Trial]) -> Iterator[str]:
    """Markdown: what was tried, how each case behaved, the lead test, and what is required."""
    for name, trial in trials.items():
        yield f"- **{name}** ({len(trial.guarded)} centres): {CASES[name][1]}"
    yield ""
    yield (
        "| case | true d, points | pairs | n | bias | bias without guard | waiting list's bias | coverage of 95 % "
        "| one-sided p < 0.025 | " + " | ".join(verdict.value for verdict in Verdict) + " |"
    )
    yield "|" + "---|" * (9 + len(Verdict))
    for trial in trials.values():
        for one in lines(trial):
            cells = [
                one.case,
                f"{one.size:g}",
                f"{one.pairs:,}",
                f"{one.participants:.0f}",
                *map(str, (one.bias, one.unguarded, one.waiting)),
                one.coverage.percent,
                one.significant.percent,
                *(one.verdicts[verdict].percent for verdict in Verdict),
            ]
            yield f"| {' | '.join(cells)} |"
    yield ""
    yield (
        "| case | lead test: against the model | against others who wait | line test: against the model "
        "| against all who are referred | guard switched | lead test alone would have |"
    )
    yield "|---|---|---|---|---|---|---|"
    for trial in trials.values():
        halves = " | ".join(spread([one[half] for one in trial.ahead]) for half in range(4))
        lead = mean([float(max(one[:2]) > LEAD_LIMIT) for one in trial.ahead], range(len(trial.ahead)))
        yield f"| {trial.name} | {halves} | {caught(trial).percent} | {lead.percent} |"
    yield ""
    yield from (f"- {'Held' if held else '**NOT HELD**'}: {what}" for what, held in demands(trials))


def spread(values: Sequence[float]) -> str:
    """Smallest, median and largest z."""
    seen = [value for value in values if math.isfinite(value)]
    return f"{min(seen):.1f} … {np.median(seen):.1f} … {max(seen):.1f}" if seen else "–"


def asked(given: str) -> list[str]:
    """The cases named; `growth` stands for both kinds. Raises SystemExit for an unknown one."""
    names = [name for word in given.split(",") for name in (GROWTH if word == "growth" else (word,))]
    unknown = [name for name in names if name not in CASES]
    if unknown:
        raise SystemExit(f"Unknown: {', '.join(unknown)}. There is: growth, {', '.join(CASES)}.")
    return names


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.effects_honesty")
    parser.add_argument("--replications", type=int, default=40)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    trials = {}
    for name in asked(given.cases):
        trials[name] = run(name, given.replications, given.seed)
        print(f"{name}: done", file=sys.stderr, flush=True)
    print(f"{date.today()}, {given.replications} replications a case, seed {given.seed}\n")  # noqa: DTZ011
    print("\n".join(report(trials)))
    return 0 if all(held for _, held in demands(trials)) else 1


if __name__ == "__main__":
    sys.exit(main())
