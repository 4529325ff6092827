"""Writing decisions down, in the room or on a page of their own."""

from typing import Any

from litestar import Response

from med.access import require
from med.decisions import access, actions, queries
from med.decisions.forms import DecisionForm
from med.decisions.fragments import heading
from med.decisions.models import Decision
from med.errors import Conflict, Invalid, NotAllowed
from med.language import T
from med.meetings.live import tell
from med.meetings.models import Item
from med.meetings.routes.common import show_kept
from med.perspectives.queries import statements_for, titles
from med.web.forms import parse
from med.web.incoming import safe_path
from med.web.routing import Visit, get, post


def form_context(visit: Visit, item: Item) -> dict[str, Any]:
    """What the form needs besides the words: the perspectives in our own words, names, what may be replaced."""
    own = statements_for(visit.db, visit.viewer.role_key)
    everybody = statements_for(visit.db, "alle") if not all(own.values()) else own
    return {
        "item": item,
        "perspectives": [
            (key.value, title.short or title.title, title.title, next(iter(own[key] or everybody[key]), ""))
            for key, title in titles(visit.db).items()
        ],
        "people": queries.people_for(visit.db, visit.viewer, item),
        "replaceable": [
            (row.id, f"{row.year}-{'' if row.is_open else 'L'}{row.number}: {heading(row.text)}")
            for row in queries.replaceable(visit.db, visit.viewer, item)
        ],
    }


def show_form(
    visit: Visit,
    item: Item,
    *,
    values: dict[str, Any],
    errors: dict[str, Any],
    decision: Decision | None = None,
    theirs: Decision | None = None,
    status_code: int = 200,
) -> Response:
    further = visit.form.all("further") or values.get("further", [])
    return visit.page(
        "decisions/form.html",
        values={**values, "further": further},
        errors=errors,
        decision=decision,
        theirs=theirs,
        onwards=safe_path(visit.form.get("videre")),
        status_code=status_code,
        **form_context(visit, item),
    )


@get("/beslutninger/punkt/{item_id:int}", name="decisions.new", policy=access.record_decision)
def new(visit: Visit, item_id: int) -> Response:
    item = queries.item_to_minute(visit.db, visit.viewer, item_id)
    require(visit.viewer, access.record_decision, item)
    return show_form(visit, item, values={}, errors={})


@post("/beslutninger/punkt/{item_id:int}", name="decisions.record", policy=access.record_decision)
def record(visit: Visit, item_id: int) -> Response:
    item = queries.item_to_minute(visit.db, visit.viewer, item_id)
    try:
        require(visit.viewer, access.record_decision, item)
    except NotAllowed as refusal:  # the opening was undone, or the minutes approved, while they wrote
        back = visit.url("meetings.show", meeting_id=item.meeting_id)
        return show_kept(visit, refusal, item.title, back, **WORDS)
    form, errors = parse(DecisionForm, visit.form)
    if form is not None:
        try:
            made = actions.record_decision(visit.db, visit.viewer, item, form)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            tell(visit, item.meeting_id)
            if onwards := safe_path(visit.form.get("videre")):
                return visit.go(f"{onwards.partition('#')[0]}#beslutninger-{item.id}")
            return visit.to("decisions.show", decision_id=made.id, said="gemt")
    return show_form(visit, item, values=visit.form.values(), errors=kindly(errors), status_code=422)


WORDS = {
    "text": T("Vi har besluttet, at …"),
    "why": T("Hvorfor?"),
    "meaning": T("Hvad betyder det for os?"),
    "frame": T("Hjørneflag"),
    "hoped_effect": T("Hvad håber vi, borgerne mærker?"),
}


def kindly(errors: dict[str, Any]) -> dict[str, Any]:
    """The required fields' messages, in the words of the form."""
    missing = T("Skal udfyldes.")
    better = {
        "text": T("Skriv, hvad I har besluttet."),
        "why": T("Skriv hvorfor. Kolleger, der ikke var med, skal kunne forstå det."),
        "perspective": T("Vælg det perspektiv, beslutningen først og fremmest tjener."),
    }
    return {name: better.get(name, said) if said == missing else said for name, said in errors.items()}


def values_of(decision: Decision) -> dict[str, Any]:
    """A decision as its form shows it."""
    return {
        "text": decision.text,
        "why": decision.why,
        "meaning": decision.meaning,
        "perspective": decision.perspective.value if decision.perspective else "",
        "further": [tag.perspective.value for tag in decision.tags if not tag.is_main],
        "responsible": decision.responsible.name if decision.responsible else "",
        "due": decision.due.isoformat() if decision.due else "",
        "frame": decision.frame,
        "hoped_effect": decision.hoped_effect,
        "review": decision.review.isoformat() if decision.review else "",
        "replaces": decision.replaces_id or "",
        "version": decision.version,
    }


@get("/beslutninger/{decision_id:int}/ret", name="decisions.edit", policy=access.correct_decision)
def edit(visit: Visit, decision_id: int) -> Response:
    decision = queries.decision(visit.db, visit.viewer, decision_id)
    require(visit.viewer, access.correct_decision, decision)
    assert decision.item is not None
    return show_form(visit, decision.item, values=values_of(decision), errors={}, decision=decision)


@post("/beslutninger/{decision_id:int}/ret", name="decisions.correct", policy=access.correct_decision)
def correct(visit: Visit, decision_id: int) -> Response:
    decision = queries.held(visit.db, visit.viewer, decision_id)
    require(visit.viewer, access.correct_decision, decision)
    assert decision.item is not None
    form, errors = parse(DecisionForm, visit.form)
    values = visit.form.values()
    if form is not None:
        try:
            actions.correct_decision(visit.db, visit.viewer, decision, form)
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            # Both stand side by side; saving once more is then a choice made with open eyes.
            return show_form(
                visit,
                decision.item,
                values={**values, "version": decision.version},
                errors={"": conflict.message},
                decision=decision,
                theirs=decision,
                status_code=409,
            )
        else:
            tell(visit, decision.item.meeting_id)
            if onwards := safe_path(visit.form.get("videre")):
                return visit.go(f"{onwards.partition('#')[0]}#beslutninger-{decision.item_id}")
            return visit.to("decisions.show", decision_id=decision.id, said="gemt")
    return show_form(visit, decision.item, values=values, errors=kindly(errors), decision=decision, status_code=422)


@post("/beslutninger/{decision_id:int}/slet", name="decisions.discard", policy=access.correct_decision)
def discard(visit: Visit, decision_id: int) -> Response:
    decision = queries.held(visit.db, visit.viewer, decision_id)
    meeting_id = decision.meeting_id
    actions.discard_decision(visit.db, visit.viewer, decision)
    if meeting_id is not None:
        tell(visit, meeting_id)
    return visit.go(safe_path(visit.form.get("videre")) or f"/moeder/{meeting_id}")


@post("/beslutninger/{decision_id:int}/straks", name="decisions.release", policy=access.release_decision)
def release(visit: Visit, decision_id: int) -> Response:
    decision = queries.held(visit.db, visit.viewer, decision_id)
    actions.release_decision(visit.db, visit.viewer, decision)
    return visit.to("decisions.show", decision_id=decision.id)
