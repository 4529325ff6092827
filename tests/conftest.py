"""Every test lives in the demo workplace, on SQLite and on PostgreSQL, at the demo's own hour."""

import base64
import fcntl
import gc
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from jinja2 import FileSystemBytecodeCache
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import event, make_url, select
from sqlalchemy.orm import Session
from xdist.scheduler import LoadScopeScheduling

from med import clock, demo, language
from med.access import Viewer
from med.app import create_app
from med.competence_compass.vault import vault_of
from med.db import Database
from med.identity.routes import PERSONAS
from med.meetings import files
from med.migrations import upgrade
from med.notices import sink
from med.organisation.models import Committee, Person
from med.organisation.queries import person_by_handle, viewer_for
from med.settings import Settings
from scripts.postgres import PostgresMissing, running_postgres
from tests.lending import Lending
from tests.routes import every_route
from tests.scenes import FILE, MAIL, set_scene
from tests.visitors import Visitor
from tests.walking import Forgetful, Walker

# What tests load stays; looking through it for what may go costs a third of collecting them, and of the oracle's.
gc.set_threshold(50_000, 20, 20)

SHARED = Path(__file__).parents[2] / "shared"
# Timing is measured in benchmarks/; a loaded machine must not fail a property.
hypothesis_settings.register_profile("medspil", deadline=None, derandomize=True)
hypothesis_settings.load_profile("medspil")

BACKENDS = ("sqlite", "postgresql")
IN_CI = os.environ.get("CI") == "true"


# Those in which a test wants PostgreSQL without saying so in its name: they go where it runs anyway.
AT_POSTGRES = {"tests/test_lending.py", "tests/test_serving.py", "tests/test_wire.py"}


class Sharing(LoadScopeScheduling):
    """Two processes share the work: one takes SQLite, one PostgreSQL, whoever is free the rest, a file at a time: the
    browser's, too, of which each has its own.

    Groups of its own xdist reads from marks, but since pytest 9.2 it does not find them any more.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # as they were collected, below

    def _split_scope(self, nodeid: str) -> str:
        file, _, rest = nodeid.partition("::")
        if file == "tests/ui/test_every_page.py":
            return nodeid  # a stretch of a walk each
        if file.startswith("tests/ui/"):
            return file
        words = rest.replace("]", "-").replace("[", "-").split("-")
        return next(
            (backend for backend in BACKENDS if backend in words), "postgresql" if file in AT_POSTGRES else file
        )


# The browser's come last, as a process takes them in one go. What is long and of one piece begins them, the many
# stretches of the walk end them, so that both processes end together.
LONG = ["test_room", "test_round", "test_keyboard", "test_without_script", "test_ways_in", "test_keeping", "test_axe"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        if item.path.parent.name != "ui":
            return 0
        name = item.path.stem
        return 1 + (LONG.index(name) if name in LONG else len(LONG) + (name == "test_every_page"))

    items.sort(key=place)
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return Sharing(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    try:
        with running_postgres() as server:
            yield server
    except PostgresMissing as missing:
        (pytest.fail if IN_CI else pytest.skip)(f"no PostgreSQL: {missing}")


# The key ring of every furnished database: each test's data folder gets it, as a server's has its own.
RING = {"current": "tests", "keys": {"tests": base64.b64encode(b"k" * 32).decode()}}


def lay_ring(folder: Path) -> Path:
    (folder / "keyring.json").write_text(json.dumps(RING))
    return folder


def furnish(url: str, folder: Path) -> None:
    database = Database(url)
    upgrade(database.write_engine)
    with database.writing() as db:
        demo.furnish(db, vault_of(lay_ring(folder)))
    database.close()


@pytest.fixture(scope="session")
def ram(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is one: databases that live for one test need not reach a disk."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30):
        yield tmp_path_factory.mktemp("ram")
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def of_all(tmp_path_factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder that the processes of a run have in common."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def furnished_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the demo workplace in it, made once by one of the processes and copied for each test."""
    folder = of_all(tmp_path_factory, "furnished")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "med.db").exists():
            furnish(f"sqlite:///{folder / 'half.db'}", folder)
            (folder / "half.db").rename(folder / "med.db")
    return folder / "med.db"


@pytest.fixture(scope="session")
def furnished_template(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    furnish(postgres.create("furnished"), tmp_path_factory.mktemp("furnished"))
    return "furnished"


@pytest.fixture(scope="session")
def lending(postgres: Any, furnished_template: str) -> Iterator[Lending]:
    made = Lending(postgres, furnished_template)
    yield made
    made.give_up()


@pytest.fixture(params=BACKENDS, scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, ram: Path) -> Iterator[str]:
    """A database of the test's own, furnished."""
    if backend == "sqlite":
        folder = Path(tempfile.mkdtemp(dir=ram))
        shutil.copyfile(request.getfixturevalue("furnished_file"), folder / "med.db")
        yield f"sqlite:///{folder / 'med.db'}"
        shutil.rmtree(folder)
        return
    lending = request.getfixturevalue("lending")
    yield lending.lend()
    lending.take_back()


@pytest.fixture(scope="session")
def engines(backend: str, request: pytest.FixtureRequest, ram: Path) -> Iterator[tuple[Database, dict[str, str]]]:
    """One pair of engines for all tests on a kind of database; each test points them at a database of its own.

    An engine remembers the SQL it has compiled. With new engines in each test most of the time went to compiling.
    """
    where: dict[str, str] = {}
    start = (
        f"sqlite:///{ram / 'start.db'}" if backend == "sqlite" else request.getfixturevalue("postgres").url("postgres")
    )
    made = Database(start)
    for engine in {made.engine, made.write_engine}:
        engine._compiled_cache.capacity = 10_000  # all that all tests ask

        @event.listens_for(engine, "do_connect")
        def elsewhere(_dialect: Any, _record: Any, given: list[Any], named: dict[str, Any]) -> None:
            if backend == "sqlite":
                given[0] = where["url"].removeprefix("sqlite:///")
            else:
                named["dbname"] = make_url(where["url"]).database

    yield made, where
    made.close()


@pytest.fixture
def database(database_url: str, engines: tuple[Database, dict[str, str]]) -> Iterator[Database]:
    made, where = engines
    if where.get("url") != database_url:  # else its lines stay: a new one has to learn every table and question anew
        made.close()
    made.url = where["url"] = database_url
    yield made
    if made.is_sqlite:
        made.close()  # the file goes


@pytest.fixture(autouse=True)
def the_hour() -> Iterator[None]:
    """The demo's own Saturday morning, in Danish. `clock.at(...)` moves a test elsewhere."""
    language.current.set("da")
    with clock.at(demo.NOW):
        yield


@pytest.fixture(scope="session")
def served(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The application, made once per kind of database; each test puts its own database and data folder in."""
    folder = tmp_path_factory.mktemp("served")
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'empty.db'}", secret="s" * 40, demo=True)
    app = create_app(settings)
    app.state.desk.pages.env.bytecode_cache = FileSystemBytecodeCache(str(of_all(tmp_path_factory, "templates")))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        yield SimpleNamespace(app=app, client=client)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The data folder of the test's own installation, with the key ring of the furnished database."""
    return lay_ring(tmp_path)


@pytest.fixture
def app(served: SimpleNamespace, database: Database, data_dir: Path) -> Litestar:
    desk = served.app.state.desk
    desk.database = database
    desk.pages.frames.clear()  # made of another test's database, which has the same numbers
    desk.settings = Settings(data_dir=data_dir, database_url=database.url, secret="s" * 40, demo=True)
    return served.app


@pytest.fixture
def visitor(app: Litestar, served: SimpleNamespace) -> Callable[[str], Visitor]:
    """`visitor("anna")` is Anna at her own browser, `visitor("nadia")` one who is no persona of the demo, and
    `visitor("")` someone who is not signed in."""

    def arrive(handle: str = "") -> Visitor:
        made = Visitor(served.client)
        if handle:  # as the demo's door lets them in, without going there: half of all tests begin with it
            desk = app.state.desk
            with desk.database.writing() as db:
                made.cookies[desk.doorkeeper.cookie] = desk.doorkeeper.open(db, person_by_handle(db, handle), "")
        return made

    return arrive


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    """A look at the database. `db.rollback()` before looking again after a visitor did something."""
    with Session(database.read_engine, expire_on_commit=False, autoflush=False) as session:
        yield session


@pytest.fixture
def write(database: Database) -> Callable[[Callable[[Session], Any]], Any]:
    """`write(lambda db: action(db, …))` runs an action in a transaction of its own and gives what it made."""

    def run(work: Callable[[Session], Any]) -> Any:
        with database.writing() as session:
            return work(session)

    return run


class People:
    """`people.anna` is Anna's id; `people.viewer("anna")` is Anna as policies know her today."""

    def __init__(self, db: Session) -> None:
        self._db = db
        self._ids = dict(db.execute(select(Person.handle, Person.id)).all())

    def __getattr__(self, handle: str) -> int:
        try:
            return self._ids[handle]
        except KeyError:
            raise AttributeError(handle) from None

    def viewer(self, handle: str) -> Viewer:
        return viewer_for(self._db, self._ids[handle])


@pytest.fixture
def people(db: Session) -> People:
    return People(db)


@pytest.fixture
def committee_id(db: Session) -> Callable[[str], int]:
    """`committee_id("aabrinken")`: the id of a committee by its key in the demo's organisation.toml."""

    def find(key: str) -> int:
        found = db.scalar(select(Committee.id).where(Committee.key == key))
        assert found is not None, key
        return found

    return find


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("needs ../shared, which is not here")
    return SHARED


@pytest.fixture(scope="module")
def scene(
    request: pytest.FixtureRequest, backend: str, served: SimpleNamespace, tmp_path_factory: Any
) -> Iterator[Any]:
    """The application over a furnished database with the scene in it, where no change is kept."""
    folder = lay_ring(tmp_path_factory.mktemp("scene"))
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("furnished_file"), folder / "med.db")
        url = f"sqlite:///{folder / 'med.db'}"
    else:
        postgres = request.getfixturevalue("postgres")
        url = postgres.new("scene", template=request.getfixturevalue("furnished_template"))
    desk = served.app.state.desk
    desk.settings = Settings(data_dir=folder, database_url=url, secret="s" * 40, demo=True)
    walker = Walker(served.app)
    with clock.at(demo.NOW):
        desk.database = real = Database(url)
        walker.sign_in(*PERSONAS)
        with real.writing() as db:
            cases = set_scene(db, vault_of(folder))
        real.close()
    files.keep(desk.settings.files_dir, "bilag.txt", FILE)
    sink.Box(sink.folder(desk.settings)).keep(MAIL)
    desk.database = Forgetful(url)
    yield SimpleNamespace(walker=walker, cases=cases, routes=every_route(served.app), desk=desk)
    walker.close()
    desk.database.close()
    if backend == "postgresql":
        request.getfixturevalue("postgres").drop("scene")
