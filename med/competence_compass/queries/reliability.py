"""From a version's own double assessments to how far two assessors agree on each dimension and area."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from med.competence_compass.agreement import deviation, intraclass
from med.competence_compass.measuring import turned
from med.competence_compass.models import Assessment, AssessmentKind, AssessmentPurpose, Dimension, Score, Version

WITHIN = timedelta(days=14)  # further apart, the citizen may have changed
Scores = Mapping[int, float]  # dimension → value, turned so that higher is better


class Agreement(Struct, frozen=True):
    """What was found for an area or a dimension; `r` and `sd` are None where there is too little to say."""

    area_id: int | None
    dimension_id: int | None
    r: float | None
    sd: float | None
    n_pairs: int


def counted_staff_assessments(version_id: int):
    return and_(
        Assessment.version_id == version_id,
        Assessment.kind == AssessmentKind.STAFF,
        Assessment.closed_at.is_not(None),
        Assessment.superseded_at.is_(None),
    )


def double_pairs(db: Session, version_id: int) -> list[tuple[int, int]]:
    """(assessment, its double) by another of the staff within 14 days; each assessment is in one pair at most.

    The nearest in time is taken, so that the pair says as much as it can about the assessors and little of the days.
    """
    second = aliased(Assessment)
    rows = db.execute(
        select(Assessment.id, second.id, Assessment.day, second.day, Assessment.citizen_id)
        .join(
            second,
            and_(
                second.citizen_id == Assessment.citizen_id,
                second.version_id == Assessment.version_id,
                second.kind == AssessmentKind.STAFF,
                second.purpose == AssessmentPurpose.DOUBLE,
                second.closed_at.is_not(None),
                second.superseded_at.is_(None),
                second.assessor != Assessment.assessor,
            ),
        )
        .where(counted_staff_assessments(version_id), Assessment.purpose != AssessmentPurpose.DOUBLE)
    )
    near = sorted(
        (abs(day - other_day), one, other) for one, other, day, other_day, _ in rows if abs(day - other_day) <= WITHIN
    )
    used: set[int] = set()
    pairs = []
    for _, one, other in near:
        if used.isdisjoint((one, other)):
            used.update((one, other))
            pairs.append((one, other))
    return pairs


def agreement(db: Session, version: Version) -> list[Agreement]:
    """Every area and dimension of a version with its r, the SD at the citizens' first assessment, and the pairs."""
    dimensions = db.execute(
        select(Dimension.id, Dimension.area_id, Dimension.higher_is_better).where(Dimension.version_id == version.id)
    ).all()
    up = {
        one.id: version.higher_is_better if one.higher_is_better is None else one.higher_is_better for one in dimensions
    }
    areas: dict[int, list[int]] = defaultdict(list)
    for one in dimensions:
        areas[one.area_id].append(one.id)
    pairs = double_pairs(db, version.id)
    first = first_assessments(db, version.id)
    scores = _scores(db, version, up, {one for pair in pairs for one in pair} | set(first))
    baseline = [scores.get(one, {}) for one in first]
    both = [(scores.get(one, {}), scores.get(other, {})) for one, other in pairs]
    found = []
    for key in up:
        rated = [(one[key], other[key]) for one, other in both if key in one and key in other]
        values = [one[key] for one in baseline if key in one]
        found.append(Agreement(None, key, intraclass(rated), deviation(values), len(rated)))
    for area_id, inside in areas.items():
        rated = [mean for one, other in both if (mean := _means(one, other, inside)) is not None]
        values = [value for one in baseline if (value := _mean(one, inside)) is not None]
        found.append(Agreement(area_id, None, intraclass(rated), deviation(values), len(rated)))
    return found


def first_assessments(db: Session, version_id: int) -> list[int]:
    """Each citizen's first counted staff assessment with the version."""
    number = func.row_number().over(partition_by=Assessment.citizen_id, order_by=(Assessment.day, Assessment.id))
    ordered = (
        select(Assessment.id, number.label("number"))
        .where(counted_staff_assessments(version_id), Assessment.purpose != AssessmentPurpose.DOUBLE)
        .subquery()
    )
    return list(db.scalars(select(ordered.c.id).where(ordered.c.number == 1)))


def newest_double(db: Session, version_id: int) -> date | None:
    return db.scalar(
        select(func.max(Assessment.day)).where(
            counted_staff_assessments(version_id), Assessment.purpose == AssessmentPurpose.DOUBLE
        )
    )


def _scores(db: Session, version: Version, up: Mapping[int, bool], wanted: set[int]) -> dict[int, dict[int, float]]:
    found: dict[int, dict[int, float]] = defaultdict(dict)
    asked = sorted(wanted)
    for start in range(0, len(asked), 500):  # SQLite takes a limited number of values in one question
        rows = db.execute(
            select(Score.assessment_id, Score.dimension_id, Score.value).where(
                Score.assessment_id.in_(asked[start : start + 500]), Score.value.is_not(None)
            )
        )
        for assessment_id, dimension_id, value in rows:
            if value is not None and dimension_id in up:
                found[assessment_id][dimension_id] = turned(
                    value, version.scale_min, version.scale_max, higher_is_better=up[dimension_id]
                )
    return found


def _means(one: Scores, other: Scores, inside: Iterable[int]) -> tuple[float, float] | None:
    """Both assessors' means over the dimensions both scored, where that is at least half of the area's."""
    inside = list(inside)
    shared = [key for key in inside if key in one and key in other]
    if not shared or 2 * len(shared) < len(inside):
        return None
    return sum(one[key] for key in shared) / len(shared), sum(other[key] for key in shared) / len(shared)


def _mean(one: Scores, inside: Iterable[int]) -> float | None:
    means = _means(one, one, inside)
    return means[0] if means else None
