"""What people type about runs: when, who leads, who came, how the exam went."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from med.competence_compass.forms.activities import Id, Name, Places, Sessions
from med.competence_compass.forms.cpr import ask_about_cpr
from med.competence_compass.models import EndReason
from med.errors import Invalid
from med.language import T

FIRST_YEAR, LAST_YEAR = 2000, 2199
Level = Annotated[str, msgspec.Meta(max_length=60)]


def check_days(**days: date | None) -> None:
    """Raises Invalid for a year that is a slip of the finger (0227, 20277)."""
    wrong = {
        name: T("Skriv et år mellem %(first)s og %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)
        for name, day in days.items()
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR
    }
    if wrong:
        raise Invalid(**wrong)


def check_order(starts: date, ends: date | None) -> None:
    if ends is not None and ends < starts:
        raise Invalid(ends=T("Slutdatoen ligger før startdatoen."))


class Rhythm(StrEnum):
    """How often a run meets, for its sessions to be laid out at once."""

    NONE = "none"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    WORKDAYS = "workdays"


class RunForm(msgspec.Struct):
    starts: date
    planned_sessions: Sessions
    ends: date | None = None
    capacity: Places | None = None
    rhythm: Rhythm = Rhythm.NONE
    leader: Name = ""
    version: int = 0

    def __post_init__(self) -> None:
        check_days(starts=self.starts, ends=self.ends)
        check_order(self.starts, self.ends)


class LeaderForm(msgspec.Struct):
    leader: Name
    starts: date
    ends: date | None = None

    def __post_init__(self) -> None:
        check_days(starts=self.starts, ends=self.ends)
        check_order(self.starts, self.ends)


class LeaderEndForm(msgspec.Struct):
    ends: date

    def __post_init__(self) -> None:
        check_days(ends=self.ends)


class SessionForm(msgspec.Struct):
    day: date

    def __post_init__(self) -> None:
        check_days(day=self.day)


class PresenceForm(msgspec.Struct):
    session: Id
    participation: Id
    came: Annotated[str, msgspec.Meta(pattern="^[01]$")]


class EveryoneForm(msgspec.Struct):
    session: Id


class PlannedForm(msgspec.Struct):
    planned: Sessions
    attended: Annotated[int, msgspec.Meta(ge=0, le=400)] | None = None


class LeaveForm(msgspec.Struct):
    ends: date
    reason: EndReason

    def __post_init__(self) -> None:
        check_days(ends=self.ends)


class ExamForm(msgspec.Struct):
    day: date
    passed: Annotated[str, msgspec.Meta(pattern="^[01]$")]
    level: Level = ""
    not_cpr: bool = False

    def __post_init__(self) -> None:
        check_days(day=self.day)
        self.level = " ".join(self.level.split())
        ask_about_cpr(self.not_cpr, level=self.level)


class EndForm(msgspec.Struct):
    ends: date

    def __post_init__(self) -> None:
        check_days(ends=self.ends)
