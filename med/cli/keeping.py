"""`med migrate`, `med doctor`, `med verify`, `med backup`, `med restore`."""

import argparse
import shutil
import sqlite3
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from med.cli.words import Stop, database_at_head
from med.settings import KNOWN, Settings, read_settings


def add_commands(commands: Any) -> None:
    migrate = commands.add_parser("migrate", help="bring the database's tables up to this program")
    migrate.set_defaults(run=run_migrate)
    doctor = commands.add_parser("doctor", help="what is set, what is wrong, and what to do about it")
    doctor.set_defaults(run=run_doctor)
    verify = commands.add_parser("verify", help="recompute the chain of every committee's approved minutes")
    verify.set_defaults(run=run_verify)


def run_migrate(given: argparse.Namespace) -> int:
    from med.db import Database
    from med.migrations import current, head, upgrade

    settings = read_settings()
    database = Database(settings.database_url)
    before = current(database.engine)
    upgrade(database.write_engine)
    after = head()
    print(f"The database was already at {after}." if before == after else f"The database is now at {after}.")
    database.close()
    return 0


def run_doctor(given: argparse.Namespace) -> int:
    """Every setting with its value (secrets hidden), then each check as a line: ok, warning or error."""
    import os

    settings = read_settings()
    for setting in KNOWN:
        value = os.environ.get(setting.name, "")
        shown = "(set)" if setting.secret and value else value or f"{setting.default or '–'} (default)"
        print(f"{setting.name:18} {shown}\n{'':18} {setting.about}")
    print()
    worst = 0
    for grade, sentence in examine(settings):
        print(f"{grade:8} {sentence}")
        worst = max(worst, {"ok": 0, "warning": 0, "error": 1}[grade])
    return worst


def examine(settings: Settings) -> list[tuple[str, str]]:
    found = [("ok", f"Python {sys.version.split()[0]}.")]
    free = shutil.disk_usage(settings.data_dir).free // 2**20
    found.append(("ok" if free > 1024 else "warning", f"{free:,} MB free in {settings.data_dir}."))
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
        if file_system := network_file_system(settings.data_dir):
            found.append(("error", f"the data folder lies on {file_system}; SQLite needs a local disk."))
    found.append(examine_database(settings))
    for name, floor in {"litestar": (2, 22), "apscheduler": (3, 11, 2), "multipart": (1, 3, 1)}.items():
        version_text = metadata.version(name)
        have = tuple(int(part) for part in version_text.split(".")[:3] if part.isdecimal())
        found.append(("ok" if have >= floor else "error", f"{name} {version_text}."))
    return found


def examine_database(settings: Settings) -> tuple[str, str]:
    from sqlalchemy.exc import OperationalError

    from med.db import Database
    from med.migrations import current, head

    database = Database(settings.database_url)
    try:
        at = current(database.engine)
    except OperationalError as error:
        return "error", f"the database does not answer: {str(error.orig).splitlines()[0]}"
    finally:
        database.close()
    if at != head():
        return "error", f"the database is at {at or 'nothing'}, this program at {head()}; run `med migrate`."
    return "ok", f"The database is at {at}."


def network_file_system(folder: Path) -> str:
    """The kind of network file system a folder lies on, or "" (Linux; elsewhere not known)."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return ""
    best, kind = "", ""
    for line in mounts.read_text().splitlines():
        _, where, file_system, *_ = line.split()
        if str(folder).startswith(where) and len(where) >= len(best):
            best, kind = where, file_system
    return kind if kind in {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "afs", "ceph"} else ""


def run_verify(given: argparse.Namespace) -> int:
    from sqlalchemy import select

    from med.meetings.queries.minutes import verify_chain
    from med.organisation.models import Committee

    database = database_at_head()
    breaks = 0
    with database.reading() as db:
        for committee in db.scalars(select(Committee).order_by(Committee.id)):
            for found in verify_chain(db, committee.id):
                breaks += 1
                print(f"{committee.name}: {found}")
    database.close()
    if breaks:
        raise Stop(f"{breaks} breaks in the chain of minutes; restore the rows named from a backup.", 1)
    print("Every committee's chain of minutes is whole.")
    return 0
