"""What comes due by itself: no line in the journal says so, the calendar does. Each once, by its key."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from med import clock
from med.access import SeatRole
from med.competence_compass.queries.citizens import assessments_due
from med.decisions.access import OVER
from med.decisions.models import OPEN_FOLLOW_UPS, Decision, DecisionState, FollowUp
from med.meetings.models import Attendance, Item, Meeting, Minutes, MinutesState, Outcome
from med.meetings.waiting import vice_must_approve, waits_for_approval
from med.notices.models import NoticeKind, Topic
from med.notices.planning.happened import approvers
from med.notices.planning.plan import Plan
from med.notices.planning.workplace import NOBODY, Workplace

SOON = timedelta(days=3)
# A reminder nobody heeded for a year helps no one; and a first start with old data begins quietly.
STOP_AFTER = timedelta(days=365)
REVIEW_STANDS = timedelta(days=60)


def remind(db: Session, plan: Plan, today: date) -> None:
    """Everything the day brings: what is near or past its day, and what waits too long."""
    at = midnight(today)
    for due in (_tasks, _decisions, _reviews, _agendas, _drafts, _minutes, _hearings, _assessments):
        for kind, key, thing, thing_id, topic, people in due(db, plan.workplace, today):
            plan.tell(kind, key, thing, thing_id, at, plan.own(topic, people))


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.COPENHAGEN)


def stage(due: date, today: date) -> str:
    """Which reminder it is time for: three days before, on the day, and once a week after it."""
    late = (today - due).days
    if late < 0:
        return "soon"
    return "due" if late < 7 else f"late{late // 7}"


Reminder = tuple[NoticeKind, str, str, int, Topic, Iterable[int | None]]


def _tasks(db: Session, workplace: Workplace, today: date) -> Iterator[Reminder]:
    for row in db.execute(
        select(FollowUp.id, FollowUp.committee_id, FollowUp.is_open, FollowUp.owner_id, FollowUp.due).where(
            FollowUp.state.in_(OPEN_FOLLOW_UPS), FollowUp.due <= today + SOON, FollowUp.due > today - STOP_AFTER
        )
    ):
        key = f"task_due:{row.id}:{row.due}:{stage(row.due, today)}"
        people = workplace.sees_to(row.owner_id, row.committee_id, row.is_open)
        yield NoticeKind.TASK_DUE, key, "follow_up", row.id, Topic.MY_TASKS, people


DECISION = (Decision.id, Decision.committee_id, Decision.is_open, Decision.responsible_id)


def _decisions(db: Session, workplace: Workplace, today: date) -> Iterator[Reminder]:
    for row in db.execute(
        select(*DECISION, Decision.due).where(
            Decision.published_at.is_not(None),
            Decision.state.in_((DecisionState.VALID, DecisionState.IN_PROGRESS)),
            Decision.responsible_id.is_not(None),
            Decision.due <= today + SOON,
            Decision.due > today - STOP_AFTER,
        )
    ):
        key = f"decision_due:{row.id}:{row.due}:{stage(row.due, today)}"
        people = workplace.sees_to(row.responsible_id, row.committee_id, row.is_open)
        yield NoticeKind.DECISION_DUE, key, "decision", row.id, Topic.MY_DECISIONS, people


def _reviews(db: Session, workplace: Workplace, today: date) -> Iterator[Reminder]:
    for old in db.execute(
        select(*DECISION, Decision.review).where(
            Decision.published_at.is_not(None),
            Decision.state.not_in(OVER),
            Decision.review <= today,
            Decision.review > today - REVIEW_STANDS,
        )
    ):
        chairs = workplace.looks_after(old.committee_id, old.is_open, lambda one: workplace.presides.get(one, NOBODY))
        concerned = {old.responsible_id, *chairs}
        people = {one for one in concerned if workplace.may_read(one, old.committee_id, old.is_open)}
        key = f"review_due:{old.id}:{old.review}"
        yield NoticeKind.REVIEW_DUE, key, "decision", old.id, Topic.MY_DECISIONS, people


def _agendas(db: Session, workplace: Workplace, today: date) -> Iterator[Reminder]:
    """Whose yes is missing."""
    columns = (Meeting.agenda_due, Meeting.starts_at, Meeting.agenda_chair_at, Meeting.agenda_vice_at)
    for row in db.execute(
        select(Meeting.id, Meeting.committee_id, *columns).where(
            waits_for_approval(), Meeting.agenda_due <= today + SOON, Meeting.agenda_due > today - STOP_AFTER
        )
    ).all():
        people: set[int | None] = set()
        if row.agenda_chair_at is None:
            people |= set(workplace.holds.get((row.committee_id, SeatRole.CHAIR), NOBODY))
        if row.agenda_vice_at is None and vice_must_approve(db, row.committee_id, row.starts_at):
            people |= set(workplace.holds.get((row.committee_id, SeatRole.VICE_CHAIR), NOBODY))
        key = f"agenda_due:{row.id}:{row.agenda_due}:{stage(row.agenda_due, today)}"
        yield NoticeKind.TASK_DUE, key, "agenda", row.id, Topic.MY_MEETINGS, people


def _drafts(db: Session, workplace: Workplace, today: date) -> Iterator[Reminder]:
    """Minutes nobody has sent to review: to who writes them, and to the chairs when they should have been out."""
    columns = (Meeting.committee_id, Meeting.minute_taker_id, Meeting.minutes_draft_due, Meeting.minutes_out_due)
    for row in db.execute(
        select(Minutes.id, *columns)
        .join(Meeting, Meeting.id == Minutes.meeting_id)
        .where(
            Minutes.state == MinutesState.DRAFT,
            Meeting.minutes_draft_due <= today,
            Meeting.minutes_draft_due > today - STOP_AFTER,
        )
    ):
        writers: set[int | None] = {row.minute_taker_id}
        if row.minute_taker_id not in workplace.here:
            writers = set(workplace.secretaries.get(row.committee_id, NOBODY))
        key = f"draft_due:{row.id}:{stage(row.minutes_draft_due, today)}"
        yield NoticeKind.TASK_DUE, key, "minutes", row.id, Topic.MY_MEETINGS, writers
        if row.minutes_out_due is not None and row.minutes_out_due < today:
            chairs = set(workplace.presides.get(row.committee_id, NOBODY)) - writers
            key = f"minutes_out:{row.id}:{stage(row.minutes_out_due, today)}"
            yield NoticeKind.TASK_DUE, key, "minutes", row.id, Topic.MY_MEETINGS, chairs


def _minutes(db: Session, workplace: Workplace, today: date) -> Iterator[Reminder]:
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
            set(approvers(workplace, one)),
        )


def _hearings(db: Session, workplace: Workplace, today: date) -> Iterator[Reminder]:
    """Hearings that are over, once: what to do with the answers is the chairs' to say."""
    for row in db.execute(
        select(Item.id, Item.committee_id, Item.hearing_until).where(
            Item.outcome == Outcome.HEARING, Item.hearing_until < today, Item.hearing_until > today - REVIEW_STANDS
        )
    ):
        chairs = set(workplace.presides.get(row.committee_id, NOBODY))
        key = f"hearing_over:{row.id}:{row.hearing_until}"
        yield NoticeKind.TASK_DUE, key, "item", row.id, Topic.MY_MEETINGS, chairs


def _assessments(db: Session, workplace: Workplace, today: date) -> Iterator[Reminder]:
    for citizen_id, person_id, day in assessments_due(db, today + SOON):
        if day > today - STOP_AFTER:
            key = f"assessment_due:{citizen_id}:{day}:{stage(day, today)}"
            yield NoticeKind.TASK_DUE, key, "citizen", citizen_id, Topic.MY_TASKS, {person_id}
