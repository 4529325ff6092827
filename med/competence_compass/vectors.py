"""All of an assessment's answers in one byte each: what an analysis reads instead of ten million rows of scores.

One byte for each dimension of the version, in the order of their ids: 0 where there is no answer, 1 to 3 for why there
is no value, from 4 on the value's place on the scale. Written when an assessment is closed, in the same transaction;
the rows of `compass_score` are the record, and the same rows always give the same bytes.
"""

from collections.abc import Collection, Iterable

from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from med.competence_compass.models import Assessment, Dimension, NoScore, Score, Version

REASONS = tuple(NoScore)
FIRST = 1 + len(REASONS)  # the byte of the scale's lowest value
AT_ONCE = 2_000

Answer = int | NoScore | None


def pack(answers: Iterable[Answer], lowest: int) -> bytes:
    """`answers` in the order of the dimensions' ids; `lowest` is the scale's."""
    return bytes(
        0 if answer is None else 1 + REASONS.index(answer) if isinstance(answer, NoScore) else answer - lowest + FIRST
        for answer in answers
    )


def unpack(packed: bytes, lowest: int) -> list[Answer]:
    return [None if one == 0 else REASONS[one - 1] if one < FIRST else one - FIRST + lowest for one in packed]


def keep_vectors(db: Session, assessment_ids: Collection[int]) -> int:
    """Pack the answers of closed assessments, as they stand in the rows; how many that were."""
    ids = sorted(assessment_ids)
    orders: dict[int, tuple[dict[int, int], int]] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        versions: dict[int, int] = dict(
            db.execute(select(Assessment.id, Assessment.version_id).where(Assessment.id.in_(some))).all()
        )
        for version in set(versions.values()) - orders.keys():
            orders[version] = order_of(db, version)
        answers: dict[int, list[Answer]] = {id: [None] * len(orders[of][0]) for id, of in versions.items()}
        for id, dimension, value, reason in db.execute(
            select(Score.assessment_id, Score.dimension_id, Score.value, Score.reason).where(
                Score.assessment_id.in_(some)
            )
        ):
            answers[id][orders[versions[id]][0][dimension]] = reason if value is None else value
        rows = [{"one": id, "bytes": pack(found, orders[versions[id]][1])} for id, found in answers.items()]
        if rows:
            table: Any = Assessment.__table__
            db.connection().execute(
                update(table).where(table.c.id == bindparam("one")).values(packed=bindparam("bytes")), rows
            )
    return len(ids)


def order_of(db: Session, version_id: int) -> tuple[dict[int, int], int]:
    """Where each dimension of a version stands in its vectors, and the scale's lowest value."""
    dimensions = db.scalars(select(Dimension.id).where(Dimension.version_id == version_id).order_by(Dimension.id)).all()
    lowest = db.scalars(select(Version.scale_min).where(Version.id == version_id)).one()
    return {id: place for place, id in enumerate(dimensions)}, lowest


def rebuild(db: Session) -> int:
    """Pack every closed assessment anew; how many there are."""
    return keep_vectors(db, db.scalars(select(Assessment.id).where(Assessment.closed_at.is_not(None))).all())
