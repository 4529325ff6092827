"""The restricted likelihood against its definition, and variances found again in data made with them."""

import numpy as np
import pytest
from scipy import linalg

from med.competence_compass.effects.covariance import Batch, Covariance, estimate, restricted_likelihood, whitened


def made(seed: int, citizens: int, rows: int, cov: Covariance, p: int = 2) -> Batch:
    rng = np.random.default_rng(seed)
    times = (
        np.sort(rng.choice(np.arange(20.0), (citizens, rows)), axis=1)
        if rows < 3
        else np.tile(np.arange(rows) + 0.0, (citizens, 1))
    )
    x = rng.normal(size=(citizens, rows, p))
    errors = np.einsum("cij,cj->ci", np.linalg.cholesky(cov.of(times)), rng.normal(size=(citizens, rows)))
    return Batch(times, x, rng.normal(size=(citizens, 1)) * 3 + x @ np.full(p, 0.5) + errors)


def by_definition(batch: Batch, cov: Covariance) -> float:
    """-2 log REML from one dense V and one dense X with a dummy for each citizen, s² profiled out."""
    c, m, p = batch.x.shape
    v = linalg.block_diag(*cov.of(batch.times))
    x = np.hstack([batch.x.reshape(c * m, p), np.kron(np.eye(c), np.ones((m, 1)))])
    y = batch.y.reshape(-1)
    vi = np.linalg.inv(v)
    xvx = x.T @ vi @ x
    beta = np.linalg.solve(xvx, x.T @ vi @ y)
    rest = (y - x @ beta) @ vi @ (y - x @ beta)
    df = c * m - x.shape[1]
    return df * np.log(rest / df) + np.linalg.slogdet(v)[1] + np.linalg.slogdet(xvx)[1]


@pytest.mark.parametrize("cov", [Covariance(), Covariance(0.01, 0.6, 0.5), Covariance(0.2, 2.0, 0.9)])
@pytest.mark.parametrize("p", [0, 1, 3])
def test_the_likelihood_is_the_definitions(cov, p):
    batch = made(1, 12, 6, Covariance(0.01, 0.5, 0.5), p)
    assert restricted_likelihood([batch], cov) == pytest.approx(by_definition(batch, cov), rel=1e-9)


def test_batches_of_different_lengths_add_up():
    """Two halves are the whole: the same citizens split by length give the same likelihood."""
    cov = Covariance(0.01, 0.5, 0.5)
    batch = made(2, 10, 5, cov)
    halves = [Batch(batch.times[at], batch.x[at], batch.y[at]) for at in (slice(0, 4), slice(4, 10))]
    assert restricted_likelihood(halves, cov) == pytest.approx(restricted_likelihood([batch], cov))


def test_a_citizen_with_fewer_rows_than_the_others_has_only_those():
    """Rows without a time are no rows: the last two of some citizens, against a batch of their own."""
    cov = Covariance(0.02, 0.5, 0.5)
    batch = made(6, 10, 6, cov)
    some = np.arange(10) < 4
    apart = [Batch(batch.times[some, :4], batch.x[some, :4], batch.y[some, :4]),
             Batch(batch.times[~some], batch.x[~some], batch.y[~some])]  # fmt: skip
    gone = some[:, None] & (np.arange(6) >= 4)
    padded = Batch(
        np.where(gone, np.nan, batch.times), np.where(gone[..., None], 0.0, batch.x), np.where(gone, 0.0, batch.y)
    )
    assert restricted_likelihood([padded], cov) == pytest.approx(restricted_likelihood(apart, cov))


def test_where_time_is_counted_from_does_not_matter():
    cov = Covariance(0.05, 0.5, 0.5)
    batch = made(3, 10, 6, cov)
    moved = Batch(batch.times + 1000, batch.x, batch.y)
    assert restricted_likelihood([moved], cov) == pytest.approx(restricted_likelihood([batch], cov))


def test_a_citizens_level_falls_out():
    cov = Covariance(0.05, 0.5, 0.5)
    batch = made(4, 10, 6, cov)
    lifted = Batch(batch.times, batch.x, batch.y + np.arange(10)[:, None] * 100)
    for one, other in zip(whitened(batch, cov), whitened(lifted, cov), strict=True):
        assert np.allclose(one, other, atol=1e-9)


def test_variances_are_found_again():
    true = Covariance(0.02, 0.8, 0.6)
    dims = [[made(seed, 300, 12, true)] for seed in range(4)]
    found = estimate(dims)

    def cost(cov):
        return sum(restricted_likelihood(batches, cov) for batches in dims)

    # Better than the truth by no more than three parameters can be by chance (chi-square, 3 df, 99.9 %).
    assert -16.3 < cost(found) - cost(true) <= 0
    assert found.slope == pytest.approx(true.slope, rel=0.5)
    assert found.period == pytest.approx(true.period, rel=0.3)
    assert found.rho == pytest.approx(true.rho, abs=0.12)


def test_two_rows_each_tell_nothing_of_how_periods_last():
    assert estimate([[made(5, 40, 2, Covariance())]]) == Covariance()
    assert estimate([]) == Covariance()
