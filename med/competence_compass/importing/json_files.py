"""An instrument as JSON: our own format, and the themes of FFB as KL's terminology lists them."""

from typing import Any

import msgspec

from med.competence_compass.importing.words import (
    LONGEST_ABOUT,
    LONGEST_SHORT,
    LONGEST_TITLE,
    LONGEST_WORDS,
    SCALE,
    AreaWords,
    DimensionWords,
    InstrumentWords,
    Level,
    Taking,
    VersionWords,
    free_code,
)
from med.language import T

KNOWN = {
    "the file": {"key", "name", "target_group", "about", "interval_days", "version"},
    "version": {"number", "scale_min", "scale_max", "higher_is_better", "source", "is_example", "levels", "areas"},
    "area": {"code", "title", "short_title", "easy_title", "dimensions"},
    "dimension": {"code", "title", "question", "easy_question", "ffb_code", "higher_is_better", "levels"},
    "level": {"value", "short", "descriptor", "easy"},
}


def write_json(words: InstrumentWords) -> bytes:
    return msgspec.json.format(msgspec.json.encode(words), indent=1) + b"\n"


def read_json(text: str, taking: Taking) -> InstrumentWords | None:
    """The instrument a JSON text holds; None, and why in `taking`, for what is none at all."""
    try:
        whole = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        taking.wrong(T("Filen"), T("Filen er ikke gyldig JSON."))
        return None
    if isinstance(whole, dict) and isinstance(whole.get("themes"), list) and isinstance(whole.get("scale"), list):
        return _ffb(whole, taking)
    if not isinstance(whole, dict) or not isinstance(whole.get("version"), dict):
        taking.wrong(T("Filen"), T("Filen skal have en nøgle, et navn og en version."))
        return None
    return read_instrument(whole, taking)


def read_instrument(whole: dict[str, Any], taking: Taking) -> InstrumentWords:
    """From plain values to words; whatever does not fit is told in `taking`."""
    _only(taking, T("Filen"), "the file", whole)
    return InstrumentWords(
        key=taking.code(T("Filen"), whole.get("key")),
        name=taking.words(T("Filen"), T("Navnet"), whole.get("name"), LONGEST_TITLE, needed=True),
        target_group=taking.words(T("Filen"), T("Målgruppen"), whole.get("target_group"), LONGEST_TITLE),
        about=taking.words(T("Filen"), T("Beskrivelsen"), whole.get("about"), LONGEST_ABOUT),
        interval_days=taking.number(T("Filen"), T("Intervallet"), whole.get("interval_days", 91), 1, 3660),
        version=_version(whole["version"], taking),
    )


def _version(raw: dict[str, Any], taking: Taking) -> VersionWords:
    here = T("Versionen")
    _only(taking, here, "version", raw)
    version = VersionWords(
        number=taking.number(here, T("Nummeret"), raw.get("number", 1), 1, 100_000),
        scale_min=taking.number(here, T("Laveste trin"), raw.get("scale_min"), *SCALE),
        scale_max=taking.number(here, T("Højeste trin"), raw.get("scale_max"), *SCALE),
        higher_is_better=taking.yes(here, T("Retningen"), raw.get("higher_is_better", True)),
        source=taking.words(here, T("Kilden"), raw.get("source"), LONGEST_WORDS),
        is_example=taking.yes(here, T("Eksempel"), raw.get("is_example", False)),
    )
    version.levels = [_level(T("Skalaen"), level, taking) for level in _list(here, raw, "levels", taking)]
    shorts = {level.value: level.short for level in version.levels}
    version.areas = [_area(n, area, shorts, taking) for n, area in enumerate(_list(here, raw, "areas", taking), 1)]
    return version


def _area(number: int, raw: dict[str, Any], shorts: dict[int, str], taking: Taking) -> AreaWords:
    where: Any = T("Område %(n)s", n=number)
    _only(taking, where, "area", raw)
    code = taking.code(where, raw.get("code"))
    where = code or where
    return AreaWords(
        code=code,
        title=taking.words(where, T("Titlen"), raw.get("title"), LONGEST_TITLE, needed=True),
        short_title=taking.words(where, T("Den korte titel"), raw.get("short_title"), LONGEST_SHORT),
        easy_title=taking.words(where, T("Den lette titel"), raw.get("easy_title"), LONGEST_TITLE),
        dimensions=[
            _dimension(f"{where} / {n}", dimension, shorts, taking)
            for n, dimension in enumerate(_list(where, raw, "dimensions", taking), 1)
        ],
    )


def _dimension(where: str, raw: dict[str, Any], shorts: dict[int, str], taking: Taking) -> DimensionWords:
    _only(taking, where, "dimension", raw)
    code = taking.code(where, raw.get("code"))
    direction = raw.get("higher_is_better")
    return DimensionWords(
        code=code,
        title=taking.words(where, T("Titlen"), raw.get("title"), LONGEST_TITLE, needed=True),
        question=taking.words(where, T("Spørgsmålet"), raw.get("question"), LONGEST_WORDS),
        easy_question=taking.words(where, T("Det lette spørgsmål"), raw.get("easy_question"), LONGEST_WORDS),
        ffb_code=taking.words(where, T("FFB-koden"), raw.get("ffb_code"), LONGEST_SHORT),
        higher_is_better=None if direction is None else taking.yes(where, T("Retningen"), direction),
        levels=[_level(where, level, taking, shorts) for level in _list(where, raw, "levels", taking)],
    )


def _level(where: Any, raw: dict[str, Any], taking: Taking, shorts: dict[int, str] | None = None) -> Level:
    """One step. A dimension's own may leave out the short word: then it is the scale's."""
    _only(taking, where, "level", raw)
    value = taking.number(where, T("Trinnet"), raw.get("value"), *SCALE)
    short = taking.words(where, T("Trinnets ord"), raw.get("short"), LONGEST_SHORT)
    short = short or (shorts or {}).get(value, "")
    if not short:
        taking.wrong(where, T("Trin %(value)s mangler et ord.", value=value))
    return Level(
        value=value,
        short=short,
        descriptor=taking.words(where, T("Beskrivelsen"), raw.get("descriptor"), LONGEST_WORDS),
        easy=taking.words(where, T("De lette ord"), raw.get("easy"), LONGEST_WORDS),
    )


def _list(where: Any, raw: dict[str, Any], name: str, taking: Taking) -> list[dict[str, Any]]:
    found = raw.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        taking.wrong(where, T("»%(name)s« skal være en liste.", name=name))
        return []
    return found


def _only(taking: Taking, where: Any, kind: str, raw: dict[str, Any]) -> None:
    """A name nobody reads is a misspelling, and what it held would be lost without a word."""
    for name in raw.keys() - KNOWN[kind]:
        if not name.startswith("_"):
            taking.wrong(where, T("»%(name)s« kendes ikke.", name=name[:40]))


def _ffb(whole: dict[str, Any], taking: Taking) -> InstrumentWords:
    """KL's list of themes: the steps and sub-themes with their codes. Lower is better; "ikke vurderet" is no step."""
    meta = whole.get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    here = T("Skalaen")
    levels = []
    for raw in _list(here, whole, "scale", taking):
        if raw.get("level") is not None:
            short = taking.words(here, T("Trinnets ord"), raw.get("da"), LONGEST_SHORT, needed=True)
            levels.append(Level(taking.number(here, T("Trinnet"), raw["level"], *SCALE), short))
    if not levels:
        taking.wrong(here, T("Der er ingen trin."))
    areas: list[AreaWords] = []
    taken: list[str] = []
    for theme in _list(T("Filen"), whole, "themes", taking):
        title = taking.words(T("Temaer"), T("Titlen"), theme.get("da"), LONGEST_TITLE, needed=True)
        area = AreaWords(free_code(title, [known.code for known in areas]), title)
        for sub in _list(title, theme, "subthemes", taking):
            words = taking.words(title, T("Titlen"), sub.get("da"), LONGEST_TITLE, needed=True)
            ffb = taking.words(title, T("FFB-koden"), sub.get("code"), LONGEST_SHORT, needed=True)
            taken.append(free_code(words, taken))
            area.dimensions.append(DimensionWords(taken[-1], words, ffb_code=ffb))
        areas.append(area)
    values = [level.value for level in levels] or [0, 1]
    said = [taking.words(T("Filen"), T("Kilden"), meta.get(name), LONGEST_ABOUT) for name in ("source", "licence")]
    return InstrumentWords(
        key="ffb",
        name="FFB",
        version=VersionWords(
            number=1,
            scale_min=min(values),
            scale_max=max(values),
            higher_is_better=False,
            source=". ".join(part for part in said if part)[:LONGEST_WORDS],
            levels=sorted(levels, key=lambda level: level.value),
            areas=areas,
        ),
    )
