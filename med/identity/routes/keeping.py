"""Who gets in how: for the system administrator."""

from typing import Any

from litestar import Response

from med.access import require
from med.identity import accounts, queries
from med.language import T
from med.organisation.access import is_admin
from med.organisation.queries import person_by_words
from med.organisation.suggesting import suggested
from med.web.pages import SAID
from med.web.routing import Visit, get, post

SAID["adgang_lukket"] = T("Adgangen er lukket.")


@get("/drift/adgang", name="identity.ways_in", policy=is_admin, fresh=True)
def ways_in(visit: Visit) -> Response:
    return show_ways_in(visit)


def show_ways_in(
    visit: Visit, link: str = "", name: str = "", errors: dict[str, Any] | None = None, status_code: int = 200
) -> Response:
    require(visit.viewer, is_admin, None)
    return visit.page(
        "identity/ways_in.html",
        oidc=visit.desk.settings.oidc,
        accounts=queries.all_accounts(visit.db),
        identities=queries.all_identities(visit.db),
        suggested=suggested(visit.db, visit.viewer),
        link=link,
        name=name,
        lasts=int(accounts.WELCOME_LASTS.total_seconds() // 3600),
        values=visit.form.values(),
        errors=errors or {},
        status_code=status_code,
    )


@post("/drift/adgang", name="identity.invite", policy=is_admin, fresh=True)
def invite(visit: Visit) -> Response:
    """A link that lets one person in once; shown on the page that answers and never again."""
    require(visit.viewer, is_admin, None)
    person = person_by_words(visit.db, visit.viewer, visit.form.get("person"))
    if person is None or not person.is_active:
        return show_ways_in(visit, errors={"person": T("Vælg en person fra listen.")}, status_code=422)
    token = accounts.welcome(visit.db, visit.viewer, person, visit.form.get("is_emergency") == "1")
    link = visit.desk.settings.base_url + visit.url("identity.welcome", token=token)
    return show_ways_in(visit, link, person.name)


@post("/drift/adgang/konto/{person_id:int}/luk", name="identity.close_account", policy=is_admin, fresh=True)
def close_account(visit: Visit, person_id: int) -> Response:
    accounts.close_account(visit.db, visit.viewer, person_id)
    return visit.to("identity.ways_in", said="adgang_lukket")


@post("/drift/adgang/identitet/{identity_id:int}/fjern", name="identity.unlink", policy=is_admin, fresh=True)
def unlink(visit: Visit, identity_id: int) -> Response:
    accounts.unlink(visit.db, visit.viewer, identity_id)
    return visit.to("identity.ways_in", said="adgang_lukket")


handlers = [ways_in, invite, close_account, unlink]
