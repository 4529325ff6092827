"""Writing a draft: its scale, areas and dimensions. Every change is made to the version as the person saw it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass.actions.instruments import add_levels, require_keeper
from med.competence_compass.forms.instruments import AreaForm, DimensionForm, ScaleForm
from med.competence_compass.importing.words import Level, folded, free_code
from med.competence_compass.models import Area, Dimension, DimensionMap, Relation, Reliability, ScaleLevel, Version
from med.competence_compass.queries import instruments as queries
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T

CHANGED_MEANWHILE = T("En anden har rettet i versionen, siden du åbnede siden.")


def open_draft(db: Session, viewer: Viewer, version: Version, seen: int) -> None:
    """Begin a change: the version as the person saw it, and nobody uses it yet. Raises Conflict."""
    require_keeper(db, viewer, version)
    hit = db.execute(
        update(Version)
        .where(Version.id == version.id, Version.row_version == seen, Version.locked_at.is_(None))
        .values(row_version=seen + 1)
        .returning(Version.id)
    ).scalar()
    if hit is None:
        raise Conflict(CHANGED_MEANWHILE)
    db.refresh(version)


def change_scale(db: Session, viewer: Viewer, version: Version, form: ScaleForm, levels: Sequence[Level]) -> None:
    open_draft(db, viewer, version, form.version)
    version.scale_min, version.scale_max = form.scale_min, form.scale_max
    version.higher_is_better = form.direction == "up"
    version.source = folded(form.source)
    outside = (ScaleLevel.value < form.scale_min) | (ScaleLevel.value > form.scale_max)
    db.execute(delete(ScaleLevel).where(ScaleLevel.version_id == version.id, outside))
    _rewrite_levels(db, version.id, None, [level for level in levels if _within(version, level)])
    _changed(db, viewer, version, "scale")


def _within(version: Version, level: Level) -> bool:
    return version.scale_min <= level.value <= version.scale_max


def _rewrite_levels(db: Session, version_id: int, dimension_id: int | None, levels: Sequence[Level]) -> None:
    db.execute(
        delete(ScaleLevel).where(
            ScaleLevel.version_id == version_id, ScaleLevel.dimension_id.is_not_distinct_from(dimension_id)
        )
    )
    add_levels(db, version_id, dimension_id, levels)
    db.flush()


def add_area(db: Session, viewer: Viewer, version: Version, form: AreaForm) -> Area:
    open_draft(db, viewer, version, form.version)
    taken = set(db.scalars(select(Area.code).where(Area.version_id == version.id)))
    made = Area(
        version_id=version.id,
        code=_code(form.code, form.title, taken),
        title=folded(form.title),
        short_title=folded(form.short_title),
        easy_title=folded(form.easy_title),
        position=1 + (db.scalar(select(func.max(Area.position)).where(Area.version_id == version.id)) or 0),
    )
    db.add(made)
    _changed(db, viewer, version, "areas")
    return made


def change_area(db: Session, viewer: Viewer, area: Area, form: AreaForm) -> None:
    open_draft(db, viewer, area.version, form.version)
    taken = set(db.scalars(select(Area.code).where(Area.version_id == area.version_id, Area.id != area.id)))
    area.code = _code(form.code, form.title, taken)
    area.title, area.short_title = folded(form.title), folded(form.short_title)
    area.easy_title = folded(form.easy_title)
    _changed(db, viewer, area.version, "areas")


def remove_area(db: Session, viewer: Viewer, area: Area, seen: int) -> None:
    """An area with dimensions is emptied first: nothing that somebody wrote goes by the way."""
    version = area.version
    open_draft(db, viewer, version, seen)
    if db.scalar(select(func.count()).where(Dimension.area_id == area.id)):
        raise Conflict(T("Området har dimensioner. Flyt eller slet dem først."))
    db.execute(delete(Reliability).where(Reliability.area_id == area.id))
    db.delete(area)
    _changed(db, viewer, version, "areas")


def move_area(db: Session, viewer: Viewer, area: Area, to: int) -> None:
    require_keeper(db, viewer, area.version)
    own = list(db.scalars(select(Area).where(Area.version_id == area.version_id).order_by(Area.position, Area.id)))
    _renumber(own, area, to)
    _changed(db, viewer, area.version, "order")


def add_dimension(db: Session, viewer: Viewer, area: Area, form: DimensionForm) -> Dimension:
    version = area.version
    open_draft(db, viewer, version, form.version)
    taken = set(db.scalars(select(Dimension.code).where(Dimension.version_id == version.id)))
    made = Dimension(
        version_id=version.id,
        area_id=area.id,
        code=_code(form.code, form.title, taken),
        title=folded(form.title),
        question=folded(form.question),
        easy_question=folded(form.easy_question),
        position=1 + (db.scalar(select(func.max(Dimension.position)).where(Dimension.area_id == area.id)) or 0),
    )
    db.add(made)
    _changed(db, viewer, version, "dimensions")
    return made


def change_dimension(
    db: Session, viewer: Viewer, dimension: Dimension, form: DimensionForm, levels: Sequence[Level]
) -> None:
    version = dimension.area.version
    open_draft(db, viewer, version, form.version)
    same_version = Dimension.version_id == version.id
    taken = set(db.scalars(select(Dimension.code).where(same_version, Dimension.id != dimension.id)))
    dimension.code = _code(form.code, form.title, taken)
    dimension.title, dimension.question = folded(form.title), folded(form.question)
    dimension.easy_question, dimension.ffb_code = folded(form.easy_question), folded(form.ffb_code)
    dimension.higher_is_better = {"up": True, "down": False}.get(form.direction)
    if form.area_id is not None and form.area_id != dimension.area_id:
        if not db.scalar(select(Area.id).where(Area.id == form.area_id, Area.version_id == version.id)):
            raise Invalid(area_id=T("Vælg en af mulighederne."))
        last = db.scalar(select(func.max(Dimension.position)).where(Dimension.area_id == form.area_id)) or 0
        dimension.area_id, dimension.position = form.area_id, last + 1
    shorts = {level.value: level.short for level in queries.common_levels(db, version.id)}
    for level in levels:
        level.short = level.short or shorts.get(level.value, "")
    _rewrite_levels(db, version.id, dimension.id, [level for level in levels if _within(version, level)])
    _changed(db, viewer, version, "dimensions")


def remove_dimension(db: Session, viewer: Viewer, dimension: Dimension, seen: int) -> None:
    version = dimension.area.version
    open_draft(db, viewer, version, seen)
    db.execute(delete(ScaleLevel).where(ScaleLevel.dimension_id == dimension.id))
    db.execute(
        update(DimensionMap).where(DimensionMap.new_id == dimension.id).values(relation=Relation.DROPPED, new_id=None)
    )
    db.execute(delete(Reliability).where(Reliability.dimension_id == dimension.id))
    db.expire(dimension)
    db.delete(dimension)
    _changed(db, viewer, version, "dimensions")


def move_dimension(db: Session, viewer: Viewer, dimension: Dimension, to: int) -> None:
    require_keeper(db, viewer, dimension.area.version)
    own = list(
        db.scalars(
            select(Dimension).where(Dimension.area_id == dimension.area_id).order_by(Dimension.position, Dimension.id)
        )
    )
    _renumber(own, dimension, to)
    _changed(db, viewer, dimension.area.version, "order")


def _renumber(own: list[Any], one: Any, to: int) -> None:
    own.remove(one)
    own.insert(max(0, min(to, len(own))), one)
    for place, thing in enumerate(own, 1):
        thing.position = place


def _code(typed: str, title: str, taken: set[str]) -> str:
    if typed in taken:
        raise Invalid(code=T("Koden er brugt til en anden i versionen."))
    return typed or free_code(title, taken)


def _changed(db: Session, viewer: Viewer, version: Version, field: str) -> None:
    note(db, viewer, "version.changed", version, [field])
