"""What a slice brings to the application."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar import Router
from sqlalchemy.orm import Session

from med.access import Policy
from med.db import Database
from med.language import Text
from med.settings import Settings


@dataclass(frozen=True)
class NavEntry:
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


@dataclass(frozen=True)
class Job:
    """Something done by the clock, at every full `minutes` counted from midnight UTC.

    Either `work`, in a transaction of its own, claimed by one worker for each due time; or an `errand` outside the
    house (mail, a mailbox), which every worker runs, because rows with leases decide who does what.
    """

    name: str
    minutes: int
    work: Callable[[Session], None] | None = None
    errand: Callable[[Office], None] | None = None


@dataclass(frozen=True)
class Slice:
    name: str
    routers: Sequence[Router] = ()
    policies: Sequence[Policy] = ()  # templates ask for them by name: can("record_decision", item)
    nav: Sequence[NavEntry] = ()
    jobs: Sequence[Job] = ()
    # What a higher slice offers to a lower page, batched: name of the place -> function(db, viewer, ids) -> dict.
    panels: dict[str, Callable[..., Any]] = field(default_factory=dict)
    # What waits for a person: function(db, viewer) -> list of Waiting. `/`, reminders and digests use the same.
    awaits: Callable[..., list["Waiting"]] | None = None


@dataclass(frozen=True)
class Waiting:
    """Something that waits for one person: what, where, and until when."""

    kind: str
    title: Text | str
    about: str
    href: str
    due: Any = None  # date or None
    weight: int = 5  # smaller comes first among those with the same date
