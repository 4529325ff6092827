"""Numbers: one series a committee, a year and an openness, from 1, without gaps.

Whoever takes or gives back a number first locks the committee's row, so that two minute-takers never meet. SQLite
has one writer and needs no lock (`FOR UPDATE` is left out there by SQLAlchemy).
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med.decisions.models import Decision
from med.organisation.models import Committee


def lock_series(db: Session, committee_id: int) -> None:
    db.execute(select(Committee.id).where(Committee.id == committee_id).with_for_update())


def next_number(db: Session, committee_id: int, *, is_open: bool, year: int) -> int:
    """The next free number. Call `lock_series` first."""
    highest = db.scalar(
        select(func.max(Decision.number)).where(
            Decision.committee_id == committee_id, Decision.is_open == is_open, Decision.year == year
        )
    )
    return (highest or 0) + 1


def close_gap(db: Session, committee_id: int, *, is_open: bool, year: int, number: int) -> None:
    """Let the drafts after a number that became free move one down.

    A published number is known outside and never moves; the gap stays below it. Call `lock_series` first.
    """
    later = db.scalars(
        select(Decision)
        .where(
            Decision.committee_id == committee_id,
            Decision.is_open == is_open,
            Decision.year == year,
            Decision.number > number,
        )
        .order_by(Decision.number)
    ).all()
    if any(decision.published_at is not None for decision in later):
        return
    for decision in later:
        decision.number -= 1
        decision.version += 1
        db.flush()  # one at a time, upwards: the number below is free by now
