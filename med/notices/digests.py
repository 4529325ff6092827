"""When what there is to tell goes out by mail: the digest at each person's own hour, and what was asked for at once.

The hour is one on the wall in Copenhagen. What counts is the latest moment it was that hour there: a digest that could
not be posted then is posted when it can, and holds everything that happened until that moment. On the night the clock
goes forward an hour that does not exist is the moment right after it; on the night it goes back, an hour that comes
twice is the first one.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Text as SqlText
from sqlalchemy import and_, cast, func, literal, or_, select, update
from sqlalchemy.orm import Session

from med import clock
from med.db import Database, insert_into
from med.journal.models import JobRun
from med.journal.runs import claim, due_time
from med.notices.models import How, MailSetting, Message, Notice, ReadMark
from med.notices.outbox import Posting, post
from med.notices.planning import Report, nobody, plan_news, plan_reminders
from med.notices.planning.workplace import cannot_mail
from med.slices import Office

log = logging.getLogger("med.notices")
MARK = "notices.digests"
JOB, MINUTES = "notices.plan", 5
PEOPLE = 500  # in one transaction
MAILS = (How.WEEKLY, How.DAILY, How.AT_ONCE)
HOUR, WEEKDAY = 7, 0  # of those who chose none; as in MailSetting


def run(office: Office) -> None:
    """The errand, done by the worker that comes first at each step of the clock. What two did would be done once all
    the same, but thousands of notices need not be thought of twice. Who is killed over it leaves it to the next step.
    """
    run_id = claim(office.database, JOB, due_time(MINUTES, clock.now()))
    if run_id is None:
        return
    tell(office)
    with office.database.writing() as db:
        db.execute(update(JobRun).where(JobRun.id == run_id).values(done_at=clock.now()))


def tell(office: Office) -> None:
    """Plan what is new, then post the mails whose time has come. In this order, so that what happened
    before the hour is in that hour's digest."""
    news = plan_news(office.database)
    reminders = plan_reminders(office.database)
    posted = 0
    if office.settings.smtp_url:
        posted = post_due(office.database)
    else:  # what no mail can tell stands on the page, and is not kept for the day there is a mail server
        with office.database.writing() as db:
            db.execute(update(Notice).where(Notice.message_id.is_(None), Notice.how.in_(MAILS)).values(how=How.PAGE))
    if news or reminders or posted:
        log.info("%s notices are new, %s mails are due", news + reminders, posted)


# --- when -----------------------------------------------------------------------------------------------------------


def last_hour(now: datetime, hour: int) -> tuple[datetime, date]:
    """The latest moment it was `hour` in Copenhagen, and the day that was."""
    day = now.astimezone(clock.COPENHAGEN).date()
    moment = wall(day, hour)
    if moment > now:
        day -= timedelta(days=1)
        moment = wall(day, hour)
    return moment, day


def last_weekday(now: datetime, hour: int, weekday: int) -> datetime:
    """The latest moment it was `hour` on that day of the week (Monday is 0)."""
    _, day = last_hour(now, hour)
    return wall(day - timedelta(days=(day.weekday() - weekday) % 7), hour)


def wall(day: date, hour: int) -> datetime:
    """The (first) moment the clock on the wall shows the hour. Of an hour the clock jumps over (2.00 in March) Python
    gives the moment it jumps, because it reads it with the time from before."""
    return datetime.combine(day, time(hour), clock.COPENHAGEN).astimezone(UTC)


# --- who ------------------------------------------------------------------------------------------------------------


def post_due(database: Database, report: Report = nobody) -> int:
    """Post every digest and every mail at once that is due now. Returns how many messages were posted."""
    now = clock.now()
    with database.reading() as db:
        waiting = _waiting(db)
        no_mail, no_digest = cannot_mail(db)
    for people, hows in (
        (no_mail, MAILS),
        (no_digest - no_mail, (How.WEEKLY, How.DAILY)),
    ):
        hushed = sorted({row.person_id for row in waiting if row.person_id in people and row.how in hows})
        if hushed:
            with database.writing() as db:
                _hush(db, hushed, hows)
    able = [row for row in waiting if row.person_id not in no_mail]
    made = _post_at_once(database, sorted({row.person_id for row in able if row.how is How.AT_ONCE}))
    slots: dict[tuple[date, datetime, datetime], set[int]] = defaultdict(set)
    for row in able:
        if row.how is How.AT_ONCE or row.person_id in no_digest:
            continue
        hour = HOUR if row.hour is None else row.hour
        daily, day = last_hour(now, hour)
        weekly = last_weekday(now, hour, WEEKDAY if row.weekday is None else row.weekday)
        if row.first <= (daily if row.how is How.DAILY else weekly):
            slots[day, daily, weekly].add(row.person_id)
    done, of = 0, sum(len(people) for people in slots.values())
    for (day, daily, weekly), found in sorted(slots.items()):
        in_turn = sorted(found)
        for start in range(0, len(in_turn), PEOPLE):
            part = in_turn[start : start + PEOPLE]
            made += _post_digests(database, part, day, daily, weekly)
            done += len(part)
            report(f"digests of {of}", done)
    return made


def _waiting(db: Session) -> Sequence[Any]:
    """Per person and way: when the first notice that no mail has told yet happened, and the person's own hour."""
    return db.execute(
        select(
            Notice.person_id,
            Notice.how,
            func.min(Notice.at).label("first"),
            MailSetting.hour,
            MailSetting.weekday,
        )
        .outerjoin(MailSetting, MailSetting.person_id == Notice.person_id)
        .where(Notice.message_id.is_(None), Notice.how.in_(MAILS))
        .group_by(Notice.person_id, Notice.how, MailSetting.hour, MailSetting.weekday)
    ).all()


def _hush(db: Session, people: Sequence[int], hows: Sequence[How]) -> None:
    """What no mail will tell stands on the page, and does not pile up for the day mail works again."""
    for start in range(0, len(people), PEOPLE):
        part = people[start : start + PEOPLE]
        db.execute(
            update(Notice)
            .where(Notice.message_id.is_(None), Notice.how.in_(hows), Notice.person_id.in_(part))
            .values(how=How.PAGE)
        )


# --- posting --------------------------------------------------------------------------------------------------------


def _post_digests(database: Database, people: Sequence[int], day: date, daily: datetime, weekly: datetime) -> int:
    """One digest for each, and their notices linked to it, in one transaction: both or neither."""
    with database.writing() as db:
        if not _alone(db):
            return 0
        keys = {f"digest:person:{one}:{day}": one for one in people}
        had = set(db.scalars(select(Message.key).where(Message.key.in_(list(keys)))))
        fresh = {key: one for key, one in keys.items() if key not in had}
        if not fresh:
            return 0
        details = {"day": day.isoformat()}
        made = post(db, (Posting(key, "digest", person_id=one, details=details) for key, one in fresh.items()))
        key = literal("digest:person:") + cast(Notice.person_id, SqlText) + literal(f":{day}")
        due = or_(
            and_(Notice.how == How.DAILY, Notice.at <= daily), and_(Notice.how == How.WEEKLY, Notice.at <= weekly)
        )
        db.execute(
            update(Notice)
            .where(Notice.message_id.is_(None), Notice.person_id.in_(list(fresh.values())), due)
            .values(message_id=select(Message.id).where(Message.key == key).scalar_subquery())
            .execution_options(synchronize_session=False)
        )
        return made


def _post_at_once(database: Database, people: Sequence[int]) -> int:
    """One mail for what the last minutes brought a person. Its key is the first notice in it."""
    made = 0
    for start in range(0, len(people), PEOPLE):
        part = people[start : start + PEOPLE]
        with database.writing() as db:
            if not _alone(db):
                return made
            untold = (Notice.message_id.is_(None), Notice.how == How.AT_ONCE, Notice.person_id.in_(part))
            first = db.execute(
                select(Notice.person_id, func.min(Notice.id).label("id")).where(*untold).group_by(Notice.person_id)
            ).all()
            made += post(db, (Posting(f"notice:{row.id}", "notice", person_id=row.person_id) for row in first))
            told = {
                row.key: row.id
                for row in db.execute(
                    select(Message.key, Message.id).where(Message.key.in_([f"notice:{row.id}" for row in first]))
                )
            }
            for row in first:
                db.execute(
                    update(Notice)
                    .where(Notice.message_id.is_(None), Notice.how == How.AT_ONCE, Notice.person_id == row.person_id)
                    .values(message_id=told[f"notice:{row.id}"])
                    .execution_options(synchronize_session=False)
                )
    return made


def _alone(db: Session) -> bool:
    """Whether nobody else posts digests at this moment; whoever comes second leaves it to the first."""
    mine = insert_into(db, ReadMark).values(reader=MARK, at=clock.now(), entry_id=0)
    db.execute(mine.on_conflict_do_nothing(index_elements=["reader"]))
    held = select(ReadMark.id).where(ReadMark.reader == MARK).with_for_update(skip_locked=True)
    return db.scalar(held) is not None
