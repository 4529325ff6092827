"""What can be said of one citizen's change, and how sure it is. Plain arithmetic, no database.

Scores carry measurement error: between two assessments with no true change at all, four raw differences in ten are not
zero. So a change is given a word only where it exceeds what error alone would make, and only for an area (the mean of
its dimensions), which is surer than any one dimension.

Sources
    Jacobson, N. S. & Truax, P. (1991). Clinical significance. J Consult Clin Psychol 59(1), 12–19.
    Beckerman, H. et al. (2001). Smallest real difference. Qual Life Res 10, 571–578 (SDC95 = 1.96·√2·SEM).
    Kiresuk, T. J. & Sherman, R. E. (1968). Goal attainment scaling. Community Ment Health J 4, 443–453.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import sqrt
from statistics import median

from msgspec import Struct

Z95 = 1.96
LEAST_ASSESSMENTS = 3
LEAST_MONTHS = 6
ROUNDING = 1e-9  # a change of exactly the smallest detectable one counts, also after division and back

# --- measurement error ----------------------------------------------------------------------------------------------


def standard_error(sd: float, r: float) -> float:
    """SEM = SD·√(1 − r), in points of the scale.

    `sd`: standard deviation between citizens; `r`: reliability (agreement of two assessors), 0 ≤ r < 1. Raises
    ValueError for values no double rating gives: with an SD of nothing or an r of one, every flicker would be certain.
    """
    if not (sd > 0 and 0 <= r < 1):
        raise ValueError("a standard deviation is above 0, a reliability from 0 to below 1")
    return sd * sqrt(1 - r)


def reliable_change(before: float, after: float, sd: float, r: float) -> float:
    """RC = (after − before) / (√2·SEM); beyond ±1.96 it is unlikely (5 %) to be error alone. No unit.

    Mind the √2: both assessments carry error (Jacobson & Truax 1991, p. 14, S_diff).
    """
    return (after - before) / (sqrt(2) * standard_error(sd, r))


def smallest_detectable_change(sd: float, r: float) -> float:
    """SDC95 = 1.96·√2·SEM, in points of the scale: what a difference must reach to be more than uncertainty."""
    return Z95 * sqrt(2) * standard_error(sd, r)


class Precision(Struct, frozen=True):
    """How sure an area's mean is, all its dimensions answered: reliability `r` and standard deviation `sd`."""

    r: float
    sd: float

    def __post_init__(self) -> None:
        standard_error(self.sd, self.r)

    def sdc95(self, answered: int, of: int) -> float:
        """SDC95 of a mean over `answered` of the area's `of` dimensions.

        Independent errors average out: the variance of the error grows as of/answered when some are missing.
        """
        if not 0 < answered <= of:
            raise ValueError("from one dimension to all of them")
        return smallest_detectable_change(self.sd, self.r) * sqrt(of / answered)


def turned(value: int, low: int, high: int, *, higher_is_better: bool) -> int:
    """A value on a scale from `low` to `high`, turned so that higher is better."""
    return value if higher_is_better else low + high - value


# --- one area over time ---------------------------------------------------------------------------------------------


class Verdict(StrEnum):
    DEVELOPS = "develops"
    PERHAPS_UP = "perhaps_up"  # beyond uncertainty once: the next assessment decides
    WITHIN = "within"
    PERHAPS_DOWN = "perhaps_down"
    DECLINES = "declines"
    TOO_FEW = "too_few"


class Why(StrEnum):
    """Why there are too few data for a verdict."""

    NONE = "none"  # nothing assessed
    ONE = "one"  # one assessment only
    FEW = "few"  # fewer than three
    SHORT = "short"  # less than six months between first and last
    ASSESSOR = "assessor"  # another assessor at the last than at the first
    VOICE = "voice"  # the one by staff alone, the other jointly
    UNANSWERED = "unanswered"  # too many dimensions without a value both times
    RELIABILITY = "reliability"  # nobody has measured how well two assessors agree


class Reading(Struct, frozen=True):
    """One area on one day: dimension → value, turned so that higher is better; dimensions without a value are absent.

    Dimensions are those of the version in use; one of an older version stands here under its successor's key only
    where the version map says "same".
    """

    day: date
    values: Mapping[int, int]
    assessor: str
    voice: str = "staff"

    @property
    def mean(self) -> float | None:
        return sum(self.values.values()) / len(self.values) if self.values else None


class Change(Struct, frozen=True):
    """What became of an area between the first and the last reading, and what can be said of it.

    `before` and `now` are means, in points of the scale, over the dimensions answered both times; where these are too
    few, there is no `before`, and `now` is the last reading's own. `sdc95` is None where reliability is not known; `rc`
    is None where none may be given.
    """

    verdict: Verdict
    why: Why | None = None
    before: float | None = None
    now: float | None = None
    first: date | None = None
    last: date | None = None
    readings: int = 0
    sdc95: float | None = None
    rc: float | None = None

    @property
    def difference(self) -> float | None:
        return None if self.before is None or self.now is None else self.now - self.before


def area_change(readings: Sequence[Reading], dimensions: int, precision: Precision | None) -> Change:
    """The verdict on one area with `dimensions` dimensions, from its readings in order of day.

    - at least three readings, the first and the last six months apart or more, by the same assessor in the same voice;
    - the difference of means over the dimensions answered both times, at least half of the area's;
    - RC = d / (√2·SEM) at ±1.96 or beyond is a change, and final ("develops", "declines") only when the reading before
      the last confirms it: it lies beyond, too, by the same assessor. Until then "perhaps".

    The words mirror: turn the scale around and "develops" becomes "declines". Adding a constant changes nothing.
    """
    told = [reading for reading in readings if reading.values]
    if not told:
        return Change(Verdict.TOO_FEW, Why.NONE)
    first, last = told[0], told[-1]
    if len(told) == 1:
        return Change(Verdict.TOO_FEW, Why.ONE, None, first.mean, first.day, first.day, 1)
    moved = _between(first, last)
    if moved is None or 2 * moved.dimensions < dimensions:
        return Change(Verdict.TOO_FEW, Why.UNANSWERED, None, last.mean, first.day, last.day, len(told))
    sdc95 = precision.sdc95(moved.dimensions, dimensions) if precision else None

    def say(verdict: Verdict, why: Why | None = None, rc: float | None = None) -> Change:
        return Change(verdict, why, moved.before, moved.now, first.day, last.day, len(told), sdc95, rc)

    if why := _why_not(told):
        return say(Verdict.TOO_FEW, why)
    if precision is None:
        return say(Verdict.TOO_FEW, Why.RELIABILITY)
    rc = _rc(moved, dimensions, precision)
    if abs(rc) < Z95 - ROUNDING:
        return say(Verdict.WITHIN, None, rc)
    is_up = rc > 0
    if _confirms(first, told[-2], last, dimensions, precision, is_up=is_up):
        return say(Verdict.DEVELOPS if is_up else Verdict.DECLINES, None, rc)
    return say(Verdict.PERHAPS_UP if is_up else Verdict.PERHAPS_DOWN, None, rc)


def side_by_side(one: Reading, other: Reading, dimensions: int) -> tuple[float, float] | None:
    """Two readings' means over what was answered in both; None where that is less than half of the area's."""
    moved = _between(one, other)
    return None if moved is None or 2 * moved.dimensions < dimensions else (moved.before, moved.now)


def months_after(day: date, months: int) -> date:
    """The same day some months later; the month's last where it is shorter (31 August + 6: 28 or 29 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _why_not(told: Sequence[Reading]) -> Why | None:
    first, last = told[0], told[-1]
    if len(told) < LEAST_ASSESSMENTS:
        return Why.FEW
    if last.day < months_after(first.day, LEAST_MONTHS):
        return Why.SHORT
    if first.assessor != last.assessor:
        return Why.ASSESSOR
    if first.voice != last.voice:
        return Why.VOICE
    return None


class _Moved(Struct, frozen=True):
    before: float
    now: float
    difference: Fraction  # exact, so that a constant added to every score takes itself away again
    dimensions: int


def _between(one: Reading, other: Reading) -> _Moved | None:
    both = [key for key in one.values if key in other.values]
    if not both:
        return None
    before, now = (sum(reading.values[key] for key in both) for reading in (one, other))
    return _Moved(before / len(both), now / len(both), Fraction(now - before, len(both)), len(both))


def _rc(moved: _Moved, dimensions: int, precision: Precision) -> float:
    return Z95 * float(moved.difference) / precision.sdc95(moved.dimensions, dimensions)


def _confirms(
    first: Reading, before_last: Reading, last: Reading, dimensions: int, precision: Precision, *, is_up: bool
) -> bool:
    if (before_last.assessor, before_last.voice) != (last.assessor, last.voice):
        return False
    moved = _between(first, before_last)
    if moved is None or 2 * moved.dimensions < dimensions:
        return False
    rc = _rc(moved, dimensions, precision)
    return rc >= Z95 - ROUNDING if is_up else rc <= ROUNDING - Z95


def goal_attainment_t(levels: Sequence[int], weights: Sequence[float] | None = None, rho: float = 0.3) -> float:
    """T = 50 + 10·Σ(w·x) / √((1 − ρ)·Σw² + ρ·(Σw)²), the levels x from −2 to +2, the weights equal unless given.

    50 is "as expected", 10 one standard deviation of what would be expected of many such goals; ρ is the assumed
    correlation between a citizen's goals. T tells how far the goals were reached, never how able somebody is.
    Kiresuk & Sherman 1968, eq. 1. (Turner-Stokes 2009 carries an erratum on its formulas; the table is what is tested.)
    Raises ValueError without goals, for a level outside the five, and for a weight that is not above 0.
    """
    weights = [1.0] * len(levels) if weights is None else list(weights)
    if not levels or len(weights) != len(levels):
        raise ValueError("at least one goal, and a weight for each")
    if any(x not in {-2, -1, 0, 1, 2} for x in levels):
        raise ValueError("a level is one of −2, −1, 0, 1, 2")
    if any(w <= 0 for w in weights) or not 0 <= rho < 1:
        raise ValueError("weights are above 0, and 0 ≤ ρ < 1")
    squares, total = sum(w * w for w in weights), sum(weights)
    reached = sum(w * x for w, x in zip(weights, levels, strict=True))
    return 50 + 10 * reached / sqrt((1 - rho) * squares + rho * total * total)


class Attainment(Struct, frozen=True):
    """How far a citizen's goals are, without T: `reached` of `rated` stand at the expected level or above."""

    rated: int
    median: float
    reached: int


def attainment(levels: Sequence[int]) -> Attainment | None:
    """None when no goal has been rated."""
    if not levels:
        return None
    return Attainment(len(levels), median(levels), sum(level >= 0 for level in levels))
