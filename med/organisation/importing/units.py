"""Units from a file: a tree by keys. A unit the file does not hold is closed, and stays in the history."""

from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.journal.actions import note_many
from med.language import T
from med.organisation.importing.plan import Change, Difference, Plan, What, has_column, on_a_cycle
from med.organisation.models import Unit
from med.tables import Column, Record, Table, day, take, text

CLOSED = ("Lukket", "Lukket dato", "Nedlagt", "Closed")
COLUMNS = [
    Column("Nøgle", ("Enhed", "Enhedsnummer", "Enhedsnr", "Enheds-id", "Key"), parse=text(80), key="key"),
    Column("Navn", ("Enhedsnavn", "Name"), parse=text(160), key="name"),
    Column("Overordnet", ("Overordnet enhed", "Hører under", "Parent"), False, text(80), "parent"),
    Column(CLOSED[0], CLOSED[1:], False, day(), "closed"),
]


class Work(Struct):
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    parents: dict[str, str | None] = {}  # key -> key, of those whose parent is to be set
    happened: list[tuple[str, str, list[str]]] = []  # what, key, fields


def plan(db: Session, table: Table, plan: Plan) -> None:
    records, errors = take(table, COLUMNS)
    plan.errors += [error.message for error in errors]
    there = {unit.key: unit for unit in db.execute(select(Unit.id, Unit.key, Unit.name, Unit.parent_id, Unit.closed))}
    key_of = {unit.id: unit.key for unit in there.values()}
    dates_told = has_column(table, *CLOSED)
    wanted = unique(records, plan)
    parents: dict[str, str | None] = {
        **{key: key_of.get(unit.parent_id) for key, unit in there.items()},
        **{key: record.values["parent"] for key, record in wanted.items()},
    }
    for record in wanted.values():
        if (parent := record.values["parent"]) and parent not in parents:
            plan.wrong(record.number, T("den overordnede enhed “%(key)s” findes ikke.", key=parent))
    for key in sorted(on_a_cycle(parents, wanted) & set(wanted), key=lambda key: wanted[key].number):
        plan.wrong(wanted[key].number, T("“%(key)s” hører under sig selv, når man følger rækken op.", key=key))

    work = plan.work = Work()
    today = clock.today()
    for key, record in wanted.items():
        values = record.values
        unit = there.get(key)
        if unit is None:
            work.new.append({"key": key, "name": values["name"], "closed": values["closed"]})
            work.parents[key] = values["parent"]
            work.happened.append(("unit.added", key, []))
            plan.diff.append(Change(What.NEW, f"{values['name']} ({key})", record.number))
            continue
        closed = values["closed"] if dates_told or not is_closed(unit.closed, today) else None
        differences = {
            "name": Difference(T("navn"), unit.name, values["name"]),
            "parent_id": Difference(T("overordnet"), key_of.get(unit.parent_id), values["parent"]),
            "closed": Difference(T("lukket"), unit.closed, closed),
        }
        differing = {name: found for name, found in differences.items() if found.before != found.after}
        if not differing:
            plan.unchanged += 1
            continue
        plan.diff.append(Change(What.CHANGED, f"{unit.name} ({key})", record.number, tuple(differing.values())))
        work.changed.append({"id": unit.id, "name": values["name"], "closed": closed})
        if "parent_id" in differing:
            work.parents[key] = values["parent"]
        work.happened.append(("unit.changed", key, list(differing)))

    still_open = [unit for unit in there.values() if not is_closed(unit.closed, today)]
    plan.of = len(still_open)
    for unit in still_open:
        if unit.key not in wanted:
            plan.leaving += 1
            plan.diff.append(
                Change(
                    What.LEAVING,
                    f"{unit.name} ({unit.key})",
                    differences=(Difference(T("lukket"), unit.closed, today),),
                )
            )
            work.changed.append({"id": unit.id, "name": unit.name, "closed": today})
            work.happened.append(("unit.closed", unit.key, ["closed"]))


def is_closed(closed: date | None, today: date) -> bool:
    return closed is not None and closed <= today


def unique(records: list[Record], plan: Plan) -> dict[str, Record]:
    """The rows by key; a key that comes twice is an error, and nobody guesses which row is meant."""
    found: dict[str, Record] = {}
    for record in records:
        key = record.values["key"]
        if key in found:
            plan.wrong(record.number, T("“%(key)s” står også i række %(row)s.", key=key, row=found[key].number))
        else:
            found[key] = record
    return found


def carry_out(db: Session, viewer: Viewer | None, plan: Plan) -> None:
    work: Work = plan.work
    if work.new:
        db.execute(insert(Unit), work.new)
    if work.changed:
        db.execute(update(Unit), work.changed)
    ids = {key: id for id, key in db.execute(select(Unit.id, Unit.key))}
    if work.parents:
        db.execute(
            update(Unit),
            [{"id": ids[key], "parent_id": ids[parent] if parent else None} for key, parent in work.parents.items()],
        )
    note_many(db, viewer, Unit, [(what, ids[key], fields) for what, key, fields in work.happened])
