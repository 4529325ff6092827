"""`python -m benchmarks.compass`: the demo centre, taking in 100,000 assessments, and a citizen's page with its look.

The page is measured against the server's own plain-text route, side by side in one run; the rest is CPU seconds.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from time import process_time
from typing import NamedTuple

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from benchmarks.machine import Caller, cpu_seconds, describe, running
from med import clock, demo
from med.competence_compass import analysing
from med.competence_compass.exchange.comparing import compare
from med.competence_compass.exchange.instruments import keep_instrument
from med.competence_compass.exchange.reading import read_folder
from med.competence_compass.exchange.taking import carry_out
from med.competence_compass.exchange.writing import write_folder
from med.competence_compass.generator import Centre, make_world
from med.competence_compass.models import (
    Activity,
    ActivityKind,
    Assessment,
    Assignment,
    Citizen,
    Dimension,
    EffectEstimate,
    EffectRun,
    Hypothesis,
    Look,
    Occasion,
    RunState,
    Score,
    ToldAs,
    ToldEstimate,
)
from med.competence_compass.vault import vault_of
from med.db import Database
from med.migrations import upgrade
from med.organisation.models import Person, Unit
from med.settings import Settings
from med.slices import Office

ASSESSMENTS = 100_000
PER_CITIZEN = 15.9  # of the generator's centre, in four years
PORT = 8193


def section(rounds: int, assessments: int, seed: int, url: str = "") -> list[str]:
    """Lines for results.md. `url`: take the folder into this empty database too, such as PostgreSQL."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        furnishing = furnish(folder / "demo")
        ratio, looks = page(folder / "demo", rounds)
        lines = [
            "## The competence compass",
            "",
            f"- The demo workplace with the whole centre (400 citizens, 24 dimensions): {furnishing:.1f} s CPU "
            "(goal: under 30).",
            f"- A citizen's page, its look noted ({looks} looks in this run): {ratio:.1f} × the CPU of plain text "
            "(goal: ≤ 100).",
        ]
        lines += managers_page(folder / "demo", rounds)
        assessed, scores = make_folder(folder / "files", assessments, seed)
        for where in filter(None, (f"sqlite:///{folder / 'import.db'}", url)):
            reading, saving = take_in(folder / "files", where, folder)
            lines.append(
                f"- {assessed:,} assessments ({scores:,} scores) from files into {where.partition(':')[0]}: "
                f"{reading + saving:.1f} s CPU, {reading:.1f} of it reading and checking (goal: under 60 per 100,000)."
            )
    return lines


def furnish(folder: Path) -> float:
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'med.db'}")
    upgrade(database.write_engine)
    before = process_time()
    with database.writing() as db:
        demo.furnish(db, vault_of(folder), demo.WHOLE)
    database.close()
    return process_time() - before


def managers_page(folder: Path, rounds: int) -> list[str]:
    """CPU of Anna opening /kompas/effekt of the demo's centre, and of a city with ten million scores beside it."""
    database = Database(f"sqlite:///{folder / 'med.db'}")
    settings = Settings(data_dir=folder, database_url=database.url, secret="s" * 40, demo=True)
    with clock.at(demo.NOW):
        analysing.work(Office(database, settings))
    cost = managers_cost(folder, rounds)
    lines = [
        f"- The managers' page of effects, the demo's centre ({cost.size}): {cost.kept / cost.base:.1f} × the CPU of "
        f"plain text (goal: ≤ 60); {cost.some / cost.base:.1f} × when one activity has got another name since it was "
        f"last made, {cost.all / cost.base:.1f} × when every one of them has.",
    ]
    with clock.at(demo.NOW), database.writing() as db:
        grow(db)
    database.close()
    cost = managers_cost(folder, rounds)
    lines.append(
        f"- The same page of a city ({cost.size}): {1000 * cost.kept:.1f} ms CPU, {cost.kept / cost.base:.1f} × plain "
        f"text (goal: under 50 ms); {1000 * cost.some:.1f} ms when one activity has got another name, "
        f"{1000 * cost.all:.1f} ms when every one has."
    )
    return lines


class Cost(NamedTuple):
    """CPU seconds of the server for a page: as it stands, after one activity changed, after all of them; and of plain
    text."""

    kept: float
    some: float
    all: float
    base: float
    size: str


def managers_cost(folder: Path, rounds: int) -> Cost:
    command = [sys.executable, "-m", "med.cli", "demo", "--port", str(PORT), "--data-dir", str(folder)]
    database = Database(f"sqlite:///{folder / 'med.db'}")
    spent: dict[str, list[float]] = {"kept": [], "some": [], "all": [], "base": []}
    names = count(1)

    def rename(only: str) -> None:
        """A name nobody has had: nothing that is kept can be used again."""
        with database.writing() as db:
            db.execute(text(f"UPDATE compass_activity SET title = 'Hold ' || id || ', {next(names)}' {only}"))  # nosec B608

    with running(command, PORT) as pid:
        anna, plain = Caller(PORT, "anna"), Caller(PORT)

        def cost(caller: Caller, where: str, times: int, before_each: Callable[[], object] = bool) -> float:
            began = cpu_seconds(pid)
            for _ in range(times):
                before_each()
                if (status := caller.get(where)[0]) != 200:
                    raise RuntimeError(f"{where} answered {status}")
            return (cpu_seconds(pid) - began) / times

        cost(anna, "/kompas/effekt", 5)  # warm
        one = "WHERE id = (SELECT min(activity_id) FROM compass_told_estimate)"
        for _ in range(rounds):
            spent["base"].append(cost(plain, "/livez", 2000))
            spent["kept"].append(cost(anna, "/kompas/effekt", 100))
            spent["some"].append(cost(anna, "/kompas/effekt", 20, lambda: rename(one)))
            spent["all"].append(cost(anna, "/kompas/effekt", 20, lambda: rename("")))
    with database.reading() as db:
        sizes = [db.scalar(select(func.count()).select_from(table)) for table in (Score, EffectEstimate, Activity)]
    database.close()
    size = "{:,} scores, {:,} estimates, {:,} activities".format(*sizes)
    return Cost(**{name: statistics.median(found) for name, found in spent.items()}, size=size)


def grow(db: Session, citizens: int = 10_000, quarters: int = 42, activities: int = 160) -> None:
    """A city beside the centre: as many scores as ten years give, and two findings for each activity."""
    version_id, unit_id = db.execute(
        select(EffectRun.version_id, Activity.unit_id).join(Activity, Activity.id > 0).limit(1)
    ).one()
    first = (db.scalar(select(func.max(Citizen.id))) or 0) + 1
    done = (db.scalar(select(func.max(Assessment.id))) or 0) + 1
    held = (db.scalar(select(func.max(Occasion.id))) or 0) + 1
    numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {})"
    cell = f"{first} + i / {quarters}, {version_id}, date('2016-01-05', (91 * (i % {quarters})) || ' days')"
    for statement in (
        f"INSERT INTO compass_citizen (id, uid, pseudonym, unit_id, entered, target_group, version) "
        f"{numbers.format(citizens)} SELECT {first} + i, 'city-' || i, 'B-' || i, {unit_id}, "
        f"'2016-01-01', '', 1 FROM n",
        f"INSERT INTO compass_occasion (id, citizen_id, version_id, day, purpose, begun_at, closed_at, differs, "
        f"row_version) {numbers.format(citizens * quarters)} SELECT {held} + i, {cell}, 'routine', "
        f"'2026-01-01 00:00:00', '2026-01-01 00:00:00', 0, 1 FROM n",
        f"INSERT INTO compass_assessment (id, occasion_id, citizen_id, version_id, day, kind, purpose, assessor, "
        f"triggered_referral, closed_at, correction) {numbers.format(citizens * quarters)} SELECT {done} + i, "
        f"{held} + i, {cell}, 'staff', 'routine', 'V' || (i % 500), 0, '2026-01-01 00:00:00', 0 FROM n",
        f"INSERT INTO compass_score (assessment_id, dimension_id, value) SELECT a.id, d.id, 1 + (a.id + d.id * 7) % 5 "
        f"FROM compass_assessment AS a JOIN compass_dimension AS d ON d.version_id = a.version_id WHERE a.id >= {done}",
    ):
        db.execute(text(statement))
    chance = Random(1)
    dimensions = db.scalars(select(Dimension.id).where(Dimension.version_id == version_id)).all()
    made = [
        Activity(uid=f"city-{n}", code=f"city-{n}", title=f"Bydelens værksted {n}", kind=ActivityKind.WORKSHOP,
                 unit_id=unit_id, planned_sessions=12)
        for n in range(activities)
    ]  # fmt: skip
    db.add_all(made)
    run = EffectRun(
        uid="city", version_id=version_id, asked_at=clock.now(), state=RunState.DONE, done_at=clock.now(),
        rows_used=citizens * quarters, lead_z=0.1, line_z=0.2,
    )  # fmt: skip
    db.add(run)
    db.flush()
    for one in made:
        for dimension in chance.sample(list(dimensions), 2):
            d, se = chance.gauss(0.15, 0.2), 0.09
            supposed = Hypothesis(
                activity_id=one.id, dimension_id=dimension, expected_d=0.3, rationale="–", written_on=clock.today()
            )
            found = EffectEstimate(
                run_id=run.id, activity_id=one.id, dimension_id=dimension, n=40, n_comparison=400, estimate=d, se=se,
                ci_low=d - 1.96 * se, ci_high=d + 1.96 * se, p=0.1, q=0.2, shrunken=d * 0.7, waiting_estimate=d,
                waiting_se=0.2, waiting_n=30, detectable=2.8 * se, verdict="uafklaret", ceiling=0.1, floor=0.1,
            )  # fmt: skip
            db.add_all([supposed, found])
            db.flush()
            db.add(
                ToldEstimate(
                    estimate_id=found.id, activity_id=one.id, dimension_id=dimension, told_as=ToldAs.FIGURES,
                    at=clock.now(),
                )
            )  # fmt: skip


def page(folder: Path, rounds: int) -> tuple[float, int]:
    """CPU of Freja opening a citizen's page, as a multiple of the plain-text route's; and how many looks were noted."""
    database = Database(f"sqlite:///{folder / 'med.db'}")
    with database.writing() as db:
        db.execute(delete(Look))
        citizen = db.scalar(
            select(Assignment.citizen_id)
            .join(Person, Person.id == Assignment.person_id)
            .where(Person.handle == "freja", Assignment.ends.is_(None))
            .order_by(
                select(func.count())
                .where(Assessment.citizen_id == Assignment.citizen_id)
                .correlate(Assignment)
                .scalar_subquery()
                .desc()
            )
            .limit(1)
        )
    path = f"/kompas/borger/{citizen}"
    command = [sys.executable, "-m", "med.cli", "demo", "--port", str(PORT), "--data-dir", str(folder)]
    ratios = []
    with running(command, PORT) as pid:
        freja, plain = Caller(PORT, "freja"), Caller(PORT)

        def cost(caller: Caller, where: str, times: int) -> float:
            before = cpu_seconds(pid)
            for _ in range(times):
                status, *_ = caller.get(where)
                if status != 200:
                    raise RuntimeError(f"{where} answered {status}")
            return (cpu_seconds(pid) - before) / times

        cost(freja, path, 10)  # warm
        for _ in range(rounds):
            base = cost(plain, "/livez", 2000)
            ratios.append(cost(freja, path, 60) / base)
    with database.reading() as db:
        looks = db.scalar(select(func.count()).select_from(Look)) or 0
    database.close()
    return statistics.median(ratios), looks


def make_folder(path: Path, assessments: int, seed: int) -> tuple[int, int]:
    citizens = round(assessments / PER_CITIZEN)
    centre = replace(Centre(seed=seed), citizens=citizens, activities=120, assessors=max(60, citizens // 8))
    folder = make_world(centre).folder
    write_folder(path, folder)
    return len(folder.assessments), sum(answer is not None for row in folder.assessments for answer in row.answers)


def take_in(path: Path, url: str, data_dir: Path) -> tuple[float, float]:
    """CPU seconds of this process for reading, and for comparing and saving, into an empty database."""
    database = Database(url)
    upgrade(database.write_engine)
    start = process_time()
    reading = read_folder(path)
    if reading.faults:
        raise RuntimeError(str(reading.faults.told[0]))
    read = process_time()
    with database.writing() as db:
        units = sorted({row.unit for row in reading.folder.citizens})
        db.add_all(Unit(key=key, name=key) for key in units)
        db.flush()
        version = keep_instrument(db, None, reading.folder.instrument, clock.today())
        carry_out(db, None, vault_of(data_dir), compare(db, reading, version))
    saved = process_time()
    with database.reading() as db:
        if not db.scalar(select(func.count()).select_from(Score)):
            raise RuntimeError("nothing was saved")
    database.close()
    return read - start, saved - read


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compass", description=__doc__)
    parser.add_argument("--assessments", type=int, default=ASSESSMENTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", default="", help="an empty PostgreSQL database to take the folder into as well")
    given = parser.parse_args()
    print(f"{describe()}; seed {given.seed}.\n")
    print("\n".join(section(given.rounds, given.assessments, given.seed, given.url)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
