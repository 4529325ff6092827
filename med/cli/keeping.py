"""`med migrate`, `med doctor`."""

import argparse
import os
import shutil
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from med import clock
from med.cli.compass import examine_sums
from med.cli.searching import examine_search
from med.cli.vault import examine_vault
from med.cli.words import (
    Stop,
    database_at_head,
    first_line,
    network_file_system,
    opened,
    settings_here,
    sqlite_file,
)
from med.setting_values import BadSetting
from med.settings import KNOWN, LEAST_FREE, Settings, read_settings

if TYPE_CHECKING:
    from med.db import Database


def add_commands(commands: Any) -> None:
    migrate = commands.add_parser("migrate", help="bring the database's tables up to this program")
    migrate.set_defaults(run=run_migrate)
    doctor = commands.add_parser("doctor", help="what is set, what is wrong, and what to do about it")
    doctor.set_defaults(run=run_doctor)


def run_migrate(given: argparse.Namespace) -> int:
    from med.migrations import UnknownRevision, current, head, upgrade

    settings = read_settings()
    if settings.is_sqlite:
        sqlite_file(settings.database_url).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with opened(settings) as database:
        before = current(database.engine)
        if before is None and (letters := letters_of(database)) != "UTF8":
            raise Stop(f"the database keeps letters as {letters}; make it anew with ENCODING 'UTF8'.", 1)
        try:
            upgrade(database.write_engine)
        except UnknownRevision:
            raise Stop(f"the database is at {before}, which this program does not know: it is older.", 1) from None
    print(f"The database was already at {head()}." if before == head() else f"The database is now at {head()}.")
    return 0


def letters_of(database: "Database") -> str:
    """How the database keeps letters, which is settled when it is made. SQLite knows one way."""
    from sqlalchemy import text

    if database.is_sqlite:
        return "UTF8"
    with database.engine.connect() as connection:
        return str(connection.scalar(text("SHOW server_encoding")))


def run_doctor(given: argparse.Namespace) -> int:
    """Every setting with its value (secrets hidden), then each check as a line: ok, warning or error."""
    for setting in KNOWN:
        value = os.environ.get(setting.name, "")
        shown = "(set)" if setting.secret and value else value or f"{setting.default or '–'} (default)"
        print(f"{setting.name:18} {shown}\n{'':18} {setting.about}")
    print()
    try:
        settings = settings_here()
    except (BadSetting, Stop) as error:
        print(f"{'error':8} {error}")
        return 1
    except OSError as error:  # the data folder is another account's
        print(f"{'error':8} {error.filename}: {error.strerror}; run `med` as the account the data folder belongs to.")
        return 1
    worst = 0
    for grade, sentence in examine(settings):
        print(f"{grade:8} {sentence}")
        worst = max(worst, {"ok": 0, "warning": 0, "error": 1}[grade])
    return worst


def examine(settings: Settings) -> list[tuple[str, str]]:
    found = [("ok", f"Python {sys.version.split()[0]}."), examine_folder(settings.data_dir)]
    found += examine_privacy(settings)
    if settings.name == Settings.name:
        found.append(("warning", f"MED_NAME is not set: every page says {settings.name}, which is invented."))
    if settings.is_sqlite:
        version = sqlite3.sqlite_version_info
        if version < (3, 51, 3):
            found.append(
                (
                    "warning",
                    f"SQLite {sqlite3.sqlite_version} has the WAL-reset fault when two processes checkpoint; "
                    "keep to one server process (Medspil does), and stop it before using other tools on the file.",
                )
            )
        else:
            found.append(("ok", f"SQLite {sqlite3.sqlite_version}."))
        if file_system := network_file_system(sqlite_file(settings.database_url)):
            found.append(("error", f"The database lies on {file_system}; SQLite needs a local disk."))
    found += examine_database(settings)
    from importlib import metadata

    for name, floor in {"litestar": (2, 22), "apscheduler": (3, 11, 2), "multipart": (1, 3, 1)}.items():
        version_text = metadata.version(name)
        have = tuple(int(part) for part in version_text.split(".")[:3] if part.isdecimal())
        found.append(("ok" if have >= floor else "error", f"{name} {version_text}."))
    return found


def examine_folder(folder: Path) -> tuple[str, str]:
    if not os.access(folder, os.W_OK):
        return "error", f"The data folder {folder} is not there or cannot be written."
    free = shutil.disk_usage(folder).free
    grade = "error" if free < LEAST_FREE else "warning" if free <= 2**30 else "ok"
    return grade, f"{free // 2**20:,} MB free in {folder}."


def examine_privacy(settings: Settings) -> list[tuple[str, str]]:
    """Whether other accounts on the machine may read what lies here: closed items, notes, hashes of passwords."""
    if os.name != "posix":
        return []
    places = [settings.data_dir]
    if settings.is_sqlite:
        file = sqlite_file(settings.database_url)
        places += [file, *(file.with_name(f"{file.name}-{log}") for log in ("wal", "shm"))]
    if bare := [str(place) for place in places if place.exists() and place.stat().st_mode & 0o077]:
        return [("warning", f"Others than its owner may read {', '.join(bare)}; chmod -R go= {settings.data_dir}.")]
    return [("ok", "Nobody but their owner may read the data folder and the database.")]


def examine_database(settings: Settings) -> list[tuple[str, str]]:
    from sqlalchemy.exc import DBAPIError

    try:
        with database_at_head(settings) as database:
            return [
                ("ok", "The tables are those of this program."),
                examine_clock(database),
                *examine_vault(database, settings),
                examine_sums(database),
                examine_search(database),
            ]
    except Stop as stop:
        return [("error", f"{str(stop)[0].upper()}{str(stop)[1:]}")]
    except DBAPIError as error:
        return [("error", f"The database does not answer: {first_line(error.orig)}")]


def examine_clock(database: "Database") -> tuple[str, str]:
    """When what is due by the clock was last done: a worker that nobody started is easily forgotten."""
    from sqlalchemy import func, select

    from med.journal.models import JobRun

    with database.reading() as db:
        last = db.scalar(select(func.max(JobRun.done_at)))
        failing = db.scalars(select(JobRun.job).where(JobRun.error != "").distinct()).all()
    if failing:
        return "warning", f"These jobs failed within the last 30 days, see the log: {', '.join(failing)}."
    if last is None or clock.now() - last > timedelta(days=1):
        return "warning", "Nothing has been done by the clock for a day: start the server, or `med worker`."
    return "ok", f"The clock's work was last done at {last:%Y-%m-%d %H:%M} UTC."
