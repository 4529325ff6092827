"""What the room shows, to each as much as they may see."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from med import clock
from med.access import SeatRole, Side, Viewer
from med.errors import NotFound
from med.language import T, Text
from med.meetings.access import visible_items, visible_meetings, visible_proposals, visible_words
from med.meetings.models import (
    Attendance,
    Consensus,
    Correction,
    Item,
    Meeting,
    Outcome,
    Part,
    Presence,
    Proposal,
    ProposalState,
    Purpose,
    Recusal,
    Standing,
)
from med.organisation.access import ANY_EMPLOYEE, own
from med.organisation.models import Committee, Person, Quorum
from med.organisation.queries import rules_on
from med.prepared import Prepared
from med.workdays import copenhagen

HERE = (Presence.PRESENT, Presence.LATE)


def meeting_for(db: Session, viewer: Viewer, meeting_id: int) -> Meeting:
    """The meeting with its committee, minutes and attendance, or NotFound."""
    found = db.scalar(_meeting(), {"meeting": meeting_id}) if viewer.is_employee else None
    if found is None:
        raise NotFound
    return found


@cache
def _meeting() -> Select[Meeting]:
    return (
        select(Meeting)
        .where(Meeting.id == bindparam("meeting"), visible_meetings(ANY_EMPLOYEE))
        .options(
            joinedload(Meeting.committee),
            joinedload(Meeting.minutes),
            joinedload(Meeting.minute_taker),
            joinedload(Meeting.moderator),
            selectinload(Meeting.attendances).joinedload(Attendance.person),
        )
    )


def item_for(db: Session, viewer: Viewer, meeting_id: int, item_id: int) -> Item:
    """An item the viewer may read, with its meeting, or NotFound. For writing on; the action asks for more."""
    asked = {**own(viewer), "meeting": meeting_id, "item": item_id}
    found = db.scalar(_item(), asked) if viewer.is_employee else None
    if found is None:
        raise NotFound
    return found


@cache
def _item() -> Select[Item]:
    return (
        select(Item)
        .join(Item.meeting)
        .where(
            Item.id == bindparam("item"),
            Item.meeting_id == bindparam("meeting"),
            visible_meetings(ANY_EMPLOYEE),
            visible_items(ANY_EMPLOYEE),
        )
        .options(contains_eager(Item.meeting).joinedload(Meeting.minutes))
    )


class Point(Struct):
    """An item as one reader sees it in the room. A closed one an outsider meets has its number and nothing else."""

    position: int
    id: int = 0
    title: str = ""
    purpose: Purpose | None = None
    is_open: bool = False
    minutes_budget: int = 0
    recommendation: str = ""
    case_text: str = ""
    raised_side: Side | None = None
    raised_by: str = ""
    responsible: str = ""
    text: str = ""
    text_version: int = 0
    outcome: Outcome | None = None
    consensus: Consensus | None = None
    statement_management: str = ""
    statement_employees: str = ""
    hearing_until: Any = None
    sent_to: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    standing: Standing | None = None
    recused: list[str] = []

    @property
    def is_masked(self) -> bool:
        return not self.id

    @property
    def is_settled(self) -> bool:
        """Whether it ended. A decision noted in the room does not say yet whether there was agreement."""
        decided = self.outcome is Outcome.DECIDED and self.standing is None
        return self.outcome is not None and not (decided and self.consensus is None)

    @property
    def seconds_used(self) -> int:
        if self.started_at is None:
            return 0
        return max(0, int(((self.ended_at or clock.now()) - self.started_at).total_seconds()))

    @property
    def minutes_used(self) -> int:
        return self.seconds_used // 60

    @property
    def proposals(self) -> list[str]:
        """The recommendation, one "at …" a line."""
        return [line.strip().removeprefix("- ") for line in self.recommendation.splitlines() if line.strip()]


def points(db: Session, viewer: Viewer, meeting: Meeting) -> list[Point]:
    """A meeting's items in order: what the viewer may read, words where they may read those, masks for the rest."""
    readable, words = {}, {}
    recused: dict[int, list[str]] = {}
    if viewer.is_employee:
        readable = {row.id: row._asdict() for row in READABLE(db, **own(viewer), meeting=meeting.id)}
        words = {row.id: row._asdict() for row in WORDS(db, **own(viewer), meeting=meeting.id)}
        for item_id, _, name in RECUSED(db, items=list(words)):
            recused.setdefault(item_id, []).append(name)
    # Every position there is; what is not among the readable is closed to this viewer.
    return [
        Point(**{**readable[id], **words.get(id, {}), "recused": recused.get(id, [])})
        if id in readable
        else Point(position=position)
        for id, position in PLACES(db, meeting=meeting.id)
    ]


def _readable() -> Any:
    raised, answers = Person.__table__.alias("raised"), Person.__table__.alias("answers")
    return (
        select(
            Item.id, Item.position, Item.title, Item.purpose, Item.is_open, Item.minutes_budget,
            Item.recommendation, Item.case_text, Item.raised_side, Item.started_at, Item.ended_at, Item.standing,
            func.coalesce(raised.c.name, "").label("raised_by"), func.coalesce(answers.c.name, "").label("responsible"),
        )
        .outerjoin(raised, raised.c.id == Item.raised_by_id)
        .outerjoin(answers, answers.c.id == Item.responsible_id)
        .where(Item.meeting_id == bindparam("meeting"), visible_items(ANY_EMPLOYEE))
    )  # fmt: skip


def recused_from(db: Session, item: Item) -> list[Any]:
    """(item_id, id, name) of those who take no part in an item that may be read."""
    return RECUSED(db, items=[item.id])


READABLE = Prepared(_readable)
WORDS = Prepared(
    lambda: (
        select(
            Item.id, Item.minutes_text.label("text"), Item.minutes_version.label("text_version"), Item.outcome,
            Item.consensus, Item.statement_management, Item.statement_employees, Item.hearing_until,
            func.coalesce(Committee.name, "").label("sent_to"),
        )
        .outerjoin(Committee, Committee.id == Item.sent_to_id)
        .where(Item.meeting_id == bindparam("meeting"), visible_words(ANY_EMPLOYEE))
    )
)  # fmt: skip
RECUSED = Prepared(
    lambda: (
        select(Recusal.item_id, Person.id, Person.name)
        .join(Person, Person.id == Recusal.person_id)
        .where(Recusal.item_id.in_(bindparam("items", expanding=True)))
        .order_by(Person.name)
    )
)
PLACES = Prepared(
    lambda: (
        select(Item.id, Item.position).where(Item.meeting_id == bindparam("meeting")).order_by(Item.position, Item.id)
    )
)


def now_at(all_points: Collection[Point]) -> Point | None:
    """The item the meeting is at, among those the reader may see: the one that began last.

    That it has ended is not looked at: while the meeting treats an item closed to the reader, their page stands still.
    """
    begun = [point for point in all_points if point.started_at is not None]
    ongoing = [point for point in begun if point.ended_at is None]
    return max(ongoing or begun, key=lambda point: point.started_at or clock.now(), default=None)


class SentOn(Struct, frozen=True):
    """Where an item went from here."""

    proposal_id: int
    committee: str
    state: ProposalState
    item_id: int | None
    meeting_id: int | None
    may_read: bool = False  # the proposal there, with the answer


def sent_on(db: Session, viewer: Viewer, item_ids: Collection[int]) -> dict[int, list[SentOn]]:
    """By item: the proposals its outcome made, for those who may read the item's words."""
    found: dict[int, list[SentOn]] = {}
    for row in SENT_ON(db, **own(viewer), items=list(item_ids)) if viewer.is_employee and item_ids else ():
        found.setdefault(row[0], []).append(SentOn(*row[1:]))
    return found


SENT_ON = Prepared(
    lambda: (
        select(
            Proposal.from_item_id,
            Proposal.id,
            Committee.name,
            Proposal.state,
            Proposal.item_id,
            Proposal.meeting_id,
            visible_proposals(ANY_EMPLOYEE).label("may_read"),
        )
        .join(Committee, Committee.id == Proposal.committee_id)
        .join(Item, Item.id == Proposal.from_item_id)
        .where(
            Proposal.from_item_id.in_(bindparam("items", expanding=True)),
            Proposal.state != ProposalState.WITHDRAWN,
            visible_words(ANY_EMPLOYEE),
        )
        .order_by(Proposal.id)
    )
)


def quorum_warning(db: Session, meeting: Meeting) -> Text | None:
    """A sentence when too few are noted as present for the committee's own rules; only ever a warning."""
    members = [one for one in meeting.attendances if one.part is Part.MEMBER]
    if not any(one.presence in HERE for one in meeting.attendances):
        return None
    rules = rules_on(db, meeting.committee_id, copenhagen(meeting.starts_at).date())
    here = [one for one in meeting.attendances if one.part in (Part.MEMBER, Part.SUBSTITUTE) and one.presence in HERE]
    sides = {side: (sum(m.side is side for m in members), sum(h.side is side for h in here)) for side in Side}
    if rules.quorum is Quorum.BOTH_SIDES and not all(present for _, present in sides.values()):
        return T("De to sider er ikke begge til stede. Efter forretningsordenen er udvalget ikke beslutningsdygtigt.")
    if rules.quorum is Quorum.HALF_OF_EACH and any(2 * present < seats for seats, present in sides.values()):
        return T(
            "Under halvdelen af en side er til stede. Efter forretningsordenen er udvalget ikke beslutningsdygtigt."
        )
    if rules.quorum is Quorum.HALF_TOTAL and 2 * len(here) < len(members):
        return T("Under halvdelen er til stede. Efter forretningsordenen er udvalget ikke beslutningsdygtigt.")
    return None


PARTS_IN_ORDER = [Part.MEMBER, Part.SUBSTITUTE, Part.ADVISORY, Part.GUEST]
ROLES_IN_ORDER = [SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER, SeatRole.SUBSTITUTE, SeatRole.ADVISORY]


def listed(meeting: Meeting) -> list[Attendance]:
    """Everyone who takes part, observers not counted: by side, the chairs first."""
    sides = [Side.MANAGEMENT, Side.EMPLOYEE, None]
    return sorted(
        (one for one in meeting.attendances if one.part is not Part.OBSERVER),
        key=lambda one: (
            PARTS_IN_ORDER.index(one.part) > 1,
            sides.index(one.side),
            PARTS_IN_ORDER.index(one.part),
            ROLES_IN_ORDER.index(one.role) if one.role else 9,
            one.person.name,
        ),
    )


def substitutes_for(db: Session, meeting: Meeting) -> list[tuple[str, str]]:
    """Who may step in: (name with handle, side), for suggestions."""
    from med.organisation.access import on_day
    from med.organisation.models import Seat

    rows = db.execute(
        select(Person.name, Person.handle, Seat.side)
        .join(Seat, Seat.person_id == Person.id)
        .where(
            Seat.committee_id == meeting.committee_id,
            Seat.role == SeatRole.SUBSTITUTE,
            on_day(Seat, copenhagen(meeting.starts_at).date()),
        )
        .order_by(Person.name)
    )
    return [(f"{row.name} ({row.handle})", row.side) for row in rows]


def corrections(db: Session, meeting: Meeting) -> list[Correction]:
    """What was corrected in the attendance after the meeting, oldest first."""
    return list(
        db.scalars(
            select(Correction)
            .join(Attendance, Attendance.id == Correction.attendance_id)
            .where(Attendance.meeting_id == meeting.id)
            .options(joinedload(Correction.attendance).joinedload(Attendance.person), joinedload(Correction.person))
            .order_by(Correction.id)
        )
    )
