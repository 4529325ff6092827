"""What notices say, read when they are told: one question a kind of thing, through what the reader may see by then.

A notice whose thing the reader may no longer see has no line. What is settled meanwhile (a task that is done, minutes
that are approved) is no longer `is_current`: the page still shows it, a mail does not.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med import clock, workdays
from med.access import Viewer
from med.decisions.access import OVER, visible_decisions, visible_follow_ups
from med.decisions.fragments import heading
from med.decisions.models import OPEN_FOLLOW_UPS, Decision, DecisionState, FollowUp
from med.language import T, Text, word
from med.meetings.access import is_open_point, visible_meetings, visible_minutes, visible_proposals
from med.meetings.models import Meeting, Minutes, MinutesState, Proposal, ProposalState, State
from med.notices.models import Notice, NoticeKind
from med.organisation.models import Committee
from med.perspectives.models import Perspective
from med.text import excerpt

WHY = 280  # characters of a reason in a list


@dataclass(frozen=True)
class Line:
    notice_id: int
    kind: NoticeKind
    at: datetime
    href: str
    title: Text | str
    committee: str
    facts: Sequence[Text | str] = ()  # when and where, whose answer
    note: str = ""  # what people wrote: why, or the reason of an answer
    due: date | None = None
    perspective: Perspective | None = None
    state: DecisionState | None = None  # of a decision that no longer holds
    is_open: bool = True
    is_current: bool = True

    @property
    def day(self) -> date:
        return workdays.copenhagen(self.at).date()

    @property
    def is_reminder(self) -> bool:
        return self.kind in REMINDERS


# Told by "Det venter på dig", where it still waits.
REMINDERS = (
    NoticeKind.MINUTES_TO_APPROVE,
    NoticeKind.POINT_RAISED,
    NoticeKind.TASK_DUE,
    NoticeKind.DECISION_DUE,
    NoticeKind.REVIEW_DUE,
)

CLOSED = {
    "decision": T("En beslutning på et lukket punkt"),
    "follow_up": T("En opfølgning fra et lukket punkt"),
    "proposal": T("Et forslag, der hører til et lukket punkt"),
}


def lines_of(db: Session, viewer: Viewer, notices: Sequence[Notice]) -> list[Line]:
    """The notices as the viewer may read them now, in the same order; at most five questions."""
    told: dict[int, Line] = {}
    for thing, read in READ.items():
        its = [notice for notice in notices if notice.thing == thing]
        if its:
            rows = read(db, viewer, {notice.thing_id for notice in its})
            for notice in its:
                if (row := rows.get(notice.thing_id)) is not None:
                    told[notice.id] = SAY[thing](notice, row, viewer)
    return [told[notice.id] for notice in notices if notice.id in told]


def for_mail(line: Line) -> Line:
    """As it may stand in a mail: the words of a closed item stay in the house, and the link leads to them."""
    if line.is_open:
        return line
    thing = next(key for key, place in PLACES.items() if line.href.startswith(place))
    return replace(line, title=CLOSED[thing], note="", facts=(), perspective=None)


# The longer address first.
PLACES = {"follow_up": "/beslutninger/opfoelgning/", "decision": "/beslutninger/", "proposal": "/forslag/"}


# --- reading --------------------------------------------------------------------------------------------------------

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
                Meeting.minutes_out_due,
                short_name,
            )
            .join(Meeting, Meeting.id == Minutes.meeting_id)
            .join(Committee, Committee.id == Meeting.committee_id)
            .where(Minutes.id.in_(ids), visible_minutes(viewer))
        )
    )


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
                short_name,
            )
            .join(Committee, Committee.id == Proposal.committee_id)
            .outerjoin(Meeting, Meeting.id == Proposal.meeting_id)
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
                Decision.responsible_id,
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
                FollowUp.owner_id,
                FollowUp.is_open,
                short_name,
            )
            .join(Committee, Committee.id == FollowUp.committee_id)
            .where(FollowUp.id.in_(ids), visible_follow_ups(viewer))
        )
    )


# --- saying ---------------------------------------------------------------------------------------------------------


def _say_meeting(notice: Notice, row: Any, viewer: Viewer) -> Line:
    day = workdays.copenhagen(row.starts_at).date()
    when = T("%(day)s kl. %(time)s", day=Day(day), time=Clock(row.starts_at))
    cancelled = row.state is State.CANCELLED
    title = {
        NoticeKind.AGENDA_SENT: T("Dagsordenen er klar: %(meeting)s", meeting=row.title),
        NoticeKind.MEETING_MOVED: T("Mødet er flyttet: %(meeting)s", meeting=row.title),
        NoticeKind.MEETING_CANCELLED: T("Mødet er aflyst: %(meeting)s", meeting=row.title),
    }[notice.kind]
    over = row.state is State.HELD or (cancelled and notice.kind is not NoticeKind.MEETING_CANCELLED)
    return Line(
        notice.id,
        notice.kind,
        notice.at,
        f"/moeder/{row.id}",
        title,
        row.committee,
        facts=[when, *([row.place] if row.place else [])],
        note=row.cancelled_reason if cancelled else "",
        is_current=not over,
    )


def _say_minutes(notice: Notice, row: Any, viewer: Viewer) -> Line:
    waits = notice.kind is NoticeKind.MINUTES_TO_APPROVE
    title = T("Godkend referatet: %(title)s", title=row.title) if waits else T("Referat: %(title)s", title=row.title)
    return Line(
        notice.id,
        notice.kind,
        notice.at,
        f"/moeder/{row.meeting_id}/referat",
        title,
        row.committee,
        due=row.minutes_out_due if waits else None,
        is_current=not waits or row.state is MinutesState.IN_REVIEW,
    )


def _say_proposal(notice: Notice, row: Any, viewer: Viewer) -> Line:
    asks = notice.kind is NoticeKind.POINT_RAISED
    said = T("Svar på forslaget »%(title)s«", title=row.title) if asks else T("»%(title)s«", title=row.title)
    answer = ANSWERED.get(row.state)
    if row.state is ProposalState.RECEIVED and row.answered_at is None:
        answer = T("Punktet er taget af dagsordenen. Formandskabet svarer igen.")
    facts: list[Text | str] = [] if asks or answer is None else [answer]
    if row.meeting and row.answered_at and not asks and row.state is not ProposalState.POSTPONED:
        facts.append(T("Møde: %(title)s", title=row.meeting))
    return Line(
        notice.id,
        notice.kind,
        notice.at,
        f"/forslag/{row.id}",
        said,
        row.committee,
        facts=facts,
        note="" if asks else row.reason,
        is_open=row.is_open,
        is_current=(row.state is ProposalState.RECEIVED) if asks else row.state is not ProposalState.WITHDRAWN,
    )


ANSWERED = {
    ProposalState.RECEIVED: T("Flyttet: det bliver behandlet et andet sted eller på et andet møde"),
    ProposalState.ACCEPTED: T("Kommer på dagsordenen"),
    ProposalState.MERGED: T("Lagt sammen med et andet punkt"),
    ProposalState.POSTPONED: T("Udsat"),
    ProposalState.DECLINED: T("Kommer ikke på dagsordenen"),
}


def _say_decision(notice: Notice, row: Any, viewer: Viewer) -> Line:
    over = row.state in OVER
    under_way = row.state in (DecisionState.VALID, DecisionState.IN_PROGRESS)
    title: Text | str = heading(row.text)
    due, current = None, True
    if notice.kind is NoticeKind.DECISION_DUE:
        due, current = row.due, under_way and row.responsible_id == viewer.person_id
        title = T("Fortæl, hvordan det går: %(what)s", what=title)
    elif notice.kind is NoticeKind.REVIEW_DUE:
        due, current = row.review, not over and row.review is not None and row.review <= clock.today()
        title = T("Se tilbage på beslutningen: %(what)s", what=title)
    return Line(
        notice.id,
        notice.kind,
        notice.at,
        f"/beslutninger/{row.id}",
        title,
        row.committee,
        note=row.withdrawn_reason if over else row.why if notice.kind is NoticeKind.DECISION_PUBLISHED else "",
        due=due,
        perspective=row.perspective,
        state=row.state if over else None,
        is_open=row.is_open,
        is_current=current,
    )


def _say_follow_up(notice: Notice, row: Any, viewer: Viewer) -> Line:
    return Line(
        notice.id,
        notice.kind,
        notice.at,
        f"/beslutninger/opfoelgning/{row.id}",
        row.text,
        row.committee,
        due=row.due,
        is_open=row.is_open,
        is_current=row.state in OPEN_FOLLOW_UPS and row.owner_id == viewer.person_id,
    )


class Day:
    """A day that is put into words when it is shown, in the reader's language: "tirsdag den 24. november 2026"."""

    def __init__(self, day: date) -> None:
        self.day = day

    def __str__(self) -> str:
        return workdays.long_date(self.day)


class Clock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __str__(self) -> str:
        return workdays.clock(self.moment)


def short(text: str) -> str:
    """What people wrote, as one line of plain text."""
    return excerpt(text, WHY)


def state_of(line: Line) -> Text | None:
    return None if line.state is None else word(line.state)


READ: dict[str, Callable[[Session, Viewer, Collection[int]], dict[int, Any]]] = {
    "meeting": _meetings,
    "minutes": _minutes,
    "proposal": _proposals,
    "decision": _decisions,
    "follow_up": _follow_ups,
}
SAY: dict[str, Callable[[Notice, Any, Viewer], Line]] = {
    "meeting": _say_meeting,
    "minutes": _say_minutes,
    "proposal": _say_proposal,
    "decision": _say_decision,
    "follow_up": _say_follow_up,
}
