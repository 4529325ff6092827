"""`/kompas/roller`: who coordinates and who keeps the instruments, for the units one manages."""

from typing import Any

from litestar import Response
from markupsafe import Markup

from med import clock
from med.access import require
from med.competence_compass import access
from med.competence_compass.actions import roles as actions
from med.competence_compass.forms.roles import EndRoleForm, RoleForm
from med.competence_compass.models import RoleKind
from med.competence_compass.parts import landing
from med.competence_compass.queries import roles as queries
from med.errors import Invalid
from med.language import word
from med.organisation.suggesting import suggested
from med.web.forms import parse
from med.web.routing import Visit, get, post


@get("/kompas/roller", name="compass.roles", policy=access.give_role)
def index(visit: Visit) -> Response:
    return show(visit, {"starts": clock.today().isoformat()}, {})


def show(visit: Visit, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200) -> Response:
    require(visit.viewer, access.give_role, None)
    today = clock.today()
    given = queries.roles_of(visit.db, visit.viewer)
    return visit.page(
        "competence_compass/roles_index.html",
        present=[row for row in given if row[0].ends is None or row[0].ends >= today],
        before=[row for row in given if row[0].ends is not None and row[0].ends < today],
        kinds=[(kind.value, word(kind)) for kind in RoleKind],
        units=[(str(unit.id), unit.name) for unit in queries.managed_units(visit.db, visit.viewer)],
        suggested=suggested(visit.db, visit.viewer),
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post("/kompas/roller", name="compass.give_role", policy=access.give_role)
def give(visit: Visit) -> Response:
    require(visit.viewer, access.give_role, None)
    form, errors = parse(RoleForm, visit.form)
    if form is not None:
        try:
            actions.give_role(visit.db, visit.viewer, form)
        except Invalid as invalid:
            errors = invalid.errors
    if errors:
        return show(visit, visit.form.values(), errors, 422)
    return visit.to("compass.roles", said="gemt")


@post("/kompas/roller/{role_id:int}/slut", name="compass.end_role", policy=access.give_role)
def end(visit: Visit, role_id: int) -> Response:
    require(visit.viewer, access.give_role, None)
    found = queries.role(visit.db, visit.viewer, role_id)
    form, errors = parse(EndRoleForm, visit.form)
    if form is not None:
        try:
            actions.end_role(visit.db, visit.viewer, found, form)
        except Invalid as invalid:
            errors = invalid.errors
    if errors:
        return show(visit, {"starts": clock.today().isoformat()}, {"person": errors["ends"]}, 422)
    return visit.to("compass.roles", said="gemt")


def way_to_roles(visit: Any) -> Markup | None:
    """For managers: who has which role, and the way to give one."""
    if not visit.viewer.is_employee or not visit.viewer.managed_unit_ids:
        return None
    return visit.desk.pages.piece("competence_compass/_roles.html", visit)


landing(way_to_roles, order=70)
handlers = [index, give, end]
