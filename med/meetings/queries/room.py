"""What the room shows, to each as much as they may see."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import func, select
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
from med.organisation.models import Committee, Person, Quorum
from med.organisation.queries import rules_on
from med.workdays import copenhagen

HERE = (Presence.PRESENT, Presence.LATE)


def meeting_for(db: Session, viewer: Viewer, meeting_id: int) -> Meeting:
    """The meeting with its committee, minutes and attendance, or NotFound."""
    found = db.scalar(
        select(Meeting)
        .where(Meeting.id == meeting_id, visible_meetings(viewer))
        .options(
            joinedload(Meeting.committee),
            joinedload(Meeting.minutes),
            joinedload(Meeting.minute_taker),
            joinedload(Meeting.moderator),
            selectinload(Meeting.attendances).joinedload(Attendance.person),
        )
    )
    if found is None:
        raise NotFound
    return found


def item_for(db: Session, viewer: Viewer, meeting_id: int, item_id: int) -> Item:
    """An item the viewer may read, with its meeting, or NotFound. For writing on; the action asks for more."""
    found = db.scalar(
        select(Item)
        .join(Item.meeting)
        .where(Item.id == item_id, Item.meeting_id == meeting_id, visible_meetings(viewer), visible_items(viewer))
        .options(contains_eager(Item.meeting).joinedload(Meeting.minutes))
    )
    if found is None:
        raise NotFound
    return found


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
    raised = Person.__table__.alias("raised")
    answers = Person.__table__.alias("answers")
    rows = db.execute(
        select(
            Item.id, Item.position, Item.title, Item.purpose, Item.is_open, Item.minutes_budget,
            Item.recommendation, Item.case_text, Item.raised_side, Item.started_at, Item.ended_at, Item.standing,
            func.coalesce(raised.c.name, "").label("raised_by"), func.coalesce(answers.c.name, "").label("responsible"),
        )
        .outerjoin(raised, raised.c.id == Item.raised_by_id)
        .outerjoin(answers, answers.c.id == Item.responsible_id)
        .where(Item.meeting_id == meeting.id, visible_items(viewer))
    ).all()  # fmt: skip
    words = {
        row.id: row._mapping
        for row in db.execute(
            select(
                Item.id, Item.minutes_text.label("text"), Item.minutes_version.label("text_version"), Item.outcome,
                Item.consensus, Item.statement_management, Item.statement_employees, Item.hearing_until,
                func.coalesce(Committee.name, "").label("sent_to"),
            )
            .outerjoin(Committee, Committee.id == Item.sent_to_id)
            .where(Item.meeting_id == meeting.id, visible_words(viewer))
        )
    }  # fmt: skip
    recused: dict[int, list[str]] = {}
    for item_id, name in db.execute(
        select(Recusal.item_id, Person.name)
        .join(Person, Person.id == Recusal.person_id)
        .where(Recusal.item_id.in_(list(words)))
        .order_by(Person.name)
    ):
        recused.setdefault(item_id, []).append(name)
    found = {
        (row.position, row.id): Point(**{**row._mapping, **words.get(row.id, {}), "recused": recused.get(row.id, [])})
        for row in rows
    }
    # Every position there is; what is not in `found` is closed to this viewer.
    places = db.execute(
        select(Item.position, Item.id).where(Item.meeting_id == meeting.id).order_by(Item.position, Item.id)
    ).all()
    return [found.get((place.position, place.id)) or Point(position=place.position) for place in places]


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
    for row in db.execute(
        select(
            Proposal.from_item_id,
            Proposal.id,
            Committee.name,
            Proposal.state,
            Proposal.item_id,
            Proposal.meeting_id,
            visible_proposals(viewer),
        )
        .join(Committee, Committee.id == Proposal.committee_id)
        .join(Item, Item.id == Proposal.from_item_id)
        .where(
            Proposal.from_item_id.in_(list(item_ids)),
            Proposal.state != ProposalState.WITHDRAWN,
            visible_words(viewer),
        )
        .order_by(Proposal.id)
    ):
        found.setdefault(row[0] or 0, []).append(SentOn(*row[1:]))
    return found


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


def other_committees(db: Session, viewer: Viewer, meeting: Meeting) -> list[tuple[int, str]]:
    """Where an item can be sent on to."""
    from med.organisation.queries import committees

    return [(one.id, one.name) for one in committees(db, viewer) if one.id != meeting.committee_id and not one.is_over]


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
