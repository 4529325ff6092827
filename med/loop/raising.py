"""Points that raise themselves on a committee's open agenda, because the circle came round.

Two reasons: a published decision's review date has come, or a run of the effect analysis says something else than the
one before about an activity the decision started or changed. Each reason has a key that is written in the same
transaction as the point, and a key is written once, ever: a killed worker leaves nothing behind, a second worker or a
clock turned back finds the key.

A house that was away for a while may have hundreds to raise. They come some at a time, in transactions of their own:
each function gives True while there is more, and asking it again goes on.

A point is raised by nobody (`raised_by_id` is empty), and the chairs answer it like any other. Its words are Danish as
all minutes are, and hold no more than the decision's own page does after disclosure control.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, and_, exists, or_, select
from sqlalchemy.orm import Session

from med import clock, language
from med.competence_compass.models import Activity, Dimension, EffectEstimate, EffectRun, Hypothesis, RunState
from med.competence_compass.queries.activities import begun_before
from med.decisions.access import OVER
from med.decisions.models import Decision
from med.journal.actions import note
from med.journal.models import Entry
from med.loop import pointing, queries
from med.loop.circles import Finding, seen_since
from med.loop.models import Cause, DecisionLink, LinkKind, ReviewPoint
from med.loop.since import tenths_of
from med.loop.words import Known
from med.meetings.models import Proposal, ProposalState, Purpose
from med.organisation.models import Committee
from med.organisation.queries import heirs

# A date that passed longer ago, in a house that has just begun with Medspil, is not news to anybody.
STILL_NEWS = timedelta(days=365)
MOST = 20  # points in one transaction
READ = "effect_run.read"  # in the journal: this run's verdicts were compared with those before


# --- the review date has come -----------------------------------------------------------------------------------------


def raise_reviews(db: Session) -> bool:
    today = clock.today()
    due = db.execute(
        select(Decision.id, Decision.review)
        .join(Committee, Committee.id == Decision.committee_id)
        .where(
            Decision.published_at.is_not(None),
            Decision.review <= today,
            Decision.review > today - STILL_NEWS,
            Decision.state.not_in(OVER),
            somebody_looks_after(db),
        )
        .order_by(Decision.id)
    ).all()
    if not due:
        return False
    known = keys_of(db, [row.id for row in due], Cause.REVIEW_DATE)
    new = [row for row in due if review_key(row.id, row.review) not in known]
    for row in new[:MOST]:
        decision = hold(db, row.id)
        # It may have been reviewed, or raised by another worker, while this one waited for the row.
        if decision.review is None or decision.review > today or decision.state in OVER:
            continue
        key = review_key(decision.id, decision.review)
        if not is_written(db, key):
            raise_point(db, decision, Cause.REVIEW_DATE, [key])
    return len(new) > MOST


def review_key(decision_id: int, review: Any) -> str:
    return f"review:{decision_id}:{review.isoformat()}"


# --- a run says something else ----------------------------------------------------------------------------------------


def raise_verdicts(db: Session) -> bool:
    """Read the runs that nobody read yet, in the order they were made."""
    read = exists().where(
        Entry.thing == EffectRun.__tablename__, Entry.thing_id == EffectRun.id, Entry.happened == READ
    )
    unread = db.scalars(
        select(EffectRun.id).where(EffectRun.state == RunState.DONE, ~read).order_by(EffectRun.id)
    ).all()
    left = MOST
    for run_id in unread:
        run = db.scalars(
            select(EffectRun).where(EffectRun.id == run_id).with_for_update().execution_options(populate_existing=True)
        ).one()
        if db.scalar(select(Entry.id).where(and_(Entry.thing == run.__tablename__, Entry.thing_id == run.id,
                                                 Entry.happened == READ)).limit(1)) is None:  # fmt: skip
            left -= read_run(db, run, left)
            if left < 0:
                return True
            note(db, None, READ, run)
    return False


def read_run(db: Session, run: EffectRun, most: int) -> int:
    """Raise a point for each decision one of whose activities this run says something else about, for so many as
    `most`. Gives how many there were to look at: more than `most` when some are left."""
    before = db.scalar(
        select(EffectRun.id)
        .where(EffectRun.version_id == run.version_id, EffectRun.state == RunState.DONE, EffectRun.id < run.id)
        .order_by(EffectRun.id.desc())
        .limit(1)
    )
    now, then = verdicts_of(db, run.id), verdicts_of(db, before) if before is not None else {}
    dimensions: dict[int, list[int]] = defaultdict(list)
    for activity, dimension in now:
        dimensions[activity].append(dimension)
    changed = {pair[0] for pair, found in now.items() if is_news(found.verdict, then.get(pair))}
    rows = answerable(db, run, set(dimensions), changed)
    if late := {row.activity_id for row in rows if begun_before(row.decided_at, row.frozen_at) is not None}:
        now, then = with_tenths(db, run.id, now, late), with_tenths(db, before, then, late)
    keys: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        for dimension in dimensions[row.activity_id]:
            pair = row.activity_id, dimension
            told, told_before = seen(now[pair], row), seen(then.get(pair), row)
            if row.of in (None, dimension) and told is not None and is_news(told.verdict, told_before):
                key = f"verdict:{row.decision_id}:{pair[0]}:{pair[1]}:{told.verdict.value}:{run.id}"
                if key not in keys[row.decision_id]:
                    keys[row.decision_id].append(key)
    new = [decision_id for decision_id, fresh in unwritten(db, keys, run.id).items() if fresh]
    for decision_id in new[:most]:
        decision = hold(db, decision_id)
        fresh = unwritten(db, {decision_id: keys[decision_id]}, run.id)[decision_id]
        if fresh and decision.state not in OVER:
            raise_point(db, decision, Cause.VERDICT_CHANGED, fresh, run.id)
    return len(new)


def seen(found: Finding | None, link: Any) -> Finding | None:
    """A finding, where it tells of the decision: that rests on enough who began after it."""
    if found is None:
        return None
    (told,) = seen_since([found], begun_before(link.decided_at, link.frozen_at))
    return None if told.is_before else told


def is_news(now: Known, then: Finding | None) -> bool:
    """Whether a verdict is another than before. Where there was none before, only one that says something is news."""
    if then is None:
        return now in (Known.DEVELOPS, Known.DECLINES, Known.NO_EFFECT_SEEN)
    return now is not then.verdict


def unwritten(db: Session, keys: Mapping[int, Sequence[str]], run_id: int) -> dict[int, list[str]]:
    """The keys of a run that are not written yet, by decision. Before the run stood in them they ended with the
    verdict; those that this run wrote hold."""
    written = set(
        db.scalars(
            select(ReviewPoint.key).where(ReviewPoint.decision_id.in_(sorted(keys)), ReviewPoint.run_id == run_id)
        )
    )
    return {
        decision_id: [key for key in keys[decision_id] if written.isdisjoint((key, key.rpartition(":")[0]))]
        for decision_id in sorted(keys)
    }


def with_tenths(
    db: Session, run_id: int | None, found: dict[tuple[int, int], Finding], late: set[int]
) -> dict[tuple[int, int], Finding]:
    known = tenths_of(db, run_id, late) if run_id is not None else {}
    return {pair: replace(one, tenth=known.get(pair)) for pair, one in found.items()}


def verdicts_of(db: Session, run_id: int) -> dict[tuple[int, int], Finding]:
    """What a run says by activity and dimension, after disclosure control."""
    rows = db.execute(
        select(
            EffectEstimate.activity_id, EffectEstimate.run_id, EffectRun.done_at, EffectEstimate.dimension_id,
            Dimension.title, EffectEstimate.verdict, EffectEstimate.reason, EffectEstimate.n, EffectEstimate.waiting_n,
            EffectEstimate.ci_low, EffectEstimate.ci_high, EffectEstimate.detectable,
        )
        .join(EffectRun, EffectRun.id == EffectEstimate.run_id)
        .join(Dimension, Dimension.id == EffectEstimate.dimension_id)
        .where(EffectEstimate.run_id == run_id)
        .order_by(EffectEstimate.id)
    )  # fmt: skip
    return {(row.activity_id, row.dimension_id): queries.as_finding(row) for row in rows}


def answerable(
    db: Session, run: EffectRun, activity_ids: set[int], changed: set[int]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Published decisions in force that started or changed these activities before the run was made: whoever links
    them afterwards has seen what it says. Of those activities that have not `changed`, only where the decision came
    later: the run may be the first that tells of it.

    (decision_id, activity_id, of, decided_at, frozen_at): `of` is a dimension for those that one of the hypotheses was
    written after, who are answered about that alone; None for the others."""
    if not activity_ids:
        return []
    link = (
        select(DecisionLink.decision_id, DecisionLink.activity_id, DecisionLink.made_at, queries.WHOLE.label("of"))
        .where(DecisionLink.kind.in_((LinkKind.STARTS, LinkKind.CHANGES)))
        .union_all(
            select(Activity.decision_id, Activity.id, Decision.published_at, queries.WHOLE)
            .join(Decision, Decision.id == Activity.decision_id),
            # Of hypotheses only those that were there before the first start carry a verdict.
            select(Hypothesis.decision_id, Hypothesis.activity_id, Decision.published_at, Hypothesis.dimension_id)
            .join(Decision, Decision.id == Hypothesis.decision_id)
            .where(Hypothesis.is_exploratory.is_(False)),
        )
        .subquery()
    )  # fmt: skip
    return db.execute(
        select(link.c.decision_id, link.c.activity_id, link.c.of, Decision.decided_at, Activity.frozen_at)
        .join(Decision, Decision.id == link.c.decision_id)
        .join(Activity, Activity.id == link.c.activity_id)
        .join(Committee, Committee.id == Decision.committee_id)
        .where(
            link.c.activity_id.in_(activity_ids),
            or_(link.c.activity_id.in_(changed), Activity.frozen_at < Decision.decided_at),
            link.c.made_at <= run.done_at,
            Decision.published_at.is_not(None),
            Decision.state.not_in(OVER),
            somebody_looks_after(db),
        )
        .distinct()
        .order_by(link.c.decision_id, link.c.activity_id)
    ).all()


# --- the point itself -------------------------------------------------------------------------------------------------


def somebody_looks_after(db: Session) -> ColumnElement[bool]:
    """Whether a decision's committee is there, or has left what is open to one above it (`Committee.heir`)."""
    is_there = or_(Committee.ends.is_(None), Committee.ends >= clock.today())
    return or_(is_there, and_(Decision.is_open, Decision.committee_id.in_(list(heirs(db)))))


def hold(db: Session, decision_id: int) -> Decision:
    """The decision as it is now, its row held until the transaction ends: two workers take turns."""
    return db.scalars(
        select(Decision).where(Decision.id == decision_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def keys_of(db: Session, decision_ids: Sequence[int], cause: Cause) -> set[str]:
    return set(
        db.scalars(select(ReviewPoint.key).where(ReviewPoint.decision_id.in_(decision_ids), ReviewPoint.cause == cause))
    )


def is_written(db: Session, key: str) -> bool:
    return db.scalar(select(ReviewPoint.id).where(ReviewPoint.key == key)) is not None


def raise_point(
    db: Session, decision: Decision, cause: Cause, keys: Sequence[str], run_id: int | None = None
) -> Proposal:
    """One point on the open agenda of the committee that looks after the decision, whatever number of reasons there are
    at once.

    While one about the same decision still waits for its answer, that one gets the news instead of a second, in words
    that fit all its reasons.
    """
    proposal = waiting_point(db, decision.id)
    causes = {cause} if proposal is None else {cause, *causes_of(db, proposal)}
    with in_danish():
        words = pointing.words(db, decision, causes)
    if proposal is None:
        proposal = Proposal(
            uid=str(uuid.uuid4()),
            committee_id=(decision.committee.heir or decision.committee).id,
            title=words.title,
            why=words.why,
            purpose=Purpose.DECIDE,
            raised_at=clock.now(),
            state=ProposalState.RECEIVED,
            decision_id=decision.id,
            # What comes from a closed item stays closed: in mails, and when it becomes an item itself.
            from_item_id=None if decision.is_open else decision.item_id,
        )
        db.add(proposal)
        note(db, None, "proposal.raised", proposal)
    else:
        proposal.title, proposal.why = words
        note(db, None, "proposal.refreshed", proposal, ["title", "why"])
    for key in keys:
        db.add(
            ReviewPoint(
                key=key,
                cause=cause,
                decision_id=decision.id,
                run_id=run_id,
                proposal_id=proposal.id,
                raised_at=clock.now(),
            )
        )
    db.flush()
    return proposal


def waiting_point(db: Session, decision_id: int) -> Proposal | None:
    """The system's own point about a decision that nobody has answered, its row held."""
    mine = select(ReviewPoint.proposal_id).where(ReviewPoint.decision_id == decision_id)
    return db.scalars(
        select(Proposal)
        .where(Proposal.id.in_(mine), Proposal.state == ProposalState.RECEIVED, Proposal.answered_at.is_(None))
        .order_by(Proposal.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def causes_of(db: Session, proposal: Proposal) -> Sequence[Cause]:
    return db.scalars(select(ReviewPoint.cause).where(ReviewPoint.proposal_id == proposal.id).distinct()).all()


@contextmanager
def in_danish() -> Iterator[None]:
    """The agenda's own language, whoever's page the job happens to run beside."""
    token = language.current.set("da")
    try:
        yield
    finally:
        language.current.reset(token)
