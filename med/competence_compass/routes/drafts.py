"""Writing a version until it locks: its scale, its areas, its dimensions and what each step means."""

from typing import Any

from litestar import Response

from med.competence_compass import access
from med.competence_compass.actions import drafts as actions
from med.competence_compass.actions.instruments import require_keeper
from med.competence_compass.forms.instruments import (
    AreaForm,
    DimensionForm,
    PlaceForm,
    ScaleForm,
    SeenForm,
    levels_from,
)
from med.competence_compass.models import Area, Dimension, ScaleLevel, Version
from med.competence_compass.queries import instruments as queries
from med.competence_compass.routes.instruments import open_version, see, show_version
from med.errors import Conflict, Invalid, Unreadable
from med.language import T
from med.web.forms import parse
from med.web.routing import Visit, get, post

BROKEN = T("Siden var ikke hel. Gå tilbage, genindlæs siden og prøv igen.")


def open_area(visit: Visit, area_id: int) -> Area:
    see(visit)
    found = queries.area(visit.db, area_id)
    require_keeper(visit.db, visit.viewer, found.version)
    return found


def open_dimension(visit: Visit, dimension_id: int) -> Dimension:
    see(visit)
    found = queries.dimension(visit.db, dimension_id)
    require_keeper(visit.db, visit.viewer, found.area.version)
    return found


def typed_steps(levels: list[ScaleLevel]) -> dict[str, str]:
    """What stands in the fields of the steps."""
    return {
        f"{name}_{level.value}": getattr(level, name) for level in levels for name in ("short", "descriptor", "easy")
    }


def read_version(visit: Visit) -> int:
    form, _ = parse(SeenForm, visit.form)
    if form is None:
        raise Unreadable(BROKEN)
    return form.version


def mine_again(visit: Visit, version: Version) -> dict[str, Any]:
    """What was typed, on top of the version as it stands now: sent again, it counts."""
    visit.db.refresh(version)
    return {**visit.form.values(), "version": version.row_version}


# --- the scale --------------------------------------------------------------------------------------------------


@get("/kompas/redskaber/version/{version_id:int}/skala", name="instruments.scale", policy=access.edit_version)
def scale(visit: Visit, version_id: int) -> Response:
    found = open_version(visit, version_id)
    values = {
        "scale_min": str(found.scale_min),
        "scale_max": str(found.scale_max),
        "direction": "up" if found.higher_is_better else "down",
        "source": found.source,
        "version": found.row_version,
        **typed_steps(queries.common_levels(visit.db, found.id)),
    }
    return show_scale(visit, found, values, {})


def show_scale(
    visit: Visit, found: Version, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200, **more: Any
) -> Response:
    return visit.page(
        "competence_compass/instruments_scale.html",
        version=found,
        scale=range(found.scale_min, found.scale_max + 1),
        values=values,
        errors=errors,
        status_code=status_code,
        **more,
    )


@post("/kompas/redskaber/version/{version_id:int}/skala", name="instruments.set_scale", policy=access.edit_version)
def set_scale(visit: Visit, version_id: int) -> Response:
    found = open_version(visit, version_id)
    form, errors = parse(ScaleForm, visit.form)
    if form is None:
        return show_scale(visit, found, visit.form.values(), errors, 422)
    wider = form.scale_min < found.scale_min or form.scale_max > found.scale_max
    try:
        steps = levels_from(visit.form.get, range(form.scale_min, form.scale_max + 1), known=())
        actions.change_scale(visit.db, visit.viewer, found, form, steps)
    except Invalid as invalid:
        return show_scale(visit, found, visit.form.values(), invalid.errors, 422)
    except Conflict as conflict:
        return show_scale(visit, found, mine_again(visit, found), {}, 409, conflict=conflict.message)
    if wider:  # there are steps that have no words yet
        return visit.to("instruments.scale", version_id=found.id, said="gemt")
    return visit.to("instruments.version", version_id=found.id, said="gemt")


# --- areas ------------------------------------------------------------------------------------------------------


@post("/kompas/redskaber/version/{version_id:int}/omraader", name="instruments.add_area", policy=access.edit_version)
def add_area(visit: Visit, version_id: int) -> Response:
    found = open_version(visit, version_id)
    form, errors = parse(AreaForm, visit.form)
    if form is not None:
        try:
            made = actions.add_area(visit.db, visit.viewer, found, form)
            return visit.to("instruments.area", area_id=made.id)
        except Invalid as invalid:
            errors = invalid.errors
    return show_version(visit, found.id, visit.form.values(), errors, 422)


@get("/kompas/redskaber/omraade/{area_id:int}", name="instruments.area", policy=access.edit_version)
def area(visit: Visit, area_id: int) -> Response:
    found = open_area(visit, area_id)
    values = {name: getattr(found, name) for name in ("title", "short_title", "easy_title", "code")}
    return show_area(visit, found, {**values, "version": found.version.row_version}, {})


def show_area(
    visit: Visit, found: Area, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200, **more: Any
) -> Response:
    own = [one for one in queries.dimensions_of(visit.db, found.version_id) if one.area_id == found.id]
    return visit.page(
        "competence_compass/instruments_area.html",
        area=found,
        version=found.version,
        dimensions=own,
        values=values,
        errors=errors,
        added=more.pop("added", {}),
        added_errors=more.pop("added_errors", {}),
        status_code=status_code,
        **more,
    )


@post("/kompas/redskaber/omraade/{area_id:int}", name="instruments.change_area", policy=access.edit_version)
def change_area(visit: Visit, area_id: int) -> Response:
    found = open_area(visit, area_id)
    form, errors = parse(AreaForm, visit.form)
    if form is None:
        return show_area(visit, found, visit.form.values(), errors, 422)
    try:
        actions.change_area(visit.db, visit.viewer, found, form)
    except Invalid as invalid:
        return show_area(visit, found, visit.form.values(), invalid.errors, 422)
    except Conflict as conflict:
        return show_area(visit, found, mine_again(visit, found.version), {}, 409, conflict=conflict.message)
    return visit.to("instruments.version", version_id=found.version_id, said="gemt", anchor=f"omraade-{found.id}")


@post("/kompas/redskaber/omraade/{area_id:int}/flyt", name="instruments.move_area", policy=access.edit_version)
def move_area(visit: Visit, area_id: int) -> Response:
    found = open_area(visit, area_id)
    form, _ = parse(PlaceForm, visit.form)
    if form is None:
        raise Unreadable(BROKEN)
    actions.move_area(visit.db, visit.viewer, found, form.to)
    return visit.to("instruments.version", version_id=found.version_id, anchor=f"omraade-{found.id}")


@post("/kompas/redskaber/omraade/{area_id:int}/slet", name="instruments.remove_area", policy=access.edit_version)
def remove_area(visit: Visit, area_id: int) -> Response:
    found = open_area(visit, area_id)
    version_id = found.version_id
    actions.remove_area(visit.db, visit.viewer, found, read_version(visit))
    return visit.to("instruments.version", version_id=version_id, said="gemt")


# --- dimensions -------------------------------------------------------------------------------------------------


@post(
    "/kompas/redskaber/omraade/{area_id:int}/dimensioner",
    name="instruments.add_dimension",
    policy=access.edit_version,
)
def add_dimension(visit: Visit, area_id: int) -> Response:
    found = open_area(visit, area_id)
    form, errors = parse(DimensionForm, visit.form)
    if form is not None:
        try:
            made = actions.add_dimension(visit.db, visit.viewer, found, form)
            return visit.to("instruments.dimension", dimension_id=made.id)
        except Invalid as invalid:
            errors = invalid.errors
    values = {name: getattr(found, name) for name in ("title", "short_title", "easy_title", "code")}
    values["version"] = found.version.row_version
    return show_area(visit, found, values, {}, 422, added=visit.form.values(), added_errors=errors)


@get("/kompas/redskaber/dimension/{dimension_id:int}", name="instruments.dimension", policy=access.edit_version)
def dimension(visit: Visit, dimension_id: int) -> Response:
    found = open_dimension(visit, dimension_id)
    direction = {True: "up", False: "down"}.get(found.higher_is_better, "")  # type: ignore[arg-type]
    values = {
        **{name: getattr(found, name) for name in ("title", "question", "easy_question", "ffb_code", "code")},
        "direction": direction,
        "area_id": found.area_id,
        "version": found.area.version.row_version,
        **typed_steps(found.levels),
    }
    return show_dimension(visit, found, values, {})


def show_dimension(
    visit: Visit, found: Dimension, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200, **more: Any
) -> Response:
    version = found.area.version
    areas = queries.version(visit.db, version.id).areas
    return visit.page(
        "competence_compass/instruments_dimension.html",
        dimension=found,
        version=version,
        areas=[(area.id, area.title) for area in areas],
        scale=range(version.scale_min, version.scale_max + 1),
        common={level.value: level for level in queries.common_levels(visit.db, version.id)},
        values=values,
        errors=errors,
        status_code=status_code,
        **more,
    )


@post("/kompas/redskaber/dimension/{dimension_id:int}", name="instruments.change_dimension", policy=access.edit_version)
def change_dimension(visit: Visit, dimension_id: int) -> Response:
    found = open_dimension(visit, dimension_id)
    version = found.area.version
    form, errors = parse(DimensionForm, visit.form)
    if form is None:
        return show_dimension(visit, found, visit.form.values(), errors, 422)
    try:
        known = {level.value for level in queries.common_levels(visit.db, version.id) if level.short}
        steps = levels_from(visit.form.get, range(version.scale_min, version.scale_max + 1), known=known)
        actions.change_dimension(visit.db, visit.viewer, found, form, steps)
    except Invalid as invalid:
        return show_dimension(visit, found, visit.form.values(), invalid.errors, 422)
    except Conflict as conflict:
        return show_dimension(visit, found, mine_again(visit, version), {}, 409, conflict=conflict.message)
    return visit.to("instruments.version", version_id=version.id, said="gemt", anchor=f"dimension-{found.id}")


@post(
    "/kompas/redskaber/dimension/{dimension_id:int}/flyt",
    name="instruments.move_dimension",
    policy=access.edit_version,
)
def move_dimension(visit: Visit, dimension_id: int) -> Response:
    found = open_dimension(visit, dimension_id)
    form, _ = parse(PlaceForm, visit.form)
    if form is None:
        raise Unreadable(BROKEN)
    actions.move_dimension(visit.db, visit.viewer, found, form.to)
    return visit.to("instruments.area", area_id=found.area_id, anchor=f"dimension-{found.id}")


@post(
    "/kompas/redskaber/dimension/{dimension_id:int}/slet",
    name="instruments.remove_dimension",
    policy=access.edit_version,
)
def remove_dimension(visit: Visit, dimension_id: int) -> Response:
    found = open_dimension(visit, dimension_id)
    area_id = found.area_id
    actions.remove_dimension(visit.db, visit.viewer, found, read_version(visit))
    return visit.to("instruments.area", area_id=area_id, said="gemt")


handlers = [
    scale,
    set_scale,
    add_area,
    area,
    change_area,
    move_area,
    remove_area,
    add_dimension,
    dimension,
    change_dimension,
    move_dimension,
    remove_dimension,
]
