"""The score of the Mozilla HTTP Observatory, computed by ourselves from its published rules.

Facts from the scoring table of MDN's Observatory (github.com/mdn/mdn-http-observatory, FAQ and scoring documentation):
a site begins with 100; each test takes from it or gives to it, and what is given counts only where 90 or more is left
after everything that is taken.
"""

from collections.abc import Iterable, Mapping

HALF_A_YEAR = 15_768_000
UNSAFE = {"'unsafe-inline'", "'unsafe-eval'", "data:", "*", "http:", "https:"}


def score(headers: Mapping[str, str], cookies: Iterable[str] = ()) -> int:
    """Of one answer over https. `headers` by lower-case name, `cookies` as Set-Cookie lines."""
    points = [
        _policy(headers.get("content-security-policy", "")),
        *(_cookie(cookie) for cookie in cookies),
        -50
        if headers.get("access-control-allow-origin") == "*" and "access-control-allow-credentials" in headers
        else 0,
        _referrer(headers.get("referrer-policy", "")),
        _transport(headers.get("strict-transport-security", "")),
        0 if headers.get("x-content-type-options", "").lower() == "nosniff" else -5,
        _frames(headers.get("content-security-policy", ""), headers.get("x-frame-options", "")),
        _resource(headers.get("cross-origin-resource-policy", "")),
    ]
    left = 100 + sum(point for point in points if point < 0)
    return max(left, 0) + (sum(point for point in points if point > 0) if left >= 90 else 0)


def directives(policy: str) -> dict[str, list[str]]:
    return {words[0].lower(): words[1:] for words in (part.split() for part in policy.split(";")) if words}


def _policy(policy: str) -> int:
    if not policy:
        return -25
    found = directives(policy)
    default = found.get("default-src", ["*"])
    if UNSAFE & set(found.get("script-src", default)) or UNSAFE & set(found.get("object-src", default)):
        return -20
    if {"'unsafe-inline'", "data:"} & set(found.get("style-src", default)):
        return 0
    return 10 if default == ["'none'"] else 5


def _cookie(line: str) -> int:
    words = {part.strip().lower() for part in line.split(";")[1:]}
    if "secure" not in words:
        return -40
    if "httponly" not in words:
        return -30
    return 5 if words & {"samesite=lax", "samesite=strict"} else 0


def _referrer(policy: str) -> int:
    private = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
    return 5 if policy in private else -5 if policy in {"unsafe-url", "origin", "origin-when-cross-origin"} else 0


def _transport(header: str) -> int:
    words = dict(part.strip().lower().partition("=")[::2] for part in header.split(";"))
    age = words.get("max-age", "")
    if not age.isdecimal():
        return -20
    return 0 if int(age) >= HALF_A_YEAR else -10


def _frames(policy: str, header: str) -> int:
    if "frame-ancestors" in directives(policy):
        return 5
    return 0 if header.upper() in {"DENY", "SAMEORIGIN"} else -20


def _resource(header: str) -> int:
    return 10 if header in {"same-origin", "same-site"} else 0
