"""`/kompas/indtag`: citizens in and out, who works with them, and erasing. For those who coordinate the unit."""

from typing import Any

from litestar import Response
from markupsafe import Markup

from med import clock
from med.competence_compass import access, look_words, parts  # noqa: F401 – the words people use
from med.competence_compass.actions import intake as actions
from med.competence_compass.erasing import let_go
from med.competence_compass.forms.intake import (
    AssignForm,
    CitizenForm,
    EndForm,
    EraseForm,
    LeaveForm,
    NameForm,
    PlaceForm,
)
from med.competence_compass.looks import LookRole, note_look
from med.competence_compass.models import AssignmentRole, Citizen, LookAt
from med.competence_compass.queries import intake as queries
from med.competence_compass.routes.looking import vault
from med.errors import Invalid
from med.language import T, word
from med.organisation.suggesting import told_apart
from med.web.forms import parse
from med.web.routing import Visit, get, look, page_number, post

# --- the list ---------------------------------------------------------------------------------------------------


@get("/kompas/indtag", name="intake.index", policy=access.keep_intake)
def index(visit: Visit) -> Response:
    units = queries.units_of(visit.db, visit.viewer)
    show = visit.query.get("vis")
    show = show if show in {"uden", "stoppet"} else ""
    words = visit.query.get("q").strip()[:20]
    page = page_number(visit, "side")
    found = queries.intake(visit.db, units, show=show, words=words, page=page)
    return visit.page(
        "competence_compass/intake_index.html",
        rows=found[: queries.PAGE],
        sums=queries.sums(visit.db, units),
        show=show,
        words=words,
        page=page,
        has_more=len(found) > queries.PAGE,
    )


def on_landing(visit: Visit) -> Markup | None:
    units = access.coordinated_units(visit.db, visit.viewer)
    if not units:
        return None
    return visit.desk.pages.piece("competence_compass/_intake.html", visit, sums=queries.sums(visit.db, units))


parts.landing(on_landing, order=30)


# --- in -----------------------------------------------------------------------------------------------------------


@get("/kompas/indtag/ny", name="intake.new", policy=access.keep_intake)
def new(visit: Visit) -> Response:
    units = queries.units_of(visit.db, visit.viewer)
    return show_new(visit, units, {"entered": clock.today()}, {})


def choices(visit: Visit, units: frozenset[int]) -> dict[str, Any]:
    return {
        "units": queries.unit_choices(visit.db, units),
        "instruments": queries.instrument_choices(visit.db),
        "groups": queries.target_groups(visit.db),
    }


def show_new(
    visit: Visit, units: frozenset[int], values: dict[str, Any], errors: dict[str, Any], status_code: int = 200
) -> Response:
    return visit.page(
        "competence_compass/intake_new.html",
        values=values,
        errors=errors,
        status_code=status_code,
        **choices(visit, units),
    )


@post("/kompas/indtag/ny", name="intake.enter", policy=access.keep_intake)
def enter(visit: Visit) -> Response:
    units = queries.units_of(visit.db, visit.viewer)
    form, errors = parse(CitizenForm, visit.form)
    if form is not None and form.unit_id not in units:
        form, errors = None, {"unit_id": T("Vælg en af mulighederne.")}
    if form is None:
        return show_new(visit, units, visit.form.values(), errors, 422)
    try:
        made = actions.enter_citizen(visit.db, visit.viewer, vault(visit), form)
    except Invalid as invalid:
        return show_new(visit, units, visit.form.values(), invalid.errors, 422)
    return visit.to("intake.show", citizen_id=made.id, said="gemt")


# --- one citizen --------------------------------------------------------------------------------------------------


def mine(visit: Visit, citizen_id: int) -> Citizen:
    """A citizen of the units one coordinates; to everybody else they do not exist."""
    return queries.citizen(visit.db, queries.units_of(visit.db, visit.viewer), citizen_id)


WHY = T("Indtag og tilknytning")
UIDS = {"place": "s-", "assign": "t-", "name": "n-", "leave": "u-", "end": "e-"}  # of each form's fields on the page


@look("/kompas/indtag/{citizen_id:int}", name="intake.show", policy=access.keep_intake)
def show(visit: Visit, citizen_id: int) -> Response:
    citizen = mine(visit, citizen_id)
    note_look(visit.db, visit.viewer, citizen, LookAt.INTAKE, LookRole.COORDINATOR, WHY.message)
    return show_citizen(visit, citizen)


def show_citizen(visit: Visit, citizen: Citizen, form: str = "", errors: dict[str, Any] | None = None) -> Response:
    """The page, or what a form on it answers: `form` says which, so that its fields keep what was typed."""
    today = clock.today()
    units = queries.units_of(visit.db, visit.viewer)
    values: dict[str, dict[str, Any]] = {
        "place": {
            "unit_id": citizen.unit_id,
            "entered": citizen.entered,
            "target_group": citizen.target_group,
            "instrument_id": citizen.instrument_id or "",
            "version": citizen.version,
        },
        "assign": {"starts": today, "role": AssignmentRole.CONTACT.value},
        "name": {},
        "leave": {"left_on": today},
        "end": {},
    }
    if form:
        values[form] = visit.form.values()
        viewer, citizen_id = visit.viewer, citizen.id
        visit.traces.append(
            lambda db: note_look(db, viewer, citizen_id, LookAt.INTAKE, LookRole.COORDINATOR, WHY.message)
        )
    return visit.page(
        "competence_compass/intake_show.html",
        citizen=citizen,
        assignments=queries.assignments(visit.db, citizen.id),
        waiting=queries.waiting(visit.db, citizen.id),
        roles=[(role.value, str(word(role))) for role in AssignmentRole],
        people=told_apart(queries.staff(visit.db, units)),
        values=values,
        wrong={name: (errors or {}) if name == form else {} for name in values},
        uid=UIDS.get(form, ""),
        errors=errors or {},
        status_code=422 if form else 200,
        **choices(visit, units),
    )


def settled(visit: Visit, citizen_id: int, name: str, kind: Any, do: Any) -> Response:
    """Read a form of the citizen's page, do it, and come back to the page; or show it again with what is wrong."""
    citizen = mine(visit, citizen_id)
    form, errors = parse(kind, visit.form)
    if form is not None:
        try:
            do(citizen, form)
            return visit.to("intake.show", citizen_id=citizen_id, said="gemt")
        except Invalid as invalid:
            errors = invalid.errors
    return show_citizen(visit, citizen, name, errors)


@post("/kompas/indtag/{citizen_id:int}", name="intake.place", policy=access.keep_intake)
def place(visit: Visit, citizen_id: int) -> Response:
    units = queries.units_of(visit.db, visit.viewer)

    def do(citizen: Citizen, form: PlaceForm) -> None:
        if form.unit_id not in units:
            raise Invalid(unit_id=T("Vælg en af mulighederne."))
        actions.place_citizen(visit.db, visit.viewer, citizen, form)

    return settled(visit, citizen_id, "place", PlaceForm, do)


@post("/kompas/indtag/{citizen_id:int}/omdoeb", name="intake.rename", policy=access.keep_intake)
def rename(visit: Visit, citizen_id: int) -> Response:
    def do(citizen: Citizen, form: NameForm) -> None:
        actions.rename(visit.db, visit.viewer, vault(visit), citizen, form)

    return settled(visit, citizen_id, "name", NameForm, do)


@post("/kompas/indtag/{citizen_id:int}/udskriv", name="intake.leave", policy=access.keep_intake)
def leave(visit: Visit, citizen_id: int) -> Response:
    def do(citizen: Citizen, form: LeaveForm) -> None:
        actions.leave(visit.db, visit.viewer, citizen, form)

    return settled(visit, citizen_id, "leave", LeaveForm, do)


@post("/kompas/indtag/{citizen_id:int}/tilbage", name="intake.come_back", policy=access.keep_intake)
def come_back(visit: Visit, citizen_id: int) -> Response:
    actions.come_back(visit.db, visit.viewer, mine(visit, citizen_id))
    return visit.to("intake.show", citizen_id=citizen_id, said="gemt")


@post("/kompas/indtag/{citizen_id:int}/tilknyt", name="intake.assign", policy=access.keep_intake)
def assign(visit: Visit, citizen_id: int) -> Response:
    def do(citizen: Citizen, form: AssignForm) -> None:
        actions.assign(visit.db, visit.viewer, citizen, form)

    return settled(visit, citizen_id, "assign", AssignForm, do)


@post("/kompas/indtag/tilknytning/{assignment_id:int}/slut", name="intake.end_assignment", policy=access.keep_intake)
def end_assignment(visit: Visit, assignment_id: int) -> Response:
    found = queries.assignment(visit.db, queries.units_of(visit.db, visit.viewer), assignment_id)
    citizen_id = found.citizen_id

    def do(citizen: Citizen, form: EndForm) -> None:
        actions.end_assignment(visit.db, visit.viewer, found, form)

    return settled(visit, citizen_id, "end", EndForm, do)


# --- erasing ------------------------------------------------------------------------------------------------------


@look("/kompas/indtag/{citizen_id:int}/slet", name="intake.erasing", policy=access.keep_intake)
def erasing(visit: Visit, citizen_id: int) -> Response:
    citizen = mine(visit, citizen_id)
    note_look(visit.db, visit.viewer, citizen, LookAt.INTAKE, LookRole.COORDINATOR, WHY.message)
    return show_erasing(visit, citizen, {}, {})


def show_erasing(
    visit: Visit, citizen: Citizen, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200
) -> Response:
    return visit.page(
        "competence_compass/intake_erasing.html", citizen=citizen, values=values, errors=errors, status_code=status_code
    )


@post("/kompas/indtag/{citizen_id:int}/slet", name="intake.erase", policy=access.keep_intake)
def erase(visit: Visit, citizen_id: int) -> Response:
    citizen = mine(visit, citizen_id)
    form, errors = parse(EraseForm, visit.form)
    if form is not None:
        try:
            actions.erase_citizen(visit.db, visit.viewer, citizen, form)
        except Invalid as invalid:
            errors = invalid.errors
    if form is None or errors:
        return show_erasing(visit, citizen, visit.form.values(), errors, 422)
    # Where the writer works, once this is saved: the list for restored backups, and the log of the database.
    desk = visit.desk

    def afterwards() -> None:
        desk.writer.submit(let_go, desk.database, desk.settings.data_dir)

    visit.after.append(afterwards)
    return visit.to("intake.index", said="gemt")


handlers = [
    index,
    new,
    enter,
    show,
    place,
    rename,
    leave,
    come_back,
    assign,
    end_assignment,
    erasing,
    erase,
]
