"""`/beslutninger/{id}`: one decision, and how it goes."""

from datetime import datetime
from typing import Any

from litestar import Response
from msgspec import Struct

from med.access import allows, signed_in
from med.decisions import access, actions, queries
from med.decisions.forms import HandOverForm, ReviewForm, StateForm, WithdrawForm
from med.decisions.fragments import heading
from med.decisions.models import IN_FORCE, Decision, DecisionState
from med.errors import Conflict, Invalid
from med.language import T, Text
from med.meetings.access import is_inside, minutes_are_frozen
from med.meetings.models import Consensus
from med.perspectives.queries import statements_for, titles
from med.text import Choices
from med.web.forms import parse
from med.web.routing import Visit, get, post


class Event(Struct, frozen=True):
    """A point on the timeline."""

    at: datetime
    what: Text | str
    who: Text | str | None = None
    note: str = ""
    kind: str = ""  # the timeline's class: is-done, is-bad
    href: str = ""


def timeline(visit: Visit, decision: Decision, follow_ups: Any) -> list[Event]:
    """ "Sådan går det": everything that happened, oldest first."""
    recorded_by = T("noteret af %(name)s", name=decision.recorded_by.name) if decision.recorded_by else None
    events = [Event(decision.decided_at, T("Besluttet"), recorded_by, kind="is-done")]
    if decision.published_at is not None:
        events.append(Event(decision.published_at, T("Offentliggjort for alle ansatte"), kind="is-done"))
    for step in queries.steps_of(visit.db, visit.viewer, decision.id):
        what: Text | str = T("Sådan går det")
        kind = ""
        if step.is_review:
            what = T("Set tilbage på beslutningen")
        elif step.state is not None:
            what = STEPS[step.state]
            kind = {"done": "is-done", "withdrawn": "is-bad"}.get(step.state.value, "")
        events.append(Event(step.at, what, step.who, step.note, kind))
    for row in follow_ups:
        href = f"/beslutninger/opfoelgning/{row.id}"
        events.append(Event(row.created_at, T("Opfølgning aftalt"), row.owner, row.text, href=href))
        if row.closed_at is not None:
            what = T("Opfølgning gjort") if row.state.value == "done" else T("Opfølgning droppet")
            events.append(Event(row.closed_at, what, row.owner, row.text, "is-done", href))
    return sorted(events, key=lambda event: event.at)


STEPS = {
    DecisionState.VALID: T("Gælder igen"),
    DecisionState.IN_PROGRESS: T("Sat i gang"),
    DecisionState.DONE: T("Gennemført"),
    DecisionState.REPLACED: T("Afløst af en ny beslutning"),
    DecisionState.WITHDRAWN: T("Trukket tilbage"),
}


def show_decision(
    visit: Visit,
    decision: Decision,
    *,
    form: str = "",
    errors: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    """The page; `form` says which of its forms came back, so that only that one shows what was typed."""
    db, viewer = visit.db, visit.viewer
    follow_ups = queries.follow_ups_of_decision(db, viewer, decision.id)
    perspective = decision.perspective
    own = statements_for(db, viewer.role_key)[perspective] if perspective else []
    if perspective and not own:
        own = statements_for(db, "alle")[perspective]
    return visit.page(
        "decisions/show.html",
        decision=decision,
        perspectives=titles(db),
        own=own,
        is_disputed=_is_disputed(visit, decision),
        links=queries.links_of(db, viewer, decision),
        events=timeline(visit, decision, follow_ups),
        follow_ups=follow_ups,
        states=list(IN_FORCE),
        people=people(visit, decision),
        heading=heading,
        form=form,
        values=visit.form.values() if form else {},
        errors=errors or {},
        status_code=status_code,
    )


def _is_disputed(visit: Visit, decision: Decision) -> bool:
    """Whether the two sides disagreed on the item, and the viewer may know: it is the minutes' to tell."""
    item, meeting = decision.item, decision.meeting
    if item is None or meeting is None or item.consensus is not Consensus.DISAGREED:
        return False
    return minutes_are_frozen(meeting) or is_inside(visit.viewer, meeting)


def people(visit: Visit, decision: Decision) -> Choices:
    """Names to suggest for a follow-up; none for those who may not agree on one."""
    if not allows(visit.viewer, access.follow_up_decision, decision):
        return Choices()
    return queries.people_for(visit.db, visit.viewer, decision)


@get("/beslutninger/{decision_id:int}", name="decisions.show", policy=signed_in)
def show(visit: Visit, decision_id: int) -> Response:
    return show_decision(visit, queries.decision(visit.db, visit.viewer, decision_id))


def change(visit: Visit, decision_id: int, name: str, kind: Any, action: Any) -> Response:
    """Take in one of the page's small forms: what does not fit comes back on the page, with the words kept."""
    decision = queries.held(visit.db, visit.viewer, decision_id)
    form, errors = parse(kind, visit.form)
    status = 422
    if form is not None:
        try:
            action(visit.db, visit.viewer, decision, form)
            return visit.to("decisions.show", decision_id=decision.id, said="gemt")
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            errors, status = {"": conflict.message}, 409
    return show_decision(visit, decision, form=name, errors=errors, status_code=status)


@post("/beslutninger/{decision_id:int}/gang", name="decisions.move", policy=access.move_decision)
def move(visit: Visit, decision_id: int) -> Response:
    return change(visit, decision_id, "gang", StateForm, actions.move_decision)


@post("/beslutninger/{decision_id:int}/gensyn", name="decisions.review", policy=access.review_decision)
def review(visit: Visit, decision_id: int) -> Response:
    return change(visit, decision_id, "gensyn", ReviewForm, actions.review_decision)


@post("/beslutninger/{decision_id:int}/ansvarlig", name="decisions.hand_over", policy=access.hand_over_decision)
def hand_over(visit: Visit, decision_id: int) -> Response:
    return change(visit, decision_id, "ansvarlig", HandOverForm, actions.hand_over_decision)


@post("/beslutninger/{decision_id:int}/traek-tilbage", name="decisions.withdraw", policy=access.withdraw_decision)
def withdraw(visit: Visit, decision_id: int) -> Response:
    return change(visit, decision_id, "tilbage", WithdrawForm, actions.withdraw_decision)
