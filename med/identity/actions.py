"""Private addresses: made once, shown once, ended at any time."""

import secrets
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.errors import Conflict, Invalid, NotFound
from med.identity.models import FeedToken, SignIn, digest
from med.journal.actions import note
from med.language import T
from med.organisation.access import is_employee
from med.organisation.models import Person
from med.organisation.queries import viewer_of

MOST_TOKENS = 20
LONGEST_NAME = 80


def make_feed_token(db: Session, viewer: Viewer, scope: str, filters: str = "", name: str = "") -> str:
    """A new private address (160 random bits). Only its hash is kept, so it can be shown this once."""
    require(viewer, is_employee, None)
    if len(name) > LONGEST_NAME:
        raise Invalid(name=T("Højst %(n)s tegn; her er %(m)s.", n=LONGEST_NAME, m=len(name)))
    held = db.scalar(
        select(func.count()).select_from(FeedToken).where(
            FeedToken.person_id == viewer.person_id, FeedToken.revoked_at.is_(None)
        )
    )  # fmt: skip
    if (held or 0) >= MOST_TOKENS:
        raise Conflict(T("Du har allerede %(n)s private adresser. Luk en af dem først.", n=MOST_TOKENS))
    token = "med_" + secrets.token_hex(20)
    made = FeedToken(
        token_hash=digest(token),
        person_id=viewer.person_id,
        scope=scope,
        name=name,
        filters=filters,
        created_at=clock.now(),
    )
    db.add(made)
    note(db, viewer, "feed_token.made", made)
    return token


def revoke_feed_token(db: Session, viewer: Viewer, token_id: int) -> None:
    found = db.scalar(select(FeedToken).where(FeedToken.id == token_id, FeedToken.person_id == viewer.person_id))
    if found is None:
        raise NotFound
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        note(db, viewer, "feed_token.revoked", found)


def revoke_feed_tokens(db: Session, person_id: int) -> None:
    """All of a person's: whoever is shut out makes new ones when they are back."""
    living = (FeedToken.person_id == person_id, FeedToken.revoked_at.is_(None))
    db.execute(update(FeedToken).where(*living).values(revoked_at=clock.now()))


def end_sign_in(db: Session, viewer: Viewer, sign_in_id: int) -> None:
    """End one of one's own sign-ins, on another device for instance."""
    found = db.scalar(select(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == viewer.person_id))
    if found is None:
        raise NotFound
    found.expires_at = clock.now()
    note(db, viewer, "sign_in.ended", found)


class Held(NamedTuple):
    """A private address that is in use."""

    id: int
    title: str  # what its person calls it
    filters: str
    created_at: datetime
    used_at: datetime | None
    key: str  # tells it from every other address there ever was; is not the address itself


# Put together once: a reader that asks every few minutes should cost next to nothing.
HOLDER = (
    select(
        FeedToken.id.label("token_id"),
        FeedToken.name.label("title"),
        FeedToken.filters,
        FeedToken.created_at,
        FeedToken.used_at,
        Person.id,
        Person.name,
        Person.handle,
        Person.language,
        Person.is_active,
    )
    .join(Person, Person.id == FeedToken.person_id)
    .where(
        FeedToken.token_hash == bindparam("hash"),
        FeedToken.scope == bindparam("scope"),
        FeedToken.revoked_at.is_(None),
    )
)


def viewer_by_token(db: Session, token: str, scope: str) -> tuple[Viewer, Held]:
    """Whose private address this is. Unknown, ended and foreign ones are all NotFound."""
    key = digest(token)
    found = db.connection().execute(HOLDER, {"hash": key, "scope": scope}).first()
    if found is None:
        raise NotFound
    viewer = viewer_of(db, found)
    if not viewer.is_employee:
        raise NotFound
    return viewer, Held(found.token_id, found.title, found.filters, found.created_at, found.used_at, key)


def mark_used(db: Session, token_id: int) -> None:
    db.execute(update(FeedToken).where(FeedToken.id == token_id).values(used_at=clock.now()))
