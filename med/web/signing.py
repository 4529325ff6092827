"""Links that carry their own right: for mails, where nobody has signed in. They cannot be guessed or changed."""

import base64
import hashlib
import hmac


def seal(secret: str, purpose: str, *parts: str | int) -> str:
    """A token of URL-safe letters that carries `parts` (none may hold "|") and proves that we made it for `purpose`."""
    words = "|".join(str(part) for part in parts)
    assert words.count("|") == max(len(parts) - 1, 0), parts
    return _letters(_mark(secret, purpose, words) + words.encode())


def unseal(secret: str, purpose: str, token: str) -> list[str] | None:
    """The parts of a token we made for this purpose; None for any other, however it is broken."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        mark, words = raw[:MARK], raw[MARK:].decode()
    except ValueError:  # not letters of ours, not UTF-8
        return None
    good = hmac.compare_digest(mark, _mark(secret, purpose, words)) and _letters(raw) == token
    return words.split("|") if good else None


MARK = 20  # bytes: 160 bits


def _mark(secret: str, purpose: str, words: str) -> bytes:
    key = hmac.digest(secret.encode(), b"medspil link " + purpose.encode(), hashlib.sha256)
    return hmac.digest(key, words.encode(), hashlib.sha256)[:MARK]


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
