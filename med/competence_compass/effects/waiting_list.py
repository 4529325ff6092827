"""The second opinion: those who began against those who waited for the same activity in the same quarters.

Plain means that can be checked by hand. It frees the comparison of need, season, staff mood and of places given to
those who were rising anyway; the price is four times the data.
"""

from dataclasses import dataclass

import numpy as np

from med.competence_compass.effects.study import FAR, Bools, Floats, Study

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
    rows_of, quarter = study.rows, study.quarter
    score = np.where(left_out[:, dimension], np.nan, study.scores[:, dimension])
    begun: dict[tuple[int, int], list[float]] = {}
    mine = np.flatnonzero(study.p_activity == activity)
    first = study.starts[:, activity] if len(study.activities) else np.zeros(0)
    for one in mine:
        citizen = study.p_citizen[one]
        if study.p_start[one] != first[citizen]:
            continue
        rows = rows_of[citizen][np.isfinite(score[rows_of[citizen]])]
        before = rows[(study.day[rows] < study.p_start[one]) & (study.day[rows] >= study.p_start[one] - 92 * BEFORE)]
        end = study.p_end[one]
        after = rows[(study.day[rows] >= end) & (study.day[rows] <= end + 92 * AFTER)] if end < FAR else rows[:0]
        if len(before) and len(after):
            cell = (int(quarter[before[-1]]), int(quarter[after[0]]))
            begun.setdefault(cell, []).append(float(score[after[0]] - score[before[-1]]))
    waited: dict[tuple[int, int], list[float]] = {cell: [] for cell in begun}
    people: set[int] = set()
    for entry in np.flatnonzero(study.w_activity == activity):
        citizen = study.w_citizen[entry]
        rows = rows_of[citizen]
        until = min(study.w_left[entry], first[citizen])
        seen = rows[np.isfinite(score[rows]) & (study.day[rows] >= study.w_queued[entry]) & (study.day[rows] < until)]
        by_quarter = {int(quarter[row]): float(score[row]) for row in seen}
        for cell, changes in waited.items():
            if cell[0] in by_quarter and cell[1] in by_quarter and cell[0] != cell[1]:
                changes.append(by_quarter[cell[1]] - by_quarter[cell[0]])
                people.add(int(citizen))
    cells = [(np.array(begun[cell]), np.array(waited[cell])) for cell in sorted(begun) if waited[cell]]
    if not cells:
        return WaitingEstimate(started=sum(map(len, begun.values())))
    n = np.array([len(mine) for mine, _ in cells], float)
    m = np.array([len(others) for _, others in cells], float)
    differences = np.array([mine.mean() - others.mean() for mine, others in cells])
    weights = n / n.sum()
    variance = weights**2 @ (pooled([mine for mine, _ in cells]) / n + pooled([others for _, others in cells]) / m)
    se = INFLATE * float(np.sqrt(variance)) if np.isfinite(variance) and variance > 0 else float("nan")
    return WaitingEstimate(float(weights @ differences), se, int(n.sum()), len(people))


def pooled(groups: list[Floats]) -> float:
    """The variance within groups; NaN when no group has two."""
    free = sum(len(group) - 1 for group in groups)
    return float(sum(((group - group.mean()) ** 2).sum() for group in groups) / free) if free > 0 else float("nan")
