"""What the commands share: how they stop, and how they open the database."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from med.db import Database
from med.settings import Settings, read_settings


class Stop(Exception):
    """One sentence on what is wrong and what to do. `status` 2 is bad usage or input, 1 a failure."""

    def __init__(self, sentence: str, status: int = 2) -> None:
        super().__init__(sentence)
        self.status = status


@contextmanager
def database_at_head(settings: Settings | None = None) -> Iterator[Database]:
    """The database, with tables as this program knows them."""
    from med.migrations import current, head

    settings = settings or read_settings()
    with opened(settings) as database:
        at = current(database.engine)
        if at != head():
            raise Stop(f"the database is at {at or 'nothing'}, this program at {head()}; run `med migrate`.", 1)
        yield database


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database as it is. A SQLite file that is not there is not made by looking at it."""
    if settings.is_sqlite and not sqlite_file(settings.database_url).parent.is_dir():
        raise Stop(f"there is no folder {sqlite_file(settings.database_url).parent}; set MED_DATA_DIR.", 1)
    database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def written_at_length(database: Database) -> Iterator[Session]:
    """One transaction in which no question is given up: nobody waits for a page, and the tables may be large."""
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
