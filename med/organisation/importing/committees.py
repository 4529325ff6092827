"""Committees from a file. One the file does not hold stays as it is: a row left out must not end a committee."""

import uuid
from typing import Any

from msgspec import Struct
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from med.access import Viewer
from med.journal.actions import note_many
from med.language import T
from med.organisation.actions.committees import end_with, may_end
from med.organisation.importing.plan import Change, Difference, Plan, What, on_a_cycle
from med.organisation.importing.units import unique
from med.organisation.models import Committee, Level, Unit
from med.tables import Column, Record, Table, choice, day, take, text

LEVELS = {
    "Hovedudvalg": Level.MAIN,
    "HovedMED": Level.MAIN,
    "OmrådeMED": Level.AREA,
    "CenterMED": Level.AREA,
    "FagMED": Level.AREA,
    "LokalMED": Level.LOCAL,
    "MED-gruppe": Level.LOCAL,
    "Personalemøde": Level.STAFF_MEETING,
    "Personalemøde med MED-status": Level.STAFF_MEETING,
    "Ad hoc-gruppe": Level.AD_HOC,
    "Arbejdsgruppe": Level.AD_HOC,
}
COLUMNS = [
    Column("Nøgle", ("Udvalg", "Udvalgsnøgle", "Udvalgs-id", "Key"), parse=text(80), key="key"),
    Column("Navn", ("Udvalgsnavn", "Name"), parse=text(120), key="name"),
    Column("Niveau", ("Slags", "Type", "Level"), parse=choice(LEVELS), key="level"),
    Column("Overordnet", ("Hører under", "Overordnet udvalg", "Parent"), False, text(80), "parent"),
    Column("Enhed", ("Dækker", "Enhedsnøgle", "Unit"), False, text(80), "unit"),
    Column("Kort navn", ("Forkortelse", "Short name"), False, text(40), "short_name"),
    Column("Betegnelse", ("Kaldes", "Label"), False, text(60), "label"),
    Column("Kommissorium", ("Formål", "Purpose"), False, text(8000), "purpose"),
    Column("Fra", ("Startdato", "From"), False, day(), "starts"),
    Column("Til", ("Slutdato", "To"), False, day(), "ends"),
]
WORDS = {
    "name": T("navn"),
    "level": T("niveau"),
    "parent": T("overordnet"),
    "unit": T("enhed"),
    "short_name": T("kort navn"),
    "label": T("betegnelse"),
    "purpose": T("kommissorium"),
    "starts": T("fra"),
    "ends": T("til"),
}


class Work(Struct):
    new: list[dict[str, Any]] = []
    changed: list[tuple[str, dict[str, Any]]] = []
    parents: dict[str, str | None] = {}
    ending: list[str] = []
    happened: list[tuple[str, str, list[str]]] = []


def plan(db: Session, table: Table, plan: Plan) -> None:
    records, errors = take(table, COLUMNS)
    plan.errors += [error.message for error in errors]
    there = {found.key: found for found in db.scalars(select(Committee))}
    key_of = {found.id: found.key for found in there.values()}
    units = {key: id for id, key in db.execute(select(Unit.id, Unit.key))}
    unit_key = {id: key for key, id in units.items()}
    wanted = unique(records, plan)
    check_tree(plan, wanted, there, key_of)
    work = plan.work = Work()
    for key, record in wanted.items():
        values = record.values
        if values["unit"] and values["unit"] not in units:
            plan.wrong(record.number, T("enheden “%(unit)s” findes ikke. Indlæs enhederne først.", unit=values["unit"]))
            continue
        if values["starts"] and values["ends"] and values["ends"] < values["starts"]:
            plan.wrong(record.number, T("sidste dag ligger før første dag."))
            continue
        found = there.get(key)
        if found is None:
            row = {name: values[name] or "" for name in ("name", "short_name", "label", "purpose")}
            row |= {name: values[name] for name in ("key", "level", "starts", "ends")}
            work.new.append({**row, "uid": str(uuid.uuid4()), "unit_id": units.get(values["unit"] or "")})
            work.parents[key] = values["parent"]
            work.happened.append(("committee.founded", key, []))
            plan.diff.append(Change(What.NEW, f"{values['name']} ({key})", record.number))
            continue
        before: dict[str, Any] = {name: getattr(found, name) for name in WORDS if name not in ("parent", "unit")}
        before |= {"parent": key_of.get(found.parent_id or 0), "unit": unit_key.get(found.unit_id or 0)}
        # An empty field changes nothing: a list that only knows names must not empty the rest.
        after = {name: before[name] if values[name] is None else values[name] for name in WORDS}
        differing = [name for name in WORDS if before[name] != after[name]]
        if not differing:
            plan.unchanged += 1
            continue
        told = tuple(Difference(WORDS[name], before[name], after[name]) for name in differing)
        plan.diff.append(Change(What.CHANGED, f"{found.name} ({key})", record.number, told))
        row = {name: after[name] for name in WORDS if name not in ("parent", "unit")}
        work.changed.append((key, {**row, "unit_id": units.get(after["unit"] or ""), "version": found.version + 1}))
        if "parent" in differing:
            work.parents[key] = after["parent"]
        if "ends" in differing and after["ends"]:
            work.ending.append(key)
        work.happened.append(("committee.changed", key, differing))
    if absent := len(set(there) - set(wanted)):
        plan.notes.append(T("%(n)s udvalg står ikke i filen. De bliver, som de er.", n=absent))


def check_tree(plan: Plan, wanted: dict[str, Record], there: dict[str, Committee], key_of: dict[int, str]) -> None:
    """Every committee but a main one has one above it, and the way up ends."""
    parents: dict[str, str | None] = {key: key_of.get(found.parent_id or 0) for key, found in there.items()}
    for key, record in wanted.items():
        parents[key] = record.values["parent"] or parents.get(key)
        if record.values["level"] is Level.MAIN and parents[key]:
            plan.wrong(record.number, T("et hovedudvalg har intet udvalg over sig."))
        if record.values["level"] is not Level.MAIN and not parents[key]:
            plan.wrong(record.number, T("udvalget mangler et overordnet udvalg."))
    for record in wanted.values():
        if (parent := record.values["parent"]) and parent not in parents:
            plan.wrong(record.number, T("det overordnede udvalg “%(key)s” findes ikke.", key=parent))
    for key in sorted(on_a_cycle(parents, wanted) & set(wanted), key=lambda key: wanted[key].number):
        plan.wrong(wanted[key].number, T("“%(key)s” hører under sig selv, når man følger rækken op.", key=key))


def carry_out(db: Session, viewer: Viewer | None, plan: Plan) -> None:
    work: Work = plan.work
    if work.new:
        db.execute(insert(Committee), work.new)
    ids = {key: id for id, key in db.execute(select(Committee.id, Committee.key))}
    if work.changed:
        db.execute(update(Committee), [{"id": ids[key], **values} for key, values in work.changed])
    if work.parents:
        db.execute(
            update(Committee),
            [{"id": ids[key], "parent_id": ids[parent] if parent else None} for key, parent in work.parents.items()],
        )
    db.expire_all()
    for committee in db.scalars(select(Committee).where(Committee.key.in_(work.ending))):
        if committee.ends is not None:
            may_end(db, committee, committee.ends)
            end_with(db, viewer, committee, committee.ends)
    note_many(db, viewer, Committee, [(what, ids[key], fields) for what, key, fields in work.happened])
