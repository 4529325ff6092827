"""Follow-ups: a committee's open ones for its next agenda, and the list of them all."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session, joinedload

from med import clock
from med.access import Viewer
from med.decisions.access import visible_decisions, visible_follow_ups
from med.decisions.models import OPEN_FOLLOW_UPS, Decision, FollowUp, FollowUpChange, FollowUpState
from med.errors import NotFound
from med.meetings.access import visible_items
from med.meetings.models import Item
from med.organisation.models import Committee, Person

PAGE = 50
NO_DUE = date(9999, 12, 31)


def follow_up(db: Session, viewer: Viewer, follow_up_id: int) -> FollowUp:
    """A follow-up, or NotFound for one the viewer may not know."""
    found = db.scalar(
        select(FollowUp)
        .where(FollowUp.id == follow_up_id, visible_follow_ups(viewer))
        .options(
            joinedload(FollowUp.committee),
            joinedload(FollowUp.owner),
            joinedload(FollowUp.item).joinedload(Item.meeting),
            joinedload(FollowUp.decision),
        )
    )
    if found is None:
        raise NotFound
    return found


def follow_up_history(db: Session, viewer: Viewer, follow_up_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Oldest first: (at, state, note, who)."""
    return db.execute(
        select(FollowUpChange.at, FollowUpChange.state, FollowUpChange.note, Person.name.label("who"))
        .join(FollowUp, FollowUp.id == FollowUpChange.follow_up_id)
        .outerjoin(Person, Person.id == FollowUpChange.person_id)
        .where(FollowUpChange.follow_up_id == follow_up_id, visible_follow_ups(viewer))
        .order_by(FollowUpChange.at, FollowUpChange.id)
    ).all()


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            FollowUp.id,
            FollowUp.text,
            FollowUp.due,
            FollowUp.state,
            FollowUp.version,
            FollowUp.owner_id,
            FollowUp.committee_id,
            FollowUp.decision_id,
            Person.name.label("owner"),
            func.coalesce(func.nullif(Committee.short_name, ""), Committee.name).label("committee"),
        )
        .join(Person, Person.id == FollowUp.owner_id)
        .join(Committee, Committee.id == FollowUp.committee_id)
    )


def open_follow_ups(
    db: Session, viewer: Viewer, committee_id: int, limit: int = 100
) -> Sequence[Row[*tuple[Any, ...]]]:
    """What a committee still has to do, the most overdue first."""
    due = func.coalesce(FollowUp.due, NO_DUE)
    return db.execute(
        _rows()
        .where(
            FollowUp.committee_id == committee_id,
            FollowUp.state.in_(OPEN_FOLLOW_UPS),
            visible_follow_ups(viewer),
        )
        .order_by(due, FollowUp.id)
        .limit(limit)
    ).all()


class FollowUpSlice(NamedTuple):
    rows: Sequence[Row[*tuple[Any, ...]]]
    after: str  # where the next page starts, "" when this is the last


def follow_ups(
    db: Session,
    viewer: Viewer,
    *,
    committee_id: int | None = None,
    owner_id: int | None = None,
    overdue: bool = False,
    with_closed: bool = False,
    after: tuple[date, int] | None = None,
    limit: int = PAGE,
) -> FollowUpSlice:
    """Follow-ups by due date; those without one come last."""
    wanted = [visible_follow_ups(viewer)]
    if committee_id is not None:
        wanted.append(FollowUp.committee_id == committee_id)
    if owner_id is not None:
        wanted.append(FollowUp.owner_id == owner_id)
    if overdue:
        wanted.append(FollowUp.due < clock.today())
    states = OPEN_FOLLOW_UPS if overdue or not with_closed else tuple(FollowUpState)
    day, id = after or (date.min, 0)
    found: list[int] = []
    if day < NO_DUE:
        place = tuple_(FollowUp.due, FollowUp.id)
        since = place > tuple_(literal(day), literal(id))
        found += db.scalars(_first([*wanted, since], states, [FollowUp.due, FollowUp.id], limit + 1))
        id = 0
    if len(found) <= limit and not overdue:
        undated = [*wanted, FollowUp.due.is_(None), FollowUp.id > id]
        found += db.scalars(_first(undated, states, [FollowUp.id], limit + 1 - len(found)))
    order = func.coalesce(FollowUp.due, NO_DUE), FollowUp.id
    rows = db.execute(_rows().where(FollowUp.id.in_(found[:limit])).order_by(*order)).all()
    more = len(found) > limit
    return FollowUpSlice(rows, f"{(rows[-1].due or NO_DUE).isoformat()}.{rows[-1].id}" if more else "")


def _first(
    wanted: Sequence[ColumnElement[bool]], states: Sequence[FollowUpState], order: Sequence[Any], limit: int
) -> Select[int]:
    """The first of what is wanted in any of these states. Each state is one walk of its own index in that order: all
    together they would be sorted, and in a city that is years of them."""
    each = [
        select(FollowUp.id, FollowUp.due)
        .where(FollowUp.state == state, *wanted)
        .order_by(*order)
        .limit(limit)
        .subquery()
        for state in states
    ]
    all_of_them = union_all(*map(select, each)).subquery()
    return select(all_of_them.c.id).order_by(*(all_of_them.c[column.key] for column in order)).limit(limit)


class Sources(NamedTuple):
    """Where a follow-up comes from, as far as the viewer may read it: (id, text) and (meeting id, title)."""

    decision: Row[*tuple[Any, ...]] | None
    item: Row[*tuple[Any, ...]] | None


def readable_sources(db: Session, viewer: Viewer, found: FollowUp) -> Sources:
    decision = item = None
    if found.decision_id is not None:
        decision = db.execute(
            select(Decision.id, Decision.text).where(Decision.id == found.decision_id, visible_decisions(viewer))
        ).first()
    if found.item_id is not None:
        item = db.execute(
            select(Item.meeting_id, Item.title).where(Item.id == found.item_id, visible_items(viewer))
        ).first()
    return Sources(decision, item)
