"""What waits for a person: decisions and follow-ups they answer for, and what a chair has to see to."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole, Viewer
from med.decisions.access import OVER, visible_decisions, visible_follow_ups
from med.decisions.models import OPEN_FOLLOW_UPS, Decision, DecisionState, FollowUp
from med.organisation.models import Committee

SOON = timedelta(days=14)
MOST = 50
short_name = func.coalesce(func.nullif(Committee.short_name, ""), Committee.name).label("committee")


def my_decisions_due(db: Session, viewer: Viewer) -> Sequence[Row[*tuple[Any, ...]]]:
    """Decisions the viewer is responsible for that are overdue or due soon: (id, text, due, is_open, committee)."""
    return db.execute(
        select(Decision.id, Decision.text, Decision.due, Decision.is_open, short_name)
        .join(Committee, Committee.id == Decision.committee_id)
        .where(
            Decision.responsible_id == viewer.person_id,
            Decision.published_at.is_not(None),
            Decision.state.in_((DecisionState.VALID, DecisionState.IN_PROGRESS)),
            Decision.due <= clock.today() + SOON,
            visible_decisions(viewer),
        )
        .order_by(Decision.due, Decision.id)
        .limit(MOST)
    ).all()


def my_follow_ups_due(db: Session, viewer: Viewer) -> Sequence[Row[*tuple[Any, ...]]]:
    """The viewer's follow-ups that are overdue or due soon: (id, text, due, is_open, committee)."""
    return db.execute(
        select(FollowUp.id, FollowUp.text, FollowUp.due, FollowUp.is_open, short_name)
        .join(Committee, Committee.id == FollowUp.committee_id)
        .where(
            FollowUp.owner_id == viewer.person_id,
            FollowUp.state.in_(OPEN_FOLLOW_UPS),
            FollowUp.due <= clock.today() + SOON,
            visible_follow_ups(viewer),
        )
        .order_by(FollowUp.due, FollowUp.id)
        .limit(MOST)
    ).all()


def my_reviews_due(db: Session, viewer: Viewer) -> Sequence[Row[*tuple[Any, ...]]]:
    """Decisions the viewer is responsible for that their committee looks back at now: (id, text, review, is_open, …).

    Those who preside over the committee have them as `chairs_tasks`.
    """
    presides = [seat.committee_id for seat in viewer.seats if viewer.presides(seat.committee_id)]
    return db.execute(
        select(Decision.id, Decision.text, Decision.review, Decision.is_open, short_name)
        .join(Committee, Committee.id == Decision.committee_id)
        .where(
            Decision.responsible_id == viewer.person_id,
            Decision.published_at.is_not(None),
            Decision.review <= clock.today(),
            Decision.state.not_in(OVER),
            Decision.committee_id.not_in(presides),
            visible_decisions(viewer),
        )
        .order_by(Decision.review, Decision.id)
        .limit(MOST)
    ).all()


def chairs_tasks(db: Session, viewer: Viewer) -> Sequence[Row[*tuple[Any, ...]]]:
    """For chairs: decisions to look back at, and drafts the other chair wants out at once.

    (id, text, review, published_at, is_open, committee); without `published_at` it is a draft that waits.
    """
    as_chair = [seat.committee_id for seat in viewer.seats if seat.role is SeatRole.CHAIR]
    as_vice = [seat.committee_id for seat in viewer.seats if seat.role is SeatRole.VICE_CHAIR]
    if not as_chair and not as_vice:
        return []
    waiting = and_(
        Decision.published_at.is_(None),
        or_(
            and_(
                Decision.committee_id.in_(as_chair),
                Decision.release_chair_at.is_(None),
                Decision.release_vice_at.is_not(None),
            ),
            and_(
                Decision.committee_id.in_(as_vice),
                Decision.release_vice_at.is_(None),
                Decision.release_chair_at.is_not(None),
            ),
        ),
    )
    look_back = and_(Decision.published_at.is_not(None), Decision.review <= clock.today(), Decision.state.not_in(OVER))
    return db.execute(
        select(Decision.id, Decision.text, Decision.review, Decision.published_at, Decision.is_open, short_name)
        .join(Committee, Committee.id == Decision.committee_id)
        .where(Decision.committee_id.in_([*as_chair, *as_vice]), or_(waiting, look_back))
        .order_by(Decision.review, Decision.id)
        .limit(MOST)
    ).all()
