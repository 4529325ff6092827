"""Questions about the grundlag: the perspectives' headings, what each role does for them, and what was changed."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import Session

from med import clock, language
from med.errors import NotFound
from med.organisation.models import Committee, Level, Person
from med.perspectives.models import GrundlagChange, Perspective, PerspectiveText, RoleKey, Statement
from med.prepared import Prepared


class Title(NamedTuple):
    """A perspective in the municipality's own words. `version` is 0 until they have written any."""

    title: str
    short: str
    about: str
    version: int = 0


class Sentence(NamedTuple):
    """A statement in force. `position` counts from 1 within its perspective and role."""

    id: int
    text: str
    position: int
    version: int


def titles(db: Session) -> dict[Perspective, Title]:
    """All four headings, in the fixed order. Where the municipality has written none, the perspective's own name."""
    return dict(_titles(tuple(WRITTEN(db)), language.current.get()))


@lru_cache(20)
def _titles(rows: tuple[Any, ...], _language: str) -> list[tuple[Perspective, Title]]:
    written = {perspective: Title(*rest) for perspective, *rest in rows}
    return [(key, written.get(key) or Title(str(language.word(key)), "", "")) for key in Perspective]


WRITTEN = Prepared(
    lambda: select(
        PerspectiveText.perspective,
        PerspectiveText.title,
        PerspectiveText.short,
        PerspectiveText.about,
        PerspectiveText.version,
    ),
    remembered=1,
)


def statements_for(db: Session, role_key: str) -> dict[Perspective, list[str]]:
    """What one role does for each perspective: the help beside the choice when a decision is tagged.

    Every perspective is there; one without statements for the role has an empty list, as has a role nobody knows.
    """
    found: dict[Perspective, list[str]] = {key: [] for key in Perspective}
    if role_key in set(RoleKey):
        for row in STATEMENTS(db, role=RoleKey(role_key)):
            found[row.perspective].append(row.text)
    return found


STATEMENTS = Prepared(
    lambda: (
        select(Statement.perspective, Statement.text)
        .where(Statement.role == bindparam("role"), Statement.retired_at.is_(None))
        .order_by(Statement.position, Statement.id)
    ),
    remembered=len(RoleKey),
)


Grundlag = dict[Perspective, dict[RoleKey, list[Sentence]]]


def grundlag(db: Session, perspective: Perspective | None = None) -> Grundlag:
    """Every statement in force by perspective and role, the roles in their fixed order."""
    asked = select(
        Statement.perspective, Statement.role, Statement.id, Statement.text, Statement.position, Statement.version
    ).where(Statement.retired_at.is_(None))
    if perspective is not None:
        asked = asked.where(Statement.perspective == perspective)
    keys = list(Perspective) if perspective is None else [perspective]
    found: Grundlag = {key: {role: [] for role in RoleKey} for key in keys}
    for row in db.execute(asked.order_by(Statement.position, Statement.id)):
        found[row.perspective][row.role].append(Sentence(row.id, row.text, row.position, row.version))
    return found


def statement(db: Session, statement_id: int) -> Statement:
    """A statement in force, or NotFound."""
    found = db.scalar(select(Statement).where(Statement.id == statement_id, Statement.retired_at.is_(None)))
    if found is None:
        raise NotFound
    return found


def perspective_named(key: str) -> Perspective:
    """The perspective of an address, or NotFound."""
    try:
        return Perspective(key)
    except ValueError:
        raise NotFound from None


def keeper(db: Session) -> Committee | None:
    """The committee whose text the grundlag is: the Hovedudvalg. None while there is none yet."""
    today = clock.today()
    return db.scalar(
        select(Committee)
        .where(Committee.level == Level.MAIN, or_(Committee.ends.is_(None), Committee.ends >= today))
        .order_by(Committee.id)
        .limit(1)
    )


Change = Row[tuple[int, datetime, str | None, int | None, Perspective, RoleKey | None, str, str]]


def changes(db: Session, *, perspective: Perspective | None = None, limit: int = 50, skip: int = 0) -> Sequence[Change]:
    """The grundlag's history, newest first: (id, at, who, statement_id, perspective, role, before, after).

    Without a role it is the heading that changed. `who` is None when the system did it (an import by command line).
    """
    asked = (
        select(
            GrundlagChange.id,
            GrundlagChange.at,
            Person.name.label("who"),
            GrundlagChange.statement_id,
            GrundlagChange.perspective,
            GrundlagChange.role,
            GrundlagChange.before,
            GrundlagChange.after,
        )
        .outerjoin(Person, Person.id == GrundlagChange.person_id)
        .order_by(GrundlagChange.id.desc())
        .limit(limit)
        .offset(skip)
    )
    if perspective is not None:
        asked = asked.where(GrundlagChange.perspective == perspective)
    return db.execute(asked).all()  # type: ignore[return-value]
