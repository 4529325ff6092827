"""What a feed reader is told besides the page of decisions: what was withdrawn lately, and what to take away again.

And the mark: what all of it is made of, as one text the database puts together. Two different answers never have the
same mark, so "nothing new" is told without reading a word.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, cast

from msgspec.structs import replace
from sqlalchemy import BigInteger, Date, Select, bindparam, literal_column, select
from sqlalchemy.orm import Session

from med import clock
from med.access import INSIDE, Viewer
from med.db import UtcDateTime, in_one_line, in_one_text
from med.decisions.filters import Filters
from med.decisions.models import Decision, DecisionState
from med.decisions.queries.asking import PAGE, Cursor, page_of
from med.decisions.queries.feed import Key
from med.errors import NotFound
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
    return [Key(*row) for row in db.execute(withdrawn_of(filters, viewer.inside), given(viewer))]


def no_longer_mine(db: Session, viewer: Viewer) -> Sequence[Gone]:
    """Decisions on closed items of a committee the viewer has left lately, published while they still were in it.

    They have read them; what was published after they left they are not told of in any way.
    """
    found: dict[str, Gone] = {}
    for row in db.execute(lost(viewer.inside), given(viewer)):
        gone = Gone(row.uid, row.committee_id, row.until)
        if row.published_at < gone.when and (row.uid not in found or found[row.uid].until < gone.until):
            found[row.uid] = gone
    return sorted(found.values(), key=lambda gone: (gone.until, gone.uid), reverse=True)


def feed_mark(db: Session, viewer: Viewer, filters: Filters, before: Cursor | None, after: Cursor | None) -> str:
    """All that a page of this viewer's feed is made of, but the language and the address: one question."""
    asked = marked(filters, viewer.inside, before, after)
    return repr(tuple(db.connection().execute(asked, given(viewer)).one()))


# --- the questions, put together once for each choice of filters and each set of committees -----------------------
# That costs far more than asking them. The viewer and the day are filled in when they are asked.


class Inside:
    """An employee who is inside these committees, whose numbers stand in the question itself."""

    is_employee = True
    person_id: Any = bindparam("who")

    def __init__(self, inside: frozenset[int]) -> None:
        self.inside: Any = [literal_column(str(int(one)), BigInteger) for one in sorted(inside)] or [NO_COMMITTEE]


NO_COMMITTEE: Any = literal_column("0", BigInteger)


def given(viewer: Viewer) -> dict[str, Any]:
    """Raises NotFound for someone who does not work here: the questions are put together for those who do."""
    if not viewer.is_employee:
        raise NotFound
    today = clock.today()
    return {
        "who": viewer.person_id,
        "today": today,
        "since": to_utc(today - LATELY, time(0)),
        "ended_since": today - LATELY,
    }


@lru_cache(maxsize=256)
def withdrawn_of(filters: Filters, inside: frozenset[int]) -> Select[*tuple[Any, ...]]:
    # Whatever state they follow: who has it as in force should hear that it no longer is.
    any_state = replace(filters, in_force=False, state=None)
    return (
        page_of(cast(Viewer, Inside(inside)), any_state, None, None, None)
        .where(
            Decision.state == literal_column(f"'{DecisionState.WITHDRAWN.value}'"),
            Decision.changed_at >= bindparam("since", type_=UtcDateTime()),
        )
        .order_by(None)
        .order_by(Decision.changed_at.desc(), Decision.id.desc())
        .limit(PAGE)
    )


@lru_cache(maxsize=256)
def lost(inside: frozenset[int]) -> Select[*tuple[Any, ...]]:
    today, since = bindparam("today", type_=Date), bindparam("ended_since", type_=Date)
    roles: list[Any] = [literal_column(f"'{role.value}'") for role in INSIDE]
    seats = select(Seat.committee_id, Seat.ends).where(
        Seat.person_id == bindparam("who"), Seat.role.in_(roles), Seat.ends < today, Seat.ends >= since
    )
    grants = select(Grant.committee_id, Grant.ends).where(
        Grant.person_id == bindparam("who"),
        Grant.kind == literal_column(f"'{GrantKind.SECRETARY.value}'"),
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
            Decision.committee_id.not_in(Inside(inside).inside),
        )
        .order_by(Decision.published_at.desc(), Decision.uid, left.c.ends.desc())
        .limit(2 * PAGE)
    )


@lru_cache(maxsize=256)
def marked(
    filters: Filters, inside: frozenset[int], before: Cursor | None, after: Cursor | None
) -> Select[*tuple[Any, ...]]:
    """A decision's words and times follow from its id and version; the names in it come from elsewhere."""

    def lines(asked: Select[*tuple[Any, ...]]) -> Any:
        names = list(asked.selected_columns)[4:7]  # committee, meeting, responsible, as Key has them
        return in_one_text(asked.with_only_columns(in_one_line(Decision.id, Decision.version, *names)))

    page = page_of(cast(Viewer, Inside(inside)), filters, before, after, None).limit(PAGE + 1)
    gone = lost(inside)
    lost_ones = gone.with_only_columns(in_one_line(Decision.id, *list(gone.selected_columns)[2:3]))
    titles = select(in_one_line(PerspectiveText.id, PerspectiveText.version)).order_by(PerspectiveText.id)
    return select(lines(page), lines(withdrawn_of(filters, inside)), in_one_text(lost_ones), in_one_text(titles))
