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


def bars(counts: Mapping[Key, int], whole: int | None = None) -> list[Bar[Key]]:
    """One bar for each count, in the order given; `whole` (by default the sum) fills the ground.

    Eight of 24 fills a third, however large the largest is: a bar that filled the ground because it is the largest
    would say "all". The percentages of a whole set add up to 100 (largest remainder method, Hamilton 1792); of
    equal remainders the first gets the odd point. Raises ValueError for a negative count, or one above the whole.
    """
    total = sum(counts.values())
    whole = total if whole is None else whole
    if any(number < 0 or number > whole for number in counts.values()):
        raise ValueError("A bar lies between nothing and the whole")
    if whole == 0:
        return [Bar(key, 0, 0, 0.0) for key in counts]
    exact = {key: 100 * number / whole for key, number in counts.items()}
    rounded = {key: int(share) for key, share in exact.items()}
    # Only a set that makes up the whole must add up; parts of something larger are simply rounded down or up.
    missing = round(100 * total / whole) - sum(rounded.values())
    for key in sorted(exact, key=lambda key: rounded[key] - exact[key])[:missing]:
        rounded[key] += 1
    return [Bar(key, number, rounded[key], round(exact[key], 1)) for key, number in counts.items()]
