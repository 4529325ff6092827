"""What a coordinator types about a citizen: who comes, who works with them, and why a name is opened."""

from datetime import date, timedelta
from typing import Annotated

import msgspec

from med import clock
from med.competence_compass.models import AssignmentRole
from med.errors import Invalid
from med.language import T

Line = Annotated[str, msgspec.Meta(max_length=120)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Reason = Annotated[str, msgspec.Meta(max_length=200)]
AHEAD = timedelta(days=366)
FIRST = date(1990, 1, 1)
SHORTEST_REASON = 8


def check_day(name: str, day: date | None, *, ahead: timedelta = AHEAD) -> None:
    if day is not None and day > clock.today() + ahead:
        raise Invalid(**{name: T("Datoen ligger for langt ude i fremtiden.")})
    if day is not None and day < FIRST:
        raise Invalid(**{name: T("Datoen ligger for langt tilbage.")})


class CitizenForm(msgspec.Struct):
    """`name` and what follows it go to the vault, and nowhere else."""

    name: Name
    unit_id: int
    entered: date
    called: Line = ""
    reach: Annotated[str, msgspec.Meta(max_length=200)] = ""
    target_group: Line = ""
    instrument_id: int | None = None
    not_cpr: bool = False

    def __post_init__(self) -> None:
        check_day("entered", self.entered)


class PlaceForm(msgspec.Struct):
    """Where a citizen is, and what stock is taken with."""

    unit_id: int
    entered: date
    version: int
    target_group: Line = ""
    instrument_id: int | None = None
    not_cpr: bool = False

    def __post_init__(self) -> None:
        check_day("entered", self.entered)


class NameForm(msgspec.Struct):
    name: Name
    called: Line = ""
    reach: Annotated[str, msgspec.Meta(max_length=200)] = ""
    not_cpr: bool = False


class LeaveForm(msgspec.Struct):
    left_on: date

    def __post_init__(self) -> None:
        check_day("left_on", self.left_on)


class AssignForm(msgspec.Struct):
    person: Name
    role: AssignmentRole
    starts: date
    ends: date | None = None
    reason: Reason = ""
    not_cpr: bool = False

    def __post_init__(self) -> None:
        check_day("starts", self.starts)
        check_day("ends", self.ends, ahead=timedelta(days=3660))
        if self.ends is not None and self.ends < self.starts:
            raise Invalid(ends=T("Sidste dag ligger før første dag."))
        if self.role is AssignmentRole.DEPUTY:
            missing = {}
            if self.ends is None:
                missing["ends"] = T("En stedfortræder er der til en bestemt dag.")
            if not self.reason.strip():
                missing["reason"] = T("Skriv, hvem der afløses, og hvorfor.")
            if missing:
                raise Invalid(**missing)


class EndForm(msgspec.Struct):
    ends: date


class ReasonForm(msgspec.Struct):
    """Why somebody's name, or everything about them, is opened. Kept with the look, and told to the citizen."""

    reason: Reason
    not_cpr: bool = False

    def __post_init__(self) -> None:
        if len(self.reason.strip()) < SHORTEST_REASON:
            raise Invalid(reason=T("Skriv grunden med mindst %(n)s tegn.", n=SHORTEST_REASON))


class EraseForm(msgspec.Struct):
    pseudonym: Name
    reason: Reason
    not_cpr: bool = False

    def __post_init__(self) -> None:
        if len(self.reason.strip()) < SHORTEST_REASON:
            raise Invalid(reason=T("Skriv grunden med mindst %(n)s tegn.", n=SHORTEST_REASON))
