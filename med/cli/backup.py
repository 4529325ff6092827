"""`med backup`, `med restore`: a copy that is whole, and the proof that it is.

A backup is a folder: the database (`med.db` or `med.dump`), what was asked for besides, and `manifest.json` with the
rows of every table and the SHA-256 of every file. A plain copy of a SQLite file in use would lose what is in its log.

The key ring of the citizens' words is not in it: a copy of both in one place is a copy of everybody's words. The list
of erasures is, and a restore is told the newest list there is, so that nobody who was erased comes back.
"""

import argparse
import hashlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from med import clock
from med.cli.vault import replay_list
from med.cli.verifying import broken_chains
from med.cli.words import Stop, database_at_head, first_line, sqlite_file
from med.settings import Settings, database_url, read_settings

MANIFEST = "manifest.json"


def add_commands(commands: Any) -> None:
    backup = commands.add_parser("backup", help="copy the database into a new folder, while the server runs")
    backup.add_argument("folder", type=Path)
    backup.add_argument("--with-files", action="store_true", help="the attachments, too")
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


# --- out ----------------------------------------------------------------------------------------------------------


def run_backup(given: argparse.Namespace) -> int:
    from med.competence_compass.erasing import LIST_FILE, keep_list
    from med.competence_compass.vault import RING_FILE

    settings = read_settings()
    folder: Path = given.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Stop(f"{folder} is there already; give a backup a folder of its own.")
    ring = settings.data_dir / RING_FILE
    with database_at_head(settings) as database, database.reading() as db:
        erased = keep_list(db, settings.data_dir)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    rows = copy_sqlite(settings, folder) if settings.is_sqlite else dump_postgresql(settings, folder)
    # Files come after the rows that name them, and are never changed: each row's file is there.
    if given.with_files and settings.files_dir.is_dir():
        shutil.copytree(settings.files_dir, folder / "files")
    if given.with_secret:
        (folder / "secret").touch(mode=0o600)
        (folder / "secret").write_text(settings.secret)
    if erased:
        shutil.copy2(settings.data_dir / LIST_FILE, folder / LIST_FILE)
    if given.with_key_ring and ring.exists():
        shutil.copy2(ring, folder / RING_FILE)
    manifest = {
        "made_at": clock.now().isoformat(timespec="seconds"),
        "rows": rows,
        "sha256": {name: digest(path) for name, path in sorted(contents(folder))},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    print(f"{sum(rows.values())} rows of {len(rows)} tables and {len(manifest['sha256'])} files are in {folder}.")
    if ring.exists() and not given.with_key_ring:
        print(f"The citizens' key ring is not in it; keep a copy of {ring} in a safe place of its own.")
    return 0


def copy_sqlite(settings: Settings, folder: Path) -> dict[str, int]:
    with closing(sqlite3.connect(sqlite_file(settings.database_url))) as source:
        source.execute("VACUUM INTO ?", (str(folder / "med.db"),))
    return count_sqlite(folder / "med.db")


def count_sqlite(file: Path) -> dict[str, int]:
    """The rows of every table of a sound SQLite file."""
    with closing(sqlite3.connect(file)) as db:
        try:
            found = [row[0] for row in db.execute("PRAGMA integrity_check")]
            if found != ["ok"] or db.execute("PRAGMA foreign_key_check").fetchone():
                raise Stop(f"{file} is damaged: {found[0]}.", 1)
            names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            return {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names.fetchall()}  # nosec B608
        except sqlite3.DatabaseError as error:
            raise Stop(f"{file} is damaged: {error}.", 1) from None


def dump_postgresql(settings: Settings, folder: Path) -> dict[str, int]:
    """Dumped and counted in one and the same moment of the database."""
    import psycopg

    url = libpq(settings.database_url)
    with psycopg.connect(url) as db:
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        (snapshot,) = db.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        rows = count_postgresql(db)
        file = folder / "med.dump"
        call("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={file}", url)
    return rows


def count_postgresql(db: Any) -> dict[str, int]:
    from psycopg import sql

    names = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1").fetchall()
    counted = sql.SQL("SELECT count(*) FROM {}")
    return {name: db.execute(counted.format(sql.Identifier(name))).fetchone()[0] for (name,) in names}


# --- in -----------------------------------------------------------------------------------------------------------


def run_restore(given: argparse.Namespace) -> int:
    from med.competence_compass.vault import RING_FILE

    folder, place = given.folder, Path(given.into).absolute()
    manifest = read_manifest(folder)
    is_sqlite = "med.db" in manifest["sha256"]
    url = database_url(given.database_url, place)
    if is_sqlite != url.startswith("sqlite"):
        needed = "a SQLite one: leave --database-url out" if is_sqlite else "a PostgreSQL one: give --database-url"
        raise Stop(f"{folder} holds {needed}.")
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise Stop(f"{place} is there already; a backup is put into a new place.")
    if not is_sqlite:
        fill_postgresql(folder, url, manifest["rows"])
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in manifest["sha256"]:
        if name != "med.dump":
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / name, place / name)
    if is_sqlite:
        compare(manifest["rows"], count_sqlite(place / "med.db"))
    erased = erase_again(given, url, place)
    if given.verify:
        settings = Settings(data_dir=place, database_url=url, secret="")
        with database_at_head(settings) as database:
            if found := broken_chains(database):
                raise Stop(f"the backup is in {place}, and its chain of minutes is broken: {found[0]}.", 1)
    print(
        f"{sum(manifest['rows'].values())} rows are in {place}, as the manifest says"
        + (", and every chain of minutes is whole." if given.verify else ".")
    )
    print(erased)
    if manifest["rows"].get("compass_citizen_key") and not (place / RING_FILE).exists():
        print(f"Copy the citizens' key ring to {place / RING_FILE}; it was not in the backup.")
    return 0


def erase_again(given: argparse.Namespace, url: str, place: Path) -> str:
    """Nobody who was erased since the backup comes back with it; says what was done about it."""
    from med.competence_compass.erasing import LIST_FILE, read_list

    newest = given.erasures or read_settings().data_dir / LIST_FILE
    if given.erasures and not newest.is_file():
        raise Stop(f"the backup is in {place}, but there is no list of erasures at {newest}.", 1)
    told = read_list(place / LIST_FILE) | read_list(newest)
    where = f"{newest}" if newest.is_file() else "no newer list was found; give --erasures FILE if there is one"
    if not told:
        return f"No citizen is on a list of erasures ({where})."
    (place / LIST_FILE).write_text("".join(f"{line}\n" for line in sorted(told)), encoding="ascii")
    try:
        with database_at_head(Settings(data_dir=place, database_url=url, secret="")) as database:
            erased = replay_list(database, place, place / LIST_FILE)
    except Stop:
        return f"The backup's tables are another version's: run `med migrate`, then `med vault replay`, in {place}."
    return f"Erased again: {erased} of {len(told)} citizens on the list of erasures ({where})."


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, if every file is there and is what it was."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        sums, rows = dict(manifest["sha256"]), dict(manifest["rows"])
    except OSError as error:
        raise Stop(f"{folder} is no backup: {MANIFEST} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise Stop(f"{folder} is no backup: its {MANIFEST} is not one that `med backup` wrote.") from None
    found = dict(contents(folder))
    for name, expected in sums.items():
        if name not in found or digest(found[name]) != expected:
            raise Stop(f"{folder / name} is {'not what it was' if name in found else 'missing'}; take another copy.", 1)
    if not {"med.db", "med.dump"} & sums.keys():
        raise Stop(f"{folder} is no backup: no database is named in its {MANIFEST}.")
    return {"sha256": sums, "rows": rows}


def fill_postgresql(folder: Path, url: str, rows: dict[str, int]) -> None:
    import psycopg

    plain = libpq(url)
    with psycopg.connect(plain) as db:
        if count_postgresql(db):
            raise Stop("the database of --database-url is not empty; a backup is put into a new place.")
    call("pg_restore", "--no-owner", "--single-transaction", f"--dbname={plain}", folder / "med.dump")
    with psycopg.connect(plain) as db:
        compare(rows, count_postgresql(db))


def compare(expected: dict[str, int], found: dict[str, int]) -> None:
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise Stop(f"{name} has {found.get(name)} rows; the manifest says {expected.get(name)}.", 1)


# --- tools --------------------------------------------------------------------------------------------------------


def contents(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != MANIFEST:
            yield path.relative_to(folder).as_posix(), path


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def call(program: str, *words: str | Path) -> None:
    """Run one of PostgreSQL's own programs."""
    if shutil.which(program) is None:
        raise Stop(f"{program} is not installed here; install PostgreSQL's client programs.", 1)
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Stop(f"{program} failed: {first_line(done.stderr)}", 1)
