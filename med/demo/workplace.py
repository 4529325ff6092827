"""People, units, committees, seats and the grundlag."""

import tomllib
import uuid
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from med.access import SeatRole, Side
from med.organisation.models import (
    Committee,
    ElectoralGroup,
    Employment,
    Grant,
    GrantKind,
    Level,
    Person,
    Quorum,
    RepRole,
    Rules,
    Seat,
    Unit,
)
from med.perspectives.models import Perspective, PerspectiveText, RoleKey, Statement

FOLDER = Path(__file__).parent
LONG_AGO = date(2020, 1, 1)
WORLD = uuid.UUID("5e1f0c9e-2026-4d45-8000-000000000000")

SIDES = {"ledelse": Side.MANAGEMENT, "medarbejder": Side.EMPLOYEE, "": None}
ROLES = {
    "formand": SeatRole.CHAIR,
    "næstformand": SeatRole.VICE_CHAIR,
    "naestformand": SeatRole.VICE_CHAIR,
    "medlem": SeatRole.MEMBER,
    "suppleant": SeatRole.SUBSTITUTE,
    "tilforordnet": SeatRole.ADVISORY,
}
REP_ROLES = {
    "TR": RepRole.TR,
    "FTR": RepRole.FTR,
    "AMR": RepRole.AMR,
    "arbejdsmiljoeleder": RepRole.AM_LEADER,
    "arbejdsmiljøleder": RepRole.AM_LEADER,
    "": None,
}


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def uid(*words: str) -> str:
    """The same thing has the same uid in every demo: addresses and screenshots keep."""
    return str(uuid.uuid5(WORLD, "/".join(words)))


def day(value: Any) -> date | None:
    if value in ("", None):
        return None
    return value if isinstance(value, date) else date.fromisoformat(value)


def move_in(db: Session) -> None:
    world = read("organisation.toml")
    units = settle_units(db, world["unit"])
    people = hire(db, world["person"], units)
    committees = found_committees(db, world["committee"], units)
    take_seats(db, world["seat"], people, committees)
    for grant in world["grant"]:
        db.add(
            Grant(
                person_id=people[grant["person"]],
                kind=GrantKind(grant["kind"]),
                committee_id=committees[grant["committee"]] if grant.get("committee") else None,
                starts=LONG_AGO,
            )
        )
    hang_up_grundlag(db)
    db.flush()


def settle_units(db: Session, rows: list[dict[str, Any]]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for row in rows:
        parent = row.get("parent")
        unit = Unit(key=row["key"], name=row["name"], parent_id=ids[parent] if parent else None)
        db.add(unit)
        db.flush()
        ids[row["key"]] = unit.id
    return ids


def hire(db: Session, rows: list[dict[str, Any]], units: dict[str, int]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for row in rows:
        person = Person(handle=row["handle"], name=row["name"], mail=row.get("mail", ""))
        db.add(person)
        db.flush()
        ids[row["handle"]] = person.id
        if row["handle"] == "ivan":
            continue  # works for the operator, not for the municipality: runs the system, has no right to content
        db.add(
            Employment(
                person_id=person.id,
                unit_id=units[row["unit"]],
                title=row["title"],
                role_key=row["role"],
                manages=row.get("manages", False),
                starts=LONG_AGO,
            )
        )
    return ids


def found_committees(db: Session, rows: list[dict[str, Any]], units: dict[str, int]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for row in rows:
        committee = Committee(
            key=row["key"],
            uid=uid("committee", row["key"]),
            name=row["name"],
            short_name=row["short"],
            level=Level[row["level"]],
            label=row.get("label", ""),
            parent_id=ids[row["parent"]] if row.get("parent") else None,
            unit_id=units[row["unit"]],
            starts=day(row.get("from")),
            ends=day(row.get("to")),
        )
        db.add(committee)
        db.flush()
        ids[row["key"]] = committee.id
        own = dict(row.get("rules", {}))
        if "quorum" in own:
            own["quorum"] = Quorum[own["quorum"]]
        db.add(Rules(committee_id=committee.id, valid_from=LONG_AGO, open_meetings=row.get("open", True), **own))
    return ids


def take_seats(db: Session, rows: list[dict[str, Any]], people: dict[str, int], committees: dict[str, int]) -> None:
    made: dict[tuple[str, str], Seat] = {}
    for row in sorted(rows, key=lambda row: bool(row.get("substitute_for"))):
        seat = Seat(
            committee_id=committees[row["committee"]],
            person_id=people[row["person"]],
            side=SIDES[row.get("side", "")],
            role=ROLES[row["role"]],
            rep_role=REP_ROLES[row.get("rep_role", "")],
            electoral_group=ElectoralGroup(row["group"]) if row.get("group") else None,
            starts=day(row.get("from")) or LONG_AGO,
            ends=day(row.get("to")),
        )
        if named := row.get("substitute_for"):
            seat.substitute_for_id = made[row["committee"], named].id
        db.add(seat)
        db.flush()
        made[row["committee"], row["person"]] = seat


def hang_up_grundlag(db: Session) -> None:
    for key, words in read("grundlag.toml")["perspective"].items():
        perspective = Perspective(key)
        db.add(
            PerspectiveText(perspective=perspective, title=words["title"], short=words["short"], about=words["about"])
        )
        statements = words.get("statements", words)
        for role in RoleKey:
            for position, sentence in enumerate(statements[role.value], 1):
                db.add(Statement(perspective=perspective, role=role, position=position, text=sentence))
