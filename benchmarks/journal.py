"""The journal's chain under four processes that write at once: how fast, what it costs, and whether it ever forks.

python -m benchmarks.journal --seed 1
"""

import argparse
import multiprocessing
import os
import random
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select

from med.db import Database
from med.journal.actions import note, note_many
from med.journal.chain import breaks
from med.journal.models import Entry
from med.migrations import upgrade
from scripts.postgres import running_postgres

PROCESSES, TRANSACTIONS = 4, 100
AN_IMPORT = 200  # lines in one transaction
THING = SimpleNamespace(__tablename__="item", id=1)


def write(url: str, seed: int, lines: int) -> None:
    """One process: each transaction notes up to twice `lines`, a tenth of them are undone."""
    luck = random.Random(seed)
    database = Database(url)
    for _ in range(TRANSACTIONS):
        try:
            with database.writing() as db:
                if lines == 1:
                    note(db, None, "item.saved", THING, ["text"])
                else:
                    note_many(db, None, THING, [("item.saved", n, ["text"]) for n in range(lines)])
                if luck.random() < 0.1:
                    raise LookupError
        except LookupError:
            continue
    database.close()


def measured(url: str, seed: int, lines: int) -> str:
    database = Database(url)
    upgrade(database.write_engine)
    with database.reading() as db:
        before = db.scalar(select(func.count(Entry.id))) or 0
    database.close()
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=write, args=(url, seed + n, lines)) for n in range(PROCESSES)]
    began, used = time.monotonic(), os.times()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took, now = time.monotonic() - began, os.times()
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    database = Database(url)
    with database.reading() as db:
        count = (db.scalar(select(func.count(Entry.id))) or 0) - before
        broken = len(list(breaks(db)))
    database.close()
    failed = sum(worker.exitcode != 0 for worker in workers)
    what = "one line a save" if lines == 1 else f"{lines} lines a save"
    return (
        f"{what}: {count:,} lines in {took:.1f} s and {cpu:.1f} s CPU, starting the processes included; "
        f"{count / took:,.0f} lines a second, {broken} forks or breaks, {failed} writers failed"
    )


def section(seed: int) -> list[str]:
    said = [
        f"{PROCESSES} processes append at once, each {TRANSACTIONS} transactions of which a tenth is undone; then the "
        "whole chain is read again. SQLite with synchronous=FULL has one writer; each save waits for the disk.",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder, running_postgres() as server:
        urls: list[tuple[str, Any]] = [
            ("SQLite", f"sqlite:///{Path(folder) / 'journal.db'}"),
            ("PostgreSQL", server.create("journal")),
        ]
        for name, url in urls:
            said += [f"- {name}, {measured(url, seed, lines)}" for lines in (1, AN_IMPORT)]
    return said


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    print("\n".join(section(parser.parse_args().seed)))
