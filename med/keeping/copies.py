"""A backup: a folder with the database, the attachments, and a manifest that proves them. How it is made and read.

The manifest is written last: a folder without one is a copy that somebody broke off. Files are kept under their own
hash and never change, so a copy beside an older one shares them with it (hard links) instead of doubling them.

The key ring of the citizens' words is not in a copy: both in one place is a copy of everybody's words. The list of
erasures is, so that nobody who was erased comes back with it.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from med import clock
from med.competence_compass.erasing import LIST_FILE, keep_list
from med.competence_compass.vault import RING_FILE
from med.db import Database
from med.keeping.proof import Damaged, NoCopy, Proof, of_postgresql, of_sqlite
from med.meetings import files as attachments
from med.meetings.sealing import stored_names
from med.settings import Settings

MANIFEST = "manifest.json"
PROGRAM = "medspil"


class Copy(Struct, frozen=True):
    """What a manifest says."""

    folder: Path
    made_at: datetime
    rows: dict[str, int]
    tables: dict[str, str]  # table -> hash of its rows; empty in copies from before there was one
    sha256: dict[str, str]  # file -> its hash
    size: int = 0
    tables_at: str = ""  # the revision of the tables
    without_file: int = 0  # attachments whose file was gone when the copy was made
    breaks: int = 0  # in the chains of minutes when the copy was made

    @property
    def is_sqlite(self) -> bool:
        return "med.db" in self.sha256

    @property
    def proof(self) -> str:
        """One hash for all that stands in the tables; "" where none was made."""
        return Proof(self.rows, self.tables).sha256 if self.tables else ""


def make(
    settings: Settings,
    database: Database,
    folder: Path,
    *,
    with_files: bool = True,
    with_secret: bool = False,
    with_key_ring: bool = False,
    like: Path | None = None,
    breaks: int = 0,
) -> Copy:
    """Copy a running installation into `folder`, which must be new. Raises Damaged, and OSError when there is no room.

    `like` is an older copy to share unchanged files with.
    """
    with database.reading() as db:
        erased = keep_list(db, settings.data_dir)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    proof = copy_sqlite(settings, folder) if settings.is_sqlite else dump_postgresql(settings, folder)
    # Files come after the rows that name them, and are never changed: each row's file is there.
    if with_files and settings.files_dir.is_dir():
        copy_files(settings.files_dir, folder / "files", like / "files" if like else None)
    if with_secret:
        (folder / "secret").touch(mode=0o600)
        (folder / "secret").write_text(settings.secret)
    if erased:
        shutil.copy2(settings.data_dir / LIST_FILE, folder / LIST_FILE)
    if with_key_ring and (settings.data_dir / RING_FILE).exists():
        shutil.copy2(settings.data_dir / RING_FILE, folder / RING_FILE)
    with database.reading() as db:
        named = {stored for _, _, stored in stored_names(db)}
    found = dict(sorted(contents(folder)))
    manifest = {
        "program": PROGRAM,
        "made_at": clock.now().isoformat(timespec="seconds"),
        "tables_at": revision(database),
        "rows": proof.rows,
        "tables": proof.tables,
        "sha256": {name: digest(path) for name, path in found.items()},
        "size": sum(path.stat().st_size for path in found.values()),
        "without_file": sum(not attachments.is_whole(settings.files_dir, one) for one in named),
        "breaks": breaks,
    }
    for path in found.values():
        flush(path)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    flush(folder / MANIFEST)
    flush(folder)
    return read(folder)


def revision(database: Database) -> str:
    from med.migrations import current

    return current(database.engine) or ""


def copy_sqlite(settings: Settings, folder: Path) -> Proof:
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///").partition("?")[0])) as source:
        source.execute("VACUUM INTO ?", (str(folder / "med.db"),))
    return of_sqlite(folder / "med.db")


def dump_postgresql(settings: Settings, folder: Path) -> Proof:
    """Dumped and read through in one and the same moment of the database."""
    import psycopg

    url = libpq(settings.database_url)
    with psycopg.connect(url) as db:
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        (snapshot,) = db.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        proof = of_postgresql(db)
        file = folder / "med.dump"
        call("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={file}", database=url)
    return proof


def copy_files(source: Path, target: Path, like: Path | None) -> None:
    """What is half written has a name with a point in front, and stays out."""
    for path in source.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            name = path.relative_to(source)
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            if like is not None and (like / name).is_file() and digest(like / name) == digest(path):
                try:
                    os.link(like / name, target / name)
                    continue
                except OSError:  # a disk that knows no hard links
                    pass
            shutil.copy2(path, target / name)


# --- what there is ------------------------------------------------------------------------------------------------


def read(folder: Path) -> Copy:
    """The manifest of a folder. Raises NoCopy when there is none that we wrote."""
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
        if told.get("program", PROGRAM) != PROGRAM:
            raise NoCopy(f"{folder} is a backup of another program.")
        made = Copy(
            folder=folder,
            made_at=datetime.fromisoformat(told["made_at"]) if "made_at" in told else clock.now(),
            rows=dict(told["rows"]),
            tables=dict(told.get("tables", {})),
            sha256=dict(told["sha256"]),
            size=int(told.get("size", 0)),
            tables_at=str(told.get("tables_at", "")),
            without_file=int(told.get("without_file", 0)),
            breaks=int(told.get("breaks", 0)),
        )
    except OSError as error:
        raise NoCopy(f"{folder} is no backup: {MANIFEST} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NoCopy(f"{folder} is no backup: its {MANIFEST} is not one that `med backup` wrote.") from None
    if not {"med.db", "med.dump"} & made.sha256.keys():
        raise NoCopy(f"{folder} is no backup: no database is named in its {MANIFEST}.")
    return made


def check(copy: Copy) -> None:
    """Every file is there and is what it was, and the database in it can be read. Raises Damaged."""
    found = dict(contents(copy.folder))
    for name, expected in copy.sha256.items():
        if name not in found or digest(found[name]) != expected:
            fault = "not what it was" if name in found else "missing"
            raise Damaged(f"{copy.folder / name} is {fault}; take another copy.")
    if copy.is_sqlite:
        compare(copy, of_sqlite(copy.folder / "med.db"))
    else:
        call("pg_restore", f"--file={os.devnull}", copy.folder / "med.dump")


def compare(copy: Copy, found: Proof) -> None:
    if said := found.differs_from(copy.rows, copy.tables):
        raise Damaged(f"{said}.")


def listing(folder: Path) -> list[Copy]:
    """The copies in a folder, the newest first. What is no copy is passed over."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if not path.name.startswith(".") and (path / MANIFEST).is_file():
                found.append(read(path))
        except NoCopy:
            continue
    return sorted(found, key=lambda copy: copy.made_at, reverse=True)


# --- tools --------------------------------------------------------------------------------------------------------


def contents(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != MANIFEST:
            yield path.relative_to(folder).as_posix(), path


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """To the disk itself, so that a power cut leaves no copy that looks whole."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def libpq(url: str) -> str:
    """The same database in PostgreSQL's own words, read from the setting as the server reads it: whatever signs there
    are in its password."""
    from psycopg.conninfo import make_conninfo
    from sqlalchemy.engine import make_url

    made = make_url(url)
    _, words = made.get_dialect()().create_connect_args(made)
    return make_conninfo(**words)


def call(program: str, *words: Any, database: str = "") -> None:
    """Run one of PostgreSQL's own programs. Raises Damaged with the first line of what it complained about.

    The password goes along in the environment: everybody on the machine may read what a program was called with.
    """
    if shutil.which(program) is None:
        raise Damaged(f"{program} is not installed here; install PostgreSQL's client programs.")
    around = dict(os.environ)
    if database:
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        told: dict[str, Any] = conninfo_to_dict(database)
        if password := told.pop("password", None):
            around["PGPASSWORD"] = str(password)
        words = (f"--dbname={make_conninfo(**told)}", *words)
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False, env=around)
    if done.returncode:
        complaint = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise Damaged(f"{program} failed: {complaint}")
