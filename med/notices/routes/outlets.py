"""The channels outside the house that hear of what every employee may read."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response

from med.access import allows, require
from med.errors import Invalid
from med.language import T, word
from med.notices.chat.courier import signing_secret
from med.notices.models import OutletKind
from med.notices.operations import access, actions, queries
from med.notices.operations.forms import OutletForm
from med.web.forms import parse
from med.web.pages import SAID
from med.web.routing import Visit, get, post

SAID["proeve"] = T("Prøven er på vej. Se efter i kanalen om et minut.")
LANGUAGES = [("da", T("Dansk")), ("en", T("Engelsk"))]


@get("/drift/kanaler", name="notices.outlets", policy=access.keep_outlets)
def show_outlets(visit: Visit) -> Response:
    return list_outlets(visit, {"language": visit.arrival.language}, {})


def list_outlets(visit: Visit, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200) -> Response:
    require(visit.viewer, access.keep_outlets, None)
    secret = visit.desk.settings.secret
    found = queries.outlets(visit.db, visit.viewer)
    return visit.page(
        "notices/outlets.html",
        outlets=found,
        addresses={outlet.id: shortened(outlet.url) for outlet in found},
        secrets={
            outlet.id: signing_secret(secret, outlet.uid) for outlet in found if outlet.kind is OutletKind.WEBHOOK
        },
        kinds=[(kind.value, str(word(kind))) for kind in OutletKind],
        committees=[(str(one.id), one.name) for one in queries.committees_for(visit.db, visit.viewer)],
        languages=[(key, str(name)) for key, name in LANGUAGES],
        for_all=visit.viewer.is_admin,
        runs_post=allows(visit.viewer, access.run_post, None),
        values=values,
        errors=errors,
        status_code=status_code,
    )


def shortened(url: str) -> str:
    """Enough to tell channels apart; the whole of it is a key to the channel."""
    return f"{urlsplit(url).netloc}/…{url[-4:]}"


@post("/drift/kanaler", name="notices.open_outlet", policy=access.keep_outlets)
def open_outlet(visit: Visit) -> Response:
    require(visit.viewer, access.keep_outlets, None)
    form, errors = parse(OutletForm, visit.form)
    if form is None:
        return list_outlets(visit, visit.form.values(), errors, 422)
    try:
        actions.open_outlet(visit.db, visit.viewer, form, visit.desk.settings.webhook_hosts)
    except Invalid as invalid:
        return list_outlets(visit, visit.form.values(), invalid.errors, 422)
    return visit.to("notices.outlets", said="gemt")


@post("/drift/kanaler/{outlet_id:int}/proev", name="notices.try_outlet", policy=access.keep_outlet)
def try_outlet(visit: Visit, outlet_id: int) -> Response:
    actions.try_outlet(visit.db, visit.viewer, queries.outlet(visit.db, visit.viewer, outlet_id))
    return visit.to("notices.outlets", said="proeve")


@post("/drift/kanaler/{outlet_id:int}/luk", name="notices.end_outlet", policy=access.keep_outlet)
def end_outlet(visit: Visit, outlet_id: int) -> Response:
    actions.end_outlet(visit.db, visit.viewer, queries.outlet(visit.db, visit.viewer, outlet_id))
    return visit.to("notices.outlets", said="gemt")


handlers = [show_outlets, open_outlet, try_outlet, end_outlet]
