"""`/beslutninger/{id}/kredsloeb`: one circle. `/udvalg/{id}/kredsloeb`: a committee's, the gaps first."""

from typing import Any

from litestar import Response

from med.access import require, signed_in
from med.decisions import queries as decisions
from med.decisions.fragments import heading
from med.decisions.models import Decision
from med.errors import Conflict, Invalid, NotFound
from med.loop import access, actions, queries
from med.loop.forms import LinkForm
from med.loop.sentences import sentence
from med.loop.showing import circle_context
from med.loop.standings import circles_of_committee
from med.organisation.queries import committee as find_committee
from med.perspectives.queries import titles
from med.web.forms import parse
from med.web.routing import Visit, get, page_number, post


@get("/beslutninger/{decision_id:int}/kredsloeb", name="loop.decision", policy=signed_in)
def show(visit: Visit, decision_id: int) -> Response:
    return show_circle(visit, decisions.decision(visit.db, visit.viewer, decision_id))


def show_circle(
    visit: Visit, decision: Decision, errors: dict[str, Any] | None = None, status_code: int = 200
) -> Response:
    context = circle_context(visit, decision, values=visit.form.values() if errors else {}, errors=errors)
    return visit.page("loop/decision.html", heading=heading, status_code=status_code, **context)


@post("/beslutninger/{decision_id:int}/kredsloeb", name="loop.link", policy=access.link_activity)
def link(visit: Visit, decision_id: int) -> Response:
    decision = decisions.held(visit.db, visit.viewer, decision_id)
    form, errors = parse(LinkForm, visit.form)
    status = 422
    if form is not None:
        try:
            actions.link_activity(visit.db, visit.viewer, decision, form)
            return visit.to("decisions.show", decision_id=decision.id, said="gemt", anchor="kredsloeb")
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            errors, status = {"": conflict.message}, 409
    else:
        require(visit.viewer, access.link_activity, decision)
    return show_circle(visit, decision, errors, status)


@post("/beslutninger/{decision_id:int}/kredsloeb/{link_id:int}/fjern", name="loop.unlink", policy=access.link_activity)
def unlink(visit: Visit, decision_id: int, link_id: int) -> Response:
    decision = decisions.held(visit.db, visit.viewer, decision_id)
    require(visit.viewer, access.link_activity, decision)
    actions.unlink_activity(visit.db, visit.viewer, decision, queries.link_of(visit.db, decision.id, link_id))
    return visit.to("decisions.show", decision_id=decision.id, said="gemt", anchor="kredsloeb")


@get("/udvalg/{committee_id:int}/kredsloeb", name="loop.committee", policy=signed_in)
def of_committee(visit: Visit, committee_id: int) -> Response:
    """What became of what the committee hoped for, the gaps first."""
    if not visit.viewer.is_employee:
        raise NotFound
    committee = find_committee(visit.db, visit.viewer, committee_id)
    at = page_number(visit, "side")
    page = circles_of_committee(visit.db, visit.viewer, committee.id, at)
    path = visit.request.url.path
    return visit.page(
        "loop/committee.html",
        committee=committee,
        groups=page.groups,
        counts=page.counts,
        sentence=sentence,
        perspectives=titles(visit.db),
        heading=heading,
        is_first=at == 0,
        before=path + (f"?side={at - 1}" if at > 1 else "") if at else None,
        after=f"{path}?side={at + 1}" if page.more else None,
    )


handlers = [show, link, unlink, of_committee]
