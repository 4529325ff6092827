"""Meetings to decide things at, written as rows: how a meeting comes about is tested elsewhere."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole, Side
from med.competence_compass.models import Activity
from med.decisions.actions import publish_with_minutes, record_decision
from med.decisions.forms import DecisionForm
from med.decisions.models import Decision, FollowUp, FollowUpChange, Step, Tag
from med.loop.models import DecisionLink, ReviewPoint
from med.meetings.models import Attendance, Item, Meeting, Minutes, MinutesState, Part, Proposal, Purpose, State
from med.organisation.models import Committee, Person, Seat
from med.organisation.queries import viewer_for
from med.perspectives.models import Perspective
from med.search import DECISION, SearchText


def make_meeting(
    db: Session,
    committee: str = "med-aabrinken",
    *,
    state: State = State.IN_PROGRESS,
    is_open: bool = True,
    starts_at: datetime | None = None,
    title: str = "MED-ledelsen: prøvemøde",
) -> Meeting:
    found = db.scalars(select(Committee).where(Committee.key == committee)).one()
    starts_at = starts_at or clock.now() - timedelta(minutes=30)
    meeting = Meeting(
        uid=str(uuid.uuid4()),
        committee_id=found.id,
        title=title,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        is_open=is_open,
        state=state,
        agenda_sent_at=starts_at - timedelta(days=7),
        opened_at=starts_at,
        created_at=starts_at - timedelta(days=20),
    )
    db.add(meeting)
    db.flush()
    for seat in db.scalars(select(Seat).where(Seat.committee_id == found.id, Seat.ends.is_(None))):
        if seat.role in (SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER):
            db.add(
                Attendance(
                    meeting_id=meeting.id, person_id=seat.person_id, seat_id=seat.id, part=Part.MEMBER,
                    side=seat.side, role=seat.role,
                )
            )  # fmt: skip
    db.add(Minutes(meeting_id=meeting.id, committee_id=found.id))
    db.flush()
    return meeting


def make_item(
    db: Session, meeting: Meeting, title: str = "Pauser i Værkstederne", *, is_open: bool = True, **more: Any
) -> Item:
    position = len(db.scalars(select(Item.id).where(Item.meeting_id == meeting.id)).all()) + 1
    item = Item(
        uid=str(uuid.uuid4()),
        meeting_id=meeting.id,
        committee_id=meeting.committee_id,
        position=position,
        title=title,
        is_open=is_open,
        closed_ground="" if is_open else "personal",
        **{"purpose": Purpose.DECIDE, "raised_side": Side.EMPLOYEE, **more},
    )
    db.add(item)
    db.flush()
    return item


def approve(db: Session, meeting_id: int) -> None:
    """Both chairs approve the minutes: rows as the meetings' own action leaves them, then what it calls."""
    meeting = db.get_one(Meeting, meeting_id)
    minutes = meeting.minutes
    assert minutes is not None
    meeting.state = State.HELD
    minutes.state = MinutesState.APPROVED
    minutes.chairs_approved_at = clock.now()
    minutes.sha256 = "0" * 64
    db.flush()
    publish_with_minutes(db, None, meeting)


def decide(db: Session, item: Item, handle: str = "anna", **fields: Any) -> Decision:
    person_id = db.scalars(select(Person.id).where(Person.handle == handle)).one()
    given = {"text": "der er to pauser om formiddagen", "why": "Støjen trætter", "perspective": "resiliens", **fields}
    given["perspective"] = Perspective(given["perspective"])
    given["further"] = [Perspective(one) for one in given.get("further", [])]
    form = DecisionForm(**given)
    made = record_decision(db, viewer_for(db, person_id), item, form)
    db.flush()
    return made


@pytest.fixture
def quiet(write: Callable[[Any], Any]) -> None:
    """The demo's own decisions out of the way, for tests that count."""

    def clear(db: Session) -> None:
        db.execute(delete(ReviewPoint))
        db.execute(delete(DecisionLink))
        db.execute(Activity.__table__.update().values(decision_id=None))
        db.execute(Proposal.__table__.update().values(decision_id=None))
        for table in (FollowUpChange, FollowUp, Step, Tag):
            db.execute(delete(table))
        db.execute(Decision.__table__.update().values(replaces_id=None))
        db.execute(delete(Decision))
        db.execute(delete(SearchText).where(SearchText.kind == DECISION))

    write(clear)


@pytest.fixture
def room(write: Callable[[Any], Any]) -> SimpleNamespace:
    """A meeting of MED-ledelsen in progress, with an open and a closed item, and one for information."""

    def make(db: Session) -> SimpleNamespace:
        meeting = make_meeting(db)
        return SimpleNamespace(
            meeting=meeting.id,
            item=make_item(db, meeting).id,
            closed=make_item(db, meeting, "En enkelt medarbejder", is_open=False).id,
            info=make_item(db, meeting, "Orientering om budget", purpose=Purpose.INFO).id,
        )

    return write(make)


@pytest.fixture
def published(write: Callable[[Any], Any], quiet: None) -> Callable[..., int]:
    """`published("der er to pauser", perspective=…)`: the id of a decision everybody may read."""

    def make(text: str = "der er to pauser om formiddagen", *, at: datetime | None = None, **fields: Any) -> int:
        committee = fields.pop("committee", "med-aabrinken")
        chair = fields.pop("chair", "anna")
        is_open = fields.pop("is_open", True)

        def work(db: Session) -> int:
            meeting = make_meeting(db, committee)
            made = decide(db, make_item(db, meeting, is_open=is_open), chair, text=text, **fields)
            approve(db, meeting.id)
            return made.id

        with clock.at(at or clock.now()):
            return write(work)

    return make


def moment(day: int, month: int = 11, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)
