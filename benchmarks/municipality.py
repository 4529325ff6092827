# ruff: noqa: E501 - rows of a table are read across
"""A municipality of any size: people, committees whose seats change, ten years of meetings and decisions.

`python -m benchmarks.municipality FOLDER --decisions 1000000` makes one beside the demo's personas (who can then sign
in with `med demo --data-dir FOLDER`); `--url` takes another database. The same seed makes the same municipality.
"""

import argparse
import gc
import itertools
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from benchmarks.ahead import ONE_IN, make_ahead, save_to_dos, to_do
from med import clock, demo
from med.access import SeatRole, Side
from med.competence_compass.vault import vault_of
from med.db import Database, insert_rows, next_ids
from med.decisions.models import Decision, DecisionState, FollowUp, Tag
from med.meetings.models import Item, Meeting, Proposal
from med.migrations import upgrade
from med.migrations.filling_search import rebuild
from med.organisation.models import Committee, Employment, Level, Person, Seat, Unit
from med.perspectives.models import Perspective

YEARS = 10
ONE_IN_CLOSED = 12
WITHDRAWN = 0.003
BATCH = 50_000

WHO = ("aftenholdet", "dagvagten", "køkkenet", "værkstedet", "hjemmeplejen", "børnehuset", "biblioteket", "kontoret",
       "ungdomsholdet", "driftsgården", "sundhedshuset", "svømmehallen", "skolen", "genbrugspladsen")  # fmt: skip
DOES = ("prøver", "indfører", "flytter", "samler", "følger", "afkorter", "udvider", "deler", "genåbner", "fordeler",
        "aftaler", "beskriver")  # fmt: skip
WHAT = ("vagtplanen", "morgenmødet", "introforløbet", "ventelisten", "makkerordningen", "værkstedstiden", "oplæringen",
        "arbejdsmiljøet", "pauserne", "støjgrænsen", "kørslen", "overleveringen", "sommerferien", "nattevagten",
        "rengøringen", "mødetiderne", "kompetenceplanen", "fraværssamtalen")  # fmt: skip
WHEN = ("fra næste måned", "i tre måneder", "på alle hold", "hver anden uge", "til sommerferien", "som forsøg",
        "efter påske", "hele året", "om fredagen", "uden ekstra møder")  # fmt: skip
WHY = ("Støjen trætter", "Sygefraværet er steget", "Borgerne møder for mange voksne", "Aftalen er udløbet",
       "Vi har prøvet det i et år", "Tilsynet har spurgt", "Budgettet er mindre", "De nye mangler en at spørge",
       "Ingen kender grænsen", "Det giver ro", "Ønsket kom fra aftenholdet", "Årets måling viste det")  # fmt: skip
SO = ("og derfor ser vi på det igen til efteråret", "så alle ved, hvem der ringer", "og borgerne mærker det først",
      "så overleveringen bliver kortere", "og det koster ikke ekstra timer", "så vi kan nå det før vagtskiftet",
      "og formandskabet følger op", "så ingen står alene")  # fmt: skip
MEANS = ("Tal med din nærmeste leder, hvis det rammer din vagt.", "Skriv dig på listen i personalerummet.",
         "Du mærker det fra mandag.", "Spørg din tillidsrepræsentant.", "Ingen vagter ændres før jul.", "")  # fmt: skip
FIRST = ("Anne", "Bent", "Cilla", "Dan", "Else", "Finn", "Gitte", "Henrik", "Ida", "Jonas", "Kirsten", "Lars", "Mette",
         "Niels", "Oda", "Per", "Rikke", "Søren", "Tove", "Ulla", "Viggo", "Yrsa", "Åse", "Ærø")  # fmt: skip
LAST = ("Agergaard", "Bakke", "Damgaard", "Enevold", "Fjord", "Græsted", "Hede", "Iversholt", "Kær", "Lund", "Mose",
        "Nørremark", "Overgaard", "Pilegaard", "Rosendal", "Skov", "Toft", "Vang", "Østerby", "Ådal")  # fmt: skip


class Chance:
    """Choices from a seed, at a fifth of the cost of `random.choice`."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.next = self.rng.random

    def one(self, things: Any) -> Any:
        return things[int(self.next() * len(things))]

    def uid(self) -> str:
        """A UUID of version 4, at a fifth of the cost of `uuid.UUID`."""
        digits = f"{self.rng.getrandbits(128):032x}"
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def make(db: Session, decisions: int, seed: int, people: int | None = None, committees: int | None = None) -> None:
    """Fill a database that has the demo's workplace. Sizes follow the decisions where they are not given."""
    chance = Chance(seed)
    people = people if people is not None else min(45_000, max(200, decisions // 20))
    committees = committees if committees is not None else min(1000, max(8, decisions // 500))
    today = clock.today()
    units = make_units(db, max(5, committees // 2))
    workers = make_people(db, chance, people, units, today)
    bodies = make_committees(db, chance, committees, units)
    make_seats(db, chance, bodies, workers, today)
    with without_indexes(db, Meeting, Item, Decision, Tag, FollowUp):
        meetings = make_meetings(db, chance, bodies, decisions)
        make_decisions(db, chance, decisions, meetings, workers)
    make_ahead(db, chance, bodies, workers, WHAT, meetings)
    rebuild(db.connection())


@contextmanager
def without_indexes(db: Session, *models: Any) -> Iterator[None]:
    """Indexes made over all rows at the end cost half of those kept up row by row."""
    indexes = [index for model in models for index in model.__table__.indexes]
    for index in indexes:
        index.drop(db.connection())
    yield
    for index in indexes:
        index.create(db.connection())


def make_units(db: Session, count: int) -> list[int]:
    root = db.scalars(select(Unit.id).where(Unit.parent_id.is_(None)).order_by(Unit.id)).first()
    ids = list(next_ids(db, Unit.__table__, count))  # type: ignore[arg-type]
    rows = [(id, f"enhed-{at}", f"Enhed {at}", root, None) for at, id in enumerate(ids)]
    insert_rows(db, Unit.__table__, ("id", "key", "name", "parent_id", "closed"), rows)  # type: ignore[arg-type]
    return ids


def make_people(db: Session, chance: Chance, count: int, units: list[int], today: date) -> list[int]:
    """Employees; one in thirty has left, one in forty leads a unit."""
    ids = list(next_ids(db, Person.__table__, count))  # type: ignore[arg-type]
    rows = [
        (id, f"m{at}", f"{chance.one(FIRST)} {chance.one(LAST)} {at}", "", "da", "", True) for at, id in enumerate(ids)
    ]
    insert_rows(db, Person.__table__, ("id", "handle", "name", "mail", "language", "theme", "is_active"), rows)  # type: ignore[arg-type]
    jobs = []
    for at, id in enumerate(ids):
        ends = today - timedelta(days=30 + int(chance.next() * 900)) if at % 30 == 29 else None
        starts = (ends or today) - timedelta(days=200 + int(chance.next() * 3000))
        leads = at % 40 == 0
        jobs.append(
            (id, chance.one(units), "", "leder_af_medarbejdere" if leads else "medarbejder", leads, starts, ends)
        )
    columns = ("person_id", "unit_id", "title", "role_key", "manages", "starts", "ends")
    insert_rows(db, Employment.__table__, columns, jobs)  # type: ignore[arg-type]
    return [id for at, id in enumerate(ids) if at % 30 != 29]


def make_committees(db: Session, chance: Chance, count: int, units: list[int]) -> list[int]:
    """A tree: a main committee there is, an area committee for every twenty local ones."""
    main = db.scalars(select(Committee.id).where(Committee.level == Level.MAIN).order_by(Committee.id)).first()
    ids = list(next_ids(db, Committee.__table__, count))  # type: ignore[arg-type]
    rows: list[tuple[Any, ...]] = []
    area = main
    for at, id in enumerate(ids):
        is_area = at % 20 == 0
        name = f"{'OmrådeMED' if is_area else 'LokalMED'} {chance.one(WHO)} {at}"
        level, parent = (Level.AREA, main) if is_area else (Level.LOCAL, area)
        rows.append((id, f"u{at}", chance.uid(), name, f"MED {at}", level, "", parent, units[at % len(units)], "", 1))
        area = id if is_area else area
    columns = ("id", "key", "uid", "name", "short_name", "level", "label", "parent_id", "unit_id", "purpose", "version")
    insert_rows(db, Committee.__table__, columns, rows)  # type: ignore[arg-type]
    return ids


def make_seats(db: Session, chance: Chance, bodies: list[int], workers: list[int], today: date) -> None:
    """Twelve places a committee; each has been another person's before, for two to four years."""
    rows: list[tuple[Any, ...]] = []
    for body in bodies:
        for place in range(12):
            role = (SeatRole.CHAIR, SeatRole.VICE_CHAIR)[place] if place < 2 else SeatRole.MEMBER
            side = Side.MANAGEMENT if place % 2 == 0 else Side.EMPLOYEE
            ends: date | None = None
            until = today
            while until > today - timedelta(days=365 * YEARS):
                starts = until - timedelta(days=700 + int(chance.next() * 700))
                rows.append((body, chance.one(workers), side, role, starts, ends))
                until = ends = starts - timedelta(days=1)
    insert_rows(db, Seat.__table__, ("committee_id", "person_id", "side", "role", "starts", "ends"), rows)  # type: ignore[arg-type]


def make_meetings(
    db: Session, chance: Chance, bodies: list[int], decisions: int
) -> list[tuple[datetime, int, int, list[int]]]:
    """(when, id, committee, items) in order of time: about four meetings a year, fewer where there is less to decide."""
    count = min(len(bodies) * 4 * YEARS, max(len(bodies), decisions // 4))
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    whens = sorted(
        now - timedelta(days=10, minutes=int(chance.next() * YEARS * 365 * 24 * 2) * 30) for _ in range(count)
    )
    ids = list(next_ids(db, Meeting.__table__, count))  # type: ignore[arg-type]
    item_ids = iter(next_ids(db, Item.__table__, count * 4))  # type: ignore[arg-type]
    found, items, meetings = [], [], []
    for at, (when, id) in enumerate(zip(whens, ids, strict=True)):
        body = bodies[at % len(bodies)]
        over = when + timedelta(hours=2)
        title = f"Møde om {chance.one(WHAT)}"
        meetings.append((id, chance.uid(), body, "ordinary", title, when, over, "", "", True, "held", "", False, "", False,
                         "", 0, 1, 0, when, when, when - timedelta(days=8), when, over))  # fmt: skip
        own = list(itertools.islice(item_ids, 4))
        for position, item in enumerate(own, 1):
            is_open = chance.next() > 1 / ONE_IN_CLOSED
            items.append((item, chance.uid(), id, body, position, "decide", f"{chance.one(WHAT).capitalize()} {chance.one(WHEN)}",
                          f"{chance.one(WHY)}, {chance.one(SO)}.", "", 10, False, False, is_open, "" if is_open else "personal",
                          "", "", "", 0, "decided", "", "", "", 1))  # fmt: skip
        found.append((when, id, body, own))
    columns = ("id", "uid", "committee_id", "kind", "title", "starts_at", "ends_at", "place", "video_url", "is_open", "state",
               "about", "with_budget", "waiver", "draft_shown", "cancelled_reason", "sequence", "version", "live_version",
               "created_at", "revised_at", "agenda_sent_at", "opened_at", "closed_at")  # fmt: skip
    insert_rows(db, Meeting.__table__, columns, meetings)  # type: ignore[arg-type]
    columns = ("id", "uid", "meeting_id", "committee_id", "position", "purpose", "title", "case_text", "recommendation",
               "minutes_budget", "is_late", "is_supplementary", "is_open", "closed_ground", "case_number", "decided_by",
               "minutes_text", "minutes_version", "outcome", "statement_management", "statement_employees", "source_result",
               "version")  # fmt: skip
    insert_rows(db, Item.__table__, columns, items)  # type: ignore[arg-type]
    return found


DECISION = ("id", "uid", "committee_id", "meeting_id", "is_open", "year", "number", "text", "why", "meaning", "perspective",
            "responsible_id", "due", "frame", "hoped_effect", "state", "withdrawn_reason", "before_discussion", "decided_at",
            "published_at", "changed_at", "version")  # fmt: skip
TAG = ("decision_id", "perspective", "is_main", "committee_id", "is_open", "published_at")


def make_decisions(
    db: Session, chance: Chance, count: int, meetings: list[tuple[datetime, int, int, list[int]]], workers: list[int]
) -> None:
    """In order of time, so that numbers run on without gaps and the newest lie together, as they would."""
    ids = next_ids(db, Decision.__table__, count)  # type: ignore[arg-type]
    today = clock.today()
    numbers: dict[tuple[int, bool, int], int] = defaultdict(int)
    perspectives = [Perspective.COMPLIANCE] * 70 + [Perspective.PERFORMANCE] * 60 + [Perspective.EMERGENS] * 80
    perspectives += [Perspective.RESILIENS] * 2  # the rare one: about one in a hundred
    states = (
        [DecisionState.VALID] * 6
        + [DecisionState.IN_PROGRESS] * 2
        + [DecisionState.DONE] * 8
        + [DecisionState.REPLACED]
    )
    for start in range(0, count, BATCH):
        made, tags, tasks = [], [], []
        for at in range(start, min(start + BATCH, count)):
            when, meeting, body, _ = meetings[at * len(meetings) // count]
            published = when + timedelta(days=8, seconds=at % 86_400)
            is_open = chance.next() > 1 / ONE_IN_CLOSED
            series = (body, is_open, when.year)
            numbers[series] += 1
            perspective = chance.one(perspectives)
            state, reason = chance.one(states), ""
            if chance.next() < WITHDRAWN:
                state, reason = DecisionState.WITHDRAWN, chance.one(WHY)
            made.append((
                ids[at], chance.uid(), body, meeting, is_open, when.year, numbers[series],
                f"{chance.one(WHO)} {chance.one(DOES)} {chance.one(WHAT)} {chance.one(WHEN)}.",
                f"{chance.one(WHY)}, {chance.one(SO)}. {chance.one(WHY)}, {chance.one(SO)}.", chance.one(MEANS), perspective,
                chance.one(workers), (published + timedelta(days=60)).date(), "", "", state, reason, False, when,
                published, published, 1,
            ))  # fmt: skip
            tags.append((ids[at], perspective, True, body, is_open, published))
            if chance.next() < 0.15 and (other := chance.one(perspectives)) is not perspective:
                tags.append((ids[at], other, False, body, is_open, published))
            if at % ONE_IN == 0:
                text = f"{chance.one(WHO).capitalize()} får besked"
                tasks.append(to_do(chance, today, ids[at], body, is_open, published, text, chance.one(workers)))
        insert_rows(db, Decision.__table__, DECISION, made)  # type: ignore[arg-type]
        insert_rows(db, Tag.__table__, TAG, tags)  # type: ignore[arg-type]
        save_to_dos(db, tasks)


def build(folder: Path, decisions: int, seed: int, url: str = "", people: int | None = None) -> None:
    """A data folder with the demo's workplace and a municipality around it."""
    gc.disable()  # millions of rows, none of which points back: looking through them for what may go costs a fifth
    try:
        _build(folder, decisions, seed, url, people)
    finally:
        gc.enable()


def _build(folder: Path, decisions: int, seed: int, url: str, people: int | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(url or f"sqlite:///{folder / 'med.db'}")
    upgrade(database.write_engine)
    with clock.at(demo.NOW):
        with database.writing() as db:
            demo.furnish(db, vault_of(folder))
        database.close()
        if database.is_sqlite:
            event.listen(database.write_engine, "connect", hurry)
        with database.writing() as db:
            if not database.is_sqlite:
                db.execute(text("SET LOCAL statement_timeout = 0"))
                db.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
            make(db, decisions, seed, people)
            db.execute(text("ANALYZE"))
    database.close()


def hurry(connection: Any, _record: Any) -> None:
    """Until it is closed: a power cut may leave half a municipality."""
    for pragma in ("journal_mode = MEMORY", "synchronous = OFF", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")


def sizes(db: Session) -> Iterator[str]:
    for table in (Person, Committee, Seat, Meeting, Item, Proposal, Decision, Tag, FollowUp):
        yield f"{db.scalar(text(f'SELECT count(*) FROM {table.__tablename__}')):,} {table.__tablename__}"  # nosec B608


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.municipality", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--decisions", type=int, default=100_000)
    parser.add_argument("--people", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", default="", help="another database than the folder's own SQLite file")
    given = parser.parse_args()
    began, used = time.monotonic(), time.process_time()
    build(given.folder, given.decisions, given.seed, given.url, given.people)
    database = Database(given.url or f"sqlite:///{given.folder / 'med.db'}")
    with database.reading() as db:
        print(
            ", ".join(sizes(db)),
            f"– made in {time.monotonic() - began:.0f} s, {time.process_time() - used:.0f} s of CPU",
        )
    database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
