"""`/kompas/aktiviteter`: what citizens can take part in, what it is meant to do, who waits."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from litestar import Response

from med import language
from med.access import allows, require
from med.competence_compass import access
from med.competence_compass.access import AboutActivity
from med.competence_compass.actions import activities as actions
from med.competence_compass.activity_words import SIZES, size
from med.competence_compass.forms.activities import ActivityForm, HypothesisForm
from med.competence_compass.models import Activity, ActivityKind, ActivityState, Aim, Measure
from med.competence_compass.queries import activities as queries
from med.competence_compass.queries import kept
from med.competence_compass.routes.effects import on_activity, quarter_words
from med.errors import Conflict, Invalid, NotFound, Unreadable
from med.language import T
from med.numbers import asked_number
from med.organisation.queries import units
from med.organisation.suggesting import suggested
from med.web.forms import parse
from med.web.pages import number
from med.web.routing import Visit, get, page_number, post


@get("/kompas/aktiviteter", name="compass.activities", policy=access.use_compass)
def index(visit: Visit) -> Response:
    if not allows(visit.viewer, access.use_compass, None):
        raise NotFound
    unit_id = asked_number(visit.query.get("enhed"))
    kind = _one_of(ActivityKind, visit.query.get("slags"))
    state = _one_of(ActivityState, visit.query.get("tilstand"))
    page = page_number(visit, "side")
    lines, more = queries.activities(visit.db, visit.viewer, unit_id=unit_id, kind=kind, state=state, page=page)
    values = {name: visit.query.get(name) for name in ("enhed", "slags", "tilstand")}

    def place(number: int) -> str:
        chosen = {**{k: v for k, v in values.items() if v}, **({"side": str(number)} if number else {})}
        return "/kompas/aktiviteter" + (f"?{urlencode(chosen)}" if chosen else "")

    return visit.page(
        "competence_compass/activities_index.html",
        lines=lines,
        quarter=kept.newest(visit.db, Measure.WAITING)[0],
        quarter_words=quarter_words,
        newer=place(page - 1) if page else None,
        older=place(page + 1) if more else None,
        values=values,
        units=[(row.id, row.name) for row in queries.units_with_activities(visit.db, visit.viewer)],
        kinds=[(one.value, str(language.word(one))) for one in ActivityKind],
        states=[(one.value, str(language.word(one))) for one in ActivityState],
    )


def _one_of(kind: Any, raw: str) -> Any:
    if not raw:
        return None
    found = next((one for one in kind if one.value == raw), None)
    if found is None:
        raise Unreadable(T("Adressen indeholder et valg, der ikke findes."))
    return found


def about(visit: Visit, activity: Activity) -> AboutActivity:
    return AboutActivity(activity, queries.coordinates(visit.db, visit.viewer, activity.unit_id))


@get("/kompas/aktivitet/{activity_id:int}", name="compass.activity", policy=access.use_compass)
def show(visit: Visit, activity_id: int) -> Response:
    return show_activity(visit, queries.activity(visit.db, visit.viewer, activity_id))


def show_activity(
    visit: Visit,
    activity: Activity,
    *,
    errors: dict[str, Any] | None = None,
    values: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    db, viewer = visit.db, visit.viewer
    known = about(visit, activity)
    keeps = allows(viewer, access.keep_activity, known)
    linked = [activity.decision_id, *(hypothesis.decision_id for hypothesis in activity.hypotheses)]
    dimensions = queries.dimension_choices(db) if keeps else []
    if values is None and (chosen := visit.query.get("kompetence")) in {str(id) for id, _ in dimensions}:
        values = {"dimension": chosen, "aim": Aim.DEVELOP.value}  # chosen when the activity was proposed
    return visit.page(
        "competence_compass/activities_show.html",
        activity=activity,
        about=known,
        tested=[one for one in activity.hypotheses if not one.is_exploratory],
        exploratory=[one for one in activity.hypotheses if one.is_exploratory],
        decisions=queries.decisions_seen(db, viewer, linked),
        runs=queries.runs_of(db, activity.id, exactly=known.coordinates),
        waits=queries.waiting_times(db, activity.id) if known.coordinates else None,
        kept=kept.about(db, activity.id),
        size=size,
        quarter_words=quarter_words,
        effects=on_activity(visit, activity),
        dimensions=dimensions,
        decision_choices=queries.decision_choices(db, viewer) if keeps else [],
        sizes=size_choices(),
        aims=[(one.value, str(language.word(one))) for one in Aim],
        errors=errors or {},
        values=values or {},
        status_code=status_code,
    )


def size_choices() -> list[tuple[str, str, str]]:
    """Small, medium, large, each with the number behind it."""
    return [
        (key, str(word), str(T("d = %(d)s standardafvigelser", d=number(expected))))
        for key, (expected, word) in SIZES.items()
    ]


# --- proposing and changing ---------------------------------------------------------------------------------------


def _form(
    visit: Visit,
    *,
    values: dict[str, Any],
    errors: dict[str, Any],
    activity: Activity | None = None,
    status_code: int = 200,
) -> Response:
    return visit.page(
        "competence_compass/activities_form.html",
        activity=activity,
        values=values,
        errors=errors,
        kinds=[(one.value, str(language.word(one))) for one in ActivityKind],
        units=[(row[0], row[1]) for row in units(visit.db)],
        people=suggested(visit.db, visit.viewer),
        decision_choices=queries.decision_choices(visit.db, visit.viewer),
        dimensions=queries.dimension_choices(visit.db) if activity is None else [],
        status_code=status_code,
    )


@get("/kompas/aktiviteter/ny", name="compass.new_activity", policy=access.propose_activity)
def new(visit: Visit) -> Response:
    if not allows(visit.viewer, access.propose_activity, None):
        raise NotFound
    own = min(visit.viewer.unit_ids, default=None)
    return _form(visit, values={"unit": own, "owner": visit.viewer.name}, errors={})


@post("/kompas/aktiviteter/ny", name="compass.propose_activity", policy=access.propose_activity)
def propose(visit: Visit) -> Response:
    if not allows(visit.viewer, access.propose_activity, None):
        raise NotFound
    if visit.form.get("similar"):  # only to see what is known of others: nothing is saved, and nothing is lost
        return _form(visit, values=visit.form.values(), errors={})
    form, errors = parse(ActivityForm, visit.form)
    if form is not None:
        try:
            made = actions.propose_activity(visit.db, visit.viewer, form)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            meant_for = visit.form.get("meant_for")[:20]  # goes along to the hypothesis, which is written next
            given = {"sagt": "gemt", **({"kompetence": meant_for} if meant_for else {})}
            return visit.go(f"{visit.url('compass.activity', activity_id=made.id)}?{urlencode(given)}#hypoteser")
    return _form(visit, values=visit.form.values(), errors=errors, status_code=422)


@get("/kompas/aktivitet/{activity_id:int}/ret", name="compass.edit_activity", policy=access.keep_activity)
def edit(visit: Visit, activity_id: int) -> Response:
    activity = queries.activity(visit.db, visit.viewer, activity_id)
    require(visit.viewer, access.keep_activity, about(visit, activity))
    return _form(visit, values=_values_of(activity), errors={}, activity=activity)


def _values_of(activity: Activity) -> dict[str, Any]:
    return {
        "title": activity.title,
        "kind": activity.kind.value,
        "unit": activity.unit_id,
        "about": activity.about,
        "code": activity.code,
        "planned_sessions": activity.planned_sessions,
        "capacity": activity.capacity,
        "cost": activity.cost,
        "owner": f"{activity.owner.name} ({activity.owner.handle})" if activity.owner else "",
        "decision": activity.decision_id,
        "has_exam": activity.has_exam,
        "version": activity.version,
    }


@post("/kompas/aktivitet/{activity_id:int}/ret", name="compass.change_activity", policy=access.keep_activity)
def change(visit: Visit, activity_id: int) -> Response:
    activity = queries.activity(visit.db, visit.viewer, activity_id, hold=True)
    require(visit.viewer, access.keep_activity, about(visit, activity))
    form, errors = parse(ActivityForm, visit.form)
    if form is not None:
        try:
            actions.change_activity(visit.db, visit.viewer, activity, form)
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            # What stands now is on the activity's own page; the words typed stay in the form, to be saved on top of it.
            values = {**visit.form.values(), "version": activity.version}
            return _form(visit, values=values, errors={"": conflict.message}, activity=activity, status_code=409)
        else:
            return visit.to("compass.activity", activity_id=activity.id, said="gemt")
    return _form(visit, values=visit.form.values(), errors=errors, activity=activity, status_code=422)


# --- what it is meant to do, and its end --------------------------------------------------------------------------


@post("/kompas/aktivitet/{activity_id:int}/hypoteser", name="compass.add_hypothesis", policy=access.keep_activity)
def add_hypothesis(visit: Visit, activity_id: int) -> Response:
    activity = queries.activity(visit.db, visit.viewer, activity_id, hold=True)
    require(visit.viewer, access.keep_activity, about(visit, activity))
    form, errors = parse(HypothesisForm, visit.form)
    if form is not None:
        try:
            actions.add_hypothesis(visit.db, visit.viewer, activity, form)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            return visit.to("compass.activity", activity_id=activity.id, said="gemt", anchor="hypoteser")
    return show_activity(visit, activity, errors=errors, values=visit.form.values(), status_code=422)


@post(
    "/kompas/aktivitet/{activity_id:int}/hypoteser/{hypothesis_id:int}/fjern",
    name="compass.remove_hypothesis",
    policy=access.remove_hypothesis,
)
def remove_hypothesis(visit: Visit, activity_id: int, hypothesis_id: int) -> Response:
    activity = queries.activity(visit.db, visit.viewer, activity_id, hold=True)
    actions.remove_hypothesis(visit.db, visit.viewer, activity, hypothesis_id)
    return visit.to("compass.activity", activity_id=activity.id, said="gemt", anchor="hypoteser")


@post("/kompas/aktivitet/{activity_id:int}/afslut", name="compass.end_activity", policy=access.run_activity)
def end(visit: Visit, activity_id: int) -> Response:
    activity = queries.activity(visit.db, visit.viewer, activity_id, hold=True)
    actions.end_activity(visit.db, visit.viewer, activity)
    return visit.to("compass.activity", activity_id=activity.id, said="gemt")


handlers: list[Callable[..., Any]] = [
    index,
    new,
    propose,
    show,
    edit,
    change,
    add_hypothesis,
    remove_hypothesis,
    end,
]
