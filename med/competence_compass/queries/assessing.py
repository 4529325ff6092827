"""Taking stock: the occasion, its areas and levels, what has been answered, and what is near in time."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from med import clock
from med.access import Viewer
from med.competence_compass.access import Towards
from med.competence_compass.models import (
    Area,
    AssessmentKind,
    AssessmentPurpose,
    Dimension,
    Instrument,
    NoScore,
    Occasion,
    ScaleLevel,
    Score,
    Version,
)
from med.errors import NotFound
from med.organisation.models import Person

DOUBLE_WITHIN = timedelta(days=14)
ORDER = list(AssessmentKind)
# The citizen's own voice comes first, wherever voices stand together.
VOICE_ORDER = [AssessmentKind.SELF, AssessmentKind.STAFF, AssessmentKind.JOINT, AssessmentKind.EXTERNAL]

Answer = int | NoScore
Answers = dict[tuple[AssessmentKind, int], Answer]  # (voice, dimension) -> value or why there is none


def occasion(db: Session, viewer: Viewer, towards: Towards, occasion_id: int) -> Occasion:
    """An occasion of this citizen. A draft is seen by who began it alone: a second assessor must not see the first's.

    While the viewer has a double assessment open, what others wrote within a fortnight of it is not seen either.
    """
    found = db.scalar(
        select(Occasion)
        .options(selectinload(Occasion.assessments))
        .where(
            Occasion.id == occasion_id,
            Occasion.citizen_id == towards.id,
            or_(Occasion.closed_at.is_not(None), Occasion.begun_by_id == viewer.person_id),
        )
    )
    if found is None:
        raise NotFound
    if found.closed_at is not None and found.begun_by_id != viewer.person_id:
        near = blind_between(db, viewer, towards)
        if near is not None and near[0] <= found.day <= near[1]:
            raise NotFound
    return found


def blind_between(db: Session, viewer: Viewer, towards: Towards) -> tuple[date, date] | None:
    """The days whose assessments by others are kept from the viewer: they are rating the citizen a second time."""
    day = db.scalar(
        select(func.max(Occasion.day)).where(
            Occasion.citizen_id == towards.id,
            Occasion.begun_by_id == viewer.person_id,
            Occasion.closed_at.is_(None),
            Occasion.purpose == AssessmentPurpose.DOUBLE,
        )
    )
    return (day - DOUBLE_WITHIN, day + DOUBLE_WITHIN) if day else None


def usable_version(db: Session, instrument_id: int, day: date) -> Version | None:
    """The newest version in use on a day; None where the instrument is not used for new assessments."""
    return db.scalar(
        select(Version)
        .join(Instrument, Instrument.id == Version.instrument_id)
        .where(
            Version.instrument_id == instrument_id,
            Version.active_from <= day,
            or_(Instrument.ended.is_(None), Instrument.ended > day),
        )
        .order_by(Version.number.desc())
        .limit(1)
    )


def instruments_in_use(db: Session) -> Sequence[tuple[int, str]]:
    today = clock.today()
    return [
        (row.id, row.name)
        for row in db.execute(
            select(Instrument.id, Instrument.name)
            .where(
                Instrument.id.in_(select(Version.instrument_id).where(Version.active_from <= today)),
                or_(Instrument.ended.is_(None), Instrument.ended > today),
            )
            .order_by(Instrument.name, Instrument.id)
        )
    ]


class Level(Struct, frozen=True):
    value: int
    short: str
    descriptor: str
    easy: str


class Asked(Struct, frozen=True):
    """A dimension as it is asked."""

    id: int
    title: str
    question: str
    easy_question: str
    levels: tuple[Level, ...]


class AreaPage(Struct, frozen=True):
    """One area of an occasion: what is asked, and its place among the others."""

    id: int
    title: str
    easy_title: str
    place: int
    of: int
    dimensions: tuple[Asked, ...]


def area_page(db: Session, version_id: int, place: int) -> AreaPage:
    """The area at `place` (from 1). NotFound beyond the last."""
    areas = db.execute(
        select(Area.id, Area.title, Area.easy_title)
        .where(Area.version_id == version_id)
        .order_by(Area.position, Area.id)
    ).all()
    if not 1 <= place <= len(areas):
        raise NotFound
    area = areas[place - 1]
    dimensions = db.execute(
        select(Dimension.id, Dimension.title, Dimension.question, Dimension.easy_question)
        .where(Dimension.area_id == area.id)
        .order_by(Dimension.position, Dimension.id)
    ).all()
    levels = levels_of(db, version_id, [one.id for one in dimensions])
    asked = tuple(Asked(*one, levels[one.id]) for one in dimensions)
    return AreaPage(area.id, area.title, area.easy_title, place, len(areas), asked)


def levels_of(db: Session, version_id: int, dimension_ids: Sequence[int]) -> dict[int, tuple[Level, ...]]:
    """Dimension -> its levels in order of value: its own words, or the version's where it has none."""
    common: dict[int, Level] = {}
    own: dict[int, dict[int, Level]] = {key: {} for key in dimension_ids}
    for row in db.execute(
        select(
            ScaleLevel.dimension_id, ScaleLevel.value, ScaleLevel.short, ScaleLevel.descriptor, ScaleLevel.easy
        ).where(
            ScaleLevel.version_id == version_id,
            or_(ScaleLevel.dimension_id.is_(None), ScaleLevel.dimension_id.in_(dimension_ids)),
        )
    ):
        into = common if row.dimension_id is None else own[row.dimension_id]
        into[row.value] = Level(*row[1:])
    version = db.execute(select(Version.scale_min, Version.scale_max).where(Version.id == version_id)).one()
    values = range(version.scale_min, version.scale_max + 1)
    return {
        key: tuple(mine.get(v) or common.get(v) or Level(v, str(v), "", "") for v in values)
        for key, mine in own.items()
    }


def answers(db: Session, occasion: Occasion, area_id: int | None = None) -> Answers:
    """What has been answered, in the whole occasion or in one area."""
    asked = select(Score.assessment_id, Score.dimension_id, Score.value, Score.reason).where(
        Score.assessment_id.in_([one.id for one in occasion.assessments])
    )
    if area_id is not None:
        asked = asked.join(Dimension, Dimension.id == Score.dimension_id).where(Dimension.area_id == area_id)
    kinds = {one.id: one.kind for one in occasion.assessments}
    return {
        (kinds[row.assessment_id], row.dimension_id): row.reason if row.value is None else row.value
        for row in db.execute(asked)
    }


def digest(found: Mapping[tuple[AssessmentKind, int], Answer]) -> str:
    """What stood in an area when its page was opened, in a few letters: a form that comes back knows if it moved."""
    told = ";".join(sorted(f"{kind}-{dimension}={answer}" for (kind, dimension), answer in found.items()))
    return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


class ReviewRow(Struct):
    """A dimension on the review: each voice's answer, in words and value."""

    title: str
    answers: dict[AssessmentKind, tuple[Answer | None, str]] = {}
    apart: int = 0  # steps between the lowest and the highest voice


class ReviewArea(Struct):
    place: int
    title: str
    rows: list[ReviewRow] = []
    missing: int = 0


def review(db: Session, occasion: Occasion) -> list[ReviewArea]:
    """Everything answered, area by area, all voices side by side."""
    found = answers(db, occasion)
    dimensions = db.execute(
        select(Area.id.label("area_id"), Area.title.label("area"), Dimension.id, Dimension.title)
        .join(Area, Area.id == Dimension.area_id)
        .where(Dimension.version_id == occasion.version_id)
        .order_by(Area.position, Area.id, Dimension.position, Dimension.id)
    ).all()
    levels = levels_of(db, occasion.version_id, [one.id for one in dimensions])
    areas: dict[int, ReviewArea] = {}
    for one in dimensions:
        area = areas.setdefault(one.area_id, ReviewArea(len(areas) + 1, one.area))
        row = ReviewRow(one.title)
        words = {level.value: level.short for level in levels[one.id]}
        for kind in voices(occasion):
            answer = found.get((kind, one.id))
            row.answers[kind] = (answer, words.get(answer, "") if isinstance(answer, int) else "")
            area.missing += answer is None
        values = [answer for answer, _ in row.answers.values() if isinstance(answer, int)]
        row.apart = max(values) - min(values) if len(values) > 1 else 0
        area.rows.append(row)
    return list(areas.values())


def voices(occasion: Occasion) -> list[AssessmentKind]:
    return sorted((one.kind for one in occasion.assessments), key=VOICE_ORDER.index)


def drafts(db: Session, towards: Towards) -> Sequence[Any]:
    """What has been begun and not closed, by whom; never what stands in it."""
    return db.execute(
        select(Occasion.id, Occasion.day, Occasion.purpose, Occasion.begun_by_id, Person.name.label("begun_by"))
        .outerjoin(Person, Person.id == Occasion.begun_by_id)
        .where(Occasion.citizen_id == towards.id, Occasion.closed_at.is_(None))
        .order_by(Occasion.day, Occasion.id)
    ).all()


def first_unanswered(db: Session, occasion: Occasion) -> int | None:
    """The place of the first area that lacks an answer; None when all are given."""
    return next((area.place for area in review(db, occasion) if area.missing), None)
