"""How the post is doing, and which channels there are."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from msgspec import Struct
from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from med import clock
from med.access import Viewer
from med.errors import NotFound
from med.journal.models import JobRun
from med.notices.models import MailSetting, Message, MessageState, Outlet
from med.notices.operations.access import runs_committees, visible_outlets
from med.notices.sending import Reason
from med.organisation.models import Committee, Person
from med.organisation.queries import committees

PAGE = 50
BACK = timedelta(days=7)  # what is due earlier than this is not looked through for what was sent today


class Numbers(Struct, frozen=True):
    """The outbox at a glance."""

    waiting: int
    due: int  # of these: could leave now
    oldest: datetime | None  # since when the one that has waited longest could have left
    sent: int  # today
    dropped: Sequence[tuple[Reason, int]]  # today
    dead: int


def numbers(db: Session) -> Numbers:
    now = clock.now()
    midnight = datetime.combine(clock.today(), time(), clock.COPENHAGEN)
    waiting = Message.state == MessageState.WAITING
    counted = select(func.count(), func.count().filter(Message.next_at <= now), func.min(Message.next_at))
    all_waiting, due, first = db.execute(counted.where(waiting)).one()
    sent = select(func.count()).where(
        Message.state == MessageState.SENT, Message.next_at > midnight - BACK, Message.sent_at >= midnight
    )
    dropped = (
        select(Message.error, func.count())
        .where(Message.state == MessageState.DROPPED, Message.next_at >= midnight)
        .group_by(Message.error)
        .order_by(func.count().desc(), Message.error)
    )
    known = {reason.value for reason in Reason}
    return Numbers(
        waiting=all_waiting,
        due=due,
        oldest=first if due else None,
        sent=db.scalar(sent) or 0,
        dropped=[(Reason(error), count) for error, count in db.execute(dropped) if error in known],
        dead=db.scalar(select(func.count()).where(Message.state == MessageState.DEAD)) or 0,
    )


def dead_letters(db: Session, after: int = 0) -> tuple[Sequence[Row], int | None]:
    """What could not be sent, newest first, a page at a time: those older than message `after`; and where to go on."""
    asked = (
        select(
            Message.id,
            Message.kind,
            Message.channel,
            Message.tries,
            Message.error,
            Message.created_at,
            Message.person_id,
            Person.name,
            Person.mail,
            Outlet.name.label("outlet"),
            MailSetting.refused_at,
        )
        .outerjoin(Person, Person.id == Message.person_id)
        .outerjoin(Outlet, Outlet.id == Message.outlet_id)
        .outerjoin(MailSetting, MailSetting.person_id == Message.person_id)
        .where(Message.state == MessageState.DEAD)
        .order_by(Message.id.desc())
        .limit(PAGE + 1)
    )
    if after:
        asked = asked.where(Message.id < after)
    found = db.execute(asked).all()
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def message(db: Session, message_id: int) -> Message:
    found = db.get(Message, message_id)
    if found is None:
        raise NotFound
    return found


def refused_addresses(db: Session) -> Sequence[Row]:
    """Addresses the mail server says are not there, the latest first; those of people who still may sign in."""
    return db.execute(
        select(
            MailSetting.id, MailSetting.person_id, Person.name, Person.mail, MailSetting.refused_at, MailSetting.refusal
        )
        .join(Person)
        .where(MailSetting.refused_at.is_not(None), Person.is_active)
        .order_by(MailSetting.refused_at.desc(), MailSetting.id.desc())
        .limit(500)
    ).all()


def mail_setting(db: Session, setting_id: int) -> MailSetting:
    found = db.get(MailSetting, setting_id)
    if found is None:
        raise NotFound
    return found


def last_runs(db: Session) -> Sequence[JobRun]:
    """The latest run of every job; an errand is here only when it failed."""
    latest = select(JobRun.job, func.max(JobRun.due_at)).group_by(JobRun.job)
    return db.scalars(select(JobRun).where(tuple_(JobRun.job, JobRun.due_at).in_(latest)).order_by(JobRun.job)).all()


def outlets(db: Session, viewer: Viewer) -> Sequence[Outlet]:
    """Open channels the viewer looks after: those for the whole municipality first."""
    return db.scalars(
        select(Outlet)
        .where(visible_outlets(viewer), Outlet.ended_at.is_(None))
        .options(joinedload(Outlet.committee), joinedload(Outlet.made_by))
        .order_by(Outlet.committee_id.is_not(None), Outlet.committee_id, Outlet.name, Outlet.id)
    ).all()


def outlet(db: Session, viewer: Viewer, outlet_id: int) -> Outlet:
    found = db.scalar(select(Outlet).where(Outlet.id == outlet_id, visible_outlets(viewer)))
    if found is None:
        raise NotFound
    return found


def committees_for(db: Session, viewer: Viewer) -> Sequence[Committee]:
    """Committees the viewer may open a channel for."""
    mine = runs_committees(viewer)
    return [found for found in committees(db, viewer) if viewer.is_admin or found.id in mine]
