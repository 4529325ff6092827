"""`med backup`, `med restore`: a copy that is whole, and the proof that it is (med/keeping/copies.py)."""

import argparse
import os
import shutil
from pathlib import Path
from typing import Any

from med.cli.vault import replay_list
from med.cli.verifying import broken_chains
from med.cli.words import Stop, database_at_head, settings_here
from med.setting_values import database_url
from med.settings import Settings, given_values

WITHOUT_SECRET = (
    "Without it codes from apps do not open (recovery codes do; else make a new link), links in mails end, "
    "and the keys of webhooks change."
)


def add_commands(commands: Any) -> None:
    backup = commands.add_parser("backup", help="copy database and attachments into a new folder, while it runs")
    backup.add_argument("folder", type=Path)
    backup.add_argument("--without-files", action="store_true", help="leave the attachments out")
    backup.add_argument("--with-secret", action="store_true", help="the secret, too: keep such a copy locked up")
    backup.add_argument("--with-key-ring", action="store_true", help="the citizens' key ring, too: better kept apart")
    backup.set_defaults(run=run_backup)
    restore = commands.add_parser("restore", help="put a backup into a new place")
    restore.add_argument("folder", type=Path)
    restore.add_argument("--into", required=True, metavar="PLACE", help="a new data folder; see --database-url")
    restore.add_argument("--database-url", default="", help="an empty PostgreSQL database, for a backup of one")
    restore.add_argument("--verify", action="store_true", help="then recompute the chain of minutes in the new place")
    restore.add_argument(
        "--erasures", type=Path, metavar="FILE", help="the newest list of erasures; else the present data folder's"
    )
    restore.set_defaults(run=run_restore)


def run_backup(given: argparse.Namespace) -> int:
    from med.competence_compass.vault import RING_FILE
    from med.keeping import copies

    settings = settings_here()
    folder: Path = given.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Stop(f"{folder} is there already; give a backup a folder of its own.")
    ring = settings.data_dir / RING_FILE
    with database_at_head(settings) as database:
        try:
            made = copies.make(
                settings,
                database,
                folder,
                with_files=not given.without_files,
                with_secret=given.with_secret,
                with_key_ring=given.with_key_ring,
                breaks=len(broken_chains(database)),
            )
        except BaseException:  # half a copy is none, and would be in the way of the next try
            shutil.rmtree(folder, ignore_errors=True)
            raise
    print(f"{sum(made.rows.values())} rows of {len(made.rows)} tables and {len(made.sha256)} files are in {folder}.")
    print(f"All that stands in the tables: {made.proof}")
    if made.without_file:
        print(f"The files of {made.without_file} attachments are missing here, and so in the copy.")
    if made.breaks:
        print(f"The chains are broken in {made.breaks} places, here and in the copy: run `med verify`.")
    if ring.exists() and not given.with_key_ring:
        print(f"The citizens' key ring is not in it; keep a copy of {ring} in a safe place of its own.")
    return 0


def run_restore(given: argparse.Namespace) -> int:
    from med.competence_compass.vault import RING_FILE
    from med.keeping import copies
    from med.keeping.proof import of_sqlite

    folder, place = given.folder, Path(given.into).absolute()
    copy = copies.read(folder)
    url = database_url(given.database_url, place)
    if copy.is_sqlite != url.startswith("sqlite"):
        needed = "a SQLite one: leave --database-url out" if copy.is_sqlite else "a PostgreSQL one: give --database-url"
        raise Stop(f"{folder} holds {needed}.")
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise Stop(f"{place} is there already; a backup is put into a new place.")
    told, erasures = erased_since(given, folder)
    copies.check(copy)
    if not copy.is_sqlite:
        fill_postgresql(copy, url)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in copy.sha256:
        if name != "med.dump":
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / name, place / name)
    if copy.is_sqlite:
        copies.compare(copy, of_sqlite(place / "med.db"))
    erased = erase_again(told, erasures, url, place)
    if given.verify:
        settings = Settings(data_dir=place, database_url=url, secret="")
        with database_at_head(settings) as database:
            if found := broken_chains(database):
                raise Stop(f"the backup is in {place}, and its chain of minutes is broken: {found[0]}.", 1)
    print(
        f"{sum(copy.rows.values())} rows are in {place}, as the manifest says"
        + (", and every chain of minutes is whole." if given.verify else ".")
    )
    if copy.proof:
        print(f"All that stands in the tables: {copy.proof}")
    print(erased)
    if not (place / "secret").exists():
        print(f"The secret was not in the backup: copy it to {place / 'secret'}, or set MED_SECRET as it was.")
        print(WITHOUT_SECRET)
    if copy.rows.get("compass_citizen_key") and not (place / RING_FILE).exists():
        print(f"Copy the citizens' key ring to {place / RING_FILE}; it was not in the backup.")
    return 0


def erased_since(given: argparse.Namespace, folder: Path) -> tuple[set[str], str]:
    """Who is on the backup's list of erasures or on a newer one, and where that was found. Asked before anything is
    put back, and of the data folder alone: other settings may be those of a machine that is gone."""
    from med.competence_compass.erasing import LIST_FILE, read_list

    newest = given.erasures or Path(given_values(os.environ)["MED_DATA_DIR"]).expanduser() / LIST_FILE
    if given.erasures and not newest.is_file():
        raise Stop(f"there is no list of erasures at {newest}; nothing was put back.")
    told: set[str] = set()
    for file in (folder / LIST_FILE, newest):
        try:
            told |= read_list(file)
        except UnicodeDecodeError:
            raise Stop(f"{file} is no list of erasures; nothing was put back.") from None
    return told, f"{newest}" if newest.is_file() else "no newer list was found; give --erasures FILE if there is one"


def erase_again(told: set[str], where: str, url: str, place: Path) -> str:
    """Nobody who was erased since the backup comes back with it; says what was done about it."""
    from med.competence_compass.erasing import LIST_FILE

    if not told:
        return f"No citizen is on a list of erasures ({where})."
    (place / LIST_FILE).write_text("".join(f"{line}\n" for line in sorted(told)), encoding="ascii")
    try:
        with database_at_head(Settings(data_dir=place, database_url=url, secret="")) as database:
            erased = replay_list(database, place, place / LIST_FILE)
    except Stop:
        return f"The backup's tables are another version's: run `med migrate`, then `med vault replay`, in {place}."
    return f"Erased again: {erased} of {len(told)} citizens on the list of erasures ({where})."


def fill_postgresql(copy: Any, url: str) -> None:
    import psycopg

    from med.keeping import copies
    from med.keeping.proof import of_postgresql

    plain = copies.libpq(url)
    with psycopg.connect(plain) as db:
        if of_postgresql(db).rows:
            raise Stop("the database of --database-url is not empty; a backup is put into a new place.")
    # Rights that somebody gave others at the old place are not the copy's, and those others may not be here.
    plainly = ("--no-owner", "--no-privileges", "--single-transaction")
    copies.call("pg_restore", *plainly, copy.folder / "med.dump", database=plain)
    with psycopg.connect(plain) as db:
        copies.compare(copy, of_postgresql(db))
