"""All of an assessment's answers in one byte each: what an analysis reads instead of ten million rows of scores.

One byte for each dimension of the version, in the order of their ids: 0 where there is no answer, 1 to 3 for why there
is no value, from 4 on the value's place on the scale. Written when an assessment is closed, in the same transaction;
the rows of `compass_score` are the record, and the same rows always give the same bytes.
"""

from array import array
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from med.competence_compass.kinds import Answer
from med.competence_compass.models import (
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    Citizen,
    Dimension,
    Score,
    Version,
)
from med.competence_compass.packed import Packed, pack

AT_ONCE = 2_000


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


def packed_of(db: Session, version_id: int) -> Packed:
    """Assessments that count in an analysis: closed, not replaced, of citizens who are here, and no second opinions."""
    places, lowest = order_of(db, version_id)
    codes: dict[int, str] = dict(
        db.execute(select(Dimension.id, Dimension.code).where(Dimension.version_id == version_id)).all()
    )
    rows = db.execute(
        select(
            Citizen.pseudonym,
            Assessment.day,
            Assessment.assessor,
            Assessment.kind,
            Assessment.purpose,
            Assessment.packed,
        )
        .join(Citizen, Citizen.id == Assessment.citizen_id)
        .where(
            Assessment.version_id == version_id,
            Assessment.closed_at.is_not(None),
            Assessment.superseded_at.is_(None),
            Assessment.purpose != AssessmentPurpose.DOUBLE,
            Citizen.erased_at.is_(None),
        )
        .order_by(Citizen.pseudonym, Assessment.day, Assessment.kind, Assessment.assessor, Assessment.id)
    ).all()
    people, days, assessors, kinds, purposes, answers = zip(*rows, strict=True) if rows else ((),) * 6
    named, who = _numbered(people)
    staff, assessor = _numbered(assessors)
    return Packed(
        dimensions=[codes[id] for id in places],
        lowest=lowest,
        citizens=named,
        assessors=staff,
        kinds=[kind.value for kind in AssessmentKind],
        who=who,
        day=array("i", (day.toordinal() for day in days)).tobytes(),
        assessor=assessor,
        kind=bytes(map(list(AssessmentKind).index, kinds)),
        is_referral=bytes(purpose is AssessmentPurpose.REFERRAL for purpose in purposes),
        answers=b"".join(answers),
    )


def _numbered(names: Sequence[str]) -> tuple[list[str], bytes]:
    """Different names, sorted, and each name's place among them."""
    known = sorted(set(names))
    place = {name: at for at, name in enumerate(known)}
    return known, array("i", map(place.__getitem__, names)).tobytes()


def keep_missing(db: Session) -> int:
    """Pack what was closed by something that did not; how many there were."""
    asked = select(Assessment.id).where(Assessment.closed_at.is_not(None), Assessment.packed.is_(None))
    return keep_vectors(db, db.scalars(asked).all())


def rebuild(db: Session) -> int:
    """Pack every closed assessment anew; how many there are."""
    return keep_vectors(db, db.scalars(select(Assessment.id).where(Assessment.closed_at.is_not(None))).all())
