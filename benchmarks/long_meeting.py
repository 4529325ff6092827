"""Meetings of fifteen items: one with minutes, whose page the budget is about, and one that is going on."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole
from med.decisions.models import Decision, Tag
from med.meetings.actions.minutes import freeze
from med.meetings.models import (
    Attendance,
    Consensus,
    Item,
    Meeting,
    Minutes,
    MinutesState,
    Outcome,
    Part,
    Presence,
    Purpose,
    Reply,
    State,
)
from med.organisation.models import Committee
from med.organisation.queries import seats_on
from med.perspectives.models import Perspective

WORDS = (
    "Medarbejdersiden spurgte, hvordan planen hænger sammen med ferien. Ledelsen svarede, at den er lagt efter den.\n\n"
    "- Hvert hold vælger en tovholder\n- Tovholderen melder tilbage på næste møde\n\n"
    "Der var **enighed** om at prøve det i tre måneder og se på tallene bagefter."
)


def hold_long_meeting(db: Session) -> tuple[int, int]:
    """(meeting id, id of one of its published decisions)."""
    starts_at = clock.now() - timedelta(days=20)
    meeting = call_together(db, starts_at)
    meeting.state, meeting.closed_at = State.HELD, meeting.ends_at
    decision = None
    for item in list_items(db, meeting):
        item.minutes_text, item.minutes_version = WORDS, 1
        item.outcome, item.consensus = Outcome.DECIDED, Consensus.AGREED
        decision = Decision(
            uid=str(uuid.uuid4()),
            committee_id=meeting.committee_id,
            meeting_id=meeting.id,
            item_id=item.id,
            is_open=True,
            year=starts_at.year,
            number=500 + item.position,
            text=f"planen for hold {item.position} prøves i tre måneder.",
            why="Det giver ro, og borgerne møder de samme voksne.",
            perspective=Perspective.RESILIENS,
            decided_at=starts_at,
            changed_at=starts_at,
        )
        decision.tags = [
            Tag(perspective=Perspective.RESILIENS, is_main=True, committee_id=meeting.committee_id, is_open=True)
        ]
        db.add(decision)
    minutes = Minutes(
        meeting_id=meeting.id, committee_id=meeting.committee_id, state=MinutesState.IN_REVIEW, review_at=starts_at
    )
    db.add(minutes)
    db.flush()
    db.refresh(meeting)
    freeze(db, None, meeting, starts_at + timedelta(days=7))
    assert decision is not None
    return meeting.id, decision.id


def open_long_meeting(db: Session) -> tuple[int, list[int]]:
    """(the id of a meeting that is going on, the ids of its items)."""
    meeting = call_together(db, clock.now() - timedelta(hours=1))
    meeting.state = State.IN_PROGRESS
    return meeting.id, [item.id for item in list_items(db, meeting)]


def call_together(db: Session, starts_at: datetime) -> Meeting:
    """A meeting of the demo's committee with everybody there."""
    committee = db.scalars(select(Committee).where(Committee.key == "med-aabrinken")).one()
    meeting = Meeting(
        uid=str(uuid.uuid4()),
        committee_id=committee.id,
        title="MED-ledelsen: en lang dag",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=4),
        state=State.PLANNED,
        agenda_sent_at=starts_at - timedelta(days=7),
        opened_at=starts_at,
        created_at=starts_at - timedelta(days=40),
    )
    db.add(meeting)
    db.flush()
    for seat in seats_on(db, committee.id, starts_at.date()):
        if seat.role is not SeatRole.SUBSTITUTE:
            db.add(
                Attendance(
                    meeting_id=meeting.id,
                    person_id=seat.person_id,
                    seat_id=seat.id,
                    part=Part.ADVISORY if seat.role is SeatRole.ADVISORY else Part.MEMBER,
                    side=seat.side,
                    role=seat.role,
                    reply=Reply.ACCEPTED,
                    presence=Presence.PRESENT,
                )
            )
    return meeting


def list_items(db: Session, meeting: Meeting) -> list[Item]:
    items = [
        Item(
            uid=str(uuid.uuid4()),
            meeting_id=meeting.id,
            committee_id=meeting.committee_id,
            position=position,
            purpose=Purpose.DECIDE,
            title=f"Punkt {position}: hvad gør vi ved vagtplanen?",
            case_text=WORDS,
            recommendation="MED-ledelsen drøfter planen\nMED-ledelsen godkender planen",
        )
        for position in range(1, 16)
    ]
    db.add_all(items)
    db.flush()
    return items
