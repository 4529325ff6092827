"""One's own data and trail; and, for the administrator, what goes of those who have left."""

from typing import Any

from litestar import Response

from med.access import require, signed_in
from med.organisation.access import is_admin
from med.organisation.models import Person
from med.trust import own_data, retention
from med.trust.trail_words import told
from med.web.routing import Visit, get

COMMAND = "med retention"


@get("/mig/data", name="trust.own_data", policy=signed_in)
def show_own(visit: Visit) -> Response:
    """What Medspil keeps about me, when it goes, and what the journal says of me."""
    mine = visit.viewer.person_id
    return visit.page(
        "trust/own_data.html",
        counted=own_data.counted(visit.db, mine),
        trail=own_data.trail(visit.db, mine),
        doings=own_data.doings(visit.db, mine),
        told=told,
        me=mine,
        settings=visit.desk.settings,
    )


@get("/mig/data/hent", name="trust.take_data", policy=signed_in)
def take_own(visit: Visit) -> Response:
    person = visit.db.get_one(Person, visit.viewer.person_id)
    headers = {"Content-Disposition": 'attachment; filename="mine-data.zip"'}
    return Response(own_data.packed(visit.db, person, visit.viewer), media_type="application/zip", headers=headers)


@get("/drift/opbevaring", name="trust.retention", policy=is_admin)
def show_retention(visit: Visit) -> Response:
    """What would go tonight. Numbers only: whose it is is nobody's business here."""
    require(visit.viewer, is_admin, None)
    found: list[Any] = retention.report(visit.db, visit.desk.settings)
    return visit.page("trust/retention.html", report=found, is_on=visit.desk.settings.retention_on, command=COMMAND)


handlers = [show_own, take_own, show_retention]
