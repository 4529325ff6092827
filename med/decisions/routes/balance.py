"""`/beslutninger/balance`: do the decisions serve all four perspectives?"""

from litestar import Response

from med import language
from med.access import signed_in
from med.charts.bars import bars
from med.decisions import queries
from med.errors import Unreadable
from med.language import T
from med.numbers import asked_number
from med.organisation.choosing import committees_to_filter
from med.organisation.models import Level
from med.perspectives.queries import titles
from med.web.routing import Visit, get


@get("/beslutninger/balance", name="decisions.balance", policy=signed_in)
def show_balance(visit: Visit) -> Response:
    """The sum as four bars on one scale, and the same by committee, level and year as a table."""
    committee_id = asked_number(visit.query.get("udvalg"))
    year = asked_number(visit.query.get("aar"))
    raw = visit.query.get("niveau")
    level = next((one for one in Level if one.value == raw), None)
    if raw and level is None:
        raise Unreadable(T("Adressen indeholder et niveau, der ikke findes."))
    found = queries.balance(visit.db, visit.viewer, committee_id=committee_id, level=level, year=year)
    for row in found.by_level:
        row.name = str(language.word(row.key))
    return visit.page(
        "decisions/balance.html",
        found=found,
        bars=bars(found.counts),
        perspectives=titles(visit.db),
        years=[(row.key, row.name) for row in found.by_year],
        levels=[(one.value, str(language.word(one))) for one in Level],
        committees=committees_to_filter(visit.db, visit.viewer),
        chosen={"committee_id": committee_id, "level": level, "year": year},
        values={name: visit.query.get(name) for name in ("udvalg", "niveau", "aar")},
    )
