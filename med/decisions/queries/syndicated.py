"""What a feed reader is told besides the page of decisions: what was withdrawn lately, and what to take away again.

And the mark: what all of it is made of, as one text the database puts together. Two different answers never have the
same mark, so "nothing new" is told without reading a word.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Date, Select, bindparam, select
from sqlalchemy.orm import Session

from med import clock
from med.access import INSIDE, Viewer
from med.db import UtcDateTime, in_one_line, in_one_text
from med.decisions.filters import Filters
from med.decisions.models import Decision, DecisionState
from med.decisions.queries.feed import ANY_EMPLOYEE, PAGE, Cursor, Key, page_of
from med.organisation.models import Grant, GrantKind, Seat
from med.perspectives.models import PerspectiveText
from med.workdays import to_utc

LATELY = timedelta(days=90)  # a reader away for longer asks for everything anew


class Gone(NamedTuple):
    """A decision the reader may have and should take away: who it was from, and since when."""

    uid: str
    committee_id: int
    until: date

    @property
    def when(self) -> datetime:
        return to_utc(self.until + timedelta(days=1), time(0))


def lately_withdrawn(db: Session, viewer: Viewer, filters: Filters) -> list[Key]:
    """Decisions withdrawn lately, the latest first: they lead the feed, wherever they stand by their own date."""
    return [Key(*row) for row in db.execute(withdrawn_of(filters), given(viewer))]


def no_longer_mine(db: Session, viewer: Viewer) -> Sequence[Gone]:
    """Decisions on closed items of a committee the viewer has left lately, published while they still were in it.

    They have read them; what was published after they left they are not told of in any way.
    """
    found: dict[str, Gone] = {}
    for row in db.execute(lost(), given(viewer)):
        gone = Gone(row.uid, row.committee_id, row.until)
        if row.published_at < gone.when and (row.uid not in found or found[row.uid].until < gone.until):
            found[row.uid] = gone
    return sorted(found.values(), key=lambda gone: (gone.until, gone.uid), reverse=True)


def feed_mark(db: Session, viewer: Viewer, filters: Filters, before: Cursor | None, after: Cursor | None) -> str:
    """All that a page of this viewer's feed is made of, but the language and the address: one question."""
    return repr(tuple(db.execute(marked(filters, before, after), given(viewer)).one()))


def given(viewer: Viewer) -> dict[str, Any]:
    today = clock.today()
    return {
        "inside": list(viewer.inside),
        "who": viewer.person_id,
        "today": today,
        "since": to_utc(today - LATELY, time(0)),
        "ended_since": today - LATELY,
    }


# Put together once for each choice of filters, with the viewer filled in when it runs.


@lru_cache(maxsize=256)
def withdrawn_of(filters: Filters) -> Select[*tuple[Any, ...]]:
    # Whatever state they follow: who has it as in force should hear that it no longer is.
    any_state = replace(filters, in_force=False, state=None)
    return (
        page_of(ANY_EMPLOYEE, any_state, None, None, None)
        .where(
            Decision.state == DecisionState.WITHDRAWN,
            Decision.changed_at >= bindparam("since", type_=UtcDateTime()),
        )
        .order_by(None)
        .order_by(Decision.changed_at.desc(), Decision.id.desc())
        .limit(PAGE)
    )


@lru_cache(maxsize=1)
def lost() -> Select[*tuple[Any, ...]]:
    today, since = bindparam("today", type_=Date), bindparam("ended_since", type_=Date)
    seats = select(Seat.committee_id, Seat.ends).where(
        Seat.person_id == bindparam("who"), Seat.role.in_(INSIDE), Seat.ends < today, Seat.ends >= since
    )
    grants = select(Grant.committee_id, Grant.ends).where(
        Grant.person_id == bindparam("who"),
        Grant.kind == GrantKind.SECRETARY,
        Grant.ends < today,
        Grant.ends >= since,
    )
    left = seats.union_all(grants).subquery()
    return (
        select(Decision.uid, Decision.committee_id, left.c.ends.label("until"), Decision.published_at)
        .join(left, left.c.committee_id == Decision.committee_id)
        .where(
            Decision.is_open.is_(False),
            Decision.published_at.is_not(None),
            Decision.committee_id.not_in(ANY_EMPLOYEE.inside),
        )
        .order_by(Decision.published_at.desc(), Decision.uid, left.c.ends.desc())
        .limit(2 * PAGE)
    )


@lru_cache(maxsize=256)
def marked(filters: Filters, before: Cursor | None, after: Cursor | None) -> Select[*tuple[Any, ...]]:
    def lines(asked: Select[*tuple[Any, ...]], *more: Any) -> Any:
        return in_one_text(asked.with_only_columns(in_one_line(*asked.selected_columns, *more)))

    page = page_of(ANY_EMPLOYEE, filters, before, after, None).limit(PAGE + 1)
    titles = select(in_one_line(PerspectiveText.perspective, PerspectiveText.version)).order_by(PerspectiveText.id)
    return select(lines(page), lines(withdrawn_of(filters)), lines(lost()), in_one_text(titles))
