"""Which estimate of an activity and a competence is told to those who see no single citizen.

Runs are made at night and whenever somebody asks. Were each shown as it came, the one of yesterday and the one of today
would tell of the citizen who was assessed in between. So (docs/decisions/0015-frozen-figures.md):

- *numbers* come from a quarter's run, the first that is done in it, and of a pair only when ten or more citizens have
  joined since its last numbers (`disclosure.may_follow`): until then the old ones stand;
- *words* change at once when a run says something else: verdict, its reason, and sizes in three rough words. The
  numbers behind them wait for the quarter.

The very first run of an instrument version is its first quarter's.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from med.competence_compass import disclosure, sums
from med.competence_compass.models import EffectEstimate, EffectRun, QuartersRun, ToldAs, ToldEstimate
from med.workdays import copenhagen

Pair = tuple[int, int]
TOO_LITTLE = "for_faa_data"


def publish(db: Session, run: EffectRun) -> None:
    """Decide what of a run that is done is told from now on. In the transaction that saves its estimates."""
    at = run.done_at
    assert at is not None
    is_quarters = take_quarter(db, run, copenhagen(at).date())
    estimates = db.execute(
        select(*(getattr(EffectEstimate, name) for name in ASKED)).where(EffectEstimate.run_id == run.id)
    ).all()
    figures, newest = told_before(db, {row.activity_id for row in estimates})
    for row in sorted(estimates, key=lambda row: row.id):
        pair = row.activity_id, row.dimension_id
        last = newest.get(pair)
        if is_quarters and row.shrunken is not None and disclosure.may_follow(figures.get(pair), row.n):
            told_as = ToldAs.FIGURES
        elif last is None or said(last) != said(row):
            told_as = ToldAs.WORDS
        else:
            continue
        db.add(ToldEstimate(
            estimate_id=row.id, activity_id=pair[0], dimension_id=pair[1], told_as=told_as, at=at
        ))  # fmt: skip
    db.flush()


ASKED = ("id", "activity_id", "dimension_id", "n", "shrunken", "verdict", "reason")


def said(row: Any) -> tuple[str, str]:
    """The words of an estimate, after disclosure control."""
    if row.n < disclosure.FEWEST_MEASURED and row.verdict != TOO_LITTLE:
        return TOO_LITTLE, "few_participants"
    return row.verdict, row.reason


def take_quarter(db: Session, run: EffectRun, day: date) -> bool:
    """Whether the run is the first of its version in the quarter; from then on it is."""
    quarter = sums.quarter_name(day.year, (day.month - 1) // 3 + 1)
    if db.get(QuartersRun, (run.version_id, quarter)) is not None:
        return False
    db.add(QuartersRun(version_id=run.version_id, quarter=quarter, run_id=run.id))
    db.flush()
    return True


def told_before(db: Session, activity_ids: Iterable[int]) -> tuple[dict[Pair, int], dict[Pair, Row[Any]]]:
    """For each pair: how many its last numbers rested on, and the estimate that is told now."""
    figures: dict[Pair, int] = {}
    newest: dict[Pair, Row[Any]] = {}
    rows: Sequence[Row[Any]] = db.execute(
        select(ToldEstimate.told_as, *(getattr(EffectEstimate, name) for name in ASKED))
        .join(EffectEstimate, EffectEstimate.id == ToldEstimate.estimate_id)
        .where(ToldEstimate.activity_id.in_(sorted(activity_ids)))
        .order_by(ToldEstimate.id)
    ).all()
    for row in rows:
        pair = row.activity_id, row.dimension_id
        newest[pair] = row
        if row.told_as is ToldAs.FIGURES:
            figures[pair] = row.n
    return figures, newest


def told_now() -> Any:
    """The ids of the newest row of every pair: what to join findings with."""
    return select(func.max(ToldEstimate.id)).group_by(ToldEstimate.activity_id, ToldEstimate.dimension_id)


def quarters_run(db: Session, version_id: int) -> EffectRun | None:
    """The run whose numbers are told of an instrument version: that of the newest quarter that has one."""
    return db.scalar(
        select(EffectRun)
        .join(QuartersRun, QuartersRun.run_id == EffectRun.id)
        .where(QuartersRun.version_id == version_id)
        .order_by(EffectRun.id.desc())
        .limit(1)
    )
