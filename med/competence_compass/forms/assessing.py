"""What people choose and type when they take stock with a citizen."""

from datetime import date
from typing import Annotated

import msgspec

from med.competence_compass.forms.cpr import ask_about_cpr
from med.competence_compass.models import AssessmentKind, AssessmentPurpose, NoScore
from med.errors import Invalid
from med.language import T

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Words = Annotated[str, msgspec.Meta(max_length=4000)]
# Somebody from outside comes with an import; on a page there are these three.
VOICES = (AssessmentKind.SELF, AssessmentKind.STAFF, AssessmentKind.JOINT)


class BeginForm(msgspec.Struct):
    """Which day, what for, and whose voices."""

    day: date
    purpose: AssessmentPurpose = AssessmentPurpose.ROUTINE
    voices: list[AssessmentKind] = []
    instrument: Id | None = None  # asked where the citizen has none of their own

    def __post_init__(self) -> None:
        self.voices = [voice for voice in VOICES if voice in self.voices]
        if self.purpose is AssessmentPurpose.DOUBLE:
            self.voices = [AssessmentKind.STAFF]
        if not self.voices:
            raise Invalid(voices=T("Vælg, hvis vurdering I vil skrive ned."))


class CloseForm(msgspec.Struct):
    """How the voices see it differently, in words; and that the number in it is no CPR number."""

    differs: Words = ""
    not_cpr: bool = False

    def __post_init__(self) -> None:
        ask_about_cpr(self.not_cpr, differs=self.differs)


class FillForm(msgspec.Struct):
    """One reason for everything a voice has not answered."""

    voice: AssessmentKind
    reason: NoScore
