"""What a coordinator's file may not begin: what the pages would not let its sender begin either."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med.competence_compass.exchange.rows import ParticipationRow
from med.competence_compass.models import Hypothesis, Run
from med.language import T, Text


def hindrances(
    db: Session, offers: Mapping[str, Any], within: frozenset[int] | None
) -> Callable[[ParticipationRow, bool], Text | None]:
    """What keeps a row out that is new (True) or changes one. `offers`: the activities there are, by code.

    `within`: the units of whoever imports; None (the command line) tells what has been, here or elsewhere, and nothing
    keeps it out.
    """
    if within is None:
        return lambda row, is_new: None
    asked = select(Hypothesis.activity_id, func.min(Hypothesis.written_on)).group_by(Hypothesis.activity_id)
    written: dict[int, date] = dict(db.execute(asked.where(Hypothesis.is_exploratory.is_(False))).all())
    runs: set[tuple[int, int | date]] = set()
    for id, number, starts in db.execute(select(Run.activity_id, Run.number, Run.starts)):
        runs |= {(id, number), (id, starts)}

    def hindrance(row: ParticipationRow, is_new: bool) -> Text | None:
        offer = offers[row.activity]
        if offer.unit_id not in within:
            return T("aktiviteten “%(code)s” hører ikke til en af dine enheder.", code=row.activity)
        has_begun = offer.frozen_at is not None
        joins = has_begun and (offer.id, row.start if row.run is None else row.run) in runs
        is_tested = offer.id in written and (has_begun or written[offer.id] <= row.start)
        if is_new and not joins and not is_tested:
            return T("aktiviteten “%(code)s” har ingen hypotese, der er skrevet, før den begynder.", code=row.activity)
        return None

    return hindrance
