"""What waits for a person: decisions and follow-ups they answer for, and what a chair has to see to."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Date, and_, bindparam, case, func, or_, select, union
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole, Viewer
from med.db import BigInt
from med.decisions.access import OVER, left_behind, visible_decisions, visible_follow_ups
from med.decisions.models import OPEN_FOLLOW_UPS, Decision, DecisionState, FollowUp
from med.organisation.models import Committee
from med.organisation.queries import and_left_to
from med.prepared import Prepared

SOON = timedelta(days=14)
LONG_AGO = timedelta(days=365)  # what somebody left is looked for so far back, as reminders of it go
MOST = 50
FEW = 250  # committees
short_name = func.coalesce(func.nullif(Committee.short_name, ""), Committee.name).label("committee")


class Due(NamedTuple):
    """Something of the viewer's own, and the day it is about."""

    id: int
    text: str
    day: date
    is_open: bool
    committee: str
    is_left: bool = False  # by somebody who was to see to it; the viewer runs the committee


class Somebody:
    """An employee who is filled in when the question is asked: it is on everybody's first page."""

    is_employee = True
    inside: Any = bindparam("inside", expanding=True)
    person_id: Any = bindparam("me", type_=BigInt)


ME, DAY, TODAY = cast(Viewer, Somebody()), bindparam("day", type_=Date()), bindparam("today", type_=Date())


def _own(table: type[Decision] | type[FollowUp], day: Any, *conditions: Any) -> Any:
    return (
        select(table.id, table.text, day, table.is_open, short_name)
        .join(Committee, Committee.id == table.committee_id)
        .where(day <= DAY, *conditions)
        .order_by(day, table.id)
        .limit(MOST)
    )


DECISIONS_DUE = Prepared(lambda: _own(
    Decision, Decision.due, Decision.responsible_id == ME.person_id, Decision.published_at.is_not(None),
    Decision.state.in_((DecisionState.VALID, DecisionState.IN_PROGRESS)), visible_decisions(ME),
))  # fmt: skip
FOLLOW_UPS_DUE = Prepared(lambda: _own(
    FollowUp, FollowUp.due, FollowUp.state.in_(OPEN_FOLLOW_UPS), visible_follow_ups(ME),
    or_(
        FollowUp.owner_id == ME.person_id,
        and_(FollowUp.committee_id.in_(bindparam("runs", expanding=True)), left_behind(FollowUp, TODAY)),
    ),
).add_columns((FollowUp.owner_id != ME.person_id).label("is_left")))  # fmt: skip
REVIEWS_DUE = Prepared(lambda: _own(
    Decision, Decision.review, Decision.responsible_id == ME.person_id, Decision.published_at.is_not(None),
    Decision.state.not_in(OVER), Decision.committee_id.not_in(bindparam("presides", expanding=True)),
    visible_decisions(ME),
))  # fmt: skip


def my_decisions_due(db: Session, viewer: Viewer) -> list[Due]:
    """Decisions the viewer is responsible for that are overdue or due soon."""
    found = DECISIONS_DUE(db, me=viewer.person_id, inside=viewer.inside, day=clock.today() + SOON)
    return [Due(*row) for row in found]


def my_follow_ups_due(db: Session, viewer: Viewer) -> list[Due]:
    """The viewer's follow-ups that are overdue or due soon, and those that somebody left to who runs the committee."""
    runs = and_left_to(db, presided(viewer) | viewer.secretary_of)
    today = clock.today()
    mine = {"me": viewer.person_id, "inside": viewer.inside, "day": today + SOON, "today": today, "runs": runs}
    return [Due(*row) for row in FOLLOW_UPS_DUE(db, **mine)]


def my_reviews_due(db: Session, viewer: Viewer) -> list[Due]:
    """Decisions the viewer is responsible for that their committee looks back at now.

    Those who preside over the committee have them as `chairs_tasks`.
    """
    presides = and_left_to(db, presided(viewer))
    mine = {"me": viewer.person_id, "inside": viewer.inside, "day": clock.today(), "presides": presides}
    return [Due(*row) for row in REVIEWS_DUE(db, **mine)]


def presided(viewer: Viewer) -> set[int]:
    return {seat.committee_id for seat in viewer.seats if viewer.presides(seat.committee_id)}


def chairs_tasks(db: Session, viewer: Viewer) -> Sequence[Any]:
    """For chairs: decisions to look back at, drafts the other chair wants out at once, and what somebody left; the last
    also for secretaries, but for those of so many committees that it would be looked for long. They have the reminder.

    (id, text, review, published_at, is_open, committee, left_due); without `published_at` it is a draft that waits,
    with `left_due` nobody else tells how it goes.
    """
    as_chair = {seat.committee_id for seat in viewer.seats if seat.role is SeatRole.CHAIR}
    as_vice = {seat.committee_id for seat in viewer.seats if seat.role is SeatRole.VICE_CHAIR}
    presides = as_chair | as_vice
    runs = presides | viewer.secretary_of if len(viewer.secretary_of) <= FEW else presides
    if not runs:
        return []
    mine = {
        "as_chair": sorted(as_chair),
        "as_vice": sorted(as_vice),
        "presides": sorted(and_left_to(db, presides)),
        "runs": sorted(and_left_to(db, runs)),
        "own": sorted(runs),
    }
    today = clock.today()
    return CHAIRS_TASKS(db, **mine, today=today, since=today - LONG_AGO, day=today + SOON)


def _chairs_tasks() -> Any:
    def among(name: str) -> ColumnElement[bool]:
        return Decision.committee_id.in_(bindparam(name, expanding=True))

    waiting = and_(
        Decision.published_at.is_(None),
        or_(
            and_(among("as_chair"), Decision.release_chair_at.is_(None), Decision.release_vice_at.is_not(None)),
            and_(among("as_vice"), Decision.release_vice_at.is_(None), Decision.release_chair_at.is_not(None)),
        ),
    )
    is_out = Decision.published_at.is_not(None)
    look_back = and_(among("presides"), is_out, Decision.review <= TODAY, Decision.state.not_in(OVER))
    under_way = Decision.state.in_((DecisionState.VALID, DecisionState.IN_PROGRESS))
    due = Decision.due.between(bindparam("since", type_=Date), DAY)
    left = and_(among("runs"), is_out, due, under_way, left_behind(Decision, TODAY))
    # Each by an index of its own: together they would walk all that the committee has ever decided.
    found = union(*(select(Decision.id).where(among("runs"), one) for one in (waiting, look_back, left)))
    review = case((look_back, Decision.review)).label("review")
    left_due = case((left, Decision.due)).label("left_due")
    return (
        select(Decision.id, Decision.text, review, Decision.published_at, Decision.is_open, short_name, left_due)
        .join(Committee, Committee.id == Decision.committee_id)
        .where(Decision.id.in_(found), or_(Decision.is_open, among("own")))
        .order_by(func.coalesce(review, left_due), Decision.id)
        .limit(MOST)
    )


CHAIRS_TASKS = Prepared(_chairs_tasks)
