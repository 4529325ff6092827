"""The tree of committees, one committee, setting one up and changing it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from litestar import Response
from markupsafe import Markup
from msgspec import Struct

from med import clock
from med.access import SeatRole, Side, Viewer, allows, require
from med.errors import Conflict, Invalid
from med.kept import Kept
from med.language import T, word
from med.organisation import access, actions, parts, queries
from med.organisation.forms import FIRST_DAY, LAST_DAY, CommitteeForm
from med.organisation.models import Committee, Level, Seat
from med.organisation.routes.common import options
from med.organisation.words import rules_in_words
from med.text import collation_key
from med.web.forms import as_machines_write, parse
from med.web.routing import Visit, get, post


class Branch(Struct):
    """A committee in the tree, with those below it."""

    committee: queries.Known
    below: list["Branch"] = []


def tree(committees: Sequence[queries.Known]) -> list[Branch]:
    """The committees as they hang together; one whose parent is not among them stands at the top."""
    order = list(Level)
    branches = {found.id: Branch(found) for found in committees}
    tops: list[Branch] = []
    for branch in sorted(branches.values(), key=lambda b: order.index(b.committee.level)):
        above = branches.get(branch.committee.parent_id or 0)
        (above.below if above else tops).append(branch)
    return tops


@get("/udvalg", name="organisation.index", policy=access.see_committees)
def index(visit: Visit) -> Response:
    viewer = visit.viewer
    require(viewer, access.see_committees, None)
    known = sorted(queries.known_committees(visit.db, viewer), key=lambda found: collation_key(found.name))
    active = tuple(found for found in known if not found.is_over)
    return visit.page(
        "organisation/index.html",
        own=[(found, my_part(viewer, found.id)) for found in active if found.id in viewer.committee_ids],
        tree=drawn(visit, active),
        over=[found for found in known if found.is_over],
    )


def drawn(visit: Visit, active: tuple[queries.Known, ...]) -> Markup:
    """The tree of a city's thousand committees, drawn once for all who see the same."""
    key = active, visit.arrival.language
    if (kept := TREES.get(key)) is None:
        kept = visit.desk.pages.piece("organisation/_tree.html", visit, tree=tree(active))
        TREES.put(key, kept)
    return kept


TREES: Kept[Markup] = Kept(4)


def my_part(viewer: Viewer, committee_id: int) -> list[str]:
    """The viewer's own roles in a committee, in words."""
    roles = [str(word(seat.role)) for seat in viewer.seats if seat.committee_id == committee_id]
    return roles + ([str(T("MED-sekretær"))] if viewer.is_secretary(committee_id) else [])


@get("/udvalg/{committee_id:int}", name="organisation.show", policy=access.see_committees)
def show(visit: Visit, committee_id: int) -> Response:
    committee = queries.committee(visit.db, visit.viewer, committee_id)
    today = clock.today()
    day, errors = today, {}
    if asked := visit.query.get("dag").strip():
        if (found := day_typed(asked)) is None:
            errors["dag"] = T("Skriv en dato, der findes, fx 31.12.2027.")
        else:
            day = found
    seats = queries.seats_on(visit.db, committee.id, day)
    above = queries.parent_committees(visit.db, committee.id)
    return visit.page(
        "organisation/show.html",
        committee=committee,
        day=day,
        errors=errors,
        values={"dag": asked},
        sides=by_side(seats),
        substitutes=[seat for seat in seats if seat.role is SeatRole.SUBSTITUTE],
        advisers=[seat for seat in seats if seat.role is SeatRole.ADVISORY],
        gone=queries.gone(visit.db, {seat.person_id for seat in seats}, day) if day <= today else set(),
        inside=access.sees_inside(visit.viewer, committee),
        secretaries=queries.secretaries_on(visit.db, committee.id, day),
        above=above[::-1],
        children=[found for found in queries.children(visit.db, visit.viewer, committee.id) if not found.is_over],
        covers=queries.units_below(visit.db, committee.unit_id) if committee.unit_id else [],
        rules=rules_in_words(queries.rules_on(visit.db, committee.id, day)),
        panels=[(panel.heading, markup) for panel in parts.PANELS if (markup := panel.show(visit, committee))],
        is_over=committee.is_over,
    )


def day_typed(words: str) -> date | None:
    try:
        day = date.fromisoformat(as_machines_write(date, words))
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def by_side(seats: Sequence[Seat]) -> list[tuple[Side, list[Seat]]]:
    """The members of each side, chairs first as the query has them."""
    members = (SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER)
    return [(side, [seat for seat in seats if seat.side is side and seat.role in members]) for side in Side]


# --- setting up and changing --------------------------------------------------------------------------------------


@get("/udvalg/nyt", name="organisation.new", policy=access.found_committee)
def new(visit: Visit) -> Response:
    values = {"parent": visit.query.get("under"), "level": visit.query.get("niveau")}
    if values["level"] == Level.AD_HOC.value:
        values["starts"] = clock.today().isoformat()
    return show_new(visit, values, {})


def show_new(visit: Visit, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200) -> Response:
    """The form, with the committees the person may put a new one under."""
    known = queries.committees(visit.db, visit.viewer)
    may_found = [found for found in known if allows(visit.viewer, access.found_committee, found)]
    may_group = [found for found in known if allows(visit.viewer, access.found_group, found)]
    if not may_group:
        require(visit.viewer, access.found_committee, None)
    levels = list(Level) if visit.viewer.is_admin else [level for level in Level if level is not Level.MAIN]
    if not may_found:  # before there is a committee to put it under, an administrator founds the main one
        levels = [Level.MAIN] if visit.viewer.is_admin else [Level.AD_HOC]
    return visit.page(
        "organisation/new.html",
        values=values,
        errors=errors,
        levels=options(levels),
        parents=[(str(found.id), found.name) for found in may_group if not found.is_over],
        units=unit_options(visit),
        status_code=status_code,
    )


def unit_options(visit: Visit) -> list[tuple[str, str]]:
    """Units in the tree's order, set in by depth with dashes: a list of choices cannot be indented."""
    rows = queries.units(visit.db)
    ids = {id for id, _, _ in rows}
    below: dict[int | None, list[tuple[int, str]]] = {}
    for id, name, parent in rows:
        below.setdefault(parent if parent in ids else None, []).append((id, name))
    found: list[tuple[str, str]] = []

    def walk(parent: int | None, depth: int) -> None:
        for id, name in below.get(parent, []):
            found.append((str(id), "– " * depth + name))
            walk(id, depth + 1)

    walk(None, 0)
    return found


@post("/udvalg/nyt", name="organisation.found", policy=access.found_committee)
def found(visit: Visit) -> Response:
    form, errors = parse(CommitteeForm, visit.form)
    if form is None:
        return show_new(visit, visit.form.values(), errors, 422)
    try:
        committee = actions.found_committee(visit.db, visit.viewer, form)
    except Invalid as invalid:
        return show_new(visit, visit.form.values(), invalid.errors, 422)
    return visit.to("organisation.show", said="gemt", committee_id=committee.id)


@get("/udvalg/{committee_id:int}/ret", name="organisation.edit", policy=access.keep_committee)
def edit(visit: Visit, committee_id: int) -> Response:
    committee = queries.committee(visit.db, visit.viewer, committee_id)
    require(visit.viewer, access.keep_committee, committee)
    return show_edit(visit, committee, as_typed(committee), {})


def as_typed(committee: Committee) -> dict[str, str]:
    """A committee as its form would send it."""

    def day(value: date | None) -> str:
        return value.isoformat() if value else ""

    return {
        "name": committee.name,
        "short_name": committee.short_name,
        "label": committee.label,
        "level": committee.level.value,
        "parent": str(committee.parent_id or ""),
        "unit": str(committee.unit_id or ""),
        "purpose": committee.purpose,
        "starts": day(committee.starts),
        "ends": day(committee.ends),
        "version": str(committee.version),
    }


def show_edit(
    visit: Visit,
    committee: Committee,
    values: dict[str, str],
    errors: dict[str, Any],
    status_code: int = 200,
    theirs: dict[str, str] | None = None,
) -> Response:
    known = queries.committees(visit.db, visit.viewer)
    return visit.page(
        "organisation/edit.html",
        committee=committee,
        values=values,
        errors=errors,
        theirs=theirs,
        levels=options(Level),
        parents=[
            (str(found.id), found.name)
            for found in known
            if found.id != committee.id
            and (found.id == committee.parent_id or allows(visit.viewer, access.found_committee, found))
        ],
        units=unit_options(visit),
        status_code=status_code,
    )


@post("/udvalg/{committee_id:int}/ret", name="organisation.change", policy=access.keep_committee)
def change(visit: Visit, committee_id: int) -> Response:
    committee = queries.committee(visit.db, visit.viewer, committee_id)
    require(visit.viewer, access.keep_committee, committee)
    typed = visit.form.values()
    form, errors = parse(CommitteeForm, visit.form)
    if form is None:
        return show_edit(visit, committee, typed, errors, 422)
    seen = visit.form.get("version")
    try:
        actions.change_committee(
            visit.db, visit.viewer, committee, form, int(seen) if seen.isdecimal() and len(seen) < 10 else 0
        )
    except Invalid as invalid:
        return show_edit(visit, committee, typed, invalid.errors, 422)
    except Conflict:
        theirs = as_typed(committee)
        differing = {
            name: value for name, value in theirs.items() if name != "version" and typed.get(name, "") != value
        }
        # The newest version goes into the form: whoever sends it again has seen what it replaces.
        return show_edit(visit, committee, {**typed, "version": theirs["version"]}, {}, 409, theirs=differing)
    return visit.to("organisation.show", said="gemt", committee_id=committee.id)


handlers = [index, show, new, found, edit, change]
