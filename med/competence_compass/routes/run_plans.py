"""A run is planned: when, how often, how many, who leads it."""

from datetime import timedelta
from typing import Any

from litestar import Response

from med import clock
from med.access import require
from med.competence_compass import access
from med.competence_compass.access import AboutActivity
from med.competence_compass.actions import runs as actions
from med.competence_compass.forms.runs import (
    Rhythm,
    RunForm,
)
from med.competence_compass.models import Activity, Run
from med.competence_compass.queries import activities
from med.competence_compass.queries import runs as queries
from med.errors import Conflict, Invalid
from med.language import T
from med.organisation.suggesting import suggested
from med.web.forms import parse
from med.web.routing import Visit, get, post

RHYTHMS = {
    Rhythm.NONE: T("Vi sætter datoer på senere"),
    Rhythm.WEEKLY: T("Hver uge"),
    Rhythm.FORTNIGHTLY: T("Hver anden uge"),
    Rhythm.WORKDAYS: T("Hver arbejdsdag"),
}


# --- planning -----------------------------------------------------------------------------------------------------


def _plan(
    visit: Visit,
    activity: Activity,
    *,
    values: dict[str, Any],
    errors: dict[str, Any],
    run: Run | None = None,
    status_code: int = 200,
) -> Response:
    return visit.page(
        "competence_compass/runs_form.html",
        activity=activity,
        run=run,
        values=values,
        errors=errors,
        rhythms=[(key.value, str(word)) for key, word in RHYTHMS.items()],
        people=suggested(visit.db, visit.viewer),
        status_code=status_code,
    )


def _activity_to_run(visit: Visit, activity_id: int, *, hold: bool = False) -> Activity:
    found = activities.activity(visit.db, visit.viewer, activity_id, hold=hold)
    about = AboutActivity(found, activities.coordinates(visit.db, visit.viewer, found.unit_id))
    require(visit.viewer, access.run_activity, about)
    return found


@get("/kompas/aktivitet/{activity_id:int}/forloeb/nyt", name="compass.new_run", policy=access.run_activity)
def new(visit: Visit, activity_id: int) -> Response:
    activity = _activity_to_run(visit, activity_id)
    values = {
        "planned_sessions": activity.planned_sessions,
        "capacity": activity.capacity,
        "starts": clock.today() + timedelta(days=14),
        "rhythm": Rhythm.WEEKLY.value,
    }
    return _plan(visit, activity, values=values, errors={})


@post("/kompas/aktivitet/{activity_id:int}/forloeb/nyt", name="compass.plan_run", policy=access.run_activity)
def plan(visit: Visit, activity_id: int) -> Response:
    activity = _activity_to_run(visit, activity_id, hold=True)
    form, errors = parse(RunForm, visit.form)
    if form is not None:
        try:
            made = actions.plan_run(visit.db, visit.viewer, activity, form)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            return visit.to("compass.run", run_id=made.id, said="gemt")
    return _plan(visit, activity, values=visit.form.values(), errors=errors, status_code=422)


@get("/kompas/forloeb/{run_id:int}/ret", name="compass.edit_run", policy=access.keep_run)
def edit(visit: Visit, run_id: int) -> Response:
    run = queries.run(visit.db, visit.viewer, run_id)
    require(visit.viewer, access.keep_run, queries.about_run(visit.db, visit.viewer, run))
    values = {
        "starts": run.starts,
        "ends": run.ends,
        "planned_sessions": run.planned_sessions,
        "capacity": run.capacity,
        "version": run.version,
    }
    return _plan(visit, run.activity, values=values, errors={}, run=run)


@post("/kompas/forloeb/{run_id:int}/ret", name="compass.change_run", policy=access.keep_run)
def change(visit: Visit, run_id: int) -> Response:
    run = queries.run(visit.db, visit.viewer, run_id, hold=True)
    require(visit.viewer, access.keep_run, queries.about_run(visit.db, visit.viewer, run))
    form, errors = parse(RunForm, visit.form)
    if form is not None:
        try:
            actions.change_run(visit.db, visit.viewer, run, form)
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            values = {**visit.form.values(), "version": run.version}
            errors = {"": conflict.message}
            return _plan(visit, run.activity, values=values, errors=errors, run=run, status_code=409)
        else:
            return visit.to("compass.run", run_id=run.id, said="gemt")
    return _plan(visit, run.activity, values=visit.form.values(), errors=errors, run=run, status_code=422)


handlers = [new, plan, edit, change]
