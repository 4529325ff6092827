"""What is needed while the demo's year is written down: who has which id, and what later meetings refer to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med.access import SeatRole, Side
from med.decisions.models import Decision
from med.meetings.models import Meeting
from med.organisation.models import Committee, Grant, GrantKind, Person, Seat
from med.organisation.queries import seats_on
from med.workdays import to_utc


class Year:
    """Ids by handle and key, and what has happened so far."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.people = {person.handle: person for person in db.scalars(select(Person))}
        self.committees = {committee.key: committee for committee in db.scalars(select(Committee))}
        secretaries = select(Person.handle).join(Grant, Grant.person_id == Person.id)
        self.secretaries = set(db.scalars(secretaries.where(Grant.kind == GrantKind.SECRETARY)))
        self.sides: dict[str, Side] = {}
        for handle, side in db.execute(
            select(Person.handle, Seat.side).join(Seat, Seat.person_id == Person.id).order_by(Seat.id.desc())
        ):
            if side is not None:
                self.sides[handle] = side
        self.meetings: dict[str, Meeting] = {}
        self.last_held: dict[int, Meeting] = {}
        self.decisions: dict[str, Decision] = {}
        self.numbers: dict[tuple[int, bool, int], Any] = {}

    def person_id(self, handle: str | None) -> int | None:
        return self.people[handle].id if handle else None

    def name(self, words: str) -> str:
        """A person's name where the words are a handle; else the words ("Kommunalbestyrelsen")."""
        return self.people[words].name if words in self.people else words

    def side(self, handle: str | None) -> Side | None:
        """Which side someone speaks from; staff without a seat are employees, managers speak for the management, a
        secretary for neither."""
        return None if not handle or handle in self.secretaries else self.sides.get(handle, Side.EMPLOYEE)


def moment(text: str) -> datetime:
    local = datetime.fromisoformat(text)
    return to_utc(local.date(), local.time())


def holder(db: Session, committee_id: int, on: date, role: SeatRole) -> int | None:
    return next((seat.person_id for seat in seats_on(db, committee_id, on) if seat.role is role), None)
