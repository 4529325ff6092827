"""Bars on a common scale: how much of the whole each part is, so that bars beside and below each other compare."""

from collections.abc import Hashable, Mapping
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Bar(NamedTuple, Generic[Key]):
    """`percent` is a whole number for the text; `width` fills 0–100 of the bar's ground, with one decimal."""

    key: Key
    number: int
    percent: int
    width: float


def bars(counts: Mapping[Key, int]) -> list[Bar[Key]]:
    """One bar for each count, in the order given; their sum fills the ground.

    Eight of 24 fills a third, however large the largest is: a bar that filled the ground because it is the largest
    would say "all". The percentages add up to 100 (largest remainder method, Hamilton 1792); of
    equal remainders the first gets the odd point. Raises ValueError for a negative count.
    """
    total = sum(counts.values())
    if any(number < 0 for number in counts.values()):
        raise ValueError("A bar is of nothing or more")
    if total == 0:
        return [Bar(key, 0, 0, 0.0) for key in counts]
    exact = {key: 100 * number / total for key, number in counts.items()}
    rounded = {key: int(share) for key, share in exact.items()}
    missing = 100 - sum(rounded.values())
    for key in sorted(exact, key=lambda key: rounded[key] - exact[key])[:missing]:
        rounded[key] += 1
    return [Bar(key, number, rounded[key], round(exact[key], 1)) for key, number in counts.items()]
