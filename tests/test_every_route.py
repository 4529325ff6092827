"""Every route of the application × every persona, against expectations written by hand; and what holds for them all."""

import itertools
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import html
from sqlalchemy import func, select

from med import clock, demo
from med.access import anyone
from med.app import SLICES
from med.db import Base
from med.identity.routes import PERSONAS
from tests.oracle.expectations import EVERYONE, EXPECTED, HEADERS, OK, expected
from tests.routes import Route, every_route
from tests.scenes import ONE_SIDE, SECRET
from tests.walking import Answer

ROOT = Path(__file__).parents[1]
WHOLE = os.environ.get("MED_WHOLE") == "1"
SENT = {200, 303, 400, 409, 422}  # a form that its sender may send: it went through, or its words did not fit

# Pages and refusals are drawn alike over either database; who gets what is asked over both.
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

# One of each kind stands for the others where every persona has been asked about another case of the same route:
# a chair, and someone who once was a member.
SOME = ["anna", "karl"]


@pytest.fixture
def unpainted(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are decided but not drawn: thousands of answers are asked for their status alone."""
    monkeypatch.setattr(scene.desk.pages, "render", lambda *args, **kwargs: "")


@pytest.fixture(scope="module")
def routes(served: SimpleNamespace) -> list[Route]:
    return every_route(served.app)


# --- what each route must have ----------------------------------------------------------------------------------------


@on_sqlite
def test_every_route_has_a_row_of_expectations_and_every_row_a_route(routes: list[Route]):
    assert {route.name for route in routes} == set(EXPECTED)
    assert len(routes) == len(EXPECTED), "two routes share a name"
    assert set(EVERYONE) == set(PERSONAS)


@on_sqlite
def test_every_route_has_a_policy_and_an_explanation_of_it(routes: list[Route]):
    for route in routes:
        assert callable(route.policy), route.name
        assert route.policy.__name__


@on_sqlite
def test_every_handler_of_the_application_is_walked(served: SimpleNamespace, routes: list[Route]):
    """One without a name would escape this file."""
    names = {route.name for route in routes}
    for route in served.app.routes:
        for handler in getattr(route, "route_handlers", []):
            if handler.http_methods != {"OPTIONS"}:
                assert handler.name in names, f"{route.path} has no name"


def test_what_a_page_leaves_room_for_is_brought_by_a_slice():
    asked = re.compile(r'\bpanel\("(\w+)"')
    rooms = {name for path in (ROOT / "templates").rglob("*.html") for name in asked.findall(path.read_text())}
    assert rooms == {name for piece in SLICES for name in piece.panels}


def test_every_template_that_is_asked_for_exists():
    asked = set()
    for path in (ROOT / "med").rglob("*.py"):
        asked.update(re.findall(r'"([\w/]+\.html)"', path.read_text(encoding="utf-8")))
    assert asked
    assert [name for name in sorted(asked) if not (ROOT / "templates" / name).exists()] == []


@on_sqlite
def test_every_place_in_the_navigation_leads_somewhere(scene: Any):
    for piece in SLICES:
        for entry in piece.nav:
            # Some are the administrator's alone.
            assert 200 in [scene.walker.get(who, entry.href).status for who in ("anna", "ivan")], entry.href


# --- who gets what ----------------------------------------------------------------------------------------------------


def ask(scene: Any, route: Route, case: str, person: str) -> Answer:
    path = route.fill(scene.cases[case])
    who = "" if person == "nobody" else person
    return (
        scene.walker.get(who, path)
        if route.method == "GET"
        else scene.walker.post(who, path, plausible(scene.cases[case]))
    )


def plausible(case: dict[str, Any]) -> list[tuple[str, Any]]:
    """Fields that most forms can read, so that a refusal is the policy's and not the form's."""
    return [
        ("version", 1),
        ("text", "Ord"),
        ("note", "Ord"),
        ("title", "Ord"),
        ("reason", "Ord"),
        ("proof", "Ord"),
        ("to", 0),
        ("item", case["item_id"]),
        ("person_id", case["person_id"]),
        ("udvalg", case["committee_id"]),
        ("parent", case["committee_id"]),
        ("owner", "carla"),
        ("responsible", "carla"),
        ("role", "alle"),
    ]


def test_every_persona_gets_what_is_expected(scene: Any, backend: str, unpainted: None):
    """`MED_WHOLE=1`: everybody in every case, on both databases."""
    wrong, asked = [], 0
    for route in scene.routes:
        for place, case in enumerate(route.cases if WHOLE or backend == "sqlite" else route.cases[:1]):
            people = [*PERSONAS, "nobody"] if WHOLE or (place == 0 and backend == "sqlite") else SOME
            for person in people:
                asked += 1
                answer = ask(scene, route, case, person)
                assert answer.status < 500, f"{route.name} ({case}) as {person}: {answer.status}"
                assert_headers(answer)
                hoped = expected(route.name, case, person)
                fits = answer.status == hoped
                if hoped == OK:
                    fits = answer.status == 200 if route.method == "GET" else answer.status in SENT
                if not fits:
                    wrong.append(f"{route.name} ({case}) as {person}: {answer.status}, expected {hoped}")
    print(f"{backend}: {asked:,} answers at {len(scene.routes)} routes, {len(wrong)} other than expected")
    assert not wrong, "\n".join(wrong)


def assert_headers(answer: Answer) -> None:
    for name, value in HEADERS.items():
        # A file is even less at home: it may run nothing at all.
        own = name == "content-security-policy" and "sandbox" in answer.headers[name]
        assert answer.headers[name] == value or own, name
    assert "cache-control" in answer.headers
    assert "server" not in answer.headers


# --- what every page has ----------------------------------------------------------------------------------------------


READERS = ["bo", "anna", "carla", "karl", "ivan", "nobody"]
Walk = list[tuple[Route, str, str, Answer]]


@pytest.fixture(scope="module")
def walk(scene: Any) -> Walk:
    """The whole site read by some, drawn in full: (route, case, person, answer). Reading changes nothing."""
    with clock.at(demo.NOW):
        before = fingerprint(scene)
        found = [
            (route, case, person, ask(scene, route, case, person))
            for route in scene.routes
            if route.method == "GET" and route.name != "meetings.live"
            for case in route.cases
            for person in READERS
        ]
        assert fingerprint(scene) == before, "a page changed something"
    return found


def fingerprint(scene: Any) -> dict[str, Any]:
    with scene.desk.database.reading() as db:
        return {
            table.name: db.execute(select(func.count(), func.max(table.c.id)).select_from(table)).one()
            for table in Base.metadata.sorted_tables
            if "id" in table.c
        }


ANOTHERS = {"notices.mail_html"}  # a mail as its receiver sees it, without our page around it


@on_sqlite
def test_every_page_is_whole(scene: Any, walk: Walk):
    """One h1, a title, a language; the same in English, where nothing is left in Danish frames."""
    seen: set[Any] = set()
    for route in scene.routes:
        if route.method != "GET" or route.name in ANOTHERS:
            continue
        for case, person in itertools.product(route.cases, ["emil", "ivan", "hanne", ""]):
            hoped = expected(route.name, case, person or "nobody")
            mark = route.name if hoped == OK else hoped  # every page once, and every kind of refusal once
            if mark in seen:
                continue
            seen.add(mark)
            answer = ask(scene, route, case, person or "nobody")
            assert answer.status < 500, (route.name, case, person)
            if answer.is_page:
                assert_whole(scene, route.fill(scene.cases[case]), person)


def assert_whole(scene: Any, path: str, person: str) -> None:
    for language in ("da", "en"):
        page = html.fromstring(scene.walker.get(person, f"{path}?sprog={language}").text)
        place = f"{path} as {person or 'nobody'} ({language})"
        assert len(page.xpath("//h1")) == 1, place
        assert page.xpath("normalize-space(//h1)"), place
        assert page.xpath("normalize-space(//title)").strip(" –").endswith("Medspil"), place
        assert page.get("lang") == language, place
        assert len(page.xpath("//main")) == 1, place
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids)), f"{place}: {sorted({i for i in ids if ids.count(i) > 1})} stands twice"
        assert not page.xpath("//@style | //script[not(@src)] | //style | //@onclick"), place
        for form in page.xpath("//form[translate(@method, 'POST', 'post') = 'post']"):
            assert form.xpath(".//input[@name = '_token']") or not person, f"{place}: a form without its token"


@on_sqlite
def test_head_is_answered_as_get_without_a_body(scene: Any, unpainted: None):
    for route in scene.routes:
        if route.method == "GET" and "HEAD" in route.handler.http_methods:
            path = route.fill(scene.cases[route.cases[0]])
            answer = scene.walker.get("emil", path, "HEAD")
            assert answer.status == scene.walker.get("emil", path).status, route.name
            assert answer.body == b"", route.name


@on_sqlite
def test_what_is_closed_leaves_no_trace_for_outsiders(walk: Walk):
    """Titles, case texts, decisions, file names and notes that only the committee may read, on no page of the site."""
    own = {"proposals.index", "proposals.show", "overview"}  # carla's own proposal
    for route, case, person, answer in walk:
        if person in {"carla", "karl", "ivan", "nobody"}:
            where = f"{route.name} ({case}) to {person}"
            assert SECRET.encode() not in answer.body or (person == "carla" and route.name in own), where
            assert ONE_SIDE.encode() not in answer.body, where


@on_sqlite
def test_one_sides_notes_are_read_by_that_side_alone(walk: Walk):
    assert {person for _, _, person, answer in walk if ONE_SIDE.encode() in answer.body} == {"bo"}


@on_sqlite
def test_absent_and_forbidden_answer_alike(scene: Any):
    """The same status, headers and page, but for the address itself."""
    for route in scene.routes:
        numbers = [name for name in route.parameters if name.endswith("_id")]
        if not numbers or route.name == "meetings.live":
            continue
        for case in route.cases:
            if expected(route.name, case, "julie") != 404:
                continue
            there = scene.cases[case]
            path = route.fill(there)
            nowhere = route.fill({**there, **dict.fromkeys(numbers, 10**12)})
            if route.method == "GET":
                forbidden, absent = scene.walker.get("julie", path), scene.walker.get("julie", nowhere)
            else:
                fields = plausible(there)
                forbidden, absent = (scene.walker.post("julie", where, fields) for where in (path, nowhere))
            assert forbidden.status == absent.status == 404, (route.name, case)
            assert bare(forbidden, path) == bare(absent, nowhere), (route.name, case)


def bare(answer: Answer, path: str) -> tuple[dict[str, str], bytes]:
    body = answer.body.replace(path.encode(), b"")
    body = re.sub(rb'name="(_token|idem)" value="[^"]*"', b"", body)
    return {name: value for name, value in answer.headers.items() if name != "content-length"}, body


# --- forms ------------------------------------------------------------------------------------------------------------


@on_sqlite
def test_no_form_is_taken_without_its_token(scene: Any, unpainted: None):
    for route in scene.routes:
        if route.method == "POST" and route.policy is not anyone:
            case = scene.cases[route.cases[0]]
            for body in (
                plausible(case),
                [("_token", "x" * 44), *plausible(case)],
                [("_token", scene.walker.tokens["bo"])],
            ):
                answer = scene.walker.post("anna", route.fill(case), body, token=False)
                assert answer.status == 403, route.name


@on_sqlite
def test_no_form_is_taken_from_another_site(scene: Any, unpainted: None):
    for route in scene.routes:
        # A link that is itself the right may be posted from anywhere: tests/notices/test_unsubscribe.py.
        if route.method == "POST" and not route.handler.opt.get("by_link"):
            case = scene.cases[route.cases[0]]
            for headers in (
                {"sec-fetch-site": "cross-site"},
                {"sec-fetch-site": "same-site"},
                {"origin": "https://evil.example"},
            ):
                for person in ("anna", ""):
                    answer = scene.walker.post(person, route.fill(case), plausible(case), **headers)
                    assert answer.status == 403, (route.name, headers, person)
