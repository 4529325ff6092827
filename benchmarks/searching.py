"""The search beside the feed: the same municipality, both as questions to the database, in turns, in CPU.

Words differ in how often they stand: in every tenth text, in one of hundreds, in none, as a beginning, several at once.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import func, select

from benchmarks.grounds import Ground
from med.access import Viewer
from med.db import Database
from med.decisions import queries
from med.decisions.filters import Filters
from med.decisions.queries import searching
from med.decisions.queries.asking import ANY_EMPLOYEE, page_of
from med.organisation.models import Person
from med.organisation.queries import viewer_for
from med.prepared import Prepared
from med.search import TEXTS

GOAL = 15
SOUGHT = {
    "a common word": "pauserne",
    "a common word, the beginning of it": "pau",
    "two common words": "vagtplan støj",
    "four words": "nattevagten prøver om fredagen",
    "a rare name": "vagtplanlægning",
    "a word that is nowhere": "findesikke",
    "decisions alone": "kørslen",
    "items alone": "rengøring",
}
KIND = {"decisions alone": "decision", "items alone": "item"}
TIMES = 20


def section(ground: Ground, rounds: int) -> list[str]:
    database = Database(ground.url)
    try:
        return ["## Search", "", *measure(database, max(rounds, 4))]
    finally:
        database.close()


def measure(database: Database, rounds: int) -> list[str]:
    with database.reading() as db:
        count = db.scalar(select(func.count()).select_from(TEXTS))
        people = {
            "member": viewer_for(db, db.scalars(select(Person.id).where(Person.handle == "anna")).one()),
            "employee": viewer_for(db, db.scalars(select(Person.id).where(Person.handle == "carla")).one()),
        }
        lines = [
            f"{count:,} texts, SQLite; {rounds} interleaved rounds of {TIMES}, medians; the questions for keys alone,"
            f" a page of {searching.RESULTS} beside the feed's of {queries.PAGE}. Goal: at most {GOAL} ×.",
            "",
            "| asked for | hits on the page | CPU ms | × the feed's question | goal met |",
            "|---|---|---|---|---|",
        ]
        for name, viewer in people.items():
            lines += table(db, name, viewer, rounds)
    return lines


def table(db: Any, name: str, viewer: Viewer, rounds: int) -> list[str]:
    # The feed's own question, asked anew each time: the product remembers its answer until somebody saves something.
    feed = Prepared(lambda: page_of(ANY_EMPLOYEE, Filters(), None, None, None).limit(queries.PAGE + 1))
    asked: dict[str, Callable[[], Any]] = {"": lambda: feed(db, inside=viewer.inside)}
    for what, words in SOUGHT.items():
        asked[what] = partial(searching.found, db, viewer, words, KIND.get(what, ""))
    spent: dict[str, list[float]] = {what: [] for what in asked}
    for ask in asked.values():
        ask()
    for _ in range(rounds):
        for what, ask in asked.items():
            began = time.process_time()
            for _ in range(TIMES):
                ask()
            spent[what].append((time.process_time() - began) / TIMES * 1000)
    medians = {what: statistics.median(times) for what, times in spent.items()}
    base = medians.pop("")
    rows = [f"| *the feed, {name}* | {queries.PAGE} | {base:.2f} | 1 | |"]
    for what, cost in medians.items():
        met = "yes" if cost / base <= GOAL else "**no**"
        rows.append(f"| {what}, {name} | {len(asked[what]().keys)} | {cost:.2f} | {cost / base:.1f} | {met} |")
    return rows
