"""A small world to ask about, as plain data. Nothing here comes from `med`; words are those the database stores."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Dated:
    starts: date
    ends: date | None = None

    def holds(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day <= self.ends)


@dataclass(frozen=True)
class Person:
    id: int
    active: bool = True
    jobs: tuple[Dated, ...] = ()


@dataclass(frozen=True)
class Committee:
    id: int
    parent: int | None = None
    level: str = "local"
    over: bool = False  # its last day has passed


@dataclass(frozen=True)
class Seat:
    id: int
    committee: int
    person: int
    side: str | None
    role: str
    term: Dated


@dataclass(frozen=True)
class Grant:
    id: int
    person: int
    kind: str
    term: Dated
    committee: int | None = None
    below: bool = False


@dataclass(frozen=True)
class Meeting:
    id: int
    committee: int
    state: str = "planned"
    kind: str = "ordinary"
    open: bool = True
    over: bool = False  # its time has passed, whatever became of it
    agenda_sent: bool = False
    draft_shown: bool = False
    agenda_chair: bool = False
    agenda_vice: bool = False
    minute_taker: int | None = None
    moderator: int | None = None


@dataclass(frozen=True)
class Attendance:
    id: int
    meeting: int
    person: int
    part: str = "member"
    side: str | None = None
    role: str | None = None
    for_whom: int | None = None
    reply: str = "invited"
    presence: str = "unknown"


@dataclass(frozen=True)
class Minutes:
    id: int
    meeting: int
    state: str = "draft"
    chair: bool = False
    vice: bool = False


@dataclass(frozen=True)
class Item:
    id: int
    meeting: int
    open: bool = True
    purpose: str = "discuss"
    settled: bool = False


@dataclass(frozen=True)
class Attachment:
    id: int
    item: int
    open: bool = True
    removed: bool = False


@dataclass(frozen=True)
class Note:
    id: int
    item: int
    person: int | None = None
    side: str | None = None


@dataclass(frozen=True)
class Proposal:
    id: int
    committee: int
    raised_by: int | None
    state: str = "received"
    from_item: int | None = None  # sent on by another committee, from this point
    item: int | None = None  # what became of it


@dataclass(frozen=True)
class Decision:
    id: int
    committee: int
    open: bool
    meeting: int | None = None
    item: int | None = None
    published: bool = False
    state: str = "valid"
    responsible: int | None = None
    said_chair: bool = False
    said_vice: bool = False


@dataclass(frozen=True)
class FollowUp:
    id: int
    committee: int
    open: bool
    owner: int
    item: int | None = None
    decision: int | None = None


@dataclass(frozen=True)
class Link:
    """What a decision does to the one activity there is."""

    id: int
    decision: int


@dataclass(frozen=True)
class Subscription:
    id: int
    person: int
    topic: str  # "my_tasks", "committee", "decision"
    about: int | None = None


@dataclass(frozen=True)
class Notice:
    id: int
    person: int


@dataclass(frozen=True)
class Token:
    """A private address: a feed of decisions or a calendar."""

    id: int
    person: int
    scope: str
    revoked: bool = False


@dataclass
class World:
    today: date
    people: dict[int, Person] = field(default_factory=dict)
    committees: dict[int, Committee] = field(default_factory=dict)
    seats: dict[int, Seat] = field(default_factory=dict)
    grants: dict[int, Grant] = field(default_factory=dict)
    meetings: dict[int, Meeting] = field(default_factory=dict)
    attendances: dict[int, Attendance] = field(default_factory=dict)
    minutes: dict[int, Minutes] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    proposals: dict[int, Proposal] = field(default_factory=dict)
    decisions: dict[int, Decision] = field(default_factory=dict)
    follow_ups: dict[int, FollowUp] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    notices: dict[int, Notice] = field(default_factory=dict)
    tokens: dict[int, Token] = field(default_factory=dict)
