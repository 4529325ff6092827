"""What the door, the transaction of a request and the language promise every page."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from litestar import Response
from litestar.testing import TestClient
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import TimeoutError as PoolTimeout

import med.app
from med import clock, demo
from med.access import anyone, signed_in
from med.app import create_app
from med.db import Database
from med.errors import Conflict, NotFound
from med.identity.models import FeedToken, SignIn, Submission
from med.language import T
from med.migrations import head
from med.organisation.models import Person
from med.settings import Settings
from med.slices import Slice
from med.web.edge import takes_gzip
from med.web.routing import Visit, get, post
from tests.visitors import Visitor

# --- pages that do what no page should, to see what comes of it -----------------------------------------------------

said_after: list[str] = []
together = threading.Barrier(2, timeout=0.5)


def rename(visit: Visit, device: str) -> None:
    visit.db.execute(update(SignIn).where(SignIn.id == visit.arrival.sign_in_id).values(device=device))


@get("/proeve/skriver", name="trial.writes", policy=signed_in)
def reading_that_writes(visit: Visit) -> Response:
    rename(visit, "written by a look")
    return visit.go("/")


@get("/proeve/fejl", name="trial.fails", policy=anyone)
def failing(visit: Visit) -> Response:
    return visit.to("trial.no_such_route")


@post("/proeve/gem", name="trial.save", policy=signed_in)
def save(visit: Visit) -> Response:
    """Writes, and then ends in the way that is asked for."""
    rename(visit, visit.form.get("words"))
    visit.after.append(lambda: said_after.append(visit.form.get("words")))
    match visit.form.get("end"):
        case "422":
            return visit.page("errors/error.html", status=422, objections=[], status_code=422)
        case "404":
            raise NotFound
        case "409":
            raise Conflict(T("Gem"))
        case "template":
            return visit.page("errors/no_such_template.html")
        case "unicode":
            raise ZeroDivisionError
        case "twice":
            visit.db.add(Submission(person_id=visit.viewer.person_id, key="k", at=clock.now()))
            visit.db.add(Submission(person_id=visit.viewer.person_id, key="k", at=clock.now()))
            visit.db.flush()
    return visit.go("/")


@post("/proeve/kryds", name="trial.cross", policy=signed_in)
def cross(visit: Visit) -> Response:
    """Takes two rows in the order that is asked for, and waits for another who takes them the other way round."""
    for handle in visit.form.get("order").split():
        visit.db.execute(update(Person).where(Person.handle == handle).values(theme=visit.form.get("theme")))
        with contextlib.suppress(threading.BrokenBarrierError):  # the second time round nobody else is on the way
            together.wait()
    return visit.go("/")


trial_pages = Slice("trial", handlers=[reading_that_writes, failing, save, cross], policies=[])


@pytest.fixture(scope="module")
def trial_app(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("trial")
    url = f"sqlite:///{folder / 'empty.db'}" if backend == "sqlite" else "postgresql+psycopg:///never-asked"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(med.app, "SLICES", (*med.app.SLICES, trial_pages))
        app = create_app(Settings(data_dir=folder, database_url=url, secret="s" * 40, demo=True))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield SimpleNamespace(app=app, client=client, folder=folder)


@pytest.fixture
def trial(trial_app: SimpleNamespace, database: Database) -> Callable[[str], Visitor]:
    """`trial("anna")` is Anna where the trial pages are."""
    trial_app.app.state.desk.database = database
    said_after.clear()
    together.reset()
    return lambda handle="": Visitor(trial_app.client).sign_in(handle) if handle else Visitor(trial_app.client)


def device_of(database: Database, handle: str) -> str | None:
    with database.reading() as db:
        return db.scalar(select(SignIn.device).join(Person).where(Person.handle == handle))


# --- one request, one transaction -----------------------------------------------------------------------------------


def test_a_look_cannot_write(trial, database):
    anna = trial("anna")
    assert anna.open("/proeve/skriver", follow=False).status_code == 500
    assert device_of(database, "anna") != "written by a look"
    with database.reading() as db, pytest.raises(Exception, match=r"readonly|read-only"):
        db.execute(update(Person).values(theme="dark"))


@pytest.mark.parametrize(
    ("end", "status"), [("422", 422), ("404", 404), ("409", 409), ("template", 500), ("unicode", 500), ("twice", 500)]
)
def test_what_is_refused_or_fails_saves_nothing(trial, database, end, status):
    anna = trial("anna")
    before = device_of(database, "anna")
    answer = anna.submit("/proeve/gem", words="half done", end=end, idem="a-form")
    assert answer.status_code == status
    assert "<h1" in answer.text
    assert "Traceback" not in answer.text
    assert device_of(database, "anna") == before
    assert said_after == []
    # Nor is the form's own key: sent again after the reason is gone, it counts.
    assert anna.submit("/proeve/gem", words="whole", end="", idem="a-form").status_code == 303
    assert device_of(database, "anna") == "whole"
    assert said_after == ["whole"]


def test_a_commit_that_fails_is_never_called_saved(trial, database):
    anna = trial("anna")
    before = device_of(database, "anna")

    def fail(connection):
        raise RuntimeError("the power is gone")

    event.listen(database.write_engine, "commit", fail)
    try:
        answer = anna.submit("/proeve/gem", words="lost", end="")
    finally:
        event.remove(database.write_engine, "commit", fail)
    assert answer.status_code == 500
    assert "Intet er gemt" in answer.words
    assert device_of(database, "anna") == before
    assert said_after == []
    assert anna.submit("/proeve/gem", words="kept", end="").status_code == 303  # the connection is good again
    assert device_of(database, "anna") == "kept"


def test_a_link_to_nowhere_is_our_fault_not_the_readers(trial):
    assert trial().open("/proeve/fejl", follow=False).status_code == 500


def test_two_that_wait_for_each_other_both_get_through(trial, database):
    if database.is_sqlite:
        together.abort()  # one writer at a time: nobody is met on the way
    anna, bo = trial("anna"), trial("bo")
    tokens = {who: who.open("/mig").tree.xpath("string(//input[@name='_token']/@value)") for who in (anna, bo)}

    def send(who: Visitor, order: str) -> int:
        form = {"_token": tokens[who], "order": order, "theme": "dark"}
        return who.post("/proeve/kryds", form).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, (anna, bo), ("carla freja", "freja carla")))
    assert answers == [303, 303]
    with database.reading() as db:
        assert db.scalar(select(func.count()).where(Person.theme == "dark")) == 2


# --- the same form twice --------------------------------------------------------------------------------------------


def addresses(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(FeedToken))


def test_a_form_sent_again_has_one_effect_and_the_first_answer(visitor, database):
    anna = visitor("anna")
    before = addresses(database)
    token = anna.open("/mig").tree.xpath("string(//input[@name='_token']/@value)")
    pairs = {"_token": token, "idem": "one", "filters": ""}
    assert anna.post("/mig/adresser", pairs).status_code == 200
    assert anna.post("/mig/adresser", pairs).status_code == 303
    assert addresses(database) == before + 1
    # The key is the person's own: another's form of the same key is another form.
    bo = visitor("bo")
    assert bo.submit("/mig/adresser", idem="one", filters="").status_code == 200
    assert addresses(database) == before + 2


def test_a_form_sent_many_times_at_once_has_one_effect(visitor, database):
    anna = visitor("anna")
    before = addresses(database)
    token = anna.open("/mig").tree.xpath("string(//input[@name='_token']/@value)")
    with ThreadPoolExecutor(6) as pool:
        sent = [
            pool.submit(anna.post, "/mig/adresser", {"_token": token, "idem": "same", "filters": ""}) for _ in range(6)
        ]
        answers = sorted(one.result().status_code for one in sent)
    assert answers == [200, 303, 303, 303, 303, 303]
    assert addresses(database) == before + 1


# --- the door -------------------------------------------------------------------------------------------------------


def test_the_cookie_is_the_browsers_alone(visitor):
    answer = visitor().post("/log-ind/demo", {"person": "anna"})
    words = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert words == {"httponly", "samesite=lax", "path=/", "max-age=43200"}
    anna = visitor("anna")
    out = anna.open("/").form("Log ud").send()
    assert "max-age=0" in out.headers["set-cookie"].lower()
    assert '"cache"' in out.headers["clear-site-data"]


@pytest.mark.parametrize("planted", ["chosen-by-another", "", "a" * 5000, '"quoted; x"', "\x01"])
def test_a_planted_cookie_opens_nothing_and_does_not_survive_sign_in(visitor, planted):
    someone = visitor()
    someone.cookies["med"] = planted
    assert someone.open("/mig", follow=False).status_code == 303
    someone.sign_in("carla")
    assert someone.cookies["med"] != planted
    thief = visitor()
    thief.cookies["med"] = planted
    assert thief.open("/mig", follow=False).status_code == 303


def test_a_new_sign_in_ends_the_one_before_it_in_the_same_browser(visitor):
    browser = visitor("anna")
    old = browser.cookies["med"]
    page = browser.open("/log-ind")
    pairs = {"_token": browser.open("/mig").tree.xpath("string(//input[@name='_token']/@value)"), "person": "bo"}
    assert browser.post("/log-ind/demo", pairs).status_code == 303
    assert page.status_code == 200
    assert browser.cookies["med"] != old
    left = visitor()
    left.cookies["med"] = old
    assert left.open("/mig", follow=False).status_code == 303


def test_the_form_token_of_another_sign_in_is_refused(visitor):
    anna, elsewhere = visitor("anna"), visitor("anna")
    token = elsewhere.open("/mig").tree.xpath("string(//input[@name='_token']/@value)")
    for bad in (token, "", "æøå", "A" * 44, token[:-2], token + "AAAA"):
        assert anna.post("/mig", {"_token": bad, "language": "en"}).status_code == 403
    assert anna.open("/mig").tree.get("lang") == "da"


def test_a_sign_in_ends_after_an_hour_without_a_sign_of_life(visitor):
    idle, reader, writer = visitor("anna"), visitor("bo"), visitor("carla")
    for minutes in (30, 59):
        with clock.at(demo.NOW + timedelta(minutes=minutes)):
            assert reader.open("/mig", follow=False).status_code == 200
    token = writer.open("/mig").tree.xpath("string(//input[@name='_token']/@value)")
    for minutes in (40, 80):  # someone who only writes, such as by saving as they type, is here too
        with clock.at(demo.NOW + timedelta(minutes=minutes)):
            answer = writer.post("/mig", {"_token": token, "theme": "dark"}, **{"x-fragment": "1"})
            assert answer.status_code == 303, minutes
            assert "log-ind" not in answer.headers["location"]
    with clock.at(demo.NOW + timedelta(minutes=81)):
        assert idle.open("/mig", follow=False).status_code == 303
        assert reader.open("/mig", follow=False).status_code == 200


def test_a_sign_in_ends_after_twelve_hours_whatever_happens(visitor):
    anna = visitor("anna")
    for half in range(1, 24):
        with clock.at(demo.NOW + timedelta(minutes=30 * half)):
            assert anna.open("/mig", follow=False).status_code == 200
    with clock.at(demo.NOW + timedelta(hours=12, seconds=1)):
        assert anna.open("/mig", follow=False).status_code == 303


def test_a_request_on_its_way_cannot_bring_a_sign_out_back(visitor, app, database):
    anna = visitor("anna")
    door = app.state.desk.doorkeeper
    crumbs = "; ".join(f"{name}={value}" for name, value in {"andet": "x", **anna.cookies}.items())
    request = SimpleNamespace(scope={"headers": [(b"cookie", crumbs.encode())], "query_string": b""})
    with database.reading() as db:
        arrival = door.arrive(db, request)
    assert arrival.viewer.handle == "anna"
    cookies = dict(anna.cookies)
    anna.open("/").form("Log ud").send()
    with database.writing() as db:
        door.touch(db, arrival)
    anna.cookies = cookies
    assert anna.open("/mig", follow=False).status_code == 303


@pytest.mark.parametrize("where", ["https://ondt.example", "//ondt.example", "/\\ondt.example", "/\r\nSet-Cookie: x=1"])
def test_the_way_onwards_stays_on_this_site(visitor, where):
    answer = visitor().post("/log-ind/demo", {"person": "anna", "videre": where})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("where", ["//ondt.example/x", "/\\ondt.example/x", "/%2f%2fondt.example/x"])
def test_a_page_that_is_not_there_leads_nowhere_else(visitor, where):
    answer = visitor().open(where)
    assert answer.status_code in {400, 404}
    assert [link for link in answer.links() if "ondt" in link] == []


def test_the_way_onwards_may_have_danish_letters(visitor):
    answer = visitor().post("/log-ind/demo", {"person": "anna", "videre": "/beslutninger?q=trøst€"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/beslutninger?q=tr%C3%B8st%E2%82%AC"


# --- two languages --------------------------------------------------------------------------------------------------


def test_visitors_of_both_languages_at_once_do_not_mix(visitor):
    people = {handle: ("en" if n % 2 else "da") for n, handle in enumerate(("anna", "bo", "carla", "dorte"))}
    browsers = {handle: visitor(handle) for handle in people}
    for handle, lang in people.items():
        browsers[handle].open(f"/mig?sprog={lang}")

    def look(handle: str) -> None:
        mine, other = ("Log ud", "Sign out") if people[handle] == "da" else ("Sign out", "Log ud")
        for path in ("/mig", "/findes-ikke", "/moeder", "/beslutninger"):
            page = browsers[handle].open(path)
            assert page.tree.get("lang") == people[handle], (handle, path)
            assert mine in page.text, (handle, path)
            assert other not in page.text, (handle, path)
        refused = browsers[handle].post("/mig", {"_token": "old"})
        assert ("for gammel" in refused.words) == (people[handle] == "da")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, [*people] * 3))
    assert visitor().open("/log-ind").tree.get("lang") == "da"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_waits_to_write_is_not_overtaken(database):
    """Words that save themselves come as fast as they are answered; forms wait in the writer's thread."""
    done = threading.Event()

    def form():
        with database.writing():
            done.set()

    with database.writing(now=True):
        waiting = threading.Thread(target=form)
        waiting.start()
        until = time.monotonic() + 10
        while not database._waiting and time.monotonic() < until:
            time.sleep(0.001)
        with pytest.raises(PoolTimeout), database.writing(now=True):
            pass
    is_through = False
    while not is_through and time.monotonic() < until:
        with contextlib.suppress(PoolTimeout), database.writing(now=True):
            assert done.is_set()  # who waited was first
            is_through = True
    waiting.join()
    assert is_through


# --- a database that is busy or gone --------------------------------------------------------------------------------


def test_a_busy_database_is_said_and_reading_goes_on(visitor, database, caplog):
    anna = visitor("anna")
    token = anna.open("/mig").tree.xpath("string(//input[@name='_token']/@value)")

    @event.listens_for(database.write_engine, "connect")
    def be_quick(connection, _record):
        connection.execute("PRAGMA busy_timeout=50" if database.is_sqlite else "SET lock_timeout = '50ms'")
        if not database.is_sqlite:
            connection.commit()

    database.close()
    other = Database(database.url)
    with other.write_engine.connect() as holder:
        holder.execute(text("SELECT 1" if database.is_sqlite else "LOCK TABLE person, sign_in IN EXCLUSIVE MODE"))
        answer = anna.post("/mig", {"_token": token, "theme": "dark"})
        assert answer.status_code == 503
        assert "Databasen er optaget" in answer.words
        with clock.at(
            demo.NOW + timedelta(minutes=5)
        ):  # that Anna was here cannot be noted, and she reads all the same
            assert anna.open("/mig", follow=False).status_code == 200
        assert any("not noted on GET identity.me" in line for line in caplog.messages)
        holder.rollback()
    other.close()
    assert anna.post("/mig", {"_token": token, "theme": "dark"}).status_code == 303
    event.remove(database.write_engine, "connect", be_quick)  # the engine serves the tests to come, too


@pytest.fixture
def gone(app, database, tmp_path):
    """The database answers no longer."""
    url = (
        f"sqlite:///{tmp_path / 'gone' / 'med.db'}"
        if database.is_sqlite
        else "postgresql+psycopg://nobody@127.0.0.1:1/x"
    )
    away = Database(url)
    if database.is_sqlite:
        (tmp_path / "gone").rmdir()
    app.state.desk.database = away
    yield
    app.state.desk.database = database
    away.close()


def test_a_database_that_is_gone_is_said(visitor, gone):
    someone = visitor()
    someone.cookies["med"] = "x"
    for page in (someone.open("/moeder"), someone.post("/log-ind/demo", {"person": "anna"})):
        assert page.status_code == 503
        assert "Databasen er optaget" in page.words
    assert someone.open("/findes-ikke").status_code == 404
    assert someone.open("/livez").status_code == 200
    ready = someone.open("/readyz")
    assert (ready.status_code, ready.text) == (503, "The database does not answer.")


def test_readiness_names_what_is_wrong(visitor, app, database, tmp_path, monkeypatch):
    someone = visitor()
    assert (someone.open("/readyz").status_code, someone.open("/readyz").text) == (200, "ok")
    with database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert "The tables are at 0000" in someone.open("/readyz").text
    with database.writing() as db:  # the tables of a later program that this one can go on with, then of one it cannot
        db.execute(text("UPDATE alembic_version SET version_num = '9998'"))
        db.execute(text("INSERT INTO schema_step (revision, works_with) VALUES ('9998', :head)"), {"head": head()})
        db.execute(text("INSERT INTO schema_step (revision, works_with) VALUES ('9999', '9998')"))
    assert someone.open("/readyz").text == "ok"
    with database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "The tables are at 9999" in someone.open("/readyz").text
    with database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head()})
    monkeypatch.setattr(med.app, "LEAST_FREE", 2**60)
    assert someone.open("/readyz").text == "The disk is full."
    desk = app.state.desk
    desk.settings = Settings(data_dir=tmp_path / "nowhere", database_url=database.url, secret="s" * 40, demo=True)
    ready = someone.open("/readyz")
    assert (ready.status_code, ready.text) == (503, "The data folder cannot be written.")


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True),
        ("br, GZIP ; q=0.5", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("x-gzip-like", False),
        ("identity, gzip;q=1.0", True),
    ],
)
def test_who_takes_gzip(header, takes):
    assert takes_gzip(header) is takes
