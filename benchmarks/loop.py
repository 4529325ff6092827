"""What became of decisions, where there are many: a committee's circles, its page, and one decision's circle.

`python -m benchmarks --only loop`. These pages read decisions, links, hypotheses and what is told of effects, and a run
over ten million scores leaves the same rows as the one that is made up here. Of activities that began before a decision
about them scores are read, too, once a run: from when on ten of those it rests on began. So some begin years ago, with
participants from the demo's centre, and each page is also asked just after somebody saved something.
"""

import random
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from benchmarks.addresses import per_request
from benchmarks.fill import fill
from benchmarks.machine import Caller, running
from med import clock, demo
from med.competence_compass.models import (
    Activity,
    ActivityKind,
    ActivityState,
    Citizen,
    Dimension,
    EffectEstimate,
    EffectRun,
    Hypothesis,
    Participation,
    Run,
    RunState,
    Score,
    Version,
)
from med.competence_compass.publishing import publish
from med.competence_compass.vault import vault_of
from med.db import Database, is_away
from med.decisions.models import Decision
from med.journal.actions import note
from med.journal.models import JobRun
from med.loop.models import DecisionLink, LinkKind
from med.loop.raising import READ
from med.migrations import upgrade
from med.organisation.models import Committee, Unit

PORT = 8194
ACTIVITIES = 500
LATE = 40  # of them began before half of the decisions about them
PARTICIPANTS = 60  # of each of these
BEGUN = timedelta(days=5 * 365)
RUNS = 4
HOPES = 0.4  # of the decisions say what citizens should notice
LINKED = 0.1  # have an activity
PAGES = {
    "a committee's circles": "/udvalg/{committee}/kredsloeb",
    "the next fifty of them": "/udvalg/{committee}/kredsloeb?side=1",
    "the committee's page": "/udvalg/{committee}",
    "a decision's circle": "/beslutninger/{decision}/kredsloeb",
    "the balance, with what is known": "/beslutninger/balance",
    "the page of decisions": "/beslutninger",
}
GOAL = 100
NO_GOAL = ("the balance, with what is known",)


def section(rounds: int, decisions: int, seed: int) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        places = furnish(Path(name), decisions, seed)
        command = [sys.executable, "-m", "med.cli", "demo", "--port", str(PORT), "--data-dir", name]
        with running(command, PORT) as pid:
            rows = measure(pid, places, rounds, Saver(name))
    return [
        "## The circle",
        "",
        f"{decisions:,} decisions, of which {HOPES:.0%} hope for an effect and {LINKED:.0%} have an activity, "
        f"{ACTIVITIES} activities with two hypotheses each, {RUNS} runs of the analysis; SQLite, one process, an "
        f"employee; median of {rounds} rounds. {LATE} activities had begun before about half of the decisions about "
        f"them: of these scores are read once a run (here of {PARTICIPANTS} participants each, among "
        f"{places['scores']:,} scores), and the answer is remembered whatever is saved.",
        "",
        "| page | CPU, × plain text | just after a save | the first after a run | goal | kB as sent |",
        "|---|---|---|---|---|---|",
        *rows,
    ]


def furnish(folder: Path, decisions: int, seed: int) -> dict[str, int]:
    database = Database(f"sqlite:///{folder / 'med.db'}")
    upgrade(database.write_engine)
    with clock.at(demo.NOW):
        with database.writing() as db:
            demo.furnish(db, vault_of(folder), demo.WHOLE)
            db.execute(delete(EffectRun))  # the first one, which the server would make while it is measured
            fill(db, decisions, seed)
        with database.writing() as db:
            places = close_circles(db, random.Random(seed))
    database.close()
    return places


def close_circles(db: Session, chance: random.Random) -> dict[str, int]:
    version = db.scalars(select(Version.id).where(Version.active_from.is_not(None)).order_by(Version.id)).first()
    dimensions = list(db.scalars(select(Dimension.id).where(Dimension.version_id == version)))
    unit = db.scalars(select(Unit.id).where(Unit.key == "vaerkstederne")).one()
    activities = [make_activity(db, number, unit) for number in range(ACTIVITIES)]
    db.flush()
    pairs = [(one.id, dimension) for one in activities for dimension in chance.sample(dimensions, 2)]
    db.execute(insert(Hypothesis), [
        {"activity_id": activity, "dimension_id": dimension, "expected_d": 0.3, "rationale": "Fordi det øves",
         "written_on": clock.today(), "aim": "develop", "is_exploratory": False}
        for activity, dimension in pairs
    ])  # fmt: skip
    for some, ago in ((activities[:LATE], BEGUN), (activities[LATE:], timedelta())):
        begun = {"state": ActivityState.RUNNING, "frozen_at": clock.now() - ago}
        db.execute(update(Activity).where(Activity.id.in_([one.id for one in some])).values(**begun))
    take_part(db, activities[:LATE], chance)
    every = list(db.scalars(select(Decision.id).where(Decision.published_at.is_not(None))))
    hoping = chance.sample(every, int(len(every) * HOPES))
    for start in range(0, len(hoping), 500):
        some = hoping[start : start + 500]
        db.execute(update(Decision).where(Decision.id.in_(some)).values(hoped_effect="Flere tør prøve noget nyt."))
    linked = chance.sample(hoping, int(len(every) * LINKED))
    db.execute(insert(DecisionLink), [
        {"decision_id": decision, "activity_id": chance.choice(activities).id, "made_at": clock.now(), "judgement": "",
         "kind": chance.choice((LinkKind.STARTS, LinkKind.CHANGES, LinkKind.REVIEWS))}
        for decision in linked
    ])  # fmt: skip
    for _ in range(RUNS):
        make_run(db, version or 0, pairs, chance)
    committee = db.scalars(select(Committee.id).where(Committee.key == "med-aabrinken")).one()
    shown = select(Decision.id).where(Decision.id.in_(linked[:500]), Decision.is_open).order_by(Decision.id.desc())
    scores = db.scalar(select(func.count()).select_from(Score)) or 0
    return {"committee": committee, "decision": db.scalars(shown).first() or 0, "scores": scores}


def make_activity(db: Session, number: int, unit: int) -> Activity:
    made = Activity(
        uid=str(uuid.UUID(int=number)), code=f"bench-{number}", title=f"Holdet i hus {number}", unit_id=unit,
        kind=ActivityKind.COURSE, planned_sessions=12,
    )  # fmt: skip
    db.add(made)
    return made


def take_part(db: Session, activities: list[Activity], chance: random.Random) -> None:
    """Citizens of the demo's centre, who have scores there, begin over the years."""
    citizens = list(db.scalars(select(Citizen.id)))
    for activity in activities:
        run = Run(activity_id=activity.id, number=1, starts=clock.today() - BEGUN, planned_sessions=12)
        db.add(run)
        db.flush()
        db.execute(insert(Participation), [
            {"run_id": run.id, "citizen_id": citizen, "planned": 12, "attended": 0,
             "starts": clock.today() - timedelta(days=chance.randrange(30, 900))}
            for citizen in chance.sample(citizens, PARTICIPANTS)
        ])  # fmt: skip


def make_run(db: Session, version: int, pairs: list[tuple[int, int]], chance: random.Random) -> None:
    run = EffectRun(uid=str(uuid.UUID(int=chance.getrandbits(128))), version_id=version, state=RunState.WAITING,
                    asked_at=clock.now(), cut_off=clock.today(), input_sha256="0" * 64, method="made up")  # fmt: skip
    db.add(run)
    db.flush()
    verdicts = ("udvikler", "uafklaret", "uafklaret", "ingen_paaviselig_effekt", "tilbagegang", "for_faa_data")
    db.execute(insert(EffectEstimate), [
        {"run_id": run.id, "activity_id": activity, "dimension_id": dimension, "n": chance.randrange(5, 60),
         "n_comparison": 90, "waiting_n": 0, "estimate": 0.2, "shrunken": 0.2, "se": 0.1, "ci_low": 0.0,
         "ci_high": 0.4, "detectable": 0.3, "verdict": chance.choice(verdicts), "reason": ""}
        for activity, dimension in pairs
    ])  # fmt: skip
    run.state, run.done_at = RunState.DONE, clock.now()
    db.flush()
    publish(db, run)
    note(db, None, READ, run)  # nights ago: the points it raised were answered


class Saver:
    """Somebody else who saves: a line that a worker writes each minute, or a run of the analysis."""

    def __init__(self, folder: str) -> None:
        self.database = Database(f"sqlite:///{Path(folder) / 'med.db'}")
        self.count = 0

    def save(self, work: Callable[[Session], None]) -> None:
        while True:
            try:
                with self.database.writing() as db:
                    return work(db)
            except OperationalError as error:  # the server's own jobs
                if not is_away(error):
                    raise

    def line(self, db: Session) -> None:
        self.count += 1
        at = demo.NOW + timedelta(minutes=self.count)
        db.add(JobRun(job="bench", due_at=at, claimed_at=at))

    def run(self, db: Session) -> None:
        """One that says what the one before said of everything: nothing new is told."""
        last = db.scalars(select(EffectRun).order_by(EffectRun.id.desc())).first()
        assert last is not None
        made = EffectRun(uid=str(uuid.uuid4()), version_id=last.version_id, state=RunState.DONE, method="made up",
                         asked_at=last.asked_at, done_at=last.done_at, cut_off=last.cut_off)  # fmt: skip
        db.add(made)
        db.flush()
        note(db, None, READ, made)


def measure(pid: int, places: dict[str, int], rounds: int, saver: Saver) -> list[str]:
    carla, plain = Caller(PORT, "carla"), Caller(PORT)
    paths = {name: path.format(**places) for name, path in PAGES.items()}
    sizes: dict[str, int] = {}
    for name, path in paths.items():  # warm
        for _ in range(5):
            status, sizes[name], _ = carla.get(path)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")

    def after(work: Callable[[Session], None], path: str) -> None:
        saver.save(work)
        carla.get(path)

    ways: list[tuple[Callable[[str], Any], int]] = [
        (carla.get, 40), (lambda path: after(saver.line, path), 40), (lambda path: after(saver.run, path), 5),
    ]  # fmt: skip
    found: dict[str, list[list[float]]] = {name: [] for name in paths}
    for _ in range(rounds):
        base = per_request(pid, lambda: plain.get("/livez"), 2000)
        for name, path in paths.items():
            found[name].append([per_request(pid, lambda way=way, path=path: way(path), n) / base for way, n in ways])
    return [
        f"| {name} | {' | '.join(f'{statistics.median(one):.1f}' for one in zip(*found[name], strict=True))} "
        f"| {'–' if name in NO_GOAL else f'≤ {GOAL}'} | {sizes[name] / 1024:.1f} |"
        for name in paths
    ]
