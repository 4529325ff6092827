"""Whether a measurement rests on participations that began after a decision: else it tells nothing of the decision.

Who counts are those the analysis counts, participants with a score before and one after their first start, but for a
few of those it leaves out for a referral; nobody counts here whom it does not count. All is taken as a run found it, so
the answer moves with runs alone, as verdicts do. What leaves here is a day, only ever compared with a decision's.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from med.competence_compass import disclosure
from med.competence_compass.models import (
    Assessment,
    AssessmentPurpose,
    Dimension,
    EffectEstimate,
    EffectRun,
    Hypothesis,
    Participation,
    Run,
    RunState,
    Score,
    WaitingEntry,
)
from med.competence_compass.queries.activities import begun_before
from med.loop.models import LinkKind

SEEN = aliased(EffectRun)  # the run as of which it is asked


def since_of(row: Any) -> date | None:
    """The same of a row of a link, for what must be measured after it: stopping rests on what was measured before."""
    return None if row.kind == LinkKind.STOPS else begun_before(row.decided_at, row.frozen_at)


def late_among(rows: Iterable[Any]) -> set[int]:
    """The activities that began before a decision that is linked to them."""
    return {row.activity_id for row in rows if since_of(row) is not None}


def with_tenth(asked: Select[*tuple[Any, ...]], late: Any) -> Select[*tuple[Any, ...]]:
    """A question of what is told, with `tenth` beside each: as the newest run of its version found it."""
    done = aliased(EffectRun)
    newest = select(func.max(done.id)).where(done.version_id == Dimension.version_id, done.state == RunState.DONE)
    return asked.add_columns(tenth_start(late).label("tenth")).join(SEEN, SEEN.id == newest.scalar_subquery())


def tenth_start(late: Any) -> Any:
    """To be asked beside an estimate and `SEEN`, of the activities in `late`: the day from which on ten of the
    participants that are measured began. Empty where ten are not."""
    begun, earlier = aliased(Participation), aliased(Participation)
    run, other = aliased(Run), aliased(Run)
    begun_earlier = exists().where(
        earlier.citizen_id == begun.citizen_id,
        earlier.starts < begun.starts,
        earlier.run_id == other.id,
        other.activity_id == run.activity_id,
    )
    asked = (
        select(begun.starts)
        .join(run, run.id == begun.run_id)
        .where(
            run.activity_id == EffectEstimate.activity_id,
            begun.starts <= SEEN.cut_off,
            ~begun_earlier.correlate_except(earlier, other),
            scored(begun, Assessment.day >= begun.starts),
            scored(begun, Assessment.day < begun.starts),
        )
        .order_by(begun.starts.desc())
        .limit(1)
        .offset(disclosure.FEWEST_MEASURED - 1)
        .correlate_except(begun, run)
        .scalar_subquery()
    )
    is_asked = and_(EffectEstimate.activity_id.in_(late), EffectEstimate.n >= disclosure.FEWEST_MEASURED)
    return case((is_asked, asked))


def scored(begun: Any, *when: Any) -> Any:
    """The participant has a score on the estimate's dimension (and so of its version), as the run found it."""
    found = exists().where(
        Assessment.citizen_id == begun.citizen_id,
        *when,
        *stood(Assessment),
        not_referred(),
        Score.assessment_id == Assessment.id,
        Score.dimension_id == EffectEstimate.dimension_id,
        Score.value.is_not(None),
    )
    return found.correlate_except(Assessment, Score)


def stood(one: Any) -> tuple[Any, ...]:
    """An assessment counted when the run was made."""
    return (
        one.day <= SEEN.cut_off,
        one.closed_at <= SEEN.done_at,
        or_(one.superseded_at.is_(None), one.superseded_at > SEEN.done_at),
        one.purpose != AssessmentPurpose.DOUBLE,
    )


def not_referred() -> Any:
    """The assessment did not lead to a referral to anything meant for the dimension: before a
    waiting list for that it is neither the last nor a referral's."""
    later = aliased(Assessment)
    one_more = exists().where(
        later.citizen_id == Assessment.citizen_id,
        later.version_id + 0 == Assessment.version_id,  # + 0: to be looked up by citizen
        later.day > Assessment.day,
        later.day <= WaitingEntry.queued,
        *stood(later),
    )
    last = exists().where(
        WaitingEntry.citizen_id == Assessment.citizen_id,
        WaitingEntry.queued >= Assessment.day,
        Hypothesis.activity_id == WaitingEntry.activity_id,
        Hypothesis.dimension_id == EffectEstimate.dimension_id,
        Hypothesis.is_exploratory.is_(False),
        or_(Assessment.purpose == AssessmentPurpose.REFERRAL, ~one_more.correlate_except(later)),
    )
    return ~last.correlate_except(WaitingEntry, Hypothesis)


def tenths(db: Session, run_id: int, activity_ids: Collection[int]) -> dict[tuple[int, int], date | None]:
    """By activity and dimension, for one run."""
    rows = db.execute(
        select(EffectEstimate.activity_id, EffectEstimate.dimension_id, tenth_start(activity_ids))
        .join(SEEN, SEEN.id == EffectEstimate.run_id)
        .where(EffectEstimate.run_id == run_id, EffectEstimate.activity_id.in_(activity_ids))
    )
    return {(activity, dimension): tenth for activity, dimension, tenth in rows}
