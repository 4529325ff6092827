"""One citizen, before and during an activity: how often a later score lies above an earlier one. No database.

For a researcher, or a weekly mini-rating of one dimension: assessments a quarter apart are seldom enough. What comes
out says how little two phases overlap, not why, and carries no p-value: a citizen's scores hang together from one time
to the next, which every test of these numbers leaves out.

Sources
    Parker, R. I. & Vannest, K. (2009). An improved effect size for single-case research: nonoverlap of all pairs.
        Behavior Therapy 40(4), 357–367.
    Parker, R. I., Vannest, K. J., Davis, J. L. & Sauber, S. B. (2011). Combining nonoverlap and trend for single-case
        research: Tau-U. Behavior Therapy 42(2), 284–299. Only its A-versus-B part: the corrected ones can exceed 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

FEWEST_BEFORE = 3
FEWEST_IN_ALL = 5


@dataclass(frozen=True, slots=True)
class NonOverlap:
    """All pairs of a score from before and one from during: how many rise, fall and are alike. Never none at all."""

    above: int
    below: int
    alike: int

    @property
    def pairs(self) -> int:
        return self.above + self.below + self.alike

    @property
    def nap(self) -> float:
        """NAP = (above + ½·alike) / pairs; from 0 to 1, 0.5 is chance."""
        return (self.above + self.alike / 2) / self.pairs

    @property
    def tau(self) -> float:
        """Tau = (above − below) / pairs = 2·NAP − 1; from −1 to 1, 0 is chance."""
        return (self.above - self.below) / self.pairs


def non_overlap(before: Sequence[float], during: Sequence[float]) -> NonOverlap | None:
    """Scores of one dimension (or means of one area), turned so that higher is better: `before` while waiting, `during`
    from the start on, in any order. None with fewer than three before, none during, or fewer than five in all: then
    nothing may be said. Raises ValueError for what is no number."""
    if not all(isfinite(score) for score in (*before, *during)):
        raise ValueError("a score is a number; leave out those that are not there")
    if len(before) < FEWEST_BEFORE or not during or len(before) + len(during) < FEWEST_IN_ALL:
        return None
    rises = [then < now for then in before for now in during]
    falls = [then > now for then in before for now in during]
    return NonOverlap(sum(rises), sum(falls), len(rises) - sum(rises) - sum(falls))
