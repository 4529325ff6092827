"""What the commands share: how they stop, and how they open the database."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from med.setting_values import database_url
from med.settings import Settings, given_values, read_settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from med.db import Database

SHOWN = 40  # lines of a diff or of faults on a terminal


class Stop(Exception):
    """One sentence on what is wrong and what to do. `status` 2 is bad usage or input, 1 a failure."""

    def __init__(self, sentence: str, status: int = 2) -> None:
        super().__init__(sentence)
        self.status = status


def settings_here() -> Settings:
    """The settings of an installation that is there: a misspelt folder must not become a new one by looking at it."""
    values = given_values(os.environ)
    folder = Path(values["MED_DATA_DIR"]).expanduser().absolute()
    url = database_url(values["MED_DATABASE_URL"], folder)
    is_sqlite = url.startswith("sqlite")
    place = sqlite_file(url) if is_sqlite else folder
    is_needed = is_sqlite or not (values["MED_SECRET"] or values["MED_SECRET_FILE"])  # a secret would be made there
    if is_needed and not place.exists():
        what = "database" if is_sqlite else "data folder"
        raise Stop(f"there is no {what} at {place}; set MED_DATA_DIR, or run `med migrate` to begin one.", 1)
    return read_settings()


@contextmanager
def database_at_head(settings: Settings | None = None) -> Iterator["Database"]:
    """The database, with tables as this program knows them."""
    from med.migrations import current, head

    settings = settings or settings_here()
    with opened(settings) as database:
        at = current(database.engine)
        if at != head():
            raise Stop(f"the database is at {at or 'nothing'}, this program at {head()}; run `med migrate`.", 1)
        yield database


@contextmanager
def opened(settings: Settings) -> Iterator["Database"]:
    """The database as it is; a SQLite file that is not there is made, its folder is not."""
    from med.db import Database

    if settings.is_sqlite and not sqlite_file(settings.database_url).parent.is_dir():
        raise Stop(f"there is no folder {sqlite_file(settings.database_url).parent}; set MED_DATA_DIR.", 1)
    database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def fresh(place: Path | None, what: str = "file") -> Iterator[None]:
    """What is written to a new place inside is there whole, or not at all: when it fails, or what notes it does, half
    of it would be in the way of the next try, and perhaps somebody's data without a trace."""
    if place is None:
        yield
        return
    if place.exists():
        raise Stop(f"{place} is there already; name a new {what}.")
    try:
        yield
    except BaseException as error:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            with suppress(OSError):
                place.unlink(missing_ok=True)
        if isinstance(error, OSError) and (error.filename is None or Path(str(error.filename)).is_relative_to(place)):
            raise Stop(f"{place} cannot be written: {error.strerror}.", 1) from None
        raise


def tell(lines: Sequence[object], mark: str = "", of: int = 0) -> None:
    """The first of a diff's lines or of faults, and how many more there are; `of` where not all of them were kept."""
    for line in lines[:SHOWN]:
        print(f"{mark}{line}")
    if more := max(of, len(lines)) - min(SHOWN, len(lines)):
        print(f"{mark}… and {more} more")


@contextmanager
def written_at_length(database: "Database") -> Iterator["Session"]:
    """One transaction in which no question is given up: nobody waits for a page, and the tables may be large."""
    from sqlalchemy import text

    with database.writing() as db:
        if not database.is_sqlite:
            db.execute(text("SET LOCAL statement_timeout = 0"))
        yield db


def counted(count: int, what: str) -> str:
    """ "1 error", "2 errors"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def first_line(words: object) -> str:
    """What a program or a database said went wrong, without what it adds below."""
    return (str(words).strip().splitlines() or ["no reason given"])[0]


def sqlite_file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///").partition("?")[0])


def network_file_system(place: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The kind of network file system a place lies on, or "" (Linux; elsewhere not known)."""
    if not mounts.exists():
        return ""
    best, kind = "", ""
    for line in mounts.read_text().splitlines():
        _, where, file_system, *_ = line.split()
        where = where.replace("\\040", " ")
        if place.is_relative_to(where) and len(where) >= len(best):
            best, kind = where, file_system
    return kind if kind in {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "afs", "ceph"} else ""


@contextmanager
def progress_of(what: str, of: int) -> Iterator[Callable[[int], None] | None]:
    """A line that counts, where somebody watches."""
    if not sys.stderr.isatty() or not of:
        yield None
        return
    last = [0.0]

    def show(done: int) -> None:
        if time.monotonic() - last[0] > 0.2 or done == of:
            last[0] = time.monotonic()
            print(f"\r{done:,} / {of:,} {what}", end="", file=sys.stderr, flush=True)

    yield show
    print(file=sys.stderr)
