"""A small centre made at random, for tests that compare two ways of computing the same."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from med.competence_compass.effects.study import FAR, Hypothesis, Study

FIRST = date(2022, 1, 10).toordinal()


def small_study(
    seed: int = 1,
    *,
    citizens: int = 40,
    quarters: int = 8,
    dimensions: int = 3,
    activities: int = 3,
    effect: float = 0.0,
    missing: float = 0.1,
    **given: Any,
) -> Study:
    """Real-valued scores, so that nothing depends on rounding; each activity aims at one dimension."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(citizens), quarters)
    when = np.tile(np.arange(quarters), citizens)
    n = len(who)
    parts, waits = [], []
    dose = np.zeros((n, activities))
    for a in range(activities):
        for c in rng.choice(citizens, citizens // 2, replace=False):
            begins = int(rng.integers(2, quarters - 2))
            queued = FIRST + 91 * (begins - int(rng.integers(1, 3))) + 3
            start = FIRST + 91 * begins + 20
            parts.append((c, a, start, start + 60, 10, int(rng.integers(6, 11))))
            waits.append((c, a, queued, start))
            dose[(who == c) & (when > begins), a] = parts[-1][5] / 10
        idle = rng.choice(citizens, citizens // 5, replace=False)
        waits += [(c, a, FIRST + 91 * int(rng.integers(1, 4)), FAR) for c in idle]
    scores = rng.normal(3, 0.7, (citizens, dimensions))[who] + rng.normal(0, 0.5, (n, dimensions))
    scores += 0.05 * when[:, None]
    for a in range(activities):
        scores[:, a % dimensions] += effect * dose[:, a]
    scores[rng.random(scores.shape) < missing] = np.nan
    p, w = np.array(parts), np.array(waits)
    made = Study(
        citizens=[f"c{i}" for i in range(citizens)],
        dimensions=[f"d{k}" for k in range(dimensions)],
        activities=[f"a{a}" for a in range(activities)],
        citizen=who,
        day=FIRST + 91 * when,
        assessor=rng.integers(0, 4, n),
        kind=rng.integers(0, 2, n),
        is_referral=np.zeros(n, bool),
        scores=scores,
        top=np.full(dimensions, 5.0),
        bottom=np.full(dimensions, 1.0),
        p_citizen=p[:, 0],
        p_activity=p[:, 1],
        p_start=p[:, 2],
        p_end=p[:, 3],
        p_planned=p[:, 4].astype(float),
        p_attended=p[:, 5].astype(float),
        w_citizen=w[:, 0],
        w_activity=w[:, 1],
        w_queued=w[:, 2],
        w_left=w[:, 3],
        hypotheses=[Hypothesis(a, a % dimensions) for a in range(activities)],
    )
    return replace(made, **given)


def only(study: Study, keep: np.ndarray) -> Study:
    """The study with some of its rows."""
    rows = {
        name: getattr(study, name)[keep] for name in ("citizen", "day", "assessor", "kind", "is_referral", "scores")
    }
    return replace(study, **rows)
