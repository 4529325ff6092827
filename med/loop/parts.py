"""What the circle adds to the pages below: a decision's, a committee's, an activity's, a proposal's, the balance."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from markupsafe import Markup
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from med.competence_compass.models import (
    Activity,
    ActivityKind,
    ActivityState,
    EffectRun,
    Erasure,
    Hypothesis,
    ToldEstimate,
)
from med.decisions.access import visible_decisions
from med.decisions.fragments import heading
from med.decisions.models import Decision
from med.language import Text
from med.loop import queries
from med.loop.circles import runs_of
from med.loop.models import DecisionLink, ReviewPoint
from med.loop.sentences import sentence
from med.loop.showing import circle_context
from med.loop.standings import what_is_known
from med.loop.words import Standing, because
from med.meetings.models import Meeting, Proposal
from med.organisation.access import ANY_EMPLOYEE, own
from med.organisation.models import Committee
from med.prepared import Prepared


def tell(db: Session, ids: Collection[int]) -> dict[int, Text]:
    """For feeds: the state of each circle in a sentence, where there is one to tell of."""
    ids = queries.with_a_circle(db, ids)  # most have none, and a page of them is told so at once
    return {id: said for id, one in queries.circles(db, ids).items() if (said := sentence(one)) is not None}


@cache
def asked_mark() -> Select[*tuple[Any, ...]]:
    def alone(asked: Any) -> Any:
        return asked.scalar_subquery()

    last = alone(select(func.max(EffectRun.id)))
    return select(
        alone(select(func.max(DecisionLink.made_at))),
        alone(select(func.count()).select_from(DecisionLink)),
        alone(select(func.max(ToldEstimate.id))),
        alone(select(func.max(EffectRun.done_at)).where(EffectRun.id > last - 20)),  # on several workers out of turn
        alone(select(func.max(Erasure.id))),  # from when on ten began is asked anew
        alone(select(func.sum(Activity.version))),
        alone(select(func.count()).select_from(Activity).where(Activity.state == ActivityState.PROPOSED)),
        alone(select(func.count()).select_from(Hypothesis).where(Hypothesis.decision_id.is_not(None))),
        alone(select(func.max(ReviewPoint.id))),
        alone(select(func.max(Proposal.answered_at)).where(Proposal.id.in_(select(ReviewPoint.proposal_id)))),
    )


def mark(db: Session) -> str:
    """Whatever any sentence about a circle and its moment are made of, in one line: another line, perhaps another
    sentence."""
    return repr(tuple(db.execute(asked_mark()).one()))


def of_the_decision(visit: Any, decision: Decision) -> Markup:
    """On a decision's page: the whole circle, and the form for those who may close it."""
    return visit.desk.pages.piece("loop/_decision.html", visit, **circle_context(visit, decision))


def of_the_committee(visit: Any, committee: Committee) -> Markup:
    """On a committee's page: the way to its circles."""
    return visit.desk.pages.piece("loop/_committee.html", visit, committee=committee)


def of_the_activity(visit: Any, activity: Activity) -> Markup:
    """On an activity's page: decisions about it, what its own measurement says, and what is known of similar ones."""
    return visit.desk.pages.piece(
        "loop/_activity.html",
        visit,
        decisions=queries.decisions_about(visit.db, visit.viewer, activity.id),
        similar=queries.similar(visit.db, visit.viewer, activity),
        is_asked=False,
        heading=heading,
    )


def of_the_proposed(visit: Any, values: Mapping[str, Any]) -> Markup:
    """On the form that proposes an activity: what is known of others for the same competences, or of the same kind."""
    meant_for, kind = str(values.get("meant_for") or ""), values.get("kind")
    known_kind = ActivityKind(kind) if kind in {one.value for one in ActivityKind} else None
    dimensions = [int(meant_for)] if meant_for.isascii() and meant_for.isdecimal() and len(meant_for) < 19 else []
    if not dimensions and known_kind is None:
        return Markup("")
    found = queries.alike(visit.db, visit.viewer, dimensions, known_kind)
    return visit.desk.pages.piece("loop/_similar.html", visit, similar=found, is_asked=True)


def of_the_proposal(visit: Any, proposal: Proposal) -> Markup:
    """On a proposal that the system raised: that it did, and why."""
    if proposal.raised_by_id is not None:
        return Markup("")
    points = visit.db.scalars(select(ReviewPoint).where(ReviewPoint.proposal_id == proposal.id)).all()
    if not points:
        return Markup("")
    said = because({point.cause for point in points})
    return visit.desk.pages.piece("loop/_proposal.html", visit, decision_id=points[0].decision_id, because=said)


def on_the_agenda(visit: Any, meeting: Meeting) -> dict[int, Markup]:
    """Beside items that came from a point the system raised: that it did, and why. One question a meeting, and none
    where people raised them all. Only around items the viewer sees, and for decisions they may read."""
    mine = [item.id for item in meeting.items if item.raised_by_id is None and item.raised_side is None]
    if not mine:
        return {}
    rows = RAISED(visit.db, items=mine, **own(visit.viewer)) if visit.viewer.is_employee else []
    causes = defaultdict(set)
    for row in rows:
        causes[row.item_id].add(row.cause)
    return {
        id: visit.desk.pages.piece("loop/_item.html", visit, row=row, because=because(causes[id]), heading=heading)
        for id, row in {row.item_id: row for row in rows}.items()
    }


RAISED = Prepared(
    lambda: (
        select(Proposal.item_id, ReviewPoint.cause, Decision.id.label("decision_id"), Decision.text)
        .join(ReviewPoint, ReviewPoint.proposal_id == Proposal.id)
        .join(Decision, Decision.id == ReviewPoint.decision_id)
        .where(Proposal.item_id.in_(bindparam("items", expanding=True)), visible_decisions(ANY_EMPLOYEE))
        .order_by(ReviewPoint.id)
    )
)


def of_the_balance(visit: Any, chosen: dict[str, Any]) -> Markup:
    """Under the balance: what is known of the effects of the decisions that serve each perspective."""
    found, findings = what_is_known(
        visit.db, visit.viewer, committee_id=chosen["committee_id"], level=chosen["level"], year=chosen["year"]
    )
    shown: list[Any] = [*chosen["perspectives"], *([None] if None in found else [])] if found else []
    columns = [one for one in Standing if one not in (Standing.NO_ACTIVITY, Standing.OVER)]
    counts = {key: {one: found[key][one] for one in columns} for key in shown}
    return visit.desk.pages.piece(
        "loop/_balance.html", visit, counts=counts, runs=runs_of(findings), perspectives=chosen["perspectives"]
    )
