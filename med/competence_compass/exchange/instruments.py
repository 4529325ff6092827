"""An instrument as a folder's instrument.json has it: flat and simple, as the contract says, with all else kept.

    {"name", "version", "scale": {"min", "max", "higher_is_better"}, "areas": [{"code", "title", "dimensions": […]}]}

Beside these stand the keys of the instrument's own JSON format (questions, levels in words, target group, source), so
that nothing is lost from one house to another; a folder from elsewhere may leave them out.
"""

import re
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass.actions import instruments as actions
from med.competence_compass.importing.json_files import read_instrument
from med.competence_compass.importing.words import MOST_LEVELS, InstrumentWords, Taking, code_of, gaps
from med.competence_compass.models import Instrument, Version
from med.competence_compass.queries import instruments as queries
from med.errors import Invalid
from med.journal.actions import note
from med.language import T

ABOUT = ("key", "target_group", "about", "interval_days")
VERSION = ("source", "is_example", "levels")


def as_folder_has_it(instrument: dict[str, Any]) -> dict[str, Any]:
    """From the instrument's own JSON format to the folder's."""
    version = instrument["version"]
    flat: dict[str, Any] = {
        "name": instrument["name"],
        "version": version["number"],
        "scale": {
            "min": version["scale_min"],
            "max": version["scale_max"],
            "higher_is_better": version["higher_is_better"],
        },
    }
    flat |= {key: instrument[key] for key in ABOUT if key in instrument}
    flat |= {key: version[key] for key in VERSION if key in version}
    return flat | {"areas": version["areas"]}


def as_instrument(flat: dict[str, Any]) -> dict[str, Any]:
    """Back again. Raises KeyError and TypeError for what is not an instrument."""
    scale = flat["scale"]
    number = flat.get("version", 1)
    if isinstance(number, str):  # "2", "v2", "2.0"
        digits = re.search(r"[0-9]{1,5}", number)
        number = int(digits[0]) if digits else 1
    version = {
        "number": number,
        "scale_min": scale["min"],
        "scale_max": scale["max"],
        "higher_is_better": scale.get("higher_is_better", True),
    }
    version |= {key: flat[key] for key in VERSION if key in flat}
    return (
        {"name": flat["name"]}
        | {key: flat[key] for key in ABOUT if key in flat}
        | {"version": version | {"areas": flat["areas"]}}
    )


def keep_instrument(db: Session, viewer: Viewer | None, flat: dict[str, Any], day: date) -> Version:
    """The version a folder's instrument.json stands for: the one with its key and number, or a new one in use from
    `day`. Raises Invalid when it is no instrument, or when the version that is there says something else."""
    words = read_words(flat)
    instrument = queries.instrument_by_key(db, words.key)
    if instrument is None:
        instrument = Instrument(
            key=words.key,
            name=words.name,
            target_group=words.target_group,
            about=words.about,
            interval_days=words.interval_days,
        )
        db.add(instrument)
        note(db, viewer, "instrument.made", instrument)
    known = db.scalar(
        select(Version).where(Version.instrument_id == instrument.id, Version.number == words.version.number)
    )
    if known is None:
        known = actions.add_draft(
            db, viewer, instrument, words.version.number, scale_min=words.version.scale_min,
            scale_max=words.version.scale_max,
        )  # fmt: skip
        actions.fill(db, known, words)
        known.active_from = day
        note(db, viewer, "version.activated", known)
        db.flush()
        return known
    there = queries.words_of(db, known)
    if _asked(there) != _asked(words):
        raise Invalid(
            instrument=T(
                "Version %(number)s af »%(name)s« findes i forvejen med en anden skala eller andre dimensioner.",
                number=words.version.number,
                name=instrument.name,
            )
        )
    return known


def read_words(flat: dict[str, Any]) -> InstrumentWords:
    """What an instrument.json says. A folder from elsewhere may leave out key and words: values then stand for
    themselves. Raises Invalid for what cannot be used."""
    try:
        whole = as_instrument(flat)
        whole.setdefault("key", code_of(str(whole["name"])))
        version = whole["version"]
        if (
            not version.get("levels")
            and isinstance(version["scale_min"], int)
            and isinstance(version["scale_max"], int)
        ):
            steps = range(version["scale_min"], min(version["scale_max"], version["scale_min"] + MOST_LEVELS) + 1)
            version["levels"] = [{"value": value, "short": str(value)} for value in steps]
        taking = Taking()
        words = read_instrument(whole, taking)
        faults = taking.faults or list(gaps(words.version))
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Invalid(
            instrument=T("instrument.json skal have name, version, scale (min og max) og areas med dimensions.")
        ) from None
    if faults:
        raise Invalid(instrument=T("instrument.json: %(fault)s", fault=str(faults[0])))
    return words


def _asked(words: InstrumentWords) -> tuple[Any, ...]:
    """What makes two versions the same for scores: scale, direction, and the dimensions with their areas."""
    version = words.version
    return (
        version.scale_min,
        version.scale_max,
        version.higher_is_better,
        [(area.code, [(one.code, one.higher_is_better) for one in area.dimensions]) for area in version.areas],
    )
