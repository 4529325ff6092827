"""The way to the identity provider and back: what this browser took along, in a sealed cookie that lives ten minutes.

Nothing is kept in the database for somebody who only set out, so a flood of them leaves no rows.
"""

import base64
import hashlib
import secrets
from datetime import timedelta

import msgspec

from med import clock
from med.identity.sealing import seal, unseal

LASTS = timedelta(minutes=10)
PURPOSE = "trip"


class Trip(msgspec.Struct, frozen=True):
    state: str
    nonce: str
    verifier: str
    onwards: str  # where the person wanted to go
    welcome: str  # the one-time link they came by, if any
    is_again: bool  # somebody signed in shows once more who they are
    until: float
    language: str = ""  # chosen at the door

    @property
    def challenge(self) -> str:
        """PKCE, RFC 7636: only who began the trip knows what this is the hash of."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


def set_out(onwards: str, welcome: str, is_again: bool, language: str = "") -> Trip:
    return Trip(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        onwards=onwards,
        welcome=welcome,
        is_again=is_again,
        until=(clock.now() + LASTS).timestamp(),
        language=language,
    )


def packed(trip: Trip, secret: str) -> str:
    return seal(secret, PURPOSE, msgspec.json.encode(trip))


def unpacked(cookie: str, secret: str) -> Trip | None:
    """The trip this browser is on; None for none, one that took too long, or one we did not pack."""
    raw = unseal(secret, PURPOSE, cookie) if 0 < len(cookie) < 4000 else None
    trip = msgspec.json.decode(raw, type=Trip) if raw else None
    return trip if trip is not None and trip.until > clock.now().timestamp() else None
