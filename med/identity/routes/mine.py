"""One's own page, and the private addresses."""

from typing import Any

from litestar import Response
from sqlalchemy import update

from med import clock
from med.access import signed_in
from med.errors import Invalid, NotFound
from med.identity import actions, queries
from med.identity.models import SignIn
from med.identity.parts import KINDS, Kind, kinds
from med.language import LANGUAGES, T
from med.organisation.access import is_employee
from med.organisation.models import Person
from med.web.incoming import safe_path
from med.web.pages import SAID
from med.web.routing import Visit, get, post

SAID["lukket"] = T("Adressen er lukket.")
LONGEST_FILTERS = 1000


@get("/mig", name="identity.me", policy=signed_in)
def me(visit: Visit) -> Response:
    return visit.page(
        "identity/me.html",
        sign_ins=len(queries.my_sign_ins(visit.db, visit.viewer)),
        addresses=len(queries.my_feed_tokens(visit.db, visit.viewer)),
    )


@post("/mig", name="identity.keep_me", policy=signed_in)
def keep_me(visit: Visit) -> Response:
    """Language and colours."""
    changes = {}
    if visit.form.get("language") in LANGUAGES:
        changes["language"] = visit.form.get("language")
    if visit.form.get("theme") in {"", "light", "dark"}:
        changes["theme"] = visit.form.get("theme")
    if changes:
        visit.db.execute(update(Person).where(Person.id == visit.viewer.person_id).values(**changes))
    return visit.to("identity.me", said="gemt")


@get("/mig/adresser", name="identity.addresses", policy=signed_in)
def addresses(visit: Visit) -> Response:
    """My private addresses: what each shows, when it was last used, and how to make another."""
    return show_addresses(visit)


def show_addresses(
    visit: Visit,
    made: tuple[Kind, str] | None = None,
    errors: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    tokens = queries.my_feed_tokens(visit.db, visit.viewer)
    # What was typed belongs to the form it was typed in.
    scope = visit.form.get("scope") or "decisions"
    forms = []
    for kind in kinds():
        is_this = bool(errors) and kind.scope == scope
        values = visit.form.values() if is_this else {}
        forms.append((kind, kind.form(visit, values, (errors or {}) if is_this else {}), values))
    return visit.page(
        "identity/addresses.html",
        made=made,
        base=visit.desk.settings.base_url,
        tokens=[
            (token, KINDS[token.scope].title, KINDS[token.scope].describe(visit, token.filters))
            for token in tokens
            if token.scope in KINDS
        ],
        forms_of=forms,
        most=actions.MOST_TOKENS,
        errors=errors or {},
        scope=scope,
        status_code=status_code,
    )


@post("/mig/adresser", name="identity.make_address", policy=is_employee)
def make_address(visit: Visit) -> Response:
    """A private address, shown on the page that answers and never again."""
    kind = KINDS.get(visit.form.get("scope") or "decisions")
    if kind is None:
        raise NotFound
    name = " ".join(visit.form.get("name").split())
    filters, errors = kind.read(visit)
    if len(filters) > LONGEST_FILTERS:
        errors = {**errors, "": T("Filteret er for langt til en adresse. Vælg færre ting.")}
    if not errors:
        try:
            token = actions.make_feed_token(visit.db, visit.viewer, kind.scope, filters, name)
        except Invalid as invalid:
            errors = invalid.errors
        else:
            return show_addresses(visit, (kind, kind.address(token)))
    return show_addresses(visit, errors=errors, status_code=422)


@post("/mig/adresser/{token_id:int}/luk", name="identity.revoke_address", policy=signed_in)
def revoke_address(visit: Visit, token_id: int) -> Response:
    actions.revoke_feed_token(visit.db, visit.viewer, token_id)
    return visit.to("identity.addresses", said="lukket")


@post("/mig/set", name="identity.seen", policy=signed_in)
def seen(visit: Visit) -> Response:
    """Everything is read: nothing in the feed is new until something new comes."""
    visit.db.execute(update(SignIn).where(SignIn.id == visit.arrival.sign_in_id).values(news_since=clock.now()))
    return visit.go(safe_path(visit.form.get("videre")) or "/")


handlers = [me, keep_me, addresses, make_address, revoke_address, seen]
