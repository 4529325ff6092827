"""A report's columns, as they are typed: a heading, a place and a tick for every field."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from med.competence_compass.models import Report
from med.competence_compass.reporting.fields import FIELDS
from med.competence_compass.reporting.layouts import DATES, DECIMALS, Column, Layout
from med.language import T, Text

LONGEST_HEADING = 80
LAST_PLACE = 99


class LayoutForm(Struct, frozen=True):
    columns: tuple[Column, ...]  # in order
    dates: str
    decimal: str
    version: int


def read_layout(report: Report, stood: Layout, get: Callable[[str], str]) -> tuple[LayoutForm | None, dict[str, Text]]:
    """What was typed, or what is wrong with it, field by field (`heading_goal`, `place_goal`).

    A column gets the place that was typed for it; the one that `stood` there gives way.
    """
    before = {column.field: place for place, column in enumerate(stood.columns, 1)}
    errors: dict[str, Text] = {}
    placed: list[tuple[int, int, int, Column]] = []
    headings: dict[str, str] = {}
    for field in FIELDS[report]:
        heading, is_on = " ".join(get(f"heading_{field.name}").split()), get(f"on_{field.name}") == "1"
        if not heading and is_on:
            errors[f"heading_{field.name}"] = T("Skriv en overskrift, eller tag kolonnen fra.")
        elif len(heading) > LONGEST_HEADING or not heading.isprintable():
            errors[f"heading_{field.name}"] = T("Overskriften må højst være på %(n)s tegn.", n=LONGEST_HEADING)
        elif is_on and heading.casefold() in headings:
            errors[f"heading_{field.name}"] = T("To kolonner kan ikke hedde det samme.")
        if is_on:
            headings.setdefault(heading.casefold(), field.name)
        place = get(f"place_{field.name}").strip()
        if not (place.isascii() and place.isdecimal()) or len(place) > 2 or not 1 <= int(place) <= LAST_PLACE:
            errors[f"place_{field.name}"] = T("Skriv et helt tal fra 1 til %(n)s.", n=LAST_PLACE)
        else:
            came_from = before.get(field.name, LAST_PLACE)
            moved = (int(place) < came_from) - (int(place) > came_from)
            placed.append((int(place), -moved, came_from, Column(field.name, heading or str(field.heading), is_on)))
    if not headings and not errors:
        errors[f"on_{FIELDS[report][0].name}"] = T("Vælg mindst én kolonne.")
    if get("dates") not in DATES:
        errors["dates"] = T("Vælg en af mulighederne.")
    if get("decimal") not in DECIMALS:
        errors["decimal"] = T("Vælg en af mulighederne.")
    version = get("version")
    if errors:
        return None, errors
    columns = tuple(column for *_, column in sorted(placed, key=lambda one: one[:3]))
    known = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0
    return LayoutForm(columns, get("dates"), get("decimal"), known), {}


def typed(layout: Layout) -> dict[str, Any]:
    """A layout as its form shows it."""
    values: dict[str, Any] = {"dates": layout.dates, "decimal": layout.decimal, "version": layout.version}
    for place, column in enumerate(layout.columns, 1):
        values[f"heading_{column.field}"] = column.heading
        values[f"place_{column.field}"] = str(place)
        values[f"on_{column.field}"] = "1" if column.is_on else ""
    return values
