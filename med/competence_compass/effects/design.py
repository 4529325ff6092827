"""The columns that stand beside the scores: what a citizen had had, when, and who assessed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

import numpy as np
from scipy import sparse

from med.competence_compass.effects.study import FAR, Bools, Floats, Ints, Sparse, Study, exposure, marked

FEWEST_OF_AN_ASSESSOR = 5
LEAD_QUARTERS = 2
OTHERS = 2**62  # the code of assessors with few assessments, together; beyond all others


@dataclass(frozen=True)
class Design:
    """What stands beside the scores: exposure, and the columns for quarter, assessor and kind of each row."""

    study: Study
    usable: Bools  # (n, K)
    other: Ints  # (n, 3): the column of the row's quarter, assessor and kind; -1 for the one that is compared with
    width: int  # columns in all, activities first
    codes: Ints  # (width,): what each column is, the same number from run to run

    def only(self, citizens: Ints) -> "Design":
        """Of some citizens, with the columns of all."""
        if len(citizens) == len(self.study.citizens):
            return self
        _, rows = self.study.rows_of(citizens)
        return replace(self, study=self.study.only(citizens), usable=self.usable[rows], other=self.other[rows])

    @property
    def rows(self) -> Sequence[Ints]:
        """Of each citizen."""
        return self.study.rows

    @cached_property
    def dose(self) -> Sparse:
        """(n, A)"""
        return exposure(self.study)

    @cached_property
    def lead(self) -> Sparse:
        """(n, A): the activity begins within the next two quarters."""
        citizen, activity = np.nonzero(self.begun)
        start = self.study.starts[citizen, activity]
        which, row = self.study.rows_of(citizen, start - 92 * LEAD_QUARTERS, start)
        return marked(row, activity[which], np.ones(len(row)), (len(self.study.day), len(self.study.activities)))

    @cached_property
    def waits(self) -> Sparse:
        """(n, A): the citizen is on the activity's waiting list."""
        study = self.study
        which, row = study.rows_of(study.w_citizen, study.w_queued, study.w_left)
        found = marked(row, study.w_activity[which], np.ones(len(row)), (len(study.day), len(study.activities)))
        found.data[:] = 1.0  # twice on the list is on the list
        return found

    @property
    def begun(self) -> Bools:
        """(N, A): the citizen takes part at some time."""
        return self.study.starts < FAR

    @property
    def referred(self) -> Bools:
        """(N, A): takes part or waits at some time."""
        found = self.begun
        found[self.study.w_citizen, self.study.w_activity] = True
        return found

    @cached_property
    def observed(self) -> Floats:
        """(n, K): the scores that count, citizen after citizen in the order of the days; NaN where there is none."""
        order, _ = self.study.in_order
        found = self.study.scores[order]
        np.copyto(found, np.nan, where=~self.usable[order])
        return found

    def columns(self, rows: Ints) -> Sparse:
        """The design of some rows, (len(rows), width)."""
        marks = self.other[rows]
        at, which = np.nonzero(marks >= 0)
        a = self.dose.shape[1]
        shape = (len(rows), self.width - a)
        others = sparse.csr_array((np.ones(len(at)), (at, marks[at, which] - a)), shape=shape)
        return sparse.hstack([self.dose[rows], others], format="csr")


def make_design(study: Study, left_out: Bools) -> Design:
    """Columns: the activities, then quarters, assessors and kinds, each without its first, which is compared with."""
    usable = np.isfinite(study.scores) & ~left_out
    assessor = study.assessor.copy()
    _, inverse, counts = np.unique(assessor, return_inverse=True, return_counts=True)
    assessor[(counts < FEWEST_OF_AN_ASSESSOR)[inverse]] = OTHERS
    columns = []
    at = len(study.activities)
    names = [f"activity {code}" for code in study.activities]
    for kind, values in (("quarter", study.quarter), ("assessor", assessor), ("kind", study.kind)):
        known, place = np.unique(values, return_inverse=True)
        columns.append(np.where(place == 0, -1, place - 1 + at))
        names += [f"{kind} {value}" for value in known[1:]]
        at += max(len(known) - 1, 0)
    codes = np.array([lasting(name) for name in names], np.int64)
    return Design(study, usable, np.stack(columns, axis=1), at, codes)


def lasting(name: str) -> int:
    """A number for a name: the same in every run, another for another name (64 bits of BLAKE2)."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little", signed=True)
