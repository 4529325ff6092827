"""What `med person` and `med token` do, and whose eyes an export sees with."""

import argparse
import getpass
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from med import clock, language
from med.access import Viewer
from med.cli.words import Stop, database_at_head, fresh, settings_here
from med.errors import Invalid, NotFound
from med.organisation.access import on_day
from med.organisation.models import Employment, Grant, GrantKind, Person, Seat
from med.organisation.queries import viewer_for
from med.settings import Settings


def find(db: Any, handle: str) -> Person:
    found = db.scalar(select(Person).where(Person.handle == handle))
    if found is None:
        raise Stop(f"there is no person with the handle {handle!r}.")
    return found


def run_person(given: argparse.Namespace) -> int:
    from med.identity import accounts, actions
    from med.journal.actions import note

    settings = settings_here()
    password = ask_password(given.handle, given.make, settings) if given.password else ""
    export = Path(given.export) if given.export else None
    with fresh(export), database_at_head(settings) as database, database.writing() as db:
        person = made(db, given.handle, given.make) if given.make else find(db, given.handle)
        if given.admin:
            make_admin(db, person)
        if password:
            give_password(db, person, password, given.emergency)
        if given.shut_out or given.let_in:
            person.is_active = given.let_in
            accounts.end_sign_ins(db, person.id)  # for good: --let-in brings back the person, not what was open
            accounts.end_links(db, person.id)
            actions.revoke_feed_tokens(db, person.id)
            note(db, None, "person.let_in" if given.let_in else "person.shut_out", person)
        if export is not None:
            hand_over(db, person, export)
        told = list(about(db, person))
        if given.invite:
            link = accounts.welcome(db, None, person, given.emergency)
            told.append(f"  gets in once, until three days from now: {settings.base_url}/log-ind/link/{link}")
    for line in told:  # now that it is saved: whoever reads along may leave at the first line
        print(line)
    return 0


def about(db: Any, person: Person) -> Iterator[str]:
    yield f"{person.name} ({person.handle}){'' if person.is_active else ' – shut out'}"
    for job in db.scalars(select(Employment).where(Employment.person_id == person.id)):
        yield f"  works as {job.title or '–'} in {job.unit.name} from {job.starts} to {job.ends or '…'}"
    for seat in db.scalars(select(Seat).where(Seat.person_id == person.id)):
        yield f"  sits on {seat.committee.name} as {seat.role.value} from {seat.starts} to {seat.ends or '…'}"


def viewer_now(db: Any, person: Person) -> Viewer | None:
    try:
        return viewer_for(db, person.id)
    except NotFound:  # they are shut out
        return None


def employee(db: Any, handle: str) -> Viewer:
    """Somebody with a right to content today, to see with their eyes."""
    person = find(db, handle)
    viewer = viewer_now(db, person)
    if viewer is None or not viewer.is_employee:
        why = "is shut out" if viewer is None else "is not employed today"
        raise Stop(f"{person.name} {why} and has no right to content.")
    return viewer


def hand_over(db: Any, person: Person, file: Path) -> None:
    """Everything about them, in a file for them; that it was made stands in the journal."""
    from med.journal.actions import note
    from med.trust.own_data import packed

    language.current.set(person.language)
    data = packed(db, person, viewer_now(db, person))
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        out.write(data)
    note(db, None, "person.data_handed_over", person)


def made(db: Any, handle: str, name: str) -> Person:
    """The first person there is, usually: everybody else comes with `med import people`."""
    from med.journal.actions import note

    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", handle) or not name.strip():
        raise Stop("a handle is 1 to 40 small letters a to z, digits, dots and dashes, and a person has a name.")
    if db.scalar(select(Person.id).where(Person.handle == handle)) is not None:
        raise Stop(f"there is somebody with the handle {handle!r} already; leave --make out.")
    person = Person(handle=handle, name=name.strip())
    db.add(person)
    note(db, None, "person.made", person)
    return person


def make_admin(db: Any, person: Person) -> None:
    from med.journal.actions import note

    running = select(Grant.id).where(Grant.person_id == person.id, Grant.kind == GrantKind.ADMIN)
    if db.scalar(running.where(on_day(Grant, clock.today()))) is None:
        grant = Grant(person_id=person.id, kind=GrantKind.ADMIN, starts=clock.today())
        db.add(grant)
        note(db, None, "grant.given", grant)


def ask_password(handle: str, name: str, settings: Settings) -> str:
    from med.identity import passwords

    if sys.stdin.isatty():
        password = getpass.getpass(f"New password for {handle}: ")
        if getpass.getpass("Once more: ") != password:
            raise Stop("the two are not the same; nothing is changed.")
    else:
        password = sys.stdin.readline().rstrip("\n")
    language.current.set("en")
    try:
        passwords.check(password, password, handle, name, settings.name, leaked=settings.data_dir / passwords.LEAKED)
    except Invalid as invalid:
        raise Stop(f"not a password to use: {invalid.errors['password']}") from None
    return password


def give_password(db: Any, person: Person, password: str, is_emergency: bool) -> None:
    from med.identity import accounts, passwords

    account = accounts.set_password(db, None, person, passwords.hash_now(password), anew=True)
    account.is_emergency = is_emergency


def run_token(given: argparse.Namespace) -> int:
    from med.identity.actions import make_feed_token

    settings = settings_here()
    with database_at_head(settings) as database, database.writing() as db:
        token = make_feed_token(db, employee(db, given.person), given.scope)
    print(f"{settings.base_url}/feeds/{token}/beslutninger.atom")
    return 0
