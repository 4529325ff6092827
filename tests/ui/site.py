"""Medspil as people meet it: the real server in a process of its own, and what is to be found there."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError

from sqlalchemy import func, select

from med.competence_compass.models import (
    Activity,
    Assignment,
    Exam,
    Goal,
    Occasion,
    Participation,
    Run,
    RunLeader,
    WaitingEntry,
    WaitingOutcome,
)
from med.db import Database
from med.decisions.models import Decision, FollowUp
from med.demo.furnish import NOW
from med.demo.workplace import uid
from med.meetings.models import Attendance, Item, Meeting, Proposal
from med.organisation.access import on_day
from med.organisation.models import Committee, Person, Seat
from med.web.signing import seal
from tests.ui.stage import link_to

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first has no window
# Nothing of the browser's own: no updates, no sync, no guesses at what will be visited.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


class Named:
    """Things by the key they have in the demo's files: `meeting["28-med-naeste"]` is an id."""

    def __init__(self, find: Callable[[str], int | str | None]) -> None:
        self.find = find

    def __getitem__(self, key: str | int) -> Any:
        found = self.find(str(key))  # str.format makes numbers of digits
        if found is None:
            raise KeyError(key)
        return found


@dataclass
class Site:
    """A server that runs, and its database."""

    base: str
    database: Database
    folder: Path | None = None  # where the server keeps its secret

    def __post_init__(self) -> None:
        def by(column, value=lambda key: key):
            def find(key: str) -> int | None:
                with self.database.reading() as db:
                    return db.scalar(select(column.class_.id).where(column == value(key)))

            return Named(find)

        def item(key: str) -> str:
            slug, _, position = key.partition("/")
            return uid("item", uid("meeting", slug), position)

        def seat(key: str) -> int | None:
            committee, _, handle = key.partition("/")
            with self.database.reading() as db:
                return db.scalar(
                    select(Seat.id).where(
                        Seat.committee_id == self.committee[committee], Seat.person_id == self.person[handle]
                    )
                )

        def attendance(key: str) -> int | None:
            slug, _, handle = key.partition("/")
            with self.database.reading() as db:
                return db.scalar(
                    select(Attendance.id).where(
                        Attendance.meeting_id == self.meeting[slug], Attendance.person_id == self.person[handle]
                    )
                )

        def slip(key: str) -> str:
            """The link that answers an invitation: "28-med-naeste/nadia/nej"."""
            slug, handle, hint = key.split("/")
            assert self.folder is not None
            secret = (self.folder / "secret").read_text().strip()
            return seal(secret, "svar", self.meeting[slug], self.person[handle], hint)

        def ticket(key: str) -> str:
            """The link that ends somebody's digest: "carla"."""
            assert self.folder is not None
            return seal((self.folder / "secret").read_text().strip(), "afmeld", self.person[key], "digest")

        def led_run(handle: str) -> int | None:
            """The first run under way that somebody leads."""
            with self.database.reading() as db:
                return db.scalar(
                    select(func.min(Run.id))
                    .join(RunLeader, RunLeader.run_id == Run.id)
                    .where(
                        RunLeader.person_id == self.person[handle],
                        RunLeader.ends.is_(None),
                        Run.started_at.is_not(None),
                        Run.ended_at.is_(None),
                    )
                )

        def awaited(place: str) -> int | None:
            """The activity with the longest waiting list ("0"), the next longest ("1") …"""
            with self.database.reading() as db:
                return db.scalar(
                    select(WaitingEntry.activity_id)
                    .where(WaitingEntry.outcome == WaitingOutcome.WAITING)
                    .group_by(WaitingEntry.activity_id)
                    .order_by(func.count().desc(), WaitingEntry.activity_id)
                    .offset(int(place))
                    .limit(1)
                )

        def proof(handle: str) -> int | None:
            """An exam that was passed in a run somebody leads: what a certificate is printed for."""
            with self.database.reading() as db:
                return db.scalar(
                    select(func.min(Exam.id))
                    .join(Participation, Participation.id == Exam.participation_id)
                    .join(RunLeader, RunLeader.run_id == Participation.run_id)
                    .where(Exam.passed, RunLeader.person_id == self.person[handle], on_day(RunLeader, NOW.date()))
                )

        def own_citizen(handle: str) -> int | None:
            """The first of somebody's own citizens."""
            with self.database.reading() as db:
                return db.scalar(
                    select(func.min(Assignment.citizen_id)).where(
                        Assignment.person_id == self.person[handle], on_day(Assignment, NOW.date())
                    )
                )

        def stock(handle: str) -> int | None:
            """The last time stock was taken with that citizen."""
            with self.database.reading() as db:
                return db.scalar(
                    select(func.max(Occasion.id)).where(
                        Occasion.citizen_id == own_citizen(handle), Occasion.closed_at.is_not(None)
                    )
                )

        def goal(handle: str, column: Any = Goal.id) -> int | None:
            """The first goal of any of somebody's own citizens, or that citizen."""
            with self.database.reading() as db:
                return db.scalar(
                    select(column)
                    .join(Assignment, Assignment.citizen_id == Goal.citizen_id)
                    .where(
                        Assignment.person_id == self.person[handle],
                        on_day(Assignment, NOW.date()),
                        Goal.ended_on.is_(None),
                    )
                    .order_by(Goal.id)
                    .limit(1)
                )

        self.welcome = Named(link_to)
        self.goal = Named(goal)
        self.goal_citizen = Named(lambda handle: goal(handle, Goal.citizen_id))
        self.stock = Named(stock)
        self.activity = by(Activity.code)
        self.proof = Named(proof)
        self.own_citizen = Named(own_citizen)
        self.led_run = Named(led_run)
        self.awaited = Named(awaited)
        self.slip = Named(slip)
        self.ticket = Named(ticket)
        self.committee = by(Committee.key)
        self.person = by(Person.handle)
        self.seat = Named(seat)
        self.meeting = by(Meeting.uid, lambda key: uid("meeting", key))
        self.attendance = Named(attendance)
        self.item = by(Item.uid, item)
        self.proposal = by(Proposal.uid, lambda key: uid("proposal", key))
        self.decision = by(Decision.uid, lambda key: uid("decision", key))
        self.follow_up = by(FollowUp.text)

    def path(self, pattern: str) -> str:
        """ "/moeder/{meeting[28-med-naeste]}" with the number it has here."""
        return pattern.format_map(vars(self))


@contextmanager
def running_site(
    folder: Path, database_url: str = "", now: datetime | None = None, in_earnest: bool = False
) -> Iterator[Site]:
    """`med demo` on a port of its own, with the database in the folder, or the one at the address; or `med serve`,
    where nobody is anyone they choose."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MED_")}
    if database_url:
        environment["MED_DATABASE_URL"] = database_url
    given = ["demo", "--data-dir", str(folder), *(["--now", now.isoformat()] if now else [])]
    if in_earnest:
        environment |= {"MED_DATA_DIR": str(folder), "MED_BASE_URL": f"http://127.0.0.1:{port}"}
        given = ["serve"]
    log = folder / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "med.cli", *given, "--port", str(port)],
            cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    database = Database(database_url or f"sqlite:///{folder / 'med.db'}")
    try:
        wait_for(server, f"{base}/livez", log)
        yield Site(base, database, folder)
    finally:
        database.close()
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(server: subprocess.Popen, address: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except URLError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text()[-2000:]}")
