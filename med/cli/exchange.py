"""`med import KIND FILE [--dry-run]`: from other systems' files to rows, with a diff first."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from med.cli.words import Stop, database_at_head
from med.errors import Invalid

LARGEST_FILE = 25 * 2**20


def add_commands(commands: Any) -> None:
    take_in = commands.add_parser("import", help="take in a file: grundlag, people, units, committees, seats")
    take_in.add_argument("kind", choices=sorted(KINDS))
    take_in.add_argument("file", type=Path)
    take_in.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    take_in.add_argument(
        "--leaving", type=int, metavar="N", help="the exact number that leave, where it is more than one in ten"
    )
    take_in.set_defaults(run=run_import)


def run_import(given: argparse.Namespace) -> int:
    try:
        if given.file.stat().st_size > LARGEST_FILE:
            raise Stop(f"{given.file} is larger than {LARGEST_FILE // 2**20} MB.")
        data = given.file.read_bytes()
    except OSError as error:
        raise Stop(f"{given.file} cannot be read: {error.strerror}.") from None
    with database_at_head() as database, database.writing() as db:
        changed = KINDS[given.kind](db, given, data)
        if given.dry_run:
            db.rollback()
    if given.dry_run:
        print("Nothing was changed (dry run).")
    else:
        print(f"{changed} changes saved." if changed else "Nothing to change.")
    return 0


def import_grundlag(db: Any, given: argparse.Namespace, data: bytes) -> int:
    from med.perspectives.importing import carry_out, plan_import

    plan = plan_import(db, data, given.file.name)
    return settle(plan, lambda: carry_out(db, None, plan), given.dry_run)


def import_organisation(kind: str) -> Callable[..., int]:
    def take(db: Any, given: argparse.Namespace, data: bytes) -> int:
        from med.organisation.importing import carry_out, plan_import
        from med.tables import TableError, read

        try:
            table = read(given.file.name, data)
        except TableError as error:
            raise Stop(str(error)) from None
        plan = plan_import(db, kind, table)
        return settle(plan, lambda: carry_out(db, None, plan, given.leaving), given.dry_run)

    return take


def settle(plan: Any, carry_out: Callable[[], Any], dry_run: bool) -> int:
    """Print the diff; carry it out unless it has errors or only a look was asked for."""
    for line in plan.lines():
        print(line)
    if plan.errors:
        for error in plan.errors:
            print(f"! {error}")
        raise Stop(f"{len(plan.errors)} errors in the file; nothing was changed.")
    if not dry_run:
        try:
            carry_out()
        except Invalid as invalid:
            said = " ".join(map(str, invalid.errors.values()))
            hint = " (--leaving N)" if "leaving" in invalid.errors else ""
            raise Stop(f"{said}{hint} Nothing was changed.") from None
    return plan.changes


KINDS: dict[str, Callable[..., int]] = {
    "grundlag": import_grundlag,
    "people": import_organisation("personer"),
    "units": import_organisation("enheder"),
    "committees": import_organisation("udvalg"),
    "seats": import_organisation("pladser"),
}
