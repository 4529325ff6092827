"""Whether an ID token is to be believed: who signed it, for whom, when, and in answer to what."""

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from med import clock
from med.identity.oidc.errors import Refused
from med.identity.oidc.trip import Trip
from med.settings import Oidc

# Signatures with a key pair only: never none, and never HS256, whose key could be the public one.
ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "RS512", "ES384", "EdDSA")
KINDS = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("Ed",)}
SKEW = timedelta(seconds=60)  # between their clock and ours
OLDEST = timedelta(minutes=10)  # the token was made for this trip, and no trip lasts longer
FRESHLY = timedelta(minutes=5)
LONGEST = 20_000


class UnknownKey(Exception):
    """Signed with a key that is not in the set we have: perhaps they turned their keys."""


def header_of(token: str) -> dict[str, Any]:
    if len(token) > LONGEST or token.count(".") != 2:
        raise Refused("token")
    try:
        header = msgspec.json.decode(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    except (ValueError, msgspec.DecodeError):
        raise Refused("token") from None
    if not isinstance(header, dict) or header.get("alg") not in ALGORITHMS:
        raise Refused("algorithm")
    return header


def verified(token: str, keys: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The claims of a token that one of these keys signed. Raises UnknownKey when none of them could have."""
    from joserfc import jwk, jwt
    from joserfc.errors import JoseError

    header = header_of(token)
    fitting = [key for key in keys if _fits(key, header)]
    if not fitting:
        raise UnknownKey
    for key in fitting[:8]:
        try:
            return dict(jwt.decode(token, jwk.import_key(key), algorithms=[header["alg"]]).claims)
        except (JoseError, ValueError, TypeError):
            continue
    raise Refused("signature")


def _fits(key: dict[str, Any], header: dict[str, Any]) -> bool:
    kid, algorithm = header.get("kid"), header["alg"]
    return (
        algorithm.startswith(KINDS.get(key.get("kty", ""), ("-",)))
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    )


def check(claims: dict[str, Any], oidc: Oidc, trip: Trip) -> None:
    """OpenID Connect Core 3.1.3.7, strictly. Raises Refused with the claim that is wrong."""
    now = clock.now()
    if claims.get("iss") != oidc.issuer:
        raise Refused("iss")
    audience = claims.get("aud")
    many = isinstance(audience, list) and len(audience) > 1
    if oidc.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise Refused("aud")
    if (many or "azp" in claims) and claims.get("azp") != oidc.client_id:
        raise Refused("azp")
    if _moment(claims, "exp") <= (now - SKEW).timestamp():
        raise Refused("exp")
    made = _moment(claims, "iat")
    if not (now - OLDEST - SKEW).timestamp() <= made <= (now + SKEW).timestamp():
        raise Refused("iat")
    if "nbf" in claims and _moment(claims, "nbf") > (now + SKEW).timestamp():
        raise Refused("nbf")
    if claims.get("nonce") != trip.nonce:
        raise Refused("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Refused("sub")
    if oidc.acr and claims.get("acr") not in oidc.acr:
        raise Refused("acr")
    if trip.is_again and _moment(claims, "auth_time") < (now - FRESHLY - SKEW).timestamp():
        raise Refused("auth_time")


def _moment(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(name)
    return value
