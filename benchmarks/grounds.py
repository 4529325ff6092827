"""Municipalities to measure on, made once for a run: generated, and furnished with what is asked for besides decisions.

Everything stands beside the demo's personas: a meeting of fifteen items with minutes, one that is going on, people who
are signed in, private addresses, and somebody with a password of their own.
"""

import hashlib
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from benchmarks.long_meeting import hold_long_meeting, open_long_meeting
from benchmarks.machine import cpu_seconds, running
from benchmarks.municipality import build
from med import clock, demo
from med.access import SeatRole, Viewer
from med.db import Database
from med.decisions.models import Decision
from med.identity.accounts import set_password
from med.identity.actions import make_feed_token
from med.identity.models import FeedToken, SignIn
from med.identity.passwords import hash_now
from med.organisation.models import Committee, Employment, Person, Seat
from med.organisation.queries import person_by_handle, viewer_for
from scripts.postgres import running_postgres

VIEWERS = 2000
READERS = 20  # with private addresses
PASSWORD = "tre små grise i vagtplanen"  # of somebody who is made up
COOKIE = "med"


@dataclass
class Ground:
    """A municipality in a database, not yet served."""

    folder: Path
    url: str
    decisions: int
    seconds: float = 0.0  # that making it took
    cpu: float = 0.0
    postgres: int = 0  # the process id of its server
    places: dict[str, Any] = field(default_factory=dict)

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @cached_property
    def _aside(self) -> Any:
        if not self.is_sqlite:
            connection = psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)
            connection.execute("SET synchronous_commit = off")
            return connection
        file = self.url.removeprefix("sqlite:///")
        aside = sqlite3.connect(file, isolation_level=None, timeout=20, check_same_thread=False)
        aside.execute("PRAGMA synchronous = OFF")
        return aside

    def save(self) -> None:
        """Somebody saves something, elsewhere: what readers remember is worth nothing from now on."""
        # Another value each time: SQLite does not write what is there already.
        self._aside.execute(
            "UPDATE sign_in SET device = CASE device WHEN 'x' THEN 'y' ELSE 'x' END"
            " WHERE id = (SELECT min(id) FROM sign_in)"
        )

    @contextmanager
    def served(self, port: int) -> Iterator["Served"]:
        command = [sys.executable, "-m", "med.cli", "demo", "--port", str(port), "--data-dir", str(self.folder)]
        with running(command, port, {"MED_DATABASE_URL": self.url, "MED_PROXIES": "127.0.0.1"}) as pid:
            served = Served(self, port, [pid, *([self.postgres] if self.postgres else [])])
            served.settle()
            yield served


@dataclass
class Served:
    """The same with its server, and the processes that work for it."""

    ground: Ground
    port: int
    pids: list[int]

    def cpu(self) -> float:
        return sum(map(cpu_seconds, self.pids))

    def settle(self, patience: float = 60) -> None:
        """Wait until what a start brings with it, jobs that are due among it, is done."""
        until, before = time.monotonic() + patience, self.cpu()
        while time.monotonic() < until:
            time.sleep(1)
            now = self.cpu()
            if now - before < 0.02:
                return
            before = now


class Grounds:
    """Makes them when they are asked for, and takes them away in the end; in a `folder` of one's own they stay."""

    def __init__(self, seed: int, folder: Path | None = None) -> None:
        self.seed, self.own = seed, folder
        self.leaving = ExitStack()
        self.made: dict[tuple[str, int], Ground] = {}

    def __enter__(self) -> "Grounds":
        return self

    def __exit__(self, *_: object) -> None:
        self.leaving.close()

    @cached_property
    def folder(self) -> Path:
        return self.own or Path(self.leaving.enter_context(tempfile.TemporaryDirectory()))

    def take(self, kind: str, decisions: int) -> Ground:
        if (kind, decisions) not in self.made:
            self.made[kind, decisions] = self._make(kind, decisions)
        return self.made[kind, decisions]

    def _make(self, kind: str, decisions: int) -> Ground:
        folder = self.folder / f"{kind}-{decisions}-{self.seed}"
        done = folder / "made.json"
        if kind == "sqlite" and done.exists():
            return Ground(folder, f"sqlite:///{folder / 'med.db'}", decisions, **json.loads(done.read_text()))
        url, server = f"sqlite:///{folder / 'med.db'}", 0
        if kind == "postgresql":
            # Each has a server of its own, so that what one costs is not taken for the other's.
            postgres = self.leaving.enter_context(running_postgres())
            url = postgres.create("municipality")
            server = int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0])
        pids = [os.getpid(), *([server] if server else [])]
        began, used = time.monotonic(), sum(map(cpu_seconds, pids))
        build(folder, decisions, self.seed, url)
        cost: dict[str, Any] = {"seconds": time.monotonic() - began, "cpu": sum(map(cpu_seconds, pids)) - used}
        made: dict[str, Any] = {**cost, "places": hold_meetings(url)}
        done.write_text(json.dumps(made))
        return Ground(folder, url, decisions, postgres=server, **made)


# --- what is asked for besides ----------------------------------------------------------------------------------------


def hold_meetings(url: str) -> dict[str, Any]:
    database = Database(url)
    try:
        with clock.at(demo.NOW), database.writing() as db:
            meeting, _ = hold_long_meeting(db)
            room, items = open_long_meeting(db)
            return {"meeting": meeting, "room": room, "items": items}
    finally:
        database.close()


def furnish(ground: Ground) -> None:
    """People at their browsers and private addresses; a second time they are made anew."""
    database = Database(ground.url)
    try:
        with clock.at(demo.NOW), database.writing() as db:
            body = db.scalars(select(Committee.id).where(Committee.key == "u1")).one()
            somebody = plain_employee(db)
            member = a_chair(db, body)
            keeper = person_by_handle(db, "julie")
            assert keeper is not None
            set_password(db, None, keeper, hash_now(PASSWORD), anew=True)
            people = {"member": member, "employee": somebody, "outsider": person_id(db, "ivan")}
            working = list(
                db.scalars(
                    select(Person.id).join(Employment).where(Employment.ends.is_(None)).distinct().limit(VIEWERS)
                )
            )
            db.execute(delete(SignIn).where(SignIn.how == "persona"))
            db.execute(delete(FeedToken))
            feeds, calendars = addresses(db, [member, *working[:READERS]])
            ground.places |= {
                "committee": body,
                "decisions": list(db.scalars(some_open_decisions())),
                "personas": dict(zip(people, sign_in(db, "persona", list(people.values())), strict=True)),
                "anna": sign_in(db, "anna", [person_id(db, "anna")])[0],
                "cookies": sign_in(db, "viewer", list(islice(cycle(working), VIEWERS))),
                "first": sign_in(db, "first", list(islice(cycle(working), 2 * VIEWERS)), is_here=False),
                "feeds": feeds,
                "calendars": calendars,
            }
    finally:
        database.close()


def person_id(db: Session, handle: str) -> int:
    found = person_by_handle(db, handle)
    assert found is not None, handle
    return found.id


def a_chair(db: Session, committee: int) -> int:
    """Who presides over one of the many committees, and reads what is closed to others."""
    chairs = select(Seat.person_id).where(
        Seat.committee_id == committee, Seat.role == SeatRole.CHAIR, Seat.ends.is_(None)
    )
    return db.scalars(chairs.order_by(Seat.id)).one()


def plain_employee(db: Session) -> int:
    """Who has no seat and answers for a few decisions: as many in a small municipality as in a large one."""
    few = (
        select(Decision.responsible_id)
        .where(Decision.responsible_id.not_in(select(Seat.person_id).where(Seat.ends.is_(None))))
        .where(Decision.published_at.is_not(None), Decision.is_open)
        .group_by(Decision.responsible_id)
        .having(func.count() == 8)
        .order_by(Decision.responsible_id)
    )
    return next(id for id in db.scalars(few) if id is not None and viewer_for(db, id).is_employee)


def some_open_decisions() -> Any:
    return (
        select(Decision.id)
        .where(Decision.is_open, Decision.published_at.is_not(None))
        .order_by(Decision.published_at.desc(), Decision.id.desc())
        .limit(400)
    )


def sign_in(db: Session, what: str, people: list[int], is_here: bool = True) -> list[str]:
    """Cookies as their browsers have them. With `is_here` nobody's visit is their first in a minute, which would be
    noted."""
    rows, cookies = [], []
    for number, person in enumerate(people):
        token = hashlib.sha256(f"{what} {number}".encode()).hexdigest()
        cookies.append(f"{COOKIE}={token}")
        rows.append(
            {
                "token_hash": hashlib.sha256(token.encode()).hexdigest(), "person_id": person, "device": "",
                "created_at": demo.NOW, "seen_at": demo.NOW + timedelta(hours=6 if is_here else 0),
                "expires_at": demo.NOW + timedelta(hours=12), "news_since": demo.NOW - timedelta(days=12 + number % 9),
                "how": "persona",
            }
        )  # fmt: skip
    db.execute(insert(SignIn), rows)
    return cookies


def addresses(db: Session, people: list[int]) -> tuple[list[str], list[str]]:
    feeds, calendars = [], []
    for person in people:
        viewer: Viewer = viewer_for(db, person)
        if not viewer.is_employee:
            continue
        feeds.append(f"/feeds/{make_feed_token(db, viewer, 'decisions')}/beslutninger.atom")
        calendar = make_feed_token(db, viewer, "calendar", "moeder=mine&opgaver=begivenhed&varsel=30")
        calendars.append(f"/kalender/{calendar}.ics")
    return feeds, calendars
