"""An area over time: each voice a line with marks of its own, activities as bands, waiting as a thin line."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from msgspec import Struct

WIDTH, HEIGHT = 320, 132
LEFT, RIGHT, TOP, BOTTOM = 22.0, 10.0, 8.0, 34.0
WAITING_AT = HEIGHT - BOTTOM + 7.0  # below the scale, above the years
SHORTEST = timedelta(days=30)


class Series(NamedTuple):
    """One voice: an SVG path through its values, and one with all its marks."""

    line: str
    marks: str


class Frame(Struct, frozen=True):
    """What the small multiples of one citizen share: the same days across, the same scale upwards.

    `bands`: (x, width) of the time in each activity. `waits`: (x1, x2). `breaks`: x of each change of instrument, where
    lines stop. `numbers`: (y, text) of the scale. `years`: (x, text) of each 1 January.
    """

    start: date
    end: date
    low: float
    high: float
    bands: tuple[tuple[float, float], ...]
    waits: tuple[tuple[float, float], ...]
    breaks: tuple[float, ...]
    break_days: tuple[date, ...]
    numbers: tuple[tuple[float, str], ...]
    years: tuple[tuple[float, str], ...]

    width = WIDTH
    height = HEIGHT
    left = LEFT
    right = WIDTH - RIGHT
    top = TOP
    bottom = HEIGHT - BOTTOM
    waiting_at = WAITING_AT

    def x(self, day: date) -> float:
        share = (day - self.start).days / (self.end - self.start).days
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)

    def series(self, points: Sequence[tuple[date, float]], shape: str) -> Series:
        """(day, value) in order of day. Shapes: circle, square, diamond, triangle. Raises ValueError off the scale."""
        if any(not self.low <= value <= self.high for _, value in points):
            raise ValueError("a value lies on the scale")
        placed = [(self.x(day), self.y(value)) for day, value in points]
        line = ""
        for n, (x, y) in enumerate(placed):
            parted = n == 0 or any(points[n - 1][0] < day <= points[n][0] for day in self.break_days)
            line += f"{'M' if parted else 'L'}{x} {y}"
        return Series(line, "".join(SHAPES[shape].format(x=x, y=y) for x, y in placed))


# Each begins at the mark's middle and draws around it, so that all marks of a voice are one path.
SHAPES = {
    "circle": "M{x} {y}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    "square": "M{x} {y}m-3.5-3.5h7v7h-7z",
    "diamond": "M{x} {y}m0-5l5 5l-5 5l-5-5z",
    "triangle": "M{x} {y}m0-4.5l4.5 8h-9z",
}


def frame(
    days: Iterable[date],
    low: float,
    high: float,
    numbers: Sequence[tuple[float, str]],
    *,
    bands: Iterable[tuple[date, date | None]] = (),
    waits: Iterable[tuple[date, date | None]] = (),
    breaks: Iterable[date] = (),
) -> Frame:
    """From the first of `days` to the last, a month at least. What lies outside is cut off; an open end goes on.

    Raises ValueError without days or with a scale without room.
    """
    all_days = sorted(days)
    if not all_days or high <= low:
        raise ValueError("there is a day, and the scale goes from low to high")
    start, end = all_days[0], max(all_days[-1], all_days[0] + SHORTEST)
    bare = Frame(start, end, low, high, (), (), (), (), (), ())
    parted = tuple(sorted(day for day in breaks if start < day <= end))
    return Frame(
        start,
        end,
        low,
        high,
        bands=tuple((x1, round(x2 - x1, 1)) for x1, x2 in _spans(bare, bands)),
        waits=tuple(_spans(bare, waits)),
        breaks=tuple(bare.x(day) for day in parted),
        break_days=parted,
        numbers=tuple((bare.y(value), text) for value, text in numbers),
        years=tuple(
            (bare.x(date(year, 1, 1)), str(year))
            for year in range(start.year, end.year + 1)
            if start <= date(year, 1, 1) <= end
        ),
    )


def _spans(bare: Frame, spans: Iterable[tuple[date, date | None]]) -> list[tuple[float, float]]:
    cut = ((max(first, bare.start), min(last or bare.end, bare.end)) for first, last in spans)
    return [(bare.x(first), max(bare.x(last), bare.x(first) + 2)) for first, last in cut if first <= last]
