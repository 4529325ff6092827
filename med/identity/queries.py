from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from med import clock
from med.access import Viewer
from med.identity.doorkeeper import IDLE
from med.identity.models import UNLINKED, Account, FeedToken, LinkedIdentity, RecoveryCode, SignIn
from med.organisation.models import Person


def my_sign_ins(db: Session, viewer: Viewer) -> Sequence[SignIn]:
    """The viewer's own living sign-ins, newest first."""
    return db.scalars(
        select(SignIn)
        .where(
            SignIn.person_id == viewer.person_id,
            SignIn.expires_at > clock.now(),
            SignIn.seen_at > clock.now() - IDLE,
        )
        .order_by(SignIn.seen_at.desc())
    ).all()


def my_feed_tokens(db: Session, viewer: Viewer) -> Sequence[FeedToken]:
    return db.scalars(
        select(FeedToken)
        .where(FeedToken.person_id == viewer.person_id, FeedToken.revoked_at.is_(None))
        .order_by(FeedToken.id.desc())
    ).all()


def my_identities(db: Session, viewer: Viewer) -> Sequence[LinkedIdentity]:
    mine = select(LinkedIdentity).where(LinkedIdentity.person_id == viewer.person_id, LinkedIdentity.how != UNLINKED)
    return db.scalars(mine).all()


def codes_left(db: Session, account_id: int) -> int:
    """How many recovery codes have not been used."""
    unused = (RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return db.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def all_accounts(db: Session) -> Sequence[Account]:
    """Passwords there are, for the administrator: whose, since when, and whether with a second step."""
    people = select(Account).join(Person).options(joinedload(Account.person)).order_by(Person.name, Person.id)
    return db.scalars(people.where(Account.password_hash != "")).all()


def all_identities(db: Session) -> Sequence[LinkedIdentity]:
    linked = select(LinkedIdentity).where(LinkedIdentity.how != UNLINKED)
    people = linked.join(Person).options(joinedload(LinkedIdentity.person))
    return db.scalars(people.order_by(Person.name, LinkedIdentity.id)).all()
