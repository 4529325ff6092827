"""How far assessors agree on an instrument: computed here, or published elsewhere."""

from typing import Any

from litestar import Response

from med.competence_compass import access
from med.competence_compass.actions import reliability as actions
from med.competence_compass.actions.instruments import require_keeper
from med.competence_compass.agreement import LEAST_PAIRS
from med.competence_compass.forms.instruments import PublishedForm
from med.competence_compass.measuring import smallest_detectable_change
from med.competence_compass.queries import instruments as queries
from med.competence_compass.queries.reliability import double_pairs
from med.competence_compass.routes.instruments import see
from med.errors import Invalid
from med.language import T
from med.web.forms import parse
from med.web.routing import Visit, get, post


@get(
    "/kompas/redskaber/version/{version_id:int}/paalidelighed",
    name="instruments.reliability",
    policy=access.see_instruments,
)
def reliability(visit: Visit, version_id: int) -> Response:
    return show_reliability(visit, version_id, {}, {})


def show_reliability(
    visit: Visit, version_id: int, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200
) -> Response:
    keeps = see(visit)
    found = queries.version(visit.db, version_id)
    rows = queries.reliabilities(visit.db, found.id)
    return visit.page(
        "competence_compass/instruments_reliability.html",
        version=found,
        keeps=keeps,
        rows=rows,
        sdc=smallest_detectable_change,
        pairs=len(double_pairs(visit.db, found.id)),
        least=LEAST_PAIRS,
        places=[
            *((f"area:{area.id}", area.title) for area in found.areas),
            *((f"dimension:{one.id}", f"{area.title}: {one.title}") for area in found.areas for one in area.dimensions),
        ],
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post(
    "/kompas/redskaber/version/{version_id:int}/paalidelighed/beregn",
    name="instruments.compute_reliability",
    policy=access.keep_instruments,
)
def compute(visit: Visit, version_id: int) -> Response:
    see(visit)
    found = queries.version(visit.db, version_id)
    require_keeper(visit.db, visit.viewer)
    if not actions.compute_reliability(visit.db, visit.viewer, found):
        few = T("Der er for få dobbelte målinger: mindst %(n)s par.", n=LEAST_PAIRS)
        return show_reliability(visit, version_id, {}, {"": few}, 422)
    return visit.to("instruments.reliability", version_id=found.id, said="gemt")


@post(
    "/kompas/redskaber/version/{version_id:int}/paalidelighed",
    name="instruments.enter_reliability",
    policy=access.keep_instruments,
)
def enter(visit: Visit, version_id: int) -> Response:
    see(visit)
    found = queries.version(visit.db, version_id)
    require_keeper(visit.db, visit.viewer)
    form, errors = parse(PublishedForm, visit.form)
    if form is None:
        return show_reliability(visit, version_id, visit.form.values(), errors, 422)
    try:
        actions.enter_published(visit.db, visit.viewer, found, form)
    except Invalid as invalid:
        return show_reliability(visit, version_id, visit.form.values(), invalid.errors, 422)
    return visit.to("instruments.reliability", version_id=found.id, said="gemt")


handlers = [
    reliability,
    compute,
    enter,
]
