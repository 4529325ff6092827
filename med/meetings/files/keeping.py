"""Files on disk: under their own SHA-256, never a path from outside; those that are closed are sealed.

A closed file is sealed with a key of its own and lies under the hash of what came out: neither its name nor its bytes
tell whether it is the same as another. Its key stands in the tables, wrapped by the key ring.
"""

import fcntl
import hashlib
import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from med import clock
from med.meetings.files.looking import sniff
from med.meetings.files.refusing import INFECTED, NOT_KEPT, NOT_SCANNED, Refused
from med.meetings.models import Scan
from med.sealing import cipher, opened_with, sealed_with

log = logging.getLogger("med")

# A file without a row may be one whose row is being written; after this long it is not.
GRACE = 15 * 60


class Kept(Struct, frozen=True):
    """A file that has been looked into and lies in the data folder."""

    name: str
    media_type: str
    size: int
    sha256: str  # of the file itself
    stored: str  # of what lies there, which is its name there
    key: bytes | None = None  # what it is sealed with
    scan: Scan = Scan.NOT_ASKED


Scanner = Callable[[bytes], Scan]


def keep(folder: Path, name: str, data: bytes, *, closed: bool = False, scanner: Scanner | None = None) -> Kept:
    """Look into a file and keep it. Raises Refused, also where the disk is full or may not be written.

    Written before the row that points at it: a row never points at nothing, a file without a row does no harm.
    """
    media_type = sniff(name, data)
    scan = scanner(data) if scanner else Scan.NOT_ASKED
    if scan is Scan.INFECTED:
        raise Refused(INFECTED)
    if scan is Scan.NOT_ASKED and scanner:
        raise Refused(NOT_SCANNED)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        stored, key = put(folder, data, closed)
    except OSError as error:
        log.error("a file cannot be kept in %s: %s", folder, error)
        raise Refused(NOT_KEPT) from error
    return Kept(tidy_name(name), media_type, len(data), sha256, stored, key, scan)


def put(folder: Path, data: bytes, closed: bool) -> tuple[str, bytes | None]:
    """Write bytes, sealed when they are closed: the name they lie under, and their key. Raises OSError."""
    key = None
    if closed:
        key = secrets.token_bytes(32)
        data = sealed_with(cipher(key), data, BOUND)
    stored = hashlib.sha256(data).hexdigest()
    target = path_of(folder, stored)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder, fcntl.LOCK_SH):
        if not target.exists():
            _write(target, data)
        now = clock.now().timestamp()
        os.utime(target, (now, now))  # it is wanted, also where it lay already: whoever tidies up leaves it
    return stored, key


BOUND = "attachment"


def _write(target: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(folder: Path, stored: str, key: bytes | None = None) -> bytes | None:
    """The bytes of a file that was kept, or None when it is gone, no longer what it was, or sealed with another key."""
    try:
        data = path_of(folder, stored).read_bytes()
        if hashlib.sha256(data).hexdigest() != stored:
            return None
        return opened_with(cipher(key), data, BOUND) if key else data
    except (OSError, ValueError):
        return None


def is_whole(folder: Path, stored: str) -> bool:
    """Whether what lies there is what was put there; needs no key."""
    try:
        with path_of(folder, stored).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == stored
    except OSError:
        return False


def path_of(folder: Path, stored: str) -> Path:
    return folder / stored[:2] / stored


@contextmanager
def _lock(folder: Path, how: int) -> Iterator[None]:
    """Shared by those who put files there, alone for whoever takes some away."""
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, how)
        yield


def tidy_up(folder: Path, wanted: Callable[[], set[str]]) -> int:
    """Take away what no row points at and nobody has put there lately; how many there were.

    `wanted` asks which names the rows know; it is asked after the folder was looked through, so that a row that came
    in between is seen.
    """
    if not folder.is_dir():
        return 0
    oldest = clock.now().timestamp() - GRACE
    found = [path for path in folder.glob("??/*") if path.is_file() and path.stat().st_mtime < oldest]
    gone = 0
    names = wanted() if found else set()
    for path in found:
        if path.name in names:
            continue
        with _lock(folder, fcntl.LOCK_EX):
            gone += _take_away(path, oldest)
    return gone


def let_go(folder: Path, names: set[str]) -> None:
    """The same for a few that no row points at any more, at once. Where somebody else is busy there, they stay."""
    try:
        with _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for name in names:
                _take_away(path_of(folder, name), clock.now().timestamp() - GRACE)
    except OSError as error:
        log.info("left to the errand: %s", error)


def _take_away(path: Path, oldest: float) -> bool:
    if not path.exists() or path.stat().st_mtime >= oldest:
        return False
    path.unlink()
    return True


def tidy_name(name: str) -> str:
    """What the person's machine called it, without folders and without what could trouble a header or a screen."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if letter.isprintable() and letter not in '<>:"|?*').strip(" .")
    stem, dot, ending = name.rpartition(".")
    return f"{(stem or name)[:120]}{dot if stem else ''}{ending[:10] if stem else ''}" or "fil"
