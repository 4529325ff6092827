"""Questions about meetings: which ones there are, and all that one meeting's page shows."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    or_,
    select,
    true,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from med import clock, workdays
from med.access import SeatRole, Side, Viewer
from med.db import BigInt, UtcDateTime
from med.errors import NotFound
from med.language import T, Text
from med.meetings import access
from med.meetings.models import COMING, Attendance, Kind, Meeting, Part, Reply, State
from med.organisation.access import ANY_EMPLOYEE
from med.organisation.models import Committee, Quorum, RepRole, Rules, Seat
from med.organisation.queries import default_rules
from med.prepared import Prepared

PAGE = 25
MOST_MINE = 40
LONGEST = timedelta(days=31)  # no meeting lasts so long
NOT_OPENED = (State.PLANNED, State.AGENDA_SENT)
STATED = Meeting.__table__.alias("stated")
NOW: Any = bindparam("now", type_=UtcDateTime())


# --- lists ------------------------------------------------------------------------------------------------------


def coming_meetings(
    db: Session,
    viewer: Viewer,
    *,
    mine: bool | None = None,
    committee_id: int | None = None,
    after: int | None = None,
    limit: int = PAGE,
) -> Sequence[Row]:
    """Meetings not yet held, the next one first.

    `mine` True: those of the viewer's committees or to which the viewer is invited; False: the open ones of others.
    `after` is the id of the last meeting already shown. One more than `limit` is returned when there are more.
    """
    now = clock.now()
    order = Meeting.starts_at, Meeting.id
    wanted: list[Any] = [access.visible_meetings(viewer)]
    if committee_id is not None:
        wanted.append(Meeting.committee_id == committee_id)
    is_ours = Meeting.committee_id.in_(viewer.committee_ids)
    is_invited = Meeting.id.in_(select(Attendance.meeting_id).where(Attendance.person_id == viewer.person_id))
    if mine is False:
        wanted += [Meeting.is_open, ~is_ours, ~is_invited, Meeting.state != State.CANCELLED]
    if after is not None:
        wanted.append(tuple_(*order) > _place_of(after))
    # Each in order of time by an index of its own; what is open since long ago was forgotten, and is rare.
    is_coming = Meeting.state.in_((*COMING, State.CANCELLED))
    is_not_over = or_(Meeting.state == State.IN_PROGRESS, Meeting.ends_at >= now)
    walks = [
        and_(Meeting.starts_at > now - LONGEST, is_coming, is_not_over),
        and_(Meeting.state == State.IN_PROGRESS, Meeting.starts_at <= now - LONGEST),
    ]
    found = [
        select(Meeting.id).where(walk, whose, *wanted).order_by(*order).limit(limit + 1).subquery()
        for walk in walks
        for whose in ([is_ours, is_invited] if mine else [true()])
    ]
    asked = _lines(viewer).where(Meeting.id.in_(union(*map(select, found))))
    return db.execute(asked.order_by(*order).limit(limit + 1)).all()


def missed_meetings(db: Session, viewer: Viewer, committee_id: int | None = None) -> Sequence[Any]:
    """Meetings that the viewer may open, whose time passed without anybody doing so, the latest first."""
    if not viewer.is_employee:
        return []
    runs = {one for one in viewer.inside if viewer.runs(one)}
    return MISSED(db, who=viewer.person_id, runs=runs, now=clock.now(), committee=committee_id or 0)


def _to_open() -> Select:
    me, committee = ANY_EMPLOYEE.person_id, bindparam("committee", type_=BigInt)
    runs = Meeting.committee_id.in_(bindparam("runs", expanding=True))
    return (
        _lines(ANY_EMPLOYEE)
        .where(
            _in_states(*NOT_OPENED, so=and_(STATED.c.ends_at < NOW, STATED.c.starts_at < NOW)),
            or_(runs, Meeting.minute_taker_id == me, Meeting.moderator_id == me),
            or_(committee == 0, Meeting.committee_id == committee),
        )
        .order_by(Meeting.starts_at.desc(), Meeting.id.desc())
        .limit(PAGE)
    )


MISSED = Prepared(_to_open)


def past_meetings(
    db: Session,
    viewer: Viewer,
    *,
    committee_id: int | None = None,
    year: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Sequence[Row]:
    """Meetings that were held (or cancelled, or never opened), the latest first."""
    over = and_(Meeting.state.in_((*NOT_OPENED, State.CANCELLED)), Meeting.ends_at < clock.now())
    asked = _lines(viewer).where(or_(Meeting.state == State.HELD, over))
    if committee_id is not None:
        asked = asked.where(Meeting.committee_id == committee_id)
    if year is not None:
        first = workdays.to_utc(date(year, 1, 1), datetime.min.time())
        last = workdays.to_utc(date(year + 1, 1, 1), datetime.min.time())
        asked = asked.where(Meeting.starts_at >= first, Meeting.starts_at < last)
    if before is not None:
        asked = asked.where(tuple_(Meeting.starts_at, Meeting.id) < _place_of(before))
    return db.execute(asked.order_by(Meeting.starts_at.desc(), Meeting.id.desc()).limit(limit + 1)).all()


def _lines(viewer: Viewer) -> Select:
    return (
        select(
            Meeting.id,
            Meeting.title,
            Meeting.kind,
            Meeting.state,
            Meeting.starts_at,
            Meeting.ends_at,
            Meeting.place,
            Meeting.is_open,
            Meeting.committee_id,
            Committee.name.label("committee"),
            Attendance.reply,
            Attendance.part,
        )
        .join(Committee, Committee.id == Meeting.committee_id)
        .outerjoin(Attendance, and_(Attendance.meeting_id == Meeting.id, Attendance.person_id == viewer.person_id))
        .where(access.visible_meetings(viewer))
    )


def _in_states(*states: State, so: ColumnElement[bool]) -> ColumnElement[bool]:
    """Meetings in one of the states for which the condition on STATED holds, looked for in one state after the other:
    few are in any but “held”. All states at once, or the next first, SQLite would walk every meeting there ever was."""
    return Meeting.id.in_(union_all(*(select(STATED.c.id).where(STATED.c.state == one, so) for one in states)))


def _place_of(meeting_id: int) -> Any:
    return select(Meeting.starts_at, Meeting.id).where(Meeting.id == meeting_id).scalar_subquery()


def open_for_points(db: Session, viewer: Viewer, committee_id: int) -> Sequence[Row]:
    """A committee's coming meetings that still take points, the next one first."""
    return db.execute(
        select(Meeting.id, Meeting.title, Meeting.starts_at, Meeting.proposals_due, Meeting.kind)
        .where(
            access.visible_meetings(viewer),
            Meeting.committee_id == committee_id,
            Meeting.state.in_((State.PLANNED, State.AGENDA_SENT)),
            Meeting.ends_at >= clock.now(),
        )
        .order_by(Meeting.starts_at)
        .limit(20)
    ).all()


# --- one meeting ------------------------------------------------------------------------------------------------


class Participant(Struct):
    attendance: Attendance
    rep_role: RepRole | None
    stand_in: Attendance | None = None


class MeetingWithRules(Struct):
    """A meeting, the rules of procedure of its day, and those who take part: what its pages start from."""

    meeting: Meeting
    rules: Rules
    is_inside: bool
    people: list[Participant] = []

    def mine(self, viewer: Viewer) -> Attendance | None:
        return next((p.attendance for p in self.people if p.attendance.person_id == viewer.person_id), None)


def meeting_with_rules(db: Session, viewer: Viewer, meeting_id: int) -> MeetingWithRules:
    """One meeting in two queries; NotFound for one the viewer may not know. Policies find all they need in it."""
    if not viewer.is_employee:
        raise NotFound
    rows = db.execute(_with_rules(), {"meeting": meeting_id}).all()
    if not rows:
        raise NotFound
    found: Meeting = rows[0][0]
    day = workdays.copenhagen(found.starts_at).date()
    held = [rules for _, rules in rows if rules is not None and rules.valid_from <= day]
    rules = max(held, key=lambda one: one.valid_from, default=None) or default_rules(found.committee_id)
    people = participants(db, found)
    return MeetingWithRules(found, rules, access.is_inside(viewer, found), people)


@cache
def _with_rules() -> Select[*tuple[Any, ...]]:
    return (
        select(Meeting, Rules)
        .outerjoin(Rules, Rules.committee_id == Meeting.committee_id)
        .where(Meeting.id == bindparam("meeting"), access.visible_meetings(ANY_EMPLOYEE))
        .options(
            joinedload(Meeting.committee),
            joinedload(Meeting.minutes),
            joinedload(Meeting.minute_taker),
            joinedload(Meeting.moderator),
        )
    )


def participants(db: Session, meeting: Meeting) -> list[Participant]:
    """Those invited and those who listen: chairs, members by side, substitutes beside whom they stand in for."""
    rows = db.execute(_taking_part(), {"meeting": meeting.id}).all()
    set_committed_value(meeting, "attendances", [row[0] for row in rows])
    by_id = {row[0].id: row[0] for row in rows}
    for attendance in by_id.values():
        set_committed_value(attendance, "meeting", meeting)
        set_committed_value(attendance, "stands_in_for", by_id.get(attendance.stands_in_for_id or 0))
    stand_ins = {a.stands_in_for_id: a for a in by_id.values() if a.stands_in_for_id and a.reply is not Reply.DECLINED}
    found = [Participant(a, rep_role, stand_ins.get(a.id)) for a, rep_role in rows]
    return sorted(found, key=_order)


@cache
def _taking_part() -> Select[*tuple[Any, ...]]:
    return (
        select(Attendance, Seat.rep_role)
        .outerjoin(Seat, Seat.id == Attendance.seat_id)
        .where(Attendance.meeting_id == bindparam("meeting"))
        .options(joinedload(Attendance.person))
        .order_by(Attendance.id)
    )


PARTS_IN_ORDER = list(Part)
ROLES_IN_ORDER = [SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER, SeatRole.SUBSTITUTE, SeatRole.ADVISORY, None]


def _order(one: Participant) -> tuple[Any, ...]:
    a = one.attendance
    return (PARTS_IN_ORDER.index(a.part), ROLES_IN_ORDER.index(a.role), a.side or "", a.person.name)


# --- what is said about a meeting -------------------------------------------------------------------------------


class Due(Struct, frozen=True):
    """A deadline as it is shown: what, when, how far away it is, and whether it has passed."""

    text: Text
    day: date
    away: Text | None
    is_past: bool


def dues(meeting: Meeting, today: date) -> list[Due]:
    """The deadlines that matter now: before the meeting those of the agenda, after it those of the minutes."""
    if meeting.state is State.CANCELLED:
        return []
    if meeting.state in COMING:
        wanted = [(T("Forslag til punkter senest"), meeting.proposals_due)]
        if meeting.agenda_sent_at is None:
            wanted.append((T("Dagsordenen sendes ud senest"), meeting.agenda_due))
    else:
        wanted = []
        minutes = meeting.minutes
        if minutes is None or minutes.review_at is None:
            wanted.append((T("Udkast til referat senest"), meeting.minutes_draft_due))
        if minutes is None or minutes.chairs_approved_at is None:
            wanted.append((T("Referatet sendes ud senest"), meeting.minutes_out_due))
    return [due(text, day, today) for text, day in wanted if day is not None]


def due(text: Text, day: date, today: date) -> Due:
    near = abs((day - today).days) <= 28
    return Due(text, day, workdays.in_words(day, today) if near else None, day < today)


def quorum_warning(rules: Rules, meeting: Meeting) -> Text | None:
    """What the rules say about too few coming. Only ever a warning; nobody is stopped."""
    if rules.quorum is Quorum.NONE or meeting.state not in COMING or meeting.kind is Kind.ALL_HANDS:
        return None
    invited = dict.fromkeys(Side, 0)
    coming = dict.fromkeys(Side, 0)
    for attendance in meeting.attendances:
        if attendance.side is None:
            continue
        if attendance.part is Part.MEMBER:
            invited[attendance.side] += 1
        if attendance.part in (Part.MEMBER, Part.SUBSTITUTE) and attendance.reply is not Reply.DECLINED:
            coming[attendance.side] += 1
    half = {side: coming[side] * 2 < invited[side] for side in Side}
    if rules.quorum is Quorum.HALF_TOTAL:
        return T("Under halvdelen af medlemmerne kommer.") if sum(coming.values()) * 2 < sum(invited.values()) else None
    for side, empty, few in (
        (Side.MANAGEMENT, T("Ingen fra ledelsessiden kommer."), T("Under halvdelen af ledelsessiden kommer.")),
        (Side.EMPLOYEE, T("Ingen fra medarbejdersiden kommer."), T("Under halvdelen af medarbejdersiden kommer.")),
    ):
        if invited[side] and not coming[side]:
            return empty
        if rules.quorum is Quorum.HALF_OF_EACH and half[side]:
            return few
    return None
