"""The vault: what is said of a citizen in words, and who they are. Sealed with a key of their own.

The key ring (med/sealing.py) wraps one key for each citizen; that key seals with AES-GCM, bound to where the words
stand (table.column, citizen, row), so that a sealed text moved elsewhere does not open. Erasing a citizen destroys
their key, and with it every sealed word.

There is no transparent column type on purpose: opening is a call that somebody makes, with a look noted beside it.
"""

import secrets
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from med.competence_compass.models import CitizenKey
from med.sealing import (
    RING_FILE,
    Lost,
    Ring,
    cipher,
    new_ring_key,
    opened_with,
    read_ring,
    ring_of,
    sealed_with,
    write_ring,
)

__all__ = ["RING_FILE", "Lost", "Vault", "new_ring_key", "read_ring", "vault_of", "write_ring"]


class Vault:
    """Seals and opens with the citizens' keys."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring

    def new_citizen(self, db: Session, citizen_id: int) -> None:
        """Give a citizen a key. Raises IntegrityError when there is one, BadSetting when the key ring is lost."""
        held = CitizenKey(citizen_id=citizen_id)
        self.ring.wrap(db, held, secrets.token_bytes(32))
        db.add(held)
        db.flush()

    def seal(self, db: Session, citizen_id: int, where: str, words: Any) -> bytes:
        """`words` (anything JSON can hold) sealed for one citizen and one place, such as "compass_goal.sealed/17"."""
        return sealed_with(self._key(db, citizen_id), msgspec.json.encode(words), f"{citizen_id}|{where}")

    def open(self, db: Session, citizen_id: int, where: str, sealed: bytes) -> Any:
        """The words again. Raises Lost."""
        try:
            plain = opened_with(self._key(db, citizen_id), sealed, f"{citizen_id}|{where}")
        except ValueError:
            raise Lost(where) from None
        return msgspec.json.decode(plain)

    def _key(self, db: Session, citizen_id: int) -> Any:
        held = db.get(CitizenKey, citizen_id)
        if held is None:
            raise Lost(f"citizen {citizen_id} has no key")
        return cipher(self.ring.unwrap(held))


def vault_of(data_dir: Path) -> Vault:
    """The vault of an installation. Raises BadSetting when its key ring cannot be read."""
    return Vault(ring_of(data_dir))
