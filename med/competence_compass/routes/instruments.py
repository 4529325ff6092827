"""The instruments: which there are, what a version says, and taking a draft into use."""

from typing import Any

from litestar import Response
from markupsafe import Markup

from med.competence_compass import access, instrument_words, parts  # noqa: F401 – the words people use for the keys
from med.competence_compass.actions import instruments as actions
from med.competence_compass.forms.instruments import InstrumentForm, NewInstrumentForm
from med.competence_compass.importing import instruments as importing
from med.competence_compass.importing.words import gaps
from med.competence_compass.models import Relation, Version
from med.competence_compass.queries import instruments as queries
from med.errors import Invalid, NotFound
from med.language import T, word
from med.web.forms import parse
from med.web.routing import Visit, get, page_number, post


def see(visit: Visit) -> bool:
    """Whoever works here may read what is asked. Gives whether they may also change it."""
    if not visit.viewer.is_employee:
        raise NotFound
    return access.keeps_instruments(visit.db, visit.viewer)


def open_version(visit: Visit, version_id: int) -> Version:
    """A version for one who may change it."""
    see(visit)
    found = queries.version(visit.db, version_id)
    actions.require_keeper(visit.db, visit.viewer, found)
    return found


# --- reading ----------------------------------------------------------------------------------------------------


@get("/kompas/redskaber", name="instruments.index", policy=access.see_instruments)
def index(visit: Visit) -> Response:
    keeps = see(visit)
    return visit.page(
        "competence_compass/instruments_index.html", keeps=keeps, instruments=queries.instruments(visit.db)
    )


@get("/kompas/redskaber/{instrument_id:int}", name="instruments.show", policy=access.see_instruments)
def show(visit: Visit, instrument_id: int) -> Response:
    return show_instrument(visit, instrument_id, {}, {})


def show_instrument(
    visit: Visit, instrument_id: int, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200
) -> Response:
    keeps = see(visit)
    found = queries.instrument(visit.db, instrument_id)
    return visit.page(
        "competence_compass/instruments_show.html",
        instrument=found,
        keeps=keeps,
        used=queries.times_used(visit.db, found.id),
        current=queries.current_version(visit.db, found.id),
        has_draft=any(version.active_from is None for version in found.versions),
        values=values or {name: getattr(found, name) for name in ("name", "target_group", "interval_days", "about")},
        errors=errors,
        status_code=status_code,
    )


@get("/kompas/redskaber/version/{version_id:int}", name="instruments.version", policy=access.see_instruments)
def version(visit: Visit, version_id: int) -> Response:
    return show_version(visit, version_id)


def show_version(
    visit: Visit,
    version_id: int,
    values: dict[str, Any] | None = None,
    errors: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    keeps = see(visit)
    found = queries.version(visit.db, version_id)
    about = access.AboutVersion(keeps, found)
    before = queries.version_before(visit.db, found)
    mapped = queries.version_map(visit.db, before) if before else {}
    return visit.page(
        "competence_compass/instruments_version.html",
        version=found,
        about=about,
        editable=keeps and found.locked_at is None,
        levels=queries.common_levels(visit.db, found.id),
        gaps=list(gaps(queries.words_of(visit.db, found).version)) if keeps else [],
        before=before,
        mapped=mapped,
        relations={relation: sum(one.relation is relation for one in mapped.values()) for relation in Relation},
        values=values or {},
        errors=errors or {},
        status_code=status_code,
    )


@get("/kompas/redskaber/version/{version_id:int}/proev", name="instruments.preview", policy=access.see_instruments)
def preview(visit: Visit, version_id: int) -> Response:
    """One area, as the citizen meets it; nothing is kept."""
    see(visit)
    found = queries.version(visit.db, version_id)
    at = min(page_number(visit, "omraade"), max(0, len(found.areas) - 1))
    common = {level.value: level for level in queries.common_levels(visit.db, found.id)}
    return visit.page(
        "competence_compass/instruments_preview.html",
        version=found,
        area=found.areas[at] if found.areas else None,
        at=at,
        common=common,
        scale=range(found.scale_min, found.scale_max + 1),
    )


# --- making -----------------------------------------------------------------------------------------------------


@get("/kompas/redskaber/ny", name="instruments.new", policy=access.keep_instruments)
def new(visit: Visit) -> Response:
    see(visit)
    actions.require_keeper(visit.db, visit.viewer)
    return show_new(visit, {"interval_days": 91}, {})


def show_new(visit: Visit, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200) -> Response:
    return visit.page("competence_compass/instruments_new.html", values=values, errors=errors, status_code=status_code)


@post("/kompas/redskaber/ny", name="instruments.make", policy=access.keep_instruments)
def make(visit: Visit) -> Response:
    see(visit)
    actions.require_keeper(visit.db, visit.viewer)
    form, errors = parse(NewInstrumentForm, visit.form)
    if form is None:
        return show_new(visit, visit.form.values(), errors, 422)
    try:
        made = actions.make_instrument(visit.db, visit.viewer, form)
    except Invalid as invalid:
        return show_new(visit, visit.form.values(), invalid.errors, 422)
    visit.db.flush()
    visit.db.refresh(made)
    return visit.to("instruments.version", version_id=made.versions[0].id)


@post("/kompas/redskaber/{instrument_id:int}", name="instruments.change", policy=access.keep_instruments)
def change(visit: Visit, instrument_id: int) -> Response:
    see(visit)
    found = queries.instrument(visit.db, instrument_id)
    actions.require_keeper(visit.db, visit.viewer)
    form, errors = parse(InstrumentForm, visit.form)
    if form is None:
        return show_instrument(visit, instrument_id, visit.form.values(), errors, 422)
    actions.change_instrument(visit.db, visit.viewer, found, form)
    return visit.to("instruments.show", instrument_id=found.id, said="gemt")


@post("/kompas/redskaber/{instrument_id:int}/slut", name="instruments.end", policy=access.keep_instruments)
def end(visit: Visit, instrument_id: int) -> Response:
    see(visit)
    actions.end_instrument(visit.db, visit.viewer, queries.instrument(visit.db, instrument_id))
    return visit.to("instruments.show", instrument_id=instrument_id, said="gemt")


@post("/kompas/redskaber/{instrument_id:int}/version", name="instruments.copy", policy=access.keep_instruments)
def copy(visit: Visit, instrument_id: int) -> Response:
    see(visit)
    draft = actions.copy_version(visit.db, visit.viewer, queries.instrument(visit.db, instrument_id))
    return visit.to("instruments.version", version_id=draft.id)


@post("/kompas/redskaber/version/{version_id:int}/tag-i-brug", name="instruments.activate", policy=access.edit_version)
def activate(visit: Visit, version_id: int) -> Response:
    found = open_version(visit, version_id)
    try:
        actions.activate(visit.db, visit.viewer, found)
    except Invalid as invalid:
        return show_version(visit, version_id, errors=invalid.errors, status_code=422)
    return visit.to("instruments.show", instrument_id=found.instrument_id, said="gemt")


@post("/kompas/redskaber/version/{version_id:int}/kasser", name="instruments.discard", policy=access.edit_version)
def discard(visit: Visit, version_id: int) -> Response:
    found = open_version(visit, version_id)
    instrument_id, alone = found.instrument_id, len(queries.instrument(visit.db, found.instrument_id).versions) == 1
    actions.discard_draft(visit.db, visit.viewer, found)
    if alone:
        return visit.to("instruments.index", said="gemt")
    return visit.to("instruments.show", instrument_id=instrument_id, said="gemt")


# --- the map from the version before ----------------------------------------------------------------------------


@get("/kompas/redskaber/version/{version_id:int}/kort", name="instruments.map", policy=access.see_instruments)
def version_map(visit: Visit, version_id: int) -> Response:
    return show_map(visit, version_id, {}, {})


def show_map(
    visit: Visit, version_id: int, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200
) -> Response:
    keeps = see(visit)
    found = queries.version(visit.db, version_id)
    before = queries.version_before(visit.db, found)
    if before is None:
        raise NotFound
    mapped = queries.version_map(visit.db, before)
    new = queries.dimensions_of(visit.db, found.id)
    codes = {one.id: one.code for one in new}
    if not values:
        values = {f"old_{old}": said.relation.value for old, said in mapped.items()}
        values |= {f"new_{old}": codes.get(said.new_id, "") for old, said in mapped.items() if said.new_id}
    return visit.page(
        "competence_compass/instruments_map.html",
        version=found,
        before=before,
        editable=keeps and found.locked_at is None,
        old=queries.dimensions_of(visit.db, before.id),
        new=new,
        mapped=mapped,
        relations=[(relation.value, str(word(relation))) for relation in Relation],
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post("/kompas/redskaber/version/{version_id:int}/kort", name="instruments.set_map", policy=access.edit_version)
def set_map(visit: Visit, version_id: int) -> Response:
    found = open_version(visit, version_id)
    before = queries.version_before(visit.db, found)
    if before is None:
        raise NotFound
    codes = {one.code: one.id for one in queries.dimensions_of(visit.db, found.id)}
    said: dict[int, tuple[Relation, int | None]] = {}
    errors: dict[str, Any] = {}
    for old in queries.dimensions_of(visit.db, before.id):
        relation, code = visit.form.get(f"old_{old.id}"), visit.form.get(f"new_{old.id}").strip()
        if relation not in set(Relation):
            errors[f"old_{old.id}"] = T("Vælg en af mulighederne.")
        elif code and code not in codes:
            errors[f"new_{old.id}"] = T("Der er ingen dimension med den kode i den nye version.")
        else:
            said[old.id] = (Relation(relation), codes.get(code))
    if not errors:
        try:
            actions.set_map(visit.db, visit.viewer, found, before, said)
        except Invalid as invalid:
            errors = invalid.errors
    if errors:
        return show_map(visit, version_id, visit.form.values(), errors, 422)
    return visit.to("instruments.version", version_id=found.id, said="gemt")


# --- as a file --------------------------------------------------------------------------------------------------


@get("/kompas/redskaber/version/{version_id:int}/fil", name="instruments.file", policy=access.see_instruments)
def file(visit: Visit, version_id: int) -> Response:
    see(visit)
    found = queries.version(visit.db, version_id)
    kind = "csv" if visit.query.get("format") == "csv" else "json"
    name = f"{found.instrument.key}-{found.number}.{kind}"
    return Response(
        importing.write(queries.words_of(visit.db, found), kind),
        media_type="text/csv; charset=utf-8" if kind == "csv" else "application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def on_landing(visit: Visit) -> Markup | None:
    """The way in for whoever keeps the instruments; others find it from the page of a citizen."""
    if not visit.viewer.is_employee or not access.keeps_instruments(visit.db, visit.viewer):
        return None
    macros = visit.desk.pages.macros("competence_compass/_instruments.html", visit)
    return macros.landing(queries.instruments(visit.db))


parts.landing(on_landing, order=60)

handlers = [
    index,
    show,
    version,
    preview,
    new,
    make,
    change,
    end,
    copy,
    activate,
    discard,
    version_map,
    set_map,
    file,
]
