"""`med person`, `med token`. What they do is in `med.cli.persons`."""

import argparse
from typing import Any


def add_commands(commands: Any) -> None:
    person = commands.add_parser("person", help="show a person's employment and seats, or let them in or out")
    person.add_argument("handle")
    person.add_argument("--make", metavar="NAME", default="", help="make the person, where there is none")
    person.add_argument("--admin", action="store_true", help="let them run the system from today on")
    person.add_argument("--invite", action="store_true", help="a link that lets them in once, within three days")
    person.add_argument("--password", action="store_true", help="give them a password, asked for or read from a pipe")
    person.add_argument("--emergency", action="store_true", help="tell the administrators whenever they use it")
    group = person.add_mutually_exclusive_group()
    group.add_argument("--shut-out", action="store_true", help="end every sign-in, link and private address at once")
    group.add_argument("--let-in", action="store_true", help="let the person in again, not what was open")
    person.add_argument("--export", metavar="FILE", default="", help="everything about them into a new zip, for them")
    person.set_defaults(run=run_person)
    token = commands.add_parser("token", help="make a private feed address for a person")
    token.add_argument("--person", required=True, metavar="HANDLE")
    token.add_argument("--scope", required=True, choices=["decisions"])
    token.set_defaults(run=run_token)


def run_person(given: argparse.Namespace) -> int:
    from med.cli import persons

    return persons.run_person(given)


def run_token(given: argparse.Namespace) -> int:
    from med.cli import persons

    return persons.run_token(given)
