"""The door: choosing a way in, and going out again."""

from typing import Any

from litestar import Response
from sqlalchemy import select

from med.access import anyone, signed_in
from med.errors import NotFound
from med.identity import accounts
from med.identity.doorkeeper import language_asked
from med.identity.models import Account
from med.language import T
from med.organisation.models import Person
from med.organisation.queries import person_by_handle
from med.web.incoming import safe_path
from med.web.routing import Visit, get, post

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
    return show_door(visit)


def show_door(
    visit: Visit, errors: dict[str, Any] | None = None, status_code: int = 200, headers: dict[str, str] | None = None
) -> Response:
    settings = visit.desk.settings
    return visit.page(
        "identity/sign_in.html",
        personas=PERSONAS if settings.demo else {},
        has_provider=settings.oidc is not None,
        has_accounts=not settings.demo and has_accounts(visit),
        how_to_begin=accounts.HOW_TO_BEGIN,
        has_just_left=visit.query.get("ud") == "1",
        is_again=visit.arrival.viewer is not None and "1" in (visit.query.get("igen"), visit.form.get("igen")),
        onwards=safe_path(visit.query.get("videre") or visit.form.get("videre")),
        errors=errors or {},
        values=visit.form.values(),
        tongue=tongue(visit),
        status_code=status_code,
        headers=headers,
    )


def tongue(visit: Visit) -> str:
    """The language chosen at the door, for the address of the form one comes in by."""
    asked = language_asked(visit.request)
    return f"?sprog={asked}" if asked else ""


def has_accounts(visit: Visit) -> bool:
    return visit.db.scalar(select(Account.id).where(Account.password_hash != "").limit(1)) is not None


@post("/log-ind/demo", name="identity.choose_persona", policy=anyone)
def choose_persona(visit: Visit) -> Response:
    if not visit.desk.settings.demo:
        raise NotFound
    handle = visit.form.get("person")
    person = person_by_handle(visit.db, handle) if handle in PERSONAS else None
    if person is None:
        return show_door(visit, {"person": T("Vælg en af personerne.")}, 422)
    return enter(visit, person, "persona", visit.form.get("videre"))


def enter(visit: Visit, person: Person, how: str, onwards: str, chosen: str = "") -> Response:
    """Let a person in who has shown who they are. The cookie's value is new each time, and the old one worthless.

    `chosen` is the language they chose at the door, where this address does not say it."""
    door = visit.desk.doorkeeper
    if visit.arrival.sign_in_id is not None:
        door.close(visit.db, visit.arrival.sign_in_id)
    person.language = chosen or language_asked(visit.request) or person.language
    token = door.open(visit.db, person, visit.request.headers.get("user-agent", ""), how)
    response = visit.go(safe_path(onwards) or "/")
    set_cookie(visit, response, door.cookie, token, 12 * 3600)
    return response


@post("/log-ud", name="identity.sign_out", policy=signed_in)
def sign_out(visit: Visit) -> Response:
    door = visit.desk.doorkeeper
    if visit.arrival.sign_in_id is not None:
        door.close(visit.db, visit.arrival.sign_in_id)
    response = visit.go("/log-ind?ud=1" if visit.desk.settings.oidc else "/log-ind")
    set_cookie(visit, response, door.cookie, "", 0)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def set_cookie(visit: Visit, response: Response, name: str, value: str, seconds: int) -> None:
    """A cookie for this site's server alone; with no value it goes."""
    response.set_cookie(
        name,
        value,
        path="/",
        httponly=True,
        samesite="lax",
        secure=visit.desk.settings.is_https,
        max_age=seconds,
    )


handlers = [sign_in, choose_persona, sign_out]
