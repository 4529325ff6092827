"""Who is at the keyboard: how people get in, sign-ins, private feed tokens, and forms already taken in."""

import hashlib
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.db import Base
from med.organisation.models import Person


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class SignIn(Base):
    """A browser that is signed in. Only the hash of its cookie is kept; the row goes when the person leaves."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]  # touched at most once a minute
    expires_at: Mapped[datetime] = mapped_column(index=True)
    news_since: Mapped[datetime]  # when the person was here before: what is newer is new to them
    device: Mapped[str] = mapped_column(default="")
    how: Mapped[str] = mapped_column(default="")  # "persona", "account", "provider"

    person: Mapped[Person] = relationship()


UNLINKED = "unlinked"


class LinkedIdentity(Base):
    """Who the municipality's own identity provider says it is. Known by issuer and subject, never by mail address."""

    __tablename__ = "linked_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    linked_at: Mapped[datetime]
    how: Mapped[str]  # "claim", "mail", "invitation"; UNLINKED opens nothing until a link is used

    person: Mapped[Person] = relationship()


class Account(Base):
    """A way in of our own, with a password: for emergencies, and where there is no identity provider."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    password_hash: Mapped[str]
    changed_at: Mapped[datetime]
    second_step: Mapped[str] = mapped_column(default="")  # the app's secret, sealed; "" without one
    last_step: Mapped[int] = mapped_column(default=0)  # the newest code taken: it and those before it are spent
    is_emergency: Mapped[bool] = mapped_column(default=False)  # its use is told to the administrators

    person: Mapped[Person] = relationship()


class RecoveryCode(Base):
    """Stands in for the app once, when the telephone is lost. Only its hash is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None]


class Welcome(Base):
    """A link that lets one person in once, to choose a password or to be linked with their identity."""

    __tablename__ = "welcome"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    is_emergency: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=person_id)


class Allowance(Base):
    """How far ahead of time somebody is with what may be done only so often. See `limits`."""

    __tablename__ = "allowance"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)  # a hash: neither names nor addresses stand here
    spent_until: Mapped[int]  # milliseconds since 1970


class FeedToken(Base):
    """A private address for a feed or a calendar. What the token sees is what its person may see."""

    __tablename__ = "feed_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    scope: Mapped[str]  # "decisions", "calendar"
    name: Mapped[str] = mapped_column(default="")  # what its person calls it: "Outlook på arbejdet"
    filters: Mapped[str] = mapped_column(default="")  # the page's own query string
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class Submission(Base):
    """A form already taken in. A double click or a resent page gets the first one's answer, and has no effect."""

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("person_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    key: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    answer: Mapped[str] = mapped_column(default="")  # where the browser was sent
