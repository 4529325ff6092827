"""`/kompas/indberetning/{report}/kolonner`: what a report's columns are called in the system that takes it in."""

from typing import Any

from litestar import Response

from med.access import require
from med.competence_compass import access
from med.competence_compass.access import AboutLayout
from med.competence_compass.actions import reporting as actions
from med.competence_compass.forms.reporting import read_layout, typed
from med.competence_compass.models import Report
from med.competence_compass.reporting.fields import FIELDS
from med.competence_compass.reporting.layouts import DATES, DECIMALS, Layout, layout_for
from med.competence_compass.routes.reporting import TITLES, report_named, units_kept
from med.errors import Conflict, NotFound
from med.language import Text
from med.numbers import asked_number
from med.web.routing import Visit, get, post

COLUMNS = "/kompas/indberetning/{report:str}/kolonner"


def enter(visit: Visit, report: str, unit: str) -> tuple[Report, int, list[tuple[int, str]]]:
    """The report, the unit it is about, and all the viewer may choose between. NotFound for who chooses for none."""
    kept = units_kept(visit)
    if not kept:
        raise NotFound
    found = report_named(report)
    asked = asked_number(unit)
    unit_id = kept[0][0] if asked is None else asked
    if unit_id not in dict(kept):
        raise NotFound
    return found, unit_id, kept


def about(visit: Visit, unit_id: int) -> AboutLayout:
    return AboutLayout(unit_id, unit_id in access.coordinated_units(visit.db, visit.viewer))


def own_layout(visit: Visit, report: Report, unit_id: int) -> Layout:
    return layout_for(visit.db, report, [unit_id])


@get(COLUMNS, name="compass.report_layout", policy=access.keep_report_layout)
def edit(visit: Visit, report: str) -> Response:
    found, unit_id, _ = enter(visit, report, visit.query.get("enhed"))
    require(visit.viewer, access.keep_report_layout, about(visit, unit_id))
    layout = own_layout(visit, found, unit_id)
    values = typed(layout)
    if layout.unit_id != unit_id:
        values["version"] = 0  # what is inherited is nobody's to have changed
    return show(visit, report, unit_id, layout, values, {})


def show(
    visit: Visit,
    report: str,
    unit_id: int,
    layout: Layout,
    values: dict[str, Any],
    errors: dict[str, Text],
    status_code: int = 200,
) -> Response:
    found, _, kept = enter(visit, report, str(unit_id))
    names = dict(kept)
    ours = {one.name: one.heading for one in FIELDS[found]}
    return visit.page(
        "competence_compass/reporting_columns.html",
        report=report,
        title=TITLES[found],
        unit_id=unit_id,
        unit=names[unit_id],
        units=kept,
        is_own=layout.unit_id == unit_id,
        fields=[(column.field, ours[column.field]) for column in layout.columns],
        dates=list(DATES.items()),
        decimals=list(DECIMALS.items()),
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post(COLUMNS, name="compass.keep_report_layout", policy=access.keep_report_layout)
def keep(visit: Visit, report: str) -> Response:
    found, unit_id, _ = enter(visit, report, visit.form.get("unit"))
    require(visit.viewer, access.keep_report_layout, about(visit, unit_id))
    layout = own_layout(visit, found, unit_id)
    form, errors = read_layout(found, layout, visit.form.get)
    status_code = 422
    if form is not None:
        try:
            actions.keep_layout(visit.db, visit.viewer, about(visit, unit_id), found, form)
            return visit.go(f"/kompas/indberetning/{report}/kolonner?enhed={unit_id}&sagt=gemt")
        except Conflict as conflict:
            errors, status_code = {"": conflict.message}, 409
    values = visit.form.values()
    if status_code == 409:
        values = dict(values) | {"version": str(layout.version if layout.unit_id == unit_id else 0)}
    return show(visit, report, unit_id, layout, values, errors, status_code)


@post(COLUMNS + "/standard", name="compass.drop_report_layout", policy=access.keep_report_layout)
def drop(visit: Visit, report: str) -> Response:
    found, unit_id, _ = enter(visit, report, visit.form.get("unit"))
    actions.drop_layout(visit.db, visit.viewer, about(visit, unit_id), found)
    return visit.go(f"/kompas/indberetning/{report}/kolonner?enhed={unit_id}&sagt=gemt")


handlers = [edit, keep, drop]
