"""From what stands in the journal to whom it concerns. One function a kind of thing, one question a batch."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from med.access import SeatRole
from med.decisions.models import Decision, FollowUp, Tag
from med.journal.models import Entry
from med.meetings.access import acts_as, is_open_point
from med.meetings.models import Attendance, Item, Meeting, Minutes, MinutesState, Part, Proposal, ProposalState, Reply
from med.notices.models import Channel, NoticeKind, Outlet, OutletKind, Topic
from med.notices.outbox import Posting
from med.notices.planning.plan import Event, Plan
from med.notices.planning.workplace import NOBODY, Workplace
from med.perspectives.models import Perspective

WHEN_AND_WHERE = {"starts_at", "ends_at", "place", "video_url"}
ANSWERS = ("accept", "move", "send_on", "merge", "postpone", "decline", "postponed", "returned")
# What is told of one by one; other changes to a follow-up are its owner's own or have their own line.
WORTH_TELLING = {"due", "text"}


def meetings(db: Session, plan: Plan, events: Sequence[Event], outlets: Sequence[Outlet]) -> None:
    ids = {event.thing_id for event in events}
    committee_of: dict[int, int] = dict(
        db.execute(select(Meeting.id, Meeting.committee_id).where(Meeting.id.in_(ids))).all()
    )
    invited: dict[int, list[Any]] = defaultdict(list)
    for row in db.execute(
        select(Attendance.meeting_id, Attendance.person_id, Attendance.reply, Attendance.part).where(
            Attendance.meeting_id.in_(ids)
        )
    ):
        invited[row.meeting_id].append(row)
    for event in events:
        if event.thing_id not in committee_of:
            continue
        # Who is invited is sent a new invitation, which is a mail already; here it stands on the page only.
        listeners = [row.person_id for row in invited[event.thing_id] if row.part is Part.OBSERVER]
        summoned = [row.person_id for row in invited[event.thing_id] if row.part is not Part.OBSERVER]
        wishes = plan.own(Topic.MY_MEETINGS, listeners) + plan.on_page(Topic.MY_MEETINGS, summoned)
        kind, key = NoticeKind.MEETING_MOVED, f"meeting_moved:{event.thing_id}:{event.id}"
        if event.happened == "agenda.sent":
            coming = [row.person_id for row in invited[event.thing_id] if row.reply is not Reply.DECLINED]
            wishes = plan.own(Topic.MY_MEETINGS, coming) + plan.of_committee(committee_of[event.thing_id])
            kind, key = NoticeKind.AGENDA_SENT, f"agenda_sent:{event.thing_id}"
            tell_outlets(plan, outlets, event, committee_of[event.thing_id], "meeting", once=True)
        elif event.happened == "meeting.cancelled":
            kind, key = NoticeKind.MEETING_CANCELLED, f"meeting_cancelled:{event.thing_id}"
        elif event.happened == "meeting.changed" and not WHEN_AND_WHERE & set(event.fields.split(",")):
            continue
        plan.tell(kind, key, "meeting", event.thing_id, event.at, wishes, by=event.person_id)


def minutes(db: Session, plan: Plan, events: Sequence[Event], outlets: Sequence[Outlet]) -> None:
    found = {one.id: one for one in _minutes(db, {event.thing_id for event in events})}
    approved = [event.thing_id for event in events if event.happened == "minutes.approved"]
    points = _points_treated(db, approved) if approved else {}
    for event in events:
        if (one := found.get(event.thing_id)) is None:
            continue
        if event.happened == "minutes.approved":
            kind, key = NoticeKind.MINUTES_APPROVED, f"minutes_approved:{one.id}"
            there = {attendance.person_id for attendance in one.meeting.attendances}
            wishes = plan.own(Topic.MY_MEETINGS, there)
            for point, raiser, sender in points.get(one.id, ()):
                waits = {raiser} | plan.workplace.runs(sender or 0)
                treated = plan.own(Topic.MY_POINTS, waits - there)  # who was there has the minutes anyway
                its = (f"point_treated:{point}:{one.id}", "proposal", point, event.at)
                plan.tell(NoticeKind.POINT_ANSWERED, *its, treated, by=event.person_id)
        else:
            kind, key = NoticeKind.MINUTES_TO_APPROVE, f"minutes_to_approve:{one.id}:{event.id}"
            wishes = plan.own(Topic.MY_MEETINGS, approvers(plan.workplace, one))
        plan.tell(kind, key, "minutes", one.id, event.at, wishes, by=event.person_id)


def _points_treated(db: Session, ids: Collection[int]) -> dict[int, list[tuple[int, int | None, int | None]]]:
    """minutes id -> (proposal id, who raised it, the committee that sent it on) of the points they tell the outcome
    of. Of closed items they do not, and nobody outside hears where a point from one went."""
    found: dict[int, list[tuple[int, int | None, int | None]]] = defaultdict(list)
    for minutes_id, point, raiser, sender in db.execute(
        select(Minutes.id, Proposal.id, Proposal.raised_by_id, SENDER.committee_id)
        .join(Item, Item.meeting_id == Minutes.meeting_id)
        .join(Proposal, Proposal.item_id == Item.id)
        .outerjoin(SENDER, from_another_committee())
        .where(
            Minutes.id.in_(ids),
            or_(Proposal.raised_by_id.is_not(None), SENDER.id.is_not(None)),
            Proposal.state.in_((ProposalState.ACCEPTED, ProposalState.MERGED)),
            is_open_point(),
        )
    ):
        found[minutes_id].append((point, raiser, sender))
    return found


def _minutes(db: Session, ids: Iterable[int]) -> Sequence[Minutes]:
    return db.scalars(
        select(Minutes)
        .where(Minutes.id.in_(ids))
        .options(selectinload(Minutes.meeting).selectinload(Meeting.attendances).selectinload(Attendance.stands_in_for))
    ).all()


def approvers(workplace: Workplace, one: Minutes) -> set[int]:
    """Whose yes minutes in review wait for: each side's chair, or the substitute who acts for one who is away."""
    if one.state is not MinutesState.IN_REVIEW:
        return set()
    found: set[int] = set()
    for role, said in ((SeatRole.CHAIR, one.chair_at), (SeatRole.VICE_CHAIR, one.vice_at)):
        if said is not None:
            continue
        found |= set(workplace.holds.get((one.committee_id, role), NOBODY))
        found |= {there.person_id for there in one.meeting.attendances if acts_as(there, role)}
    return found


SENDER = aliased(Item)


def from_another_committee() -> ColumnElement[bool]:
    """The item a proposal came from, where it was another committee's."""
    return and_(SENDER.id == Proposal.from_item_id, SENDER.committee_id != Proposal.committee_id)


def proposals(db: Session, plan: Plan, events: Sequence[Event], outlets: Sequence[Outlet]) -> None:
    """To the chairs and the secretary: a point was raised. To the one who raised it, and to those of the committee
    that sent it on: it was answered."""
    rows = {
        row.id: row
        for row in db.execute(
            select(Proposal.id, Proposal.committee_id, Proposal.raised_by_id, SENDER.committee_id.label("sender"))
            .outerjoin(SENDER, from_another_committee())
            .where(Proposal.id.in_({event.thing_id for event in events}))
        )
    }
    for event in events:
        if (row := rows.get(event.thing_id)) is None:
            continue
        if event.happened in ("proposal.raised", "proposal.sent_on", "proposal.send_on"):
            key = f"point_raised:{row.id}:{row.committee_id}"
            wishes = plan.own(Topic.MY_POINTS, plan.workplace.runs(row.committee_id) - {row.raised_by_id})
            plan.tell(NoticeKind.POINT_RAISED, key, "proposal", row.id, event.at, wishes, by=event.person_id)
        if event.happened.removeprefix("proposal.") in ANSWERS:
            key = f"point_answered:{row.id}:{event.id}"
            wishes = plan.own(Topic.MY_POINTS, {row.raised_by_id} | plan.workplace.runs(row.sender or 0))
            plan.tell(NoticeKind.POINT_ANSWERED, key, "proposal", row.id, event.at, wishes, by=event.person_id)


def decisions(db: Session, plan: Plan, events: Sequence[Event], outlets: Sequence[Outlet]) -> None:
    ids = {event.thing_id for event in events}
    rows = {
        row.id: row
        for row in db.execute(
            select(Decision.id, Decision.committee_id, Decision.is_open, Decision.responsible_id).where(
                Decision.id.in_(ids), Decision.published_at.is_not(None)
            )
        )
    }
    tags: dict[int, list[Perspective]] = defaultdict(list)
    for decision_id, perspective in db.execute(
        select(Tag.decision_id, Tag.perspective).where(Tag.decision_id.in_(ids))
    ):
        tags[decision_id].append(perspective)
    last = _last_given(db, Decision, events)
    for event in events:
        if (row := rows.get(event.thing_id)) is None:
            continue
        wishes = plan.of_decision(row.id)
        kind, key = NoticeKind.DECISION_CHANGED, f"decision_changed:{row.id}:{event.id}"
        if event.happened == "decision.published":
            kind, key = NoticeKind.DECISION_PUBLISHED, f"decision_published:{row.id}"
            wishes += plan.of_perspectives(tags[row.id])
        if event.happened == "decision.handed_over":
            if event.id in last and plan.workplace.may_read(row.responsible_id, row.committee_id, row.is_open):
                mine = plan.own(Topic.MY_DECISIONS, [row.responsible_id])
                given = f"decision_given:{row.id}:{event.id}"
                plan.tell(NoticeKind.TASK_GIVEN, given, "decision", row.id, event.at, mine, by=event.person_id)
            wishes = [one for one in wishes if one.person_id != row.responsible_id]
        elif event.happened not in ("decision.moved", "decision.news"):  # how it goes is for those who follow it
            wishes += plan.of_committee(row.committee_id)
            wishes += plan.own(Topic.MY_DECISIONS, [row.responsible_id])
            if row.is_open:
                once = event.happened == "decision.published"
                tell_outlets(plan, outlets, event, row.committee_id, "decision", once=once)
        allowed = (w for w in wishes if plan.workplace.may_read(w.person_id, row.committee_id, row.is_open))
        plan.tell(kind, key, "decision", row.id, event.at, allowed, by=event.person_id)


def follow_ups(db: Session, plan: Plan, events: Sequence[Event], outlets: Sequence[Outlet]) -> None:
    rows = {
        row.id: row
        for row in db.execute(
            select(FollowUp.id, FollowUp.committee_id, FollowUp.is_open, FollowUp.owner_id).where(
                FollowUp.id.in_({event.thing_id for event in events})
            )
        )
    }
    last = _last_given(db, FollowUp, events)
    for event in events:
        row = rows.get(event.thing_id)
        if row is None or not plan.workplace.may_read(row.owner_id, row.committee_id, row.is_open):
            continue
        kind, key = NoticeKind.TASK_GIVEN, f"task_given:{row.id}:{row.owner_id}"
        if _gives(event):
            if event.id not in last:
                continue
            if event.happened == "follow_up.moved":
                key += f":{event.id}"  # given back to whoever had it once is news again
        elif WORTH_TELLING & set(event.fields.split(",")):
            kind, key = NoticeKind.TASK_CHANGED, f"task_changed:{row.id}:{event.id}"
        else:
            continue
        wishes = plan.own(Topic.MY_TASKS, [row.owner_id])
        plan.tell(kind, key, "follow_up", row.id, event.at, wishes, by=event.person_id)


GIVES = ("decision.handed_over", "follow_up.agreed", "follow_up.moved")


def _gives(line: Any) -> bool:
    """Whether a decision or a follow-up is somebody else's by this line of the journal."""
    return line.happened in GIVES and (
        line.happened != "follow_up.moved" or not {"owner_id", "owner"}.isdisjoint(line.fields.split(","))
    )


def _last_given(db: Session, kind: type[Decision] | type[FollowUp], events: Sequence[Event]) -> set[int]:
    """The lines by which things came to whoever has them now: given on twice before anybody is told, only the last one
    is told of. Asked of the journal itself, as the events may end between two of them."""
    ids = {event.thing_id for event in events if _gives(event)}
    if not ids:
        return set()
    lines = db.execute(
        select(Entry.id, Entry.thing_id, Entry.happened, Entry.fields)
        .where(Entry.thing == kind.__tablename__, Entry.thing_id.in_(ids), Entry.happened.in_(GIVES))
        .order_by(Entry.id)
    )
    return set({line.thing_id: line.id for line in lines if _gives(line)}.values())


def tell_outlets(
    plan: Plan, outlets: Sequence[Outlet], event: Event, committee_id: int, thing: str, *, once: bool
) -> None:
    """The channels outside the house that hear of this committee, or of all, since they were made."""
    key = f"{event.happened}:{event.thing_id}" + ("" if once else f":{event.id}")
    plan.postings += [
        Posting(
            key=f"outlet:{outlet.id}:{key}",
            kind="outlet",
            outlet_id=outlet.id,
            channel=Channel.WEBHOOK if outlet.kind is OutletKind.WEBHOOK else Channel.CHAT,
            details={"happened": event.happened, "thing": thing, "id": event.thing_id},
        )
        for outlet in outlets
        if outlet.committee_id in (None, committee_id) and outlet.made_at <= event.at
    ]


Teller = Callable[[Session, Plan, Sequence[Event], Sequence[Outlet]], None]
TELLS: dict[str, Teller] = {
    **dict.fromkeys(("agenda.sent", "meeting.moved", "meeting.changed", "meeting.cancelled"), meetings),
    **dict.fromkeys(("minutes.sent_to_review", "minutes.approved"), minutes),
    **dict.fromkeys(("proposal.raised", "proposal.sent_on", *(f"proposal.{one}" for one in ANSWERS)), proposals),
    **dict.fromkeys(
        (
            "decision.published",
            "decision.replaced",
            "decision.withdrawn",
            "decision.reviewed",
            "decision.moved",
            "decision.news",
            "decision.handed_over",
        ),
        decisions,
    ),
    **dict.fromkeys(("follow_up.agreed", "follow_up.moved"), follow_ups),
}
