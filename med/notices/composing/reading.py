"""What is read to say it: one question a kind of thing, through what the reader may see by then."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.queries.citizens import my_citizens
from med.decisions.access import left_behind, visible_decisions, visible_follow_ups
from med.decisions.models import Decision, FollowUp
from med.meetings.access import is_open_point, visible_meetings, visible_minutes, visible_proposals, visible_words
from med.meetings.models import Item, Meeting, Minutes, Proposal
from med.meetings.waiting import waits_for_approval
from med.organisation.models import Committee

short_name = func.coalesce(func.nullif(Committee.short_name, ""), Committee.name).label("committee")


def _by_id(rows: Iterable[Any]) -> dict[int, Any]:
    return {row.id: row for row in rows}


def _meetings(db: Session, viewer: Viewer, ids: Collection[int]) -> dict[int, Any]:
    return _by_id(
        db.execute(
            select(
                Meeting.id,
                Meeting.title,
                Meeting.starts_at,
                Meeting.place,
                Meeting.state,
                Meeting.cancelled_reason,
                short_name,
            )
            .join(Committee, Committee.id == Meeting.committee_id)
            .where(Meeting.id.in_(ids), visible_meetings(viewer))
        )
    )


def _minutes(db: Session, viewer: Viewer, ids: Collection[int]) -> dict[int, Any]:
    return _by_id(
        db.execute(
            select(
                Minutes.id,
                Minutes.state,
                Minutes.meeting_id,
                Meeting.title,
                Meeting.starts_at,
                Meeting.minutes_draft_due,
                Meeting.minutes_out_due,
                short_name,
            )
            .join(Meeting, Meeting.id == Minutes.meeting_id)
            .join(Committee, Committee.id == Meeting.committee_id)
            .where(Minutes.id.in_(ids), visible_minutes(viewer))
        )
    )


def _agendas(db: Session, viewer: Viewer, ids: Collection[int]) -> dict[int, Any]:
    return _by_id(
        db.execute(
            select(Meeting.id, Meeting.title, Meeting.agenda_due, waits_for_approval().label("waits"), short_name)
            .join(Committee, Committee.id == Meeting.committee_id)
            .where(Meeting.id.in_(ids), visible_meetings(viewer))
        )
    )


def _hearings(db: Session, viewer: Viewer, ids: Collection[int]) -> dict[int, Any]:
    return _by_id(
        db.execute(
            select(Item.id, Item.meeting_id, Item.title, Item.is_open, Item.outcome, Item.hearing_until, short_name)
            .join(Committee, Committee.id == Item.committee_id)
            .where(Item.id.in_(ids), visible_words(viewer))
        )
    )


def _citizens(db: Session, viewer: Viewer, ids: Collection[int]) -> dict[int, Any]:
    return {row.id: row for row in my_citizens(db, viewer) if row.id in ids}


def _proposals(db: Session, viewer: Viewer, ids: Collection[int]) -> dict[int, Any]:
    return _by_id(
        db.execute(
            select(
                Proposal.id,
                Proposal.title,
                Proposal.state,
                Proposal.reason,
                Proposal.answered_at,
                Meeting.title.label("meeting"),
                is_open_point().label("is_open"),
                Item.outcome,
                Minutes.chairs_approved_at.is_not(None).label("is_treated"),
                short_name,
            )
            .join(Committee, Committee.id == Proposal.committee_id)
            .outerjoin(Meeting, Meeting.id == Proposal.meeting_id)
            .outerjoin(Item, and_(Item.id == Proposal.item_id, visible_words(viewer)))
            .outerjoin(Minutes, Minutes.meeting_id == Item.meeting_id)
            .where(Proposal.id.in_(ids), visible_proposals(viewer))
        )
    )


def _decisions(db: Session, viewer: Viewer, ids: Collection[int]) -> dict[int, Any]:
    return _by_id(
        db.execute(
            select(
                Decision.id,
                Decision.text,
                Decision.why,
                Decision.withdrawn_reason,
                Decision.perspective,
                Decision.state,
                Decision.is_open,
                Decision.due,
                Decision.review,
                Decision.committee_id,
                Decision.responsible_id,
                left_behind(Decision, clock.today()).label("is_left"),
                (Committee.ends < clock.today()).label("is_over"),
                short_name,
            )
            .join(Committee, Committee.id == Decision.committee_id)
            .where(Decision.id.in_(ids), Decision.published_at.is_not(None), visible_decisions(viewer))
        )
    )


def _follow_ups(db: Session, viewer: Viewer, ids: Collection[int]) -> dict[int, Any]:
    return _by_id(
        db.execute(
            select(
                FollowUp.id,
                FollowUp.text,
                FollowUp.due,
                FollowUp.state,
                FollowUp.committee_id,
                FollowUp.owner_id,
                FollowUp.is_open,
                left_behind(FollowUp, clock.today()).label("is_left"),
                (Committee.ends < clock.today()).label("is_over"),
                short_name,
            )
            .join(Committee, Committee.id == FollowUp.committee_id)
            .where(FollowUp.id.in_(ids), visible_follow_ups(viewer))
        )
    )


READ: dict[str, Callable[[Session, Viewer, Collection[int]], dict[int, Any]]] = {
    "meeting": _meetings,
    "agenda": _agendas,
    "minutes": _minutes,
    "item": _hearings,
    "citizen": _citizens,
    "proposal": _proposals,
    "decision": _decisions,
    "follow_up": _follow_ups,
}
