"""The joint estimate: every activity at once, each citizen their own measure (fixed-effect GLS).

For dimension k, citizen i and row t:

    y_it = a_i + g_quarter + r_assessor + q_kind + Σ_A tau_A·D_A,it + e_it,    Cov(e_i) = s²·V_i

Each citizen's rows are whitened (V_i = LL', z = L⁻¹·), freed of the citizen's own level (and, in the guarded version,
of a straight line of their own), and summed up: A = Σ Z'Z, b = Σ Z'z_y, tau = A⁻¹b. A row counts for a dimension when
it has a score there and did not lead to a referral to an activity that targets it (the donut).

The sums run over small blocks: a citizen meets few activities, quarters and assessors, and dimensions with the same
rows share a block. So the size of a night's work follows what was assessed, not what could have been.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.study import FAR, Bools, Floats, Ints, Study, exposure, rows_by_citizen, starts

FEWEST_OF_AN_ASSESSOR = 5
LEAD_QUARTERS = 2
SINGULAR = 1e-9


@dataclass(frozen=True)
class Design:
    """What stands beside the scores: exposure, and the columns for quarter, assessor and kind of each row."""

    study: Study
    usable: Bools  # (n, K)
    dose: Floats  # (n, A)
    other: Ints  # (n, 3): the column of the row's quarter, assessor and kind; -1 for the one that is compared with
    width: int  # columns in all, activities first
    rows: Sequence[Ints]  # of each citizen
    lead: Bools  # (n, A): the activity begins within the next two quarters
    waits: Bools  # (n, A): the citizen is on the activity's waiting list


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
    begins = starts(study)[study.citizen] if len(study.citizen) else np.zeros((0, len(study.activities)))
    ahead = begins - study.day[:, None]
    lead = (ahead > 0) & (ahead <= 92 * LEAD_QUARTERS) & (begins < FAR)
    rows = rows_by_citizen(study)
    waits = np.zeros(lead.shape, bool)
    for entry in range(len(study.w_citizen)):
        mine = rows[study.w_citizen[entry]]
        on_it = (study.day[mine] >= study.w_queued[entry]) & (study.day[mine] < study.w_left[entry])
        waits[mine[on_it], study.w_activity[entry]] = True
    return Design(study, usable, exposure(study), np.stack(columns, axis=1), at, rows, lead, waits)


@dataclass(frozen=True)
class Block:
    """One citizen's whitened rows for the dimensions that share them."""

    citizen: int
    dims: Ints
    cols: Ints  # which columns of the design stand here
    x: Floats  # (m, c)
    y: Floats  # (m, d)
    lead: Floats  # (m, d)
    waits: Floats  # (m, d)
    free: int  # rows less what the citizen's own level (and line) take


def blocks(design: Design, cov: Covariance, targets: Bools, *, slopes: bool = False) -> Iterator[Block]:
    """Every citizen's blocks. `targets` (A, K): which activities are meant to move which dimension (for the lead)."""
    study = design.study
    quarter = study.quarter
    own = 2 if slopes else 1
    used = cov.without_slope() if slopes else cov
    for citizen, rows in enumerate(design.rows):
        if len(rows) <= own:
            continue
        usable = design.usable[rows]
        masks, group = np.unique(usable, axis=1, return_inverse=True)
        group = group.ravel()
        for g in range(masks.shape[1]):
            mask = masks[:, g]
            if mask.sum() <= own:
                continue
            at, dims = rows[mask], np.flatnonzero(group == g)
            x, cols = _local(design, at)
            if not len(cols):
                continue
            times = quarter[at].astype(float)
            if slopes and np.ptp(times) == 0:
                continue
            lower = np.linalg.cholesky(used.of(times))
            lead = (design.lead[at] @ targets[:, dims]).astype(float)
            waits = (design.waits[at] @ targets[:, dims]).astype(float)
            level = np.ones((len(at), 1)) if not slopes else np.stack([np.ones(len(at)), times - times.mean()], axis=1)
            whole = np.concatenate([level, x, study.scores[np.ix_(at, dims)], lead, waits], axis=1)
            z = linalg.solve_triangular(lower, whole, lower=True, check_finite=False)
            base, _ = np.linalg.qr(z[:, :own])
            rest = z[:, own:]
            rest = rest - base @ (base.T @ rest)
            c = len(cols)
            y, ahead, on_list = np.split(rest[:, c:], 3, axis=1)
            yield Block(citizen, dims, cols, rest[:, :c], y, ahead, on_list, len(at) - own)


def _local(design: Design, rows: Ints) -> tuple[Floats, Ints]:
    """The part of the design these rows touch: (m, c) and its columns. Columns that do not vary here are left out."""
    dose = design.dose[rows]
    doses = np.flatnonzero(dose.any(axis=0))
    other = design.other[rows]
    marks = np.unique(other[other >= 0])
    x = np.empty((len(rows), len(doses) + len(marks)))
    x[:, : len(doses)] = dose[:, doses]
    x[:, len(doses) :] = (other[:, :, None] == marks).any(axis=1)
    varies = np.ptp(x, axis=0) > 0 if len(rows) else np.zeros(x.shape[1], bool)
    return x[:, varies], np.concatenate([doses, marks])[varies]


@dataclass(frozen=True)
class Fit:
    """The estimates of all activities for all dimensions, on the scale's own unit. (A, K) where not said otherwise."""

    tau: Floats  # NaN where it cannot be told apart from something else
    se_model: Floats
    se_robust: Floats
    s2: Floats  # (K,)
    rows: Ints  # (K,) used
    lead: tuple[float, float]  # z of those about to begin: against the model, and against others on a waiting list

    @property
    def se(self) -> Floats:
        """The larger of the model's and the cluster-robust standard error."""
        return np.fmax(self.se_model, self.se_robust)

    @property
    def lead_z(self) -> float:
        """Were citizens already rising before they began? The larger of the two; NaN when nobody was seen just before."""
        return float(np.fmax(*self.lead))


def fit(design: Design, cov: Covariance, targets: Bools, *, slopes: bool = False) -> Fit:
    """Estimate everything. Raises nothing for a singular design: what cannot be told apart is NaN."""
    k, a, p = len(design.study.dimensions), len(design.study.activities), design.width
    made = list(blocks(design, cov, targets, slopes=slopes))
    shared = np.zeros((p, p))
    own: dict[int, Floats] = {}
    b, yy, free, rows = np.zeros((p, k)), np.zeros(k), np.zeros(k), np.zeros(k, np.int64)
    leads, waits = np.zeros((p, k)), np.zeros((p, k))
    for block in made:
        xx = block.x.T @ block.x
        at = np.ix_(block.cols, block.cols)
        # What most dimensions share is summed once; the others get the difference.
        if len(block.dims) * 2 > k:
            shared[at] += xx
            for dim in np.setdiff1d(np.arange(k), block.dims, assume_unique=True):
                own.setdefault(int(dim), np.zeros((p, p)))[at] -= xx
        else:
            for dim in block.dims:
                own.setdefault(int(dim), np.zeros((p, p)))[at] += xx
        b[np.ix_(block.cols, block.dims)] += block.x.T @ block.y
        leads[np.ix_(block.cols, block.dims)] += block.x.T @ block.lead
        waits[np.ix_(block.cols, block.dims)] += block.x.T @ block.waits
        yy[block.dims] += (block.y**2).sum(axis=0)
        free[block.dims] += block.free
        rows[block.dims] += len(block.y)
    tau, se_model, s2 = np.full((a, k), np.nan), np.full((a, k), np.nan), np.full(k, np.nan)
    beta, freed = np.zeros((p, k)), (np.zeros((p, k)), np.zeros((p, k)))
    inverses: dict[int, Floats] = {}
    ranks = np.zeros(k)
    common: tuple[Floats, int, Bools] | None = None
    for dim in range(k):
        if not rows[dim]:
            continue
        if dim in own or common is None:
            inverse, rank, known = invert(shared + own[dim] if dim in own else shared, a)
            if dim not in own:
                common = (inverse, rank, known)
        else:
            inverse, rank, known = common
        beta[:, dim] = inverse @ b[:, dim]
        freed[0][:, dim], freed[1][:, dim] = inverse @ leads[:, dim], inverse @ waits[:, dim]
        ranks[dim] = rank
        left = free[dim] - rank
        if left <= 0:
            continue
        s2[dim] = max(yy[dim] - b[:, dim] @ beta[:, dim], 0.0) / left
        tau[known, dim] = beta[:a][known, dim]
        se_model[known, dim] = np.sqrt(s2[dim] * np.maximum(np.diagonal(inverse)[:a][known], 0.0))
        inverses[dim] = inverse[:a]
    se_robust = _sandwich(made, beta, inverses, rows, ranks)
    lead = _lead_test(made, beta, freed, s2, len(design.rows))
    if se_robust.shape != se_model.shape:
        se_robust = np.full_like(se_model, np.nan)
    se_robust[~np.isfinite(se_model)] = np.nan
    return Fit(tau, se_model, se_robust, s2, rows, lead)


def invert(a: Floats, first: int) -> tuple[Floats, int, Bools]:
    """The (pseudo-)inverse of a sum of squares, its rank, and which of the `first` columns can be told apart.

    A column is estimable when its unit vector lies in the row space (Searle 1971): then every solution of the normal
    equations gives it the same value.
    """
    scale = np.sqrt(np.maximum(np.diagonal(a), 0.0))
    seen = scale > 0
    scale = np.where(seen, scale, 1.0)
    normal = a / scale[:, None] / scale[None, :]
    try:
        if not seen.all():
            raise linalg.LinAlgError
        factor = linalg.cho_factor(normal, lower=True, check_finite=False)
        if np.diagonal(factor[0]).min() ** 2 < SINGULAR:
            raise linalg.LinAlgError
        inverse = linalg.cho_solve(factor, np.eye(len(a)), check_finite=False)
        return inverse / scale[:, None] / scale[None, :], len(a), np.ones(first, bool)
    except linalg.LinAlgError:
        values, vectors = np.linalg.eigh(normal)
        keep = values > max(values[-1], 0.0) * SINGULAR if len(values) else np.zeros(0, bool)
        kept = vectors[:, keep]
        inverse = (kept / values[keep]) @ kept.T
        inside = (kept[:first] ** 2).sum(axis=1)
        known = seen[:first] & (inside > 1 - 1e-6)
        return inverse / scale[:, None] / scale[None, :], int(keep.sum()), known


def _sandwich(made: Sequence[Block], beta: Floats, inverses: dict[int, Floats], rows: Ints, ranks: Floats) -> Floats:
    """(A, K): CR1 standard errors with citizens as clusters (Liang & Zeger 1986).

    The factor G/(G-1)·(N-1)/(N-r) counts the citizens' own levels neither in N nor in r: they lie within the clusters.
    """
    a = len(next(iter(inverses.values()))) if inverses else 0
    meat, groups = np.zeros((a, len(rows))), np.zeros(len(rows))
    for block in made:
        score = block.x.T @ (block.y - block.x @ beta[np.ix_(block.cols, block.dims)])
        for j, dim in enumerate(block.dims):
            if dim in inverses:
                groups[dim] += 1
                meat[:, dim] += (inverses[int(dim)][:, block.cols] @ score[:, j]) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = groups / (groups - 1) * (rows - 1) / (rows - ranks)
        return np.sqrt(meat * np.where(np.isfinite(factor) & (factor > 0), factor, np.nan))


def _lead_test(made: Sequence[Block], beta: Floats, freed: tuple[Floats, Floats], s2: Floats, citizens: int) -> tuple[float, float]:
    """Were those who got a place already rising? Two z over every hypothesised pair; NaN where nobody was seen.

    Score tests (Rao 1948): what the model leaves over in the two quarters before a start, in units of each dimension's
    variance, against how it varies from citizen to citizen. The first asks whether those about to start stand higher
    than the model says: that finds places given, by referral, to the rising. The second asks whether they stand higher
    than others on a waiting list: everybody was referred in a bad period and comes out of it slowly, which hides a
    rise from the first; that finds the rising taken out of the queue. Each is blind where the other sees.
    """
    parts = []
    cross = own = 0.0
    for block in made:
        if not (block.lead.any() or block.waits.any()):
            continue
        at = np.ix_(block.cols, block.dims)
        weight = 1 / np.sqrt(np.where(s2[block.dims] > 0, s2[block.dims], np.inf))
        lead = (block.lead - block.x @ freed[0][at]) * weight
        waits = (block.waits - block.x @ freed[1][at]) * weight
        left = (block.y - block.x @ beta[at]) * weight
        parts.append((block.citizen, lead, waits, left))
        cross += float((lead * waits).sum())
        own += float((waits**2).sum())
    share = cross / own if own > 0 else 0.0
    excess = sum(float((waits * left).sum()) for _, _, waits, left in parts) / own if own > 0 else 0.0
    plain, among_waiting = np.zeros(citizens), np.zeros(citizens)
    for citizen, lead, waits, left in parts:
        plain[citizen] += float((lead * left).sum())
        among_waiting[citizen] += float(((lead - share * waits) * (left - excess * waits)).sum())
    return standing(plain), standing(among_waiting)


def standing(parts: Floats) -> float:
    """A sum of independent parts over its own standard deviation; NaN when nothing varies."""
    spread = float(np.sqrt((parts**2).sum()))
    return float(parts.sum()) / spread if spread > 0 else float("nan")
