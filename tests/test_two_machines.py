"""Two applications on one database, as on two machines: what one saves the other shows at its next answer."""

import threading
from collections.abc import Callable, Iterator

import pytest
from litestar.testing import TestClient
from sqlalchemy import delete, select

from med.app import create_app
from med.db import Database
from med.identity.limits import PASSWORD_HERE
from med.journal.models import JobRun
from med.settings import Settings
from med.slices import Job
from med.worker import start
from tests.visitors import Visitor


@pytest.fixture
def at_b(app, database_url) -> Iterator[Callable[[Visitor], Visitor]]:
    """`at_b(visitor)` is the same browser, at the other machine."""
    other = create_app(
        Settings(data_dir=app.state.desk.settings.data_dir, database_url=database_url, secret="s" * 40, demo=True)
    )
    with TestClient(other, base_url="http://127.0.0.1:8000") as client:

        def moved(visitor: Visitor) -> Visitor:
            made = Visitor(client)
            made.cookies = visitor.cookies
            return made

        yield moved


def test_what_is_done_at_one_machine_holds_at_the_other(visitor, at_b, committee_id):
    carla = visitor("carla")
    at_other = at_b(carla)
    feed, committee = "/beslutninger", f"/udvalg/{committee_id('med-aabrinken')}"
    old = at_other.open(committee).h1
    assert old in at_other.open(feed).words

    # A committee gets another name: no page made before may be shown again.
    form = visitor("emil").open(f"{committee}/ret").form("Gem")
    assert form.fill(name="Rådet ved åen", short_name="Rådet ved åen").send().status_code == 303
    assert at_other.open(committee).h1 == "Rådet ved åen"
    shown = at_other.open(feed).words
    assert "Rådet ved åen" in shown
    assert old not in shown

    # A sign-in that ended has ended everywhere; the cookie is kept, as a thief would.
    kept = dict(carla.cookies)
    assert at_other.open("/mig").status_code == 200
    carla.submit("/log-ud")
    at_other.cookies = kept
    assert at_other.open("/mig", follow=False).headers["location"].startswith("/log-ind")


def test_tries_at_a_password_are_counted_together(visitor, at_b):
    here = visitor("")
    machines = [here, at_b(here)]
    answers = [
        machines[number % 2]
        .post("/log-ind/konto", {"handle": "anna", "password": "forkert"}, **{"sec-fetch-site": "same-origin"})
        .status_code
        for number in range(PASSWORD_HERE.burst + 2)
    ]
    assert answers == [422] * PASSWORD_HERE.burst + [429, 429]


def test_two_workers_share_what_is_due(database, database_url, write, tmp_path):
    """Two clocks, each with a database connection of its own: every job once, and none left out."""
    write(lambda db: db.execute(delete(JobRun)))
    done: list[str] = []
    all_done = threading.Event()

    def job(name: str) -> Job:
        def work(db) -> None:
            done.append(name)
            if len(done) == 6:
                all_done.set()

        return Job(name, 60, work)

    jobs = [job(f"job {number}") for number in range(6)]
    settings = Settings(data_dir=tmp_path, database_url=database_url, secret="s" * 40)
    both = [Database(database_url) for _ in range(2)]
    clocks = [start(one, jobs, settings) for one in both]
    assert all_done.wait(20)
    for clockwork in clocks:
        clockwork.shutdown(wait=True)
    with both[0].reading() as db:
        ended = db.scalars(select(JobRun.job).where(JobRun.done_at.is_not(None))).all()
    for one in both:
        one.close()
    assert sorted(done) == sorted(ended) == [one.name for one in jobs]
