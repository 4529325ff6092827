"""What may be said of an activity and a dimension, in five words. Every rule stands in docs/effekter.md."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import ndtri

from med.competence_compass.effects.study import Bools, Floats

FEWEST = 10  # participants with an assessment before and one after
FEWEST_COMPARED = 5
FEWEST_WAITING = 10  # as many as the comparison is shown for: a reason tells nothing that the table hides
TOO_COARSE = 0.6  # SD: a study that could only have seen effects larger than this tells nothing
NEGLIGIBLE = 0.2  # SD
WORTH_SAYING = 0.1  # SD, of the shrunken size
SEEN = 2.8  # standard errors: what 80 % power at 2.5 % one-sided asks for (1.96 + 0.84)
FALSE_DISCOVERIES = 0.10


class Verdict(StrEnum):
    DEVELOPS = "udvikler"
    DECLINES = "tilbagegang"
    NO_EFFECT_SEEN = "ingen_paaviselig_effekt"
    UNSETTLED = "uafklaret"
    TOO_LITTLE = "for_faa_data"


class Reason(StrEnum):
    """Why a verdict is not another. One word each for the researcher; the page has sentences."""

    FEW_PARTICIPANTS = "few_participants"
    FEW_TO_COMPARE = "few_to_compare"
    TOO_COARSE = "too_coarse"
    NOT_SEPARABLE = "not_separable"  # always together with something else
    NO_VARIATION = "no_variation"  # everybody began with the same value
    WAITING_LIST_DISAGREES = "waiting_list_disagrees"
    ROSE_BEFORE_START = "rose_before_start"  # and the guarded version does not confirm it
    SMALL = "small"
    KEPT = "kept"  # the aim is to keep, and it was kept
    NONE = ""


def false_discovery(p: Floats, share: float = FALSE_DISCOVERIES) -> tuple[Bools, Floats]:
    """Benjamini & Hochberg (1995) over the finite p: which are discoveries, and the adjusted p (q). NaN stays NaN."""
    q = np.full(p.shape, np.nan)
    at = np.flatnonzero(np.isfinite(p))
    if len(at):
        order = at[np.argsort(p[at], kind="stable")]
        ranked = p[order] * len(at) / np.arange(1, len(at) + 1)
        q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return np.nan_to_num(q, nan=2.0) <= share, q


def shrink(estimate: Floats, se: Floats) -> tuple[Floats, float, float]:
    """Empirical Bayes: shrunken = m + B(est-m), B = tau²/(tau²+se²); tau² by Paule & Mandel (1982).

    Returns the shrunken estimates (NaN where there is none), m and tau². With fewer than three estimates there is
    nothing to learn from the others, and each stays as it is.
    """
    seen = np.isfinite(estimate) & np.isfinite(se) & (se > 0)
    if seen.sum() < 3:
        return estimate.copy(), float("nan"), float("nan")
    y, v = estimate[seen], se[seen] ** 2

    def excess(tau2: float) -> float:
        w = 1 / (v + tau2)
        return float((w * (y - (w @ y) / w.sum()) ** 2).sum()) - (len(y) - 1)

    tau2 = 0.0
    if excess(0.0) > 0:
        low, high = 0.0, 1.0
        while excess(high) > 0:
            high *= 2
        for _ in range(80):
            tau2 = (low + high) / 2
            low, high = (tau2, high) if excess(tau2) > 0 else (low, tau2)
    w = 1 / (v + tau2)
    m = float((w @ y) / w.sum())
    found = estimate.copy()
    found[seen] = m + tau2 / (tau2 + v) * (y - m)
    return found, m, tau2


@dataclass(frozen=True)
class Finding:
    """What is known of one hypothesised pair; sizes in SD of the dimension at baseline."""

    n: int  # participants with an assessment before and one after
    compared: int  # citizens without the activity meanwhile, in the same quarters
    d: float
    se: float
    shrunken: float
    is_up: bool  # passed the false-discovery limit upwards
    is_down: bool
    waiting: float
    waiting_n: int  # how many the waiting list's comparison rests on, those who began or those who waited
    is_maintain: bool
    lead_flagged: bool  # citizens were rising before they began
    guarded_up: bool  # the version with a line of one's own confirms it
    guarded_down: bool
    varies: bool = True


def settle(found: Finding) -> tuple[Verdict, Reason]:
    """The verdict, and why it is not another."""
    if not found.varies:
        return Verdict.TOO_LITTLE, Reason.NO_VARIATION
    if found.n < FEWEST:
        return Verdict.TOO_LITTLE, Reason.FEW_PARTICIPANTS
    if not np.isfinite(found.d) or not np.isfinite(found.se):
        return Verdict.TOO_LITTLE, Reason.NOT_SEPARABLE
    if found.compared < FEWEST_COMPARED:
        return Verdict.TOO_LITTLE, Reason.FEW_TO_COMPARE
    if SEEN * found.se > TOO_COARSE:
        return Verdict.TOO_LITTLE, Reason.TOO_COARSE
    why = Reason.NONE
    for side, passed, guarded, verdict in (
        (1, found.is_up, found.guarded_up, Verdict.DEVELOPS),
        (-1, found.is_down, found.guarded_down, Verdict.DECLINES),
    ):
        if not passed:
            continue
        if found.lead_flagged and not guarded:
            why = Reason.ROSE_BEFORE_START
        elif not side * found.shrunken >= WORTH_SAYING:  # nor is what is not known
            why = Reason.SMALL
        elif found.waiting_n >= FEWEST_WAITING and side * found.waiting < 0:
            why = Reason.WAITING_LIST_DISAGREES
        else:
            return verdict, Reason.NONE
    low, high = found.d - Z90 * found.se, found.d + Z90 * found.se
    if found.is_maintain and low > -NEGLIGIBLE:
        return Verdict.NO_EFFECT_SEEN, Reason.KEPT  # unchanged is what was hoped for
    if low > -NEGLIGIBLE and high < NEGLIGIBLE:
        return Verdict.NO_EFFECT_SEEN, why
    return Verdict.UNSETTLED, why


Z90 = float(ndtri(0.95))
Z95 = float(ndtri(0.975))
