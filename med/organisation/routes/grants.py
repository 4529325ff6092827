"""Who is MED secretary of which committees, and who runs the system."""

from typing import Any

from litestar import Response

from med import clock
from med.access import require
from med.errors import Invalid, NotFound
from med.organisation import access, actions, queries
from med.organisation.choosing import every_committee
from med.organisation.forms import EndGrantForm, GrantForm
from med.organisation.models import Grant
from med.organisation.suggesting import suggested
from med.web.forms import parse
from med.web.routing import Visit, get, post


@get("/udvalg/rettigheder", name="organisation.grants", policy=access.give_grant, fresh=True)
def grants(visit: Visit) -> Response:
    values = {"committee": visit.query.get("udvalg"), "starts": clock.today().isoformat()}
    return show_grants(visit, values, {})


def show_grants(visit: Visit, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200) -> Response:
    require(visit.viewer, access.give_grant, None)
    today = clock.today()
    given = queries.grants(visit.db)
    return visit.page(
        "organisation/grants.html",
        present=[grant for grant in given if grant.ends is None or grant.ends >= today],
        before=[grant for grant in given if grant.ends is not None and grant.ends < today],
        committee_options=every_committee(visit.db, visit.viewer),
        suggested=suggested(visit.db, visit.viewer),
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post("/udvalg/rettigheder", name="organisation.give_grant", policy=access.give_grant, fresh=True)
def give_grant(visit: Visit) -> Response:
    require(visit.viewer, access.give_grant, None)
    form, errors = parse(GrantForm, visit.form)
    if form is None:
        return show_grants(visit, visit.form.values(), errors, 422)
    try:
        actions.give_grant(visit.db, visit.viewer, form)
    except Invalid as invalid:
        return show_grants(visit, visit.form.values(), invalid.errors, 422)
    return visit.to("organisation.grants", said="gemt")


@post("/udvalg/rettigheder/{grant_id:int}/slut", name="organisation.end_grant", policy=access.give_grant, fresh=True)
def end_grant(visit: Visit, grant_id: int) -> Response:
    require(visit.viewer, access.give_grant, None)
    found = visit.db.get(Grant, grant_id)
    if found is None:
        raise NotFound
    form, errors = parse(EndGrantForm, visit.form)
    if form is None:
        raise Invalid(**errors)
    actions.end_grant(visit.db, visit.viewer, found, form)
    return visit.to("organisation.grants", said="gemt")


handlers = [grants, give_grant, end_grant]
