"""How one citizen's assessments hang together in time, beyond what the model explains.

Cov(e_i) = s² [ I + l1·tt' + l2·rho^|t−t'| ]: noise of the single assessment, a development of one's own (random slope;
the level of one's own is a fixed effect and falls out) and good and bad periods that last a while (AR(1)). Times are
in quarters. l1, l2 and rho are pooled over dimensions and found by REML (Patterson & Thompson 1971).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from med.competence_compass.effects.study import Floats


@dataclass(frozen=True)
class Covariance:
    """l1 (slope variance per quarter²) and l2 (variance of periods) relative to the noise variance; rho per quarter."""

    slope: float = 0.0
    period: float = 0.0
    rho: float = 0.5

    def of(self, times: Floats) -> Floats:
        """V without s², for one citizen's times (…, m) in quarters: (…, m, m)."""
        # Where time is counted from falls out with the citizen's own level; the middle keeps the numbers small.
        t = times - times.mean(axis=-1, keepdims=True)
        lag = np.abs(times[..., :, None] - times[..., None, :])
        v = self.period * self.rho**lag + self.slope * t[..., :, None] * t[..., None, :]
        v[..., np.arange(t.shape[-1]), np.arange(t.shape[-1])] += 1.0
        return v

    def as_kept(self) -> "Covariance":
        """As a run keeps them for the next: with the same numbers what was made with them can be used again."""
        return Covariance(*(round(float(value), 9) for value in (self.slope, self.period, self.rho)))

    def without_slope(self) -> "Covariance":
        return Covariance(0.0, self.period, self.rho)


@dataclass(frozen=True)
class Batch:
    """Citizens side by side: c citizens, m rows, p regressors, for one dimension.

    Rows stand in the order of time. Where a citizen has fewer than m, the time is NaN and x and y are 0.
    """

    times: Floats  # (c, m)
    x: Floats  # (c, m, p)
    y: Floats  # (c, m)


def restricted_likelihood(batches: Sequence[Batch], cov: Covariance) -> float:
    """-2 log REML up to a constant for one dimension, with a level of one's own for each citizen and regressors x.

    (N−r) log s²(V) + Σ log|V_i| + Σ log(1'V_i⁻¹1) + log|X*'X*|, where X* is X whitened and freed of the citizens'
    levels, r all fixed effects, and s² what is left over divided by N−r (Harville 1977).
    """
    p = batches[0].x.shape[-1]
    a, b, yy, logs, n, citizens = np.zeros((p, p)), np.zeros(p), 0.0, 0.0, 0, 0
    for batch in batches:
        zx, zy, ones = whitened(batch, cov)
        flat = zx.reshape(zy.size, p)
        a += flat.T @ flat
        b += flat.T @ zy.reshape(-1)
        yy += float((zy**2).sum())
        logs += ones
        n += int(np.isfinite(batch.times).sum())
        citizens += len(batch.times)
    values, vectors = np.linalg.eigh(a) if p else (np.zeros(0), np.zeros((0, 0)))
    keep = values > values.max(initial=0.0) * 1e-10
    rest = yy - float((((vectors.T @ b)[keep]) ** 2 / values[keep]).sum())
    df = n - citizens - int(keep.sum())
    if df <= 0 or rest <= 0:
        return np.inf
    return df * np.log(rest / df) + logs + float(np.log(values[keep]).sum())


def whitened(batch: Batch, cov: Covariance) -> tuple[Floats, Floats, float]:
    """X and y multiplied by L⁻¹ (V = LL') and freed of the citizen's own level; and Σ log|V| + Σ log(1'V⁻¹1).

    Rows come first in what is returned: (m, c, p) and (m, c).

    L⁻¹ is never written down: what a Kalman filter did not expect of each row, over its standard deviation, is the
    row of L⁻¹ times the series (Harvey 1989, §3.4). The state is the period a citizen is in and their slope, so a
    row costs a few numbers, and all citizens take each step together.
    """
    real = np.isfinite(batch.times)
    times = np.where(real, batch.times, 0.0)
    times = np.where(real, times - times.sum(axis=1, keepdims=True) / real.sum(axis=1, keepdims=True), 0.0)
    z = np.ascontiguousarray(
        np.moveaxis(np.concatenate([batch.x, batch.y[..., None], real[..., None]], axis=-1), 1, 0), float
    )  # (m, c, p + 2): regressors, score, level
    citizens = len(times)
    at, slope = np.zeros(z.shape[1:]), np.zeros(z.shape[1:])  # what is expected of the period and of the slope
    pp, ps, ss = np.full(citizens, cov.period), np.zeros(citizens), np.full(citizens, cov.slope)  # how unsure that is
    before, logs = times[:, 0], 0.0
    for row in range(len(z)):
        t, here = times[:, row], real[:, row]
        kept = np.where(here, cov.rho ** np.abs(t - before), 1.0)
        before = np.where(here, t, before)
        pp, ps = kept**2 * pp + (1 - kept**2) * cov.period, kept * ps
        to_period, to_slope = np.where(here, pp + t * ps, 0.0), np.where(here, ps + t * ss, 0.0)
        spread = to_period + t * to_slope + 1.0
        at *= kept[:, None]
        z[row] -= here[:, None] * (at + t[:, None] * slope)
        at += (to_period / spread)[:, None] * z[row]
        slope += (to_slope / spread)[:, None] * z[row]
        pp, ps, ss = pp - to_period**2 / spread, ps - to_period * to_slope / spread, ss - to_slope**2 / spread
        z[row] /= np.sqrt(spread)[:, None]
        logs += float(np.log(spread).sum())
    one = z[..., -1]
    length = (one**2).sum(axis=0)
    share = np.einsum("mc,mcq->cq", one, z[..., :-1]) / length[:, None]
    z = z[..., :-1] - one[..., None] * share
    return z[..., :-1], z[..., -1], logs + float(np.log(length).sum())


def estimate(dimensions: Sequence[Sequence[Batch]], start: Covariance | None = None, *, most: int = 120) -> Covariance:
    """The l1, l2 and rho that make the pooled restricted likelihood largest, in at most `most` looks at it.

    Returns pure noise where there is too little to tell (no citizen with three rows, nothing that varies).
    """
    from scipy.optimize import minimize  # slow to begin, and most nights the variances are known

    dimensions = [
        batches for batches in dimensions if any((np.isfinite(batch.times).sum(axis=1) > 2).any() for batch in batches)
    ]
    if not dimensions:
        return Covariance()

    def read(theta: Floats) -> Covariance:
        slope, period = np.exp(np.clip(theta[:2], -14, 5))
        return Covariance(float(slope), float(period), float(1 / (1 + np.exp(-np.clip(theta[2], -5, 5)))))

    def cost(theta: Floats) -> float:
        cov = read(theta)
        return sum(restricted_likelihood(batches, cov) for batches in dimensions)

    begin = start or Covariance(0.003, 0.5, 0.5)
    theta = np.array(
        [np.log(max(begin.slope, 1e-6)), np.log(max(begin.period, 1e-6)), np.log(begin.rho / (1 - begin.rho))]
    )
    if not np.isfinite(cost(theta)):
        return Covariance()
    simplex = theta + np.vstack([np.zeros(3), np.eye(3) * (1.0 if start is None else 0.25)])
    options = {"initial_simplex": simplex, "xatol": 0.05, "fatol": 0.2, "maxfev": most}
    return read(minimize(cost, theta, method="Nelder-Mead", options=options).x)
