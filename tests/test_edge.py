"""The edge, on every route: headers on every answer, hosts, and forms that come from somewhere else."""

import asyncio
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from med.access import anyone
from med.settings import Settings
from med.web.edge import Edge, client_address
from med.web.security import make_token
from tests.observatory import directives, score
from tests.test_every_route import on_sqlite, plausible
from tests.walking import Answer

HTTPS = "https://med.solbaek.example"
WANTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


@pytest.fixture
def secure(scene: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same application as it stands behind a proxy with TLS."""
    settings = Settings(
        data_dir=scene.desk.settings.data_dir, database_url="sqlite:///x", secret="s" * 40, base_url=HTTPS
    )
    outer: Any = scene.walker.app.asgi_handler
    monkeypatch.setattr(scene.walker.app, "asgi_handler", Edge(outer.app, settings))
    return scene


def https(headers: dict[str, str] | None = None) -> dict[str, str]:
    return {"host": "med.solbaek.example", **(headers or {})}


def assert_guarded(answer: Answer, place: str) -> None:
    assert {name: answer.headers.get(name) for name in WANTED} == WANTED, place
    assert score(answer.headers) >= 100, place
    policy = directives(answer.headers["content-security-policy"])
    assert policy["default-src"] == ["'none'"], place
    assert policy["frame-ancestors"] == ["'none'"], place
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000"), place
    assert answer.headers["permissions-policy"], place
    assert answer.headers["cache-control"], place


@pytest.fixture
def unpainted(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are decided but not drawn: thousands of answers are asked for their status and headers alone."""
    monkeypatch.setattr(scene.desk.pages, "render", lambda *args, **kwargs: "")


@on_sqlite
def test_every_page_scores_a_hundred_and_more_at_the_observatory(secure: Any, unpainted: None) -> None:
    for route in secure.routes:
        path = route.fill(secure.cases[route.cases[0]])
        for person, method in (("anna", "GET"), ("emil", "GET"), ("ivan", "GET"), ("", "GET"), ("anna", "HEAD")):
            answer = secure.walker.get(person, path, method, **https())
            assert_guarded(answer, f"{method} {route.name} as {person or 'nobody'}: {answer.status}")
            if answer.headers.get("content-type", "").startswith("text/html") and person and answer.status == 200:
                assert "no-store" in answer.headers["cache-control"], route.name


@on_sqlite
def test_every_form_scores_a_hundred_and_more_whether_taken_or_refused(secure: Any, unpainted: None) -> None:
    for route in secure.routes:
        if route.method != "POST":
            continue
        case = secure.cases[route.cases[0]]
        for person in ("anna", "emil", "ivan", ""):
            answer = secure.walker.post(person, route.fill(case), plausible(case), **https({"origin": HTTPS}))
            assert_guarded(answer, f"{route.name} as {person or 'nobody'}: {answer.status}")
            assert answer.status < 500, route.name


@on_sqlite
def test_what_is_no_page_is_guarded_too(secure: Any) -> None:
    walker = secure.walker
    tag = walker.get("carla", "/beslutninger", **https()).headers.get("etag", '"x"')
    for place, answer in {
        "304": walker.get("carla", "/beslutninger", **https({"if-none-match": tag})),
        "404": walker.get("anna", "/findes-ikke", **https()),
        "405": walker.ask("DELETE", "/moeder", "anna", https()),
        "method of no name": walker.ask("BREW", "/moeder", "anna", https()),
        "400": walker.get("anna", "/beslutninger?q=%ff", **https()),
        "413": walker.send("anna", "/mig", b"x" * 300_000, **https({"origin": HTTPS})),
        "415": walker.send("anna", "/mig", b"{}", "application/json", **https({"origin": HTTPS})),
        "static": walker.get("", "/static/findes-ikke.css", **https()),
        "livez": walker.get("", "/livez", **https()),
        "unknown host": walker.get("anna", "/", host="evil.example"),
    }.items():
        assert_guarded(answer, f"{place}: {answer.status}")


@on_sqlite
def test_every_file_of_the_site_is_guarded(secure: Any) -> None:
    page = secure.walker.get("anna", "/", **https()).text
    files = {part.split('"')[0] for part in page.split('"/static/')[1:]}
    assert len(files) >= 2
    for name in files:
        answer = secure.walker.get("", f"/static/{name}", **https())
        assert answer.status == 200
        assert_guarded(answer, name)


def test_the_cookie_of_a_sign_in_costs_no_points() -> None:
    from litestar import Response

    from med.identity.routes.door import set_cookie

    response: Response = Response(b"")
    desk = SimpleNamespace(settings=SimpleNamespace(is_https=True))
    set_cookie(SimpleNamespace(desk=desk), response, "__Host-med", "x" * 43, 12 * 3600)  # type: ignore[arg-type]
    line = response.cookies[0].to_header(header="")
    assert line.startswith("__Host-med=")
    assert "domain" not in line.lower()
    assert score(dict(PERFECT), [line]) == 135


PERFECT = {
    "content-security-policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 130),
        ({"content-security-policy": ""}, 55),  # and nobody says who may frame it
        ({"content-security-policy": "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'"}, 80),
        ({"content-security-policy": "default-src 'self'; frame-ancestors 'none'"}, 125),
        ({"strict-transport-security": ""}, 80),
        ({"strict-transport-security": "max-age=600"}, 120),
        ({"x-content-type-options": ""}, 125),
        ({"referrer-policy": "unsafe-url"}, 120),
        ({"cross-origin-resource-policy": ""}, 120),
    ],
)
def test_the_score_tells_good_from_bad(change: dict[str, str], expected: int) -> None:
    assert score({**PERFECT, **change}) == expected


# --- forms from somewhere else ----------------------------------------------------------------------------------------


def attacks(scene: Any, fields: list[tuple[str, str]]) -> dict[str, tuple[bytes, str, dict[str, str], str]]:
    """Eight ways another site might make a browser send a form: name -> (body, content type, headers, query).

    Where only the token is wrong the rest is as a browser on our own page sends it.
    """
    tokens, form = scene.walker.tokens, "application/x-www-form-urlencoded"
    own = {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8000"}
    good = [("_token", tokens["anna"]), *fields]

    def body(pairs: list[tuple[str, str]]) -> bytes:
        return urlencode(pairs).encode()

    return {
        "from another site": (body(good), form, {"sec-fetch-site": "cross-site"}, ""),
        "from another origin": (body(good), form, {"origin": "https://evil.example"}, ""),
        "from nowhere, without a token": (body(fields), form, {}, ""),
        "with the token of another sign-in": (body([("_token", tokens["bo"]), *fields]), form, own, ""),
        "with the token of a sign-in that is over": (
            body([("_token", make_token("an earlier sign-in")), *fields]), form, own, "",
        ),
        "with the token in the address": (body(fields), form, own, "_token=" + tokens["anna"]),
        "as plain text": (body(good), "text/plain", own, ""),
        "as JSON": (b'{"_token": "' + tokens["anna"].encode() + b'"}', "application/json", own, ""),
    }  # fmt: skip


@on_sqlite
def test_no_unsafe_route_takes_a_form_from_somewhere_else(scene: Any, unpainted: None, monkeypatch: Any) -> None:
    """Every route that changes something × eight forms of attack: refused, never failed, and nothing changed."""
    tried = 0
    written: list[str] = []
    real = scene.desk.doorkeeper.settle
    monkeypatch.setattr(scene.desk.doorkeeper, "settle", lambda *given: (written.append(given[2]), real(*given)))
    for route in scene.routes:
        # A link that is itself the right may be posted from anywhere: tests/notices/test_unsubscribe.py.
        if route.method != "POST" or route.handler.opt.get("by_link"):
            continue
        case = scene.cases[route.cases[0]]
        fields = [("idem", route.name), *plausible(case)]
        for name, (body, kind, headers, query) in attacks(scene, fields).items():
            place = f"{route.name}, {name}"
            path = route.fill(case)
            answer = scene.walker.send(
                "anna", path + (("&" if "?" in path else "?") + query if query else ""), body, kind, **headers
            )
            tried += 1
            assert answer.status in {400, 403}, f"{place}: {answer.status}"
    assert written == []
    assert tried >= 8 * 100


@on_sqlite
def test_a_look_stays_a_look_whatever_the_headers_say(scene: Any, unpainted: None) -> None:
    for route in scene.routes:
        if route.method == "POST":
            case = scene.cases[route.cases[0]]
            path = route.fill(case)
            asked = (
                path
                + ("&" if "?" in path else "?")
                + urlencode([("_method", "POST"), ("_token", scene.walker.tokens["anna"])])
            )
            answer = scene.walker.get("anna", asked, x_http_method_override="POST", x_method_override="POST")
            assert answer.status in {200, 303, 400, 403, 404, 405}, route.name
            twin = scene.walker.get("anna", path)
            assert answer.status == twin.status, route.name


@on_sqlite
def test_nobodys_forms_say_where_they_come_from_outside_the_demo(scene: Any, monkeypatch: Any, unpainted: None) -> None:
    """Before the sign-in no token guards a form: then the browser's own word is needed."""
    from dataclasses import replace

    monkeypatch.setattr(scene.desk, "settings", replace(scene.desk.settings, demo=False))
    for route in scene.routes:
        if route.method == "POST" and route.policy is anyone and not route.handler.opt.get("by_link"):
            case = scene.cases[route.cases[0]]
            assert scene.walker.post("", route.fill(case), plausible(case)).status == 403, route.name


def test_a_form_over_http_is_not_of_the_same_origin_as_our_https() -> None:
    from med.errors import NotAllowed
    from med.web.security import check_origin

    def sent(**headers: str) -> Any:
        return SimpleNamespace(headers={name.replace("_", "-"): value for name, value in headers.items()})

    settings: Any = SimpleNamespace(is_https=True, demo=False)
    host = "med.solbaek.example"
    check_origin(sent(host=host, origin=f"https://{host}"), settings, must_tell=True)
    check_origin(sent(host=host, sec_fetch_site="same-origin"), settings, must_tell=True)
    check_origin(sent(host=host), settings)  # no browser, and a token will be asked for
    for wrong in (
        {"origin": f"http://{host}"}, {"origin": "null"}, {"origin": f"https://{host}.evil.example"},
        {"origin": f"https://{host}:444"}, {"sec_fetch_site": "same-site"}, {"sec_fetch_site": ""}, {},
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            check_origin(sent(host=host, **wrong), settings, must_tell=True)


# --- hosts, proxies, addresses ----------------------------------------------------------------------------------------


def status(edge: Edge, *headers: tuple[bytes, bytes], peer: str = "192.0.2.1") -> int:
    found: list[int] = []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    scope = {"type": "http", "method": "GET", "headers": list(headers), "client": (peer, 1)}
    asyncio.run(edge(scope, lambda: None, send))  # type: ignore[arg-type]
    return found[0]


@pytest.fixture
def behind(tmp_path: Any) -> Any:
    """`behind("10.0.0.0/24")`: the edge of an installation behind those proxies, and its settings."""

    async def fine(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def make(*proxies: str) -> tuple[Edge, Settings]:
        settings = Settings(tmp_path, "sqlite:///x", "s" * 40, base_url=HTTPS, proxies=proxies)
        return Edge(fine, settings), settings

    return make


OURS, THEIRS = (b"host", b"med.solbaek.example"), (b"host", b"evil.example")


def test_every_host_a_request_names_must_be_ours(behind: Any) -> None:
    edge, _ = behind()
    assert status(edge, OURS) == 200
    assert status(edge, (b"host", b"MED.solbaek.example:443")) == 200
    for wrong in (
        [THEIRS],
        [],
        [(b"host", b"")],
        [OURS, THEIRS],
        [THEIRS, OURS],
        [(b"host", b"med.solbaek.example.evil.example")],
        [(b"host", b"127.0.0.1")],
        [(b"host", "mød".encode())],
        [(b"host", b"evil.example#med.solbaek.example")],
    ):
        assert status(edge, *wrong) == 400, wrong


def test_what_a_proxy_passes_on_is_believed_only_of_one_we_know(behind: Any) -> None:
    forwarded = (b"x-forwarded-host", b"evil.example")
    edge, _ = behind()
    assert status(edge, OURS, forwarded) == 200  # ignored: nothing is made from it
    edge, _ = behind("10.0.0.0/24", "::1")
    assert status(edge, OURS, forwarded, peer="192.0.2.1") == 200
    assert status(edge, OURS, forwarded, peer="10.0.0.9") == 400
    assert status(edge, OURS, (b"x-forwarded-host", b"med.solbaek.example, evil.example"), peer="::1") == 400
    assert status(edge, OURS, (b"x-forwarded-host", b"med.solbaek.example"), peer="10.0.0.9") == 200
    assert status(edge, OURS, *[(b"x-forwarded-host", b"med.solbaek.example")] * 99, peer="10.0.0.9") == 400


@pytest.mark.parametrize(
    ("peer", "came", "counted"),
    [
        ("10.0.0.9", ["203.0.113.5"], "203.0.113.5"),
        ("10.0.0.9", ["1.1.1.1, 203.0.113.5"], "203.0.113.5"),  # what stands before it anybody may have written
        ("10.0.0.9", ["1.1.1.1", "203.0.113.5, 10.0.0.7"], "203.0.113.5"),
        ("10.0.0.9", [], ""),
        ("10.0.0.9", ["nonsense"], ""),
        ("10.0.0.9", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("10.0.0.9", ["::ffff:203.0.113.5"], "203.0.113.5"),
        ("::ffff:10.0.0.9", ["203.0.113.5"], "203.0.113.5"),  # a server that listens at [::] meets IPv4 so
        ("10.0.0.9", ["1.1.1.1, 203.0.113.5:50123"], "203.0.113.5"),  # some proxies write the port, too
        ("10.0.0.9", ["203.0.113.5:50123, 10.0.0.7:443"], "203.0.113.5"),
        ("10.0.0.9", ["[2001:db8:1:2::5]:50123"], "2001:db8:1:2::/64"),
        ("192.0.2.1", ["203.0.113.5"], "192.0.2.1"),  # not one of ours, and who says so is who it is
        ("", ["203.0.113.5"], ""),
    ],
)
def test_whose_address_is_counted(behind: Any, peer: str, came: list[str], counted: str) -> None:
    _, settings = behind("10.0.0.0/24")
    headers = SimpleNamespace(getall=lambda name, default: came or default)
    request = SimpleNamespace(client=SimpleNamespace(host=peer), headers=headers)
    assert client_address(request, settings) == counted
