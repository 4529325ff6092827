"""How participants stood before an activity and after it, as sums that follow every change as it is saved.

    unit × activity × dimension × quarter: n, Σ before, Σ change, Σ change²        and the same without quarter

The sums are of *changes*, because that is what managers' pages show of scores: the mean before, the mean after and how
much changes differ, of those an activity was meant to move. A change is a participant's

- last score before their first participation in the activity began, and first on or after the day it ended,
- by staff or jointly, of one day the staff's, of closed assessments that no correction replaced; a referral or a second
  opinion is neither (people are referred on a bad day);
- on a dimension the activity had a hypothesis about before it began. A dimension belongs to one version of an
  instrument, so scores of two versions never meet.

It counts in the unit the citizen belongs to, and in the quarter the score after was given.

`refresh` works out the changes of the citizens it is told of, compares with those kept, and adds and subtracts the
difference: the same call after an assessment, a correction, a participation's end, a move, an erasure or an import of
thousands. Whoever writes one of these calls it, at the end and in the same transaction. Citizens are locked while their
changes are compared, so that of two who save at once the later one sees what the earlier did.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from med.competence_compass.models import (
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    ChangeSum,
    ChangeTotal,
    Citizen,
    CitizenChange,
    Hypothesis,
    Participation,
    Run,
    Score,
)
from med.db import insert_into, insert_rows

AT_ONCE = 500  # citizens looked at together


class Change(NamedTuple):
    """A row of `compass_change`, in the order of its columns."""

    citizen_id: int
    activity_id: int
    dimension_id: int
    unit_id: int
    quarter: int
    before: int
    after: int


Key = tuple[int, ...]
Sums = tuple[int, int, int, int]  # n, before, s, s2


def refresh(db: Session, citizens: Iterable[int]) -> None:
    """Let the sums follow what was changed about `citizens`. Erased citizens have no changes."""
    ids = sorted(set(citizens))
    db.flush()
    moved: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        db.execute(select(Citizen.id).where(Citizen.id.in_(some)).order_by(Citizen.id).with_for_update()).all()
        kept = {Change(*row) for row in db.execute(select(*COLUMNS).where(CitizenChange.citizen_id.in_(some)))}
        found = changes_of(db, some)
        for one in kept - found:
            add(moved, one, -1)
        for one in found - kept:
            add(moved, one, 1)
        if changed := {one.citizen_id for one in kept ^ found}:
            db.execute(
                delete(CitizenChange).where(CitizenChange.citizen_id.in_(changed)),
                execution_options={"synchronize_session": False},
            )
            store(db, [one for one in found if one.citizen_id in changed])
    add_up(db, moved)


def refresh_activity(db: Session, activity_id: int) -> None:
    """After what an activity is meant to move was written or taken back: of those who have been in it already."""
    asked = select(Participation.citizen_id).join(Run, Run.id == Participation.run_id)
    refresh(db, db.scalars(asked.where(Run.activity_id == activity_id)))


def who_took_part(db: Session, participation_ids: Sequence[int]) -> Iterator[int]:
    """The citizens of these participations, for `refresh`."""
    for start in range(0, len(participation_ids), AT_ONCE):
        some = participation_ids[start : start + AT_ONCE]
        yield from db.scalars(select(Participation.citizen_id).where(Participation.id.in_(some)))


def store(db: Session, changes: Collection[Change]) -> None:
    """Keep changes that are not there yet."""
    insert_rows(db, CitizenChange.__table__, Change._fields, sorted(changes))  # type: ignore[arg-type]


def add(sums: dict[Key, list[int]], one: Change, sign: int) -> None:
    """Add a change to its two sums, or take it away."""
    moved = one.after - one.before
    where = (one.activity_id, one.dimension_id, one.unit_id)
    for key in (where, (*where, one.quarter)):
        into = sums[key]
        for place, part in enumerate((1, one.before, moved, moved * moved)):
            into[place] += sign * part


def add_up(db: Session, moved: Mapping[Key, list[int]]) -> None:
    """Move the sums by this much, those with the same key in the same order everywhere; empty ones go."""
    for table, keys in ((ChangeSum.__table__, SUM_KEYS), (ChangeTotal.__table__, SUM_KEYS[:-1])):
        rows = [
            dict(zip((*keys, *SUMMED), (*key, *sums), strict=True))
            for key, sums in sorted(moved.items())
            if len(key) == len(keys) and any(sums)
        ]
        # What grows is added; what shrinks is there already. A row for nobody is refused, so it goes first.
        for row in rows:
            here = sa.and_(*(table.c[name] == row[name] for name in keys))
            if row["n"] < 0:
                emptied = db.execute(sa.delete(table).where(here, table.c.n == -row["n"]))  # type: ignore[arg-type]
                if emptied.rowcount:  # type: ignore[attr-defined]
                    continue
            if row["n"] <= 0:
                db.execute(sa.update(table).where(here).values({n: table.c[n] + row[n] for n in SUMMED}))  # type: ignore[arg-type]
        if grown := [row for row in rows if row["n"] > 0]:
            adding = insert_into(db, table)
            told = {name: table.c[name] + adding.excluded[name] for name in SUMMED}
            db.connection().execute(adding.on_conflict_do_update(index_elements=keys, set_=told), grown)


SUMMED = ("n", "before", "s", "s2")
SUM_KEYS = ("activity_id", "dimension_id", "unit_id", "quarter")
COLUMNS = tuple(getattr(CitizenChange, name) for name in Change._fields)


RATED = (AssessmentKind.STAFF, AssessmentKind.JOINT)


def changes_of(
    db: Session, citizens: Collection[int] | None = None, voices: Collection[AssessmentKind] = RATED
) -> set[Change]:
    """The changes of some citizens, or of all, from the record; or what other `voices` say of the same."""
    return {Change(*row) for row in db.execute(asked(citizens, voices))}


def asked(citizens: Collection[int] | None, voices: Collection[AssessmentKind]) -> sa.Select[Any]:
    """The definition above as one question."""
    mine = Participation.citizen_id.in_(citizens) if citizens is not None else sa.true()
    each = (Participation.citizen_id, Run.activity_id)
    turn = func.row_number().over(partition_by=each, order_by=(Participation.starts, Participation.id))
    taken = (
        select(*each, Participation.starts, Participation.ends, turn.label("turn"))
        .join(Run, Run.id == Participation.run_id)
        .where(mine)
        .subquery()
    )
    points = (
        select(
            taken.c.citizen_id,
            taken.c.activity_id,
            Score.dimension_id,
            Score.value,
            Assessment.id,
            Assessment.day,
            sa.case((Assessment.kind == AssessmentKind.JOINT, 1), else_=0).label("is_joint"),
            (Assessment.day < taken.c.starts).label("is_before"),
        )
        .join(Hypothesis, (Hypothesis.activity_id == taken.c.activity_id) & Hypothesis.is_exploratory.is_(False))
        .join(Assessment, Assessment.citizen_id == taken.c.citizen_id)
        .join(
            Score,
            (Score.assessment_id == Assessment.id) & (Score.dimension_id == Hypothesis.dimension_id),
        )
        .where(
            taken.c.turn == 1,
            taken.c.ends.is_not(None),
            (Assessment.day < taken.c.starts) | (Assessment.day >= taken.c.ends),
            Assessment.closed_at.is_not(None),
            Assessment.superseded_at.is_(None),
            Assessment.kind.in_(voices),
            Assessment.purpose.not_in((AssessmentPurpose.DOUBLE, AssessmentPurpose.REFERRAL)),
            Score.value.is_not(None),
        )
        .subquery()
    )
    pair = (points.c.citizen_id, points.c.activity_id, points.c.dimension_id)
    side, of_one_day = (*pair, points.c.is_before), (points.c.is_joint, points.c.id)
    last = func.row_number().over(partition_by=side, order_by=(points.c.day.desc(), *of_one_day))
    first = func.row_number().over(partition_by=side, order_by=(points.c.day, *of_one_day))
    ranked = select(*points.c, last.label("from_last"), first.label("from_first")).subquery()
    before, after = aliased(ranked), aliased(ranked)
    same = [before.c[name] == after.c[name] for name in ("citizen_id", "activity_id", "dimension_id")]
    year, month = (sa.cast(sa.extract(part, after.c.day), sa.Integer) for part in ("year", "month"))
    quarter = year * 4 + (month - 1) // 3
    return (
        select(
            after.c.citizen_id,
            after.c.activity_id,
            after.c.dimension_id,
            Citizen.unit_id,
            quarter,
            before.c.value,
            after.c.value,
        )
        .join_from(after, before, sa.and_(*same))
        .join(Citizen, Citizen.id == after.c.citizen_id)
        .where(before.c.is_before, before.c.from_last == 1, sa.not_(after.c.is_before), after.c.from_first == 1)
    )


def rebuild(db: Session) -> int:
    """All changes and sums from the record anew; how many changes there are."""
    found = changes_of(db)
    for model in (CitizenChange, ChangeSum, ChangeTotal):
        db.execute(delete(model))
    store(db, found)
    sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in found:
        add(sums, one, 1)
    add_up(db, sums)
    return len(found)


def is_whole(db: Session) -> bool:
    """Whether what is kept is what the record says."""
    found = changes_of(db)
    sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in found:
        add(sums, one, 1)
    return kept_sums(db) == {key: tuple(value) for key, value in sums.items()} and found == {
        Change(*row) for row in db.execute(select(*COLUMNS))
    }


def kept_sums(db: Session) -> dict[Key, Sums]:
    """Both kinds of sums as they are kept, by their keys."""
    kept: dict[Key, Sums] = {}
    for model, keys in ((ChangeSum, SUM_KEYS), (ChangeTotal, SUM_KEYS[:-1])):
        for row in db.execute(select(*(getattr(model, name) for name in (*keys, *SUMMED)))):
            kept[tuple(row[: len(keys)])] = tuple(row[len(keys) :])
    return kept
