"""The edge: where a form may come from, the token that binds it to a sign-in, and the headers of every answer."""

import base64
import hmac
import secrets

from litestar import Request

from med.errors import Forged
from med.language import T
from med.settings import Settings
from med.web.incoming import Submitted

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

ALWAYS = [
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def check_origin(request: Request, settings: Settings, must_tell: bool = False) -> None:
    """Refuse a form sent from another site. Fetch-Metadata first, else Origin; neither means no browser sent it.

    `must_tell` is for forms that no token guards, because nobody is signed in yet: there neither is a no. The demo,
    where anyone may be anyone on this machine, has nothing to guard.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        good = site in {"same-origin", "none"}
    elif origin is not None:
        scheme, _, host = origin.partition("://")
        good = host == request.headers.get("host", "") and (scheme == "https" or not settings.is_https)
    else:
        good = settings.demo or not must_tell
    if not good:
        raise Forged([T("Formularen kom fra et andet websted.")])


def make_token(secret: str) -> str:
    """A form token bound to a sign-in, masked anew on every page so that compression tells nothing about it."""
    mask = secrets.token_bytes(16)
    return base64.urlsafe_b64encode(mask + _masked(_tag(secret), mask)).decode()


def _masked(tag: bytes, mask: bytes) -> bytes:
    return (int.from_bytes(tag) ^ int.from_bytes(mask)).to_bytes(16)


def check_token(form: Submitted, secret: str) -> None:
    try:
        raw = base64.urlsafe_b64decode(form.get("_token").encode("ascii"))
    except ValueError:
        raw = b""
    if len(raw) == 32 and hmac.compare_digest(_masked(raw[:16], raw[16:]), _tag(secret)):
        return
    raise Forged(
        [T("Siden var for gammel eller kom fra en anden pålogning. Gå tilbage, genindlæs siden og prøv igen.")]
    )


def _tag(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"form", "sha256")[:16]
