"""What must hold for the seats of one committee together. The page's form and the import ask the same questions."""

from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

from med.access import INSIDE, SeatRole, Side
from med.language import T, Text, word
from med.workdays import in_full

ALONE = (SeatRole.CHAIR, SeatRole.VICE_CHAIR)  # one at a time


class Sitting(Struct, frozen=True):
    """A seat as these rules see it: held already, or about to be."""

    person_id: int
    name: str
    side: Side | None
    role: SeatRole
    starts: date
    ends: date | None
    substitute_for: int | None = None  # the seat's id, or whatever else tells seats apart
    seat_id: int | None = None

    def overlaps(self, other: "Sitting") -> bool:
        return (self.ends is None or other.starts <= self.ends) and (other.ends is None or self.starts <= other.ends)


def alone_at_fault(new: Sitting) -> dict[str, Text]:
    """What is wrong with a seat by itself: its side and its role. Field name -> message."""
    if new.role is not SeatRole.ADVISORY and new.side is None:
        return {"side": T("Vælg en side. Kun en tilforordnet har ingen.")}
    if new.role is SeatRole.CHAIR and new.side is not Side.MANAGEMENT:
        return {"side": T("Formanden sidder på ledelsessiden.")}
    if new.role is SeatRole.VICE_CHAIR and new.side is not Side.EMPLOYEE:
        return {"side": T("Næstformanden sidder på medarbejdersiden.")}
    if new.substitute_for is not None and new.role is not SeatRole.SUBSTITUTE:
        return {"substitute_for": T("Kun en suppleant kan være suppleant for nogen.")}
    return {}


def taken(new: Sitting, others: Iterable[Sitting]) -> dict[str, Text]:
    """Whether the person sits there already. Only a substitute may be so for more than one."""
    for other in others:
        if other.person_id != new.person_id or not new.overlaps(other):
            continue
        both_substitutes = new.role is other.role is SeatRole.SUBSTITUTE
        if both_substitutes and new.substitute_for != other.substitute_for:
            continue
        return {
            "person": T(
                "%(name)s har allerede en plads i udvalget i den tid: %(role)s %(period)s.",
                name=new.name,
                role=word(other.role),
                period=period(other.starts, other.ends),
            )
        }
    return {}


def predecessors(new: Sitting, others: Iterable[Sitting]) -> list[Sitting]:
    """Those who are chair (or vice-chair) while the new one would be."""
    if new.role not in ALONE:
        return []
    return [other for other in others if other.role is new.role and new.overlaps(other)]


def wrong_stand_in(new: Sitting, other: Sitting | None) -> dict[str, Text]:
    """Whether a substitute can stand in for a seat: a member's, on the same side, at the same time."""
    if other is None or other.role not in INSIDE:
        return {"substitute_for": T("Vælg et medlem af udvalget.")}
    if other.side is not new.side:
        return {"substitute_for": T("En suppleant skal være på samme side som den, de er suppleant for.")}
    if not new.overlaps(other):
        return {"substitute_for": T("Den plads gælder ikke i den periode.")}
    return {}


def day_before(day: date) -> date:
    return day - timedelta(days=1)


def period(starts: date, ends: date | None) -> Text:
    if ends is None:
        return T("fra %(day)s", day=in_full(starts))
    return T("fra %(first)s til %(last)s", first=in_full(starts), last=in_full(ends))
