"""Private addresses: made once, shown once, ended at any time."""

import secrets

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.errors import Conflict, NotFound
from med.identity.doorkeeper import digest
from med.identity.models import FeedToken, SignIn
from med.journal.actions import note
from med.language import T
from med.organisation.queries import viewer_for

MOST_TOKENS = 20


def make_feed_token(db: Session, viewer: Viewer, scope: str, filters: str = "") -> str:
    """A new private address (160 random bits). Only its hash is kept, so it can be shown this once."""
    held = db.scalar(
        select(func.count()).select_from(FeedToken).where(
            FeedToken.person_id == viewer.person_id, FeedToken.revoked_at.is_(None)
        )
    )  # fmt: skip
    if (held or 0) >= MOST_TOKENS:
        raise Conflict(T("Du har allerede %(n)s private adresser. Luk en af dem først.", n=MOST_TOKENS))
    token = "med_" + secrets.token_hex(20)
    made = FeedToken(
        token_hash=digest(token), person_id=viewer.person_id, scope=scope, filters=filters, created_at=clock.now()
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


def end_sign_in(db: Session, viewer: Viewer, sign_in_id: int) -> None:
    """End one of one's own sign-ins, on another device for instance."""
    found = db.scalar(select(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == viewer.person_id))
    if found is None:
        raise NotFound
    found.expires_at = clock.now()
    note(db, viewer, "sign_in.ended", found)


def viewer_by_token(db: Session, token: str, scope: str) -> tuple[Viewer, FeedToken]:
    """Whose private address this is. Unknown, ended and foreign ones are all NotFound."""
    found = db.scalar(
        select(FeedToken).where(
            FeedToken.token_hash == digest(token), FeedToken.scope == scope, FeedToken.revoked_at.is_(None)
        )
    )
    if found is None:
        raise NotFound
    viewer = viewer_for(db, found.person_id)
    if not viewer.is_employee:
        raise NotFound
    return viewer, found


def mark_used(db: Session, token_id: int) -> None:
    db.execute(update(FeedToken).where(FeedToken.id == token_id).values(used_at=clock.now()))
