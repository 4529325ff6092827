"""The second opinion: those who began against those who waited for the same activity in the same quarters.

Plain means that can be checked by hand. It frees the comparison of need, season, staff mood and of places given to
those who were rising anyway; the price is four times the data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from med.competence_compass.effects.study import FAR, Bools, Floats, Ints, Series, Study

INFLATE = 1.3  # in trials with known truths the plain standard error was too small by about this much (coverage 0.87)
BEFORE = 2  # quarters: how old a last assessment before the start may be
AFTER = 2  # quarters after the end in which the first assessment counts


@dataclass(frozen=True)
class WaitingEstimate:
    """Difference of changes, on the scale's own unit; NaN when there was nobody to compare with."""

    estimate: float = float("nan")
    se: float = float("nan")
    started: int = 0
    waiting: int = 0  # different citizens who waited meanwhile

    @property
    def n(self) -> int:
        """How many it rests on: the smaller of the two groups."""
        return min(self.started, self.waiting)


def waiting_list_estimate(study: Study, left_out: Bools, activity: int, dimension: int) -> WaitingEstimate:
    """Difference in differences of cell means; a cell is a pair of quarters (before, after).

    In each cell: mean change of the citizens who began between the two, less that of the citizens who stood on the
    activity's waiting list all the time between them. A change is between two scores of the same voice, the staff's
    where there are both: citizens who rate themselves higher than staff do have not moved for that. Cells are weighted
    by how many began. The variance of a cell is s²_began/n + s²_waiting/n with the variances pooled over cells; its
    root is inflated by 1.3.
    """
    counting = np.where(left_out[:, dimension], np.nan, study.scores[:, dimension])
    return Around(study, activity).waiting_list(Series.of_voices(study, counting[study.in_order[0]]))


class Around:
    """Who began an activity, who waited for it and who did neither meanwhile, whatever the dimension."""

    def __init__(self, study: Study, activity: int) -> None:
        _, cuts = study.in_order
        first = study.starts[:, activity] if len(study.activities) else np.zeros(0, np.int64)
        _, self.quarter = study.calendar
        self.people = np.flatnonzero(first < FAR)
        self.opens, self.closes = cuts[self.people], cuts[self.people + 1]
        self.began = study.place(self.people, first[self.people])
        self.others = np.flatnonzero(first == FAR)
        self.ran = int(first.min(initial=FAR)) - 183  # since half a year before anybody began

        mine = np.flatnonzero(study.p_activity == activity)
        mine = mine[study.p_start[mine] == first[study.p_citizen[mine]]]
        citizens, start, end = study.p_citizen[mine], study.p_start[mine], study.p_end[mine]
        self.before = study.place(citizens, start - 92 * BEFORE), study.place(citizens, start)
        self.after = study.place(citizens, end), study.place(citizens, np.where(end < FAR, end + 92 * AFTER + 1, end))

        entries = np.flatnonzero(study.w_activity == activity)
        self.waiting = study.w_citizen[entries]
        until = np.minimum(study.w_left[entries], first[self.waiting])
        self.waited = study.places_of(self.waiting, study.w_queued[entries], until)

    def seen(self, series: Series, top: float, bottom: float) -> tuple[int, int, float, float]:
        """Participants with a score before and one after their first start; citizens assessed on two days
        without the activity while it ran; the shares of participants who stood at the top and at the bottom before."""
        if not len(self.people):
            return 0, 0, 0.0, 0.0
        last = series.last[self.began]
        before, after = last >= self.opens, series.next[self.began] < self.closes
        twice = [series.newest_but_one[self.others], series.second_last(self.opens, self.began)]
        n, compared = int((before & after).sum()), int(sum((days >= self.ran).sum() for days in twice))
        stood = series.values[last[before]]
        if not len(stood):
            return n, compared, 0.0, 0.0
        return n, compared, float((stood >= top).mean()), float((stood <= bottom).mean())

    def waiting_list(self, voices: Sequence[Series]) -> WaitingEstimate:
        """See `waiting_list_estimate`. `voices`: the scores of each, the one that is preferred first."""
        quarter = self.quarter
        width = quarter.max(initial=0) + 1
        changes = np.full(len(self.before[0]), np.nan)
        pair = np.zeros(len(changes), np.int64)
        for series in voices:
            before, after = series.last[self.before[1]], series.next[self.after[0]]
            both = np.isnan(changes) & (before >= self.before[0]) & (after < self.after[1])
            before, after = before[both], after[both]
            changes[both] = series.values[after] - series.values[before]
            pair[both] = quarter[before] * width + quarter[after]
        both = np.isfinite(changes)
        changes = changes[both]
        cells, cell = np.unique(pair[both], return_inverse=True)
        then, now = np.divmod(cells, width)
        waited = np.full((len(self.waiting), len(cells)), np.nan)
        for series in voices:
            which, place = self.waited
            stood = np.isfinite(series.values[place])
            which, place = which[stood], place[stood]
            seen = np.full((len(self.waiting), width), np.nan)
            seen[which, quarter[place]] = series.values[place]  # of two in a quarter the later one
            twice = np.flatnonzero(np.isfinite(seen).sum(axis=1) > 1)
            seen = seen[twice]
            waited[twice] = np.where(np.isnan(waited[twice]), seen[:, now] - seen[:, then], waited[twice])
        waited[:, now == then] = np.nan
        who, where = np.nonzero(np.isfinite(waited))
        compared = np.bincount(where, minlength=len(cells)) > 0
        if not compared.any():
            return WaitingEstimate(started=len(changes))
        number, begun = compared.cumsum() - 1, compared[cell]
        n, mean, within = in_cells(changes[begun], number[cell[begun]])
        m, their_mean, their_within = in_cells(waited[who, where], number[where])
        weights = n / n.sum()
        variance = weights**2 @ (within / n + their_within / m)
        se = INFLATE * float(np.sqrt(variance)) if np.isfinite(variance) and variance > 0 else float("nan")
        people = len(np.unique(self.waiting[who]))
        return WaitingEstimate(float(weights @ (mean - their_mean)), se, int(n.sum()), people)


def in_cells(values: Floats, cell: Ints) -> tuple[Floats, Floats, float]:
    """How many there are in each cell, their mean, and the variance within all; NaN when no cell has two."""
    n = np.bincount(cell).astype(float)
    mean = np.bincount(cell, values) / n
    free = len(values) - len(n)
    return n, mean, float(((values - mean[cell]) ** 2).sum()) / free if free > 0 else float("nan")
