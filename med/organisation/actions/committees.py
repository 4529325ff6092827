"""Setting up and changing committees and their rules of procedure."""

import re
import uuid
from datetime import date

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T
from med.organisation import access, queries
from med.organisation.actions.lookup import lock, parent_meant, unit_meant
from med.organisation.forms import CommitteeForm, RulesForm
from med.organisation.models import Committee, Grant, GrantKind, Level, Rules, Seat
from med.organisation.parts import ENDINGS
from med.workdays import in_full


def found_committee(db: Session, viewer: Viewer, form: CommitteeForm) -> Committee:
    """Set up a committee, or an ad hoc group. The secretaries of the committee above become the new one's too."""
    parent = parent_meant(db, viewer, form.parent)
    if parent is None:
        require(viewer, access.found_committee, None)
        check_place(form, parent)
        require(viewer, access.found_main_committee, None)
    elif form.level is Level.AD_HOC:
        require(viewer, access.found_group, parent)
    else:
        require(viewer, access.found_committee, parent)
    check_place(form, parent)
    unit = unit_meant(db, form.unit)
    committee = Committee(
        key=free_key(db, form.name),
        uid=str(uuid.uuid4()),
        name=form.name,
        short_name=form.short_name,
        level=form.level,
        label=form.label,
        parent_id=parent.id if parent else None,
        unit_id=unit.id if unit else None,
        purpose=form.purpose,
        starts=form.starts,
        ends=form.ends,
    )
    db.add(committee)
    note(db, viewer, "committee.founded", committee)
    if parent is not None:
        pass_on_secretaries(db, viewer, parent, committee)
    return committee


def check_place(form: CommitteeForm, parent: Committee | None) -> None:
    if form.level is Level.MAIN and parent is not None:
        raise Invalid(parent=T("Et hovedudvalg har intet udvalg over sig."))
    if form.level is not Level.MAIN and parent is None:
        raise Invalid(parent=T("Vælg det udvalg, det hører under. Kun et hovedudvalg har intet over sig."))


def pass_on_secretaries(db: Session, viewer: Viewer, parent: Committee, committee: Committee) -> None:
    """Somebody must be able to give the new committee its seats: those who keep the one above."""
    today = clock.today()
    above = {parent.id, *(found.id for found in queries.parent_committees(db, parent.id))}
    held = db.scalars(
        select(Grant).where(
            Grant.kind == GrantKind.SECRETARY, Grant.committee_id.in_(above), access.on_day(Grant, today)
        )
    ).all()
    reached = {grant.person_id for grant in held if grant.with_below}
    for grant in held:
        if grant.committee_id == parent.id and grant.person_id not in reached:
            own = Grant(person_id=grant.person_id, kind=GrantKind.SECRETARY, committee_id=committee.id, starts=today)
            own.ends = grant.ends
            db.add(own)
            note(db, viewer, "grant.given", own)


def free_key(db: Session, name: str) -> str:
    """A key made of the name that no other committee has: "lokalmed-engbakken", "lokalmed-engbakken-2"."""
    plain = name.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "udvalg"
    taken = set(db.scalars(select(Committee.key).where(Committee.key.startswith(stem, autoescape=True))))
    if stem not in taken:
        return stem
    return next(key for n in range(2, len(taken) + 3) if (key := f"{stem}-{n}") not in taken)


def change_committee(db: Session, viewer: Viewer, committee: Committee, form: CommitteeForm, version: int) -> Committee:
    """Name, place in the tree and dates. Raises Conflict when somebody else changed it since `version` was read.

    A last day ends the seats and the secretaries' grants with it.
    """
    require(viewer, access.keep_committee, committee)
    lock(db, committee)
    parent = parent_meant(db, viewer, form.parent)
    check_place(form, parent)
    if parent is not None and parent.id != committee.parent_id:
        if parent.id == committee.id or parent.id in queries.below(db, Committee, {committee.id}):
            raise Invalid(parent=T("Et udvalg kan ikke høre under sig selv eller et udvalg, der hører under det."))
        require(viewer, access.found_committee, parent)
    if form.level is Level.MAIN and committee.level is not Level.MAIN:
        require(viewer, access.found_main_committee, None)
    unit = unit_meant(db, form.unit)
    values = {
        "name": form.name,
        "short_name": form.short_name,
        "level": form.level,
        "label": form.label,
        "parent_id": parent.id if parent else None,
        "unit_id": unit.id if unit else None,
        "purpose": form.purpose,
        "starts": form.starts,
        "ends": form.ends,
    }
    changed = [name for name, value in values.items() if getattr(committee, name) != value]
    done = db.execute(
        update(Committee)
        .where(Committee.id == committee.id, Committee.version == version)
        .values(**values, version=version + 1)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount == 0:  # type: ignore[attr-defined]
        raise Conflict(T("En anden har ændret udvalget imens."))
    db.refresh(committee)
    if form.ends is not None and "ends" in changed:
        may_end(db, committee, form.ends)
    if form.ends is not None:
        end_with(db, viewer, committee, form.ends)
    note(db, viewer, "committee.changed", committee, changed)
    return committee


def may_end(db: Session, committee: Committee, last: date) -> None:
    """Nothing of what it has planned lies after its last day: nobody would be left to call it off."""
    for ask in ENDINGS:
        if (why := ask(db, committee, last)) is not None:
            raise Invalid(ends=why)


def end_with(db: Session, viewer: Viewer | None, committee: Committee, last: date) -> None:
    """Nobody sits on a committee that is no more, or keeps it."""
    seats = db.scalars(select(Seat).where(Seat.committee_id == committee.id, lasts_beyond(Seat, last))).all()
    grants = db.scalars(select(Grant).where(Grant.committee_id == committee.id, lasts_beyond(Grant, last))).all()
    lasting: list[Seat | Grant] = [*seats, *grants]
    for held in lasting:
        if held.starts > last:
            raise Invalid(ends=T("Der er pladser, der begynder efter den dag. Fjern dem først."))
        held.ends = last
        note(db, viewer, "seat.ended" if isinstance(held, Seat) else "grant.ended", held, ["ends"])


def lasts_beyond(dated: type[Seat] | type[Grant], last: date) -> ColumnElement[bool]:
    return or_(dated.ends.is_(None), dated.ends > last)


def set_rules(db: Session, viewer: Viewer, committee: Committee, form: RulesForm) -> Rules:
    """New rules of procedure from a day on. What held before that day stays as it was, and so do planned deadlines."""
    require(viewer, access.keep_committee, committee)
    lock(db, committee)
    if form.valid_from < clock.today():
        raise Invalid(valid_from=T("Reglerne kan tidligst gælde fra i dag. Det, der har gældet, ændres ikke."))
    values = {name: getattr(form, name) for name in RulesForm.__struct_fields__}
    same_day = db.scalar(select(Rules).where(Rules.committee_id == committee.id, Rules.valid_from == form.valid_from))
    rules = same_day or Rules(committee_id=committee.id)
    changed = [name for name, value in values.items() if getattr(rules, name) != value]
    for name, value in values.items():
        setattr(rules, name, value)
    db.add(rules)
    note(db, viewer, "rules.set", rules, changed)
    return rules


def drop_rules(db: Session, viewer: Viewer, committee: Committee, rules: Rules) -> None:
    """Take back rules that have not come into force."""
    require(viewer, access.keep_committee, committee)
    if rules.valid_from <= clock.today():
        raise Conflict(T("Reglerne gælder fra %(day)s og kan ikke fjernes.", day=in_full(rules.valid_from)))
    note(db, viewer, "rules.dropped", rules)
    db.delete(rules)
