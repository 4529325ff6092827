"""One meeting of fifteen items with minutes: the page the budget is about."""

import uuid
from datetime import timedelta

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
    committee = db.scalars(select(Committee).where(Committee.key == "med-aabrinken")).one()
    starts_at = clock.now() - timedelta(days=20)
    meeting = Meeting(
        uid=str(uuid.uuid4()),
        committee_id=committee.id,
        title="MED-ledelsen: en lang dag",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=4),
        state=State.HELD,
        agenda_sent_at=starts_at - timedelta(days=7),
        opened_at=starts_at,
        closed_at=starts_at + timedelta(hours=4),
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
    decision = None
    for position in range(1, 16):
        item = Item(
            uid=str(uuid.uuid4()),
            meeting_id=meeting.id,
            committee_id=committee.id,
            position=position,
            purpose=Purpose.DECIDE,
            title=f"Punkt {position}: hvad gør vi ved vagtplanen?",
            case_text=WORDS,
            recommendation="MED-ledelsen drøfter planen\nMED-ledelsen godkender planen",
            minutes_text=WORDS,
            minutes_version=1,
            outcome=Outcome.DECIDED,
            consensus=Consensus.AGREED,
        )
        db.add(item)
        db.flush()
        decision = Decision(
            uid=str(uuid.uuid4()),
            committee_id=committee.id,
            meeting_id=meeting.id,
            item_id=item.id,
            is_open=True,
            year=starts_at.year,
            number=500 + position,
            text=f"planen for hold {position} prøves i tre måneder.",
            why="Det giver ro, og borgerne møder de samme voksne.",
            perspective=Perspective.RESILIENS,
            decided_at=starts_at,
            changed_at=starts_at,
        )
        decision.tags = [Tag(perspective=Perspective.RESILIENS, is_main=True, committee_id=committee.id, is_open=True)]
        db.add(decision)
    db.add(Minutes(meeting_id=meeting.id, committee_id=committee.id, state=MinutesState.IN_REVIEW, review_at=starts_at))
    db.flush()
    db.refresh(meeting)
    freeze(db, None, meeting, starts_at + timedelta(days=7))
    assert decision is not None
    return meeting.id, decision.id
