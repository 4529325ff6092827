"""Points raise themselves: reviews once a day, changed verdicts as soon as a run is done."""

from med.loop.raising import raise_points, raise_verdicts
from med.slices import Job

DAY = 24 * 60

jobs = [
    Job("loop.raise_points", DAY, work=raise_points),
    Job("loop.raise_verdicts", 1, work=raise_verdicts),
]
