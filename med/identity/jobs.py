"""What happens by the clock: spent sign-ins, old form keys and spent allowances go."""

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from med import clock
from med.identity import limits
from med.identity.models import SignIn, Submission

KEEP_SUBMISSIONS = timedelta(days=2)
KEEP_SIGN_INS = timedelta(days=60)


def tidy(db: Session) -> None:
    """Remove form keys past any double click, and ended sign-ins but each person's latest (it says what is new)."""
    now = clock.now()
    db.execute(delete(Submission).where(Submission.at < now - KEEP_SUBMISSIONS))
    latest = select(func.max(SignIn.id)).group_by(SignIn.person_id)
    db.execute(delete(SignIn).where(SignIn.expires_at < now - KEEP_SIGN_INS, SignIn.id.not_in(latest)))
    limits.tidy(db)
