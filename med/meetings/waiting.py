"""What waits for one person in the meetings: invitations, agendas, proposals, answers, minutes."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from med import clock, workdays
from med.access import SeatRole, Viewer
from med.language import T
from med.meetings import waiting_minutes
from med.meetings.access import is_open_point, visible_proposals
from med.meetings.models import COMING, Attendance, Item, Kind, Meeting, Part, Proposal, ProposalState, Reply, State
from med.meetings.queries.planning import missed_meetings
from med.organisation.access import ANY_EMPLOYEE, own
from med.organisation.models import Approval, Committee
from med.organisation.queries import rules_on
from med.prepared import Prepared
from med.slices import Waiting

MOST = 20
ANSWER_IS_NEWS = timedelta(days=30)


def awaits(db: Session, viewer: Viewer) -> list[Waiting]:
    if not viewer.is_employee:
        return []
    return [
        *invitations(db, viewer),
        *agendas(db, viewer),
        *missed(db, viewer),
        *proposals_to_answer(db, viewer),
        *answers_to_read(db, viewer),
        *waiting_minutes.awaiting(db, viewer),
    ]


def invitations(db: Session, viewer: Viewer) -> list[Waiting]:
    """Coming meetings I am invited to and have not answered."""
    rows = INVITED(db, who=viewer.person_id, now=clock.now())
    return [
        Waiting(
            "invitation",
            T("Kommer du til %(meeting)s?", meeting=row.title),
            row.committee,
            f"/moeder/{row.id}#kommer-du",
            workdays.copenhagen(row.starts_at).date(),
            weight=4,
        )
        for row in rows
    ]


INVITED = Prepared(
    lambda: (
        select(Meeting.id, Meeting.title, Meeting.starts_at, Committee.name.label("committee"))
        .join(Attendance, Attendance.meeting_id == Meeting.id)
        .join(Committee, Committee.id == Meeting.committee_id)
        .where(
            Attendance.person_id == bindparam("who"),
            Attendance.part != Part.OBSERVER,
            Attendance.reply == Reply.INVITED,
            Meeting.state.in_(COMING),
            Meeting.ends_at > bindparam("now"),
        )
        .order_by(Meeting.starts_at)
        .limit(MOST)
    )
)


def waits_for_approval(now: Any = None) -> ColumnElement[bool]:
    """Meetings whose agenda has something of its own on it and has not gone out."""
    return and_(
        Meeting.state == State.PLANNED,
        Meeting.kind != Kind.WITHOUT_AGENDA,
        Meeting.ends_at > (clock.now() if now is None else now),
        exists().where(Item.meeting_id == Meeting.id, Item.standing.is_(None)),
    )


def agendas(db: Session, viewer: Viewer) -> list[Waiting]:
    """Agendas of coming meetings that lack my approval, once they have an item that did not come by itself."""
    chairs = [seat.committee_id for seat in viewer.seats if seat.role is SeatRole.CHAIR]
    vices = [seat.committee_id for seat in viewer.seats if seat.role is SeatRole.VICE_CHAIR]
    if not chairs and not vices:
        return []
    rows = AGENDAS(db, mine=[*chairs, *vices], chairs=chairs, vices=vices, now=clock.now())
    return [
        Waiting(
            "agenda",
            T("Godkend dagsordenen til %(meeting)s", meeting=row.title),
            row.committee,
            f"/moeder/{row.id}",
            row.agenda_due,
            weight=2,
        )
        for row in rows
        if row.committee_id in chairs or vice_must_approve(db, row.committee_id, row.starts_at)
    ]


AGENDAS = Prepared(
    lambda: (
        select(
            Meeting.id,
            Meeting.title,
            Meeting.starts_at,
            Meeting.agenda_due,
            Meeting.committee_id,
            Committee.name.label("committee"),
        )
        .join(Committee, Committee.id == Meeting.committee_id)
        .where(
            Meeting.committee_id.in_(bindparam("mine", expanding=True)),
            waits_for_approval(bindparam("now")),
            or_(
                and_(Meeting.committee_id.in_(bindparam("chairs", expanding=True)), Meeting.agenda_chair_at.is_(None)),
                and_(Meeting.committee_id.in_(bindparam("vices", expanding=True)), Meeting.agenda_vice_at.is_(None)),
            ),
        )
        .order_by(Meeting.starts_at)
        .limit(MOST)
    )
)


def vice_must_approve(db: Session, committee_id: int, starts_at: datetime) -> bool:
    rules = rules_on(db, committee_id, workdays.copenhagen(starts_at).date())
    return rules.agenda_approval is Approval.BOTH_CHAIRS


def missed(db: Session, viewer: Viewer) -> list[Waiting]:
    """Meetings I may open whose time passed without anybody doing so."""
    return [
        Waiting(
            "missed",
            T("Hvad blev der af mødet %(what)s? Åbn det, flyt det, eller aflys det.", what=row.title),
            row.committee,
            f"/moeder/{row.id}",
            weight=2,
        )
        for row in missed_meetings(db, viewer)
    ]


def proposals_to_answer(db: Session, viewer: Viewer) -> list[Waiting]:
    """Points raised for the committees I preside over. Postponed ones do not press."""
    mine = [s.committee_id for s in viewer.seats if s.role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR)]
    if not mine:
        return []
    rows = TO_ANSWER(db, mine=mine)
    return [
        Waiting(
            "proposal",
            T("Svar på forslaget »%(title)s«", title=row.title),
            row.committee,
            f"/forslag/{row.id}",
            row.agenda_due,
            weight=3,
            is_open=row.is_open,
        )
        for row in rows
    ]


TO_ANSWER = Prepared(
    lambda: (
        select(
            Proposal.id,
            Proposal.title,
            Committee.name.label("committee"),
            Meeting.agenda_due,
            is_open_point().label("is_open"),
        )
        .join(Committee, Committee.id == Proposal.committee_id)
        .outerjoin(Meeting, Meeting.id == Proposal.meeting_id)
        .where(Proposal.committee_id.in_(bindparam("mine", expanding=True)), Proposal.state == ProposalState.RECEIVED)
        .order_by(Proposal.id)
        .limit(MOST)
    )
)


def answers_to_read(db: Session, viewer: Viewer) -> list[Waiting]:
    """Answers to points I raised that I have not read yet. After a month they stand in my list, but press no more."""
    rows = ANSWERED(db, **own(viewer), since=clock.now() - ANSWER_IS_NEWS)
    return [
        Waiting(
            "answer",
            T("Der er svar på dit forslag »%(title)s«", title=row.title),
            row.committee,
            f"/forslag/{row.id}",
            weight=6,
            is_open=row.is_open,
        )
        for row in rows
    ]


ANSWERED = Prepared(
    lambda: (
        select(Proposal.id, Proposal.title, Committee.name.label("committee"), is_open_point().label("is_open"))
        .join(Committee, Committee.id == Proposal.committee_id)
        .where(
            Proposal.raised_by_id == bindparam("who"),
            visible_proposals(ANY_EMPLOYEE),
            Proposal.answered_at > bindparam("since"),
            Proposal.answered_by_id.is_distinct_from(bindparam("who")),  # nobody, where it came by itself
            Proposal.answer_seen_at.is_(None),
            Proposal.state != ProposalState.WITHDRAWN,
        )
        .order_by(Proposal.answered_at.desc())
        .limit(MOST)
    )
)
