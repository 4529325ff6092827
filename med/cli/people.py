"""`med person`, `med token`."""

import argparse
from typing import Any

from sqlalchemy import select

from med.cli.words import Stop, database_at_head
from med.organisation.models import Employment, Person, Seat
from med.settings import read_settings


def add_commands(commands: Any) -> None:
    person = commands.add_parser("person", help="show a person's employment and seats, or let them in or out")
    person.add_argument("handle")
    group = person.add_mutually_exclusive_group()
    group.add_argument("--shut-out", action="store_true", help="end every sign-in and private address at once")
    group.add_argument("--let-in", action="store_true", help="undo --shut-out")
    person.set_defaults(run=run_person)
    token = commands.add_parser("token", help="make a private feed address for a person")
    token.add_argument("--person", required=True, metavar="HANDLE")
    token.add_argument("--scope", required=True, choices=["decisions"])
    token.set_defaults(run=run_token)


def find(db: Any, handle: str) -> Person:
    found = db.scalar(select(Person).where(Person.handle == handle))
    if found is None:
        raise Stop(f"there is no person with the handle {handle!r}.")
    return found


def run_person(given: argparse.Namespace) -> int:
    from med.journal.actions import note

    with database_at_head() as database, database.writing() as db:
        person = find(db, given.handle)
        if given.shut_out or given.let_in:
            person.is_active = given.let_in
            note(db, None, "person.let_in" if given.let_in else "person.shut_out", person)
        print(f"{person.name} ({person.handle}){'' if person.is_active else ' – shut out'}")
        for job in db.scalars(select(Employment).where(Employment.person_id == person.id)):
            print(f"  works as {job.title or '–'} in {job.unit.name} from {job.starts} to {job.ends or '…'}")
        for seat in db.scalars(select(Seat).where(Seat.person_id == person.id)):
            print(f"  sits on {seat.committee.name} as {seat.role.value} from {seat.starts} to {seat.ends or '…'}")
    return 0


def run_token(given: argparse.Namespace) -> int:
    from med.identity.actions import make_feed_token
    from med.organisation.queries import viewer_for

    settings = read_settings()
    with database_at_head(settings) as database, database.writing() as db:
        viewer = viewer_for(db, find(db, given.person).id)
        if not viewer.is_employee:
            raise Stop(f"{viewer.name} is not employed today and has no right to content.")
        token = make_feed_token(db, viewer, given.scope)
    print(f"{settings.base_url}/feeds/{token}/beslutninger.atom")
    return 0
