"""Questions about instruments: which there are, what a version says, what became of a dimension in the next one."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from med.competence_compass.importing.words import (
    AreaWords,
    DimensionWords,
    InstrumentWords,
    Level,
    VersionWords,
)
from med.competence_compass.models import (
    Area,
    Dimension,
    DimensionMap,
    Instrument,
    Occasion,
    Relation,
    Reliability,
    ScaleLevel,
    Version,
)
from med.errors import NotFound


def instruments(db: Session) -> Sequence[Instrument]:
    """Every instrument with its versions, the ended last."""
    return db.scalars(
        select(Instrument)
        .options(selectinload(Instrument.versions))
        .order_by(Instrument.ended.is_not(None), Instrument.name, Instrument.id)
    ).all()


def instrument(db: Session, instrument_id: int) -> Instrument:
    found = db.get(Instrument, instrument_id, options=[selectinload(Instrument.versions)])
    if found is None:
        raise NotFound
    return found


def instrument_by_key(db: Session, key: str) -> Instrument | None:
    return db.scalar(select(Instrument).where(Instrument.key == key))


def version(db: Session, version_id: int) -> Version:
    """A version with everything it says."""
    found = db.scalar(
        select(Version)
        .where(Version.id == version_id)
        .options(
            joinedload(Version.instrument),
            selectinload(Version.areas).selectinload(Area.dimensions).selectinload(Dimension.levels),
        )
    )
    if found is None:
        raise NotFound
    return found


def area(db: Session, area_id: int) -> Area:
    found = db.scalar(select(Area).where(Area.id == area_id).options(joinedload(Area.version)))
    if found is None:
        raise NotFound
    return found


def dimension(db: Session, dimension_id: int) -> Dimension:
    found = db.scalar(
        select(Dimension)
        .where(Dimension.id == dimension_id)
        .options(joinedload(Dimension.area).joinedload(Area.version), selectinload(Dimension.levels))
    )
    if found is None:
        raise NotFound
    return found


def current_version(db: Session, instrument_id: int) -> Version | None:
    """The version new assessments are made with: the newest active one."""
    return db.scalar(
        select(Version)
        .where(Version.instrument_id == instrument_id, Version.active_from.is_not(None))
        .order_by(Version.number.desc())
        .limit(1)
    )


def common_levels(db: Session, version_id: int) -> list[ScaleLevel]:
    """What the steps mean in general, where a dimension does not say it in its own words."""
    return list(
        db.scalars(
            select(ScaleLevel)
            .where(ScaleLevel.version_id == version_id, ScaleLevel.dimension_id.is_(None))
            .order_by(ScaleLevel.value)
        )
    )


def times_used(db: Session, instrument_id: int) -> dict[int, int]:
    """How many times stock was taken with each version of an instrument."""
    rows = db.execute(
        select(Occasion.version_id, func.count().label("times"))
        .join(Version, Version.id == Occasion.version_id)
        .where(Version.instrument_id == instrument_id)
        .group_by(Occasion.version_id)
    )
    return {row.version_id: row.times for row in rows}


# --- as words ---------------------------------------------------------------------------------------------------


def words_of(db: Session, found: Version) -> InstrumentWords:
    """A version as its file would have it."""
    own: dict[int | None, list[Level]] = defaultdict(list)
    for level in db.scalars(
        select(ScaleLevel).where(ScaleLevel.version_id == found.id).order_by(ScaleLevel.value, ScaleLevel.id)
    ):
        own[level.dimension_id].append(Level(level.value, level.short, level.descriptor, level.easy))
    inside: dict[int, list[DimensionWords]] = defaultdict(list)
    for one in db.scalars(
        select(Dimension).where(Dimension.version_id == found.id).order_by(Dimension.position, Dimension.id)
    ):
        inside[one.area_id].append(
            DimensionWords(
                code=one.code,
                title=one.title,
                question=one.question,
                easy_question=one.easy_question,
                ffb_code=one.ffb_code,
                higher_is_better=one.higher_is_better,
                levels=own[one.id],
            )
        )
    areas = db.scalars(select(Area).where(Area.version_id == found.id).order_by(Area.position, Area.id))
    instrument = found.instrument
    return InstrumentWords(
        key=instrument.key,
        name=instrument.name,
        target_group=instrument.target_group,
        about=instrument.about,
        interval_days=instrument.interval_days,
        version=VersionWords(
            number=found.number,
            scale_min=found.scale_min,
            scale_max=found.scale_max,
            higher_is_better=found.higher_is_better,
            source=found.source,
            is_example=found.is_example,
            levels=own[None],
            areas=[AreaWords(one.code, one.title, one.short_title, one.easy_title, inside[one.id]) for one in areas],
        ),
    )


# --- from one version to the next -------------------------------------------------------------------------------


class Successor(NamedTuple):
    """What a dimension of the version before became: `new_id` is None when it was dropped."""

    relation: Relation
    new_id: int | None


def version_before(db: Session, found: Version) -> Version | None:
    return db.scalar(
        select(Version)
        .where(Version.instrument_id == found.instrument_id, Version.number < found.number)
        .order_by(Version.number.desc())
        .limit(1)
    )


def dimensions_of(db: Session, version_id: int) -> Sequence[Dimension]:
    """In the order they are asked."""
    return db.scalars(
        select(Dimension)
        .join(Area, Area.id == Dimension.area_id)
        .where(Dimension.version_id == version_id)
        .options(selectinload(Dimension.levels), joinedload(Dimension.area))
        .order_by(Area.position, Dimension.position, Dimension.id)
    ).all()


def version_map(db: Session, before: Version) -> dict[int, Successor]:
    """What was said of each dimension of a version when the next one was made."""
    rows = db.execute(
        select(DimensionMap.old_id, DimensionMap.relation, DimensionMap.new_id)
        .join(Dimension, Dimension.id == DimensionMap.old_id)
        .where(Dimension.version_id == before.id)
    )
    return {old_id: Successor(relation, new_id) for old_id, relation, new_id in rows}


def chained(db: Session, instrument_id: int) -> dict[int, int]:
    """Dimension → the oldest dimension it may be read as one line with: only "same", all the way back."""
    rows = db.execute(
        select(DimensionMap.new_id, DimensionMap.old_id)
        .join(Dimension, Dimension.id == DimensionMap.old_id)
        .join(Version, Version.id == Dimension.version_id)
        .where(Version.instrument_id == instrument_id, DimensionMap.relation == Relation.SAME)
        .order_by(Version.number)
    ).all()
    first: dict[int, int] = {}
    for new_id, old_id in rows:
        if new_id is not None:
            first[new_id] = first.get(old_id, old_id)
    return first


def suggest_map(before: InstrumentWords, after: InstrumentWords) -> dict[str, tuple[Relation, str | None]]:
    """For each code of the version before, what probably became of it.

    Found by the code, else by the title. "Same" only where every word that steers an answer is the same: the
    question, the steps' words, the direction and the scale. The person who makes the version decides.
    """
    scale = _scale(before) == _scale(after)
    by_code = {one.code: one for one in after.dimensions}
    by_title = {one.title.casefold(): one for one in after.dimensions}
    taken: set[str] = set()
    found: dict[str, tuple[Relation, str | None]] = {}
    for old in sorted(before.dimensions, key=lambda one: one.code not in by_code):
        new = by_code.get(old.code) or by_title.get(old.title.casefold())
        if new is None or new.code in taken:
            found[old.code] = (Relation.DROPPED, None)
            continue
        taken.add(new.code)
        same = scale and _answerable(before, old) == _answerable(after, new)
        found[old.code] = (Relation.SAME if same else Relation.CHANGED, new.code)
    return found


def _scale(words: InstrumentWords) -> tuple[int, int]:
    return words.version.scale_min, words.version.scale_max


def _answerable(words: InstrumentWords, one: DimensionWords) -> tuple[Any, ...]:
    levels = {level.value: level for level in words.version.levels} | {level.value: level for level in one.levels}
    direction = words.version.higher_is_better if one.higher_is_better is None else one.higher_is_better
    steps = tuple((value, level.short, level.descriptor) for value, level in sorted(levels.items()))
    return one.title, one.question, direction, steps


# --- reliability ------------------------------------------------------------------------------------------------


def reliabilities(db: Session, version_id: int) -> Sequence[Any]:
    """(area_id, dimension_id, method, r, sd, n_pairs, source, on), the newest first."""
    return db.execute(
        select(
            Reliability.area_id,
            Reliability.dimension_id,
            Reliability.method,
            Reliability.r,
            Reliability.sd,
            Reliability.n_pairs,
            Reliability.source,
            Reliability.on,
        )
        .where(Reliability.version_id == version_id)
        .order_by(Reliability.on.desc(), Reliability.id.desc())
    ).all()
