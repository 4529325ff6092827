"""Everything about one employee, for themselves: as a page, and as a file to take along (GDPR articles 15 and 20)."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from markupsafe import escape
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med import clock, language
from med.access import Viewer
from med.journal.models import Entry
from med.language import T, Text
from med.organisation.models import Person
from med.trust.access import LEFT_OUT, WORDS, not_theirs
from med.trust.column_words import COLUMNS
from med.trust.held import HELD, Held
from med.trust.trail_words import told
from med.workdays import copenhagen

ABOUT = ("handle", "name", "mail", "language", "theme", "is_active")
SHOWN = 100
NAME = "data"
WITH_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def place_of(place: str) -> tuple[Any, Any]:
    """The table of "seat.person_id", and its column."""
    from med.migrations.tables import metadata

    table, _, column = place.partition(".")
    found = metadata.tables[table]
    return found, found.c[column]


def counted(db: Session, person_id: int) -> list[tuple[Held, int]]:
    """What is kept, with how many rows of it; only what there is."""
    found = []
    for place, held in HELD.items():
        table, column = place_of(place)
        if count := db.scalar(select(func.count()).select_from(table).where(column == person_id)):
            found.append((held, count))
    return found


def gathered(db: Session, person: Person, viewer: Viewer | None) -> dict[str, Any]:
    """All of it in plain values, table by table. `viewer` is the person as they are today, None when they have left."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for place, held in HELD.items():
        table, column = place_of(place)
        asked = select(*(table.c[name] for name in held.columns)).where(column == person.id)
        if "id" in table.c:
            asked = asked.order_by(table.c.id)
        asked = asked.add_columns(table.c.id) if place in WORDS else asked
        if rows := [{name: plain(value) for name, value in row._mapping.items()} for row in db.execute(asked)]:
            parts[place] = without_closed(db, place, rows, viewer) if place in WORDS else rows
    return {
        "made_at": plain(clock.now()),
        "person": {name: plain(getattr(person, name)) for name in ABOUT},
        "kept": parts,
    }


def without_closed(db: Session, place: str, rows: list[dict[str, Any]], viewer: Viewer | None) -> list[dict[str, Any]]:
    """The rows with the words left out that are not theirs to read (any more)."""
    asked = not_theirs(place, viewer)
    table, _ = place_of(place)
    closed = set(db.scalars(asked.where(table.c.id.in_([row["id"] for row in rows]))))
    for row in rows:
        if row.pop("id") in closed:
            row.update(dict.fromkeys(WORDS[place].columns, str(LEFT_OUT)))
    return rows


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def packed(db: Session, person: Person, viewer: Viewer | None) -> bytes:
    """A zip of two files that say the same: JSON for programs, HTML to read. The same data make the same bytes."""
    found = gathered(db, person, viewer)
    out = io.BytesIO()
    made = copenhagen(clock.now()).timetuple()[:6]
    texts = {"json": json.dumps(found, ensure_ascii=False, indent=1), "html": "".join(readable(found))}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind, text in texts.items():
            archive.writestr(zipfile.ZipInfo(f"{NAME}.{kind}", made), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def readable(found: dict[str, Any]) -> Iterator[str]:
    title = escape(str(T("Mine data i Medspil")))
    yield f'<!DOCTYPE html><html lang="{language.current.get()}"><meta charset="utf-8"><title>{title}</title>'
    yield f"<h1>{title}</h1><p>{in_words('made_at', found['made_at'])}</p>"
    yield from table(T("Dig"), [found["person"]])
    for place, rows in found["kept"].items():
        yield from table(HELD[place].title, rows)
    yield "</html>"


def table(title: Text, rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"<h2>{escape(str(title))} ({len(rows)})</h2><table border><tr>"
    yield "".join(f'<th scope="col">{escape(str(COLUMNS[name]))}</th>' for name in rows[0]) + "</tr>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{escape(in_words(*cell))}</td>" for cell in row.items()) + "</tr>"
    yield "</table>"


def in_words(column: str, value: Any) -> str:
    """A cell for people: times as the clock on the wall shows them, yes and no, and the journal's verbs in words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(T("ja") if value else T("nej"))
    if column == "happened":
        return str(told(value))
    if isinstance(value, str) and WITH_TIME.fullmatch(value):
        return f"{copenhagen(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}"
    return str(value)


def trail(db: Session, person_id: int) -> list[Any]:
    """The newest lines of the journal about a person: their row, their seats, employments and rights, by whomever."""
    asked = select(Entry.at, Entry.happened, Entry.person_id).order_by(Entry.id.desc()).limit(SHOWN)
    about = (Entry.thing == "person") & (Entry.thing_id == person_id)
    for place in ("seat.person_id", "employment.person_id", "grant_given.person_id", "compass_role.person_id"):
        table, person = place_of(place)
        mine = select(table.c.id).where(person == person_id)
        about = about | ((Entry.thing == table.name) & Entry.thing_id.in_(mine))
    return list(db.execute(asked.where(about)).all())


def doings(db: Session, person_id: int) -> list[Any]:
    """The newest lines a person left in the journal."""
    asked = select(Entry.at, Entry.happened, Entry.thing, Entry.thing_id).where(Entry.person_id == person_id)
    return list(db.execute(asked.order_by(Entry.id.desc()).limit(SHOWN)).all())
