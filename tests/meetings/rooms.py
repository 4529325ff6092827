"""Meetings to minute, made as rows: how they are planned is tested elsewhere."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med.access import SeatRole, Side
from med.meetings.models import Attendance, Item, Kind, Meeting, Part, Presence, Purpose, Reply, State
from med.organisation.access import on_day
from med.organisation.models import Committee, Person, Seat

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PARTS = {SeatRole.ADVISORY: Part.ADVISORY}


def make_meeting(
    db: Session,
    *items: Any,
    committee: str = "med-aabrinken",
    state: State = State.AGENDA_SENT,
    start: datetime = START,
    title: str = "MED-ledelsen, november",
    is_open: bool = True,
    **columns: Any,
) -> Meeting:
    """A meeting whose agenda has gone out, its members invited. An item is a title, or a dict of columns."""
    found = db.scalar(select(Committee).where(Committee.key == committee))
    assert found is not None
    meeting = Meeting(
        uid=str(uuid.uuid4()),
        committee_id=found.id,
        kind=columns.pop("kind", Kind.ORDINARY),
        title=title,
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        place="Caféen",
        is_open=is_open,
        state=state,
        agenda_sent_at=None if state is State.PLANNED else start - timedelta(days=7),
        opened_at=start if state in (State.IN_PROGRESS, State.HELD) else None,
        created_at=start - timedelta(days=30),
        **columns,
    )
    db.add(meeting)
    db.flush()
    for position, given in enumerate(items or ("Siden sidst", "Vagtplan for uge 52", "Introforløb for nye unge"), 1):
        own = {"title": given} if isinstance(given, str) else dict(given)
        if own.get("is_open") is False:
            own.setdefault("closed_ground", "personal")
        db.add(
            Item(
                uid=str(uuid.uuid4()),
                meeting_id=meeting.id,
                committee_id=found.id,
                position=position,
                purpose=own.pop("purpose", Purpose.DISCUSS),
                **own,
            )
        )
    seats = db.scalars(
        select(Seat)
        .where(Seat.committee_id == found.id, on_day(Seat, start.date()), Seat.role != SeatRole.SUBSTITUTE)
        .order_by(Seat.id)
    )
    for seat in seats:
        db.add(
            Attendance(
                meeting_id=meeting.id,
                person_id=seat.person_id,
                seat_id=seat.id,
                part=PARTS.get(seat.role, Part.MEMBER),
                side=seat.side,
                role=seat.role,
                reply=Reply.ACCEPTED,
                presence=Presence.PRESENT if state is State.HELD else Presence.UNKNOWN,
            )
        )
    db.flush()
    return meeting


def held_meeting(db: Session, *items: Any, **columns: Any) -> Meeting:
    """One that is over, every item noted, its minutes a draft."""
    from med.meetings.models import Consensus, Minutes, Outcome

    meeting = make_meeting(db, *items, state=State.HELD, **columns)
    for item in db.scalars(select(Item).where(Item.meeting_id == meeting.id)):
        item.outcome = item.outcome or Outcome.NOTED
        item.consensus = item.consensus or Consensus.NOT_APPLICABLE
        item.minutes_text = item.minutes_text or f"Vi talte om {item.title.lower()}."
    db.add(Minutes(meeting_id=meeting.id, committee_id=meeting.committee_id))
    db.flush()
    db.refresh(meeting)
    return meeting


def seat_substitute(db: Session, handle: str, side: Side = Side.EMPLOYEE, committee: str = "med-aabrinken") -> Person:
    """Give a persona a substitute's seat, so that they can sign in and step in."""
    person = db.scalar(select(Person).where(Person.handle == handle))
    found = db.scalar(select(Committee).where(Committee.key == committee))
    assert person is not None
    assert found is not None
    db.add(
        Seat(committee_id=found.id, person_id=person.id, side=side, role=SeatRole.SUBSTITUTE, starts=date(2026, 1, 1))
    )
    db.flush()
    return person
