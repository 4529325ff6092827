"""The observations an analysis starts from, as arrays, and what follows from them: exposure, donut, baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Sparse = Any  # scipy's sparse arrays have no types

REFERRAL_WITHIN = 100  # days before queueing in which an assessment counts as the one that led to it
FAR = date.max.toordinal()


@dataclass(frozen=True)
class Hypothesis:
    """What an activity was meant to do, written before its first start."""

    activity: int
    dimension: int
    expected_d: float = 0.3
    is_maintain: bool = False  # the aim is to keep (fastholde), not to develop


@dataclass(frozen=True)
class Study:
    """One instrument version's observations. Days are proleptic ordinals (`date.toordinal`), -1 or FAR where open.

    n rows (assessments), K dimensions, N citizens, A activities, P participations, W waiting entries.
    """

    citizens: Sequence[str]
    dimensions: Sequence[str]
    activities: Sequence[str]
    # n rows
    citizen: Ints
    day: Ints
    assessor: Ints  # any code; compared only with itself
    kind: Ints  # whose eyes: staff, self, joint, external
    is_referral: Bools  # marked as the one that led to a referral
    scores: Floats  # (n, K), higher is better, NaN where there is none
    top: Floats  # (K,): the best the scale can say, and the worst
    bottom: Floats
    # P participations
    p_citizen: Ints
    p_activity: Ints
    p_start: Ints
    p_end: Ints  # FAR while it goes on
    p_planned: Floats
    p_attended: Floats
    # W waiting entries
    w_citizen: Ints
    w_activity: Ints
    w_queued: Ints
    w_left: Ints  # FAR while waiting
    hypotheses: Sequence[Hypothesis] = ()

    @cached_property
    def quarter(self) -> Ints:
        """The calendar quarter of each row, counted from year 0."""
        return quarters(self.day)

    @cached_property
    def rows(self) -> Sequence[Ints]:
        """For each citizen the numbers of their rows, in the order of the days."""
        order = np.lexsort((self.day, self.citizen))
        cuts = np.searchsorted(self.citizen[order], np.arange(len(self.citizens) + 1))
        return [order[cuts[i] : cuts[i + 1]] for i in range(len(self.citizens))]

    @cached_property
    def starts(self) -> Ints:
        """(N, A): the first day each citizen took part in each activity; FAR where never."""
        found = np.full((len(self.citizens), len(self.activities)), FAR)
        np.minimum.at(found, (self.p_citizen, self.p_activity), self.p_start)
        return found


def quarters(days: Ints) -> Ints:
    """Calendar quarters (year·4 + 0…3) of ordinal days; open ends stay far away."""
    safe = np.clip(days, 1, FAR)
    months = (np.datetime64("0001-01-01") + (safe - 1).astype("timedelta64[D]")).astype("datetime64[M]")
    return (months - np.datetime64("0000-01")).astype(np.int64) // 3


def exposure(study: Study) -> Sparse:
    """D (n, A), sparse: how much of each activity the citizen had had at each assessment, 0 … 1.

    min(1, attended so far / planned); 0 before the start, and after the end it stays at what was reached. Attendance
    in the course of a participation is taken as even from its first day to its last; of one that goes on, as even
    from the first day to its latest assessment day in the study.
    """
    places: list[tuple[Ints, int, Floats]] = []
    last = int(study.day.max()) if len(study.day) else 0
    rows_of = study.rows
    for one in range(len(study.p_citizen)):
        rows = rows_of[study.p_citizen[one]]
        if not len(rows):
            continue
        start, end = study.p_start[one], min(int(study.p_end[one]), max(last, int(study.p_start[one])))
        gone = (study.day[rows] - start) / max(end - start, 1)
        reached = np.clip(gone, 0.0, 1.0) * study.p_attended[one] / max(study.p_planned[one], 1e-9)
        reached[study.day[rows] < start] = 0.0
        some = reached > 0
        places.append((rows[some], int(study.p_activity[one]), reached[some]))
    found = marked(places, (len(study.day), len(study.activities)))
    found.data = np.minimum(found.data, 1.0)
    return found


def marked(places: Sequence[tuple[Ints, int, Floats]], shape: tuple[int, int]) -> Sparse:
    """Numbers at (rows, column), 0 elsewhere; numbers at the same place are added."""
    row = np.concatenate([np.zeros(0, np.int64), *(rows for rows, _, _ in places)])
    column = np.repeat(np.array([one for _, one, _ in places], np.int64), [len(rows) for rows, _, _ in places])
    value = np.concatenate([np.zeros(0), *(values for _, _, values in places)])
    return sparse.csr_array((value, (row, column)), shape=shape)


def referral_rows(study: Study) -> list[Ints]:
    """For each waiting entry the rows that led to it: those marked, else the last one on or before it within 100 days.

    A referral is given when things look bad, and things that look bad look better next time by themselves.
    """
    rows_of = study.rows
    found: list[Ints] = []
    for one in range(len(study.w_citizen)):
        rows = rows_of[study.w_citizen[one]]
        before = rows[
            (study.day[rows] <= study.w_queued[one]) & (study.day[rows] >= study.w_queued[one] - REFERRAL_WITHIN)
        ]
        marked = before[study.is_referral[before]]
        if len(marked):
            found.append(marked)
        else:
            found.append(before[study.day[before] == study.day[before[-1]]] if len(before) else before)
    return found


def donut(study: Study) -> Bools:
    """(n, K): True where a score is left out: it led to a referral to an activity that targets the dimension."""
    targets = np.zeros((len(study.activities), len(study.dimensions)), bool)
    for one in study.hypotheses:
        targets[one.activity, one.dimension] = True
    out = np.zeros(study.scores.shape, bool)
    for entry, rows in enumerate(referral_rows(study)):
        out[rows] |= targets[study.w_activity[entry]]
    return out


def baseline_sd(study: Study, left_out: Bools) -> Floats:
    """(K,): the standard deviation over citizens of their first score of each dimension; NaN below two citizens."""
    found = np.full(len(study.dimensions), np.nan)
    usable = np.isfinite(study.scores) & ~left_out
    first = np.full((len(study.citizens), len(study.dimensions)), np.nan)
    for i, rows in enumerate(study.rows):
        if len(rows):
            at = usable[rows].argmax(axis=0)
            has = usable[rows].any(axis=0)
            first[i, has] = study.scores[rows[at], np.arange(len(at))][has]
    for k in range(first.shape[1]):
        seen = first[np.isfinite(first[:, k]), k]
        if len(seen) > 1:
            found[k] = seen.std(ddof=1)
    return found
