"""`med search rebuild`: what can be searched, made anew from what is published."""

import argparse
from typing import TYPE_CHECKING

from med.cli.words import database_at_head, settings_here, written_at_length

if TYPE_CHECKING:
    from med.db import Database


def add_commands(commands: argparse._SubParsersAction) -> None:
    search = commands.add_parser("search", help="what can be searched")
    parts = search.add_subparsers(required=True, metavar="WHAT")
    rebuild = parts.add_parser("rebuild", help="make the search anew from what is published")
    rebuild.set_defaults(run=run_rebuild)


def run_rebuild(given: argparse.Namespace) -> int:
    """One transaction. On PostgreSQL those who search wait; best done at night."""
    from med.migrations.filling_search import rebuild

    with database_at_head(settings_here()) as database, written_at_length(database) as db:
        count = rebuild(db.connection())
    print(f"{count:,} published decisions and items can be searched.")
    return 0


def examine_search(database: "Database") -> tuple[str, str]:
    """Whether everything published can be found: the words are kept beside what they stand in."""
    from med.migrations.filling_search import behind

    with database.reading() as db:
        wrong = behind(db.connection())
    if wrong:
        return "warning", f"The search is behind by {wrong:,} decisions or items; run med search rebuild."
    return "ok", "Everything published can be searched."
