"""What people type about waiting: who waits, why this one before another, what they answer to an offer."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from med.competence_compass.activity_words import NEEDS
from med.competence_compass.forms.activities import Id
from med.competence_compass.forms.cpr import ask_about_cpr
from med.competence_compass.forms.runs import check_days
from med.competence_compass.models import WaitingReason
from med.errors import Invalid
from med.language import T

Need = Annotated[int, msgspec.Meta(ge=0, le=len(NEEDS) - 1)]
Words = Annotated[str, msgspec.Meta(max_length=1000)]


class QueueForm(msgspec.Struct):
    """A citizen for the list. The reason says what decides, the need how much it is; other reasons want words."""

    activity: Id | None = None
    citizen: Annotated[str, msgspec.Meta(max_length=60)] = ""  # a pseudonym, where the page is not the citizen's own
    reason: WaitingReason = WaitingReason.ORDER
    priority: Need = 0
    queued: date | None = None
    words: Words = ""
    not_cpr: bool = False

    def __post_init__(self) -> None:
        check_days(queued=self.queued)
        if self.reason is WaitingReason.NEED and self.priority == 0:
            raise Invalid(priority=T("Når behov er grunden, skal behovet være stort eller meget stort."))
        if self.reason is WaitingReason.ORDER and self.priority > 0:
            raise Invalid(reason=T("Vælg “Behov” som grund, når behovet er stort: så går det forud for ventetiden."))
        if self.reason is WaitingReason.OTHER and not self.words.strip():
            raise Invalid(words=T("Skriv grunden, når den er en anden."))
        ask_about_cpr(self.not_cpr, words=self.words)


class NeedForm(msgspec.Struct):
    priority: Need


class DrawScope(StrEnum):
    DAY = "day"  # between those who have the same need and the same day
    NEED = "need"  # between all of the same need between whom no lot is drawn yet


class DrawForm(msgspec.Struct):
    scope: DrawScope = DrawScope.DAY
    priority: Need = 0


class OfferForm(msgspec.Struct):
    """A place in a run, for the next in line, or with a written reason for somebody else."""

    run: Id
    entry: Id
    words: Words = ""
    not_cpr: bool = False

    def __post_init__(self) -> None:
        ask_about_cpr(self.not_cpr, words=self.words)


class Answer(StrEnum):
    YES = "yes"
    NOT_NOW = "not_now"  # keeps their place in the line
    NO = "no"  # does not want it any more
    NONE = "none"  # no answer in time


class AnswerForm(msgspec.Struct):
    answer: Answer
    starts: date | None = None

    def __post_init__(self) -> None:
        check_days(starts=self.starts)


class LeaveListForm(msgspec.Struct):
    why: Annotated[str, msgspec.Meta(pattern="^(withdrawn|expired)$")]
