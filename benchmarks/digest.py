"""`python -m benchmarks.digest`: what it costs to plan and post a night's digests for a whole municipality.

Everybody works here; one in five sits on a committee, and each follows some committees and perspectives and answers
for tasks and decisions. Then a day passes in which every committee publishes decisions and sends an agenda. Measured is
the CPU of this process for reading the journal, planning the reminders, and posting and linking the digests; and, apart
from that goal, of composing some of them as the sender does.
"""

import argparse
import os
import random
import sys
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from med import clock, demo
from med.access import SeatRole, Side
from med.app import SLICES  # every slice says what waits for people
from med.competence_compass.vault import vault_of
from med.db import Database
from med.decisions.models import Decision, DecisionState, FollowUp, Tag
from med.journal.models import Entry
from med.migrations import upgrade
from med.notices.composing import compose_digest
from med.notices.digests import post_due
from med.notices.models import How, Message, Notice, Subscription, Topic
from med.notices.planning import plan_news, plan_reminders
from med.organisation.models import Committee, Employment, Level, Person, Seat, Unit
from med.organisation.queries import viewer_for
from med.perspectives.models import Perspective
from med.settings import Settings
from med.slices import Office

GOAL = 60.0  # CPU seconds for 5,000 people
COMPOSED = 200


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.digest")
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    lines = section(given.people, given.seed)
    print("\n".join(lines))
    return 0


def section(people: int, seed: int) -> list[str]:
    """The lines for benchmarks/results.md."""
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), people, seed)
    return [
        "## The night's digests",
        "",
        f"{people:,} people, seed {seed}, SQLite: {found['notices']:,} notices planned and {found['digests']:,} "
        f"digests posted in {found['planning']:.1f} s CPU (goal: under {GOAL:.0f} s for 5,000 people). "
        f"Composing a digest takes {found['composing'] * 1000:.0f} ms CPU when it is sent "
        f"({found['composed']} composed, {found['lines']:.0f} lines of text on average).",
    ]


def measure(folder: Path, people: int, seed: int) -> dict[str, float]:
    database = Database(f"sqlite:///{folder / 'med.db'}")
    upgrade(database.write_engine)
    settings = Settings(folder, database.url, "s" * 40, base_url="https://med.example.dk", smtp_url="smtp://x")
    office = Office(database, settings)
    assert SLICES
    with clock.at(demo.NOW):
        with database.writing() as db:
            demo.furnish(db, vault_of(folder))
        with database.writing() as db:
            settle(db, people, random.Random(seed))
        plan_news(database)  # where the journal stands
        with database.writing() as db:
            live_a_day(db, random.Random(seed + 1))
    show(f"{people:,} people have moved in, and a day has passed")
    tomorrow = demo.NOW + timedelta(days=1)
    before = cpu()
    with clock.at(demo.NOW):
        plan_news(database, progress)
    with clock.at(tomorrow):
        plan_reminders(database, progress)
        posted = post_due(database, progress)
    planning = cpu() - before
    with database.reading() as db, clock.at(tomorrow):
        notices = db.scalar(select(func.count()).select_from(Notice)) or 0
        messages = db.scalars(
            select(Message).where(Message.kind == "digest").order_by(Message.id).limit(COMPOSED)
        ).all()
        before, lines, composed = cpu(), 0, 0
        for message in messages:
            assert message.person_id is not None
            letter: Any = compose_digest(db, office, message, viewer_for(db, message.person_id))
            if letter is not None:
                composed += 1
                lines += letter.text.count("\n")
        composing = (cpu() - before) / max(len(messages), 1)
    database.close()
    return {
        "planning": planning,
        "notices": notices,
        "digests": posted,
        "composing": composing,
        "composed": composed,
        "lines": lines / max(composed, 1),
    }


def settle(db: Session, count: int, chance: random.Random) -> None:
    """People, committees for them, seats, wishes, tasks and decisions they answer for."""
    today = clock.today()
    unit = db.scalars(select(Unit.id).order_by(Unit.id)).first()
    first = (db.scalar(select(func.max(Person.id))) or 0) + 1
    people = list(range(first, first + count))
    db.execute(
        insert(Person),
        [{"id": one, "handle": f"p{one}", "name": f"Person {one}", "mail": f"p{one}@example.dk"} for one in people],
    )
    db.execute(
        insert(Employment),
        [{"person_id": one, "unit_id": unit, "starts": today - timedelta(days=400)} for one in people],
    )
    top = (db.scalar(select(func.max(Committee.id))) or 0) + 1
    committees = list(range(top, top + max(1, count // 50)))
    db.execute(
        insert(Committee),
        [
            {"id": one, "key": f"k{one}", "uid": f"k{one}", "name": f"LokalMED {one}", "level": Level.LOCAL}
            for one in committees
        ],
    )
    seats, wishes, tasks = [], [], []
    for place, committee in enumerate(committees):
        for seat in range(10):
            role = (SeatRole.CHAIR, SeatRole.VICE_CHAIR)[seat] if seat < 2 else SeatRole.MEMBER
            seats.append(
                {
                    "committee_id": committee,
                    "person_id": people[(place * 10 + seat) % count],
                    "side": Side.MANAGEMENT if role is SeatRole.CHAIR or seat % 2 == 0 else Side.EMPLOYEE,
                    "role": role,
                    "starts": today - timedelta(days=100),
                }
            )
    db.execute(insert(Seat), seats)
    for one in people:
        followed = chance.sample(committees, min(3, len(committees)))
        wishes += [wish(one, Topic.COMMITTEE, str(each), How.DAILY, committee_id=each) for each in followed]
        perspective = chance.choice(list(Perspective))
        wishes.append(wish(one, Topic.PERSPECTIVE, perspective.value, How.WEEKLY, perspective=perspective))
        if chance.random() < 0.3:
            tasks.append(
                {
                    "committee_id": chance.choice(committees),
                    "is_open": True,
                    "text": "Følge op",
                    "owner_id": one,
                    "due": today + timedelta(days=chance.randrange(-10, 5)),
                    "created_at": clock.now(),
                }
            )
    for start in range(0, len(wishes), 5000):
        db.execute(insert(Subscription), wishes[start : start + 5000])
    db.execute(insert(FollowUp), tasks)


def wish(person_id: int, topic: Topic, about: str, how: How, **named: Any) -> dict[str, Any]:
    nothing = {"committee_id": None, "perspective": None, "decision_id": None}
    return {
        "person_id": person_id,
        "topic": topic,
        "about": about,
        "how": how,
        "since": clock.now(),
        **nothing,
        **named,
    }


def live_a_day(db: Session, chance: random.Random) -> None:
    """Every committee publishes two decisions, one in ten of them on a closed item."""
    committees = list(db.scalars(select(Committee.id).where(Committee.key.like("k%"))))
    number = (db.scalar(select(func.max(Decision.id))) or 0) + 1
    decisions, tags, journal = [], [], []
    for committee in committees:
        for _ in range(2):
            perspective, is_open = chance.choice(list(Perspective)), chance.random() > 0.1
            common = {"committee_id": committee, "perspective": perspective, "is_open": is_open}
            decisions.append(
                {
                    **common,
                    "id": number,
                    "uid": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                    "year": 2026,
                    "number": number,
                    "text": "vi prøver en fast makker til alle nye i tre måneder.",
                    "why": "Nye kolleger har sagt, at de første uger er ensomme.",
                    "state": DecisionState.VALID,
                    "decided_at": clock.now(),
                    "published_at": clock.now(),
                    "changed_at": clock.now(),
                }
            )
            tags.append({**common, "decision_id": number, "is_main": True, "published_at": clock.now()})
            journal.append(
                {"at": clock.now(), "happened": "decision.published", "thing": "decision", "thing_id": number}
            )
            number += 1
    for kind, rows in ((Decision, decisions), (Tag, tags), (Entry, journal)):
        db.execute(insert(kind), rows)


def cpu() -> float:
    spent = os.times()
    return spent.user + spent.system


def progress(what: str, done: int) -> None:
    show(f"{what}: {done:,}")


def show(words: str) -> None:
    print(f"\r{words:<60}", end="\n" if not sys.stderr.isatty() else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
