"""What people fill in about an item, its openness, its place, and their notes on it."""

from datetime import date
from typing import Annotated

import msgspec

from med.access import Side
from med.errors import Invalid
from med.language import T
from med.meetings.forms.planning import Id, Line, Name, Version
from med.meetings.models import GROUNDS, Purpose

LONGEST_CASE = 40_000
OWN_WORDS = "own"


class ItemForm(msgspec.Struct, kw_only=True):
    """An item on the agenda. `recommendation` is one "at …" a line.

    A closed item needs a ground: a key of GROUNDS, or `own` with words in `ground_words`.
    `cpr_anyway` keeps a text that holds what looks like a CPR number.
    """

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    purpose: Purpose = Purpose.DISCUSS
    case_text: Annotated[str, msgspec.Meta(max_length=LONGEST_CASE)] = ""
    recommendation: Annotated[str, msgspec.Meta(max_length=6000)] = ""
    minutes_budget: Annotated[int, msgspec.Meta(ge=0, le=600)] = 10
    responsible: Name = ""
    raised_by: Name = ""
    raised_side: Side | None = None
    decided_by: Line = ""
    decision_planned: date | None = None
    informed: date | None = None
    discussed: date | None = None
    case_number: Line = ""
    is_closed: bool = False
    ground: Line = ""
    ground_words: Annotated[str, msgspec.Meta(max_length=300)] = ""
    cpr_anyway: bool = False

    def __post_init__(self) -> None:
        self.title = " ".join(self.title.split())
        if self.is_closed:
            chosen_ground(self.ground, self.ground_words)


class EditItem(ItemForm, kw_only=True):
    """The same, on top of the version of the item that was on the screen."""

    version: Version


class Openness(msgspec.Struct):
    is_closed: bool = False
    ground: Line = ""
    ground_words: Annotated[str, msgspec.Meta(max_length=300)] = ""

    def __post_init__(self) -> None:
        if self.is_closed:
            chosen_ground(self.ground, self.ground_words)


class Move(msgspec.Struct):
    """`to` is the new place, counted from 0."""

    item: Id
    to: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class NoteForm(msgspec.Struct):
    """A note on an item: one's own, or (`shared`) the side's. `version` 0 is a note that was not there before."""

    version: Version
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    shared: bool = False


def chosen_ground(ground: str, own_words: str) -> str:
    """What is kept as the ground: the key of a usual one, or people's own words. Raises Invalid for neither."""
    if ground == OWN_WORDS or (not ground and own_words):
        if not own_words:
            raise Invalid(ground_words=T("Skriv, hvorfor punktet er lukket."))
        return own_words
    if not ground:
        raise Invalid(ground=T("Vælg, hvorfor punktet er lukket. Åbenhed er udgangspunktet."))
    if ground not in GROUNDS:
        raise Invalid(ground=T("Vælg en af mulighederne."))
    return ground
