"""What an employee fills in to raise a point, and what the chairs answer."""

from enum import StrEnum
from typing import Annotated

import msgspec

from med.errors import Invalid
from med.language import T
from med.meetings.forms.planning import Id
from med.meetings.models import Purpose

Reason = Annotated[str, msgspec.Meta(max_length=2000)]


class RaisePoint(msgspec.Struct, kw_only=True):
    """One field is enough: what shall we talk about? `decision` is the decision a question is about."""

    committee: Id
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    why: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    purpose: Purpose = Purpose.DISCUSS
    meeting: Id | None = None
    decision: Id | None = None
    cpr_anyway: bool = False

    def __post_init__(self) -> None:
        self.title = " ".join(self.title.split())


class Answer(StrEnum):
    ACCEPT = "accept"
    MOVE = "move"  # to another meeting of the committee
    SEND_ON = "send_on"  # to another committee
    MERGE = "merge"
    POSTPONE = "postpone"
    DECLINE = "decline"


class AnswerProposal(msgspec.Struct, kw_only=True):
    """The chairs' answer. All but yes need a reason, which the proposer reads."""

    answer: Answer
    meeting: Id | None = None
    item: Id | None = None
    committee: Id | None = None
    minutes_budget: Annotated[int, msgspec.Meta(ge=0, le=600)] = 15
    reason: Reason = ""

    def __post_init__(self) -> None:
        errors = {}
        needs = {
            Answer.ACCEPT: ("meeting", T("Vælg det møde, punktet skal på.")),
            Answer.MOVE: ("meeting", T("Vælg det møde, forslaget skal vente på.")),
            Answer.MERGE: ("item", T("Vælg det punkt, forslaget lægges sammen med.")),
            Answer.SEND_ON: ("committee", T("Vælg det udvalg, forslaget hører til i.")),
        }
        field, message = needs.get(self.answer, ("", None))
        if field and getattr(self, field) is None:
            errors[field] = message
        if self.answer is not Answer.ACCEPT and len(self.reason.strip()) < 3:
            errors["reason"] = T("Skriv hvorfor. Den, der har rejst punktet, læser det.")
        if errors:
            raise Invalid(**errors)
