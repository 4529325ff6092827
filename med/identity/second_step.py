"""The second step: a code from an app (TOTP, RFC 6238), or one of ten recovery codes. Each works once."""

import base64
import hashlib
import io
import secrets

from sqlalchemy import delete, or_, update
from sqlalchemy.orm import Session

from med import clock
from med.identity.models import Account, RecoveryCode
from med.identity.sealing import unseal

HOW_MANY = 10
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are mistaken for each other; 31 of them
SEALED_AS = "second step"
PERIOD = 30
AHEAD = 20  # half minutes: a newer code was taken by a clock that was wrong, and spends none of today's


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(secret: str, who: str, site: str) -> str:
    """What the app reads from the picture (otpauth://…)."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=who, issuer_name=site)


def picture(words: str) -> str:
    """A QR code as an address that stands in the page itself."""
    import segno

    out = io.BytesIO()
    segno.make(words, error="m").save(out, kind="svg", omitsize=True, border=3, dark="#000", light="#fff")
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


def step_of(secret: str, code: str) -> int | None:
    """Which half minute a code belongs to: this one, or the one before or after (telephones go wrong); else None."""
    import pyotp

    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdecimal()):
        return None
    now = int(clock.now().timestamp()) // PERIOD
    app = pyotp.TOTP(secret)
    found = [step for step in (now - 1, now, now + 1) if secrets.compare_digest(app.at(step * PERIOD), digits)]
    return max(found, default=None)


def passes(db: Session, account: Account, code: str, secret: str) -> bool:
    """Whether the code opens, now and never again: a spent one is refused also when two come at the same moment."""
    if not account.second_step:
        return True
    raw = unseal(secret, SEALED_AS, account.second_step)
    step = step_of(raw.decode(), code) if raw else None
    if step is not None:
        is_new = or_(Account.last_step < step, Account.last_step > step + AHEAD)
        newer = update(Account).where(Account.id == account.id, is_new).values(last_step=step)
        return db.execute(newer.returning(Account.id)).first() is not None
    spent = (
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.code_hash == _digest(account.id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
    )
    return db.execute(spent.returning(RecoveryCode.id)).first() is not None


def new_codes(db: Session, account: Account) -> list[str]:
    """Ten fresh recovery codes; the old ones are worthless. Shown this once, then only their hashes are left."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    made = ["".join(secrets.choice(LETTERS) for _ in range(12)) for _ in range(HOW_MANY)]
    db.add_all(RecoveryCode(account_id=account.id, code_hash=_digest(account.id, code)) for code in made)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in made]


def _digest(account_id: int, code: str) -> str:
    """59 random bits cannot be tried out from their hash as a password can."""
    bare = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(f"{account_id}:{bare}".encode()).hexdigest()
