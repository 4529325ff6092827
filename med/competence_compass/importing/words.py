"""An instrument as words: what its file says, what the editor writes, and what makes it whole enough to be used.

Texts are one line each, white space folded, so that a file written from the database reads back the same.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from med.language import T, Text

LONGEST_TITLE = 120
LONGEST_SHORT = 40
LONGEST_WORDS = 400
LONGEST_ABOUT = 1000
MOST_AREAS, MOST_DIMENSIONS = 20, 200
SCALE = (-10, 100)
MOST_LEVELS = 11
CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")

_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "é": "e", "ö": "oe", "ä": "ae", "ü": "y"})


class Fault(NamedTuple):
    """What is wrong, and where: "fagligt / nye_opgaver" or "række 5"."""

    where: Text | str
    what: Text

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Level(msgspec.Struct):
    value: int
    short: str
    descriptor: str = ""
    easy: str = ""


class DimensionWords(msgspec.Struct):
    code: str
    title: str
    question: str = ""
    easy_question: str = ""
    ffb_code: str = ""
    higher_is_better: bool | None = None  # None: as the version has it
    levels: list[Level] = []


class AreaWords(msgspec.Struct):
    code: str
    title: str
    short_title: str = ""
    easy_title: str = ""
    dimensions: list[DimensionWords] = []


class VersionWords(msgspec.Struct):
    number: int
    scale_min: int
    scale_max: int
    higher_is_better: bool = True
    source: str = ""
    is_example: bool = False
    levels: list[Level] = []
    areas: list[AreaWords] = []


class InstrumentWords(msgspec.Struct):
    """A whole instrument with one version: what one file holds."""

    key: str
    name: str
    version: VersionWords
    target_group: str = ""
    about: str = ""
    interval_days: int = 91

    @property
    def dimensions(self) -> list[DimensionWords]:
        return [dimension for area in self.version.areas for dimension in area.dimensions]


def folded(words: str) -> str:
    return " ".join(words.split())


def code_of(title: str) -> str:
    """A code made from a title: "Håndtere post" becomes "haandtere_post"."""
    plain = re.sub(r"[^a-z0-9]+", "_", title.casefold().translate(_LETTERS)).strip("_")
    return plain[:40].strip("_") or "x"


def free_code(title: str, taken: Iterable[str]) -> str:
    code, known, number = code_of(title), set(taken), 2
    while code in known:
        code = f"{code_of(title)[:36]}_{number}"
        number += 1
    return code


# --- is it whole? -----------------------------------------------------------------------------------------------


def gaps(version: VersionWords) -> Iterator[Fault]:
    """What a version lacks before it can be used, or has twice. A draft may have gaps; one in use may not."""
    if not version.areas:
        yield Fault(T("Versionen"), T("Der er ingen områder."))
    if version.scale_max <= version.scale_min:
        yield Fault(T("Skalaen"), T("Det højeste trin skal ligge over det laveste."))
        return
    if version.scale_max - version.scale_min >= MOST_LEVELS:
        yield Fault(T("Skalaen"), T("Højst %(n)s trin.", n=MOST_LEVELS))
        return
    yield from _twice((area.code for area in version.areas), T("Koden bruges til to områder."))
    dimensions = [dimension for area in version.areas for dimension in area.dimensions]
    yield from _twice((dimension.code for dimension in dimensions), T("Koden bruges til to dimensioner."))
    if len(version.areas) > MOST_AREAS or len(dimensions) > MOST_DIMENSIONS:
        yield Fault(T("Versionen"), T("Højst %(n)s områder og %(m)s dimensioner.", n=MOST_AREAS, m=MOST_DIMENSIONS))
    common = {level.value for level in version.levels}
    yield from _levels(T("Skalaen"), version.levels, version)
    for area in version.areas:
        if not area.dimensions:
            yield Fault(area.code, T("Området har ingen dimensioner."))
        for dimension in area.dimensions:
            where = f"{area.code} / {dimension.code}"
            yield from _levels(where, dimension.levels, version)
            own = {level.value for level in dimension.levels}
            missing = [value for value in scale(version) if value not in common | own]
            if missing:
                yield Fault(where, T("Mangler ord for trin %(values)s.", values=", ".join(map(str, missing))))


def scale(version: VersionWords) -> range:
    return range(version.scale_min, version.scale_max + 1)


def _levels(where: Text | str, levels: list[Level], version: VersionWords) -> Iterator[Fault]:
    for value, times in Counter(level.value for level in levels).items():
        if times > 1:
            yield Fault(where, T("Trin %(value)s står der to gange.", value=value))
        if value not in scale(version):
            yield Fault(
                where,
                T(
                    "Trin %(value)s ligger uden for skalaen, %(low)s–%(high)s.",
                    value=value,
                    low=version.scale_min,
                    high=version.scale_max,
                ),
            )


def _twice(codes: Iterable[str], what: Text) -> Iterator[Fault]:
    yield from (Fault(code, what) for code, times in Counter(codes).items() if times > 1)


# --- from raw values to words: what a file may hold --------------------------------------------------------------


class Taking:
    """Takes raw values one by one and remembers what was wrong with them, so that all of it is told at once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def wrong(self, where: Text | str, what: Text) -> None:
        self.faults.append(Fault(where, what))

    def words(self, where: Text | str, name: Text | str, raw: object, most: int, *, needed: bool = False) -> str:
        if raw is None:
            raw = ""
        if not isinstance(raw, str) or any(ord(sign) < 32 and sign not in "\t\r\n" for sign in raw):
            self.wrong(where, T("%(name)s er ikke en tekst.", name=name))
            return ""
        said = folded(raw)
        if len(said) > most:
            self.wrong(where, T("%(name)s: højst %(n)s tegn; her er %(m)s.", name=name, n=most, m=len(said)))
        if needed and not said:
            self.wrong(where, T("%(name)s mangler.", name=name))
        return said

    def code(self, where: Text | str, raw: object) -> str:
        code = raw.strip().lower() if isinstance(raw, str) else ""
        if not CODE.fullmatch(code):
            self.wrong(where, T("Koden skal være 1–40 tegn af a–z, 0–9, punktum, bindestreg og understreg."))
            return ""
        return code

    def number(self, where: Text | str, name: Text | str, raw: object, low: int, high: int) -> int:
        if isinstance(raw, str) and re.fullmatch(r"[+-]?[0-9]{1,6}", raw.strip()):
            raw = int(raw)
        if not isinstance(raw, int) or isinstance(raw, bool):
            self.wrong(where, T("%(name)s er ikke et helt tal.", name=name))
            return low
        if not low <= raw <= high:
            self.wrong(where, T("%(name)s skal være fra %(low)s til %(high)s.", name=name, low=low, high=high))
            return low
        return raw

    def yes(self, where: Text | str, name: Text | str, raw: object) -> bool:
        if isinstance(raw, str) and raw.strip().casefold() in {"ja", "nej", "yes", "no"}:
            raw = raw.strip().casefold() in {"ja", "yes"}
        if not isinstance(raw, bool):
            self.wrong(where, T("%(name)s er hverken ja eller nej.", name=name))
            return True
        return raw
