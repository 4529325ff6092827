"""The joint estimate: every activity at once, each citizen their own measure (fixed-effect GLS).

For dimension k, citizen i and row t:

    y_it = a_i + g_quarter + r_assessor + q_kind + Σ_A tau_A·D_A,it + e_it,    Cov(e_i) = s²·V_i

Each citizen's rows are whitened (V_i = LL', z = L⁻¹·), freed of the citizen's own level (and, in the guarded version,
of a straight line of their own), and summed up: A = Σ Z'Z, b = Σ Z'z_y, tau = A⁻¹b. A row counts for a dimension when
it has a score there and did not lead to a referral to an activity that targets it (the donut).

All dimensions share a citizen's L⁻¹. That a row does not count for one of them is the same as giving the row a column
of its own there, so the dimension's sums are the shared ones less a product of low rank (`Piece.q`). A citizen meets
few activities, quarters and assessors. So the size of a night's work follows what was assessed, not what could have
been; and where pieces and sums are kept (`kept`), only what has changed is taken out and put in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import linalg, sparse

from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.design import Design
from med.competence_compass.effects.kept import Shelf, shelf
from med.competence_compass.effects.pieces import Maker, Piece, marks_of
from med.competence_compass.effects.study import Bools, Floats, Ints

SINGULAR = 1e-9
AT_ONCE = 500  # citizens whose scores are added up together

Weights = dict[int, tuple[Ints, Floats]]  # of each dimension: the activities that aim at it, and their columns of A⁻¹


@dataclass(frozen=True)
class Fit:
    """The estimates of all activities for all dimensions, on the scale's own unit. (A, K) where not said otherwise."""

    tau: Floats  # NaN where it cannot be told apart from something else
    se_model: Floats
    se_robust: Floats
    s2: Floats  # (K,)
    rows: Ints  # (K,) used
    lead: tuple[float, float]  # z of those about to begin: against the model, and against others on a waiting list
    line: tuple[float, float]  # z of the lines of those who begin: against the model, and against all who are referred
    renewed: int = 0  # citizens whose piece was made in this run; the others' were kept

    @property
    def se(self) -> Floats:
        """The larger of the model's and the cluster-robust standard error."""
        return np.fmax(self.se_model, self.se_robust)

    @property
    def lead_z(self) -> float:
        """Were citizens already rising before they began? The larger half; NaN when nobody was seen just before."""
        return float(np.fmax(*self.lead))

    @property
    def line_z(self) -> float:
        """Are those who begin on steeper lines of their own? The larger half; NaN when nobody begins."""
        return float(np.fmax(*self.line))


class Sums:
    """What the pieces of all citizens add up to; p columns, K dimensions. `less` is what a dimension lacks of `a`."""

    def __init__(self, codes: Ints, k: int, own: int, kept: Mapping[str, Any] | None = None) -> None:
        p = len(codes)
        self.codes, self.own = codes, own
        self._order = np.argsort(codes)
        self._sorted = codes[self._order]
        if kept is not None:
            self.__dict__ |= {name: kept[name] for name in self.SUMMED[1:]}
            return
        self.a, self.less = np.zeros((p, p)), np.zeros((k, p, p))
        self.b = np.zeros((5, p, k))  # of scores and marks
        self.yy, self.free = np.zeros(k), np.zeros(k)
        self.rows, self.groups = np.zeros(k, np.int64), np.zeros(k, np.int64)

    def columns(self, codes: Ints) -> Ints:
        """Where the columns with these codes stand."""
        return self._order[self._sorted.searchsorted(codes)]

    def add(self, piece: Piece, sign: int = 1) -> None:
        """Put a citizen's part in; with `sign` -1 take it out again. Its columns must be among these."""
        cols = self.columns(piece.codes)
        square = cols[:, None], cols
        x = piece.x * sign
        self.a[square] += x.T @ piece.x
        parts = piece.q.T @ piece.x
        for rows, dims in alike(piece.lacks):
            part = parts[rows]
            product = sign * (part.T @ part)
            for dim in dims.tolist():
                self.less[dim][square] += product
        self.b[:, cols] += x.T @ piece.z
        self.yy += sign * (piece.z[0] ** 2).sum(axis=0)
        self.rows += sign * piece.rows
        self.groups += sign * (piece.rows > 0)
        self.free += sign * np.maximum(piece.rows - self.own, 0)

    SUMMED = ("codes", "a", "less", "b", "yy", "free", "rows", "groups")

    def as_arrays(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.SUMMED}

    def moved(self, codes: Ints) -> "Sums":
        """The same sums with the columns of another run. One that is no longer there has nothing in it."""
        if np.array_equal(codes, self.codes):
            return self
        found = Sums(codes, len(self.less), self.own)
        found.take(self)
        return found

    def take(self, kept: "Sums") -> None:
        """Take over another run's sums, column by column by their codes; both have K dimensions."""
        here = np.flatnonzero(np.isin(kept.codes, self.codes))
        to = self.columns(kept.codes[here])
        self.a[to[:, None], to] = kept.a[here[:, None], here]
        for mine, theirs in zip(self.less, kept.less, strict=True):
            mine[to[:, None], to] = theirs[here[:, None], here]
        self.b[:, to] = kept.b[:, here]
        for name in ("yy", "free", "rows", "groups"):
            getattr(self, name)[:] = getattr(kept, name)


def alike(lacks: Floats) -> Iterator[tuple[slice, Ints]]:
    """The stretches of `Piece.q` that belong together, and the dimensions each is for."""
    if not len(lacks):
        return
    ends = np.flatnonzero((lacks[1:] != lacks[:-1]).any(axis=1)) + 1
    for begins, stops in zip([0, *ends.tolist()], [*ends.tolist(), len(lacks)], strict=True):
        yield slice(begins, stops), np.flatnonzero(lacks[begins])


def fit(
    design: Design,
    cov: Covariance,
    targets: Bools,
    *,
    pairs: Bools | None = None,
    slopes: bool = False,
    folder: Path | None = None,
) -> Fit:
    """Estimate everything. Raises nothing for a singular design: what cannot be told apart is NaN.

    `targets` (A, K): which activities are meant to move which dimension; `pairs`: of which an estimate is wanted, by
    default of all. In `folder` the pieces are kept for the next run, which gives the same numbers as one that makes
    them all.
    """
    k, a, p = len(design.study.dimensions), len(design.study.activities), design.width
    own, cov = (2, cov.without_slope()) if slopes else (1, cov)
    with shelf(folder, repr((cov, own, tuple(design.study.dimensions), np.__version__)).encode()) as kept:
        marks = marks_of(design, targets)
        new = np.array([citizen for citizen, mark in enumerate(marks) if mark not in kept.places], int)
        maker = Maker(design.only(new), cov, targets, own)
        sums, renewed = summed(maker, kept, marks, new)
        tau, se_model, s2 = np.full((a, k), np.nan), np.full((a, k), np.nan), np.full(k, np.nan)
        found = np.zeros((5, p, k))
        weights: Weights = {}
        ranks = np.zeros(k)
        size, room = np.diagonal(sums.a), np.empty((p, p))
        for dim in range(k):
            if not sums.rows[dim]:
                continue
            system = System(np.subtract(sums.a, sums.less[dim], out=room), size)
            aims = np.arange(a) if pairs is None else np.flatnonzero(pairs[:, dim])
            right = np.zeros((p, 5 + len(aims)))
            right[:, :5], right[aims, 5 + np.arange(len(aims))] = sums.b[:, :, dim].T, 1.0
            solved = system.solve(right)
            found[:, :, dim], inverse = solved[:, :5].T, solved[:, 5:]
            ranks[dim] = system.rank
            left = sums.free[dim] - system.rank
            if left <= 0:
                continue
            s2[dim] = max(sums.yy[dim] - sums.b[0, :, dim] @ found[0, :, dim], 0.0) / left
            known = system.knows(aims)
            aims, inverse = aims[known], inverse[:, known]
            tau[aims, dim] = found[0, aims, dim]
            se_model[aims, dim] = np.sqrt(s2[dim] * np.maximum(inverse[aims, np.arange(len(aims))], 0.0))
            weights[dim] = aims, np.ascontiguousarray(inverse)
        there = (kept.get(mark) for mark in marks if mark in kept.places)
        rests = _rests(there, sums, found, s2, weights, a)
        kept.keep(sums.as_arrays())
    se_robust = _sandwich(rests.meat, sums, ranks)
    se_robust[~np.isfinite(se_model)] = np.nan
    lead, line = _halves(rests.products, 1, 2), _halves(rests.products, 3, 4)
    return Fit(tau, se_model, se_robust, s2, sums.rows.copy(), lead, line, renewed)


def summed(maker: Maker, kept: Shelf, marks: Sequence[bytes], new: Ints) -> tuple[Sums, int]:
    """The sums over all citizens, and how many pieces were made for it: what has changed is taken out and put in.
    `maker`: of those who are new or changed."""
    k = len(maker.design.study.dimensions)
    stale = kept.places.keys() - set(marks)
    if kept.sums is None:
        sums = Sums(maker.design.codes, k, maker.own)
    else:
        sums = Sums(kept.sums["codes"], k, maker.own, kept.sums)
        for mark in stale:
            sums.add(kept.get(mark), -1)
        sums = sums.moved(maker.design.codes)
    for mark in stale:
        del kept.places[mark]
    renewed = 0
    for place, citizen in enumerate(new.tolist()):
        if (piece := maker.piece(place)) is not None:
            sums.add(piece)
            kept.put(marks[citizen], piece)
            renewed += 1
    return sums, renewed


class System:
    """Normal equations A·x = b, solved in any case; its rank, and which columns can be told apart.

    A column is estimable when its unit vector lies in the row space (Searle 1971): then every solution of the normal
    equations gives it the same value. `size`: what the diagonal was before something was taken from it; what is left
    of a column by rounding is nothing. A is used up.
    """

    def __init__(self, a: Floats, size: Floats | None = None) -> None:
        diagonal = np.diagonal(a)
        self.seen = diagonal > (0.0 if size is None else size * SINGULAR)
        self.scale = np.sqrt(np.where(self.seen, diagonal, 1.0))
        normal = a
        normal /= self.scale[:, None]
        normal /= self.scale
        if not self.seen.all():
            normal[~self.seen] = normal[:, ~self.seen] = 0.0
        self.factor: Floats | None = None
        self.rank = len(a)
        if self.seen.all():
            factor, failed = linalg.lapack.dpotrf(normal.T, lower=True, clean=False, overwrite_a=True)
            if not failed and np.diagonal(factor).min(initial=1.0) ** 2 >= SINGULAR:
                self.factor = factor
                return
        np.fill_diagonal(normal, self.seen)  # that and the other triangle are where a factor was tried
        values, vectors = np.linalg.eigh(normal, "L")
        keep = values > max(values[-1], 0.0) * SINGULAR if len(values) else np.zeros(0, bool)
        self.values, self.vectors, self.rank = values[keep], vectors[:, keep], int(keep.sum())

    def solve(self, b: Floats) -> Floats:
        """A⁻·b, (p, r)."""
        right = b / self.scale[:, None]
        if self.factor is not None:
            solved = linalg.cho_solve((self.factor, True), right, check_finite=False)
        else:
            solved = self.vectors @ ((self.vectors.T @ right) / self.values[:, None])
        return solved / self.scale[:, None]

    def knows(self, columns: Ints) -> Bools:
        if self.factor is not None:
            return np.ones(len(columns), bool)
        inside = (self.vectors[columns] ** 2).sum(axis=1)
        return self.seen[columns] & (inside > 1 - 1e-6)


@dataclass(frozen=True)
class Rests:
    """What the model leaves over of each of G citizens with something to tell."""

    meat: Floats  # (A, K): Σ over citizens of (their scores along the design, times a row of A⁻¹)²
    products: Floats  # (G, 5, 5): of what is left of scores and marks with each other


def _rests(pieces: Iterator[Piece], sums: Sums, found: Floats, s2: Floats, weights: Weights, a: int) -> Rests:
    """Residuals along the design, for the robust errors; and along the marks, for whether citizens rose anyway.

    `found` (5, p, K): the estimates, then what takes the design out of the marks.

    Score tests (Rao 1948) over every hypothesised pair: what the model leaves over along a mark, in units of each
    dimension's variance, against how it varies from citizen to citizen.

    The lead test marks the two quarters before a start. Do those about to start stand higher than the model says? That
    finds places given, by referral, to the rising. And do they stand higher than others on a waiting list? Everybody
    was referred in a bad period and comes out of it slowly, which hides a rise from the first; this finds the rising
    taken out of the queue. Each is blind where the other sees.

    The line test marks a straight line through all that is known of those who begin. It sees more, since it looks at
    years and not at half a year; and what the activity itself does is a step, which the model has taken out. Its two
    halves are against the model, and against the lines of all who were referred.
    """
    weight = 1 / np.where(s2 > 0, s2, np.inf)
    meat, products = np.zeros((a, len(s2))), []
    scores: list[tuple[Ints, Floats]] = []

    def digest() -> None:
        """Many citizens' scores at once; they would be a hundred megabytes of a city."""
        rows = np.cumsum([0, *(len(place) for place, _ in scores)])
        places = np.concatenate([place for place, _ in scores])
        along = np.concatenate([score for _, score in scores], axis=1)
        for dim, (aims, inverse) in weights.items():
            table = sparse.csr_array((along[dim], places, rows), shape=(len(scores), len(sums.codes)))
            meat[aims, dim] += ((table @ inverse) ** 2).sum(axis=0)
        scores.clear()

    for piece in pieces:
        place = sums.columns(piece.codes)
        rest = piece.freed(piece.z - piece.x @ found.take(place, axis=1))
        scores.append((place, rest[0].T @ piece.x))
        if len(scores) == AT_ONCE:
            digest()
        products.append((rest * weight).reshape(5, -1) @ rest.reshape(5, -1).T)
    if scores:
        digest()
    return Rests(meat, np.array(products).reshape(-1, 5, 5))


def _sandwich(meat: Floats, sums: Sums, ranks: Floats) -> Floats:
    """(A, K): CR1 standard errors with citizens as clusters (Liang & Zeger 1986).

    The factor G/(G-1)·(N-1)/(N-r) counts the citizens' own levels neither in N nor in r: they lie within the clusters.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = sums.groups / (sums.groups - 1) * (sums.rows - 1) / (sums.rows - ranks)
        return np.sqrt(meat * np.where(np.isfinite(factor) & (factor > 0), factor, np.nan))


def _halves(products: Floats, mark: int, others: int) -> tuple[float, float]:
    """z of mark · rest, and of (mark - share · others) · (rest - excess · others), from each citizen's products."""
    plain, by_others = products[:, mark, 0], products[:, others, 0]
    cross, own = products[:, mark, others], products[:, others, others]
    total = own.sum()
    share, excess = (cross.sum() / total, by_others.sum() / total) if total > 0 else (0.0, 0.0)
    return standing(plain), standing(plain - share * by_others - excess * cross + share * excess * own)


def standing(parts: Floats) -> float:
    """A sum of independent parts over its own standard deviation; NaN when nothing varies."""
    spread = float(np.sqrt((parts**2).sum()))
    return float(parts.sum()) / spread if spread > 0 else float("nan")
