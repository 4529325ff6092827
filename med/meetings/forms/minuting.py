"""What people write in the room."""

from datetime import date
from typing import Annotated

import msgspec

from med.meetings.models import Consensus, Outcome, Part

LONGEST_MINUTES = 60_000
Words = Annotated[str, msgspec.Meta(max_length=4000)]
Line = Annotated[str, msgspec.Meta(max_length=300)]
Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Version = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class MinutesText(msgspec.Struct):
    """An item's minutes as they stand in the writer's field, and the version they grew from."""

    version: Version
    text: Annotated[str, msgspec.Meta(max_length=LONGEST_MINUTES)] = ""


class Settled(msgspec.Struct):
    """How an item ended: two fields, and what the outcome needs."""

    outcome: Outcome
    version: Version
    consensus: Consensus | None = None
    statement_management: Words = ""
    statement_employees: Words = ""
    hearing_until: date | None = None
    sent_to: Id | None = None
    why: Words = ""


class Here(msgspec.Struct):
    """One person's presence, read from the list."""

    presence: str
    arrived: str = ""
    left: str = ""


class Joined(msgspec.Struct):
    """Someone who came and was not on the list."""

    person: Annotated[str, msgspec.Meta(max_length=200)]
    part: Part = Part.GUEST
    stands_in_for: Id | None = None
    note: Line = ""
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class Recused(msgspec.Struct):
    person_id: Id


class OnTheSpot(msgspec.Struct):
    title: Annotated[str, msgspec.Meta(max_length=200)]
