"""`/kompas/indlaes`: citizens, participations, assessments and goals from another system's file, for coordinators.

Choose a file, read what it would do, say yes. A file with a fault in it is not kept at all; one without waits in the
database for the one who chose it only, for a day (`organisation.jobs`) or until any citizen is erased.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from litestar import Response
from sqlalchemy import delete, or_, select

from med import clock
from med.access import require
from med.competence_compass import access
from med.competence_compass.erasing import UPLOADED as PREFIX
from med.competence_compass.models import Instrument, Version
from med.competence_compass.vault import vault_of
from med.errors import Conflict, Invalid, NotFound
from med.language import T
from med.organisation.models import ImportFile, Unit
from med.web.routing import Visit, get, post

if TYPE_CHECKING:  # the reading of files is fetched with the first one: few ever open these pages
    from med.competence_compass.exchange.faults import Faults
    from med.competence_compass.exchange.plan import Plan
    from med.tables import Column

WAITS = timedelta(days=1)
SHOWN = 100  # faults on the page; the rest is counted
KINDS = {
    "citizens": (T("Borgere"), T("Pseudonym, enhed, ind og ud. Aldrig navn eller CPR-nummer.")),
    "participations": (T("Deltagelser"), T("Hvem der deltager i hvilke aktiviteter, hvornår og hvor meget.")),
    "assessments": (T("Målinger"), T("En række for hvert svar, eller en række for hver måling.")),
    "goals": (T("Borgernes mål"), T("Måltype, dage og opnået niveau. Ordene skrives på borgerens egen side.")),
}
BY_INSTRUMENT = {"assessments", "goals"}


def enter(visit: Visit) -> frozenset[int]:
    """The units whose citizens the viewer may take in."""
    units = access.coordinated_units(visit.db, visit.viewer) if visit.viewer.is_employee else frozenset()
    if not units:
        raise NotFound
    require(visit.viewer, access.keep_intake, access.AboutIntake(True))
    return units


@get("/kompas/indlaes", name="compass.import", policy=access.keep_intake)
def choose(visit: Visit) -> Response:
    return show_choose(visit, enter(visit), {})


def show_choose(
    visit: Visit, units: frozenset[int], errors: dict[str, Any], faults: "Faults | None" = None, status_code: int = 200
) -> Response:
    db = visit.db
    return visit.page(
        "competence_compass/imports_choose.html",
        kinds=[(kind, *words) for kind, words in KINDS.items()],
        columns={kind: _columns(kind) for kind in KINDS},
        units=db.execute(select(Unit.id, Unit.name).where(Unit.id.in_(units)).order_by(Unit.name)).all(),
        instruments=db.execute(
            select(Instrument.key, Instrument.name).where(
                Instrument.ended.is_(None),
                Instrument.id.in_(select(Version.instrument_id).where(Version.active_from.is_not(None))),
            )
        ).all(),
        faults=faults,
        most=SHOWN,
        values=visit.form.values() if errors else {"kind": visit.query.get("slags")},
        errors=errors,
        status_code=status_code,
    )


def _columns(kind: str) -> "list[Column]":
    from med.competence_compass.exchange import columns
    from med.tables import Column

    today = clock.today()
    match kind:
        case "citizens":
            return columns.citizens(today)
        case "participations":
            return columns.participations(today)
        case "goals":
            return columns.goals(today, str)
    return [
        *columns.assessments(today, 1),
        Column("dimension", columns.DIMENSION),
        Column("value", ("værdi", "score"), False),
        Column("reason", ("grund", "årsag"), False),
    ]


@post("/kompas/indlaes", name="compass.upload", policy=access.keep_intake, uploads=True)
def upload(visit: Visit) -> Response:
    units = enter(visit)
    kind, file = visit.form.get("kind"), visit.form.files.get("file")
    unit, key = visit.form.get("unit"), visit.form.get("instrument")
    errors: dict[str, Any] = {}
    if kind not in KINDS:
        errors["kind"] = T("Vælg, hvad filen indeholder.")
    if unit and unit not in {str(id) for id in units}:
        errors["unit"] = T("Vælg en af dine enheder.")
    if file is None or not file.data:
        errors["file"] = T("Vælg en fil, der ikke er tom.")
    if errors or file is None:
        return show_choose(visit, units, errors, status_code=422)
    waiting = ImportFile(
        person_id=visit.viewer.person_id,
        kind=f"{PREFIX}{kind}/{unit}/{key if kind in BY_INSTRUMENT else ''}",
        name=file.name[:200],
        content=file.data,
        uploaded_at=clock.now(),
    )
    try:
        plan = plan_for(visit, waiting, units)
    except Invalid as invalid:
        return show_choose(visit, units, invalid.errors, status_code=422)
    if plan.faults:
        told = plan.faults.told[0].message
        if plan.faults.count > 1:
            told = T("Filen har %(n)s fejl. De står øverst på siden.", n=plan.faults.count)
        return show_choose(visit, units, {"file": told}, plan.faults, 422)
    mine = ImportFile.person_id == visit.viewer.person_id
    old = or_(mine, ImportFile.uploaded_at < clock.now() - WAITS)
    visit.db.execute(delete(ImportFile).where(ImportFile.kind.startswith(PREFIX), ImportFile.used_at.is_(None), old))
    visit.db.add(waiting)
    visit.db.flush()
    return visit.to("compass.preview", file_id=waiting.id)


def plan_for(visit: Visit, waiting: ImportFile, units: frozenset[int]) -> "Plan":
    """What the file would do now. Raises Invalid when there is no instrument to read it by."""
    from med.competence_compass.exchange.comparing import compare
    from med.competence_compass.exchange.giving import elsewhere_of, instrument_of, version_of
    from med.competence_compass.exchange.reading import read_single

    _, kind, unit, key = waiting.kind.split("/", 3)
    version = version_of(visit.db, key)
    if version is None:
        raise Invalid(instrument=T("Vælg et redskab, der er i brug."))
    instrument, elsewhere = instrument_of(visit.db, version), elsewhere_of(visit.db, version)
    reading = read_single(kind, waiting.name, waiting.content, instrument, elsewhere)
    unit_id = int(unit) if unit and int(unit) in units else None
    return compare(visit.db, reading, version, unit_id=unit_id, within=units)


def waiting_file(visit: Visit, file_id: int) -> ImportFile:
    found = visit.db.scalar(
        select(ImportFile).where(
            ImportFile.id == file_id,
            ImportFile.kind.startswith(PREFIX),
            ImportFile.person_id == visit.viewer.person_id,
        )
    )
    if found is None:
        raise NotFound
    if found.used_at is not None:
        raise Conflict(T("Filen er allerede indlæst."))
    return found


@get("/kompas/indlaes/{file_id:int}", name="compass.preview", policy=access.keep_intake)
def preview(visit: Visit, file_id: int) -> Response:
    units = enter(visit)
    waiting = waiting_file(visit, file_id)
    return show_plan(visit, waiting, plan_for(visit, waiting, units))


def show_plan(
    visit: Visit, waiting: ImportFile, plan: "Plan", errors: dict[str, Any] | None = None, status_code: int = 200
) -> Response:
    return visit.page(
        "competence_compass/imports_preview.html",
        file=waiting,
        kind=KINDS[waiting.kind.split("/")[1]][0],
        plan=plan,
        most=SHOWN,
        errors=errors or {},
        status_code=status_code,
    )


@post("/kompas/indlaes/{file_id:int}", name="compass.carry_out", policy=access.keep_intake)
def confirm(visit: Visit, file_id: int) -> Response:
    from med.competence_compass.exchange.taking import carry_out

    units = enter(visit)
    waiting = waiting_file(visit, file_id)
    plan = plan_for(visit, waiting, units)
    if plan.faults or visit.form.get("digest") != plan.digest:
        changed = T("Noget er ændret, siden siden blev vist. Læs ændringerne igen, før du siger ja.")
        return show_plan(visit, waiting, plan, {"": changed}, 409)
    carry_out(visit.db, visit.viewer, vault_of(visit.desk.settings.data_dir), plan)
    waiting.used_at, waiting.content = clock.now(), b""
    return visit.to("compass.import", said="gemt")


@post("/kompas/indlaes/{file_id:int}/kasser", name="compass.discard", policy=access.keep_intake)
def discard(visit: Visit, file_id: int) -> Response:
    enter(visit)
    visit.db.delete(waiting_file(visit, file_id))
    return visit.to("compass.import")


handlers = [choose, upload, preview, confirm, discard]
