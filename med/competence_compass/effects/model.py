"""The joint estimate: every activity at once, each citizen their own measure (fixed-effect GLS).

For dimension k, citizen i and row t:

    y_it = a_i + g_quarter + r_assessor + q_kind + Σ_A tau_A·D_A,it + e_it,    Cov(e_i) = s²·V_i

Each citizen's rows are whitened (V_i = LL', z = L⁻¹·), freed of the citizen's own level (and, in the guarded version,
of a straight line of their own), and summed up: A = Σ Z'Z, b = Σ Z'z_y, tau = A⁻¹b. A row counts for a dimension when
it has a score there and did not lead to a referral to an activity that targets it (the donut).

All dimensions share a citizen's L⁻¹. That a row does not count for one of them is the same as giving the row a column
of its own there, so the dimension's sums are the shared ones less a product of low rank (Q below). A citizen meets few
activities, quarters and assessors. So the size of a night's work follows what was assessed, not what could have been.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import linalg, sparse

from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.study import FAR, Bools, Floats, Ints, Sparse, Study, exposure, marked

FEWEST_OF_AN_ASSESSOR = 5
LEAD_QUARTERS = 2
SINGULAR = 1e-9
KEPT = 2_000  # citizens up to which pieces are kept


@dataclass(frozen=True)
class Design:
    """What stands beside the scores: exposure, and the columns for quarter, assessor and kind of each row."""

    study: Study
    usable: Bools  # (n, K)
    dose: Sparse  # (n, A)
    other: Ints  # (n, 3): the column of the row's quarter, assessor and kind; -1 for the one that is compared with
    width: int  # columns in all, activities first
    rows: Sequence[Ints]  # of each citizen
    lead: Sparse  # (n, A): the activity begins within the next two quarters
    waits: Sparse  # (n, A): the citizen is on the activity's waiting list
    begun: Bools  # (N, A): the citizen takes part at some time
    referred: Bools  # (N, A): takes part or waits at some time

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
    codes, inverse, counts = np.unique(assessor, return_inverse=True, return_counts=True)
    few = counts < FEWEST_OF_AN_ASSESSOR
    if few.any():
        other = int(codes.max()) + 1
        assessor = np.where(few[inverse], other, assessor)
    columns = []
    at = len(study.activities)
    for values in (study.quarter, assessor, study.kind):
        known, place = np.unique(values, return_inverse=True)
        columns.append(np.where(place == 0, -1, place - 1 + at))
        at += max(len(known) - 1, 0)
    rows = study.rows
    begins = study.starts
    lead = []
    for citizen, activity in np.argwhere(begins < FAR):
        ahead = begins[citizen, activity] - study.day[rows[citizen]]
        soon = rows[citizen][(ahead > 0) & (ahead <= 92 * LEAD_QUARTERS)]
        lead.append((soon, activity, np.ones(len(soon))))
    waits = []
    for citizen, activity, queued, left in zip(
        study.w_citizen, study.w_activity, study.w_queued, study.w_left, strict=True
    ):
        day = study.day[rows[citizen]]
        meanwhile = rows[citizen][(day >= queued) & (day < left)]
        waits.append((meanwhile, activity, np.ones(len(meanwhile))))
    shape = (len(study.day), len(study.activities))
    on_list = marked(waits, shape)
    on_list.data[:] = 1.0  # twice on the list is on the list
    referred = begins < FAR
    referred[study.w_citizen, study.w_activity] = True
    return Design(
        study,
        usable,
        exposure(study),
        np.stack(columns, axis=1),
        at,
        rows,
        marked(lead, shape),
        on_list,
        begins < FAR,
        referred,
    )


@dataclass(frozen=True)
class Piece:
    """One citizen, whitened and freed of their own level; m rows, c columns of the design, K dimensions."""

    cols: Ints  # which columns of the design stand here
    x: Floats  # (m, c)
    y: Floats  # (m, K)
    gone: Sequence[tuple[Ints, Floats]]  # dimensions, and an orthonormal (m, s) for the rows that do not count there
    dims: Ints  # d dimensions that an activity aims at which the citizen waits for or takes part in at some time
    marks: Floats  # (4, m, d), for the lead test: about to begin, waits; and a line if the citizen begins, is referred
    rows: Ints  # (K,) that count

    def without_gone(self, values: Floats) -> Floats:
        """(…, m, K) freed, dimension by dimension, of the rows that do not count."""
        for dims, q in self.gone:
            values[..., dims] -= q @ (q.T @ values[..., dims])
        return values

    def spread(self, values: Floats) -> Floats:
        """(…, m, d) as (…, m, K), 0 in the other dimensions."""
        found = np.zeros((*values.shape[:-1], self.y.shape[1]))
        found[..., self.dims] = values
        return found


def pieces(design: Design, cov: Covariance, targets: Bools, *, slopes: bool = False) -> Iterator[Piece]:
    """Every citizen with something to tell. `targets` (A, K): which activities are meant to move which dimension."""
    study, k = design.study, len(design.study.dimensions)
    own = 2 if slopes else 1
    used = cov.without_slope() if slopes else cov
    order = np.concatenate([np.zeros(0, np.int64), *design.rows])
    ends = np.cumsum([len(rows) for rows in design.rows])
    columns, quarter = design.columns(order), study.quarter[order].astype(float)
    lead, waits = (_aimed(marks[order], targets) for marks in (design.lead, design.waits))
    begun, referred = (np.minimum(ever.astype(float) @ targets, 1.0) for ever in (design.begun, design.referred))
    for citizen, (end, rows) in enumerate(zip(ends, design.rows, strict=True)):
        usable = design.usable[rows]
        some = usable.any(axis=1)
        at = np.arange(end - len(rows), end)[some]
        times, usable = quarter[at], usable[some]
        if len(at) <= own or (slopes and np.ptp(times) == 0):
            continue
        m = len(at)
        x, cols = _dense(columns, at)
        dims = np.flatnonzero(referred[citizen])
        line = (times - times.mean())[:, None]
        marks = [one[at].toarray()[:, dims] for one in (lead, waits)]
        marks += [line * ever[citizen, dims] for ever in (begun, referred)]
        level = np.concatenate([np.ones((m, 1)), line], axis=1)[:, :own]
        y = np.where(usable, study.scores[rows[some]], 0.0)
        whole = np.concatenate([level, np.eye(m), x, y, *marks], axis=1)
        lower = np.linalg.cholesky(used.of(times))
        z = linalg.solve_triangular(lower, whole, lower=True, check_finite=False)
        base, _ = np.linalg.qr(z[:, :own])
        z = z[:, own:]
        z -= base @ (base.T @ z)
        single, x, y, *marks = np.split(z, np.cumsum([m, len(cols), k, *[len(dims)] * 3]), axis=1)
        gone, counts = [], usable.sum(axis=0)
        for missing, which in _alike(~usable):
            left = times[~missing]
            if len(left) <= own or (slopes and np.ptp(left) == 0):
                counts[which] = 0
                gone.append((which, np.eye(m)))
            else:
                gone.append((which, np.linalg.qr(single[:, missing])[0]))
        # Copies, so that the rest of z can go: of ten thousand citizens it would be half a gigabyte.
        piece = Piece(cols, x.copy(), y.copy(), gone, dims, np.stack(marks), counts)
        piece.without_gone(piece.y)
        piece.marks[:] = piece.without_gone(piece.spread(piece.marks))[..., dims]
        yield piece


def _aimed(marks: Sparse, targets: Bools) -> Sparse:
    return sparse.csr_array(marks @ sparse.csr_array(targets.astype(float)))


def _dense(columns: Sparse, rows: Ints) -> tuple[Floats, Ints]:
    """The part of the design these rows touch: (m, c) and its columns, without those that do not vary here."""
    part = columns[rows]
    cols, place = np.unique(part.indices, return_inverse=True)
    x = np.zeros((len(rows), len(cols)))
    x[np.repeat(np.arange(len(rows)), np.diff(part.indptr)), place] = part.data
    varies = np.ptp(x, axis=0) > 0
    return x[:, varies], cols[varies].astype(np.int64)


def _alike(missing: Bools) -> Iterator[tuple[Bools, Ints]]:
    """Dimensions that lack the same rows, without those that lack none."""
    found: dict[bytes, list[int]] = {}
    for dim in np.flatnonzero(missing.any(axis=0)).tolist():
        found.setdefault(missing[:, dim].tobytes(), []).append(dim)
    for dims in found.values():
        yield missing[:, dims[0]], np.array(dims)


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


def fit(design: Design, cov: Covariance, targets: Bools, *, slopes: bool = False) -> Fit:
    """Estimate everything. Raises nothing for a singular design: what cannot be told apart is NaN."""
    k, a, p = len(design.study.dimensions), len(design.study.activities), design.width
    own = 2 if slopes else 1
    every = partial(pieces, design, cov, targets, slopes=slopes)
    # Every piece is looked at twice. Of ten thousand citizens they would be most of a gigabyte, so they are made twice.
    kept = list(every()) if len(design.rows) <= KEPT else None
    shared = np.zeros((p, p))
    less: list[list[tuple[Ints, Floats]]] = [[] for _ in range(k)]
    b, marked = np.zeros((p, k)), np.zeros((4, p, k))
    yy, free, rows, groups = np.zeros(k), np.zeros(k), np.zeros(k, np.int64), np.zeros(k)
    for piece in kept or every():
        shared[piece.cols[:, None], piece.cols] += piece.x.T @ piece.x
        for dims, q in piece.gone:
            part = q.T @ piece.x
            for dim in dims.tolist():
                less[dim].append((piece.cols, part))
        b[piece.cols] += piece.x.T @ piece.y
        marked[:, piece.cols[:, None], piece.dims] += piece.x.T @ piece.marks
        yy += (piece.y**2).sum(axis=0)
        rows += piece.rows
        groups += piece.rows > 0
        free += np.maximum(piece.rows - own, 0)
    tau, se_model, s2 = np.full((a, k), np.nan), np.full((a, k), np.nan), np.full(k, np.nan)
    beta, freed = np.zeros((p, k)), np.zeros((4, p, k))
    inverses: dict[int, Floats] = {}
    ranks = np.zeros(k)
    size = np.diagonal(shared)
    common = invert(shared, a) if not all(less) else None
    for dim in range(k):
        if not rows[dim]:
            continue
        inverse, rank, known = common if common and not less[dim] else invert(shared - _product(less[dim], p), a, size)
        beta[:, dim] = inverse @ b[:, dim]
        freed[:, :, dim] = marked[:, :, dim] @ inverse
        ranks[dim] = rank
        left = free[dim] - rank
        if left <= 0:
            continue
        s2[dim] = max(yy[dim] - b[:, dim] @ beta[:, dim], 0.0) / left
        tau[known, dim] = beta[:a][known, dim]
        se_model[known, dim] = np.sqrt(s2[dim] * np.maximum(np.diagonal(inverse)[:a][known], 0.0))
        inverses[dim] = inverse[:a].copy()
    rests = _rests(kept or every(), beta, freed, s2)
    se_robust = _sandwich(rests, inverses, (a, p, k), groups, rows, ranks)
    se_robust[~np.isfinite(se_model)] = np.nan
    return Fit(tau, se_model, se_robust, s2, rows, *(_halves(*one) for one in rests.products))


def _product(parts: Sequence[tuple[Ints, Floats]], p: int) -> Floats:
    """U'U of the rows gathered in `parts`, (p, p)."""
    ends = np.concatenate([[0], *(np.full(len(part), len(cols)) for cols, part in parts)]).cumsum()
    cols = np.concatenate([np.tile(cols, len(part)) for cols, part in parts])
    u = sparse.csr_array((np.concatenate([part.ravel() for _, part in parts]), cols, ends), shape=(len(ends) - 1, p))
    return (u.T @ u).toarray()


def invert(a: Floats, first: int, size: Floats | None = None) -> tuple[Floats, int, Bools]:
    """The (pseudo-)inverse of a sum of squares, its rank, and which of the `first` columns can be told apart.

    A column is estimable when its unit vector lies in the row space (Searle 1971): then every solution of the normal
    equations gives it the same value. `size`: what the diagonal was before something was taken from it; what is left
    of a column by rounding is nothing.
    """
    diagonal = np.diagonal(a)
    seen = diagonal > (0.0 if size is None else size * SINGULAR)
    scale = np.sqrt(np.where(seen, diagonal, 1.0))
    normal = np.where(seen[:, None] & seen, a / scale[:, None] / scale, 0.0)
    try:
        if not seen.all():
            raise linalg.LinAlgError
        factor = linalg.cholesky(normal, lower=True, check_finite=False)
        if np.diagonal(factor).min(initial=1.0) ** 2 < SINGULAR:
            raise linalg.LinAlgError
        inverse, _ = linalg.lapack.dpotri(factor, lower=True)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        return inverse / scale[:, None] / scale, len(a), np.ones(first, bool)
    except linalg.LinAlgError:
        values, vectors = np.linalg.eigh(normal)
        keep = values > max(values[-1], 0.0) * SINGULAR if len(values) else np.zeros(0, bool)
        kept = vectors[:, keep]
        inverse = (kept / values[keep]) @ kept.T
        inside = (kept[:first] ** 2).sum(axis=1)
        known = seen[:first] & (inside > 1 - 1e-6)
        return inverse / scale[:, None] / scale, int(keep.sum()), known


@dataclass(frozen=True)
class Rests:
    """What the model leaves over of each of G citizens with something to tell."""

    scores: Floats  # (sum of their c, K): x'·residual, citizen after citizen
    cols: Ints  # the column of the design of each of those
    ends: Ints  # (G + 1,): where each citizen's begin and end
    products: Floats  # (2, 4, G): for the lead and the line test, see `_rests`


def _rests(made: Iterable[Piece], beta: Floats, freed: Floats, s2: Floats) -> Rests:
    """Residuals along the design, for the robust errors; and along the marks, for whether citizens rose anyway.

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
    weight = 1 / np.sqrt(np.where(s2 > 0, s2, np.inf))
    scores, cols = [np.zeros((0, len(s2)))], [np.zeros(0, np.int64)]
    ends, products = [0], [np.zeros((2, 4, 0))]
    for piece in made:
        left = piece.without_gone(piece.y - piece.x @ beta[piece.cols])
        scores.append(piece.x.T @ left)
        cols.append(piece.cols)
        ends.append(ends[-1] + len(piece.cols))
        marks = piece.without_gone(piece.x @ freed[:, piece.cols])
        marks[..., piece.dims] -= piece.marks
        marks *= -weight
        rest = left * weight
        products.append(
            np.array(
                [
                    [np.vdot(mark, rest), np.vdot(mark, others), np.vdot(others, rest), np.vdot(others, others)]
                    for mark, others in (marks[:2], marks[2:])
                ]
            )[..., None]
        )
    return Rests(np.concatenate(scores), np.concatenate(cols), np.array(ends), np.concatenate(products, axis=-1))


def _sandwich(
    rests: Rests,
    inverses: dict[int, Floats],
    shape: tuple[int, int, int],
    groups: Floats,
    rows: Ints,
    ranks: Floats,
) -> Floats:
    """(A, K): CR1 standard errors with citizens as clusters (Liang & Zeger 1986).

    The factor G/(G-1)·(N-1)/(N-r) counts the citizens' own levels neither in N nor in r: they lie within the clusters.
    """
    a, p, k = shape
    meat = np.zeros((a, k))
    for dim, inverse in inverses.items():
        values = rests.scores[:, dim].copy()
        score = sparse.csr_array((values, rests.cols, rests.ends), shape=(len(rests.ends) - 1, p))
        meat[:, dim] = ((score @ inverse.T) ** 2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = groups / (groups - 1) * (rows - 1) / (rows - ranks)
        return np.sqrt(meat * np.where(np.isfinite(factor) & (factor > 0), factor, np.nan))


def _halves(plain: Floats, cross: Floats, by_others: Floats, own: Floats) -> tuple[float, float]:
    """z of mark · rest, and of (mark - share · others) · (rest - excess · others), from each citizen's products."""
    total = own.sum()
    share, excess = (cross.sum() / total, by_others.sum() / total) if total > 0 else (0.0, 0.0)
    return standing(plain), standing(plain - share * by_others - excess * cross + share * excess * own)


def standing(parts: Floats) -> float:
    """A sum of independent parts over its own standard deviation; NaN when nothing varies."""
    spread = float(np.sqrt((parts**2).sum()))
    return float(parts.sum()) / spread if spread > 0 else float("nan")
