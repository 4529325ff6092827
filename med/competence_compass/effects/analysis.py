"""A whole run: from observations to one finding for each hypothesis, and what the run rested on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.special import ndtr  # scipy.stats, which says the same, takes longer to begin than the analysis

from med.competence_compass.effects.covariance import Batch, Covariance, estimate
from med.competence_compass.effects.design import Design, make_design
from med.competence_compass.effects.model import Fit, System, fit
from med.competence_compass.effects.study import Bools, Floats, Ints, Series, Sparse, Study, donut
from med.competence_compass.effects.verdicts import SEEN, Z95, Finding, Reason, Verdict, false_discovery, settle, shrink
from med.competence_compass.effects.waiting_list import Around, WaitingEstimate

FEWEST_FOR_COLUMN = 5  # participants below which an activity is adjusted for and not estimated
LEAD_LIMIT = 2.0
LINE_LIMIT = 3.0  # sees so much that it can afford to be surer
REML_DIMENSIONS = 6
REML_CITIZENS = 300
REML_LOOKS = 25
REML_WIDEST = 250  # columns; beyond that they are taken out before, not with, the variances

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Estimate:
    """One hypothesised pair. Sizes in SD of the dimension at baseline; NaN where there is none."""

    hypothesis: int  # which of the study's
    activity: int
    dimension: int
    n: int
    n_comparison: int
    estimate: float
    se: float
    p: float  # one-sided, of "more than nothing"
    q: float
    shrunken: float
    waiting: WaitingEstimate  # already in SD
    verdict: Verdict
    reason: Reason
    ceiling: float  # share of participants at the top of the scale before they began
    floor: float

    @property
    def low(self) -> float:
        return self.estimate - Z95 * self.se

    @property
    def high(self) -> float:
        return self.estimate + Z95 * self.se

    @property
    def detectable(self) -> float:
        """The smallest effect that would have been seen four times out of five."""
        return SEEN * self.se


@dataclass(frozen=True)
class Result:
    estimates: list[Estimate]
    covariance: Covariance
    lead: tuple[float, float]  # the two halves of the lead test
    line: tuple[float, float]  # and of the line test
    lead_z: float  # the larger half of each
    line_z: float
    is_guarded: bool  # the version with a straight line of each citizen's own carries the numbers
    rows_used: int
    rows_left_out: int
    sd: Floats  # (K,)
    cut_off: int  # the last day in the data
    renewed: int  # citizens whose part was computed in this run; the others' was kept from the last


def analyse(
    study: Study,
    covariance: Covariance | None = None,
    progress: Progress = lambda what, share: None,
    *,
    guard: bool = True,
    folder: Path | None = None,
) -> Result:
    """Analyse one instrument version.

    `covariance` of an earlier run saves estimating it anew (it is refreshed quarterly). Nothing raises for thin or
    strange data: what the data cannot carry is "for få data" with its reason. Without `guard` one sees, in trials, what
    it guards against. In `folder` citizens' parts are kept for the next run, which then makes only what has changed.
    """
    design = make_design(study, donut(study))
    targets = targeted(study)
    progress("variance", 0.0)
    if covariance is None:
        covariance = variances(design).as_kept()
    progress("model", 0.4)
    main = fit(design, covariance, targets, pairs=targets, folder=folder and folder / "levels")
    guarded = None
    if guard and (main.lead_z > LEAD_LIMIT or main.line_z > LINE_LIMIT):
        progress("guarded model", 0.6)
        guarded = fit(design, covariance, targets, pairs=targets, slopes=True, folder=folder and folder / "lines")
    progress("waiting lists", 0.8)
    found, sd = findings(design, main, guarded)
    progress("done", 1.0)
    return Result(
        found,
        covariance,
        main.lead,
        main.line,
        main.lead_z,
        main.line_z,
        guarded is not None,
        int(design.usable.any(axis=1).sum()),
        int((~design.usable.any(axis=1)).sum()),
        sd,
        int(study.day.max()) if len(study.day) else 0,
        max(main.renewed, guarded.renewed if guarded else 0),
    )


def targeted(study: Study) -> Bools:
    """(activities, dimensions): which pairs have a hypothesis."""
    found = np.zeros((len(study.activities), len(study.dimensions)), bool)
    for one in study.hypotheses:
        found[one.activity, one.dimension] = True
    return found


def variances(design: Design) -> Covariance:
    """l1, l2 and rho, from at most six dimensions spread over the instrument and 300 citizens spread over the list.

    First with everything else taken out beforehand, which is quick; from there, where the design is not too wide,
    for every third of them with everything else in the likelihood. The three numbers describe how people's good and
    bad periods last, hardly differ from dimension to dimension, and are only weights: a wrong value makes the
    estimates less sharp, not biased, and the robust standard error covers for it.
    """
    k = len(design.study.dimensions)
    dims = np.unique(np.linspace(0, k - 1, min(k, REML_DIMENSIONS)).round().astype(int)) if k else np.zeros(0, int)
    some = [rows for rows in design.rows if len(rows) > 1]
    some = some[:: max(len(some) // REML_CITIZENS, 1)][:REML_CITIZENS]

    def made(dims: Ints, bare: bool) -> list[list[Batch]]:
        return [found for dim in dims if (found := batches(design, some, int(dim), bare=bare))]

    rough = estimate(made(dims, True))
    return rough if design.width > REML_WIDEST else estimate(made(dims[::3], False), rough, most=REML_LOOKS)


def batches(design: Design, citizens: list, dim: int, *, bare: bool) -> list[Batch]:
    """The rows of `citizens` for a dimension, side by side."""
    study = design.study
    rows_of = [rows[design.usable[rows, dim]] for rows in citizens]
    rows_of = [rows for rows in rows_of if len(rows) > 1]
    if not rows_of:
        return []
    every = np.concatenate(rows_of)
    lengths = np.array([len(rows) for rows in rows_of])
    own = np.repeat(np.arange(len(rows_of)), lengths)
    place = np.arange(len(every)) - np.repeat(lengths.cumsum() - lengths, lengths)
    x, y = design.columns(every), study.scores[every, dim]
    if bare:
        x, y = np.zeros((len(every), 0)), residual(x, y, own)
    else:
        x = x.toarray()
        x = x[:, np.ptp(x, axis=0) > 0]  # columns that say something here
    shape = (len(rows_of), int(lengths.max()))
    made = Batch(np.full(shape, np.nan), np.zeros((*shape, x.shape[1])), np.zeros(shape))
    made.times[own, place], made.x[own, place], made.y[own, place] = study.quarter[every], x, y
    return [made]


def residual(x: Sparse, y: Floats, own: Ints) -> Floats:
    """What is left of y after x, both freed of each citizen's own level (least squares)."""
    counts = np.bincount(own)
    means = sparse.csr_array((1 / np.sqrt(counts)[own], (own, np.arange(len(own)))))  # M'M: what the levels take
    levels = means @ x
    squares = x.T @ x
    system = System((squares - levels.T @ levels).toarray(), squares.diagonal())
    freed = y - (np.bincount(own, y) / counts)[own]
    left = freed - x @ system.solve((x.T @ freed)[:, None])[:, 0]
    return left - (np.bincount(own, left) / counts)[own]


def findings(design: Design, main: Fit, guarded: Fit | None) -> tuple[list[Estimate], Floats]:
    """One estimate for each hypothesis, in their order; and every dimension's standard deviation at baseline."""
    study, sd = design.study, np.full(len(design.study.dimensions), np.nan)
    a, k = (np.array([getattr(one, axis) for one in study.hypotheses], int) for axis in ("activity", "dimension"))
    around = {activity: Around(study, activity) for activity in np.unique(a).tolist()}
    told: dict[tuple[int, int], tuple[tuple[int, int, float, float], WaitingEstimate]] = {}
    for dimension in range(len(sd)):
        series = Series(study, design.observed[:, dimension].copy())
        voices = Series.of_voices(study, series.values)
        sd[dimension] = series.baseline_sd()
        for activity in np.unique(a[k == dimension]).tolist():
            there = around[activity]
            told[activity, dimension] = (
                there.seen(series, study.top[dimension], study.bottom[dimension]),
                there.waiting_list(voices),
            )
    pairs = list(zip(a.tolist(), k.tolist(), strict=True))
    enough = np.array([told[pair][0][0] >= FEWEST_FOR_COLUMN for pair in pairs], bool)
    shown = guarded or main

    def sized(fitted: Fit) -> tuple[Floats, Floats]:
        with np.errstate(divide="ignore", invalid="ignore"):
            d, se = fitted.tau[a, k] / sd[k], fitted.se[a, k] / sd[k]
        good = enough & np.isfinite(d) & np.isfinite(se) & (se > 0)
        return np.where(good, d, np.nan), np.where(good, se, np.nan)

    d, se = sized(shown)
    p = ndtr(-(d / se))
    up, q = false_discovery(p)
    down, _ = false_discovery(ndtr(d / se))
    plain_up = up if guarded is None else up | false_discovery(ndtr(-np.divide(*sized(main))))[0]
    shrunken, _, _ = shrink(d, se)
    found = []
    for i, (activity, dimension) in enumerate(pairs):
        (n, compared, ceiling, floor), waiting = told[activity, dimension]
        scale = sd[dimension] if sd[dimension] > 0 else np.nan
        waiting = WaitingEstimate(waiting.estimate / scale, waiting.se / scale, waiting.started, waiting.waiting)
        verdict, reason = settle(
            Finding(
                n=n,
                compared=compared,
                d=d[i],
                se=se[i],
                shrunken=shrunken[i],
                is_up=bool(plain_up[i]),
                is_down=bool(down[i]),
                waiting=waiting.estimate,
                waiting_n=waiting.n,
                is_maintain=study.hypotheses[i].is_maintain,
                lead_flagged=guarded is not None,
                guarded_up=bool(up[i]),
                guarded_down=bool(down[i]),
                varies=bool(sd[dimension] != 0),  # not known is not alike
            )
        )
        found.append(
            Estimate(
                i,
                activity,
                dimension,
                n,
                compared,
                float(d[i]),
                float(se[i]),
                float(p[i]),
                float(q[i]),
                float(shrunken[i]),
                waiting,
                verdict,
                reason,
                ceiling,
                floor,
            )
        )
    return found, sd
