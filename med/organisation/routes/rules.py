"""A committee's rules of procedure: what holds, what held, what will."""

from typing import Any

from litestar import Response

from med import clock
from med.access import allows, require
from med.errors import Invalid, NotFound
from med.organisation import access, actions, queries
from med.organisation.forms import RulesForm
from med.organisation.models import Approval, Committee, Quorum, Rules
from med.organisation.routes.common import options
from med.organisation.words import rules_in_words
from med.web.forms import parse
from med.web.routing import Visit, get, post


@get("/udvalg/{committee_id:int}/forretningsorden", name="organisation.rules", policy=access.see_committees)
def rules(visit: Visit, committee_id: int) -> Response:
    committee = queries.committee(visit.db, visit.viewer, committee_id)
    return show_rules(visit, committee, None, {})


def show_rules(
    visit: Visit, committee: Committee, typed: dict[str, Any] | None, errors: dict[str, Any], status_code: int = 200
) -> Response:
    today = clock.today()
    current = queries.rules_on(visit.db, committee.id, today)
    history = queries.rules_of(visit.db, committee.id)
    return visit.page(
        "organisation/rules.html",
        committee=committee,
        current=current,
        is_default=current.id is None,
        said_now=rules_in_words(current),
        coming=[(rules, rules_in_words(rules)) for rules in history if rules.valid_from > today],
        before=[
            (rules, rules_in_words(rules)) for rules in history if rules.valid_from <= today and rules is not current
        ],
        may_keep=allows(visit.viewer, access.keep_committee, committee),
        values=typed if typed is not None else as_typed(current, today.isoformat()),
        errors=errors,
        quorums=options(Quorum),
        approvals=options(Approval),
        status_code=status_code,
    )


def as_typed(rules: Rules, day: str) -> dict[str, Any]:
    values = {name: getattr(rules, name) for name in RulesForm.__struct_fields__ if name != "valid_from"}
    return {
        "valid_from": day,
        **{
            name: getattr(value, "value", value if isinstance(value, bool) else str(value))
            for name, value in values.items()
        },
    }


@post("/udvalg/{committee_id:int}/forretningsorden", name="organisation.set_rules", policy=access.keep_committee)
def set_rules(visit: Visit, committee_id: int) -> Response:
    committee = queries.committee(visit.db, visit.viewer, committee_id)
    require(visit.viewer, access.keep_committee, committee)
    form, errors = parse(RulesForm, visit.form)
    if form is None:
        return show_rules(visit, committee, visit.form.values(), errors, 422)
    try:
        actions.set_rules(visit.db, visit.viewer, committee, form)
    except Invalid as invalid:
        return show_rules(visit, committee, visit.form.values(), invalid.errors, 422)
    return visit.to("organisation.rules", said="gemt", committee_id=committee.id)


@post(
    "/udvalg/{committee_id:int}/forretningsorden/{rules_id:int}/fjern",
    name="organisation.drop_rules",
    policy=access.keep_committee,
)
def drop_rules(visit: Visit, committee_id: int, rules_id: int) -> Response:
    committee = queries.committee(visit.db, visit.viewer, committee_id)
    found = next((rules for rules in queries.rules_of(visit.db, committee.id) if rules.id == rules_id), None)
    if found is None:
        raise NotFound
    actions.drop_rules(visit.db, visit.viewer, committee, found)
    return visit.to("organisation.rules", said="gemt", committee_id=committee.id)


handlers = [rules, set_rules, drop_rules]
