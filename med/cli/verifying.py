"""`med verify`: is everything that was written down still as it was written?"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from med.cli.words import Stop, database_at_head, settings_here
from med.settings import Settings

if TYPE_CHECKING:
    from med.db import Database


def add_commands(commands: Any) -> None:
    verify = commands.add_parser(
        "verify", help="recompute the chains of the journal and of every committee's minutes, and look at every file"
    )
    verify.add_argument(
        "--anchor", type=Path, action="append", default=[], metavar="FILE",
        help="lines that told where the chains ended, in a file or a saved mail; the data folder's own and those in "
        "MED_ANCHOR_FILE are always read",
    )  # fmt: skip
    verify.set_defaults(run=run_verify)


def run_verify(given: argparse.Namespace) -> int:
    from med.trust.anchors import ANCHORS, anchor_file

    settings = settings_here()
    own = {anchor_file(settings), settings.data_dir / ANCHORS}  # the latter from before MED_ANCHOR_FILE was set
    for file in given.anchor:
        if not file.is_file():
            raise Stop(f"there are no anchors at {file}.")
    with database_at_head(settings) as database:
        found = print_all(broken_chains(database))
        found += print_all(
            forgotten_anchors(database, [*given.anchor, *sorted(file for file in own if file.is_file())])
        )
        found += print_all(broken_files(database, settings))
    if found:
        raise Stop(f"{found} things are not as they were written; restore the rows and files named from a backup.", 1)
    print("The journal, every committee's chain of minutes and every attachment are as they were written.")
    return 0


def print_all(breaks: Iterable[str]) -> int:
    count = 0
    for found in breaks:
        print(found)
        count += 1
    return count


def broken_chains(database: "Database") -> list[str]:
    """What is wrong with the committees' minutes and with the journal, a line each."""
    from sqlalchemy import select

    import med.app  # noqa: F401  (every slice says what of its own belongs in the minutes)
    from med.journal.chain import breaks
    from med.meetings.queries.minutes import verify_chain
    from med.organisation.models import Committee

    with database.reading() as db:
        of_minutes = [
            f"{committee.name}: {found}"
            for committee in db.scalars(select(Committee).order_by(Committee.id))
            for found in verify_chain(db, committee.id)
        ]
        return of_minutes + [str(found) for found in breaks(db)]


def forgotten_anchors(database: "Database", files: Iterable[Path]) -> Iterator[str]:
    from med.trust.anchors import missing_anchors, read_anchors

    with database.reading() as db:
        for file in files:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            if not (anchors := list(read_anchors(lines))):
                yield f"{file}: there is no anchor in it"
            yield from missing_anchors(db, anchors)


def broken_files(database: "Database", settings: Settings) -> Iterator[str]:
    """Attachments whose file is gone or is no longer what was put there."""
    from med.meetings import files
    from med.meetings.sealing import stored_names

    with database.reading() as db:
        for meeting_id, attachment_id, stored in stored_names(db):
            if not files.is_whole(settings.files_dir, stored):
                yield f"attachment {attachment_id} (/moeder/{meeting_id}): its file is gone or changed"
