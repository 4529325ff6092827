"""Opening a name to a reason, handing over everything that is held, and who looked. Each noted before it is shown."""

from typing import Any

import msgspec
from litestar import Response

from med.competence_compass import access
from med.competence_compass.actions.intake import open_identity
from med.competence_compass.activity_words import need
from med.competence_compass.citizen_words import LEVELS
from med.competence_compass.forms.cpr import ask_about_cpr
from med.competence_compass.forms.intake import ReasonForm
from med.competence_compass.look_words import seen_word
from med.competence_compass.looks import LookRole, note_look
from med.competence_compass.models import Citizen, LookAt
from med.competence_compass.queries.assessing import blind_between
from med.competence_compass.queries.handing_over import everything_of
from med.competence_compass.queries.intake import capacity, looks
from med.competence_compass.routes.looking import know, see, vault
from med.errors import Invalid
from med.language import T, word
from med.web.forms import parse
from med.web.routing import Visit, get, look, post

REASONS = [T("Ringer til borgeren"), T("Aftaler et møde med borgeren"), T("Finder borgerens sag i journalen")]


def role_word(role: str) -> str:
    return str(word(LookRole(role)))


def read_reason(visit: Visit) -> tuple[str, dict[str, Any]]:
    form, errors = parse(ReasonForm, visit.form)
    if form is None:
        return "", errors
    try:
        ask_about_cpr(form.not_cpr, reason=form.reason)
    except Invalid as invalid:
        return "", invalid.errors
    return form.reason.strip(), {}


# --- the name -----------------------------------------------------------------------------------------------------


@get("/kompas/borger/{citizen_id:int}/navn", name="compass.ask_name", policy=access.open_name)
def ask_name(visit: Visit, citizen_id: int) -> Response:
    citizen, role = capacity(visit.db, visit.viewer, citizen_id)
    return show_name(visit, citizen, role, None, {}, {})


def show_name(
    visit: Visit,
    citizen: Citizen,
    role: LookRole,
    identity: dict[str, str] | None,
    values: dict[str, Any],
    errors: dict[str, Any],
    status_code: int = 200,
) -> Response:
    return visit.page(
        "competence_compass/identities_name.html",
        citizen=citizen,
        role=role,
        identity=identity,
        reasons=[str(reason) for reason in REASONS],
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post("/kompas/borger/{citizen_id:int}/navn", name="compass.name", policy=access.open_name)
def name(visit: Visit, citizen_id: int) -> Response:
    """The name, once, on the page that answers. No reason, no look; no look, no name."""
    citizen, role = capacity(visit.db, visit.viewer, citizen_id)
    reason, errors = read_reason(visit)
    if errors:
        return show_name(visit, citizen, role, None, visit.form.values(), errors, 422)
    identity = open_identity(visit.db, visit.viewer, vault(visit), citizen, role, reason)
    return show_name(visit, citizen, role, identity, {}, {})


# --- everything -----------------------------------------------------------------------------------------------------


@get("/kompas/borger/{citizen_id:int}/udlevering", name="compass.handing_over", policy=access.open_citizen)
def handing_over(visit: Visit, citizen_id: int) -> Response:
    return show_handing_over(visit, know(visit, citizen_id), {}, {})


def show_handing_over(
    visit: Visit, towards: Any, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200
) -> Response:
    return visit.page(
        "competence_compass/identities_handing_over.html",
        towards=towards,
        blind=blind_between(visit.db, visit.viewer, towards),
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post("/kompas/borger/{citizen_id:int}/udlevering", name="compass.hand_over", policy=access.open_citizen)
def hand_over(visit: Visit, citizen_id: int) -> Response:
    """All of it as a page to print, or as JSON. The look at this export is its last line."""
    towards = know(visit, citizen_id)
    if blind_between(visit.db, visit.viewer, towards):
        return show_handing_over(visit, towards, {}, {}, 409)
    reason, errors = read_reason(visit)
    if errors:
        return show_handing_over(visit, towards, visit.form.values(), errors, 422)
    citizen, role = capacity(visit.db, visit.viewer, citizen_id)
    note_look(visit.db, visit.viewer, citizen, LookAt.EXPORT, role, reason)
    identity = open_identity(visit.db, visit.viewer, vault(visit), citizen, role, reason)
    held = everything_of(visit.db, vault(visit), citizen, identity)
    if visit.form.get("format") == "json":
        return Response(
            msgspec.json.format(msgspec.json.encode(held), indent=1),
            media_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="borger-{citizen.id}.json"'},
        )
    return visit.page(
        "competence_compass/identities_handed_over.html",
        towards=towards,
        held=held,
        levels=LEVELS,
        need=need,
        role_word=role_word,
        seen_word=seen_word,
    )


# --- who looked -----------------------------------------------------------------------------------------------------


@look("/kompas/borger/{citizen_id:int}/opslag", name="compass.looks", policy=access.open_citizen)
def who_looked(visit: Visit, citizen_id: int) -> Response:
    towards = see(visit, citizen_id, LookAt.PAGE)
    return visit.page(
        "competence_compass/identities_looks.html",
        towards=towards,
        rows=looks(visit.db, citizen_id),
        role_word=role_word,
        seen_word=seen_word,
    )


handlers = [ask_name, name, handing_over, hand_over, who_looked]
