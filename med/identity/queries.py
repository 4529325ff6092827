from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.identity.models import FeedToken, SignIn


def my_sign_ins(db: Session, viewer: Viewer) -> Sequence[SignIn]:
    """The viewer's own living sign-ins, newest first."""
    return db.scalars(
        select(SignIn)
        .where(SignIn.person_id == viewer.person_id, SignIn.expires_at > clock.now())
        .order_by(SignIn.seen_at.desc())
    ).all()


def my_feed_tokens(db: Session, viewer: Viewer) -> Sequence[FeedToken]:
    return db.scalars(
        select(FeedToken)
        .where(FeedToken.person_id == viewer.person_id, FeedToken.revoked_at.is_(None))
        .order_by(FeedToken.id.desc())
    ).all()
