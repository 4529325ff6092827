"""The compass of one citizen: a spoke for each area, an outline for then and one for now, a tick for each goal.

Never filled: the area of a radar grows with the square of its values and depends on the order of the spokes, so it
would say something that is not so. At most eight spokes, in a fixed order, with the scale written on each of them.
"""

from collections.abc import Iterable, Sequence
from math import cos, pi, sin
from typing import NamedTuple

FEWEST, MOST = 3, 8
WIDTH, HEIGHT = 464, 316
CENTRE = (232.0, 158.0)
RADIUS = 112.0
HUB = 0.2  # where the scale begins, as a share of the radius: were it the centre, the lowest values would coincide
TICK = 7.0  # half the length of a goal's tick
LINE = 15.0  # between two lines of a title
LONGEST = 15  # letters on a line of a title


class Axis(NamedTuple):
    """An area. Values lie on the scale; None where there is none."""

    title: str
    before: float | None
    now: float | None
    goals: tuple[float, ...] = ()


class Spoke(NamedTuple):
    """From the hub to (x, y); the title's lines, each at its place; the scale's numbers along it."""

    x: float
    y: float
    anchor: str  # "start", "middle" or "end": how the title stands to its point
    lines: tuple[tuple[float, float, str], ...]
    numbers: tuple[tuple[float, float, str], ...]


class Radar(NamedTuple):
    """Everything in the units of a box of `width` × `height`; paths and points as SVG writes them."""

    width: int
    height: int
    rings: tuple[str, ...]
    spokes: tuple[Spoke, ...]
    before: str
    now: str
    before_marks: tuple[tuple[float, float], ...]
    now_marks: tuple[tuple[float, float], ...]
    goals: tuple[tuple[float, float, float, float], ...]
    centre: tuple[float, float]


def radar(axes: Sequence[Axis], low: float, high: float, numbers: Sequence[tuple[float, str]]) -> Radar:
    """The drawing of 3 to 8 axes on a scale from `low` to `high`, with `numbers` (value, text) written along each.

    The first axis points up, the others follow clockwise. An outline skips what has no value: a gap is no zero.
    Raises ValueError for another number of axes, a scale without room, or a value off the scale.
    """
    if not FEWEST <= len(axes) <= MOST:
        raise ValueError(f"a radar has {FEWEST} to {MOST} axes")
    if high <= low:
        raise ValueError("a scale goes from low to high")
    known = [v for axis in axes for v in (axis.before, axis.now, *axis.goals) if v is not None]
    if any(not low <= value <= high for value in known):
        raise ValueError("a value lies on the scale")

    def at(place: int, value: float) -> tuple[float, float]:
        return _point(place, len(axes), HUB + (1 - HUB) * (value - low) / (high - low))

    before = [None if axis.before is None else at(n, axis.before) for n, axis in enumerate(axes)]
    now = [None if axis.now is None else at(n, axis.now) for n, axis in enumerate(axes)]
    return Radar(
        width=WIDTH,
        height=HEIGHT,
        rings=tuple(_points(at(n, value) for n in range(len(axes))) for value, _ in numbers),
        spokes=tuple(
            _spoke(n, len(axes), axis.title, [(at(n, value), text) for value, text in numbers])
            for n, axis in enumerate(axes)
        ),
        before=outline(before),
        now=outline(now),
        before_marks=tuple(point for point in before if point),
        now_marks=tuple(point for point in now if point),
        goals=tuple(_tick(n, len(axes), at(n, goal)) for n, axis in enumerate(axes) for goal in axis.goals),
        centre=CENTRE,
    )


def _direction(place: int, of: int) -> tuple[float, float]:
    angle = 2 * pi * place / of - pi / 2
    return cos(angle), sin(angle)


def _point(place: int, of: int, share: float) -> tuple[float, float]:
    dx, dy = _direction(place, of)
    return round(CENTRE[0] + RADIUS * share * dx, 1), round(CENTRE[1] + RADIUS * share * dy, 1)


def _tick(place: int, of: int, at: tuple[float, float]) -> tuple[float, float, float, float]:
    dx, dy = _direction(place, of)
    (x, y), along_x, along_y = at, -dy * TICK, dx * TICK
    return round(x - along_x, 1), round(y - along_y, 1), round(x + along_x, 1), round(y + along_y, 1)


def _spoke(place: int, of: int, title: str, numbers: Sequence[tuple[tuple[float, float], str]]) -> Spoke:
    dx, dy = _direction(place, of)
    x, y = _point(place, of, 1)
    anchor = "middle" if abs(dx) < 0.1 else "start" if dx > 0 else "end"
    lines = broken(title, LONGEST)
    # Above the tip the last line stands nearest, below it the first; beside it they are centred.
    top = y + 12 * dy + (LINE * (1 - len(lines)) if dy < -0.9 else 0 if dy > 0.9 else LINE * (1 - len(lines)) / 2)
    across = 9 * dx
    return Spoke(
        x,
        y,
        anchor,
        tuple((round(x + across, 1), round(top + 4 + LINE * n, 1), line) for n, line in enumerate(lines)),
        # Beside the spoke, clear of the outlines' marks that stand on it.
        tuple((round(px - 7 * dy, 1), round(py + 7 * dx + 3, 1), text) for (px, py), text in numbers),
    )


def broken(title: str, longest: int) -> tuple[str, ...]:
    """A title in at most two lines, broken at the space that leaves the longer line shortest."""
    words = title.split()
    if len(title) <= longest or len(words) < 2:
        return (title,)
    halves = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
    return min(halves, key=lambda pair: max(len(pair[0]), len(pair[1])))


def outline(points: Sequence[tuple[float, float] | None]) -> str:
    """An SVG path around the points, closed; beside a missing one no line is drawn."""
    if all(points):
        return "M" + "L".join(f"{x} {y}" for x, y in filter(None, points)) + "Z"
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    return "".join(f"M{one[0]} {one[1]}L{two[0]} {two[1]}" for one, two in pairs if one and two)


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def scale_numbers(low: int, high: int, most: int = 6) -> list[int]:
    """The values written along a scale: each of them, or evenly chosen ones where they are many; always both ends."""
    step = 1
    while (high - low) // step + 1 > most or (high - low) % step:
        step += 1
    return list(range(low, high + 1, step))
