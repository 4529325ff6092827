"""The vault: what is said of a citizen in words, and who they are. Sealed with a key of their own.

A key ring outside the database wraps one 256-bit key for each citizen; that key seals with AES-GCM, bound to where the
words stand (table.column, citizen, row), so that a sealed text moved elsewhere does not open. Turning the ring wraps
the citizens' keys anew and touches nothing else; erasing a citizen destroys their key, and with it every sealed word.

There is no transparent column type on purpose: opening is a call that somebody makes, with a look noted beside it.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import CitizenKey
from med.settings import BadSetting

RING_FILE = "keyring.json"
NONCE = 12


class Lost(Exception):
    """The words cannot be opened: the citizen is erased, the key ring is another's, or they were tampered with."""


class Vault:
    """Seals and opens with the keys of one ring: {"current": name, "keys": {name: 32 bytes in base64}}.

    Without a ring file the vault is empty; the first citizen's key makes it.
    """

    def __init__(self, current: str, keys: Mapping[str, bytes], file: Path | None = None) -> None:
        self.current = current
        self.file = file
        self._ring = {name: _cipher(key) for name, key in keys.items()}

    def knows(self, ring_key: str) -> bool:
        return ring_key in self._ring

    def new_citizen(self, db: Session, citizen_id: int) -> None:
        """Give a citizen a key. Raises IntegrityError when there is one, BadSetting when the key ring is lost."""
        if not self.current:
            self._begin(db)
        key = secrets.token_bytes(32)
        db.add(CitizenKey(citizen_id=citizen_id, ring_key=self.current, wrapped=self._wrap(citizen_id, key)))
        db.flush()

    def seal(self, db: Session, citizen_id: int, where: str, words: Any) -> bytes:
        """`words` (anything JSON can hold) sealed for one citizen and one place, such as "compass_goal.sealed/17"."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._key(db, citizen_id).encrypt(nonce, msgspec.json.encode(words), _bound(citizen_id, where))

    def open(self, db: Session, citizen_id: int, where: str, sealed: bytes) -> Any:
        """The words again. Raises Lost."""
        try:
            plain = _decrypted(self._key(db, citizen_id), sealed, _bound(citizen_id, where))
        except ValueError:
            raise Lost(where) from None
        return msgspec.json.decode(plain)

    def turn(self, db: Session, key: CitizenKey) -> None:
        """Wrap a citizen's key with the ring's current one. Raises Lost."""
        plain = self._unwrap(key)
        key.ring_key, key.wrapped = self.current, self._wrap(key.citizen_id, plain)

    def fits(self, key: CitizenKey) -> bool:
        """Whether a citizen's key can be unwrapped."""
        try:
            self._unwrap(key)
        except Lost:
            return False
        return True

    def _begin(self, db: Session) -> None:
        """Make the ring, for the very first citizen: where there are keys, a missing ring is a lost one."""
        if self.file is None or db.scalar(select(CitizenKey.citizen_id).limit(1)) is not None:
            raise BadSetting(f"The key ring {str(self.file)!r} is missing. Restore it from its own copy.")
        name, key = new_ring_key()
        write_ring(self.file, name, {name: key})
        self.current, self._ring = name, {name: _cipher(key)}

    def _key(self, db: Session, citizen_id: int) -> Any:
        held = db.get(CitizenKey, citizen_id)
        if held is None:
            raise Lost(f"citizen {citizen_id} has no key")
        return _cipher(self._unwrap(held))

    def _wrap(self, citizen_id: int, key: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        return nonce + self._ring[self.current].encrypt(nonce, key, _bound(citizen_id, "key"))

    def _unwrap(self, held: CitizenKey) -> bytes:
        ring = self._ring.get(held.ring_key)
        if ring is None:
            raise Lost(f"the key ring has no {held.ring_key}")
        try:
            return _decrypted(ring, held.wrapped, _bound(held.citizen_id, "key"))
        except ValueError:
            raise Lost(f"the key of citizen {held.citizen_id}") from None


def _cipher(key: bytes) -> Any:
    """AES-GCM with a key. The library (7 MB) comes with the first words that are sealed, not with the server."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _decrypted(cipher: Any, sealed: bytes, bound: bytes) -> bytes:
    """Raises ValueError for anything this key did not seal for this place."""
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound)
    except InvalidTag:
        raise ValueError("tampered with, or another's") from None


def _bound(citizen_id: int, where: str) -> bytes:
    return f"{citizen_id}|{where}".encode()


# --- the ring's file ----------------------------------------------------------------------------------------------


def vault_of(data_dir: Path) -> Vault:
    """The vault of an installation, as its key ring is at this moment: turning it needs no restart.

    The ring lies in the data folder and in no backup of it. Raises BadSetting when it is there and cannot be read: it
    is never replaced by a new one.
    """
    file = data_dir / RING_FILE
    try:
        found = file.stat()
    except FileNotFoundError:
        return Vault("", {}, file)
    except OSError as error:
        raise _unusable(file, error) from None
    return _vault(file, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=8)
def _vault(file: Path, changed: int, inode: int) -> Vault:
    current, keys = read_ring(file)
    return Vault(current, keys, file)


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
    with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as new:
        json.dump(ring, new, indent=1)
        new.flush()
        os.fsync(new.fileno())
    beside.replace(file)


def new_ring_key() -> tuple[str, bytes]:
    """A key, and a name no other ring has: a ring from elsewhere is known by it."""
    return f"{clock.today():%Y-%m-%d}-{secrets.token_hex(4)}", secrets.token_bytes(32)


def _unusable(file: Path, error: Exception) -> BadSetting:
    return BadSetting(f"The key ring {str(file)!r} cannot be used: {error}. Restore it from its own copy.")
