"""A row for one area: then and now on the scale, and the band within which a difference is measurement uncertainty."""

from typing import NamedTuple

WIDTH, HEIGHT = 260, 28
EDGE = 10.0  # room for half a mark at either end
APART = 4.0  # marks nearer than this lie on each other, and then is drawn around now


class Row(NamedTuple):
    """Places along a box of `WIDTH` × `HEIGHT`. `band` is (x, width), None where uncertainty is not known."""

    before: float | None
    now: float | None
    band: tuple[float, float] | None
    together: bool


def place(value: float, low: float, high: float) -> float:
    """Where a value stands. Raises ValueError off the scale."""
    if high <= low or not low <= value <= high:
        raise ValueError("a value lies on the scale, and the scale goes from low to high")
    return round(EDGE + (WIDTH - 2 * EDGE) * (value - low) / (high - low), 1)


def row(before: float | None, now: float | None, sdc95: float | None, low: float, high: float) -> Row:
    """The band lies SDC95 to either side of then, in the scale's points, cut off where the scale ends."""
    band = None
    if before is not None and sdc95 is not None:
        start = place(max(low, before - sdc95), low, high)
        band = (start, round(place(min(high, before + sdc95), low, high) - start, 1))
    then = None if before is None else place(before, low, high)
    since = None if now is None else place(now, low, high)
    return Row(then, since, band, then is not None and since is not None and abs(then - since) < APART)
