"""Taking an instrument in from a file: choose it, read what it would do, say yes.

Between the two the file waits in the database, for the one who chose it only, a day at most.
"""

from datetime import timedelta
from typing import Any

from litestar import Response
from sqlalchemy import delete, or_, select

from med import clock
from med.competence_compass import access
from med.competence_compass.actions.instruments import require_keeper
from med.competence_compass.importing.instruments import Plan, carry_out, plan_import
from med.competence_compass.routes.instruments import see
from med.errors import Conflict, NotFound
from med.language import T
from med.organisation.models import ImportFile
from med.web.routing import Visit, get, post

KIND = "instrument"
WAITS = timedelta(days=1)


def enter(visit: Visit) -> None:
    see(visit)
    require_keeper(visit.db, visit.viewer)


def may_send(db: Any, viewer: Any) -> None:
    if not viewer.is_employee:
        raise NotFound
    require_keeper(db, viewer)


@get("/kompas/redskaber/indlaes", name="instruments.import", policy=access.keep_instruments)
def choose(visit: Visit) -> Response:
    enter(visit)
    return show_choose(visit)


def show_choose(
    visit: Visit, plan: Plan | None = None, errors: dict[str, Any] | None = None, status_code: int = 200
) -> Response:
    return visit.page(
        "competence_compass/instruments_import.html",
        faults=plan.errors if plan else [],
        errors=errors or {},
        status_code=status_code,
    )


@post(
    "/kompas/redskaber/indlaes",
    name="instruments.upload",
    policy=access.keep_instruments,
    uploads=True,
    before=may_send,
)
def upload(visit: Visit) -> Response:
    enter(visit)
    file = visit.form.files.get("file")
    if file is None or not file.data:
        return show_choose(visit, errors={"file": T("Vælg en fil, der ikke er tom.")}, status_code=422)
    plan = plan_import(visit.db, file.data, file.name)
    if plan.errors:
        return show_choose(visit, plan, {"file": plan.errors[0]}, 422)
    now = clock.now()
    mine = ImportFile.person_id == visit.viewer.person_id
    old = or_(mine, ImportFile.uploaded_at < now - WAITS)
    visit.db.execute(delete(ImportFile).where(ImportFile.kind == KIND, ImportFile.used_at.is_(None), old))
    waiting = ImportFile(
        person_id=visit.viewer.person_id, kind=KIND, name=file.name[:200], content=file.data, uploaded_at=now
    )
    visit.db.add(waiting)
    visit.db.flush()
    return visit.to("instruments.look_over", file_id=waiting.id)


def waiting_file(visit: Visit, file_id: int) -> ImportFile:
    enter(visit)
    found = visit.db.scalar(
        select(ImportFile).where(
            ImportFile.id == file_id, ImportFile.kind == KIND, ImportFile.person_id == visit.viewer.person_id
        )
    )
    if found is None:
        raise NotFound
    if found.used_at is not None:
        raise Conflict(T("Filen er allerede indlæst."))
    return found


@get("/kompas/redskaber/indlaes/{file_id:int}", name="instruments.look_over", policy=access.keep_instruments)
def look_over(visit: Visit, file_id: int) -> Response:
    waiting = waiting_file(visit, file_id)
    return show_plan(visit, waiting, plan_import(visit.db, waiting.content, waiting.name))


def show_plan(visit: Visit, waiting: ImportFile, plan: Plan, status_code: int = 200, **more: Any) -> Response:
    return visit.page(
        "competence_compass/instruments_look_over.html", file=waiting, plan=plan, status_code=status_code, **more
    )


@post("/kompas/redskaber/indlaes/{file_id:int}", name="instruments.take_in", policy=access.keep_instruments)
def take_in(visit: Visit, file_id: int) -> Response:
    waiting = waiting_file(visit, file_id)
    plan = plan_import(visit.db, waiting.content, waiting.name)
    if plan.errors or visit.form.get("basis") != plan.basis:
        return show_plan(visit, waiting, plan, 409, changed_since=True)
    version = carry_out(visit.db, visit.viewer, plan)
    waiting.used_at, waiting.content = clock.now(), b""
    return visit.to("instruments.version", version_id=version.id, said="gemt")


@post("/kompas/redskaber/indlaes/{file_id:int}/kasser", name="instruments.throw_away", policy=access.keep_instruments)
def throw_away(visit: Visit, file_id: int) -> Response:
    visit.db.delete(waiting_file(visit, file_id))
    return visit.to("instruments.import")


handlers = [
    choose,
    upload,
    look_over,
    take_in,
    throw_away,
]
