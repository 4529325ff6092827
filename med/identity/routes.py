"""Signing in and out, and one's own page."""

from typing import Any

from litestar import Response, Router
from sqlalchemy import update

from med import clock
from med.access import anyone, signed_in
from med.errors import Invalid, NotFound
from med.identity import actions, queries, words
from med.identity.models import SignIn
from med.identity.parts import KINDS, Kind, kinds
from med.language import LANGUAGES, T
from med.organisation.access import is_employee
from med.organisation.models import Person
from med.organisation.queries import person_by_handle
from med.web.pages import SAID
from med.web.routing import Visit, get, post

SAID["lukket"] = T("Adressen er lukket.")
LONGEST_FILTERS = 1000

# The demo's people in the order they are offered, with what each is there to show.
PERSONAS = {
    "anna": T("Formand for MED-ledelsen, leder af Åbrinken"),
    "bo": T("Næstformand for MED-ledelsen, TR"),
    "carla": T("Medarbejder uden plads i et udvalg"),
    "dorte": T("Centerchef, formand for CenterMED"),
    "emil": T("MED-sekretær"),
    "freja": T("Kontaktperson på Åbrinken"),
    "gunnar": T("AMR, medlem af MED-ledelsen"),
    "hanne": T("Kommunaldirektør, formand for Hovedudvalget"),
    "ivan": T("Systemadministrator, uden ret til indhold"),
    "julie": T("Medarbejder på et andet center"),
    "karl": T("Tidligere medlem af MED-ledelsen"),
}


@get("/log-ind", name="identity.sign_in", policy=anyone)
def sign_in(visit: Visit) -> Response:
    return show_door(visit, {})


def show_door(visit: Visit, errors: dict, status_code: int = 200) -> Response:
    return visit.page(
        "identity/sign_in.html",
        personas=PERSONAS if visit.desk.settings.demo else {},
        onwards=safe_path(visit.query.get("videre") or visit.form.get("videre")),
        errors=errors,
        values=visit.form.values(),
        status_code=status_code,
    )


@post("/log-ind/demo", name="identity.choose_persona", policy=anyone)
def choose_persona(visit: Visit) -> Response:
    if not visit.desk.settings.demo:
        raise NotFound
    handle = visit.form.get("person")
    person = person_by_handle(visit.db, handle) if handle in PERSONAS else None
    if person is None:
        return show_door(visit, {"person": T("Vælg en af personerne.")}, 422)
    door = visit.desk.doorkeeper
    if visit.arrival.sign_in_id is not None:
        door.close(visit.db, visit.arrival.sign_in_id)
    token = door.open(visit.db, person, visit.request.headers.get("user-agent", ""))
    response = visit.go(safe_path(visit.form.get("videre")) or "/")
    set_cookie(visit, response, token)
    return response


@post("/log-ud", name="identity.sign_out", policy=signed_in)
def sign_out(visit: Visit) -> Response:
    if visit.arrival.sign_in_id is not None:
        visit.desk.doorkeeper.close(visit.db, visit.arrival.sign_in_id)
    response = visit.go("/log-ind")
    set_cookie(visit, response, "")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@get("/mig", name="identity.me", policy=signed_in)
def me(visit: Visit) -> Response:
    return visit.page(
        "identity/me.html",
        device=words.device,
        sign_ins=queries.my_sign_ins(visit.db, visit.viewer),
        current_id=visit.arrival.sign_in_id,
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


@post("/mig/log-ind/{sign_in_id:int}/slut", name="identity.end_sign_in", policy=signed_in)
def end_sign_in(visit: Visit, sign_in_id: int) -> Response:
    actions.end_sign_in(visit.db, visit.viewer, sign_in_id)
    return visit.to("identity.me")


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


def set_cookie(visit: Visit, response: Response, token: str) -> None:
    door = visit.desk.doorkeeper
    response.set_cookie(
        door.cookie,
        token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=visit.desk.settings.is_https,
        max_age=12 * 3600 if token else 0,
    )


def safe_path(path: str) -> str:
    """A path on this site, or nothing: an address elsewhere is never followed."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or any(ord(c) < 33 for c in path):
        return ""
    return path[:2000]


router = Router(
    "/",
    route_handlers=[
        sign_in,
        choose_persona,
        sign_out,
        me,
        keep_me,
        end_sign_in,
        addresses,
        make_address,
        revoke_address,
        seen,
    ],
)
