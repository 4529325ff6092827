"""What people type about activities and what they are meant to do."""

from enum import StrEnum
from typing import Annotated

import msgspec

from med.competence_compass.forms.cpr import ask_about_cpr
from med.competence_compass.models import ActivityKind, Aim

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Title = Annotated[str, msgspec.Meta(max_length=120)]
Code = Annotated[str, msgspec.Meta(max_length=30)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Paragraph = Annotated[str, msgspec.Meta(max_length=4000)]
Sessions = Annotated[int, msgspec.Meta(ge=1, le=400)]
Places = Annotated[int, msgspec.Meta(ge=1, le=500)]
Kroner = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]


class ActivityForm(msgspec.Struct):
    title: Title
    kind: ActivityKind
    unit: Id
    planned_sessions: Sessions
    about: Paragraph = ""
    code: Code = ""
    capacity: Places | None = None
    cost: Kroner | None = None
    owner: Name = ""
    decision: Id | None = None
    has_exam: bool = False
    not_cpr: bool = False
    version: int = 0

    def __post_init__(self) -> None:
        self.title = " ".join(self.title.split())
        self.code = " ".join(self.code.split())
        ask_about_cpr(self.not_cpr, title=self.title, about=self.about, code=self.code)


class Size(StrEnum):
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class HypothesisForm(msgspec.Struct):
    dimension: Id
    size: Size
    rationale: Paragraph
    aim: Aim = Aim.DEVELOP
    decision: Id | None = None
    not_cpr: bool = False

    def __post_init__(self) -> None:
        ask_about_cpr(self.not_cpr, rationale=self.rationale)
