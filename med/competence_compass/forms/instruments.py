"""What people type about instruments. The same limits hold for a file."""

from collections.abc import Callable, Collection, Iterable
from typing import Annotated

import msgspec

from med.competence_compass.forms.cpr import ask_about_cpr
from med.competence_compass.importing.words import (
    CODE,
    LONGEST_ABOUT,
    LONGEST_SHORT,
    LONGEST_TITLE,
    LONGEST_WORDS,
    MOST_LEVELS,
    SCALE,
    Level,
    folded,
)
from med.errors import Invalid
from med.language import T

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TITLE)]
Line = Annotated[str, msgspec.Meta(max_length=LONGEST_TITLE)]
Short = Annotated[str, msgspec.Meta(max_length=LONGEST_SHORT)]
Words = Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)]
Seen = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
Step = Annotated[int, msgspec.Meta(ge=SCALE[0], le=SCALE[1])]


def check_code(code: str) -> None:
    if code and not CODE.fullmatch(code):
        raise Invalid(code=T("Koden skal være 1–40 tegn af a–z, 0–9, punktum, bindestreg og understreg."))


class InstrumentForm(msgspec.Struct):
    name: Title
    interval_days: Annotated[int, msgspec.Meta(ge=1, le=3660)] = 91
    target_group: Line = ""
    about: Annotated[str, msgspec.Meta(max_length=LONGEST_ABOUT)] = ""
    not_cpr: bool = False

    def __post_init__(self) -> None:
        ask_about_cpr(self.not_cpr, name=self.name, target_group=self.target_group, about=self.about)


class NewInstrumentForm(InstrumentForm):
    key: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.key and not CODE.fullmatch(self.key):
            raise Invalid(key=T("Koden skal være 1–40 tegn af a–z, 0–9, punktum, bindestreg og understreg."))


class ScaleForm(msgspec.Struct):
    scale_min: Step
    scale_max: Step
    version: Seen
    direction: Annotated[str, msgspec.Meta(pattern="^(up|down)$")] = "up"
    source: Words = ""

    def __post_init__(self) -> None:
        if self.scale_max <= self.scale_min:
            raise Invalid(scale_max=T("Det højeste trin skal ligge over det laveste."))
        if self.scale_max - self.scale_min >= MOST_LEVELS:
            raise Invalid(scale_max=T("Højst %(n)s trin.", n=MOST_LEVELS))


class AreaForm(msgspec.Struct):
    title: Title
    version: Seen
    short_title: Short = ""
    easy_title: Line = ""
    code: str = ""

    def __post_init__(self) -> None:
        check_code(self.code)


class DimensionForm(msgspec.Struct):
    title: Title
    version: Seen
    question: Words = ""
    easy_question: Words = ""
    ffb_code: Short = ""
    code: str = ""
    direction: Annotated[str, msgspec.Meta(pattern="^(up|down)?$")] = ""  # empty: as the version has it
    area_id: int | None = None

    def __post_init__(self) -> None:
        check_code(self.code)


class SeenForm(msgspec.Struct):
    version: Seen


class PlaceForm(msgspec.Struct):
    """`to` is the new place among its own, counted from 0; beyond either end is the end."""

    to: Annotated[int, msgspec.Meta(ge=-1, le=1000)]


class PublishedForm(msgspec.Struct):
    """A reliability somebody else has measured and published."""

    r: Annotated[str, msgspec.Meta(max_length=10)]
    sd: Annotated[str, msgspec.Meta(max_length=10)]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_WORDS)]
    of: Annotated[str, msgspec.Meta(pattern="^(area|dimension):[0-9]{1,18}$")]
    n_pairs: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    not_cpr: bool = False

    def __post_init__(self) -> None:
        ask_about_cpr(self.not_cpr, source=self.source)


def levels_from(typed: Callable[[str], str], values: Iterable[int], known: Collection[int]) -> list[Level]:
    """The steps as typed in the fields `short_3`, `descriptor_3`, `easy_3`; a step without words is left out.

    A step in `known` has a short word from elsewhere (the scale's own) and may leave its own out.
    Raises Invalid with a message for every field that does not fit.
    """
    levels: list[Level] = []
    errors = {}
    for value in values:
        words = {name: folded(typed(f"{name}_{value}")) for name in ("short", "descriptor", "easy")}
        for name, most in (("short", LONGEST_SHORT), ("descriptor", LONGEST_WORDS), ("easy", LONGEST_WORDS)):
            if len(words[name]) > most:
                errors[f"{name}_{value}"] = T("Højst %(n)s tegn; her er %(m)s.", n=most, m=len(words[name]))
        if not words["short"] and (words["descriptor"] or words["easy"]) and value not in known:
            errors[f"short_{value}"] = T("Skal udfyldes.")
        if any(words.values()):
            levels.append(Level(value, **words))
    if errors:
        raise Invalid(**errors)
    return levels
