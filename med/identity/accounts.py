"""What is done with ways in: a link to begin with, a password, a second step, an identity from elsewhere."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.errors import Conflict, NotFound, OldLink
from med.identity import second_step
from med.identity.models import UNLINKED, Account, LinkedIdentity, RecoveryCode, SignIn, Welcome, digest
from med.identity.sealing import seal
from med.journal.actions import note
from med.language import T
from med.organisation.access import is_admin
from med.organisation.models import Person

HOW_TO_BEGIN = 'med person ida --make "Ida Iversen" --admin --invite'
WELCOME_LASTS = timedelta(hours=72)


def welcome(db: Session, viewer: Viewer | None, person: Person, is_emergency: bool = False) -> str:
    """A link that lets a person in once, within three days. `viewer` is None on the command line.

    Whoever makes it answers for who gets it: a forgotten password and a lost telephone begin here, too.
    """
    if viewer is not None:
        require(viewer, is_admin, None)
    if not person.is_active:
        raise Conflict(T("%(name)s er lukket ude.", name=person.name))
    now = clock.now()
    token = secrets.token_urlsafe(32)
    db.execute(
        update(Welcome).where(Welcome.person_id == person.id, Welcome.used_at.is_(None)).values(expires_at=now)
    )  # only the newest works
    made = Welcome(
        token_hash=digest(token),
        person_id=person.id,
        made_by_id=viewer.person_id if viewer else None,
        is_emergency=is_emergency,
        made_at=now,
        expires_at=now + WELCOME_LASTS,
    )
    db.add(made)
    note(db, viewer, "welcome.made", made)
    return token


NO_LINK = T(
    "Linket virker ikke længere. Det er brugt, afløst af et nyt eller for gammelt. Har du valgt en adgangskode, så log "
    "ind. Ellers bed systemadministratoren om et nyt link."
)


def is_living() -> ColumnElement[bool]:
    """A link that still lets somebody in."""
    return and_(Welcome.used_at.is_(None), Welcome.expires_at > clock.now())


def find_welcome(db: Session, token: str) -> Welcome:
    """The link behind a token. Raises OldLink alike for what never was one, is used, or too old."""
    found = db.scalar(select(Welcome).where(Welcome.token_hash == digest(token), is_living()))
    if found is None or not found.person.is_active:
        raise OldLink(NO_LINK)
    return found


def use_welcome(db: Session, token: str) -> Welcome:
    """The same, and from now on it is none: of two at the same moment one gets it."""
    found = find_welcome(db, token)
    first = update(Welcome).where(Welcome.id == found.id, Welcome.used_at.is_(None)).values(used_at=clock.now())
    if db.execute(first.returning(Welcome.id)).first() is None:
        raise OldLink(NO_LINK)
    return found


def account_of(db: Session, person_id: int) -> Account | None:
    return db.scalar(select(Account).where(Account.person_id == person_id))


def set_password(db: Session, viewer: Viewer | None, person: Person, password_hash: str, *, anew: bool) -> Account:
    """Give a person a password, or another one. Every sign-in there is ends: whoever was in by the old one is out, and
    a link that was made before opens nothing any more.

    `anew` is by a link or on the command line: the second step goes as well, because it is what was lost.
    """
    account = account_of(db, person.id)
    if account is None:
        account = Account(person_id=person.id, password_hash=password_hash, changed_at=clock.now())
        db.add(account)
    account.password_hash, account.changed_at = password_hash, clock.now()
    if anew:
        account.second_step = ""
    end_sign_ins(db, person.id)
    end_links(db, person.id)
    note(db, viewer, "account.password_set", account, ["second_step"] if anew else [])
    return account


def end_sign_ins(db: Session, person_id: int, but: int | None = None) -> int:
    """End a person's sign-ins on every device, for good; returns how many there were."""
    living = (SignIn.person_id == person_id, SignIn.expires_at > clock.now(), SignIn.id != (but or 0))
    return len(db.scalars(update(SignIn).where(*living).values(expires_at=clock.now()).returning(SignIn.id)).all())


def end_links(db: Session, person_id: int) -> None:
    """Links that were made for a person and not used yet open nothing any more."""
    db.execute(update(Welcome).where(Welcome.person_id == person_id, is_living()).values(expires_at=clock.now()))


def end_others(db: Session, viewer: Viewer, this_id: int | None) -> int:
    count = end_sign_ins(db, viewer.person_id, but=this_id)
    if count:
        note(db, viewer, "sign_in.others_ended", db.get_one(Person, viewer.person_id))
    return count


def own_account(db: Session, viewer: Viewer) -> Account:
    account = account_of(db, viewer.person_id)
    if account is None:
        raise NotFound
    return account


def turn_on_second_step(db: Session, viewer: Viewer, app_secret: str, secret: str) -> list[str]:
    """From now on a code is asked for. Returns the recovery codes, to be shown this once."""
    account = own_account(db, viewer)
    account.second_step = seal(secret, second_step.SEALED_AS, app_secret.encode())
    note(db, viewer, "account.second_step_on", account)
    return second_step.new_codes(db, account)


def turn_off_second_step(db: Session, viewer: Viewer) -> None:
    account = own_account(db, viewer)
    if viewer.is_admin:
        raise Conflict(T("En systemadministrator skal have totrin slået til."))
    account.second_step = ""
    db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    note(db, viewer, "account.second_step_off", account)


def renew_codes(db: Session, viewer: Viewer) -> list[str]:
    account = own_account(db, viewer)
    if not account.second_step:
        raise Conflict(T("Slå totrin til først."))
    note(db, viewer, "account.codes_renewed", account)
    return second_step.new_codes(db, account)


def close_account(db: Session, viewer: Viewer, person_id: int) -> None:
    """A person's password opens nothing any more, nor does any sign-in that stands open."""
    require(viewer, is_admin, None)
    account = account_of(db, person_id)
    if account is None:
        raise NotFound
    account.password_hash = account.second_step = ""
    end_links(db, person_id)
    end_sign_ins(db, person_id)
    note(db, viewer, "account.closed", account)


def link(db: Session, person: Person, issuer: str, subject: str, how: str) -> LinkedIdentity:
    known = db.scalar(select(LinkedIdentity).where(LinkedIdentity.issuer == issuer, LinkedIdentity.subject == subject))
    made = known or LinkedIdentity(issuer=issuer, subject=subject)
    made.person, made.linked_at, made.how = person, clock.now(), how
    db.add(made)
    db.flush()
    note(db, None, "linked_identity.linked", made, [how])
    return made


def unlink(db: Session, viewer: Viewer, identity_id: int) -> None:
    """The identity opens nothing any more: it belongs to somebody else, or the person has got a new one.

    The row stays: else the municipality's claim would link the same two again at the next sign-in.
    """
    require(viewer, is_admin, None)
    found = db.get(LinkedIdentity, identity_id)
    if found is None or found.how == UNLINKED:
        raise NotFound
    note(db, viewer, "linked_identity.unlinked", found)
    found.how = UNLINKED
    end_links(db, found.person_id)
    end_sign_ins(db, found.person_id)


def person_by_claims(db: Session, claims: dict[str, Any], issuer: str, claim: str) -> tuple[Person, str] | None:
    """Whose first sign-in this is, by the claim the municipality chose. Never somebody who has, or had, an identity
    there already: an unlinked one goes on standing, and only a link ties another to that person."""
    value = claims.get(claim) if claim else None
    if not isinstance(value, str) or not value.strip():
        return None
    by_mail = claim == "email"
    if by_mail and claims.get("email_verified", True) is not True:
        return None
    column = Person.mail if by_mail else Person.handle
    linked = select(LinkedIdentity.person_id).where(LinkedIdentity.issuer == issuer)
    fitting = select(Person).where(func.lower(column) == value.strip().lower(), Person.id.not_in(linked))
    found = db.scalars(fitting.limit(2)).all()
    return (found[0], "mail" if by_mail else "claim") if len(found) == 1 else None
