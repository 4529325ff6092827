"""Who may do what. A policy is a function that yields its objections; no objection means yes.

Seats, grants and employments are dated rows, read anew at every request and never copied into a sign-in.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

from msgspec import Struct

from med.errors import NotAllowed
from med.language import Text


class Side(StrEnum):
    """The two parties of MED. Sides, not persons, have positions; nobody votes."""

    MANAGEMENT = "management"
    EMPLOYEE = "employee"


class SeatRole(StrEnum):
    CHAIR = "chair"
    VICE_CHAIR = "vice_chair"
    MEMBER = "member"
    SUBSTITUTE = "substitute"
    ADVISORY = "advisory"  # tilforordnet: may speak, is no member


# A seat that carries the committee's confidence: sees closed items, drafts and the other members' details.
INSIDE = (SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER)


class SeatFact(Struct, frozen=True):
    """A seat held today."""

    committee_id: int
    side: Side | None
    role: SeatRole
    seat_id: int = 0
    stands_in_for: int | None = None  # the seat this substitute is named for


class Viewer(Struct, frozen=True):
    """The person behind a request, a feed token or a job, with all that policies need to know.

    `is_employee` is what opens the open: a person without employment today (the operator's administrator) has
    no right to content at all, whatever else they may run.
    """

    person_id: int
    name: str
    handle: str
    language: str = "da"
    is_employee: bool = False
    is_admin: bool = False
    role_key: str = "medarbejder"  # which reading of the grundlag is theirs
    unit_ids: frozenset[int] = frozenset()
    managed_unit_ids: frozenset[int] = frozenset()  # with everything below
    seats: tuple[SeatFact, ...] = ()
    secretary_of: frozenset[int] = frozenset()

    @property
    def inside(self) -> frozenset[int]:
        """Committees whose closed items, drafts and members' details are this person's business."""
        return frozenset(seat.committee_id for seat in self.seats if seat.role in INSIDE) | self.secretary_of

    @property
    def committee_ids(self) -> frozenset[int]:
        """Committees the person has anything to do with, substitutes and advisory seats included."""
        return frozenset(seat.committee_id for seat in self.seats) | self.secretary_of

    def sits_as(self, committee_id: int, *roles: SeatRole) -> bool:
        return any(seat.committee_id == committee_id and seat.role in roles for seat in self.seats)

    def is_secretary(self, committee_id: int) -> bool:
        return committee_id in self.secretary_of

    def presides(self, committee_id: int) -> bool:
        """Chair or vice-chair (formandskabet)."""
        return self.sits_as(committee_id, SeatRole.CHAIR, SeatRole.VICE_CHAIR)

    def runs(self, committee_id: int) -> bool:
        """The two chairs and the secretary: those who prepare and minute."""
        return self.presides(committee_id) or self.is_secretary(committee_id)

    def side_in(self, committee_id: int) -> Side | None:
        """The side this person is on in a committee, as a full member; None for secretaries and guests."""
        return next((s.side for s in self.seats if s.committee_id == committee_id and s.role in INSIDE), None)

    def raises_from(self, committee_id: int) -> Side | None:
        """Which side a point is raised from: the seat's, or the managers' and the employees' for those without a seat.

        A secretary is on no side.
        """
        seat_side = next((seat.side for seat in self.seats if seat.committee_id == committee_id), None)
        if seat_side or self.is_secretary(committee_id):
            return seat_side
        elsewhere = next((seat.side for seat in self.seats if seat.side), None)
        return elsewhere or (Side.MANAGEMENT if self.managed_unit_ids else Side.EMPLOYEE)


Policy = Callable[[Viewer, Any], Iterator[Text]]


def signed_in(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    """Anyone who is signed in; what they see is decided by what they may see."""
    return iter(())


def anyone(viewer: Viewer | None, thing: Any = None) -> Iterator[Text]:
    """Open to visitors who have not signed in."""
    return iter(())


def allows(viewer: Viewer, policy: Policy, thing: Any) -> bool:
    return next(policy(viewer, thing), None) is None


def require(viewer: Viewer, policy: Policy, thing: Any) -> None:
    """Raise NotAllowed with every objection, or return."""
    if objections := list(policy(viewer, thing)):
        raise NotAllowed(objections)
