"""What people type about committees, rules of procedure, seats and grants."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from med.access import SeatRole, Side
from med.errors import Invalid
from med.language import T
from med.organisation.models import Approval, ElectoralGroup, Level, Quorum, RepRole

Key = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Line = Annotated[str, Meta(max_length=120)]
Name = Annotated[str, Meta(min_length=2, max_length=120)]
Days = Annotated[int, Meta(ge=0, le=365)]

FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2199, 12, 31)


def check_days(**days: date | None) -> None:
    """Raise Invalid for a day no calendar of ours reaches: a year with a digit too many or too few."""
    for name, day in days.items():
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise Invalid(**{name: T("Året skal ligge mellem 1950 og 2199.")})


def check_period(starts: date | None, ends: date | None) -> None:
    check_days(starts=starts, ends=ends)
    if starts and ends and ends < starts:
        raise Invalid(ends=T("Sidste dag ligger før første dag."))


class CommitteeForm(Struct):
    name: Name
    level: Level
    short_name: Annotated[str, Meta(max_length=40)] = ""
    label: Annotated[str, Meta(max_length=60)] = ""
    parent: Key | None = None
    unit: Key | None = None
    purpose: Annotated[str, Meta(max_length=8000)] = ""
    starts: date | None = None
    ends: date | None = None

    def __post_init__(self) -> None:
        check_period(self.starts, self.ends)
        if self.level is Level.AD_HOC and not self.purpose:
            raise Invalid(purpose=T("Skriv, hvad gruppen skal: dens kommissorium."))


class RulesForm(Struct):
    valid_from: date
    proposals_days: Days
    agenda_days: Days
    budget_days: Days
    minutes_draft_days: Days
    minutes_out_days: Days
    meetings_a_year: Annotated[int, Meta(ge=0, le=60)]
    agenda_approval: Approval
    minutes_approval: Approval
    quorum: Quorum
    in_working_days: bool = False
    open_meetings: bool = False

    def __post_init__(self) -> None:
        check_days(valid_from=self.valid_from)
        if self.minutes_out_days < self.minutes_draft_days:
            raise Invalid(minutes_out_days=T("Referatet kan ikke sendes ud, før udkastet er færdigt."))
        if self.proposals_days < self.agenda_days:
            raise Invalid(
                proposals_days=T("Fristen for forslag skal ligge før, eller samtidig med, at dagsordenen sendes.")
            )


class SeatForm(Struct):
    """A new seat. `succeed` says yes to ending the present chair's seat the day before."""

    person: Name
    role: SeatRole
    starts: date
    side: Side | None = None
    rep_role: RepRole | None = None
    electoral_group: ElectoralGroup | None = None
    substitute_for: Key | None = None
    ends: date | None = None
    succeed: bool = False

    def __post_init__(self) -> None:
        check_period(self.starts, self.ends)


class MoveSeatForm(Struct):
    """The same person, another role from a day on. A field left out keeps what it was."""

    role: SeatRole
    starts: date
    side: Side | None = None
    rep_role: RepRole | None = None
    electoral_group: ElectoralGroup | None = None
    substitute_for: Key | None = None
    succeed: bool = False
    keep_group: bool = False  # sent where the electoral group is not the person's business, and so not shown

    def __post_init__(self) -> None:
        check_days(starts=self.starts)


class EndSeatForm(Struct):
    ends: date
    seen: str = ""  # the last day as the page showed it

    def __post_init__(self) -> None:
        check_days(ends=self.ends)


class GrantForm(Struct):
    person: Name
    committee: Key
    starts: date
    with_below: bool = False
    ends: date | None = None

    def __post_init__(self) -> None:
        check_period(self.starts, self.ends)


class EndGrantForm(Struct):
    ends: date

    def __post_init__(self) -> None:
        check_days(ends=self.ends)
