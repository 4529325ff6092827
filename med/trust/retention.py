"""What goes when somebody has left: by rule and period, counted first, and the same again after a restore.

Whoever has left is found by dates alone, so a backup put back from before is tidied by the next run: there is no list
of erased employees to keep. What stays, and why, is said in held.py and docs/gdpr/.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import Assignment, CompassRole
from med.journal.actions import note_many
from med.language import T, Text
from med.organisation.models import Employment, Grant, Person, Seat
from med.settings import Settings
from med.trust.held import HELD, Goes
from med.trust.own_data import place_of

GONE = "Tidligere medarbejder"


class Rule(Struct, frozen=True):
    title: Text
    days: int
    count: Callable[[Session, date], int]
    work: Callable[[Session, date], None]


def rules(settings: Settings) -> list[Rule]:
    """In the order they are carried out: an address goes before the name does."""
    access, own, name = settings.retention_days
    return [
        Rule(T("Adgang, private adresser og indstillinger"), access, *of_tables(Goes.ACCESS)),
        Rule(T("Private noter, mails og beskeder"), own, *of_tables(Goes.OWN)),
        Rule(T("Mailadresse"), own, count_mails, forget_mails),
        Rule(T("Valggruppe på afsluttede pladser"), own, count_groups, forget_groups),
        Rule(T("Navn på den, der aldrig var med i et udvalg"), name, count_names, forget_names),
    ]


def report(db: Session, settings: Settings) -> list[tuple[Rule, int]]:
    """How many rows each rule would take today."""
    return [(rule, rule.count(db, last_day(rule))) for rule in rules(settings)]


def carry_out(db: Session, settings: Settings) -> list[tuple[Rule, int]]:
    """Do it; how many rows each rule took."""
    done = []
    for rule in rules(settings):
        count = rule.count(db, last_day(rule))
        if count:
            rule.work(db, last_day(rule))
        done.append((rule, count))
    return done


def last_day(rule: Rule) -> date:
    return clock.today() - timedelta(days=rule.days)


def left_before(day: date) -> ColumnElement[bool]:
    """Persons who worked here, sat somewhere or ran something, and whose every such row ended before `day`.

    A seat or a role nobody has ended, of somebody who was employed, ended with their last employment.
    """
    on_their_own, with_the_job = (Employment, Grant), (Seat, CompassRole, Assignment)

    def has(tie: Any, *more: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(tie.person_id == Person.id, *more)

    return and_(
        or_(*(has(tie) for tie in (*on_their_own, *with_the_job))),
        *(~has(tie, lasts_until(tie, day)) for tie in on_their_own),
        or_(has(Employment), and_(*(~has(tie, lasts_until(tie, day)) for tie in with_the_job))),
    )


def lasts_until(tie: Any, day: date) -> ColumnElement[bool]:
    return or_(tie.ends.is_(None), tie.ends >= day)


def former(day: date) -> Any:
    return select(Person.id).where(left_before(day))


def of_tables(goes: Goes) -> tuple[Callable[[Session, date], int], Callable[[Session, date], None]]:
    # Codes before the account they belong to, notices before the mail that told them.
    places = [place_of(place) for place, held in HELD.items() if held.goes is goes]

    def count(db: Session, day: date) -> int:
        return sum(
            db.scalar(select(func.count()).select_from(table).where(column.in_(former(day)))) or 0
            for table, column in places
        )

    def work(db: Session, day: date) -> None:
        from med.identity.models import Account, RecoveryCode

        if goes is Goes.ACCESS:
            accounts = select(Account.id).where(Account.person_id.in_(former(day)))
            db.execute(delete(RecoveryCode).where(RecoveryCode.account_id.in_(accounts)))
        for table, column in places:
            db.execute(delete(table).where(column.in_(former(day))))

    return count, work


def count_mails(db: Session, day: date) -> int:
    return db.scalar(select(func.count()).select_from(Person).where(Person.mail != "", left_before(day))) or 0


def forget_mails(db: Session, day: date) -> None:
    ids = db.scalars(former(day).where(Person.mail != "")).all()
    db.execute(update(Person).where(Person.id.in_(ids)).values(mail=""))
    note_many(db, None, Person, [("person.mail_forgotten", one, ["mail"]) for one in ids])


def ended_groups(day: date) -> ColumnElement[bool]:
    theirs = Employment.person_id == Seat.person_id
    has_left = and_(exists().where(theirs), ~exists().where(theirs, lasts_until(Employment, day)))
    return and_(Seat.electoral_group.is_not(None), or_(Seat.ends < day, has_left))


def count_groups(db: Session, day: date) -> int:
    return db.scalar(select(func.count()).select_from(Seat).where(ended_groups(day))) or 0


def forget_groups(db: Session, day: date) -> None:
    """Close to union membership: it goes with the seat, also for those who still work here."""
    ids = db.scalars(select(Seat.id).where(ended_groups(day))).all()
    db.execute(update(Seat).where(Seat.id.in_(ids)).values(electoral_group=None))
    note_many(db, None, Seat, [("seat.group_forgotten", one, ["electoral_group"]) for one in ids])


def nowhere_on_record(day: date) -> ColumnElement[bool]:
    """Left, and named in nothing that stays but their own employment."""
    named = [
        exists().where(column == Person.id)
        for place, held in HELD.items()
        if held.goes is Goes.STAYS and place not in {"employment.person_id", "journal_entry.person_id"}
        for _, column in (place_of(place),)
    ]
    return and_(left_before(day), Person.name != GONE, *(~one for one in named))


def count_names(db: Session, day: date) -> int:
    return db.scalar(select(func.count()).select_from(Person).where(nowhere_on_record(day))) or 0


def forget_names(db: Session, day: date) -> None:
    ids = db.scalars(select(Person.id).where(nowhere_on_record(day))).all()
    for one in ids:
        values = {"name": GONE, "handle": f"slettet-{one}", "mail": "", "is_active": False}
        db.execute(update(Person).where(Person.id == one).values(**values))
    db.execute(delete(Employment).where(Employment.person_id.in_(ids)))
    note_many(db, None, Person, [("person.anonymised", one, ["name", "handle"]) for one in ids])
