"""The citizens of the course in the story: invented, seeded, and with a truth only this file knows.

What is written down is a level of the citizen's own, the true effect of the course once they have been through it, and
now and then a slip of a point. The course makes people dare to try something new; how they meet others it leaves alone.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

COURAGE, CONTACT = "mod", "kontakt"  # dimensions of the shipped instrument, in two areas of competence
EFFECT = {COURAGE: 1, CONTACT: 0}  # points of the scale
CITIZENS = 60
SLIPS = 0.02  # small, so that which citizens a real lot gives places to cannot turn the story's end
LOWEST, HIGHEST = 1, 5


class Course:
    """Sixty citizens; `been_through` says who has been through the course, and since when."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = Random(seed)
        self.citizens = [f"S{number:02}-LÆRKE" for number in range(1, CITIZENS + 1)]
        self.levels = {
            (citizen, dimension): min(HIGHEST, max(LOWEST, round(self.chance.gauss(2.8, 1.0))))
            for citizen in self.citizens
            for dimension in EFFECT
        }
        self.been_through: dict[str, date] = {}

    def assessed(self, days: Sequence[date]) -> Iterator[tuple[str, ...]]:
        """The rows of a file: citizen, date, assessor, dimension, value."""
        for day in days:
            for citizen, dimension in self.levels:
                yield citizen, day.isoformat(), "A99", dimension, str(self.seen(citizen, dimension, day))

    def seen(self, citizen: str, dimension: str, day: date) -> int:
        level = self.levels[citizen, dimension]
        if self.been_through.get(citizen, date.max) <= day:
            level += EFFECT[dimension]
        if self.chance.random() < SLIPS:
            level += self.chance.choice((-1, 1))
        return min(HIGHEST, max(LOWEST, level))
