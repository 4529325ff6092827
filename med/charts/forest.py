"""Effects with their uncertainty beside each other on one scale: a row each, nought and "too small to matter" drawn."""

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

WIDTH, HEIGHT = 260, 28
EDGE = 12.0  # room for the arrow of a line that goes on
STEP = 0.2
NARROWEST, WIDEST = 0.6, 1.2  # how far the scale goes at least and at most, in standard deviations


class Scale(NamedTuple):
    """From −`reach` to +`reach`. `zero` and `band` (x, width) are the same in every row."""

    reach: float
    zero: float
    band: tuple[float, float]
    ticks: tuple[tuple[float, float], ...]  # (x, value)

    def x(self, value: float) -> float:
        """Where a value stands; what lies beyond stands at the end."""
        inside = max(-self.reach, min(self.reach, value))
        return round(WIDTH / 2 + (WIDTH / 2 - EDGE) * inside / self.reach, 1)


class Row(NamedTuple):
    """`line` is (from, to) of the interval; `more_left`, `more_right`: it goes on beyond the scale. `diamond` is the
    second opinion. None for what is not known."""

    point: float | None
    line: tuple[float, float] | None
    more_left: bool
    more_right: bool
    diamond: float | None

    @property
    def path(self) -> str:
        """The interval as an SVG path, with an arrow where it goes on; "" where there is none."""
        if self.line is None:
            return ""
        low, high = self.line
        left = f"M{low + 5} 10l-5 4l5 4" if self.more_left else ""
        right = f"M{high - 5} 10l5 4l-5 4" if self.more_right else ""
        return f"M{low} 14H{high}{left}{right}"


def scale(values: Iterable[float], negligible: float = STEP) -> Scale:
    """Symmetrical around nought, wide enough for most of `values` and never wider than ±1.2.

    Symmetrical, so that no picture looks like progress because there was no room for the other side.
    """
    furthest = max((abs(value) for value in values), default=0.0)
    reach = min(WIDEST, max(NARROWEST, round(ceil(round(furthest / STEP, 6)) * STEP, 1)))
    bare = Scale(reach, WIDTH / 2, (0.0, 0.0), ())
    low, high = bare.x(-negligible), bare.x(negligible)
    half = 0.5 if reach > NARROWEST else reach / 2
    ticks = tuple((bare.x(value), round(value, 1)) for value in (-reach, -half, 0.0, half, reach))
    return Scale(reach, WIDTH / 2, (low, round(high - low, 1)), ticks)


def row(
    on: Scale, point: float | None, low: float | None = None, high: float | None = None, second: float | None = None
) -> Row:
    """A point outside the interval is reached by the line, too. Raises ValueError for an interval with only one end, or
    the wrong way round."""
    if (low is None) != (high is None) or (low is not None and high is not None and low > high):
        raise ValueError("an interval goes from low to high")
    at = None if point is None else on.x(point)
    line = None
    if low is not None and high is not None:
        ends = (on.x(low), on.x(high), *([] if at is None else [at]))
        line = min(ends), max(ends)
    return Row(
        at,
        line,
        low is not None and low < -on.reach,
        high is not None and high > on.reach,
        None if second is None else on.x(second),
    )
