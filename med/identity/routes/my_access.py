"""Where one is signed in, and one's own password and second step."""

from typing import Any

from litestar import Request, Response
from sqlalchemy.orm import Session

from med.access import signed_in
from med.errors import Invalid, NotFound
from med.identity import accounts, actions, passwords, queries, second_step, words
from med.identity.routes.account import known_of, note_sign_in
from med.identity.routes.door import enter
from med.language import T
from med.web.incoming import Submitted, safe_path
from med.web.pages import SAID
from med.web.routing import Desk, Visit, get, post
from med.web.signing import seal, unseal

SAID["andre_lukket"] = T("Du er logget ud alle andre steder.")
SAID["kode_skiftet"] = T("Adgangskoden er skiftet, og du er logget ud alle andre steder.")
SAID["totrin_fra"] = T("Totrin er slået fra.")


@get("/mig/adgang", name="identity.access", policy=signed_in)
def access(visit: Visit) -> Response:
    account = accounts.account_of(visit.db, visit.viewer.person_id)
    return visit.page(
        "identity/access.html",
        device=words.device,
        ways=words.WAYS,
        sign_ins=queries.my_sign_ins(visit.db, visit.viewer),
        current_id=visit.arrival.sign_in_id,
        account=account if account and account.password_hash else None,
        codes_left=queries.codes_left(visit.db, account.id) if account else 0,
        identities=queries.my_identities(visit.db, visit.viewer),
    )


@post("/mig/adgang/log-ind/{sign_in_id:int}/slut", name="identity.end_sign_in", policy=signed_in)
def end_sign_in(visit: Visit, sign_in_id: int) -> Response:
    actions.end_sign_in(visit.db, visit.viewer, sign_in_id)
    return visit.to("identity.access")


@post("/mig/adgang/luk-andre", name="identity.end_others", policy=signed_in)
def end_others(visit: Visit) -> Response:
    accounts.end_others(visit.db, visit.viewer, visit.arrival.sign_in_id)
    return visit.to("identity.access", said="andre_lukket")


@get("/mig/adgang/kode", name="identity.password", policy=signed_in, fresh=True)
def password(visit: Visit) -> Response:
    return show_password(visit)


def show_password(visit: Visit, errors: dict[str, Any] | None = None, status_code: int = 200) -> Response:
    own_account(visit.db, visit)
    return visit.page(
        "identity/password.html", shortest=passwords.SHORTEST, errors=errors or {}, status_code=status_code
    )


def own_account(db: Session, visit: Visit) -> accounts.Account:
    account = accounts.own_account(db, visit.viewer)
    if not account.password_hash:
        raise NotFound
    return account


async def hash_first(desk: Desk, request: Request, form: Submitted) -> str:
    """The new password's hash, for someone who is signed in; "" where the form will be refused anyhow."""
    if not request.state.arrival.is_fresh or passwords.objection(form.get("password")):
        return ""
    return await passwords.hashed(form.get("password"))


@post("/mig/adgang/kode", name="identity.change_password", policy=signed_in, fresh=True, first=hash_first)
def change_password(visit: Visit) -> Response:
    account = own_account(visit.db, visit)
    person = account.person
    try:
        leaked = visit.desk.settings.data_dir / passwords.LEAKED
        passwords.check(visit.form.get("password"), visit.form.get("repeated"), *known_of(visit, person), leaked=leaked)
    except Invalid as invalid:
        return show_password(visit, invalid.errors, 422)
    accounts.set_password(visit.db, visit.viewer, person, visit.brought, anew=False)
    response = enter(visit, person, "account", f"{visit.url('identity.access')}?sagt=kode_skiftet")
    note_sign_in(visit.db, person.id)
    return response


@get("/mig/adgang/totrin", name="identity.second_step", policy=signed_in, fresh=True)
def set_up_second_step(visit: Visit) -> Response:
    return show_second_step(visit, second_step.new_secret())


def show_second_step(
    visit: Visit, app_secret: str, errors: dict[str, Any] | None = None, status_code: int = 200
) -> Response:
    account = own_account(visit.db, visit)
    settings, me = visit.desk.settings, visit.viewer
    words_for_app = second_step.address(app_secret, me.handle, f"Medspil {settings.name}")
    return visit.page(
        "identity/second_step.html",
        is_on=bool(account.second_step),
        must=visit.arrival.lacks_step,
        onwards=onwards(visit),
        picture=second_step.picture(words_for_app),
        app_secret=" ".join(app_secret[at : at + 4] for at in range(0, len(app_secret), 4)),
        ticket=seal(settings.secret, "totrin", me.person_id, app_secret),
        errors=errors or {},
        status_code=status_code,
    )


@post("/mig/adgang/totrin", name="identity.turn_on_second_step", policy=signed_in, fresh=True)
def turn_on_second_step(visit: Visit) -> Response:
    """A code from the app shows that it has the secret; then the recovery codes are shown, this once."""
    account = own_account(visit.db, visit)
    secret = visit.desk.settings.secret
    given = unseal(secret, "totrin", visit.form.get("ticket"))
    if given is None or given[0] != str(visit.viewer.person_id):
        return show_second_step(visit, second_step.new_secret(), {"code": T("Siden var for gammel. Prøv igen.")}, 422)
    step = second_step.step_of(given[1], visit.form.get("code"))
    if step is None:
        return show_second_step(
            visit, given[1], {"code": T("Koden passer ikke. Se, om telefonens ur går rigtigt.")}, 422
        )
    account.last_step = step
    return show_codes(visit, accounts.turn_on_second_step(visit.db, visit.viewer, given[1], secret))


def onwards(visit: Visit) -> str:
    """Where somebody was going when they were led here."""
    return safe_path(visit.query.get("videre") or visit.form.get("videre"))


def show_codes(visit: Visit, codes: list[str]) -> Response:
    return visit.page("identity/recovery_codes.html", codes=codes, onwards=onwards(visit))


@post("/mig/adgang/totrin/fra", name="identity.turn_off_second_step", policy=signed_in, fresh=True)
def turn_off_second_step(visit: Visit) -> Response:
    accounts.turn_off_second_step(visit.db, visit.viewer)
    return visit.to("identity.access", said="totrin_fra")


@post("/mig/adgang/noedkoder", name="identity.renew_codes", policy=signed_in, fresh=True)
def renew_codes(visit: Visit) -> Response:
    return show_codes(visit, accounts.renew_codes(visit.db, visit.viewer))


handlers = [
    access,
    end_sign_in,
    end_others,
    password,
    change_password,
    set_up_second_step,
    turn_on_second_step,
    turn_off_second_step,
    renew_codes,
]
