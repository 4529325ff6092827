"""What stands in one person's calendar, and the mark: what it is made of, to tell whether anything changed.

Each question is put together once for each choice and each set of committees; the person and the day are filled in
when it is asked.
"""

from collections.abc import Sequence
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Row, Select, and_, bindparam, case, false, func, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole, Viewer
from med.calendar.forms import Choice, Dues, Whose
from med.db import UtcDateTime, in_one_line, in_one_text
from med.decisions.access import OVER, visible_decisions, visible_follow_ups
from med.decisions.models import OPEN_FOLLOW_UPS, Decision, DecisionState, FollowUp
from med.decisions.queries.syndicated import Inside
from med.errors import NotFound
from med.meetings.access import visible_items, visible_meetings
from med.meetings.models import COMING, Attendance, Item, Meeting, Minutes, State
from med.organisation.models import Committee
from med.workdays import to_utc

KEPT = timedelta(days=365)  # how long a meeting stays in the calendar after it was held
MOST = 1000
short_name = func.coalesce(func.nullif(Committee.short_name, ""), Committee.name).label("committee")


class Standing(NamedTuple):
    """What decides a person's questions, but for who they are: the same for everyone with the same seats."""

    inside: frozenset[int]
    takes_part: frozenset[int]  # and those where they are adviser
    presides: frozenset[int]
    choice: Choice


def standing_of(viewer: Viewer, choice: Choice) -> Standing:
    """Raises NotFound for someone who does not work here: the questions are put together for those who do."""
    if not viewer.is_employee:
        raise NotFound
    advises = {seat.committee_id for seat in viewer.seats if seat.role is SeatRole.ADVISORY}
    presides = {seat.committee_id for seat in viewer.seats if viewer.presides(seat.committee_id)}
    return Standing(viewer.inside, viewer.inside | advises, frozenset(presides), choice)


class Content(NamedTuple):
    meetings: Sequence[Row[Any]]
    agenda: Sequence[Row[Any]]  # lines of the agendas that are out: meeting_id, title (empty: closed)
    decisions: Sequence[Row[Any]]
    reviews: Sequence[Row[Any]]
    follow_ups: Sequence[Row[Any]]


def content(db: Session, viewer: Viewer, choice: Choice) -> Content:
    given = filled_in(viewer)
    return Content(*(db.execute(asked, given).all() for asked in questions(standing_of(viewer, choice))))


def mark(db: Session, viewer: Viewer, choice: Choice) -> str:
    asked = marked(standing_of(viewer, choice))
    given = filled_in(viewer)
    return repr((given["since"], tuple(db.connection().execute(asked, given).one())))


def one_meeting(db: Session, viewer: Viewer, meeting_id: int) -> Content | None:
    """One meeting with its agenda, for a file of its own; None for one the viewer may not know."""
    given = {**filled_in(viewer), "meeting": meeting_id}
    standing = standing_of(viewer, Choice())
    found = db.execute(meeting_rows(standing).where(Meeting.id == bindparam("meeting")), given).all()
    lines = db.execute(agenda_lines(standing).where(Item.meeting_id == bindparam("meeting")), given).all()
    return Content(found, lines, [], [], []) if found else None


def filled_in(viewer: Viewer) -> dict[str, Any]:
    return {"who": viewer.person_id, "since": to_utc(clock.today() - KEPT, time(0))}


# --- the questions --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def marked(standing: Standing) -> Select[*tuple[Any, ...]]:
    """What the calendar is made of, far cheaper than the calendar.

    A committee's meetings are never deleted, their versions only grow, and what is sent out or held stays so. So sums
    over them change with every change, and hundreds of meetings are one row. What can come and go is told by the line.
    """
    chosen = standing.choice
    ours = literals(standing.takes_part)
    if chosen.meetings is Whose.COMMITTEE:
        ours = literals(frozenset({chosen.committee_id}))
    recent = Meeting.starts_at >= bindparam("since", type_=UtcDateTime())
    of_ours = and_(Meeting.committee_id.in_(ours), recent)
    mine = Attendance.person_id == bindparam("who")
    sums = [
        func.count(Meeting.id),
        func.sum(Meeting.id),
        func.sum(Meeting.version),
        func.count(Meeting.agenda_sent_at),
        func.count(Meeting.closed_at),
    ]
    attended = (
        select(in_one_line(Meeting.id, Meeting.version, Meeting.state, Meeting.agenda_sent_at, Attendance.reply,
                           Attendance.part, Committee.name, Committee.short_name))
        .select_from(Attendance)
        .join(Meeting, Meeting.id == Attendance.meeting_id)
        .join(Committee, Committee.id == Meeting.committee_id)
        .where(mine, recent)
        .order_by(Meeting.id)
    )  # fmt: skip
    here = or_(Meeting.committee_id.in_(ours), Meeting.id.in_(select(Attendance.meeting_id).where(mine)))
    lines = (
        select(in_one_line(Item.id, Item.version, Item.position, Item.is_open))
        .join(Meeting, Meeting.id == Item.meeting_id)
        .where(here, recent, Meeting.state.in_(COMING), Meeting.agenda_sent_at.is_not(None))
        .order_by(Item.id)
    )
    names = select(in_one_line(Committee.id, Committee.name, Committee.short_name)).where(Committee.id.in_(ours))
    told = [attended, lines, names.order_by(Committee.id)]
    if chosen.dues is not Dues.NONE:
        kinds: tuple[Any, ...] = (Decision, Decision, FollowUp)
        for asked, kind in zip(tasks(standing), kinds, strict=True):
            told.append(asked.with_only_columns(in_one_line(kind.id, kind.version, short_name)))
        written = select(in_one_line(func.count(Minutes.id), func.sum(Minutes.version)))
        told.append(written.join(Meeting, Meeting.id == Minutes.meeting_id).where(here, recent))
    return select(*(in_one_text(one) for one in told), *sums).where(of_ours)


def tasks(standing: Standing) -> list[Select[*tuple[Any, ...]]]:
    return [decision_rows(standing), review_rows(standing), follow_up_rows(standing)]


@lru_cache(maxsize=256)
def questions(standing: Standing) -> tuple[Select[*tuple[Any, ...]], ...]:
    """In the order of `Content`."""
    chosen = standing.choice
    here = wanted(standing)
    recent = Meeting.starts_at >= bindparam("since", type_=UtcDateTime())
    meetings = meeting_rows(standing).where(here, recent).order_by(Meeting.starts_at.desc(), Meeting.id.desc())
    lines = agenda_lines(standing).where(here, recent, Meeting.state.in_(COMING))
    none = [false()] if chosen.dues is Dues.NONE else []
    return meetings.limit(MOST), lines, *(one.where(*none) for one in tasks(standing))


def wanted(standing: Standing) -> Any:
    chosen = standing.choice
    if chosen.meetings is Whose.COMMITTEE:
        return Meeting.committee_id == chosen.committee_id
    if chosen.meetings is Whose.MINE or chosen.dues is not Dues.NONE:  # their deadlines, at least
        return or_(Meeting.committee_id.in_(literals(standing.takes_part)), Attendance.id.is_not(None))
    return false()


def meeting_rows(standing: Standing) -> Select[*tuple[Any, ...]]:
    invited_or_inside = or_(Attendance.id.is_not(None), Meeting.committee_id.in_(literals(standing.inside)))
    return (
        select(
            Meeting.id,
            Meeting.uid,
            Meeting.title,
            Meeting.state,
            Meeting.starts_at,
            Meeting.ends_at,
            Meeting.place,
            case((invited_or_inside, Meeting.video_url), else_="").label("video_url"),
            Meeting.about,
            Meeting.cancelled_reason,
            Meeting.sequence,
            Meeting.revised_at,
            Meeting.created_at,
            Meeting.agenda_sent_at,
            Meeting.committee_id,
            Meeting.minute_taker_id,
            Meeting.proposals_due,
            Meeting.agenda_due,
            Meeting.minutes_draft_due,
            Meeting.minutes_out_due,
            Minutes.review_at,
            Minutes.chairs_approved_at,
            short_name,
            Attendance.reply,
            Attendance.part,
        )
        .join(Committee, Committee.id == Meeting.committee_id)
        .outerjoin(Minutes, Minutes.meeting_id == Meeting.id)
        .outerjoin(Attendance, and_(Attendance.meeting_id == Meeting.id, Attendance.person_id == bindparam("who")))
        .where(visible_meetings(anyone_like(standing)))
    )


def agenda_lines(standing: Standing) -> Select[*tuple[Any, ...]]:
    """The lines of agendas that are sent out. A closed item has no title here, for nobody: calendars lie elsewhere."""
    may_read = and_(Item.is_open, visible_items(anyone_like(standing)))
    return (
        select(Item.meeting_id, case((may_read, Item.title), else_="").label("title"), Item.is_open)
        .join(Meeting, Meeting.id == Item.meeting_id)
        .outerjoin(Attendance, and_(Attendance.meeting_id == Meeting.id, Attendance.person_id == bindparam("who")))
        .where(visible_meetings(anyone_like(standing)), Meeting.agenda_sent_at.is_not(None))
        .order_by(Item.meeting_id, Item.position, Item.id)
    )


def decision_rows(standing: Standing) -> Select[*tuple[Any, ...]]:
    """What one is responsible for and has a deadline."""
    return decisions(standing, Decision.due).where(
        Decision.responsible_id == bindparam("who"),
        Decision.state.in_((DecisionState.VALID, DecisionState.IN_PROGRESS)),
    )


def review_rows(standing: Standing) -> Select[*tuple[Any, ...]]:
    """What the committees one presides over have promised to look back at."""
    return decisions(standing, Decision.review).where(
        Decision.committee_id.in_(literals(standing.presides)), Decision.state.not_in(OVER)
    )


def decisions(standing: Standing, day: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Decision.id,
            Decision.uid,
            case((Decision.is_open, Decision.text), else_="").label("text"),
            day.label("day"),
            Decision.changed_at.label("changed_at"),
            Decision.version,
            short_name,
        )
        .join(Committee, Committee.id == Decision.committee_id)
        .where(Decision.published_at.is_not(None), day.is_not(None), visible_decisions(anyone_like(standing)))
        .order_by(day, Decision.id)
        .limit(MOST)
    )


def follow_up_rows(standing: Standing) -> Select[*tuple[Any, ...]]:
    return (
        select(
            FollowUp.id,
            case((FollowUp.is_open, FollowUp.text), else_="").label("text"),
            FollowUp.due.label("day"),
            FollowUp.created_at.label("changed_at"),
            FollowUp.version,
            short_name,
        )
        .join(Committee, Committee.id == FollowUp.committee_id)
        .where(
            FollowUp.owner_id == bindparam("who"),
            FollowUp.state.in_(OPEN_FOLLOW_UPS),
            FollowUp.due.is_not(None),
            visible_follow_ups(anyone_like(standing)),
        )
        .order_by(FollowUp.due, FollowUp.id)
        .limit(MOST)
    )


def literals(ids: frozenset[int]) -> Any:
    return Inside(ids).inside


def anyone_like(standing: Standing) -> Viewer:
    return cast(Viewer, Inside(standing.inside))


def dues_of_meeting(viewer: Viewer, row: Any) -> list[tuple[str, date]]:
    """The deadlines of a meeting that concern this person: (which, day)."""
    found: list[tuple[str, date]] = []
    serves = viewer.runs(row.committee_id)
    writes = serves or row.minute_taker_id == viewer.person_id
    if row.state in COMING:
        if row.proposals_due:
            found.append(("proposals", row.proposals_due))
        if serves and row.agenda_due and row.agenda_sent_at is None:
            found.append(("agenda", row.agenda_due))
    elif row.state is State.HELD:
        if writes and row.minutes_draft_due and row.review_at is None:
            found.append(("minutes_draft", row.minutes_draft_due))
        if serves and row.minutes_out_due and row.chairs_approved_at is None:
            found.append(("minutes_out", row.minutes_out_due))
    return found
