"""A decision's circle as its pages show it."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from med import language
from med.access import Viewer, allows
from med.competence_compass.queries.activities import decisions_seen
from med.decisions.access import OVER, looks_after
from med.decisions.models import Decision
from med.loop import access, queries
from med.loop.circles import standing
from med.loop.forms import Basis
from med.loop.models import Cause, DecisionLink, LinkKind, ReviewPoint
from med.loop.sentences import did, not_to_conclude, sentence, uncertainty
from med.loop.words import because
from med.perspectives.queries import titles
from med.prepared import Prepared


def circle_context(
    visit: Any, decision: Decision, *, values: dict[str, Any] | None = None, errors: dict[str, Any] | None = None
) -> dict[str, Any]:
    """All that templates/loop/_circle.html and its form need."""
    found = queries.circle(visit.db, decision.id)
    may_link = allows(visit.viewer, access.link_activity, decision)
    return {
        "decision": decision,
        "is_over": decision.state in OVER,
        "circle": found,
        "perspectives": titles(visit.db),
        "state": standing(found),
        "told": sentence(found, always=True),
        "because": because,
        "points": points_of(visit.db, decision.id),
        "answers_points": looks_after(visit.viewer, decision),
        "did": did,
        "uncertainty": uncertainty,
        "not_to_conclude": not_to_conclude,
        "may_link": may_link,
        "activities": queries.activity_choices(visit.db, visit.viewer) if may_link else [],
        "kinds": [(one.value, str(language.word(one))) for one in LinkKind],
        "bases": [(one.value, str(language.word(one))) for one in Basis],
        "values": values or {},
        "errors": errors or {},
    }


def decisions_by_activity(
    db: Session, viewer: Viewer, activity_ids: Collection[int]
) -> dict[int, list[tuple[int, str]]]:
    """For the development plan: the decisions that link to activities, as far as the viewer may read them."""
    links = db.execute(
        select(DecisionLink.activity_id, DecisionLink.decision_id).where(DecisionLink.activity_id.in_(activity_ids))
    ).all()
    seen = decisions_seen(db, viewer, {decision for _, decision in links})
    found = defaultdict(list)
    for activity, decision in links:
        if decision in seen:
            found[activity].append((decision, seen[decision]))
    return found


class Point(NamedTuple):
    proposal_id: int
    raised_at: datetime
    causes: set[Cause]


def points_of(db: Session, decision_id: int) -> list[Point]:
    """Points raised because this decision's circle came round, the oldest first."""
    found: dict[int, Point] = {}
    for row in POINTS(db, decision=decision_id):
        found.setdefault(row.proposal_id, Point(row.proposal_id, row.raised_at, set())).causes.add(row.cause)
    return list(found.values())


POINTS = Prepared(
    lambda: (
        select(ReviewPoint.proposal_id, ReviewPoint.raised_at, ReviewPoint.cause)
        .where(ReviewPoint.decision_id == bindparam("decision"))
        .order_by(ReviewPoint.id)
        .limit(200)
    )
)
