"""What managers see of effects: the runs, and what each found for activities of the units they lead.

Everything that leaves here has been through disclosure control: what a template does not get, it cannot tell.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from sqlalchemy import ColumnElement, Row, false, select
from sqlalchemy.orm import Session, joinedload

from med.access import Viewer
from med.competence_compass import disclosure
from med.competence_compass.models import (
    Activity,
    Area,
    Dimension,
    EffectEstimate,
    EffectRun,
    Hypothesis,
    Instrument,
    RunState,
    Version,
)

# The words of med/competence_compass/effects/verdicts.py, which is not imported here: it would bring numpy along.
TOO_LITTLE = "for_faa_data"
MANY_AT_THE_EDGE = 0.25
LEAD_LIMIT = 2.0
RUNS_BACK = 8


def overseen(viewer: Viewer) -> ColumnElement[bool]:
    """The activities of units the viewer leads, from near or from above."""
    return Activity.unit_id.in_(viewer.managed_unit_ids) if viewer.managed_unit_ids else false()


def versions(db: Session, viewer: Viewer) -> Sequence[Row[int, str, int, bool]]:
    """The instrument versions that the viewer's activities have something to prove on, the newest first."""
    tested = (
        select(Dimension.version_id)
        .join(Hypothesis, Hypothesis.dimension_id == Dimension.id)
        .join(Activity, Activity.id == Hypothesis.activity_id)
        .where(overseen(viewer), Hypothesis.is_exploratory.is_(False))
    )
    return db.execute(
        select(Version.id, Instrument.name, Version.number, Version.locked_at.is_not(None).label("is_used"))
        .join(Instrument, Instrument.id == Version.instrument_id)
        .where(Version.id.in_(tested))
        .order_by(Version.id.desc())
    ).all()


@dataclass(frozen=True)
class Runs:
    """The newest run that is done, the one under way, and the newest that failed after the one that is done."""

    done: EffectRun | None
    under_way: EffectRun | None
    failed: EffectRun | None


def runs(db: Session, version_id: int) -> Runs:
    def newest(*states: RunState) -> EffectRun | None:
        return db.scalar(
            select(EffectRun)
            .where(EffectRun.version_id == version_id, EffectRun.state.in_(states))
            .options(joinedload(EffectRun.asked_by))
            .order_by(EffectRun.id.desc())
            .limit(1)
        )

    done, failed = newest(RunState.DONE), newest(RunState.FAILED)
    if failed is not None and done is not None and failed.id < done.id:
        failed = None
    return Runs(done, newest(RunState.WAITING, RunState.WORKING), failed)


def is_rising(run: EffectRun) -> bool:
    """Whether the participants were on their way up before they began."""
    return run.is_guarded or (run.lead_z is not None and isfinite(run.lead_z) and run.lead_z > LEAD_LIMIT)


@dataclass(frozen=True)
class Finding:
    """What a run found for one hypothesis, as far as it may be shown. Sizes in SD of the dimension at baseline."""

    activity_id: int
    activity: str
    unit_id: int
    area_id: int
    area: str
    dimension: str
    is_maintain: bool
    verdict: str
    reason: str
    n: int | None  # to the nearest five; None under 10
    size: float | None  # shrunken
    low: float | None
    high: float | None
    second: float | None  # from the waiting list
    detectable: float | None
    many_at_top: bool
    many_at_bottom: bool


def findings(
    db: Session,
    viewer: Viewer,
    run_id: int,
    *,
    units: Collection[int] | None = None,
    activity_id: int | None = None,
) -> list[Finding]:
    """By area and dimension of the instrument, then by the activity's title: never by size."""
    asked = (
        select(
            *(getattr(EffectEstimate, name) for name in COLUMNS),
            Activity.title.label("activity"),
            Activity.unit_id,
            Area.id.label("area_id"),
            Area.title.label("area"),
            Dimension.title.label("dimension"),
        )
        .join(Activity, Activity.id == EffectEstimate.activity_id)
        .join(Dimension, Dimension.id == EffectEstimate.dimension_id)
        .join(Area, Area.id == Dimension.area_id)
        .where(EffectEstimate.run_id == run_id, overseen(viewer))
        .order_by(Area.position, Area.id, Dimension.position, Activity.title, Activity.id)
    )
    if units is not None:
        asked = asked.where(Activity.unit_id.in_(units))
    if activity_id is not None:
        asked = asked.where(Activity.id == activity_id)
    return [finding(row) for row in db.execute(asked)]


COLUMNS = (
    "activity_id", "n", "shrunken", "ci_low", "ci_high", "waiting_estimate", "waiting_n", "detectable", "verdict",
    "reason", "is_maintain", "ceiling", "floor",
)  # fmt: skip


def finding(row: Any) -> Finding:
    """An estimate after disclosure control. "For få data" has a reason and no numbers; nothing infinite gets out."""
    n = row.n
    verdict, reason = row.verdict, row.reason
    if disclosure.about(n) is None or known(row.shrunken) is None:
        verdict, reason = TOO_LITTLE, (row.reason if row.verdict == TOO_LITTLE else "few_participants")
    says = verdict != TOO_LITTLE
    low, high = known(row.ci_low), known(row.ci_high)
    if low is None or high is None or low > high:
        low = high = None
    compared = min(n, row.waiting_n)
    return Finding(
        activity_id=row.activity_id,
        activity=row.activity,
        unit_id=row.unit_id,
        area_id=row.area_id,
        area=row.area,
        dimension=row.dimension,
        is_maintain=row.is_maintain,
        verdict=verdict,
        reason=reason,
        n=disclosure.about(n),
        size=disclosure.size(known(row.shrunken), n) if says else None,
        low=disclosure.size(low, n) if says else None,
        high=disclosure.size(high, n) if says else None,
        second=disclosure.size(known(row.waiting_estimate), compared) if says else None,
        detectable=disclosure.size(known(row.detectable), n) if says else None,
        many_at_top=says and (known(row.ceiling) or 0) > MANY_AT_THE_EDGE,
        many_at_bottom=says and (known(row.floor) or 0) > MANY_AT_THE_EDGE,
    )


def known(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def history(db: Session, viewer: Viewer, activity_id: int) -> list[tuple[EffectRun, list[Finding]]]:
    """The newest runs that found something about an activity of the viewer's, the newest first."""
    there = select(EffectEstimate.run_id).where(EffectEstimate.activity_id == activity_id)
    found = db.scalars(
        select(EffectRun)
        .where(EffectRun.id.in_(there), EffectRun.state == RunState.DONE)
        .order_by(EffectRun.id.desc())
        .limit(RUNS_BACK)
    ).all()
    return [(run, findings(db, viewer, run.id, activity_id=activity_id)) for run in found]
