"""When what is told of a circle last became another. It is what feeds call the entry's `updated`.

Nothing is kept for it: links, verdicts, points and the journal carry their own moments. The newest one holds.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, literal_column, or_, select, union_all
from sqlalchemy.orm import Session

from med.competence_compass.models import Activity, Hypothesis, ToldEstimate
from med.decisions.models import Decision
from med.journal.models import Entry
from med.loop import queries
from med.loop.circles import Finding
from med.loop.models import ReviewPoint
from med.loop.sentences import a_size
from med.loop.since import Pair, first_told, late_among, since_of, tenths
from med.meetings.models import Proposal


def moved(db: Session, ids: Collection[int]) -> dict[int, datetime]:
    """For feeds, in four questions: when a link was made or ended, an activity began or got another name, a verdict was
    told that is not the one before or began to tell of the decision, or a point about the decision was raised or
    answered. For ids the caller may show; those where nothing of it happened are left out."""
    if not ids:
        return {}
    moments: dict[int, list[datetime | None]] = defaultdict(list)
    linked = links_of(db, ids)
    activities = {link.activity_id for link in linked}
    begun: dict[int, list[datetime]] = defaultdict(list)
    told = told_since(db, activities)
    for row in db.execute(noted(ids, activities)):
        (begun if row.of == "activity" else moments)[row.id].append(row.at)
    for link in linked:
        moments[link.decision_id] += begun[link.activity_id]
        moments[link.decision_id] += [at for of, at in told[link.activity_id].items() if is_about(link, of)]
    for id, at in begun_to_tell(db, linked):
        moments[id].append(at)
    for row in db.execute(points_about(queries.with_a_circle(db, ids))):
        moments[row.decision_id] += [row.raised_at, row.answered_at]
    known = {id: [at for at in its if at is not None] for id, its in moments.items()}
    return {id: max(its) for id, its in known.items() if its}


def links_of(db: Session, ids: Collection[int]) -> Sequence[Any]:
    """Without a dimension a link is about all of the activity's."""
    link = queries.every_link().subquery()
    return db.execute(
        select(
            link.c.decision_id, link.c.activity_id, link.c.dimension_id, link.c.kind,
            Decision.decided_at, Activity.frozen_at,
        )
        .join(Decision, Decision.id == link.c.decision_id)
        .join(Activity, Activity.id == link.c.activity_id)
        .where(link.c.decision_id.in_(ids))
    ).all()  # fmt: skip


def is_about(link: Any, dimension_id: int) -> bool:
    return link.dimension_id in (None, dimension_id)


def begun_to_tell(db: Session, linked: Sequence[Any]) -> Iterator[tuple[int, datetime | None]]:
    """Of decisions that came after their activity had begun: since when what is measured tells of them. What is known
    was asked for the sentences already; the rest is asked once."""
    late = late_among(linked)
    known = queries.FINDINGS(db, ids=frozenset(link.activity_id for link in linked)) if late else []
    rows = [row for row in known if row.activity_id in late]
    began = tenths(db, rows)
    for link in linked:
        day = since_of(link)
        for row in rows:
            tenth = began.get(Pair(row.as_of, row.activity_id, row.dimension_id))
            if (
                day
                and tenth
                and tenth >= day
                and row.activity_id == link.activity_id
                and is_about(link, row.dimension_id)
            ):
                yield link.decision_id, first_told(db, row, day)


def noted(ids: Collection[int], activities: Collection[int]) -> Any:
    """What the journal says of links, ended ones too, and of what sentences say of an activity itself.
    (of: "decision" | "activity", id, at)"""

    def lines(of: str, thing: Any, id: Any = Entry.thing_id) -> Select[*tuple[Any, ...]]:
        return select(literal_column(f"'{of}'").label("of"), id.label("id"), Entry.at).where(
            Entry.thing == thing.__tablename__
        )

    is_told = or_(
        Entry.happened.in_(("activity.proposed", "activity.started")),
        and_(Entry.happened == "activity.changed", Entry.fields.contains("title")),
    )
    return union_all(
        lines("decision", Decision).where(
            Entry.thing_id.in_(ids), Entry.happened.in_(("decision.linked", "decision.unlinked"))
        ),
        lines("decision", Hypothesis, Hypothesis.decision_id)
        .join(Hypothesis, Hypothesis.id == Entry.thing_id)
        .where(Hypothesis.decision_id.in_(ids), Entry.happened == "hypothesis.written"),
        lines("activity", Activity).where(Entry.thing_id.in_(activities), is_told),
    )


def told_since(db: Session, activities: Collection[int]) -> dict[int, dict[int, datetime]]:
    """Activity → dimension → since when what is told of them has had the words it has. A quarter's new numbers in the
    same words are no news."""
    found: dict[int, dict[int, datetime]] = defaultdict(dict)
    if not activities:
        return found
    words: dict[tuple[int, int], Any] = {}
    asked = queries.every_told().add_columns(ToldEstimate.at).where(ToldEstimate.activity_id.in_(activities))
    for row in db.execute(asked.order_by(ToldEstimate.id)):
        pair, said = (row.activity_id, row.dimension_id), in_words(queries.as_finding(row))
        if words.get(pair) != said:
            words[pair] = said
            found[row.activity_id][row.dimension_id] = row.at
    return found


def in_words(one: Finding) -> tuple[Any, ...]:
    """All that sentences say of a finding."""
    return one.verdict, one.is_kept, None if one.detectable is None else str(a_size(one.detectable))


def points_about(ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            ReviewPoint.decision_id,
            func.max(ReviewPoint.raised_at).label("raised_at"),
            func.max(Proposal.answered_at).label("answered_at"),
        )
        .join(Proposal, Proposal.id == ReviewPoint.proposal_id)
        .where(ReviewPoint.decision_id.in_(ids))
        .group_by(ReviewPoint.decision_id)
    )
