"""How well two assessors agree on the same citizen: what every band of uncertainty is built on. Pure arithmetic."""

from collections.abc import Sequence
from math import sqrt

LEAST_PAIRS = 30
HIGHEST = 0.99  # with an r of one, every flicker between two assessments would be certain


def intraclass(pairs: Sequence[tuple[float, float]]) -> float | None:
    """ICC(1,1) of pairs of ratings: the share of the variance that is between citizens. None where it has no meaning.

    One-way random effects, single rating, absolute agreement: (MSB − MSW) / (MSB + MSW) for two ratings a citizen,
    MSB between citizens on n − 1 degrees of freedom, MSW within pairs on n (Shrout & Fleiss 1979, case 1; McGraw &
    Wong 1996). This case, and not ICC(2,1), because a citizen's two assessors are not the same two throughout: there is
    no "first" and "second" rater whose own level could be told apart, and which of the two stands first changes
    nothing. Not Pearson's r, which would call it agreement when one of them always scores a step higher.

    Below 0 (less alike than chance) it is given as 0, above 0.99 as 0.99. At least 30 pairs (Koo & Li 2016): with fewer
    the estimate moves by more than the verdicts built on it. None too when all values are equal.
    """
    if len(pairs) < LEAST_PAIRS:
        return None
    n = len(pairs)
    means = [(one + other) / 2 for one, other in pairs]
    grand = sum(means) / n
    between = 2 * sum((mean - grand) ** 2 for mean in means) / (n - 1)
    within = sum((one - other) ** 2 / 2 for one, other in pairs) / n
    if between + within == 0:
        return None
    return min(max((between - within) / (between + within), 0.0), HIGHEST)


def deviation(values: Sequence[float]) -> float | None:
    """The sample's standard deviation, n − 1. None for fewer than LEAST_PAIRS values, or where all are equal."""
    n = len(values)
    if n < LEAST_PAIRS:
        return None
    mean = sum(values) / n
    variance = sum((value - mean) ** 2 for value in values) / (n - 1)
    return sqrt(variance) if variance > 0 else None
