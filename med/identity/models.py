"""Who is at the keyboard: sign-ins, private feed tokens, and forms already taken in."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.db import Base
from med.organisation.models import Person


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

    person: Mapped[Person] = relationship()


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
