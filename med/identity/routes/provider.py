"""To the municipality's own identity provider, and back."""

from typing import Any, NamedTuple
from urllib.parse import quote

from litestar import Request, Response
from sqlalchemy import select

from med.access import anyone
from med.errors import NotFound, TooMany
from med.identity import accounts, limits
from med.identity.doorkeeper import language_asked
from med.identity.models import UNLINKED, LinkedIdentity, SignIn
from med.identity.oidc.errors import Away, Refused
from med.identity.oidc.provider import counter, provider_of
from med.identity.oidc.trip import LASTS, Trip, packed, set_out, unpacked
from med.identity.routes.account import note_sign_in
from med.identity.routes.door import enter, set_cookie
from med.journal.actions import note
from med.language import T, Text
from med.organisation.models import Person
from med.web.edge import client_address
from med.web.incoming import Submitted, cookie_of, safe_path
from med.web.routing import Desk, Visit, get, look

TOO_LATE = T("Det tog for længe, eller det blev begyndt i en anden browser. Prøv igen.")
NOT_BELIEVED = T("Svaret fra kommunens fælles pålogning passede ikke til det, vi spurgte om. Ingen er logget ind.")
GAVE_UP = T("Kommunens fælles pålogning lod dig ikke komme ind, eller du fortrød.")
IS_AWAY = T("Kommunens fælles pålogning svarer ikke lige nu. Prøv igen om et par minutter.")
UNKNOWN = T(
    "Kommunens fælles pålogning kender dig, men Medspil ved ikke, hvem af personerne du er. Bed systemadministratoren "
    "om et link."
)
SHUT_OUT = T("Din adgang er lukket. Spørg systemadministratoren.")
WORDS = {"away": IS_AWAY, "late": TOO_LATE, "given_up": GAVE_UP, "unknown": UNKNOWN, "shut_out": SHUT_OUT}


class Back(NamedTuple):
    """What came of asking the provider: where to go, or who it is; else why not."""

    trip: Trip | None = None
    address: str = ""
    claims: dict[str, Any] | None = None
    wrong: str = ""


def address_back(desk: Desk) -> str:
    return f"{desk.settings.base_url}/log-ind/svar"


async def ask_way_there(desk: Desk, request: Request, query: Submitted) -> Back:
    if desk.settings.oidc is None:
        raise NotFound
    onwards, link, is_again = safe_path(query.get("videre")), query.get("link")[:100], query.get("igen") == "1"
    if link and request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        # From elsewhere one would be tied unseen to whomever the link is for; our own page says who that is.
        return Back(address=f"/log-ind/link/{quote(link, safe='')}")
    trip = set_out(onwards, link, is_again, language_asked(request))
    try:
        address = await counter.serve(provider_of(desk.settings.oidc).way_there, trip, address_back(desk))
    except (Away, Refused) as failure:
        return Back(wrong=getattr(failure, "reason", "away"))
    return Back(trip, address)


@get("/log-ind/kommune", name="identity.go_to_provider", policy=anyone, first=ask_way_there)
def go_to_provider(visit: Visit) -> Response:
    back: Back = visit.brought
    if back.trip is None:
        return visit.go(back.address) if back.address else show_refusal(visit, back.wrong)
    response = visit.go(back.address)
    door = visit.desk.doorkeeper
    lasts = int(LASTS.total_seconds())
    set_cookie(visit, response, door.trip_cookie, packed(back.trip, visit.desk.settings.secret), lasts)
    return response


async def ask_who(desk: Desk, request: Request, query: Submitted) -> Back:
    """Everything that can be wrong with an answer is found here, before the transaction that lets somebody in."""
    oidc, secret = desk.settings.oidc, desk.settings.secret
    if oidc is None:
        raise NotFound
    trip = unpacked(cookie_of(request, desk.doorkeeper.trip_cookie), secret)
    if trip is None or query.get("state") != trip.state:
        return Back(wrong="late")
    if query.get("iss") not in {"", oidc.issuer}:
        return Back(wrong="iss")
    if query.get("error") or not query.get("code"):
        return Back(wrong="given_up" if query.get("error") else "code")
    try:
        await desk.in_thread(_spend, desk, trip.state, client_address(request, desk.settings))
    except TooMany as too_many:
        if too_many.seconds < limits.ONCE.seconds / 2:
            raise
        return Back(wrong="replayed")
    try:
        claims = await counter.serve(provider_of(oidc).claims, query.get("code"), trip, address_back(desk))
    except Away:
        return Back(wrong="away")
    except Refused as refused:
        return Back(wrong=refused.reason)
    return Back(trip, claims=claims)


def _spend(desk: Desk, state: str, address: str) -> None:
    """A trip ends once; and one address makes so many in a while."""
    secret = desk.settings.secret
    with desk.database.writing() as db:
        if address:
            limits.take(db, {limits.key(secret, "provider from", address): limits.PROVIDER_ADDRESS})
        limits.take(db, {limits.key(secret, "state", state): limits.ONCE})


@look("/log-ind/svar", name="identity.come_back", policy=anyone, first=ask_who)
def come_back(visit: Visit) -> Response:
    back: Back = visit.brought
    if back.trip is None or back.claims is None:
        return show_refusal(visit, back.wrong)
    person = whose(visit, back.claims, back.trip)
    if person is None:
        return show_refusal(visit, "unknown")
    if not person.is_active:
        return show_refusal(visit, "shut_out")
    response = enter(visit, person, "provider", back.trip.onwards, back.trip.language)
    set_cookie(visit, response, visit.desk.doorkeeper.trip_cookie, "", 0)
    note_sign_in(visit.db, person.id)
    return response


def whose(visit: Visit, claims: dict[str, Any], trip: Trip) -> Person | None:
    """The person an identity belongs to, by issuer and subject; the first time by a link, or by the claim agreed on."""
    issuer, subject = claims["iss"], claims["sub"]
    known = visit.db.scalar(
        select(LinkedIdentity).where(LinkedIdentity.issuer == issuer, LinkedIdentity.subject == subject)
    )
    if known is not None and known.how != UNLINKED:
        return known.person
    if trip.welcome:
        try:
            person = accounts.use_welcome(visit.db, trip.welcome).person
        except NotFound:
            return None
        accounts.link(visit.db, person, issuer, subject, "invitation")
        return person
    found = accounts.person_by_claims(visit.db, claims, issuer, visit.desk.settings.oidc.claim)
    if found is None:
        return None
    person, how = found
    accounts.link(visit.db, person, issuer, subject, how)
    return person


class Refusal:
    """Somebody nobody knows was turned away: there is no row to point at."""

    __tablename__ = SignIn.__tablename__
    id = 0


def show_refusal(visit: Visit, wrong: str) -> Response:
    """A page that says what to do; and a line in the journal, unless the browser merely came late."""
    if wrong not in {"late", "given_up", "away"} and visit.request.method == "GET":
        key = limits.key(visit.desk.settings.secret, "refusals noted")

        def write() -> None:
            with visit.desk.database.writing() as db:
                if limits.may(db, key, limits.REFUSALS_NOTED):
                    note(db, None, "sign_in.refused", Refusal, [wrong])

        visit.after.append(write)
    said: Text = WORDS.get(wrong, NOT_BELIEVED)
    status = {"away": 503, "late": 400}.get(wrong, 403)
    response = visit.page(
        "identity/refused.html",
        said=said,
        reason=wrong if wrong not in WORDS else "",
        onwards=safe_path(visit.query.get("videre")),
        status_code=status,
    )
    set_cookie(visit, response, visit.desk.doorkeeper.trip_cookie, "", 0)
    return response


async def ask_way_out(desk: Desk, request: Request, query: Submitted) -> str:
    if desk.settings.oidc is None:
        raise NotFound
    try:
        return await counter.serve(provider_of(desk.settings.oidc).way_out, f"{desk.settings.base_url}/log-ind")
    except (Away, Refused):
        return ""


@get("/log-ud/kommune", name="identity.sign_out_there", policy=anyone, first=ask_way_out)
def sign_out_there(visit: Visit) -> Response:
    """Signed out here already; and now there, which the next person at this machine is glad of."""
    return visit.go(visit.brought) if visit.brought else show_refusal(visit, "away")


handlers = [go_to_provider, come_back, sign_out_there]
