"""A key ring outside the database, and the keys in the tables that it wraps.

What is worth sealing (a citizen's words, a closed file) has a 256-bit key of its own; the ring wraps those keys, and
wherever they lie they are bound to what they are for. Turning the ring wraps them anew and touches nothing else;
destroying a key destroys what it sealed. AES-GCM throughout.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Mapped, Session

from med import clock
from med.setting_values import BadSetting

RING_FILE = "keyring.json"
NONCE = 12
# Every table with keys that a ring wraps: turning it wraps them all, and a ring is only made while all are empty.
WRAPPED: list[type["WrappedKey"]] = []


class Lost(Exception):
    """It cannot be opened: the key is destroyed, the key ring is another's, or it was tampered with."""


class WrappedKey:
    """Mix this into the table that holds a kind's keys, and say what a row's key is for."""

    ring_key: Mapped[str]  # which key of the ring wraps it
    wrapped: Mapped[bytes]

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        WRAPPED.append(cls)

    def bound(self) -> str:
        """What the key is for: "17|key" opens nothing but citizen 17's."""
        raise AssertionError


class Ring:
    """Wraps and unwraps keys: {"current": name, "keys": {name: 32 bytes in base64}}.

    Without a ring file it is empty; the first key that is to be wrapped makes it.
    """

    def __init__(self, current: str, keys: Mapping[str, bytes], file: Path | None = None) -> None:
        self.current = current
        self.file = file
        self._ring = {name: cipher(key) for name, key in keys.items()}

    def knows(self, ring_key: str) -> bool:
        return ring_key in self._ring

    def wrap(self, db: Session, row: WrappedKey, key: bytes) -> None:
        """Put a key into its row. Raises BadSetting when the key ring is lost."""
        if not self.current:
            self._begin(db)
        row.ring_key, row.wrapped = self.current, sealed_with(key_of(self._ring, self.current), key, row.bound())

    def unwrap(self, row: WrappedKey) -> bytes:
        """The key of a row. Raises Lost."""
        try:
            return opened_with(key_of(self._ring, row.ring_key), row.wrapped, row.bound())
        except ValueError:
            raise Lost(row.bound()) from None

    def turn(self, db: Session, row: WrappedKey) -> None:
        """Wrap a row's key with the ring's current one. Raises Lost."""
        self.wrap(db, row, self.unwrap(row))

    def fits(self, row: WrappedKey) -> bool:
        """Whether a row's key can be unwrapped."""
        try:
            self.unwrap(row)
        except Lost:
            return False
        return True

    def _begin(self, db: Session) -> None:
        """Make the ring, for the very first key: where there are keys, a missing ring is a lost one."""
        if self.file is None or any(
            db.scalar(select(inspect(table).primary_key[0]).limit(1)) is not None for table in WRAPPED
        ):
            raise BadSetting(f"The key ring {str(self.file)!r} is missing. Restore it from its own copy.")
        name, key = new_ring_key()
        write_ring(self.file, name, {name: key})
        self.current, self._ring = name, {name: cipher(key)}


def key_of(ring: Mapping[str, Any], name: str) -> Any:
    if name not in ring:
        raise Lost(f"the key ring has no {name}")
    return ring[name]


def cipher(key: bytes) -> Any:
    """AES-GCM with a key. The library (7 MB) comes with the first thing that is sealed, not with the server."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def sealed_with(cipher: Any, plain: bytes, bound: str) -> bytes:
    """`plain` sealed for one place: it opens with the same words in `bound` only."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + cipher.encrypt(nonce, plain, bound.encode())


def opened_with(cipher: Any, sealed: bytes, bound: str) -> bytes:
    """Raises ValueError for anything this key did not seal for this place."""
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound.encode())
    except InvalidTag:
        raise ValueError("tampered with, or another's") from None


# --- the ring's file ----------------------------------------------------------------------------------------------


def ring_of(data_dir: Path) -> Ring:
    """The ring of an installation, as it is at this moment: turning it needs no restart.

    It lies in the data folder and in no backup of it. Raises BadSetting when it is there and cannot be read: it is
    never replaced by a new one.
    """
    file = data_dir / RING_FILE
    try:
        found = file.stat()
    except FileNotFoundError:
        return Ring("", {}, file)
    except OSError as error:
        raise _unusable(file, error) from None
    return _ring(file, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=8)
def _ring(file: Path, changed: int, inode: int) -> Ring:
    current, keys = read_ring(file)
    return Ring(current, keys, file)


def read_ring(file: Path) -> tuple[str, dict[str, bytes]]:
    """The current key's name, and all keys by name. Raises BadSetting."""
    try:
        ring = json.loads(file.read_text(encoding="utf-8"))
        keys = {name: base64.b64decode(key, validate=True) for name, key in ring["keys"].items()}
        if any(len(key) != 32 for key in keys.values()) or ring["current"] not in keys:
            raise ValueError("its keys are not what they should be")
        return ring["current"], keys
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(file, error) from None


def write_ring(file: Path, current: str, keys: Mapping[str, bytes]) -> None:
    """Whole or not at all, readable by its owner alone: a ring half written would lose every word."""
    file.parent.mkdir(parents=True, exist_ok=True)
    ring = {"current": current, "keys": {name: base64.b64encode(key).decode() for name, key in keys.items()}}
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as new:
            json.dump(ring, new, indent=1)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def new_ring_key() -> tuple[str, bytes]:
    """A key, and a name no other ring has: a ring from elsewhere is known by it."""
    return f"{clock.today():%Y-%m-%d}-{secrets.token_hex(4)}", secrets.token_bytes(32)


def _unusable(file: Path, error: Exception) -> BadSetting:
    return BadSetting(f"The key ring {str(file)!r} cannot be used: {error}. Restore it from its own copy.")
