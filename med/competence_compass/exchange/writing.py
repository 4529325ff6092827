"""A folder's rows to its files: UTF-8, `;`, ISO dates, decimal point, one order. The same rows give the same bytes."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from med.competence_compass.exchange.columns import GOAL_TYPES
from med.competence_compass.exchange.rows import Folder
from med.competence_compass.models import Aim, GoalType, NoScore
from med.tables.writing import guarded

GOAL_WORDS = {kind: word for word, kind in reversed(GOAL_TYPES.items())}  # udvikle, fastholde, begraense_tab
AIM_WORDS = {Aim.DEVELOP: "udvikle", Aim.MAINTAIN: "fastholde"}
HEADERS = {
    "citizens": ("citizen", "unit", "entered", "left"),
    "assessments": ("citizen", "date", "kind", "assessor", "purpose", "dimension", "value", "reason"),
    "activities": ("activity", "title", "kind", "planned_sessions", "unit", "capacity", "exam"),
    "participations": ("activity", "citizen", "start", "end", "planned", "attended", "run", "end_reason"),
    "waiting": ("activity", "citizen", "queued", "left", "reason", "outcome"),
    "hypotheses": ("activity", "dimension", "expected_d", "written_on", "aim", "rationale"),
    "goals": ("citizen", "dimension", "goal_type", "set_on", "due", "level", "rated_on"),
    "exams": ("activity", "citizen", "date", "passed", "level"),
}


def write_folder(path: Path, folder: Folder) -> None:
    """instrument.json and eight CSV files. `path` is made, and what has these names there is written over."""
    path.mkdir(parents=True, exist_ok=True)
    folder.sort()
    told = json.dumps(folder.instrument, ensure_ascii=False, indent=1) + "\n"
    (path / "instrument.json").write_bytes(told.encode())
    for name, header in HEADERS.items():
        rows = _scores(folder) if name == "assessments" else getattr(folder, name)
        with (path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";", lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows if name == "assessments" else _texts(rows))


def _texts(rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_text(value) for value in row]


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case GoalType():
            return GOAL_WORDS[value]
        case Aim():
            return AIM_WORDS[value]
        case Enum():
            return str(value.value)
        case date():
            return value.isoformat()
        case float():
            return f"{value:g}"
        case int():
            return str(value)
    return guarded(str(value))


def _scores(folder: Folder) -> Iterator[tuple[str, ...]]:
    """A line for each answer."""
    dimensions = [guarded(code) for code in folder.dimensions]
    numbers = {value: str(value) for value in range(-10, 111)}
    reasons = {reason: reason.value for reason in NoScore}
    for row in folder.assessments:
        start = guarded(row.citizen), row.date.isoformat(), row.kind.value, guarded(row.assessor), row.purpose.value
        for dimension, answer in zip(dimensions, row.answers, strict=True):
            if isinstance(answer, NoScore):
                yield (*start, dimension, "", reasons[answer])
            elif answer is not None:
                yield (*start, dimension, numbers[answer], "")
