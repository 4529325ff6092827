"""A result as the contract's JSON, and as a table for a terminal."""

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

from med.competence_compass.effects import VERSION
from med.competence_compass.effects.analysis import Estimate, Result
from med.competence_compass.effects.study import Study
from med.competence_compass.effects.verdicts import Reason


def as_json(study: Study, result: Result) -> dict[str, Any]:
    """{run: {…}, estimates: [{…}]}; sizes in SD of the dimension at baseline, null where there is no number."""
    return {
        "run": {
            "cut_off": date.fromordinal(result.cut_off).isoformat() if result.cut_off else None,
            "rows_used": result.rows_used,
            "rows_left_out": result.rows_left_out,
            "lead_z": number(result.lead_z),
            "line_z": number(result.line_z),
            "guarded": result.is_guarded,
            "variance": {
                "slope": number(result.covariance.slope, 9),
                "period": number(result.covariance.period, 9),
                "rho": number(result.covariance.rho, 9),
            },
            "citizens": len(study.citizens),
            "renewed": result.renewed,
            "version": VERSION,
        },
        "estimates": [one_estimate(study, one) for one in result.estimates],
    }


def one_estimate(study: Study, one: Estimate) -> dict[str, Any]:
    return {
        "activity": study.activities[one.activity],
        "dimension": study.dimensions[one.dimension],
        "n": one.n,
        "n_comparison": one.n_comparison,
        "estimate": number(one.estimate),
        "se": number(one.se),
        "ci_low": number(one.low),
        "ci_high": number(one.high),
        "p": number(one.p),
        "q": number(one.q),
        "shrunken": number(one.shrunken),
        "waiting_list_estimate": number(one.waiting.estimate),
        "waiting_list_se": number(one.waiting.se),
        "waiting_list_n": one.waiting.n,
        "detectable": number(one.detectable),
        "verdict": one.verdict.value,
        "reason": one.reason.value,
        "aim": "fastholde" if study.hypotheses[one.hypothesis].is_maintain else "udvikle",
        "ceiling": number(one.ceiling),
        "floor": number(one.floor),
    }


def number(value: float, digits: int = 6) -> float | None:
    """A number JSON can hold; None for none."""
    return round(float(value), digits) if math.isfinite(value) else None


# The word a reason has in the table and the JSON, said at length.
WHY = {
    Reason.FEW_PARTICIPANTS: "fewer than ten participants have a score before and one after their first start",
    Reason.FEW_TO_COMPARE: "fewer than five citizens without the activity were assessed in the same quarters",
    Reason.TOO_COARSE: "an effect of 0.6 could have been missed",
    Reason.NOT_SEPARABLE: "it is always together with something else, so the two cannot be told apart",
    Reason.NO_VARIATION: "every citizen's first score is the same, so there is no spread to tell a size by",
    Reason.WAITING_LIST_DISAGREES: "those who waited point the other way",
    Reason.ROSE_BEFORE_START: "those who began were rising before, and a line for each citizen does not confirm it",
    Reason.SMALL: "it is there, but too small to be worth saying",
    Reason.KEPT: "to keep what is there was the aim, and it was kept",
}


def as_lines(study: Study, result: Result) -> Iterator[str]:
    """What a researcher reads on a terminal; every number and word of the table is also in the JSON."""
    run = as_json(study, result)["run"]
    yield f"{run['rows_used']} assessments used, {run['rows_left_out']} left out; until {run['cut_off']}."
    guarded = "; those who began were rising anyway: every citizen has a line of their own" * result.is_guarded
    yield f"Lead test z = {shown(result.lead_z)}, line test z = {shown(result.line_z)}{guarded}."
    yield ""
    if not result.estimates:
        yield "No hypothesis was written before its activity's first start: there is nothing to estimate."
        return
    yield f"{'activity':24} {'dimension':16} {'n':>4} {'d':>6} {'95 %':>15} {'shrunk':>6} {'waiting':>7}  verdict"
    for one in result.estimates:
        span = f"{shown(one.low)} … {shown(one.high)}" if math.isfinite(one.se) else ""
        why = f" ({one.reason.value})" if one.reason.value else ""
        yield (
            f"{study.activities[one.activity][:24]:24} {study.dimensions[one.dimension][:16]:16} {one.n:4}"
            f" {shown(one.estimate):>6} {span:>15} {shown(one.shrunken):>6} {shown(one.waiting.estimate):>7}"
            f"  {one.verdict.value}{why}"
        )
    yield ""
    for reason in sorted({one.reason for one in result.estimates if one.reason is not Reason.NONE}):
        yield f"{reason.value}: {WHY[reason]}."


def shown(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"
