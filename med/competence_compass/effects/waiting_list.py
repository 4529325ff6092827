"""The second opinion: those who began against those who waited for the same activity in the same quarters.

Plain means that can be checked by hand. It frees the comparison of need, season, staff mood and of places given to
those who were rising anyway; the price is four times the data.
"""

from dataclasses import dataclass

import numpy as np

from med.competence_compass.effects.study import FAR, Bools, Floats, Ints, Study

INFLATE = 1.3  # in trials with known truths the plain standard error was too small by about this much (coverage 0.87)
FEWEST_WAITING = 5
BEFORE = 2  # quarters: how old a last assessment before the start may be
AFTER = 2  # quarters after the end in which the first assessment counts


@dataclass(frozen=True)
class WaitingEstimate:
    """Difference of changes, on the scale's own unit; NaN when there was nobody to compare with."""

    estimate: float = float("nan")
    se: float = float("nan")
    started: int = 0
    waiting: int = 0  # different citizens who waited meanwhile


def waiting_list_estimate(study: Study, left_out: Bools, activity: int, dimension: int) -> WaitingEstimate:
    """Difference in differences of cell means; a cell is a pair of quarters (before, after).

    In each cell: mean change of the citizens who began between the two, less that of the citizens who stood on the
    activity's waiting list all the time between them. Cells are weighted by how many began. The variance of a cell is
    s²_began/n + s²_waiting/n with the variances pooled over cells; its root is inflated by 1.3.
    """
    score = np.where(left_out[:, dimension], np.nan, study.scores[:, dimension])
    first = study.starts[:, activity] if len(study.activities) else np.zeros(0, np.int64)
    mine = np.flatnonzero(study.p_activity == activity)
    mine = mine[study.p_start[mine] == first[study.p_citizen[mine]]]
    before, after = around(study, score, mine)
    both = (before >= 0) & (after >= 0)
    before, after = before[both], after[both]
    changes = score[after] - score[before]
    pairs, cell = np.unique(
        np.stack([study.quarter[before], study.quarter[after]], axis=1).reshape(-1, 2), axis=0, return_inverse=True
    )
    entries = np.flatnonzero(study.w_activity == activity)
    citizens = study.w_citizen[entries]
    which, row = study.rows_of(citizens)
    until = np.minimum(study.w_left[entries], first[citizens])[which]
    stood = np.isfinite(score[row]) & (study.day[row] >= study.w_queued[entries][which]) & (study.day[row] < until)
    which, row = which[stood], row[stood]
    quarters, place = np.unique(np.concatenate([pairs.ravel(), study.quarter[row]]), return_inverse=True)
    seen = np.full((len(entries), len(quarters)), np.nan)
    seen[which, place[pairs.size :]] = score[row]  # of two in a quarter the later one
    ends = place[: pairs.size].reshape(-1, 2)
    waited = seen[:, ends[:, 1]] - seen[:, ends[:, 0]]  # (waiting, cells)
    waited[:, ends[:, 0] == ends[:, 1]] = np.nan
    compared = np.isfinite(waited).any(axis=0)
    if not compared.any():
        return WaitingEstimate(started=len(changes))
    begun = np.full((len(changes), len(pairs)), np.nan)
    begun[np.arange(len(changes)), cell.ravel()] = changes
    n, mean, within = in_cells(begun[:, compared])
    m, their_mean, their_within = in_cells(waited[:, compared])
    weights = n / n.sum()
    variance = weights**2 @ (within / n + their_within / m)
    se = INFLATE * float(np.sqrt(variance)) if np.isfinite(variance) and variance > 0 else float("nan")
    people = len(np.unique(citizens[np.isfinite(waited).any(axis=1)]))
    return WaitingEstimate(float(weights @ (mean - their_mean)), se, int(n.sum()), people)


def around(study: Study, score: Floats, participations: Ints) -> tuple[Ints, Ints]:
    """The last row in the two quarters before each start and the first in the two after its end; -1 for none."""
    which, row = study.rows_of(study.p_citizen[participations])
    some = np.isfinite(score[row])
    which, row = which[some], row[some]
    day, start, end = study.day[row], study.p_start[participations][which], study.p_end[participations][which]
    found = np.full((2, len(participations)), -1)
    is_before = (day < start) & (day >= start - 92 * BEFORE)
    found[0, which[is_before]] = row[is_before]  # in the order of the days: the last one stands
    is_after = (end < FAR) & (day >= end) & (day <= end + 92 * AFTER)
    found[1, which[is_after][::-1]] = row[is_after][::-1]
    return found[0], found[1]


def in_cells(values: Floats) -> tuple[Floats, Floats, float]:
    """How many there are in each cell (column), their mean, and the variance within all; NaN when no cell has two."""
    there = np.isfinite(values)
    n = there.sum(axis=0).astype(float)
    mean = np.where(there, values, 0.0).sum(axis=0) / n
    within = float((np.where(there, values - mean, 0.0) ** 2).sum())
    free = n.sum() - len(n)
    return n, mean, within / free if free > 0 else float("nan")
