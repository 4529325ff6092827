"""What kind of centre is made. The figures are assumptions of a plausible centre, not estimates from a real one."""

from dataclasses import dataclass
from datetime import date, timedelta

QUARTER = 91
"""Days."""


@dataclass(frozen=True)
class Centre:
    """Sizes, noise and true effects; standard deviations (sd) are in points of the scale, effects in `spread`.

    The defaults are the honest case. The last group makes the cases in which an analysis can be fooled.
    """

    seed: int = 1
    citizens: int = 400
    quarters: int = 16
    activities: int = 40
    assessors: int = 60
    places: tuple[int, int] = (4, 8)  # in a run: from, to below
    last_day: date = date(2026, 11, 20)

    from_start: float = 0.7  # the others come later, spread evenly
    leaving: float = 0.02  # a quarter, after a year
    assessed: float = 0.9  # of the assessments that are due
    self_rated: float = 0.25  # of the occasions, the citizen's own beside the staff's
    joint: float = 0.08
    doubled: float = 0.05  # a second assessor within 14 days
    unanswered: float = 0.012  # of the single scores

    middle: float = 3.0
    person_sd: float = 0.55  # what a citizen brings to everything
    area_sd: float = 0.4
    dimension_sd: float = 0.5
    slope_sd: float = 0.02  # own development a quarter
    mood_sd: float = 0.35  # good and bad periods, AR(1)
    mood_rho: float = 0.5  # from quarter to quarter
    noise_sd: float = 0.35
    assessor_sd: float = 0.3  # strict and kind
    assessor_changes: float = 0.05  # a quarter
    quarter_sd: float = 0.06  # what moves everyone at once
    trend: float = 0.0  # what moves everyone a little more each quarter

    effects: tuple[float, ...] = (0.15, 0.3, 0.5)
    zero_share: float = 0.5  # hypotheses that are wrong
    spread: float = 1.0  # points of the scale to one standard deviation of effect
    referring: float = 0.9  # how readily staff refer to what a citizen needs
    selection: float = 1.4  # how much more readily with a low observed score

    selection_on_need: float = 0.0  # places go by a need that no score shows
    referral_on_growth: float = 0.0  # staff refer those who are rising anyway, by their slope in `slope_sd`
    selection_on_growth: float = 0.0  # share of the runs to which the rising are taken first out of the queue
    fading: float = 0.0  # of an effect, lost each quarter after the end
    expectancy: float = 0.0  # staff who know of the participation score what it aims at this much higher

    @property
    def first_day(self) -> date:
        return self.last_day - timedelta(days=self.quarters * QUARTER - 1)
