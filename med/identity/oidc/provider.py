"""The identity provider: what it says about itself, its keys, and the exchange of a code for an ID token.

Plain calls that wait; they are made in the windows of `counter`, never where pages are drawn. Redirects are not
followed, answers are read up to a size and a time, and secrets go to https (or this machine) only.
"""

import base64
import threading
import time
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode

import msgspec

from med.identity.counter import Counter
from med.identity.oidc.claims import UnknownKey, check, header_of, verified
from med.identity.oidc.errors import Away, Refused
from med.identity.oidc.trip import Trip
from med.setting_values import is_safe_address
from med.settings import Oidc

TIMEOUT = 5  # seconds for each step of a call
PATIENCE = 10  # and for all of it
MOST_READ = 512 * 1024
KEPT = 3600  # seconds
ASK_AGAIN = 30  # at least between two looks for new keys, whoever signs with what

counter = Counter("provider", windows=4, line=40)


class Provider:
    def __init__(self, oidc: Oidc) -> None:
        self.oidc = oidc
        self.lock = threading.Lock()
        self._about: dict[str, Any] = {}
        self._about_at = self._keys_at = -float(KEPT)
        self._keys: list[dict[str, Any]] = []

    def way_there(self, trip: Trip, back: str) -> str:
        """Where the browser is sent to sign in."""
        about = self.about()
        asked = {
            "response_type": "code",
            "client_id": self.oidc.client_id,
            "redirect_uri": back,
            "scope": self.oidc.scopes,
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": trip.challenge,
            "code_challenge_method": "S256",
        }
        if self.oidc.acr:
            asked["acr_values"] = " ".join(self.oidc.acr)
        if trip.is_again:
            asked |= {"prompt": "login", "max_age": "0"}
        return _with(about["authorization_endpoint"], asked)

    def way_out(self, back: str) -> str:
        """Where the browser is sent to be signed out there, too; "" where they have no such page."""
        there = self.about().get("end_session_endpoint", "")
        if not there:
            return ""
        return _with(there, {"client_id": self.oidc.client_id, "post_logout_redirect_uri": back})

    def claims(self, code: str, trip: Trip, back: str) -> dict[str, Any]:
        """Who the provider says came back, once the answer has been held against everything we asked."""
        token = self._exchange(code, trip, back)
        header_of(token)
        try:
            claims = verified(token, self._keys_now())
        except UnknownKey:
            try:
                claims = verified(token, self._keys_now(renew=True))
            except UnknownKey:
                raise Refused("key") from None
        check(claims, self.oidc, trip)
        return claims

    def about(self) -> dict[str, Any]:
        with self.lock:
            if time.monotonic() - self._about_at > KEPT:
                self._about = self._discover()
                self._about_at = time.monotonic()
            return self._about

    def _discover(self) -> dict[str, Any]:
        found = self._call("GET", self.oidc.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.oidc.issuer:
            raise Refused("issuer")
        ends = ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint")
        for name in ends:
            if name in found and not (isinstance(found[name], str) and is_safe_address(found[name])):
                raise Refused(name)
        if missing := next((name for name in ends[:3] if name not in found), ""):
            raise Refused(missing)
        return found

    def _keys_now(self, renew: bool = False) -> list[dict[str, Any]]:
        where = self.about()["jwks_uri"]
        with self.lock:
            age = time.monotonic() - self._keys_at
            if age > KEPT or (renew and age > ASK_AGAIN) or not self._keys:
                found = self._call("GET", where).get("keys")
                self._keys = [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []
                self._keys_at = time.monotonic()
            return self._keys

    def _exchange(self, code: str, trip: Trip, back: str) -> str:
        about = self.about()
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": trip.verifier,
        }
        headers = {}
        if self.oidc.client_secret and "client_secret_basic" in about.get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        ):
            pair = f"{quote_plus(self.oidc.client_id)}:{quote_plus(self.oidc.client_secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            sent["client_id"] = self.oidc.client_id
            if self.oidc.client_secret:
                sent["client_secret"] = self.oidc.client_secret
        answer = self._call("POST", about["token_endpoint"], sent, headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Refused("code")
        return token

    def _call(
        self, method: str, address: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        import httpx  # a fifth of a second that a server without a provider never needs

        until = time.monotonic() + PATIENCE
        read = bytearray()
        try:
            with (
                httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=address.startswith("https:")) as client,
                client.stream(
                    method, address, data=form, headers={"Accept": "application/json", **(headers or {})}
                ) as answer,
            ):
                for piece in answer.iter_bytes():
                    read += piece
                    if len(read) > MOST_READ or time.monotonic() > until:
                        raise Away("too much, or too slowly")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failure:
            raise Away(type(failure).__name__) from None
        if 400 <= answer.status_code < 500 and form is not None:
            raise Refused("code")  # spent, another's, or without its proof key
        if answer.status_code != 200:
            raise Refused("redirect") if answer.is_redirect else Away(f"HTTP {answer.status_code}")
        try:
            found = msgspec.json.decode(bytes(read))
        except msgspec.DecodeError:
            raise Away("not JSON") from None
        if not isinstance(found, dict):
            raise Away("not an object")
        return found


@lru_cache(maxsize=8)
def provider_of(oidc: Oidc) -> Provider:
    """One for each provider in a process: what it said about itself is remembered for an hour."""
    return Provider(oidc)


def _with(address: str, words: dict[str, str]) -> str:
    return address + ("&" if "?" in address else "?") + urlencode(words)
