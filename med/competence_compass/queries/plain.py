"""A citizen's development in plain words: what one saw then and sees now, in the instrument's easy wording."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from med.competence_compass.models import Assessment, AssessmentKind, Dimension, ScaleLevel, Score
from med.competence_compass.queries.development import Story, Taken, after_referral, rated


class ToldDimension(Struct, frozen=True):
    """What was asked, and the words of each voice then and now; "" where there is none."""

    question: str
    own_before: str
    own_now: str
    staff_before: str
    staff_now: str


class ToldArea(Struct, frozen=True):
    title: str
    dimensions: list[ToldDimension]


class Told(Struct, frozen=True):
    """Area by area; and the days each voice's "then" and "now" are from."""

    areas: list[ToldArea]
    own_before: date | None = None
    own_day: date | None = None
    staff_before: date | None = None
    staff_day: date | None = None

    @property
    def newest(self) -> date | None:
        return max((day for day in (self.own_day, self.staff_day) if day), default=None)


def in_plain_words(db: Session, story: Story) -> Told:
    """Area by area, the citizen's own voice first. Then and now are the first and last assessment of each voice in the
    version in use, of the staff's one an occasion, and no referral is a "then"; an area nobody answered is left out."""
    if story.scale is None:
        return Told([])
    current = story.taken[-1].version_id
    taken = [one for one in story.taken if one.version_id == current]
    own = _ends([one for one in taken if one.kind is AssessmentKind.SELF])
    staff = _ends(rated(taken))
    values = _values(db, [one.id for one in (*own, *staff) if one])
    words = _words(db, current)
    asked = {
        row.id: row
        for row in db.execute(
            select(Dimension.id, Dimension.title, Dimension.easy_question).where(Dimension.version_id == current)
        )
    }

    def say(one: Taken | None, dimension_id: int) -> str:
        value = values.get((one.id, dimension_id)) if one else None
        return "" if value is None else words.get((dimension_id, value)) or words.get((None, value)) or str(value)

    told = []
    for area in story.areas:
        rows = [
            ToldDimension(
                asked[key].easy_question or asked[key].title,
                *(say(one, key) for one in own),
                *(say(one, key) for one in staff),
            )
            for key in area.dimensions
        ]
        answered = [row for row in rows if row.own_now or row.staff_now]
        if answered:
            told.append(ToldArea(area.easy_title, answered))
    return Told(told, *(one.day if one else None for one in (*own, *staff)))


def _ends(taken: list[Taken]) -> tuple[Taken | None, Taken | None]:
    """(first, last), the first not a referral; only one assessment has no "then"."""
    if not taken:
        return None, None
    first = taken[after_referral(taken)]
    return (first if first is not taken[-1] else None), taken[-1]


def _values(db: Session, assessment_ids: list[int]) -> Mapping[tuple[int, int], int]:
    rows = db.execute(
        select(Score.assessment_id, Score.dimension_id, Score.value)
        .join(Assessment, Assessment.id == Score.assessment_id)
        .where(Score.assessment_id.in_(assessment_ids), Score.value.is_not(None))
    )
    return {(row.assessment_id, row.dimension_id): row.value for row in rows}


def _words(db: Session, version_id: int) -> Mapping[tuple[int | None, int], str]:
    rows = db.execute(
        select(ScaleLevel.dimension_id, ScaleLevel.value, ScaleLevel.easy, ScaleLevel.descriptor, ScaleLevel.short)
        .where(ScaleLevel.version_id == version_id, or_(ScaleLevel.easy != "", ScaleLevel.short != ""))
        .order_by(ScaleLevel.id)
    )
    return {(row.dimension_id, row.value): row.easy or row.descriptor or row.short for row in rows}
