"""What people type about decisions and follow-ups."""

from datetime import date
from typing import Annotated

import msgspec

from med.decisions.models import DecisionState, FollowUpState
from med.errors import Invalid
from med.language import T
from med.meetings.actions.agenda import look_for_cpr
from med.perspectives.models import Perspective

Sentence = Annotated[str, msgspec.Meta(max_length=600)]
Paragraph = Annotated[str, msgspec.Meta(max_length=4000)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]

FIRST_YEAR, LAST_YEAR = 2000, 2199
# What people write although it stands on the page already.
OPENINGS = ("vi har besluttet, at ", "vi har besluttet at ", "det er besluttet, at ", "at ")


def check_days(**days: date | None) -> None:
    """Raises Invalid for a day no committee plans with; a slip of the finger makes the year 0227 or 20277."""
    wrong = {
        name: T("Skriv et år mellem %(first)s og %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)
        for name, day in days.items()
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR
    }
    if wrong:
        raise Invalid(**wrong)


class DecisionForm(msgspec.Struct):
    """Two fields and one choice; everything else may wait.

    Here and below, `cpr_anyway` keeps words that hold what looks like a CPR number.
    """

    text: Sentence
    why: Paragraph
    perspective: Perspective
    further: list[Perspective] = []
    responsible: Name = ""
    due: date | None = None
    meaning: Paragraph = ""
    frame: Paragraph = ""
    hoped_effect: Paragraph = ""
    review: date | None = None
    replaces: Id | None = None
    version: int = 0
    cpr_anyway: bool = False

    def __post_init__(self) -> None:
        self.text = without_opening(" ".join(self.text.split()))
        if not self.text:
            raise Invalid(text=T("Skriv, hvad I har besluttet."))
        self.further = [one for one in dict.fromkeys(self.further) if one is not self.perspective]
        check_days(due=self.due, review=self.review)
        if not self.cpr_anyway:
            look_for_cpr(
                text=self.text, why=self.why, meaning=self.meaning, frame=self.frame, hoped_effect=self.hoped_effect
            )


def without_opening(text: str) -> str:
    for opening in OPENINGS:
        if text.lower().startswith(opening):
            text = text[len(opening) :].lstrip()
    return "" if text.lower() in {"at", "vi har besluttet, at", "vi har besluttet at"} else text


class StateForm(msgspec.Struct):
    """How it goes: a new state, news, or both."""

    state: DecisionState | None = None
    note: Paragraph = ""
    version: int = 0
    cpr_anyway: bool = False

    def __post_init__(self) -> None:
        if not self.cpr_anyway:
            look_for_cpr(note=self.note)


class ReviewForm(msgspec.Struct):
    note: Paragraph
    review: date | None = None
    version: int = 0
    cpr_anyway: bool = False

    def __post_init__(self) -> None:
        check_days(review=self.review)
        if not self.cpr_anyway:
            look_for_cpr(note=self.note)


class HandOverForm(msgspec.Struct):
    """Who sees to it from now on, and perhaps why."""

    responsible: Name
    note: Paragraph = ""
    version: int = 0
    cpr_anyway: bool = False

    def __post_init__(self) -> None:
        if not self.cpr_anyway:
            look_for_cpr(note=self.note)


class WithdrawForm(msgspec.Struct):
    reason: Paragraph
    version: int = 0
    cpr_anyway: bool = False

    def __post_init__(self) -> None:
        if not self.cpr_anyway:
            look_for_cpr(reason=self.reason)


class FollowUpForm(msgspec.Struct):
    text: Sentence
    owner: Name
    due: date | None = None
    cpr_anyway: bool = False

    def __post_init__(self) -> None:
        self.text = " ".join(self.text.split())
        check_days(due=self.due)
        if not self.cpr_anyway:
            look_for_cpr(text=self.text)


class FollowUpStateForm(msgspec.Struct):
    state: FollowUpState
    note: Paragraph = ""
    due: date | None = None
    owner: Name = ""  # who is to see to it from now on; nothing: as before
    version: int = 0
    cpr_anyway: bool = False

    def __post_init__(self) -> None:
        check_days(due=self.due)
        if not self.cpr_anyway:
            look_for_cpr(note=self.note)
