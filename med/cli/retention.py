"""`med retention`: what is kept of people who have left, and letting it go."""

import argparse
from typing import Any

from med.cli.words import database_at_head, settings_here


def add_commands(commands: Any) -> None:
    retention = commands.add_parser("retention", help="let go of what the rules take of people who have left")
    retention.add_argument("--dry-run", action="store_true", help="only count it")
    retention.set_defaults(run=run_retention)


def run_retention(given: argparse.Namespace) -> int:
    from med import language
    from med.trust.retention import carry_out, report

    language.current.set("en")
    settings = settings_here()
    with database_at_head(settings) as database:
        if given.dry_run:
            with database.reading() as db:
                found = report(db, settings)
        else:
            with database.writing() as db:
                found = carry_out(db, settings)
    for rule, count in found:
        print(f"{count:7}  {rule.title} ({rule.days} days)")
    total = sum(count for _, count in found)
    print(f"{total} rows {'would go' if given.dry_run else 'are gone'}.")
    return 0
