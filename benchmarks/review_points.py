"""Does a point come twice, or never? Workers are killed at random while the points raise themselves.

    python -m benchmarks.review_points --decisions 150 --workers 2 --kills 40 --seed 1

Two copies of one workplace are lived through: in the calm one everything is raised at once by one worker, in the stormy
one workers in processes of their own are killed (kill -9), started anew, run at the same time and have clocks that are
moved forth and back. In the end both must hold the same keys, one point for each decision, and one line of the journal
for each point. Without `--database` both kinds are tried.
"""

import argparse
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, make_url, select, update
from sqlalchemy.orm import Session

from benchmarks.fill import fill
from benchmarks.killing import attempt, kill, opened, start_process
from med import clock, demo, worker
from med.app import create_app  # noqa: F401  everything a worker needs is imported once, before it is forked
from med.competence_compass.models import Activity, Dimension, EffectEstimate, EffectRun, Hypothesis, RunState
from med.competence_compass.publishing import publish
from med.competence_compass.vault import vault_of
from med.db import Database
from med.decisions.models import Decision
from med.journal.models import Entry
from med.loop.jobs import jobs
from med.loop.models import DecisionLink, LinkKind, ReviewPoint
from med.loop.raising import raise_reviews, raise_verdicts
from med.meetings.models import Proposal
from med.migrations import upgrade
from med.organisation.models import Committee
from scripts.postgres import Postgres, running_postgres

RUNS = 6
END = demo.NOW + timedelta(days=30)


@dataclass(frozen=True)
class Raised:
    """What stands in a workplace when all is done."""

    keys: frozenset[str]
    points: int
    decisions: int  # that have a point
    noted: int  # lines of the journal that say a point was raised

    @property
    def is_whole(self) -> bool:
        return self.points == self.decisions == self.noted


@dataclass(frozen=True)
class Found:
    database: str
    workers: int
    kills: int
    broken_off: int  # of the kills, those that hit a worker in the middle of a job
    calm: Raised
    stormy: Raised
    seconds: float

    @property
    def good(self) -> bool:
        return self.calm.is_whole and self.stormy.is_whole and self.calm.keys == self.stormy.keys

    def __str__(self) -> str:
        missing, extra = self.calm.keys - self.stormy.keys, self.stormy.keys - self.calm.keys
        twice = self.stormy.points - self.stormy.decisions
        return (
            f"{'Held' if self.good else '**NOT HELD**'}: {self.database}: {len(self.calm.keys)} reasons about "
            f"{self.calm.decisions} decisions, {self.workers} workers, {self.kills} kills ({self.broken_off} of them "
            f"in the middle of a job): {len(missing)} missing, {len(extra)} that should not be, {twice} points "
            f"twice, {self.stormy.noted - self.stormy.points} lines of the journal too many, {self.seconds:.0f} s"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review_points")
    parser.add_argument("--decisions", type=int, default=150)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one kind of database")
    parser.add_argument("--like", default="", help="a database furnished as the demo is, of that kind; it is copied")
    given = parser.parse_args()
    found = list(measure(given.decisions, given.workers, given.kills, given.seed, given.only, given.like))
    print("\n".join(map(str, found)))
    return 0 if all(one.good for one in found) else 1


def section(seed: int, decisions: int = 150, workers: int = 2, kills: int = 40) -> list[str]:
    return [
        f"The points of {decisions} decisions and of {RUNS} runs of the analysis raise themselves while their workers "
        "are killed (kill -9) at random and their clocks are moved forth and back, beside a copy where nothing goes "
        "wrong. Goal: the same reasons, each once; one point a decision.",
        "",
        *(f"- {one}" for one in measure(decisions, workers, kills, seed)),
    ]


def measure(
    decisions: int, workers: int, kills: int, seed: int, only: str | None = None, like: str = ""
) -> Iterator[Found]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as leaving:
        kinds: list[Files | Databases] = []
        if only != "postgresql":
            kinds.append(Files(Path(name), like))
        if only != "sqlite":
            server = Postgres(Path(make_url(like).query["host"])) if like else leaving.enter_context(running_postgres())
            kinds.append(Databases(server, like))
        for copies in kinds:
            furnish(copies.first(), Path(name), decisions, seed, not like)
            calm, stormy = copies.again("calm"), copies.again("stormy")
            yield weather(calm, stormy, workers, kills, seed)


class Files:
    """A workplace in a SQLite file, and copies of it."""

    def __init__(self, folder: Path, like: str) -> None:
        self.folder, self.like = folder, like

    def first(self) -> str:
        if self.like:
            (self.folder / "first.db").write_bytes(Path(self.like.removeprefix("sqlite:///")).read_bytes())
        return f"sqlite:///{self.folder / 'first.db'}"

    def again(self, name: str) -> str:
        (self.folder / f"{name}.db").write_bytes((self.folder / "first.db").read_bytes())
        return f"sqlite:///{self.folder / name}.db"


class Databases:
    """The same on PostgreSQL."""

    def __init__(self, postgres: Postgres, like: str) -> None:
        self.postgres, self.like, self.name = postgres, make_url(like).database if like else None, ""

    def first(self) -> str:
        url = self.postgres.new("first", template=self.like)
        self.name = make_url(url).database or ""
        return url

    def again(self, name: str) -> str:
        return self.postgres.new(name, template=self.name)


def furnish(url: str, folder: Path, count: int, seed: int, whole: bool = True) -> None:
    """The demo with more decisions whose review dates come in these weeks, activities they began, and runs unread."""
    with opened(url) as database:
        if whole:
            upgrade(database.write_engine)
        with clock.at(demo.NOW), database.writing() as db:
            if whole:
                demo.furnish(db, vault_of(folder))
            before = db.scalar(select(func.max(Decision.id))) or 0
            fill(db, count, seed)
            db.execute(update(Committee).values(ends=None))
            db.execute(update(Decision).where(Decision.id <= before).values(review=None))
            chance = random.Random(seed)
            made = list(db.scalars(select(Decision.id).where(Decision.id > before).order_by(Decision.id)))
            for decision in made:
                day = (demo.NOW + timedelta(days=chance.randrange(-5, 20))).date()
                db.execute(update(Decision).where(Decision.id == decision).values(review=day))
            link(db, made, chance)


def link(db: Session, decisions: list[int], chance: random.Random) -> None:
    for activity in db.scalars(select(Activity.id).order_by(Activity.id)).all():
        for decision in chance.sample(decisions, min(4, len(decisions))):
            db.add(DecisionLink(decision_id=decision, activity_id=activity, kind=LinkKind.STARTS, made_at=clock.now()))


def measure_again(database: Database, seed: int, number: int) -> None:
    """Another run of the analysis, the same in both copies."""
    with clock.at(demo.NOW + timedelta(hours=number + 1)), database.writing() as db:
        make_run(db, random.Random(f"{seed}/{number}"))


def make_run(db: Session, chance: random.Random) -> None:
    """A run that says something new about some activities."""
    tested = db.execute(
        select(Hypothesis.activity_id, Hypothesis.dimension_id, Dimension.version_id)
        .join(Dimension, Dimension.id == Hypothesis.dimension_id)
        .order_by(Hypothesis.id)
    ).all()
    made = EffectRun(uid=str(uuid.UUID(int=chance.getrandbits(128))), version_id=tested[0].version_id,
                     state=RunState.WAITING, asked_at=clock.now(), cut_off=clock.today(), input_sha256="0" * 64,
                     method="made up")  # fmt: skip
    db.add(made)
    db.flush()
    for activity, dimension, version in tested:
        if version == made.version_id:
            db.add(EffectEstimate(
                run_id=made.id, activity_id=activity, dimension_id=dimension, n=30, n_comparison=40, waiting_n=0,
                estimate=0.1, se=0.1, ci_low=-0.1, ci_high=0.3, detectable=0.3, shrunken=0.1,
                verdict=chance.choice(("udvikler", "tilbagegang", "uafklaret", "ingen_paaviselig_effekt")),
            ))  # fmt: skip
    db.flush()
    made.state, made.done_at = RunState.DONE, clock.now()
    db.flush()
    publish(db, made)


def weather(calm: str, stormy: str, workers: int, kills: int, seed: int) -> Found:
    """Days pass and runs come while the storm goes on, so that there is always something left to raise."""
    began, chance, broken_off = time.monotonic(), random.Random(seed), 0
    with opened(calm) as database:
        for number in range(RUNS):
            measure_again(database, seed, number)
    finish(calm)
    running = [start_worker(stormy, chance.getrandbits(32), 0) for _ in range(workers)]
    try:
        for killed in range(kills):
            with opened(stormy) as database:
                for number in range(killed * RUNS // kills, (killed + 1) * RUNS // kills):
                    measure_again(database, seed, number)
            time.sleep(chance.uniform(0.01, 0.3))
            at = chance.randrange(workers)
            broken_off += end_worker(*running[at])
            running[at] = start_worker(stormy, chance.getrandbits(32), (killed + 1) / kills)
    finally:
        for one in running:
            end_worker(*one)
    finish(stormy)
    kind = stormy.partition(":")[0].partition("+")[0]
    return Found(kind, workers, kills, broken_off, count(calm), count(stormy), time.monotonic() - began)


def finish(url: str) -> None:
    """One worker at the end of the time, whom nobody disturbs."""
    with opened(url) as database, clock.at(END):
        more = True
        while more:
            with database.writing() as db:
                more = raise_verdicts(db) or raise_reviews(db)


def count(url: str) -> Raised:
    with opened(url) as database, database.reading() as db:
        mine = select(ReviewPoint.proposal_id)
        points = db.execute(select(Proposal.id, Proposal.decision_id).where(Proposal.raised_by_id.is_(None))).all()
        return Raised(
            frozenset(db.scalars(select(ReviewPoint.key))),
            len(points),
            len({row.decision_id for row in points if row.id in set(db.scalars(mine))}),
            db.scalar(
                select(func.count()).where(
                    Entry.thing == Proposal.__tablename__,
                    Entry.happened == "proposal.raised",
                    Entry.person_id.is_(None),
                )
            )
            or 0,
        )


def start_worker(url: str, seed: int, passed: float) -> tuple[int, int]:
    """A process that does the jobs of the circle again and again: (its id, a mark that says whether it is in the middle
    of one). `passed`: how much of the time has; each time it is another hour, at times one that was before."""
    mark = os.memfd_create("job")
    os.write(mark, b"0")
    chance = random.Random(seed)

    def prepare() -> Callable[[], None]:
        database = Database(url)

        def step() -> None:
            clock.start_at(demo.NOW + timedelta(days=chance.uniform(-6, 25 * passed)))
            for job in jobs:
                os.pwrite(mark, b"1", 0)
                attempt(lambda job=job: worker.run(database, job))  # type: ignore[misc]
                os.pwrite(mark, b"0", 0)

        return step

    return start_process(prepare, lambda: chance.uniform(0, 0.05)), mark


def end_worker(pid: int, mark: int) -> bool:
    """Kill it; whether it was in the middle of a job."""
    kill(pid)
    found = os.pread(mark, 1, 0) == b"1"
    os.close(mark)
    return found


if __name__ == "__main__":
    sys.exit(main())
