"""`med import KIND FILE [--dry-run]`: from other systems' files to rows, with a diff first; and `med export`.

The compass's folders and files are in `med.cli.compass_files`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from med.cli.words import Stop, counted, database_at_head, fresh
from med.errors import Invalid

LARGEST_FILE = 25 * 2**20


def add_commands(commands: Any) -> None:
    take_in = commands.add_parser("import", help="take in a file, or a compass folder")
    take_in.add_argument("kind", choices=sorted([*KINDS, *COMPASS, "oparl"]))
    take_in.add_argument("file", type=Path, help="the file; for compass and oparl, the folder")
    take_in.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    take_in.add_argument(
        "--leaving", type=int, metavar="N", help="the exact number that leave, where it is more than one in ten"
    )
    take_in.add_argument("--unit", default="", metavar="KEY", help="compass: where what has no unit belongs")
    take_in.add_argument(
        "--instrument", default="", metavar="KEY", help="which instrument a file of scores or goals is by"
    )
    take_in.set_defaults(run=run_import)
    give = commands.add_parser("export", help="write decisions as a person may see them, or the compass, to files")
    give.add_argument("kind", choices=["decisions", "compass", "instrument"])
    give.add_argument("folder", type=Path, nargs="?", help="compass: a new folder; instrument: its key")
    give.add_argument("--person", metavar="HANDLE", help="decisions: whose eyes to see with")
    give.add_argument("--reason", default="", help="compass: what the export is for; noted at every citizen")
    give.add_argument("--rekey", action="store_true", help="compass: new pseudonyms, for whoever is to analyse it")
    give.add_argument("--instrument", default="", metavar="KEY", help="compass: which instrument")
    give.add_argument("--version", type=int, metavar="N", help="compass: which of its versions; the newest, else")
    give.add_argument("--format", choices=["csv", "json"], default="csv")
    give.add_argument("--out", type=Path, metavar="FILE", help="a new file; without it, standard output")
    give.set_defaults(run=run_export)


def run_import(given: argparse.Namespace) -> int:
    if given.kind in COMPASS:
        from med.cli.compass_files import run_import_compass

        return run_import_compass(given)
    if given.kind == "oparl":
        from med.cli.archives import run_import_oparl

        return run_import_oparl(given)
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
        print(f"{counted(changed, 'change')} saved." if changed else "Nothing to change.")
    return 0


def import_grundlag(db: Any, given: argparse.Namespace, data: bytes) -> int:
    from med.perspectives.importing import carry_out, plan_import

    plan = plan_import(db, data, given.file.name)
    return settle(plan, lambda: carry_out(db, None, plan))


def import_instrument(db: Any, given: argparse.Namespace, data: bytes) -> int:
    from med.competence_compass.importing.instruments import carry_out, plan_import

    plan = plan_import(db, data, given.file.name)
    return settle(plan, lambda: carry_out(db, None, plan))


def import_organisation(kind: str) -> Callable[..., int]:
    def take(db: Any, given: argparse.Namespace, data: bytes) -> int:
        from med.organisation.importing import carry_out, plan_import
        from med.tables import TableError, read

        try:
            table = read(given.file.name, data)
        except TableError as error:
            raise Stop(str(error)) from None
        plan = plan_import(db, kind, table)
        return settle(plan, lambda: carry_out(db, None, plan, given.leaving))

    return take


def settle(plan: Any, carry_out: Callable[[], Any]) -> int:
    """Print the diff; carry it out unless it has errors. A dry run does so, too, and is refused as the import would be:
    what it did is then rolled back."""
    for line in plan.lines():
        print(line)
    if plan.errors:
        for error in plan.errors:
            print(f"! {error}")
        raise Stop(f"{counted(len(plan.errors), 'error')} in the file; nothing was changed.")
    try:
        carry_out()
    except Invalid as invalid:
        said = " ".join(map(str, invalid.errors.values()))
        hint = " (--leaving N)" if "leaving" in invalid.errors else ""
        raise Stop(f"{said}{hint} Nothing was changed.") from None
    return plan.changes


KINDS: dict[str, Callable[..., int]] = {
    "grundlag": import_grundlag,
    "instrument": import_instrument,
    "people": import_organisation("personer"),
    "units": import_organisation("enheder"),
    "committees": import_organisation("udvalg"),
    "seats": import_organisation("pladser"),
}


COMPASS = ("compass", "citizens", "participations", "assessments", "goals")


# --- out ----------------------------------------------------------------------------------------------------------

FIELDS = (
    "number", "committee", "meeting", "text", "why", "meaning", "perspective", "further_perspectives", "state",
    "responsible", "due", "decided_at", "published_at", "is_open", "id",
)  # fmt: skip


def run_export(given: argparse.Namespace) -> int:
    if given.kind == "compass":
        from med.cli.compass_files import run_export_compass

        return run_export_compass(given)
    if given.out is not None and given.out.exists():
        raise Stop(f"{given.out} is there already; name a new file.")
    if given.kind == "instrument":
        return export_instrument(given)
    if not given.person:
        raise Stop("--person HANDLE says whose eyes to see with.")
    from med.cli.persons import employee
    from med.tables import write_csv

    with database_at_head() as database, database.reading() as db:
        rows = list(decisions_for(db, employee(db, given.person)))
    if given.format == "json":
        written = json.dumps(rows, ensure_ascii=False, indent=1, default=str).encode() + b"\n"
    else:
        written = write_csv(FIELDS, ([row[field] for field in FIELDS] for row in rows))
    return put(given, written, f"{len(rows)} decisions are")


def export_instrument(given: argparse.Namespace) -> int:
    """An instrument's newest version. What is asked is no secret; no citizen is in it."""
    from med.competence_compass.importing.instruments import write
    from med.competence_compass.queries.instruments import instrument_by_key, words_of

    with database_at_head() as database, database.reading() as db:
        key = str(given.folder or "")
        found = instrument_by_key(db, key)
        if found is None:
            raise Stop(f"there is no instrument with the key {key!r}.")
        words = words_of(db, found.versions[-1])
    return put(given, write(words, given.format), f"{words.name}, version {words.version.number}, is")


def put(given: argparse.Namespace, written: bytes, what: str) -> int:
    if given.out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(written)
        return 0
    with fresh(given.out):
        given.out.write_bytes(written)
    print(f"{what} in {given.out}.")
    return 0


def decisions_for(db: Any, viewer: Any) -> Iterator[dict[str, Any]]:
    """Every published decision the viewer may read, newest first: the same questions as the feed's."""
    from med.decisions.filters import Filters
    from med.decisions.queries import feed
    from med.decisions.queries.single import label_of

    before = None
    while True:
        page = feed.newest(db, viewer, Filters(), before=before)
        words: dict[int, list[Any]] = {}
        for row in feed.entries(db, viewer, [key.id for key in page.keys]):
            words.setdefault(row.id, []).append(row)
        for key in page.keys:
            first, *_ = tagged = words[key.id]
            yield {
                "number": label_of(first.year, first.number, is_open=first.is_open),
                "committee": key.committee,
                "meeting": key.meeting,
                "text": first.text,
                "why": first.why,
                "meaning": first.meaning,
                "perspective": first.perspective,
                "further_perspectives": ", ".join(row.tag for row in tagged if row.tag),
                "state": first.state,
                "responsible": key.responsible,
                "due": first.due,
                "decided_at": first.decided_at,
                "published_at": first.published_at,
                "is_open": first.is_open,
                "id": str(key.uid),
            }
        before = page.older
        if before is None:
            return
