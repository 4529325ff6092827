"""The observations an analysis starts from, as arrays, and what follows from them: exposure, donut, baseline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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

OF_ROWS = "day", "assessor", "kind", "is_referral", "scores"
OF_PARTICIPATIONS = "p_activity", "p_start", "p_end", "p_planned", "p_attended"
OF_ENTRIES = "w_activity", "w_queued", "w_left"

REFERRAL_WITHIN = 100  # days before queueing in which an assessment counts as the one that led to it
FAR = date.max.toordinal()
DAYS = FAR + 2  # more than there are


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
    attended_until: Ints | None = (
        None  # the day attendance is known to, of those that go on; None: the study's last day
    )

    @cached_property
    def quarter(self) -> Ints:
        """The calendar quarter of each row, counted from year 0."""
        return quarters(self.day)

    @cached_property
    def in_order(self) -> tuple[Ints, Ints]:
        """The numbers of all rows, citizen after citizen in the order of the days; where each begins (N + 1).

        Of one day the staff's come last. However the rows came, the order is the same."""
        order = np.lexsort((self.assessor, -self.kind, self.day, self.citizen))
        return order, np.searchsorted(self.citizen[order], np.arange(len(self.citizens) + 1))

    @cached_property
    def rows(self) -> Sequence[Ints]:
        """For each citizen the numbers of their rows, in the order of the days."""
        order, cuts = self.in_order
        return [order[cuts[i] : cuts[i + 1]] for i in range(len(self.citizens))]

    @cached_property
    def calendar(self) -> tuple[Ints, Ints]:
        """Day and quarter of all rows in their order, quarters counted among those that occur; then the day -1."""
        order, _ = self.in_order
        return np.append(self.day[order], -1), np.unique(self.quarter[order], return_inverse=True)[1].astype(np.int64)

    @cached_property
    def _keys(self) -> Ints:
        return self.citizen[self.in_order[0]] * DAYS + self.calendar[0][:-1]

    @cached_property
    def mornings(self) -> Ints:
        """For each place in the order, that of the citizen's first row of the same day."""
        return np.searchsorted(self._keys, self._keys)

    def place(self, citizens: Ints, days: Ints | int) -> Ints:
        """The place in the order of each citizen's first row on or after a day; where the next one's begin for none."""
        return np.searchsorted(self._keys, citizens * DAYS + np.clip(days, 0, DAYS - 1))

    def places_of(self, citizens: Ints, since: Ints | int = 0, until: Ints | int = FAR) -> tuple[Ints, Ints]:
        """Rows of each of `citizens` from a day until before another: which citizen, and the place in the order."""
        begins = self.place(citizens, since)
        counts = np.maximum(self.place(citizens, until) - begins, 0)
        which = np.repeat(np.arange(len(citizens)), counts)
        return which, np.arange(len(which)) + np.repeat(begins - counts.cumsum() + counts, counts)

    def rows_of(self, citizens: Ints, since: Ints | int = 0, until: Ints | int = FAR) -> tuple[Ints, Ints]:
        """As `places_of`, with the rows' own numbers; in the order of the days."""
        which, place = self.places_of(citizens, since, until)
        return which, self.in_order[0][place]

    @cached_property
    def until(self) -> Ints:
        """The last day each participation's attendance is spread to: of one that goes on, what it is known to."""
        last = int(self.day.max()) if len(self.day) else 0
        known = np.full(len(self.p_end), last) if self.attended_until is None else self.attended_until
        return np.minimum(self.p_end, np.maximum(known, self.p_start))

    def only(self, citizens: Ints) -> "Study":
        """Some citizens with all that is theirs, in this order; activities and dimensions as they were."""
        number = np.full(len(self.citizens), -1)
        number[citizens] = np.arange(len(citizens))
        which, row = self.rows_of(citizens)
        theirs, entries = np.flatnonzero(number[self.p_citizen] >= 0), np.flatnonzero(number[self.w_citizen] >= 0)
        taken = {
            name: getattr(self, name)[some]
            for some, names in ((row, OF_ROWS), (theirs, OF_PARTICIPATIONS), (entries, OF_ENTRIES))
            for name in names
        }
        return replace(
            self,
            **taken,
            citizens=[self.citizens[one] for one in citizens.tolist()],
            citizen=which,
            p_citizen=number[self.p_citizen[theirs]],
            w_citizen=number[self.w_citizen[entries]],
            attended_until=self.until[theirs],
        )

    @cached_property
    def starts(self) -> Ints:
        """(N, A): the first day each citizen took part in each activity; FAR where never."""
        found = np.full((len(self.citizens), len(self.activities)), FAR, order="F")
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
    from the first day to the day attendance is known to.
    """
    end = study.until
    which, row = study.rows_of(study.p_citizen, study.p_start)
    gone = (study.day[row] - study.p_start[which]) / np.maximum(end - study.p_start, 1)[which]
    reached = np.clip(gone, 0.0, 1.0) * (study.p_attended / np.maximum(study.p_planned, 1e-9))[which]
    some = reached > 0
    found = marked(row[some], study.p_activity[which[some]], reached[some], (len(study.day), len(study.activities)))
    found.data = np.minimum(found.data, 1.0)
    return found


def marked(rows: Ints, columns: Ints, values: Floats, shape: tuple[int, int]) -> Sparse:
    """Numbers at (row, column), 0 elsewhere; numbers at the same place are added."""
    return sparse.csr_array((values, (rows, columns)), shape=shape)


def referral_rows(study: Study) -> tuple[Ints, Ints]:
    """The rows that led to each waiting entry: those marked, else the last one on or before it within 100 days.

    Returns entries and rows, pair by pair. A referral is given when things look bad, and things that look bad look
    better next time by themselves.
    """
    which, row = study.rows_of(study.w_citizen, study.w_queued - REFERRAL_WITHIN, study.w_queued + 1)
    day = study.day[row]
    is_marked = study.is_referral[row]
    has_marked = np.bincount(which, is_marked, minlength=len(study.w_citizen)) > 0
    last = np.zeros(len(study.w_citizen), np.int64)
    np.maximum.at(last, which, day)
    chosen = np.where(has_marked[which], is_marked, day == last[which])
    return which[chosen], row[chosen]


def donut(study: Study) -> Bools:
    """(n, K): True where a score is left out: it led to a referral to an activity that targets the dimension."""
    targets = np.zeros((len(study.activities), len(study.dimensions)), bool)
    for one in study.hypotheses:
        targets[one.activity, one.dimension] = True
    entry, row = referral_rows(study)
    place, dim = np.nonzero(targets[study.w_activity[entry]])
    out = np.zeros(study.scores.shape, bool)
    out[row[place], dim] = True
    return out


class Series:
    """The scores of one dimension, citizen after citizen in the order of the days; NaN where there is none."""

    def __init__(self, study: Study, values: Floats) -> None:
        """`values`: of all rows, in their order (`Study.in_order`)."""
        (self.days, _), (_, cuts) = study.calendar, study.in_order
        self.values, self.mornings = values, study.mornings
        there, place = np.isfinite(values), np.arange(len(values))
        before, after = np.where(there, place, -1), np.where(there, place, len(place))[::-1]
        self.last = np.append(
            -1, np.maximum.accumulate(before)
        )  # before each place: where one scored last stood, or -1
        self.next = np.append(np.minimum.accumulate(after)[::-1], len(place))  # the first from there on
        first = self.next[cuts[:-1]]
        self.first = first[first < cuts[1:]]  # of each citizen who has any
        self.newest_but_one = self.second_last(cuts[:-1], cuts[1:])

    def second_last(self, begins: Ints, ends: Ints) -> Ints:
        """The last day but one with a score in each stretch, however many voices were heard; -1 without two."""
        last = self.last[ends]
        found = np.full(len(last), -1)
        some = last >= begins
        found[some] = self.last[self.mornings[last[some]]]
        return np.where(found >= begins, self.days[found], -1)

    @classmethod
    def of_voices(cls, study: Study, values: Floats) -> "list[Series]":
        """The same voice by voice, the staff's first."""
        kind = study.kind[study.in_order[0]]
        return [cls(study, np.where(kind == one, values, np.nan)) for one in np.unique(kind)]

    def baseline_sd(self) -> float:
        """The standard deviation over citizens of their first score; NaN below two citizens."""
        return float(self.values[self.first].std(ddof=1)) if len(self.first) > 1 else float("nan")
