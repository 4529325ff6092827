"""What managers see of effects: the runs, and what each found for activities of the units they lead.

Everything that leaves here has been through disclosure control: what a template does not get, it cannot tell.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

from sqlalchemy import ColumnElement, Row, false, select, true
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
    ToldAs,
    ToldEstimate,
    Version,
)
from med.competence_compass.publishing import TOO_LITTLE, quarters_run, told_now
from med.workdays import copenhagen

# Verdicts and reasons are the words of med/competence_compass/effects/verdicts.py, which is not imported here: it would
# bring numpy along.
MANY_AT_THE_EDGE = 0.25
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
    """The quarter's run, the one under way, and the newest that failed since the last that was done."""

    told: EffectRun | None
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
    return Runs(quarters_run(db, version_id), newest(RunState.WAITING, RunState.WORKING), failed)


@dataclass(frozen=True)
class Finding:
    """What is told of one hypothesis. Sizes in SD of the dimension at baseline; None where only words are told."""

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
    rough: float | None = None  # the size and what could have been seen, for words alone: 0.2, 0.5 or 0.8
    rough_detectable: float | None = None
    in_words: bool = False  # the word is newer than the numbers
    run_id: int = 0
    told_on: date | None = None  # the day of the run it is from


def findings(
    db: Session,
    viewer: Viewer,
    version_id: int | None,
    *,
    units: Collection[int] | None = None,
    activity_id: int | None = None,
) -> list[Finding]:
    """By area and dimension of the instrument, then by the activity's title: never by size."""
    return [
        finding(row)
        for row in asked_findings(db, viewer, version_id, ToldEstimate.id.in_(told_now()), units, activity_id)
    ]


def asked_findings(
    db: Session,
    viewer: Viewer,
    version_id: int | None,
    told: ColumnElement[bool],
    units: Collection[int] | None,
    activity_id: int | None,
) -> Sequence[Any]:
    asked = (
        select(
            *(getattr(EffectEstimate, name) for name in COLUMNS),
            ToldEstimate.told_as,
            ToldEstimate.at,
            Activity.title.label("activity"),
            Activity.unit_id,
            Area.id.label("area_id"),
            Area.title.label("area"),
            Dimension.title.label("dimension"),
        )
        .join(ToldEstimate, ToldEstimate.estimate_id == EffectEstimate.id)
        .join(Activity, Activity.id == EffectEstimate.activity_id)
        .join(Dimension, Dimension.id == EffectEstimate.dimension_id)
        .join(Area, Area.id == Dimension.area_id)
        .where(told, overseen(viewer))
        .order_by(Area.position, Area.id, Dimension.position, Activity.title, Activity.id, ToldEstimate.id.desc())
    )
    if version_id is not None:
        asked = asked.where(Dimension.version_id == version_id)
    if units is not None:
        asked = asked.where(Activity.unit_id.in_(units))
    if activity_id is not None:
        asked = asked.where(Activity.id == activity_id)
    return db.execute(asked).all()


COLUMNS = (
    "run_id", "activity_id", "n", "shrunken", "ci_low", "ci_high", "waiting_estimate", "waiting_n", "detectable",
    "verdict", "reason", "is_maintain", "ceiling", "floor",
)  # fmt: skip


def finding(row: Any) -> Finding:
    """An estimate after disclosure control. "For få data" has a reason and no numbers; nothing infinite gets out."""
    n = row.n
    verdict, reason = row.verdict, row.reason
    if disclosure.about(n) is None or known(row.shrunken) is None:
        verdict, reason = TOO_LITTLE, (row.reason if row.verdict == TOO_LITTLE else "few_participants")
    says = verdict != TOO_LITTLE
    in_words = row.told_as is ToldAs.WORDS
    counts = says and not in_words
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
        n=None if in_words else disclosure.about(n),
        size=disclosure.size(known(row.shrunken), n) if counts else None,
        low=disclosure.size(low, n) if counts else None,
        high=disclosure.size(high, n) if counts else None,
        second=disclosure.size(known(row.waiting_estimate), compared) if counts else None,
        detectable=disclosure.size(known(row.detectable), n) if counts else None,
        many_at_top=counts and (known(row.ceiling) or 0) > MANY_AT_THE_EDGE,
        many_at_bottom=counts and (known(row.floor) or 0) > MANY_AT_THE_EDGE,
        rough=disclosure.rough(known(row.shrunken), n) if says else None,
        rough_detectable=disclosure.rough(known(row.detectable), n) if says else None,
        in_words=in_words,
        run_id=row.run_id,
        told_on=copenhagen(row.at).date(),
    )


def known(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def history(db: Session, viewer: Viewer, activity_id: int) -> list[tuple[int, date | None, list[Finding]]]:
    """What has been told of an activity of the viewer's, run by run, the newest first: (run, day, findings)."""
    rows = asked_findings(db, viewer, None, true(), None, activity_id)
    by_run: dict[int, list[Finding]] = {}
    for row in rows:
        by_run.setdefault(row.run_id, []).append(finding(row))
    return [(run, by_run[run][0].told_on, by_run[run]) for run in sorted(by_run, reverse=True)[:RUNS_BACK]]
