"""What a slice brings to the application."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from typing import Any

from msgspec import Struct
from sqlalchemy.orm import Session

from med.access import Policy, Viewer
from med.db import Database
from med.language import Text
from med.settings import Settings


class NavEntry(Struct, frozen=True):
    """A place in the navigation. `more` puts it under "Mere"; `shows` may hide it from some viewers."""

    key: str
    title: Text
    href: str
    order: int
    more: bool = False
    shows: Callable[[Any], bool] = lambda viewer: True


@dataclass(frozen=True)
class Office:
    """What an errand has at hand: it opens its own short transactions, and none is open while it waits for others."""

    database: Database
    settings: Settings
    stopping: Event = field(default_factory=Event)  # set when the process is to go: begin nothing new


class Job(Struct, frozen=True):
    """Something done by the clock, at every full `minutes` counted from midnight UTC.

    Either `work`, in a transaction of its own, claimed by one worker for each due time; or an `errand` outside the
    house (mail, a mailbox), which every worker runs, because rows with leases decide who does what.

    Work that may be much does some of it and gives True: the rest comes in further turns, each in a transaction of its
    own, and what people ask for meanwhile goes between.
    """

    name: str
    minutes: int
    work: Callable[[Session], bool | None] | None = None
    errand: Callable[[Office], None] | None = None


class Slice(Struct, frozen=True):
    name: str
    handlers: Sequence[Any] = ()  # what its route files answer, each made by `get`, `look` or `post`
    policies: Sequence[Policy] = ()  # templates ask for them by name: can("record_decision", item)
    nav: Sequence[NavEntry] = ()
    jobs: Sequence[Job] = ()
    # What a higher slice offers to a lower page: {{ panel("decision", decision) }} there, and here the name of the
    # place -> function(visit, thing) -> Markup.
    panels: dict[str, Callable[..., Any]] = {}
    # What waits for a person: function(db, viewer) -> list of Waiting. `/` and the digests show the same list.
    awaits: Callable[..., list["Waiting"]] | None = None

    def __post_init__(self) -> None:
        if self.awaits is not None:
            AWAITS.append(self.awaits)


class Waiting(Struct, frozen=True):
    """Something that waits for one person: what, where, and until when.

    The list is asked for when somebody looks. What is to come by itself on its day (decisions, follow-ups, agendas,
    minutes, assessments) is planned for everybody at once by other questions, in med/notices/planning/calendar.py, and
    tests/notices/test_due.py holds the two against each other. Other kinds stand on the list alone.
    """

    kind: str
    title: Text | str
    about: str
    href: str
    due: date | None = None
    weight: int = 5  # smaller comes first among those with the same date
    is_now: bool = False  # it happens at this moment: before everything with a date
    is_open: bool = True  # else the words come from a closed item, and stay in the house


# Every slice that says what waits for people, in the order they were made. See `waiting_for`.
AWAITS: list[Callable[..., list[Waiting]]] = []


def waiting_for(db: Session, viewer: Viewer) -> list[Waiting]:
    """ "Det venter på dig": the one list that `/` and the digests share, the most urgent first."""
    return sorted((thing for ask in AWAITS for thing in ask(db, viewer)), key=by_urgency)


def by_urgency(thing: Waiting) -> tuple[bool, date, int, str]:
    """What happens now, then what is due first; what has no day comes last."""
    return not thing.is_now, thing.due or date.max, thing.weight, str(thing.title)
