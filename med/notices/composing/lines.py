"""What notices say, read when they are told: one question a kind of thing, through what the reader may see by then.

A notice whose thing the reader may no longer see has no line. What is settled meanwhile (a task that is done, minutes
that are approved) is no longer `is_current`: the page still shows it, a mail does not.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.orm import Session

from med import clock, workdays
from med.access import Viewer
from med.competence_compass.models import AssignmentRole
from med.competence_compass.queries.citizens import OwnRow
from med.decisions.access import OVER
from med.decisions.fragments import heading
from med.decisions.models import OPEN_FOLLOW_UPS, DecisionState
from med.language import T, Text, word
from med.meetings.models import MinutesState, Outcome, ProposalState, State
from med.notices.composing.reading import READ
from med.notices.models import Notice, NoticeKind
from med.perspectives.models import Perspective
from med.text import excerpt

WHY = 280  # characters of a reason in a list


class Line(Struct, frozen=True):
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
    outside: Text | None = None  # what a mail says instead of the title

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
    "item": T("En høring om et lukket punkt er slut"),
}


def lines_of(db: Session, viewer: Viewer, notices: Sequence[Notice]) -> list[Line]:
    """The notices as the viewer may read them now, in the same order; a question for each kind of thing there is."""
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
    if line.outside is not None:
        return replace(line, title=line.outside)
    if line.is_open:
        return line
    thing = next(key for key, place in PLACES.items() if line.href.startswith(place))
    return replace(line, title=CLOSED[thing], note="", facts=(), perspective=None)


# The longer address first.
PLACES = {
    "follow_up": "/beslutninger/opfoelgning/",
    "decision": "/beslutninger/",
    "proposal": "/forslag/",
    "item": "/moeder/",
}


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


def _say_agenda(notice: Notice, row: Any, viewer: Viewer) -> Line:
    return Line(
        notice.id,
        notice.kind,
        notice.at,
        f"/moeder/{row.id}",
        T("Godkend dagsordenen til %(meeting)s", meeting=row.title),
        row.committee,
        due=row.agenda_due,
        is_current=row.waits,
    )


def _say_hearing(notice: Notice, row: Any, viewer: Viewer) -> Line:
    is_over = row.outcome is Outcome.HEARING and row.hearing_until < clock.today()
    return Line(
        notice.id,
        notice.kind,
        notice.at,
        f"/moeder/{row.meeting_id}/referat#punkt-{row.id}",
        T("Høringen er slut: %(title)s", title=row.title),
        row.committee,
        is_open=row.is_open,
        is_current=is_over,
    )


def _say_citizen(notice: Notice, row: OwnRow, viewer: Viewer) -> Line:
    """A mail names nobody; on the page it is as under "Det venter på dig"."""
    at = f"/kompas/borger/{row.id}/maaling"
    title, outside = T("Tag en måling: %(who)s", who=row.pseudonym), T("Tag en måling med en borger")
    if row.draft_id is not None:
        at = f"{at}/{row.draft_id}"
        title, outside = T("Gør målingen færdig: %(who)s", who=row.pseudonym), T("Gør en måling færdig")
    return Line(
        notice.id,
        notice.kind,
        notice.at,
        at,
        title,
        row.unit,
        due=row.due,
        is_current=row.role is AssignmentRole.CONTACT and (row.is_overdue or row.is_soon),
        outside=outside,
    )


def _say_minutes(notice: Notice, row: Any, viewer: Viewer) -> Line:
    if notice.kind is NoticeKind.TASK_DUE:
        return Line(
            notice.id,
            notice.kind,
            notice.at,
            f"/moeder/{row.meeting_id}/referat",
            T("Skriv referatet færdigt: %(title)s", title=row.title),
            row.committee,
            due=row.minutes_draft_due,
            is_current=row.state is MinutesState.DRAFT,
        )
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
    if row.is_treated:
        answer = T("Behandlet: %(outcome)s", outcome=word(row.outcome)) if row.outcome else T("Behandlet")
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
        note="" if asks or row.is_treated else row.reason,
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
        due, current = row.due, under_way and _is_mine(viewer, row.responsible_id, row)
        if row.is_left:
            title = T("Find en ny ansvarlig: %(what)s", what=title)
        else:
            title = T("Fortæl, hvordan det går: %(what)s", what=title)
    elif notice.kind is NoticeKind.REVIEW_DUE:
        due, current = row.review, not over and row.review is not None and row.review <= clock.today()
        title = T("Se tilbage på beslutningen: %(what)s", what=title)
    elif notice.kind is NoticeKind.TASK_GIVEN:
        due, current = row.due, not over and row.responsible_id == viewer.person_id
        title = T("Du er nu ansvarlig for beslutningen: %(what)s", what=title)
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


def _is_mine(viewer: Viewer, person_id: int | None, row: Any) -> bool:
    """One's own to see to, or left by somebody to those who run the committee, or, when it is over, the one above it:
    nobody else was told."""
    return person_id == viewer.person_id or (row.is_left and (row.is_over or viewer.runs(row.committee_id)))


def _say_follow_up(notice: Notice, row: Any, viewer: Viewer) -> Line:
    return Line(
        notice.id,
        notice.kind,
        notice.at,
        f"/beslutninger/opfoelgning/{row.id}",
        T("Find en ny ansvarlig: %(what)s", what=row.text) if row.is_left else row.text,
        row.committee,
        due=row.due,
        is_open=row.is_open,
        is_current=row.state in OPEN_FOLLOW_UPS and _is_mine(viewer, row.owner_id, row),
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


SAY: dict[str, Callable[[Notice, Any, Viewer], Line]] = {
    "meeting": _say_meeting,
    "agenda": _say_agenda,
    "minutes": _say_minutes,
    "item": _say_hearing,
    "citizen": _say_citizen,
    "proposal": _say_proposal,
    "decision": _say_decision,
    "follow_up": _say_follow_up,
}
