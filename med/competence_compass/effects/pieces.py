"""One citizen's part in the estimate: whitened, freed of their own level, ready to be summed up.

A piece is a function of the citizen's own observations and the variances alone. Its *mark* is a digest of exactly what
goes into it, so that a piece that was made before can be taken instead of made (`kept`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from scipy import linalg, sparse

from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.design import Design, lasting
from med.competence_compass.effects.study import Bools, Floats, Ints, Sparse

MARK = 16  # bytes


@dataclass(frozen=True)
class Piece:
    """One citizen, whitened and freed of their own level; m rows, c columns of the design, K dimensions.

    That a row does not count for a dimension is the same as giving the row a column of its own there. `q` holds an
    orthonormal basis of such rows, for each set of rows that some dimension lacks; `lacks` says which dimension lacks
    which. z is freed of it already.
    """

    codes: Ints  # (c,) which columns of the design, by their lasting codes
    x: Floats  # (m, c)
    z: Floats  # (5, m, K): scores; and for the tests: about to begin, waits; a line of who begins, of who is referred
    q: Floats  # (m, s)
    lacks: Floats  # (s, K), 1 where the dimension is to be freed of that part of q
    rows: Ints  # (K,) that count

    def freed(self, values: Floats) -> Floats:
        """(…, m, K): each dimension freed of the rows that do not count for it."""
        return values - self.q @ (self.lacks * (self.q.T @ values)) if self.q.shape[1] else values


def marks_of(design: Design, targets: Bools) -> list[bytes]:
    """Of each citizen a digest of everything that their piece is made of, variances and dimensions apart: assessments
    with the columns they stand in, participations and waiting entries with what the activity aims at."""
    study = design.study
    order, cuts = study.in_order
    columns = np.append(design.codes, 0)[design.other[order]]
    aims = np.array(
        [lasting(f"{name} {aim.tobytes().hex()}") for name, aim in zip(study.activities, targets, strict=True)],
        np.int64,
    )
    parts = [(cuts, study.day[order]), (cuts, columns), (cuts, design.observed)]
    for who, *values in (
        (study.p_citizen, aims[study.p_activity], study.p_start, study.until, study.p_planned, study.p_attended),
        (study.w_citizen, aims[study.w_activity], study.w_queued, study.w_left),
    ):
        order = np.lexsort((*reversed(values), who))
        begins = np.searchsorted(who[order], np.arange(len(study.citizens) + 1))
        parts.append((begins, np.stack([one[order] for one in values], axis=1)))
    found = []
    for citizen, name in enumerate(study.citizens):
        digest = sha256(name.encode())
        for begins, table in parts:
            digest.update(table[begins[citizen] : begins[citizen + 1]].data)
        found.append(digest.digest()[:MARK])
    return found


class Maker:
    """Makes the pieces of a design. `targets` (A, K): which activities are meant to move which dimension."""

    def __init__(self, design: Design, cov: Covariance, targets: Bools, own: int) -> None:
        """`own`: 1 for a level of the citizen's own, 2 for a straight line."""
        study = design.study
        self.design, self.cov, self.own = design, cov, own
        order, self.cuts = study.in_order
        self.columns = Slices(design.columns(order))
        aimed = sparse.csr_array(targets.astype(float))
        self.marks = Slices(sparse.hstack([one[order] @ aimed for one in (design.lead, design.waits)], format="csr"))
        self.ever = np.stack(
            [np.minimum(ever.astype(float) @ targets, 1.0) for ever in (design.begun, design.referred)], axis=1
        )
        self.quarter = study.quarter[order].astype(float)
        self.scores = design.observed

    def __len__(self) -> int:
        return len(self.cuts) - 1

    def piece(self, citizen: int) -> Piece | None:
        """None for who has nothing to tell: too few rows for a level (and a line) of their own."""
        here = slice(self.cuts[citizen], self.cuts[citizen + 1])
        usable = np.isfinite(self.scores[here])
        some = np.asarray(usable.any(axis=1))
        times, usable = self.quarter[here][some], usable[some]
        m, k, own = len(times), usable.shape[1], self.own
        if m <= own or (own > 1 and np.ptp(times) == 0):
            return None
        x, cols = self.columns.dense(here, some)
        line = (times - times.mean())[:, None]
        marks = [self.marks.wide(here, some, 2 * k), *(line * ever for ever in self.ever[citizen])]
        level = np.concatenate([np.ones((m, 1)), line], axis=1)[:, :own]
        y = np.where(usable, self.scores[here][some], 0.0)
        whole = np.concatenate([level, np.eye(m), x, y, *marks], axis=1)
        lower = np.linalg.cholesky(self.cov.of(times))
        z = linalg.solve_triangular(lower, whole, lower=True, check_finite=False)
        base, _ = np.linalg.qr(z[:, :own])
        z = z[:, own:]
        z -= base @ (base.T @ z)
        single, x, z = np.split(z, np.cumsum([m, len(cols)]), axis=1)
        counts = usable.sum(axis=0)
        q, lacks = [np.zeros((m, 0))], [np.zeros((0, k))]
        for missing, which in _alike(~usable):
            left = times[~missing]
            if len(left) <= own or (own > 1 and np.ptp(left) == 0):
                counts[which] = 0
                q.append(np.eye(m))
            elif (n := int(missing.sum())) == 1:
                alone = single[:, missing]
                q.append(alone / np.sqrt(alone.T @ alone))
            else:
                q.append(np.linalg.qr(single[:, missing])[0][:, :n])
            lacks.append(np.zeros((q[-1].shape[1], k)))
            lacks[-1][:, which] = 1.0
        made = Piece(
            self.design.codes[cols],
            np.ascontiguousarray(x),
            np.ascontiguousarray(z.reshape(m, 5, k).swapaxes(0, 1)),
            np.concatenate(q, axis=1),
            np.concatenate(lacks),
            counts,
        )
        return replace(made, z=made.freed(made.z))


class Slices:
    """A sparse array whose rows are asked for in stretches, many thousand times: past scipy, which takes its time."""

    def __init__(self, table: Sparse) -> None:
        self.starts, self.columns, self.values = table.indptr.astype(np.int64), table.indices, table.data

    def wide(self, here: slice, some: Bools, width: int) -> Floats:
        """Those of the rows that are wanted, all columns of them."""
        ends = self.starts[here.start : here.stop + 1]
        inside = slice(ends[0], ends[-1])
        found = np.zeros((len(some), width))
        found[np.repeat(np.arange(len(some)), np.diff(ends)), self.columns[inside]] = self.values[inside]
        return found[some]

    def dense(self, here: slice, some: Bools) -> tuple[Floats, Ints]:
        """Those of the rows that are wanted: (m, c) and its columns, without those that do not vary here."""
        ends = self.starts[here.start : here.stop + 1]
        inside = slice(ends[0], ends[-1])
        cols, place = np.unique(self.columns[inside], return_inverse=True)
        x = np.zeros((len(some), len(cols)))
        x[np.repeat(np.arange(len(some)), np.diff(ends)), place] = self.values[inside]
        x = x[some]
        varies = np.ptp(x, axis=0) > 0
        return x[:, varies], cols[varies].astype(np.int64)


def _alike(missing: Bools) -> Iterator[tuple[Bools, Ints]]:
    """Dimensions that lack the same rows, without those that lack none."""
    found: dict[bytes, list[int]] = {}
    for dim in np.flatnonzero(missing.any(axis=0)).tolist():
        found.setdefault(missing[:, dim].tobytes(), []).append(dim)
    for dims in found.values():
        yield missing[:, dims[0]], np.array(dims)
