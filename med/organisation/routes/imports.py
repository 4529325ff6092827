"""From a file to people, units, committees and seats: choose it, read what it would change, say yes.

Between the two the file waits in the database, for the one who chose it only, a day at most.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from litestar import Response
from sqlalchemy import delete, or_, select

from med import clock
from med.access import require
from med.errors import Conflict, Invalid, NotFound
from med.language import T
from med.organisation import access
from med.organisation.models import ImportFile
from med.tables import TableError, read
from med.web.routing import Visit, get, post

if TYPE_CHECKING:  # fetched with the first file: few ever open these pages
    from med.organisation.importing import Plan

WAITS = timedelta(days=1)
SHOWN = 100  # changes of a sort on the page; the rest is counted

KIND_WORDS = {
    "enheder": (T("Enheder"), T("Kommunens enheder som et træ. Begynd her.")),
    "personer": (T("Personer"), T("Hvem der arbejder hvor. En række for hver ansættelse.")),
    "udvalg": (T("MED-udvalg"), T("Udvalgene og deres plads i træet.")),
    "pladser": (T("Pladser"), T("Hvem der sidder i udvalgene. Hele listen for hvert udvalg, filen nævner.")),
}


@get("/udvalg/indlaes", name="organisation.import", policy=access.import_organisation)
def choose(visit: Visit) -> Response:
    return show_choose(visit, {}, {})


def show_choose(visit: Visit, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200) -> Response:
    from med.organisation.importing import columns_of

    require(visit.viewer, access.import_organisation, None)
    return visit.page(
        "organisation/import.html",
        kinds=[(kind, *words) for kind, words in KIND_WORDS.items()],
        columns={kind: columns_of(kind) for kind in KIND_WORDS},
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post("/udvalg/indlaes", name="organisation.upload", policy=access.import_organisation, uploads=True)
def upload(visit: Visit) -> Response:
    require(visit.viewer, access.import_organisation, None)
    kind = visit.form.get("kind")
    file = visit.form.files.get("file")
    errors: dict[str, Any] = {}
    if kind not in KIND_WORDS:
        errors["kind"] = T("Vælg, hvad filen indeholder.")
    if file is None or not file.data:
        errors["file"] = T("Vælg en fil, der ikke er tom.")
    else:
        try:
            read(file.name, file.data)
        except TableError as error:
            errors["file"] = error.message
    if errors or file is None:
        return show_choose(visit, visit.form.values(), errors, 422)
    now = clock.now()
    mine = ImportFile.person_id == visit.viewer.person_id
    visit.db.execute(
        delete(ImportFile).where(
            ImportFile.kind.in_(KIND_WORDS),
            ImportFile.used_at.is_(None),
            or_(mine, ImportFile.uploaded_at < now - WAITS),
        )
    )
    waiting = ImportFile(
        person_id=visit.viewer.person_id, kind=kind, name=file.name[:200], content=file.data, uploaded_at=now
    )
    visit.db.add(waiting)
    visit.db.flush()
    return visit.to("organisation.preview", file_id=waiting.id)


def waiting_file(visit: Visit, file_id: int) -> ImportFile:
    require(visit.viewer, access.import_organisation, None)
    found = visit.db.scalar(
        select(ImportFile).where(
            ImportFile.id == file_id, ImportFile.kind.in_(KIND_WORDS), ImportFile.person_id == visit.viewer.person_id
        )
    )
    if found is None:
        raise NotFound
    if found.used_at is not None:
        raise Conflict(T("Filen er allerede indlæst."))
    return found


def plan_for(visit: Visit, waiting: ImportFile) -> "Plan":
    from med.organisation.importing import plan_import

    return plan_import(visit.db, waiting.kind, read(waiting.name, waiting.content))


@get("/udvalg/indlaes/{file_id:int}", name="organisation.preview", policy=access.import_organisation)
def preview(visit: Visit, file_id: int) -> Response:
    waiting = waiting_file(visit, file_id)
    return show_preview(visit, waiting, plan_for(visit, waiting), {})


def show_preview(
    visit: Visit, waiting: ImportFile, plan: "Plan", errors: dict[str, Any], status_code: int = 200
) -> Response:
    from med.organisation.importing import What

    return visit.page(
        "organisation/preview.html",
        file=waiting,
        kind=KIND_WORDS[waiting.kind][0],
        plan=plan,
        objection=plan.objection(visit.viewer),
        sorts=[(what, plan.of_kind(what)) for what in (What.LEAVING, What.CHANGED, What.NEW)],
        most=SHOWN,
        values=visit.form.values(),
        errors=errors,
        status_code=status_code,
    )


@post("/udvalg/indlaes/{file_id:int}", name="organisation.carry_out", policy=access.import_organisation)
def confirm(visit: Visit, file_id: int) -> Response:
    from med.organisation.importing import carry_out

    waiting = waiting_file(visit, file_id)
    plan = plan_for(visit, waiting)
    if visit.form.get("digest") != plan.digest:
        changed = T("Noget er ændret, siden siden blev vist. Læs ændringerne igen, før du siger ja.")
        return show_preview(visit, waiting, plan, {"": changed}, 409)
    typed = visit.form.get("leaving").strip()
    leaving = int(typed) if typed.isdecimal() and len(typed) < 10 else None
    try:
        carry_out(visit.db, visit.viewer, plan, leaving)
    except Invalid as invalid:
        return show_preview(visit, waiting, plan, invalid.errors, 422)
    waiting.used_at, waiting.content = clock.now(), b""
    return visit.to("organisation.import", said="gemt")


@post("/udvalg/indlaes/{file_id:int}/kasser", name="organisation.discard", policy=access.import_organisation)
def discard(visit: Visit, file_id: int) -> Response:
    visit.db.delete(waiting_file(visit, file_id))
    return visit.to("organisation.import")


handlers = [choose, upload, preview, confirm, discard]
