"""Requests as bytes, for a real server: forms, addresses, headers, and what is no request at all. Drawn with a seed."""

import random
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tests.routes import PARAMETER, Route
from tests.test_bad_input import ATTACKS, QUERIES, VALUES, strange_headers

SCRIPT = b"<script>alert(1)</script>"
ODD_IDS = ["0", "1", "2", "3", "17", "-1", "07", "1.0", "%00", "%FF", "æ".encode().hex(), "1%2F2", "null", "9" * 30]
ODD_IDS += [str(2**63 - 1), str(2**63), "med_" + "0" * 40, "a.b.c", "..", "%2e%2e%2fetc", "x" * 300]
HEADERS = [
    "If-None-Match: *", "If-None-Match: W/\"", "If-None-Match: " + "\"x\"," * 400, "If-Modified-Since: 32 Feb 2026",
    "Range: bytes=0-0,5-1,-", "Accept-Language: " + "da;q=9," * 300, "Accept-Encoding: gzip;q=0, *;q=0.5, \x01",
    "Accept: " + "*/*," * 500, "Cookie: med=x; med=y; med=" + "z" * 3000, "X-Fragment: 1", "X-Fragment: \xff",
    "X-Forwarded-For: 1.2.3.4, ::1, x", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: gopher",
    "Transfer-Encoding: chunked", "Content-Length: 0", "Content-Length: 5", "Expect: 100-continue",
    "Upgrade: h2c",
    "Connection: close, keep-alive", "Origin: null", "Referer: javascript:alert(1)", "Sec-Fetch-Site: cross-site",
    "Content-Encoding: gzip", "Content-Type: multipart/form-data", "Last-Event-ID: " + "9" * 100,
    "Authorization: Basic !",
]  # fmt: skip
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


@dataclass(frozen=True)
class Shot:
    """What is sent, what it is called when it goes wrong, and whether it may be half a request."""

    data: bytes
    name: str
    whole: bool = True


def request(method: str, path: str, body: bytes = b"", lines: tuple[str, ...] = (), cookie: str = "") -> bytes:
    head = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        *([f"Cookie: {cookie}"] if cookie else []),
        *lines,
    ]
    if body or method == "POST":
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("utf-8", "replace") + body


@dataclass
class Person:
    cookie: str
    token: str  # for forms


class Gun:
    """Shoots at every route in turn, as somebody drawn."""

    def __init__(self, routes: list[Route], seed: int) -> None:
        self.draw = random.Random(seed)
        self.routes = [route for route in routes if route.name not in {"meetings.live", "identity.sign_out"}]

    def aim(self, route: Route) -> str:
        """At something that is there, perhaps, or at something odd."""
        sound = self.draw.random() < 0.6
        return PARAMETER.sub(
            lambda _: str(self.draw.randint(1, 40)) if sound else self.draw.choice(ODD_IDS), route.path
        )

    def next(self, number: int, people: list[Person]) -> Shot:
        route = self.routes[number % len(self.routes)]
        person = self.draw.choice(people)
        if self.draw.random() < 0.04:
            return self.noise()
        usual = self.form if route.method == "POST" else self.address
        kinds: list[Callable[[Route, Person], Shot]] = [usual, usual, usual, self.header, self.bent, self.bent]
        return self.draw.choice([*kinds, self.form, self.address])(route, person)

    def form(self, route: Route, person: Person) -> Shot:
        attack = self.draw.choice([one for one in ATTACKS if one is not strange_headers])
        body, kind, _ = attack(self.draw, person.token)
        lines = (f"Content-Type: {kind}",) if kind else ()
        data = request("POST", self.aim(route), body, lines, person.cookie)
        return Shot(data, f"{route.name} ({attack.__name__})")

    def address(self, route: Route, person: Person) -> Shot:
        pairs = [(name, self.draw.choice(VALUES)) for name in self.draw.sample(QUERIES, 5)]
        query = self.draw.choice(
            [
                urlencode(pairs, errors="replace"),
                "&".join(f"{n}={quote(v)[:60]}%" for n, v in pairs),
                "%FF=%FE",
                "=" * 400,
            ]
        )
        method = self.draw.choice(["GET", "GET", "GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
        return Shot(request(method, f"{self.aim(route)}?{query}", cookie=person.cookie), f"{route.name} (address)")

    def header(self, route: Route, person: Person) -> Shot:
        lines = tuple(self.draw.sample(HEADERS, self.draw.randint(1, 4)))
        data = request(route.method, self.aim(route), cookie=person.cookie, lines=lines)
        return Shot(data, f"{route.name} (headers {', '.join(line[:24] for line in lines)})", whole=False)

    def bent(self, route: Route, person: Person) -> Shot:
        """A sound request with some of its bytes changed, gone or doubled."""
        shot = self.form(route, person) if self.draw.random() < 0.5 else self.address(route, person)
        data = bytearray(shot.data[:20_000])
        for _ in range(self.draw.randint(1, 6)):
            at = self.draw.randrange(len(data))
            match self.draw.randrange(4):
                case 0:
                    data[at] = self.draw.randrange(256)
                case 1:
                    del data[at : at + self.draw.randint(1, 40)]
                case 2:
                    data[at:at] = data[at : at + self.draw.randint(1, 40)]
                case _:
                    data[at:at] = self.draw.choice([b"\r\n", b"\0", b"\r", b" ", b": ", b"\xff\xfe", b"\r\n\r\n"])
            if not data:
                break
        return Shot(bytes(data), f"{shot.name}, bent", whole=False)

    def noise(self) -> Shot:
        starts = [
            b"",
            b"GET ",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00",
            b"GET / HTTP/9.9\r\n\r\n",
            b"\0" * 9,
        ]
        data = self.draw.choice(starts) + self.draw.randbytes(self.draw.randint(0, 600))
        return Shot(data, "noise", whole=False)


def shoot(port: int, shot: Shot) -> tuple[list[int], bytes]:
    """The statuses of all that came back, and the bytes. Where it is half a request the server waits for the rest: then
    we close our side."""
    came = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20 if shot.whole else 1) as line:
        try:
            line.sendall(shot.data)
            while piece := line.recv(262_144):
                came += piece
        except TimeoutError:
            came += b"\nTIMED OUT" if shot.whole else b""
        except OSError:
            pass  # the server has heard enough
    return [int(found) for found in STATUS.findall(came)], came


def wrong(shot: Shot, statuses: list[int], came: bytes) -> list[str]:
    found = []
    if bad := [status for status in statuses if status >= 500]:
        found.append(f"{bad} for {shot.name}: {shot.data[:300]!r}")
    if b"Traceback" in came or SCRIPT in came:
        found.append(f"a traceback or a script for {shot.name}: {shot.data[:300]!r}")
    if came.endswith(b"TIMED OUT"):
        found.append(f"no end for {shot.name}: {shot.data[:300]!r}")
    if shot.whole and not statuses and len(shot.data) < 200_000:
        found.append(f"no answer for {shot.name}: {shot.data[:300]!r}")
    return found


# --- slow and huge --------------------------------------------------------------------------------------------------

ENDLESS = b"POST /log-ind/demo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def bombs(token: str, cookie: str) -> dict[str, tuple[bytes, Callable[[], Any]]]:
    """Name -> (how it begins, what is sent again and again after that)."""
    import gzip

    zeros = gzip.compress(b"text=" + b"0" * 30_000_000)
    fields = ("_token=" + quote(token) + "&" + "&".join(f"f{n}={n}" for n in range(10_000))).encode()
    signed = f"Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n".encode()
    squeezed = b"POST /mig HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: gzip\r\n" + signed
    many = b"POST /mig HTTP/1.1\r\nHost: 127.0.0.1\r\n" + signed
    return {
        "a header that never ends, a byte at a time": (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", lambda: b"a"),
        "a body that never ends, a byte at a time": (ENDLESS + b"Content-Length: 100000\r\n\r\np=", lambda: b"a"),
        "headers of a megabyte and more": (
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
            lambda: b"X-A: " + b"a" * 65_536 + b"\r\n",
        ),
        "a body of a gigabyte": (ENDLESS + b"Content-Length: 1000000000\r\n\r\n", lambda: b"a" * 65_536),
        "pieces without end": (
            ENDLESS + b"Transfer-Encoding: chunked\r\n\r\n",
            lambda: b"10000\r\n" + b"a" * 65_536 + b"\r\n",
        ),
        "a packed body that unpacks to 30 MB": (
            squeezed + b"Content-Length: %d\r\n\r\n" % len(zeros) + zeros,
            lambda: b"",
        ),
        "ten thousand fields": (many + b"Content-Length: %d\r\n\r\n" % len(fields) + fields, lambda: b""),
    }
