"""What people type about a citizen's goals."""

from datetime import date
from typing import Annotated

import msgspec

from med.competence_compass.forms.cpr import ask_about_cpr
from med.competence_compass.models import GoalType
from med.errors import Invalid
from med.language import T

Title = Annotated[str, msgspec.Meta(max_length=300)]
LevelText = Annotated[str, msgspec.Meta(max_length=600)]
Plan = Annotated[str, msgspec.Meta(max_length=200)]
LEVEL_FIELDS = {-2: "level_m2", -1: "level_m1", 0: "level_0", 1: "level_p1", 2: "level_p2"}


class GoalForm(msgspec.Struct):
    """The goal in the citizen's words, and the five levels it can end on: at least what is expected is written."""

    title: Title
    goal_type: GoalType
    level_0: LevelText
    level_m2: LevelText = ""
    level_m1: LevelText = ""
    level_p1: LevelText = ""
    level_p2: LevelText = ""
    about: Annotated[str, msgspec.Meta(pattern=r"^((area|dimension)-[1-9][0-9]{0,17})?$")] = ""
    target_value: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] | None = None
    weight: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1
    set_on: date | None = None
    due: date | None = None
    plan: Plan = ""
    not_cpr: bool = False
    version: int = 0

    def __post_init__(self) -> None:
        if self.due and self.set_on and self.due < self.set_on:
            raise Invalid(due=T("Fristen ligger før den dag, målet blev sat."))
        if self.due and not 2000 <= self.due.year <= 2199:
            raise Invalid(due=T("Skriv et år mellem %(first)s og %(last)s.", first=2000, last=2199))
        if self.target_value is not None and not self.about:
            raise Invalid(about=T("Vælg det, målet handler om, når det har en plads på kompasset."))
        ask_about_cpr(self.not_cpr, title=self.title, plan=self.plan, **self.typed_levels())

    def typed_levels(self) -> dict[str, str]:
        return {field: getattr(self, field) for field in LEVEL_FIELDS.values()}

    def sealed(self) -> dict[str, object]:
        """The words as the vault keeps them."""
        levels = {str(level): getattr(self, field) for level, field in LEVEL_FIELDS.items()}
        return {"title": self.title, "levels": levels, "plan": self.plan}


class RatingForm(msgspec.Struct):
    level: Annotated[int, msgspec.Meta(ge=-2, le=2)]
    day: date


class EndForm(msgspec.Struct):
    day: date
    version: int = 0
