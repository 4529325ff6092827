"""A finished run made by hand, with every verdict and every reason, as no small database would bring it about."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import Activity, Dimension, EffectEstimate, EffectRun, RunState, Version
from med.competence_compass.publishing import publish
from tests.competence_compass.factories import make_activity, suppose
from tests.competence_compass.house import make_instrument

CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("udvikler", "", {"estimate": 0.52, "shrunken": 0.46, "se": 0.12, "waiting_estimate": 0.4, "waiting_n": 21}),
    ("tilbagegang", "", {"estimate": -0.45, "shrunken": -0.4, "se": 0.12}),
    ("ingen_paaviselig_effekt", "", {"estimate": 0.01, "shrunken": 0.02, "se": 0.05, "n": 120}),
    ("ingen_paaviselig_effekt", "kept", {"estimate": 0.05, "shrunken": 0.05, "se": 0.12, "is_maintain": True}),
    ("uafklaret", "", {"estimate": 0.14, "shrunken": 0.11, "se": 0.15, "ceiling": 0.31}),
    ("uafklaret", "waiting_list_disagrees", {"estimate": 0.4, "shrunken": 0.3, "se": 0.13, "waiting_estimate": -0.2,
                                             "waiting_n": 14}),
    ("uafklaret", "rose_before_start", {"estimate": 0.4, "shrunken": 0.3, "se": 0.13}),
    ("uafklaret", "small", {"estimate": 0.2, "shrunken": 0.05, "se": 0.08, "floor": 0.4}),
    ("for_faa_data", "few_participants", {"n": 7, "estimate": 0.9137, "shrunken": 0.8137, "se": 0.3}),
    ("for_faa_data", "few_to_compare", {"estimate": 0.9137, "shrunken": 0.8137, "se": 0.3}),
    ("for_faa_data", "too_coarse", {"estimate": 0.9137, "shrunken": 0.8137, "se": 0.3}),
    ("for_faa_data", "not_separable", {"estimate": None, "shrunken": None, "se": None}),
    ("for_faa_data", "no_variation", {"estimate": None, "shrunken": None, "se": None}),
]  # fmt: skip


def make_findings(db: Session, version: Version | None = None, **of_run: Any) -> EffectRun:
    """An activity for each case, and the run that found them; all in Værkstederne."""
    version = version or make_instrument(db, "virkning")
    version.locked_at = version.locked_at or clock.now()
    run = make_done(db, version, **of_run)
    dimensions = db.scalars(select(Dimension).where(Dimension.version_id == version.id).order_by(Dimension.id)).all()
    for number, (verdict, reason, numbers) in enumerate(CASES):
        activity = make_activity(db, f"V-{number}", f"Værksted {number}: {verdict}")
        suppose(db, activity, version, number)
        estimate(db, run, activity, dimensions[number], verdict=verdict, reason=reason, **numbers)
    publish(db, run)
    return run


def make_done(db: Session, version: Version, **fields: Any) -> EffectRun:
    run = EffectRun(
        uid=str(uuid.uuid4()),
        version_id=version.id,
        asked_at=clock.now(),
        **{
            "state": RunState.DONE,
            "done_at": clock.now(),
            "progress": 100,
            "cut_off": date(2026, 11, 19),
            "rows_used": 4312,
            "rows_left_out": 211,
            "lead_z": 0.4,
            **fields,
        },
    )
    db.add(run)
    db.flush()
    return run


def estimate(db: Session, run: EffectRun, activity: Activity, dimension: Dimension, **numbers: Any) -> EffectEstimate:
    known: dict[str, Any] = {
        "n": 33, "n_comparison": 60, "estimate": None, "se": None, "p": None, "q": None, "shrunken": None,
        "waiting_estimate": None, "waiting_se": None, "waiting_n": 0, "verdict": "uafklaret", "reason": "",
        "is_maintain": False, "ceiling": 0.1, "floor": 0.1, **numbers,
    }  # fmt: skip
    d, se = known["estimate"], known["se"]
    if d is not None and se is not None:
        known = {"ci_low": d - 1.96 * se, "ci_high": d + 1.96 * se, "detectable": 2.8 * se, **known}
    made = EffectEstimate(run_id=run.id, activity_id=activity.id, dimension_id=dimension.id, **known)
    db.add(made)
    db.flush()
    return made
