"""Small secrets that have to be read again: sealed with a key drawn from MED_SECRET, each kind with its own."""

import base64
import hashlib
import hmac
import secrets

NONCE = 12


def seal(secret: str, purpose: str, words: bytes) -> str:
    nonce = secrets.token_bytes(NONCE)
    return base64.urlsafe_b64encode(nonce + _cipher(secret, purpose).encrypt(nonce, words, None)).decode()


def unseal(secret: str, purpose: str, sealed: str) -> bytes | None:
    """None for what was sealed with another secret, for another purpose, or not by us."""
    from cryptography.exceptions import InvalidTag

    try:
        raw = base64.urlsafe_b64decode(sealed.encode("ascii"))
        return _cipher(secret, purpose).decrypt(raw[:NONCE], raw[NONCE:], None)
    except (ValueError, InvalidTag):
        return None


def _cipher(secret: str, purpose: str):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(hmac.digest(secret.encode(), b"medspil seal " + purpose.encode(), hashlib.sha256))
