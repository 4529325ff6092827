"""Whatever comes in through any form or address, the answer is a page: never a failure, never somebody's script.

Which of many hostile things each route is sent is drawn with a fixed seed, so that a failure comes back.
`MED_TIMES=20 MED_SEED=7 pytest tests/test_bad_input.py` sends more, and other things.
"""

import importlib
import inspect
import os
import pkgutil
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import msgspec
import pytest

import med
from tests.oracle.expectations import OK, row
from tests.routes import PARAMETER, Route
from tests.walking import Answer, Walker

SEED = int(os.environ.get("MED_SEED", "20261121"))
ATTACKS_A_FORM = 5 * int(os.environ.get("MED_TIMES", "1"))
ANSWERS = {200, 204, 303, 400, 401, 403, 404, 405, 409, 413, 422}

SCRIPT = "<script>alert(1)</script>"
VALUES = [
    "", " ", "0", "-1", "1e9", "NaN", "1.5", "१२", "²", str(2**63), str(2**70), "9" * 400, "x", "x" * 5000,
    "\0", "a\0b", "\x1b[31m", "😀", "\u202eabc\u202c", "e\u0301" * 50, "\ufeff", "\uffff", "Å" * 300,
    "0001-01-01", "9999-12-31", "2026-02-31", "31.02.2026", "31.02", "24:00", "25:99", "2026-11-21T09:00",
    "'; DROP TABLE person; --", "\" OR 1=1 --", SCRIPT, "\"><img src=x onerror=alert(1)>", "javascript:alert(1)",
    "{{ 7 * 7 }}{% for %}", "%(name)s %s %n", "%", "${jndi:ldap://x}", "../../../../etc/passwd", "\\\\host\\share",
    "null", "None", "true", "[]", "{}", "a\r\nSet-Cookie: x=y", "# " * 200, "- " * 200, "[x](" * 200, "**" * 500,
    "emil", "Carla", "ukendt person", "compliance", "discussed", "decided", "chair", "2027-01-01",
]  # fmt: skip


def field_names() -> list[str]:
    """Every field of every form of the application, and those the pages send beside them."""
    names = {"_token", "idem", "videre", "fjern", "udvalg", "file", "data", "basis", "name", "person", "language"}
    for found in pkgutil.walk_packages(med.__path__, "med."):
        if ".forms" in found.name:
            for _, form in inspect.getmembers(importlib.import_module(found.name), inspect.isclass):
                if issubclass(form, msgspec.Struct):
                    names |= set(form.__struct_fields__)
    return sorted(names)


NAMES = field_names()


def test_the_forms_were_found():
    assert {"text", "version", "perspective", "title", "role"} <= set(NAMES)


# --- what is sent: each gives (body, content type, headers) -----------------------------------------------------------

Attack = tuple[bytes, str, dict[str, str]]
FORM = "application/x-www-form-urlencoded"
FRAGMENT = {"x-fragment": "1"}


def form(token: str, pairs: list[tuple[str, str]]) -> bytes:
    return urlencode([("_token", token), *pairs], errors="surrogatepass").encode()


def anything(draw: random.Random, token: str) -> Attack:
    pairs = [(name, draw.choice(VALUES)) for name in NAMES if name != "_token"]
    return form(token, pairs), FORM, {}


def likely(draw: random.Random, token: str) -> Attack:
    """Most fields as they should be, one of them not: what passes the form's own eye and meets the action."""
    sound = {"version": "1", "text": "Ord", "title": "Ord", "why": "Ord", "reason": "Ord", "note": "Ord", "to": "0"}
    sound |= {"perspective": "emergens", "role": "alle", "purpose": "discuss", "owner": "carla", "due": "2027-01-01"}
    bad = draw.sample(NAMES, 4)
    pairs = [(name, draw.choice(VALUES) if name in bad else sound.get(name, "")) for name in NAMES if name != "_token"]
    return form(token, pairs), FORM, draw.choice([{}, FRAGMENT])


def twice(draw: random.Random, token: str) -> Attack:
    pairs = [(name, draw.choice(VALUES)) for name in NAMES * 3 if name != "_token"]
    draw.shuffle(pairs)
    return form(token, pairs), FORM, {}


def nothing(draw: random.Random, token: str) -> Attack:
    return draw.choice([(form(token, []), FORM, {}), (b"", FORM, {}), (b"", "", {})])


def huge(draw: random.Random, token: str) -> Attack:
    letter = draw.choice(["x", "\n", "<", "- ", "**", "[", "&#", "Ø", "1"])
    return form(token, [(name, letter * (100_000 // 8 // len(letter))) for name in draw.sample(NAMES, 7)]), FORM, {}


def one_huge(draw: random.Random, token: str) -> Attack:
    return form(token, [(name, "x" * 100_000 if name == draw.choice(NAMES) else "1") for name in NAMES]), FORM, {}


def too_much(draw: random.Random, token: str) -> Attack:
    return draw.choice([b"a&" * 900_000, b"x" * 300_000, b"text=" + b"y" * 300_000]), FORM, {}


def undecodable(draw: random.Random, token: str) -> Attack:
    raw = draw.choice(
        [b"%FF%FE", b"\xff\xfe", b"%", b"%zz", b"%u1234", b"%ED%A0%80", b"%C0%80", b"\xc3", b"%00", b"=&=&;"]
    )
    name = draw.choice(NAMES).encode()
    return b"_token=" + quote_plus(token).encode() + b"&" + name + b"=" + raw + b"&" + raw + b"=1", FORM, {}


def mistyped(draw: random.Random, token: str) -> Attack:
    kind = draw.choice(
        ["text/plain", "application/json", "application/xml", "multipart/form-data", "x",
         "multipart/form-data; boundary=", "multipart/form-data; boundary=b", FORM + "; charset=utf-16"]
    )  # fmt: skip
    body = draw.choice(
        [b'{"text": "x"}', b"<a/>", form(token, [("text", "x")]), b'--b\r\nContent-Disposition: form-data; name="text"',
         b'--b\r\nContent-Disposition: form-data; name="file"; filename="\xff"\r\n\r\nx\r\n--b--\r\n', b"\x00" * 50]
    )  # fmt: skip
    return body, kind, {}


def odd_file(draw: random.Random, token: str) -> Attack:
    name = draw.choice(["a.csv", "../a.json", "a.xlsx", "", "😀.pdf", "a" * 300 + ".docx", "a.svg"]).encode()
    data = draw.choice([b"", b"\0", b"PK\x03\x04", b"\xff\xfe;", b"{" * 9000, b"%PDF-1.7", b"navn;x\n1", b'"' * 99])
    body = b'--b\r\nContent-Disposition: form-data; name="_token"\r\n\r\n' + token.encode() + b"\r\n"
    body += (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="'
        + name
        + b'"\r\n\r\n'
        + data
        + b"\r\n--b--\r\n"
    )
    return body, "multipart/form-data; boundary=b", {}


def strange_token(draw: random.Random, token: str) -> Attack:
    wrong = draw.choice(["", "æ", "=", "x" * 10_000, "\0", token[:-4], token.lower(), "A" * 44, "%", "💥"])
    return form(wrong, [("text", "x")]), FORM, {}


def strange_headers(draw: random.Random, token: str) -> Attack:
    headers = draw.choice(
        [{"origin": "null"}, {"origin": "http://[::1"}, {"origin": "::::"}, {"sec-fetch-site": "x"}, {"host": ""},
         {"host": "evil.example"}, {"host": "[::1"}, {"cookie": "med=\xff\xfe"}, {"cookie": "med=" + "x" * 5000},
         {"cookie": ";;=;"},
         {"content-length": "-1"}, {"accept-language": "x" * 3000}, {"if-none-match": "\xff"}, {"x-fragment": "\x01"}]
    )  # fmt: skip
    return form(token, [("text", "x"), ("version", "1")]), FORM, headers


ATTACKS: list[Callable[[random.Random, str], Attack]] = [
    anything, likely, likely, twice, nothing, huge, one_huge, too_much, undecodable, mistyped, odd_file, strange_token,
    strange_headers,
]  # fmt: skip


def someone_who_may(route: Route, case: str) -> str:
    allowed = row(route.name, case).get(OK, ["anna"])
    return allowed[0] if allowed else "anna"


def somewhere(draw: random.Random, route: Route, there: dict[str, Any]) -> str:
    """The route's address, now and then with ids that are nobody's."""
    if draw.random() < 0.75:
        return route.fill(there)
    odd = [0, 1, 2, 10**12, 2**63 - 1, 2**63, 2**70, "-1", "07", "1.0", "%00", "%FF", "æ", "1%2F2", "null", "१"]
    return route.fill({name: draw.choice(odd) for name in PARAMETER.findall(route.path)} | {"committee_id": 1})


def faults(answer: Answer, what: str) -> list[str]:
    found = []
    if answer.status not in ANSWERS:
        found.append(f"{answer.status} for {what}")
    if SCRIPT.encode() in answer.body:
        found.append(f"a script comes back for {what}")
    if b"Traceback" in answer.body:
        found.append(f"a traceback for {what}")
    if not answer.headers.get("location", "").isprintable():
        found.append(f"a broken address for {what}")
    return found


def test_no_form_breaks_whatever_it_is_sent(scene: Any):
    draw = random.Random(SEED)
    walker: Walker = scene.walker
    asked, wrong = 0, []
    for route in scene.routes:
        if route.method != "POST":
            continue
        for _ in range(ATTACKS_A_FORM):
            attack = draw.choice(ATTACKS)
            case = draw.choice(route.cases)
            person = someone_who_may(route, case)
            path = somewhere(draw, route, scene.cases[case])
            body, kind, headers = attack(draw, walker.tokens[person])
            answer = walker.send(person, path, body, kind, **headers)
            wrong += faults(
                answer, f"{route.name} ({attack.__name__}) at {path} as {person}: {kind} {body[:300]!r} {headers}"
            )
            asked += 1
    assert asked >= 300
    assert not wrong, "\n".join(wrong)


QUERIES = [
    "side", "fra", "til", "q", "udvalg", "perspektiv", "ansvarlig", "tilstand", "visning", "rolle", "sprog", "sagt",
    "videre", "dag", "aar", "efter", "navn", "uge", "version", "mod", "ord", "niveau",
]  # fmt: skip


def test_no_address_breaks_whatever_it_asks(scene: Any):
    draw, wrong = random.Random(SEED), []
    for route in scene.routes:
        if route.method != "GET" or route.name == "meetings.live":
            continue
        for _ in range(2):
            case = draw.choice(route.cases)
            person = someone_who_may(route, case)
            pairs = [(name, draw.choice(VALUES)) for name in draw.sample(QUERIES, 8)]
            query = draw.choice(
                [urlencode(pairs), "&".join(f"{n}={quote(v)[:40]}%" for n, v in pairs), "%FF=%FE", "=" * 400]
            )
            path = somewhere(draw, route, scene.cases[case]).partition("?")[0] + "?" + query
            answer = scene.walker.get("" if person == "nobody" else person, path)
            wrong += faults(answer, f"{route.name} at {path} as {person}")
    assert not wrong, "\n".join(wrong)


BIG = "0" * 19 + "1" + "9" * 20  # short enough for one who looks at its beginning


@pytest.mark.parametrize(
    "path",
    ["/moeder?udvalg=", "/forslag?foer=", "/forslag/nyt?moede=", "/perspektiver/historik?side=", "/soeg?q=ord&foer=",
     "/kompas/aktiviteter?side=", "/beslutninger/opfoelgning?udvalg=", "/kompas/effekt?enhed="],
)  # fmt: skip
@pytest.mark.parametrize("number", [BIG, "9" * 20, "-1", "1e3", "²", "१"])
def test_a_number_that_is_none_is_said_to_be_none(scene: Any, path: str, number: str):
    assert scene.walker.get("anna", path + quote(number)).status == 400


@pytest.mark.parametrize(
    "path", ["/", "/moeder/1", "/beslutninger", "/findes/ikke", "/static/x", "/%00", "/%FF", "//evil.example"]
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_method_breaks(scene: Any, path: str, method: str):
    assert faults(scene.walker.get("anna", path, method), f"{method} {path}") == []
