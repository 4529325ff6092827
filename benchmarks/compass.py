"""`python -m benchmarks.compass`: the demo centre, taking in 100,000 assessments, and a citizen's page with its look.

The page is measured against the server's own plain-text route, side by side in one run; the rest is CPU seconds.
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import process_time

from sqlalchemy import delete, func, select

from benchmarks.machine import Caller, cpu_seconds, describe, running
from med import clock, demo
from med.competence_compass.exchange.comparing import carry_out, compare
from med.competence_compass.exchange.instruments import keep_instrument
from med.competence_compass.exchange.reading import read_folder
from med.competence_compass.exchange.writing import write_folder
from med.competence_compass.generator import Centre, make_world
from med.competence_compass.models import Assessment, Assignment, Look, Score
from med.competence_compass.vault import vault_of
from med.db import Database
from med.migrations import upgrade
from med.organisation.models import Person, Unit

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
        count, scores = make_folder(folder / "files", assessments, seed)
        for where in filter(None, (f"sqlite:///{folder / 'import.db'}", url)):
            reading, saving = take_in(folder / "files", where, folder)
            lines.append(
                f"- {count:,} assessments ({scores:,} scores) from files into {where.partition(':')[0]}: "
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
