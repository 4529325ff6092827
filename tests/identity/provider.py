"""A small identity provider of our own on loopback, in a thread: it really signs, and can be told to misbehave.

`house.misbehave = "nonce"` makes the next answers wrong in that one way; see `FAULTS` for all of them.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwk, jwt

from med import clock

CLIENT, SECRET = "medspil", "the provider's & our secret"
BACK = "http://127.0.0.1:8000/log-ind/svar"
# What it can be told to get wrong -> the word in the journal. What is refused without a word is tested by itself.
FAULTS = {
    "nonce": "nonce",
    "no nonce": "nonce",
    "another audience": "aud",
    "audiences without azp": "azp",
    "another azp": "azp",
    "no audience": "aud",
    "alg none": "algorithm",
    "HS256 with the public key": "algorithm",
    "a foreign key": "signature",
    "an unknown key": "key",
    "a key of its own in the header": "key",
    "another's claims": "signature",
    "expired": "exp",
    "expires never": "exp",
    "made in the future": "iat",
    "made yesterday": "iat",
    "not yet valid": "nbf",
    "another issuer": "iss",
    "no subject": "sub",
    "an endless subject": "sub",
    "a number as subject": "sub",
    "no token": "code",
    "not a token": "token",
    "token endpoint redirects": "redirect",
    "another issuer beside the code": "iss",
    "encryption key signs": "key",
}


def _key(kid: str, use: str = "sig") -> jwk.RSAKey:
    return jwk.RSAKey.generate_key(2048, {"kid": kid, "use": use}, auto_kid=False)


# Made once: drawing them takes longer than all that is done with them.
FIRST, SECOND, FOREIGN, SEALING = _key("first"), _key("second"), _key("first"), _key("sealing", "enc")


class House:
    """The provider's state: who is at its keyboard, its keys, and the codes it gave out."""

    def __init__(self) -> None:
        self.misbehave = ""
        self.claims: dict[str, Any] = {"sub": "7f3a", "preferred_username": "carla"}
        self.codes: dict[str, dict[str, str]] = {}
        self.keys = {"first": FIRST}
        self.signs_with = "first"
        self.asked: list[dict[str, str]] = []  # the authorization requests
        self.exchanges: list[dict[str, str]] = []
        self.has_way_out = True
        self.about_is_wrong: dict[str, str] = {}
        self.issuer = ""

    def turn_keys(self) -> None:
        self.keys["second"] = SECOND
        self.signs_with = "second"

    def about(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        if self.has_way_out:
            found["end_session_endpoint"] = f"{self.issuer}/out"
        return {**found, **self.about_is_wrong}

    def sign_in(self, asked: dict[str, str], **more: Any) -> str:
        """What the browser is sent back to after the person has signed in."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, **more}
        words = {"code": code, "state": asked["state"], "iss": self.issuer}
        if self.misbehave == "another issuer beside the code":
            words["iss"] = "https://evil.example"
        return asked["redirect_uri"] + "?" + urlencode(words)

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        self.exchanges.append(form)
        pair = f"{CLIENT}:{quote(SECRET, safe='')}".replace("%20", "+")
        if authorization != "Basic " + base64.b64encode(pair.encode()).decode():
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or proof.decode() != asked["code_challenge"]
            or form.get("redirect_uri") != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        if self.misbehave == "no token":
            return 200, {"access_token": "x"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.token(asked)}

    def token(self, asked: dict[str, str]) -> str:
        now = int(clock.now().timestamp())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"],
            **({"auth_time": now} if "max_age" in asked else {}), **self.claims,
        }  # fmt: skip
        claims |= {
            "nonce": {"nonce": "another"},
            "another audience": {"aud": "another"},
            "audiences without azp": {"aud": [CLIENT, "another"]},
            "another azp": {"azp": "another"},
            "expired": {"exp": now - 61},
            "expires never": {"exp": "9999999999"},
            "made in the future": {"iat": now + 90},
            "made yesterday": {"iat": now - 86_400},
            "not yet valid": {"nbf": now + 90},
            "another issuer": {"iss": "https://evil.example"},
            "an endless subject": {"sub": "x" * 256},
            "a number as subject": {"sub": 7},
        }.get(self.misbehave, {})
        for fault, name in (("no nonce", "nonce"), ("no audience", "aud"), ("no subject", "sub")):
            if self.misbehave == fault:
                del claims[name]
        return self.signed(claims)

    def signed(self, claims: dict[str, Any]) -> str:
        key, header = self.keys[self.signs_with], {"alg": "RS256", "kid": self.signs_with}
        if self.misbehave == "not a token":
            return "a.b"
        if self.misbehave == "alg none":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if self.misbehave == "HS256 with the public key":
            head = f"{_part({'alg': 'HS256', 'kid': 'first'})}.{_part(claims)}"
            mark = hmac.digest(key.as_pem(private=False), head.encode(), hashlib.sha256)
            return f"{head}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"
        if self.misbehave == "a foreign key":
            key = FOREIGN
        if self.misbehave == "an unknown key":
            header["kid"] = "unknown"
        if self.misbehave == "encryption key signs":
            self.keys["sealing"] = SEALING
            signature = SEALING.get_op_key("decrypt")  # the library refuses to sign with it, so it is done by hand
            head = f"{_part({'alg': 'RS256', 'kid': 'sealing'})}.{_part(claims)}"
            mark = signature.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256())
            return f"{head}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"
        if self.misbehave == "a key of its own in the header":
            key, header = FOREIGN, {"alg": "RS256", "kid": "mine", "jwk": FOREIGN.as_dict(private=False)}
        token = jwt.encode(header, claims, key)
        if self.misbehave == "another's claims":
            head, _, mark = token.split(".")
            return f"{head}.{_part({**claims, 'sub': 'another'})}.{mark}"
        return token


def _part(words: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(words).encode()).rstrip(b"=").decode()


@contextmanager
def running(house: House):
    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path).path
            if house.misbehave == "is down":
                return self.answer(503, {})
            if place == "/.well-known/openid-configuration":
                return self.answer(200, house.about())
            if place == "/keys":
                return self.answer(200, {"keys": [key.as_dict(private=False) for key in house.keys.values()]})
            return self.answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if house.misbehave == "token endpoint redirects":
                self.send_response(307)
                self.send_header("location", "http://127.0.0.1:9/stolen")
                self.send_header("content-length", "0")
                self.end_headers()
                return None
            return self.answer(*house.exchange(form, self.headers.get("authorization", "")))

        def answer(self, status: int, words: dict[str, Any]) -> None:
            body = json.dumps(words).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    house.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield house
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
