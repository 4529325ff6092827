"""How often something may be done, the same for every process: so many at once, then one at a time.

One number per key says how far ahead somebody is (the generic cell rate algorithm). Taking is one conditional UPDATE,
so two processes cannot both take the last one; and who has nothing left is told so by a question that writes nothing.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import and_, case, delete, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.db import insert_into
from med.errors import TooMany
from med.identity.models import Allowance


class Limit(NamedTuple):
    """`burst` at once, then one more every `seconds`."""

    burst: int
    seconds: float


ONCE = Limit(1, 20 * 60)  # a thing that may be used once, and is worthless by itself before that is over
ALWAYS = Limit(1, 0)
PASSWORD_HERE = Limit(5, 60)  # for one name from one address
PASSWORD_ANYWHERE = Limit(30, 60)  # for one name
PASSWORD_ADDRESS = Limit(30, 20)  # for one address, whatever the names
PROVIDER_ADDRESS = Limit(60, 5)  # a whole town hall may come from one address
REFUSALS_NOTED = Limit(200, 60)  # lines in the journal about people nobody knows


SKEW = 60_000  # milliseconds between the clocks of two machines


def key(secret: str, *words: str | int) -> str:
    """What a name or an address is called in the table: nobody can read it back."""
    return hashlib.sha256("|".join([secret, *map(str, words)]).encode()).hexdigest()


def look(db: Session, limits: Mapping[str, Limit]) -> None:
    """Raises TooMany when one of them has nothing left. Writes nothing."""
    now = _now()
    for name, spent_until in db.execute(select(Allowance.key, Allowance.spent_until).where(Allowance.key.in_(limits))):
        if spent_until <= now + _furthest(limits[name]):
            _refuse_after(spent_until - now - _room(limits[name]))


def take(db: Session, limits: Mapping[str, Limit]) -> None:
    """One of each. Raises TooMany, in the transaction that then takes none."""
    now = _now()
    for name in sorted(limits):  # in one order, so that two never wait for each other
        step = round(limits[name].seconds * 1000)
        # Further ahead than anybody comes: the clock was wrong, and nobody waits until it would have been right.
        is_wrong = Allowance.spent_until > now + _furthest(limits[name])
        is_spent = and_(Allowance.spent_until > now, ~is_wrong)
        begun_or_further = (
            insert_into(db, Allowance)
            .values(key=name, spent_until=now + step)
            .on_conflict_do_update(
                index_elements=["key"],
                set_={"spent_until": case((is_spent, Allowance.spent_until), else_=now) + step},
                where=or_(Allowance.spent_until <= now + _room(limits[name]), is_wrong),
            )
            .returning(Allowance.id)
        )
        if db.execute(begun_or_further).first() is None:
            look(db, {name: limits[name]})
            raise TooMany(limits[name].seconds)


def may(db: Session, name: str, limit: Limit) -> bool:
    """Take one, if there is one."""
    try:
        take(db, {name: limit})
    except TooMany:
        return False
    return True


def forgive(db: Session, *names: str) -> None:
    """They proved to be who they said: what was spent is given back."""
    db.execute(delete(Allowance).where(Allowance.key.in_(names)))


def tidy(db: Session) -> None:
    db.execute(delete(Allowance).where(Allowance.spent_until < _now()))


def _room(limit: Limit) -> int:
    """How far ahead (milliseconds) one may be and still take one more."""
    return round((limit.burst - 1) * limit.seconds * 1000)


def _furthest(limit: Limit) -> int:
    """How far ahead (milliseconds) anybody can be."""
    return round(limit.burst * limit.seconds * 1000) + SKEW


def _refuse_after(milliseconds: int) -> None:
    if milliseconds > 0:
        raise TooMany(milliseconds / 1000)


def _now() -> int:
    return round(clock.now().timestamp() * 1000)
