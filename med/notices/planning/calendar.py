"""What comes due by itself: no line in the journal says so, the calendar does. Each once, by its key."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from med import clock
from med.decisions.access import OVER
from med.decisions.models import OPEN_FOLLOW_UPS, Decision, DecisionState, FollowUp
from med.meetings.models import Attendance, Meeting, Minutes, MinutesState
from med.notices.models import NoticeKind, Topic
from med.notices.planning.happened import approvers
from med.notices.planning.plan import Plan
from med.notices.planning.workplace import NOBODY

SOON = timedelta(days=3)
# A reminder nobody heeded for a year helps no one; and a first start with old data begins quietly.
STOP_AFTER = timedelta(days=365)
REVIEW_STANDS = timedelta(days=60)


def remind(db: Session, plan: Plan, today: date) -> None:
    """Everything the day brings: tasks and decisions near or past their day, reviews, minutes that wait too long."""
    at = midnight(today)
    for kind, key, thing, thing_id, topic, people in _due(db, plan, today):
        plan.tell(kind, key, thing, thing_id, at, plan.own(topic, people))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.COPENHAGEN)


def stage(due: date, today: date) -> str:
    """Which reminder it is time for: three days before, on the day, and once a week after it."""
    late = (today - due).days
    if late < 0:
        return "soon"
    return "due" if late < 7 else f"late{late // 7}"


Reminder = tuple[NoticeKind, str, str, int, Topic, set[int | None]]


def _due(db: Session, plan: Plan, today: date) -> Iterator[Reminder]:
    may_read = plan.workplace.may_read
    for row in db.execute(
        select(FollowUp.id, FollowUp.committee_id, FollowUp.is_open, FollowUp.owner_id, FollowUp.due).where(
            FollowUp.state.in_(OPEN_FOLLOW_UPS), FollowUp.due <= today + SOON, FollowUp.due > today - STOP_AFTER
        )
    ):
        if may_read(row.owner_id, row.committee_id, row.is_open):
            key = f"task_due:{row.id}:{row.due}:{stage(row.due, today)}"
            yield NoticeKind.TASK_DUE, key, "follow_up", row.id, Topic.MY_TASKS, {row.owner_id}
    columns = (Decision.id, Decision.committee_id, Decision.is_open, Decision.responsible_id)
    for settled in db.execute(
        select(*columns, Decision.due).where(
            Decision.published_at.is_not(None),
            Decision.state.in_((DecisionState.VALID, DecisionState.IN_PROGRESS)),
            Decision.responsible_id.is_not(None),
            Decision.due <= today + SOON,
            Decision.due > today - STOP_AFTER,
        )
    ):
        if may_read(settled.responsible_id, settled.committee_id, settled.is_open):
            key = f"decision_due:{settled.id}:{settled.due}:{stage(settled.due, today)}"
            yield NoticeKind.DECISION_DUE, key, "decision", settled.id, Topic.MY_DECISIONS, {settled.responsible_id}
    for old in db.execute(
        select(*columns, Decision.review).where(
            Decision.published_at.is_not(None),
            Decision.state.not_in(OVER),
            Decision.review <= today,
            Decision.review > today - REVIEW_STANDS,
        )
    ):
        concerned = {old.responsible_id, *plan.workplace.presides.get(old.committee_id, NOBODY)}
        people = {one for one in concerned if may_read(one, old.committee_id, old.is_open)}
        key = f"review_due:{old.id}:{old.review}"
        yield NoticeKind.REVIEW_DUE, key, "decision", old.id, Topic.MY_DECISIONS, people
    late = select(Meeting.id).where(Meeting.minutes_out_due < today, Meeting.minutes_out_due > today - STOP_AFTER)
    for one in db.scalars(
        select(Minutes)
        .where(Minutes.state == MinutesState.IN_REVIEW, Minutes.meeting_id.in_(late))
        .options(selectinload(Minutes.meeting).selectinload(Meeting.attendances).selectinload(Attendance.stands_in_for))
    ):
        due = one.meeting.minutes_out_due
        assert due is not None
        key = f"minutes_late:{one.id}:{stage(due, today)}"
        yield (
            NoticeKind.MINUTES_TO_APPROVE,
            key,
            "minutes",
            one.id,
            Topic.MY_MEETINGS,
            set(approvers(plan.workplace, one)),
        )
