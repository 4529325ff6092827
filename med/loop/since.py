"""Whether a measurement rests on participations that began after a decision: else it tells nothing of the decision.

Who counts are those the analysis counts, participants with a score before and one after their first start, but for a
few of those it leaves out for a referral; nobody counts here whom it does not count. All is taken as a run found it, so
the answer moves with runs alone, as verdicts do. What leaves here is a day, only ever compared with a decision's, and
the moment of the run from which on that says something else.

Nothing else of the circle reads scores. The day is asked for once a run and an erasure, and remembered by both.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Select, String, cast, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from med.competence_compass import disclosure
from med.competence_compass.models import (
    Assessment,
    AssessmentPurpose,
    Dimension,
    EffectEstimate,
    EffectRun,
    Erasure,
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
MOST = 10_000  # pairs that are remembered
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Pair(NamedTuple):
    as_of: str  # a run and the newest erasure, which takes away what the run found
    activity_id: int
    dimension_id: int


def since_of(row: Any) -> date | None:
    """The decision's day for a row of a link, where the activity had begun before it and what is measured must come
    after it: stopping rests on what was measured before."""
    return None if row.kind == LinkKind.STOPS else begun_before(row.decided_at, row.frozen_at)


def late_among(rows: Iterable[Any]) -> set[int]:
    """The activities that began before a decision that is linked to them."""
    return {row.activity_id for row in rows if since_of(row) is not None}


def as_of() -> Any:
    """To be asked beside an estimate and `SEEN`: what its tenth start is remembered by."""
    erased = select(func.coalesce(func.max(Erasure.id), 0)).scalar_subquery()
    return (SEEN.uid + " " + cast(erased, String)).label("as_of")


def with_as_of(asked: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A question of what is told, with `as_of` beside each: as the newest run of its version found it."""
    done = aliased(EffectRun)
    newest = select(func.max(done.id)).where(done.version_id == Dimension.version_id, done.state == RunState.DONE)
    return asked.add_columns(as_of()).join(SEEN, SEEN.id == newest.scalar_subquery())


class Remembered(Generic[Asked, Answer]):
    """The newest answers. A question has its run and its erasures in it, so that its answer stands."""

    def __init__(self) -> None:
        self._answers: dict[Asked, Answer] = {}
        self._lock = Lock()

    def among(self, asked: Iterable[Asked]) -> dict[Asked, Answer]:
        with self._lock:
            return {one: self._answers[one] for one in asked if one in self._answers}

    def add(self, answers: dict[Asked, Answer]) -> None:
        with self._lock:
            self._answers |= answers
            while len(self._answers) > MOST:
                del self._answers[next(iter(self._answers))]


REMEMBERED: Remembered[Pair, date | None] = Remembered()
FIRST: Remembered[tuple[str, int, int, date], datetime | None] = Remembered()


def tenths(db: Session, estimates: Collection[Any]) -> dict[Pair, date | None]:
    """The day from which on ten of the participants that are measured began, for rows of estimates with `as_of`. Empty
    where ten are not."""
    wanted = {
        Pair(one.as_of, one.activity_id, one.dimension_id): one.id
        for one in estimates
        if one.n >= disclosure.FEWEST_MEASURED
    }
    known = REMEMBERED.among(wanted)
    new: dict[Pair, date | None] = {}
    for run in {pair.as_of for pair in wanted.keys() - known.keys()}:
        ids = [id for pair, id in wanted.items() if pair.as_of == run and pair not in known]
        rows = db.execute(
            select(EffectEstimate.activity_id, EffectEstimate.dimension_id, tenth_start())
            .join(SEEN, SEEN.uid == run.partition(" ")[0])
            .where(EffectEstimate.id.in_(ids))
        )
        new |= {Pair(run, activity, dimension): tenth for activity, dimension, tenth in rows}
    REMEMBERED.add(new)
    return known | new


def tenths_of(db: Session, run_id: int, activity_ids: Collection[int]) -> dict[tuple[int, int], date | None]:
    """By activity and dimension, for one run."""
    rows = db.execute(
        select(EffectEstimate.id, EffectEstimate.activity_id, EffectEstimate.dimension_id, EffectEstimate.n, as_of())
        .join(SEEN, SEEN.id == EffectEstimate.run_id)
        .where(EffectEstimate.run_id == run_id, EffectEstimate.activity_id.in_(activity_ids))
    ).all()
    return {(pair.activity_id, pair.dimension_id): tenth for pair, tenth in tenths(db, rows).items()}


def first_told(db: Session, one: Any, day: date) -> datetime | None:
    """Since when a measurement that tells of decisions of that day does: when the first run that counted ten who began
    since was done. For a row as in `tenths`. What a run found stands until somebody is erased."""
    asked = (one.as_of.partition(" ")[2], one.activity_id, one.dimension_id, day)
    found = FIRST.among([asked]).get(asked)
    if found is None:
        found = db.scalar(
            select(SEEN.done_at)
            .select_from(EffectEstimate)
            .join(Dimension, Dimension.id == EffectEstimate.dimension_id)
            .join(SEEN, (SEEN.version_id == Dimension.version_id) & (SEEN.state == RunState.DONE))
            .where(EffectEstimate.id == one.id, SEEN.cut_off >= day, tenth_start(day).is_not(None))
            .order_by(SEEN.id)
            .limit(1)
        )
        FIRST.add({asked: found})
    return found


def tenth_start(since: date = date.min) -> Any:
    """To be asked beside an estimate and `SEEN`; with a day only of those who began since."""
    begun, earlier = aliased(Participation), aliased(Participation)
    run, other = aliased(Run), aliased(Run)
    begun_earlier = exists().where(
        earlier.citizen_id == begun.citizen_id,
        earlier.starts < begun.starts,
        earlier.run_id == other.id,
        other.activity_id == run.activity_id,
    )
    return (
        select(begun.starts)
        .join(run, run.id == begun.run_id)
        .where(
            run.activity_id == EffectEstimate.activity_id,
            begun.starts.between(since, SEEN.cut_off),
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
