"""Passwords: which are good enough, and how they are kept (argon2id, 19 MiB, two rounds, one lane).

The parameters are OWASP's smallest: 24 ms instead of the library's 200, so that a flood of sign-ins costs little; and
no more than two are computed at once. Strength comes from length and from the second step.
"""

import hashlib
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from med.errors import Invalid
from med.identity.counter import Counter
from med.language import T, Text

SHORTEST = 12
LONGEST = 200
LEFT_OVER = 8  # characters that are left when everything easily guessed is taken out

# Our own list: what people write first when a system asks for twelve characters. Compared without digits and signs.
GUESSED = (
    "adgangskode", "kodeord", "password", "passord", "hemmelig", "secret", "velkommen", "welcome", "kommune", "medspil",
    "sommer", "vinter", "efteraar", "efterår", "foraar", "forår", "januar", "februar", "marts", "april", "juni", "juli",
    "august", "september", "oktober", "november", "december", "mandag", "tirsdag", "onsdag", "torsdag", "fredag",
    "danmark", "koebenhavn", "københavn", "letmein", "admin", "administrator", "login", "qwerty", "qwertyuiop",
    "asdfgh", "asdfghjkl", "zxcvbn", "yxcvbn", "abcdefgh", "iloveyou", "jegelskerdig", "monkey", "dragon", "fodbold",
    "football", "baseball", "sunshine", "princess", "skat", "hejmeddig", "hejhej", "test", "default", "changeme",
    "skiftmig",
)  # fmt: skip
RUNS = re.compile(r"(.)\1{2,}")

LEAKED = "leaked-passwords.txt"  # in the data folder: a list of what has come out elsewhere, where somebody puts one

counter = Counter("password", windows=2, line=20)


def folded(password: str) -> str:
    """The same password however the keyboard composes å: NIST SP 800-63B asks for one of the normal forms."""
    return unicodedata.normalize("NFKC", password)


def objection(password: str, *about: str) -> Text | None:
    """Why a password is not good enough, or None. `about` is what others know of the person: name, handle, mail."""
    password = folded(password)
    if len(password) < SHORTEST:
        return T("Mindst %(n)s tegn. Flere ord efter hinanden er lette at huske og svære at gætte.", n=SHORTEST)
    if len(password) > LONGEST:
        return T("Højst %(n)s tegn; her er %(m)s.", n=LONGEST, m=len(password))
    words = [word for text in about for word in re.split(r"[\W_]+", text.casefold()) if len(word) > 2]
    left = RUNS.sub("", _without_rows(password.casefold()))
    for word in sorted({*GUESSED, *words}, key=len, reverse=True):
        left = left.replace(word, "")
    letters = re.sub(r"[\d\W_]+$", "", left)  # "2026!" at the end is what everybody does
    if len(letters) < LEFT_OVER or len(set(letters)) < 5:
        return T("Den er for let at gætte. Undgå navne, årstal, rækker og de mest brugte ord.")
    return None


def check(password: str, repeated: str, *about: str, leaked: Path) -> None:
    """Raises Invalid with the message at its field. `leaked` is the list of `is_leaked`, which need not be there."""
    if wrong := objection(password, *about) or (LEAKED_ONE if is_leaked(password, leaked) else None):
        raise Invalid(password=wrong)
    if password != repeated:
        raise Invalid(repeated=T("De to er ikke ens."))


LEAKED_ONE = T("Den står på en liste over adgangskoder, der er sluppet ud andre steder. Vælg en anden.")


def is_leaked(password: str, leaked: Path) -> bool:
    """Whether the list has it: lines of SHA-1 in capitals, sorted, with or without ":" and a count.

    So are the lists that are published (SHA-1 is theirs, and guards nothing here). The question stays in the house: a
    list of a thousand million lines is looked into some forty times, and never read.
    """
    asked = hashlib.sha1(folded(password).encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with leaked.open("rb") as lines:
            low, high = 0, leaked.stat().st_size
            while low < high:
                middle = (low + high) // 2
                line = _line_from(lines, middle)
                low, high = (middle + 1, high) if line and line[:40] < asked else (low, middle)
            return _line_from(lines, low)[:40] == asked
    except FileNotFoundError:
        return False


def _line_from(lines: Any, place: int) -> bytes:
    """The first line that begins at a place or after it; b"" at the end."""
    lines.seek(max(0, place - 1))
    if place:
        lines.readline()
    return lines.readline()


def _without_rows(text: str) -> str:
    """Taken out: letters or digits that follow each other, such as 12345 and fedcba."""
    kept, row = "", text[:1]
    for letter in text[1:]:
        step = ord(letter) - ord(row[-1])
        if abs(step) == 1 and (len(row) < 2 or ord(row[-1]) - ord(row[-2]) == step):
            row += letter
            continue
        kept, row = kept + (row if len(row) < 4 else ""), letter
    return kept + (row if len(row) < 4 else "")


async def hashed(password: str) -> str:
    return await counter.serve(_hash, folded(password))


async def matches(password: str, password_hash: str) -> bool:
    """Takes equally long where there is no account ("") and where the password is wrong."""
    return await counter.serve(_matches, folded(password), password_hash)


def hash_now(password: str) -> str:
    """For the command line, where nobody waits behind."""
    return _hash(folded(password))


def _hash(password: str) -> str:
    return _hasher().hash(password)


def _matches(password: str, password_hash: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(password_hash or _nobodys(), password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys() -> str:
    return _hash("nobody has this password")
