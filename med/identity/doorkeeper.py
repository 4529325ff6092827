"""Who stands at the door: from a cookie to a viewer, and the rules of a sign-in's life.

Own table instead of the framework's: a new random value at every sign-in (no fixation), touched by UPDATE only (a
request in flight cannot bring a signed-out row back), no row for visitors who never sign in.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from litestar import Request
from msgspec.structs import replace
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.errors import NotFound
from med.identity.models import Account, SignIn, Submission, digest
from med.language import LANGUAGES
from med.organisation.models import Person
from med.organisation.queries import viewer_of
from med.prepared import Prepared, PreparedChange
from med.settings import Settings
from med.web.incoming import cookie_of
from med.web.routing import Arrival

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
SKEW = timedelta(minutes=5)  # a sign-in from further ahead was made by a clock that was wrong, and would not end
FRESH = timedelta(minutes=15)  # how long after showing who one is the most sensitive things may be changed
FIRST_VISIT_SHOWS = timedelta(days=14)  # what is new to someone who was never here before


class SignedIn(NamedTuple):
    """A sign-in that holds, with its person's columns."""

    sign_in_id: int
    created_at: datetime
    seen_at: datetime
    news_since: datetime
    how: str
    id: int
    name: str
    handle: str
    language: str
    theme: str
    is_active: bool


def _signed_in() -> Any:
    """Put together once: every request begins with it."""
    columns = (SignIn.id, SignIn.created_at, SignIn.seen_at, SignIn.news_since, SignIn.how)
    return (
        select(*columns, Person.id, Person.name, Person.handle, Person.language, Person.theme, Person.is_active)
        .join(Person, Person.id == SignIn.person_id)
        .where(
            SignIn.token_hash == bindparam("token_hash"),
            SignIn.expires_at > bindparam("now"),
            SignIn.seen_at > bindparam("seen_after"),
            SignIn.created_at < bindparam("made_before"),
        )
    )


SIGNED_IN = Prepared(_signed_in)
SIGN_IN: Any = SignIn.__table__
SEEN = PreparedChange(
    lambda: update(SIGN_IN).where(SIGN_IN.c.id == bindparam("sign_in")).values(seen_at=bindparam("now"))
)


class Doorkeeper:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # `__Host-` needs Secure, which plain http on loopback cannot have.
        self.cookie = "__Host-med" if settings.is_https else "med"
        self.trip_cookie = "__Host-med-door" if settings.is_https else "med-door"  # on the way to the provider and back

    def arrive(self, db: Session, request: Request) -> Arrival:
        token = cookie_of(request, self.cookie)
        now = clock.now()
        chosen = language_asked(request)
        if token and len(token) < 200:
            for row in SIGNED_IN(db, token_hash=digest(token), now=now, seen_after=now - IDLE, made_before=now + SKEW):
                found = SignedIn(*row)
                try:
                    viewer = viewer_of(db, found)
                except NotFound:
                    return self.stranger(chosen, now)
                lacks_step = viewer.is_admin and found.how == "account" and not has_second_step(db, viewer.person_id)
                return Arrival(
                    viewer=replace(viewer, is_admin=False) if lacks_step else viewer,
                    sign_in_id=found.sign_in_id,
                    token_secret=hashlib.sha256(
                        f"{self.settings.secret}:{found.sign_in_id}:{token}".encode()
                    ).hexdigest(),
                    language=chosen or viewer.language,
                    theme=found.theme,
                    news_since=found.news_since,
                    seen_at=found.seen_at,
                    # A persona is chosen, never shown to be one: there is nothing to show again.
                    is_fresh=found.how == "persona" or found.created_at > now - FRESH,
                    lacks_step=lacks_step,
                )
        return self.stranger(chosen, now)

    def stranger(self, chosen: str, now: datetime) -> Arrival:
        return Arrival(None, None, "", chosen or "da", "", now)

    def is_stale(self, arrival: Arrival) -> bool:
        """Whether the sign-in should be touched, or its person's language kept."""
        if arrival.viewer is None or arrival.seen_at is None:
            return False
        return clock.now() - arrival.seen_at > TOUCH_EVERY or arrival.language != arrival.viewer.language

    def touch(self, db: Session, arrival: Arrival) -> None:
        SEEN(db, sign_in=arrival.sign_in_id, now=clock.now())
        if arrival.viewer is not None and arrival.language != arrival.viewer.language:
            db.execute(update(Person).where(Person.id == arrival.viewer.person_id).values(language=arrival.language))

    def open(self, db: Session, person: Person, device: str, how: str = "persona") -> str:
        """Sign a person in; returns the cookie's value, which is never stored."""
        now = clock.now()
        before = db.scalar(select(func.max(SignIn.seen_at)).where(SignIn.person_id == person.id))
        token = secrets.token_urlsafe(32)
        db.add(
            SignIn(
                token_hash=digest(token),
                person_id=person.id,
                created_at=now,
                seen_at=now,
                expires_at=now + ABSOLUTE,
                news_since=before or now - FIRST_VISIT_SHOWS,
                device=device[:200],
                how=how,
            )
        )
        return token

    def close(self, db: Session, sign_in_id: int) -> None:
        """End a sign-in at once; the row keeps when the person was last here."""
        db.execute(update(SignIn).where(SignIn.id == sign_in_id).values(expires_at=clock.now(), token_hash=_spent()))

    def first_answer(self, db: Session, viewer: Viewer, key: str) -> str | None:
        return db.scalar(
            select(Submission.answer).where(Submission.person_id == viewer.person_id, Submission.key == key)
        )

    def claim(self, db: Session, viewer: Viewer, key: str) -> None:
        db.add(Submission(person_id=viewer.person_id, key=key, at=clock.now()))
        db.flush()

    def settle(self, db: Session, viewer: Viewer, key: str, answer: str) -> None:
        db.execute(
            update(Submission)
            .where(Submission.person_id == viewer.person_id, Submission.key == key)
            .values(answer=answer)
        )


def has_second_step(db: Session, person_id: int) -> bool:
    """An administrator's password alone runs nothing. Asked about them only, so it costs nobody else a question."""
    return bool(db.scalar(select(Account.second_step).where(Account.person_id == person_id)))


def language_asked(request: Request) -> str:
    if b"sprog" not in request.scope["query_string"]:
        return ""
    asked = request.query_params.get("sprog", "")
    return asked if asked in LANGUAGES else ""


def _spent() -> str:
    return "ended:" + secrets.token_hex(16)
