"""Signing in with a password of our own, and the link one begins with."""

from functools import partial
from typing import Any, NamedTuple
from urllib.parse import quote

from litestar import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from med.access import anyone
from med.errors import Invalid
from med.identity import accounts, limits, passwords, second_step
from med.identity.models import Account, SignIn
from med.identity.routes.door import enter, show_door, tongue
from med.journal.actions import note
from med.language import T
from med.organisation.models import Person
from med.organisation.queries import viewer_for
from med.web import refusals
from med.web.edge import client_address
from med.web.incoming import Submitted, safe_path
from med.web.routing import Desk, Visit, get, post

WRONG = T("Det passer ikke sammen. Har du slået totrin til, skal koden med; hver kode virker kun én gang.")


class Tried(NamedTuple):
    account_id: int | None
    is_right: bool
    keys: tuple[str, ...]  # whose allowance was spent, and is given back to the right one


async def try_password(desk: Desk, request: Request, form: Submitted) -> Tried:
    """The slow part, before any transaction: an allowance is spent, then the password is looked at.

    Raises TooMany without having done either when the name or the address has none left, or too many wait.
    """
    name = form.get("handle").strip().casefold()[:100]
    address = client_address(request, desk.settings)
    secret = desk.settings.secret
    own = {
        limits.key(secret, "password", name, address): limits.PASSWORD_HERE,
        limits.key(secret, "password", name): limits.PASSWORD_ANYWHERE,
    }
    asked = {**own, **({limits.key(secret, "password from", address): limits.PASSWORD_ADDRESS} if address else {})}
    account_id, password_hash = await desk.read(_look_up, desk, name, asked)
    passwords.counter.check_room()
    await desk.in_thread(_spend, desk, asked)
    is_right = await passwords.matches(form.get("password")[: passwords.LONGEST * 4], password_hash)
    return Tried(account_id, is_right, tuple(own))


def _look_up(desk: Desk, name: str, asked: dict[str, limits.Limit]) -> tuple[int | None, str]:
    with desk.database.reading() as db:
        limits.look(db, asked)
        found = db.execute(
            select(Account.id, Account.password_hash)
            .join(Person, Person.id == Account.person_id)
            .where(Person.handle == name, Person.is_active)
        ).first()
    return (found.id, found.password_hash) if found else (None, "")


def _spend(desk: Desk, asked: dict[str, limits.Limit]) -> None:
    with desk.database.writing() as db:
        limits.take(db, asked)


@post("/log-ind/konto", name="identity.sign_in_by_password", policy=anyone, first=try_password)
def sign_in_by_password(visit: Visit) -> Response:
    tried: Tried = visit.brought
    account = visit.db.get(Account, tried.account_id) if tried.account_id else None
    right = account is not None and tried.is_right
    if account is None or not (
        right and second_step.passes(visit.db, account, visit.form.get("code"), visit.desk.settings.secret)
    ):
        if account is not None:
            account_id, reason = account.id, "code" if right else "password"
            visit.traces.append(lambda db: note(db, None, "account.refused", db.get_one(Account, account_id), [reason]))
        else:
            visit.traces.append(partial(leave_as_much, visit.desk.settings.secret))
        refusals.tell(visit.request, visit.desk.settings, 422, "SignIn")
        return show_door(visit, {"password": WRONG}, 422)
    limits.forgive(visit.db, *tried.keys)
    response = enter(visit, account.person, "account", second_step_first(visit, account, visit.form.get("videre")))
    note_sign_in(visit.db, account.person_id)
    if account.is_emergency:
        note(visit.db, None, "account.emergency_used", account)
    return response


def leave_as_much(secret: str, db: Session) -> None:
    """Something is saved for a name that is none, too: else whoever measures how long a no takes learns which there
    are."""
    limits.may(db, limits.key(secret, "nobody"), limits.ALWAYS)


def second_step_first(visit: Visit, account: Account, onwards: str) -> str:
    """Where somebody goes who is in by a password: administrators who have no second step set it up."""
    if account.second_step or not viewer_for(visit.db, account.person_id).is_admin:
        return onwards
    return visit.url("identity.second_step") + (f"?videre={quote(onwards, safe='/')}" if safe_path(onwards) else "")


def note_sign_in(db: Session, person_id: int) -> None:
    db.flush()
    newest = select(SignIn).where(SignIn.person_id == person_id).order_by(SignIn.id.desc()).limit(1)
    note(db, None, "sign_in.opened", db.scalars(newest).one())


@get("/log-ind/link/{token:str}", name="identity.welcome", policy=anyone)
def welcome(visit: Visit, token: str) -> Response:
    return show_welcome(visit, token)


def show_welcome(visit: Visit, token: str, errors: dict[str, Any] | None = None, status_code: int = 200) -> Response:
    found = accounts.find_welcome(visit.db, token)
    return visit.page(
        "identity/welcome.html",
        person=found.person,
        token=token,
        tongue=tongue(visit),
        until=found.expires_at,
        has_provider=visit.desk.settings.oidc is not None,
        shortest=passwords.SHORTEST,
        errors=errors or {},
        status_code=status_code,
    )


async def hash_first(desk: Desk, request: Request, form: Submitted) -> str:
    """The new password's hash, for someone with a link that works; "" where the form will be refused anyhow."""
    token = request.path_params["token"]
    if not await desk.read(_is_welcome, desk, token) or passwords.objection(form.get("password")):
        return ""
    return await passwords.hashed(form.get("password"))


def _is_welcome(desk: Desk, token: str) -> bool:
    with desk.database.reading() as db:
        accounts.find_welcome(db, token)  # raises NotFound
    return True


@post("/log-ind/link/{token:str}", name="identity.begin", policy=anyone, first=hash_first)
def begin(visit: Visit, token: str) -> Response:
    """Choose a password by the link, and be let in."""
    person = accounts.find_welcome(visit.db, token).person
    try:
        leaked = visit.desk.settings.data_dir / passwords.LEAKED
        passwords.check(visit.form.get("password"), visit.form.get("repeated"), *known_of(visit, person), leaked=leaked)
    except Invalid as invalid:
        return show_welcome(visit, token, invalid.errors, 422)
    used = accounts.use_welcome(visit.db, token)
    account = accounts.set_password(visit.db, None, person, visit.brought, anew=True)
    account.is_emergency = used.is_emergency
    response = enter(visit, person, "account", second_step_first(visit, account, visit.url("identity.access")))
    note_sign_in(visit.db, person.id)
    return response


def known_of(visit: Visit, person: Person) -> tuple[str, ...]:
    """What others know, and guess first."""
    return person.name, person.handle, person.mail, visit.desk.settings.name


handlers = [sign_in_by_password, welcome, begin]
