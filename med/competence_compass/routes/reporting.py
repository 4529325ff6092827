"""Writing once: the development plan from sums, and one's own citizens' goals for the journal system and for DUBU."""

from collections.abc import Iterable
from typing import Any

from litestar import Response
from markupsafe import Markup

from med import clock
from med.access import allows
from med.competence_compass import access
from med.competence_compass.access import Towards
from med.competence_compass.looks import note_looks
from med.competence_compass.models import LookAt, Report
from med.competence_compass.parts import landing
from med.competence_compass.publishing import quarters_run
from med.competence_compass.queries.citizens import my_citizens, own_citizen
from med.competence_compass.reporting import citizens, development
from med.competence_compass.reporting.layouts import Layout, layout_for
from med.competence_compass.routes.effects import chosen, led_units
from med.competence_compass.routes.looking import know, vault
from med.errors import NotFound, Unreadable
from med.language import T
from med.organisation.queries import units
from med.web.routing import Visit, get, look

# What a look is noted with. As all words that are kept: in Danish.
PURPOSES = {Report.JOURNAL: "Status til journalsystemet (EKJ)", Report.DUBU: "Procesmål til DUBU"}
# In an address, and in the name of a file.
NAMES = {"journal": Report.JOURNAL, "dubu": Report.DUBU, "udviklingsplan": Report.DEVELOPMENT_PLAN}
TITLES = {
    Report.DEVELOPMENT_PLAN: T("Udviklingsplan"),
    Report.JOURNAL: T("Indsatsplan til journalsystemet (EKJ)"),
    Report.DUBU: T("Procesmål til DUBU"),
}
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def report_named(name: str, among: Iterable[Report] = Report) -> Report:
    report = NAMES.get(name)
    if report not in set(among):
        raise NotFound
    return report


def name_of(report: Report) -> str:
    return next(name for name, one in NAMES.items() if one is report)


def as_file(visit: Visit, layout: Layout, rows: list[dict[str, Any]], name: str) -> Response:
    kind = visit.query.get("form") or "csv"
    if kind not in KINDS:
        raise Unreadable(T("Adressen indeholder et valg, der ikke findes."))
    return Response(
        layout.csv(rows) if kind == "csv" else layout.xlsx(rows),
        media_type=KINDS[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}-{clock.today()}.{kind}"'},
    )


# --- where they are ---------------------------------------------------------------------------------------------------


@get("/kompas/indberetning", name="compass.reports", policy=access.use_compass)
def index(visit: Visit) -> Response:
    """What can be taken out, for those who have something to take."""
    db, viewer = visit.db, visit.viewer
    kept = units_kept(visit)
    own = my_citizens(db, viewer) if viewer.is_employee else []
    sums = allows(viewer, access.see_sums, None)
    if not (kept or own or sums):
        raise NotFound
    return visit.page(
        "competence_compass/reporting_index.html", own=own, sums=sums, kept=kept, reports=Report, titles=TITLES,
        name_of=name_of,
    )  # fmt: skip


def units_kept(visit: Visit) -> list[tuple[int, str]]:
    """The units whose columns the viewer chooses."""
    if not visit.viewer.is_employee:
        return []
    mine = visit.viewer.managed_unit_ids | access.coordinated_units(visit.db, visit.viewer)
    return [(row[0], row[1]) for row in units(visit.db) if row[0] in mine] if mine else []


def way_to_reports(visit: Any) -> Markup | None:
    """For those who lead or coordinate units; contact persons have it with their citizens."""
    viewer = visit.viewer
    if not viewer.is_employee or not (viewer.managed_unit_ids or access.coordinated_units(visit.db, viewer)):
        return None
    return visit.desk.pages.piece("competence_compass/_reporting.html", visit)


landing(way_to_reports, order=65)


# --- the development plan ---------------------------------------------------------------------------------------------


@get("/kompas/udviklingsplan", name="compass.development_plan", policy=access.see_sums)
def plan(visit: Visit) -> Response:
    asked = chosen(visit)
    rows = development.lines(visit.db, visit.viewer, asked.version_id, asked.units) if asked.version_id else []
    led = [(row.id, row.name) for row in led_units(visit)]
    where = dict(led).get(asked.unit_id or 0, "")
    return visit.page(
        "competence_compass/reporting_plan.html",
        asked=asked,
        run=quarters_run(visit.db, asked.version_id) if asked.version_id else None,
        rows=rows,
        units=led,
        text=development.as_text(rows, where),
        kept=bool(units_kept(visit)),
    )


@get("/kompas/udviklingsplan/fil", name="compass.development_plan_file", policy=access.see_sums)
def plan_file(visit: Visit) -> Response:
    asked = chosen(visit)
    rows = development.lines(visit.db, visit.viewer, asked.version_id, asked.units) if asked.version_id else []
    mine = [asked.unit_id] if asked.unit_id is not None else visit.viewer.managed_unit_ids
    layout = layout_for(visit.db, Report.DEVELOPMENT_PLAN, mine)
    return as_file(visit, layout, [line for _, line in rows], "udviklingsplan")


# --- citizens ---------------------------------------------------------------------------------------------------------

ONE = "/kompas/borger/{citizen_id:int}/indberetning/{report:str}"
OF_CITIZENS = (Report.JOURNAL, Report.DUBU)


def see_for(visit: Visit, report: Report, seen: list[Towards], layout: Layout) -> None:
    """One look for each citizen, with what for; a second one where the file has their names."""
    roles = [(one.id, str(one.role)) for one in seen]
    note_looks(visit.db, visit.viewer, roles, LookAt.GOALS, PURPOSES[report])
    if layout.has("name"):
        note_looks(visit.db, visit.viewer, roles, LookAt.IDENTITY, PURPOSES[report])


@look(ONE, name="compass.citizen_report", policy=access.open_citizen)
def citizen(visit: Visit, citizen_id: int, report: str) -> Response:
    """A citizen's goals as text to copy, and the ways to the files."""
    asked = report_named(report, OF_CITIZENS)
    towards = know(visit, citizen_id)
    layout = layout_for(visit.db, asked, [unit_of(visit, towards)])
    note_looks(visit.db, visit.viewer, [(towards.id, str(towards.role))], LookAt.GOALS, PURPOSES[asked])
    found = citizens.standing(visit.db, visit.viewer, vault(visit), towards)
    return visit.page(
        "competence_compass/reporting_citizen.html",
        towards=towards,
        report=report,
        title=TITLES[asked],
        others=[(name_of(one), TITLES[one]) for one in OF_CITIZENS if one is not asked],
        text=citizens.as_text(found, asked),
        layout=layout,
    )


@look(ONE + "/fil", name="compass.citizen_report_file", policy=access.open_citizen)
def citizen_file(visit: Visit, citizen_id: int, report: str) -> Response:
    asked = report_named(report, OF_CITIZENS)
    return of_citizens(visit, asked, [know(visit, citizen_id)], f"{report}-{citizen_id}")


@look("/kompas/indberetning/{report:str}/fil", name="compass.own_report_file", policy=access.open_citizen)
def own_file(visit: Visit, report: str) -> Response:
    """The same of all whom the viewer works with today."""
    asked = report_named(report, OF_CITIZENS)
    rows = my_citizens(visit.db, visit.viewer) if visit.viewer.is_employee else []
    if not rows:
        raise NotFound
    seen = [own_citizen(visit.db, visit.viewer, row.id) for row in sorted(rows, key=lambda row: row.pseudonym)]
    return of_citizens(visit, asked, seen, report)


def of_citizens(visit: Visit, report: Report, seen: list[Towards], name: str) -> Response:
    layout = layout_for(visit.db, report, {unit_of(visit, one) for one in seen})
    see_for(visit, report, seen, layout)
    ring = vault(visit)
    rows = [
        row
        for one in seen
        for row in citizens.standing(visit.db, visit.viewer, ring, one, with_name=layout.has("name")).rows
    ]
    return as_file(visit, layout, rows, name)


def unit_of(visit: Visit, towards: Towards) -> int:
    return citizens.unit_of(visit.db, towards.id)


handlers = [index, plan, plan_file, citizen, citizen_file, own_file]
