"""A citizen's goals: the list with how far they are, each with its five levels and its ratings."""

from typing import Any

from litestar import Response

from med import clock
from med.competence_compass import access
from med.competence_compass.access import Towards
from med.competence_compass.actions import goals as actions
from med.competence_compass.citizen_words import LEVELS
from med.competence_compass.forms.goals import LEVEL_FIELDS, EndForm, GoalForm, RatingForm
from med.competence_compass.measuring import attainment, goal_attainment_t
from med.competence_compass.models import GoalType, LookAt
from med.competence_compass.queries import goals as queries
from med.competence_compass.queries.assessing import usable_version
from med.competence_compass.queries.goals import GoalRow
from med.competence_compass.routes.looking import know, see, see_again, vault
from med.errors import Conflict, Invalid
from med.web.forms import parse
from med.web.routing import Visit, look, post

LIST = "/kompas/borger/{citizen_id:int}/maal"
ONE = LIST + "/{goal_id:int}"


@look(LIST, name="compass.goals", policy=access.keep_goals)
def index(visit: Visit, citizen_id: int) -> Response:
    """All goals; T only when asked for (?t=1), and with what it is not."""
    towards = see(visit, citizen_id, LookAt.GOALS)
    found = queries.goals_of(visit.db, towards.id, vault(visit), ended=True)
    rated = [goal for goal in found if goal.level is not None]
    levels = [goal.level for goal in rated if goal.level is not None]
    asked = visit.query.get("t") == "1"
    return visit.page(
        "competence_compass/goals_index.html",
        towards=towards,
        current=[goal for goal in found if goal.ended_on is None],
        ended=[goal for goal in found if goal.ended_on is not None],
        reached=attainment(levels),
        t=goal_attainment_t(levels, [goal.weight for goal in rated]) if asked and levels else None,
        levels=LEVELS,
    )


@look(LIST + "/nyt", name="compass.new_goal", policy=access.keep_goals)
def new(visit: Visit, citizen_id: int) -> Response:
    towards = see(visit, citizen_id, LookAt.GOALS)
    values = {"goal_type": GoalType.DEVELOP.value, "set_on": clock.today().isoformat(), "weight": "1"}
    return form_page(visit, towards, None, values)


def form_page(
    visit: Visit,
    towards: Towards,
    goal: GoalRow | None,
    values: dict[str, Any],
    errors: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    version = usable_version(visit.db, towards.instrument_id, clock.today()) if towards.instrument_id else None
    return visit.page(
        "competence_compass/goals_form.html",
        towards=towards,
        goal=goal,
        aims=queries.aims(visit.db, version.id) if version else [],
        scale=queries.scale_of(visit.db, version.id) if version else None,
        types=list(GoalType),
        fields=[(LEVEL_FIELDS[level], LEVELS[level]) for level in sorted(LEVELS)],
        values=values,
        errors=errors or {},
        status_code=status_code,
    )


@post(LIST, name="compass.set_goal", policy=access.keep_goals)
def set_goal(visit: Visit, citizen_id: int) -> Response:
    towards = know(visit, citizen_id)
    form, errors = parse(GoalForm, visit.form)
    if form is not None:
        try:
            made = actions.set_goal(visit.db, vault(visit), visit.viewer, towards, form)
            return visit.to("compass.goal", citizen_id=citizen_id, goal_id=made.id, said="gemt")
        except Invalid as invalid:
            errors = invalid.errors
    see_again(visit, towards, LookAt.GOALS)
    return form_page(visit, towards, None, visit.form.values(), errors, 422)


@look(ONE, name="compass.goal", policy=access.keep_goals)
def show(visit: Visit, citizen_id: int, goal_id: int) -> Response:
    towards = see(visit, citizen_id, LookAt.GOALS)
    goal = queries.goal_of(visit.db, towards.id, vault(visit), goal_id)
    return goal_page(visit, towards, goal, {"day": clock.today().isoformat()})


def goal_page(
    visit: Visit,
    towards: Towards,
    goal: GoalRow,
    values: dict[str, Any],
    errors: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    return visit.page(
        "competence_compass/goals_show.html",
        towards=towards,
        goal=goal,
        levels=LEVELS,
        values=values,
        errors=errors or {},
        status_code=status_code,
    )


@look(ONE + "/ret", name="compass.edit_goal", policy=access.keep_goals)
def edit(visit: Visit, citizen_id: int, goal_id: int) -> Response:
    towards = see(visit, citizen_id, LookAt.GOALS)
    goal = queries.goal_of(visit.db, towards.id, vault(visit), goal_id)
    return form_page(visit, towards, goal, typed(goal))


def typed(goal: GoalRow) -> dict[str, Any]:
    """A goal as its form shows it."""
    about = f"dimension-{goal.dimension_id}" if goal.dimension_id else f"area-{goal.area_id}" if goal.area_id else ""
    return {
        "title": goal.title,
        "goal_type": goal.goal_type.value,
        "about": about,
        "target_value": "" if goal.target_value is None else str(goal.target_value),
        "weight": str(goal.weight),
        "set_on": goal.set_on.isoformat(),
        "due": goal.due.isoformat() if goal.due else "",
        "plan": goal.plan,
        "version": goal.version,
        **{field: goal.levels.get(level, "") for level, field in LEVEL_FIELDS.items()},
    }


@post(ONE + "/ret", name="compass.reword_goal", policy=access.keep_goals)
def reword(visit: Visit, citizen_id: int, goal_id: int) -> Response:
    towards = know(visit, citizen_id)
    goal = queries.goal_entity(visit.db, towards.id, goal_id)
    form, errors = parse(GoalForm, visit.form)
    status = 422
    if form is not None:
        try:
            actions.reword_goal(visit.db, vault(visit), visit.viewer, towards, goal, form)
            return visit.to("compass.goal", citizen_id=citizen_id, goal_id=goal_id, said="gemt")
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            errors, status = {"": conflict.message}, 409
    see_again(visit, towards, LookAt.GOALS)
    there = queries.goal_of(visit.db, towards.id, vault(visit), goal_id)
    values = {**visit.form.values(), "version": there.version}
    return form_page(visit, towards, there, values, errors, status)


@post(ONE + "/niveau", name="compass.rate_goal", policy=access.keep_goals)
def rate(visit: Visit, citizen_id: int, goal_id: int) -> Response:
    towards = know(visit, citizen_id)
    goal = queries.goal_entity(visit.db, towards.id, goal_id)
    form, errors = parse(RatingForm, visit.form)
    if form is not None:
        try:
            actions.rate_goal(visit.db, visit.viewer, towards, goal, form)
            return visit.to("compass.goal", citizen_id=citizen_id, goal_id=goal_id, said="gemt")
        except Invalid as invalid:
            errors = invalid.errors
    return goal_again(visit, towards, goal_id, errors, 422)


@post(ONE + "/afslut", name="compass.end_goal", policy=access.keep_goals)
def end(visit: Visit, citizen_id: int, goal_id: int) -> Response:
    towards = know(visit, citizen_id)
    goal = queries.goal_entity(visit.db, towards.id, goal_id)
    form, errors = parse(EndForm, visit.form)
    status = 422
    if form is not None:
        try:
            actions.end_goal(visit.db, visit.viewer, towards, goal, form)
            return visit.to("compass.goals", citizen_id=citizen_id, said="gemt")
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            errors, status = {"": conflict.message}, 409
    return goal_again(visit, towards, goal_id, errors, status)


def goal_again(visit: Visit, towards: Towards, goal_id: int, errors: dict[str, Any], status: int) -> Response:
    see_again(visit, towards, LookAt.GOALS)
    goal = queries.goal_of(visit.db, towards.id, vault(visit), goal_id)
    return goal_page(visit, towards, goal, visit.form.values(), errors, status)


handlers = [index, new, set_goal, show, edit, reword, rate, end]
