"""What a private calendar holds: chosen when its address is made, and kept with the address as words of a query."""

from datetime import timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct

from med.numbers import number_in

ALARMS = (0, 15, 30, 60, 1440)  # minutes before


class Whose(StrEnum):
    MINE = "mine"
    COMMITTEE = "udvalg"
    NONE = "ingen"


class Dues(StrEnum):
    """How deadlines and tasks are shown."""

    NONE = "nej"
    EVENTS = "begivenhed"
    TODOS = "vtodo"


class Choice(Struct, frozen=True):
    meetings: Whose = Whose.MINE
    committee_id: int = 0
    dues: Dues = Dues.NONE
    alarm: int = 0

    @property
    def alarms(self) -> list[timedelta]:
        return [timedelta(minutes=self.alarm)] if self.alarm else []

    def query(self) -> str:
        return urlencode(
            {
                "moeder": self.meetings.value,
                **({"udvalg": self.committee_id} if self.meetings is Whose.COMMITTEE else {}),
                "opgaver": self.dues.value,
                **({"varsel": self.alarm} if self.alarm else {}),
            }
        )


def choice_of(query: str) -> Choice:
    """The choice an address was made with. What is not understood is as if it were not said."""
    given = dict(parse_qsl(query, max_num_fields=50))
    whose = Whose(given["moeder"]) if given.get("moeder") in set(Whose) else Whose.MINE
    committee_id, alarm = number_in(given.get("udvalg", "")) or 0, given.get("varsel", "")
    if whose is Whose.COMMITTEE and not committee_id:
        whose = Whose.MINE
    return Choice(
        meetings=whose,
        committee_id=committee_id if whose is Whose.COMMITTEE else 0,
        dues=dues_of(given.get("opgaver", "")) or Dues.NONE,
        alarm=int(alarm) if alarm in {str(one) for one in ALARMS} else 0,
    )


def dues_of(word: str) -> Dues | None:
    return Dues(word) if word in set(Dues) else None
