"""Points raise themselves: reviews on their day, changed verdicts as soon as a run is done.

Reviews every hour, not every day: what was left when a process had to go in the middle comes soon after.
"""

from med.loop.raising import raise_reviews, raise_verdicts
from med.slices import Job

HOUR = 60

jobs = [
    Job("loop.raise_reviews", HOUR, work=raise_reviews),
    Job("loop.raise_verdicts", 1, work=raise_verdicts),
]
