"""Planning: from the journal and the calendar to what there is to tell whom.

Every worker may plan at any time, and any of them may be killed: a notice is unique by (person, key), a message by its
key, and writing one that is there already changes nothing. The reading is done before the writing begins, and what is
written is written in small transactions, so that nobody's own change waits for thousands of notices. How far the
planning has come is noted last; the next one goes back ten minutes before it, because lines of the journal that are
written at the same time become visible in another order than they were numbered.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from med import clock
from med.db import Database, insert_into
from med.decisions.models import Decision
from med.journal.models import Entry
from med.meetings.models import Meeting
from med.notices.models import Notice, Outlet, ReadMark
from med.notices.outbox import Posting, post
from med.notices.planning.calendar import midnight, remind
from med.notices.planning.happened import TELLS
from med.notices.planning.plan import Event, Plan
from med.notices.planning.workplace import ask_wishes, look_around

GO_BACK = timedelta(minutes=10)
ENTRIES = 300
ROWS = 1000  # in one transaction
KEEP = timedelta(days=400)
JOURNAL, CALENDAR = "notices.journal", "notices.calendar"
Report = Callable[[str, int], None]


def nobody(what: str, count: int) -> None:
    """Progress is told to nobody."""


def plan_news(database: Database, report: Report = nobody) -> int:
    """Read on in the journal, and put down what it brings. Returns how many notices were written that are new."""
    began = clock.now()
    with database.reading() as db:
        start = _mark(db, JOURNAL) or began  # the very first time, what happened long before is history
    made, after = 0, (start - GO_BACK, 0)
    while True:
        with database.reading() as db:
            events = _read(db, after)
            plan = _plan_events(db, events) if events else None
        if plan is not None:
            made += write(database, plan, report)
        with database.writing() as db:
            _move_mark(db, JOURNAL, events[-1].at if events else began)
        if not events:
            return made
        after = (events[-1].at, events[-1].id)


def _read(db: Session, after: tuple[datetime, int]) -> list[Event]:
    rows = db.execute(
        select(Entry.id, Entry.at, Entry.person_id, Entry.happened, Entry.thing_id, Entry.fields)
        .where(Entry.at >= after[0], tuple_(Entry.at, Entry.id) > tuple_(*after), Entry.happened.in_(sorted(TELLS)))
        .order_by(Entry.at, Entry.id)
        .limit(ENTRIES)
    )
    return [Event(*row) for row in rows]


def _plan_events(db: Session, events: Sequence[Event]) -> Plan:
    by_teller: dict[Any, list[Event]] = defaultdict(list)
    for event in events:
        by_teller[TELLS[event.happened]].append(event)
    of_meetings = [event.thing_id for event in events if event.happened.startswith(("meeting.", "agenda."))]
    of_decisions = [event.thing_id for event in events if event.happened.startswith("decision.")]
    committees = {
        *db.scalars(select(Meeting.committee_id).where(Meeting.id.in_(of_meetings))),
        *db.scalars(select(Decision.committee_id).where(Decision.id.in_(of_decisions))),
    }
    plan = Plan(look_around(db), ask_wishes(db, committees, of_decisions))
    outlets = db.scalars(select(Outlet).where(Outlet.ended_at.is_(None)).order_by(Outlet.id)).all()
    for teller, its in by_teller.items():
        teller(db, plan, its, outlets)
    return plan


def plan_reminders(database: Database, report: Report = nobody) -> int:
    """Once a day, at the first chance after midnight in Copenhagen: what comes due. Also drops very old notices."""
    today = clock.today()
    with database.reading() as db:
        done = _mark(db, CALENDAR)
        if done is not None and done >= midnight(today):
            return 0
        plan = Plan(look_around(db), ask_wishes(db))
        remind(db, plan, today)
    made = write(database, plan, report)
    with database.writing() as db:
        db.execute(delete(Notice).where(Notice.at < clock.now() - KEEP))
        _move_mark(db, CALENDAR, midnight(today))
    return made


# --- writing --------------------------------------------------------------------------------------------------------


def write(database: Database, plan: Plan, report: Report = nobody) -> int:
    """The plan's notices and messages, a part at a time. Those that are there already stay as they are.

    In a fixed order, so that two who write the same at once wait for each other and never crosswise.
    """
    rows = [plan.rows[key] for key in sorted(plan.rows)]
    made = 0
    for start in range(0, len(rows), ROWS):
        with database.writing() as db:
            made += insert(db, rows[start : start + ROWS])
        report("notices", min(start + ROWS, len(rows)))
    postings = sorted(plan.postings, key=lambda posting: posting.key)
    for first in range(0, len(postings), ROWS):
        with database.writing() as db:
            post(db, _once(postings[first : first + ROWS]))
    return made


def _once(postings: Sequence[Posting]) -> list[Posting]:
    return list({posting.key: posting for posting in postings}.values())


def insert(db: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Notices that are not there yet; returns how many. One who was told by another planner is left as they are."""
    statement = insert_into(db, Notice.__table__).on_conflict_do_nothing(index_elements=["person_id", "key"])
    return max(db.connection().execute(statement, list(rows)).rowcount, 0)


def _mark(db: Session, reader: str) -> datetime | None:
    return db.scalar(select(ReadMark.at).where(ReadMark.reader == reader))


def _move_mark(db: Session, reader: str, at: datetime) -> None:
    """Forwards only: a slower planner does not bring a faster one back."""
    db.execute(
        insert_into(db, ReadMark)
        .values(reader=reader, at=at, entry_id=0)
        .on_conflict_do_nothing(index_elements=["reader"])
    )
    db.execute(update(ReadMark).where(ReadMark.reader == reader, ReadMark.at < at).values(at=at))
