"""What managers see of effects: the runs, and what each found for activities of the units they lead.

Everything that leaves here has been through disclosure control: what a template does not get, it cannot tell.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, bindparam, exists, false, func, select, union_all
from sqlalchemy.orm import Session

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
    QuartersRun,
    RunState,
    ToldAs,
    ToldEstimate,
    Version,
)
from med.competence_compass.publishing import TOO_LITTLE, told_now
from med.db import BigInt, UtcDateTime
from med.prepared import Prepared
from med.workdays import copenhagen

# Verdicts and reasons are the words of med/competence_compass/effects/verdicts.py, which is not imported here: it would
# bring numpy along.
MANY_AT_THE_EDGE = 0.25
RUNS_BACK = 8


def overseen(viewer: Viewer) -> ColumnElement[bool]:
    """The activities of units the viewer leads, from near or from above."""
    return Activity.unit_id.in_(viewer.managed_unit_ids) if viewer.managed_unit_ids else false()


def _versions() -> Select[*tuple[Any, ...]]:
    tested = (
        select(Dimension.version_id)
        .join(Hypothesis, Hypothesis.dimension_id == Dimension.id)
        .join(Activity, Activity.id == Hypothesis.activity_id)
        .where(
            Activity.unit_id.in_(bindparam("units", type_=BigInt, expanding=True)), Hypothesis.is_exploratory.is_(False)
        )
    )
    return (
        select(
            Version.id,
            Instrument.name,
            Version.number,
            Version.locked_at.is_not(None).label("is_used"),
            Instrument.target_group,
        )
        .join(Instrument, Instrument.id == Version.instrument_id)
        .where(Version.id.in_(tested))
        .order_by(Version.id.desc())
    )


VERSIONS = Prepared(_versions)


def versions(db: Session, viewer: Viewer) -> list[Any]:
    """The instrument versions that the viewer's activities have something to prove on, the newest first:
    (id, name, number, is_used, target_group)."""
    return VERSIONS(db, units=viewer.managed_unit_ids)


class Runs(Struct, frozen=True):
    """The quarter's run, the one under way, and the newest that failed since the last that was done."""

    told: Any
    under_way: Any
    failed: Any


def _runs_of() -> Select[*tuple[Any, ...]]:
    version = bindparam("version_id", type_=BigInt)
    quarters = select(func.max(QuartersRun.run_id).label("id")).where(
        QuartersRun.version_id == version, QuartersRun.quarter <= bindparam("quarter")
    )

    def newest(*states: RunState) -> Select[*tuple[Any, ...]]:
        return select(func.max(EffectRun.id).label("id")).where(
            EffectRun.version_id == version, EffectRun.state.in_(states)
        )

    wanted = union_all(
        quarters, newest(RunState.DONE), newest(RunState.FAILED), newest(RunState.WAITING, RunState.WORKING)
    ).subquery()
    shown = (getattr(EffectRun, name) for name in SHOWN_OF_RUNS)
    is_quarters = exists().where(QuartersRun.run_id == EffectRun.id, QuartersRun.quarter <= bindparam("quarter"))
    return (
        select(*shown, is_quarters.label("is_quarters"))
        .where(EffectRun.id.in_(select(wanted.c.id)))
        .order_by(EffectRun.id)
    )


SHOWN_OF_RUNS = (
    "id", "state", "asked_at", "progress", "done_at", "cut_off", "rows_used", "rows_left_out", "lead_z", "line_z",
    "is_guarded",
)  # fmt: skip
RUNS = Prepared(_runs_of)


def runs(db: Session, version_id: int, quarter: str | None = None) -> Runs:
    """`quarter`: whose run is told then; None for the newest."""
    rows = RUNS(db, version_id=version_id, quarter=quarter or "9999-4")
    of = {row.state: row for row in rows}
    told = next((row for row in reversed(rows) if row.is_quarters), None)
    done, failed = of.get(RunState.DONE), of.get(RunState.FAILED)
    if failed is not None and done is not None and failed.id < done.id:
        failed = None
    return Runs(told, of.get(RunState.WORKING) or of.get(RunState.WAITING), failed)


class Finding(NamedTuple):
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
    version_id: int,
    *,
    units: Collection[int] | None = None,
    until: datetime | None = None,
) -> list[Finding]:
    """What is told now, or was told until a moment, of the units the viewer leads, perhaps of some of them. By area and
    dimension of the instrument, then by the activity's title: never by size."""
    led = viewer.managed_unit_ids if units is None else viewer.managed_unit_ids & set(units)
    return [finding(row) for row in TOLD(db, version_id=version_id, units=led, until=until or ALWAYS)] if led else []


def asked_findings() -> Select[*tuple[Any, ...]]:
    return (
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
        .order_by(Area.position, Area.id, Dimension.position, Activity.title, Activity.id, ToldEstimate.id.desc())
    )


COLUMNS = (
    "run_id", "activity_id", "n", "shrunken", "ci_low", "ci_high", "waiting_estimate", "waiting_n", "detectable",
    "verdict", "reason", "is_maintain", "ceiling", "floor",
)  # fmt: skip
ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)
TOLD = Prepared(
    lambda: asked_findings().where(
        ToldEstimate.id.in_(told_now().where(ToldEstimate.at < bindparam("until", type_=UtcDateTime()))),
        Dimension.version_id == bindparam("version_id", type_=BigInt),
        Activity.unit_id.in_(bindparam("units", type_=BigInt, expanding=True)),
    )
)


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
    reason = disclosure.told_reason(reason, n, row.waiting_n)
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
        told_on=day_of(row.at),
    )


@lru_cache(100)  # what is told together is told at the same moment
def day_of(moment: datetime) -> date:
    return copenhagen(moment).date()


def known(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def history(db: Session, viewer: Viewer, activity_id: int) -> list[tuple[int, date | None, list[Finding]]]:
    """What has been told of an activity of the viewer's: (run, day, findings). First, under the newest run, what holds
    of each competence, from whichever run; then what was told before, run by run, the newest first."""
    holds: dict[tuple[str, str], Finding] = {}
    found = [finding(row) for row in db.execute(asked_findings().where(Activity.id == activity_id, overseen(viewer)))]
    for one in found:
        there = holds.setdefault((one.area, one.dimension), one)
        if one.run_id > there.run_id:
            holds[one.area, one.dimension] = one
    if not holds:
        return []
    newest = max(holds.values(), key=lambda one: one.run_id)
    by_run: dict[int, list[Finding]] = {}
    for one in found:
        if one is not holds[one.area, one.dimension]:
            by_run.setdefault(one.run_id, []).append(one)
    before = [(run, by_run[run][0].told_on, by_run[run]) for run in sorted(by_run, reverse=True)]
    return [(newest.run_id, newest.told_on, list(holds.values())), *before[: RUNS_BACK - 1]]
