"""A citizen's goals: what is written outside the seal, and how far each has come."""

from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from med.competence_compass.models import Area, Dimension, Goal, GoalRating, GoalType, Version
from med.competence_compass.vault import Lost, Vault
from med.errors import NotFound


class GoalRow(Struct, frozen=True):
    """A goal. `title`, `levels` and `plan` come from the vault; "" where the seal cannot be opened."""

    id: int
    area_id: int | None
    dimension_id: int | None
    about: str  # the area's or the dimension's title
    higher_is_better: bool | None
    goal_type: GoalType
    weight: int
    target_value: int | None
    set_on: date
    due: date | None
    ended_on: date | None
    version: int
    title: str = ""
    levels: dict[int, str] = {}
    plan: str = ""
    ratings: tuple[tuple[date, int], ...] = ()

    @property
    def level(self) -> int | None:
        return self.ratings[-1][1] if self.ratings else None


def sealed_at(goal_id: int) -> str:
    return f"compass_goal.sealed/{goal_id}"


# Put together once: goals stand on a citizen's page, which is opened all day.
_g, _d, _a, _r = Goal.__table__.c, Dimension.__table__.c, Area.__table__.c, GoalRating.__table__.c
GOALS = (
    select(
        _g.id,
        _g.area_id,
        _g.dimension_id,
        func.coalesce(_d.title, _a.title, "").label("about"),
        _d.higher_is_better,
        _g.goal_type,
        _g.weight,
        _g.target_value,
        _g.set_on,
        _g.due,
        _g.ended_on,
        _g.version,
        _g.sealed,
    )
    .select_from(Goal.__table__)
    .outerjoin(Dimension.__table__, _d.id == _g.dimension_id)
    .outerjoin(Area.__table__, _a.id == _g.area_id)
    .where(_g.citizen_id == bindparam("citizen"))
    .order_by(_g.ended_on.is_not(None), _g.set_on, _g.id)
)
CURRENT = GOALS.where(_g.ended_on.is_(None))
RATINGS = (
    select(_r.goal_id, _r.day, _r.level)
    .select_from(GoalRating.__table__)
    .join(Goal.__table__, _g.id == _r.goal_id)
    .where(_g.citizen_id == bindparam("citizen"))
    .order_by(_r.day)
)


def goals_of(db: Session, citizen_id: int, vault: Vault | None, *, ended: bool = False) -> list[GoalRow]:
    """The goals a citizen works towards, with those that have ended when asked; words only with the vault.

    The caller has asked whether the viewer may; this reads by the citizen's id alone.
    """
    rows = db.execute(GOALS if ended else CURRENT, {"citizen": citizen_id}).all()
    ratings: dict[int, list[tuple[date, int]]] = {}
    for rating in db.execute(RATINGS, {"citizen": citizen_id}) if rows else ():
        ratings.setdefault(rating.goal_id, []).append((rating.day, rating.level))
    return [_goal(row, _words(db, citizen_id, vault, row), ratings.get(row.id, [])) for row in rows]


def _goal(row: Any, words: tuple[str, dict[int, str], str], ratings: list[tuple[date, int]]) -> GoalRow:
    outside = {name: value for name, value in row._mapping.items() if name != "sealed"}
    title, levels, plan = words
    return GoalRow(**outside, title=title, levels=levels, plan=plan, ratings=tuple(ratings))


def _words(db: Session, citizen_id: int, vault: Vault | None, row: Any) -> tuple[str, dict[int, str], str]:
    """(title, levels, plan) from under the seal."""
    try:
        words = vault.open(db, citizen_id, sealed_at(row.id), row.sealed) if vault else {}
    except Lost:
        words = {}
    levels = {int(level): text for level, text in dict(words.get("levels") or {}).items()}
    return words.get("title", ""), levels, words.get("plan", "")


def goal_of(db: Session, citizen_id: int, vault: Vault, goal_id: int) -> GoalRow:
    """One goal of this citizen, ended or not, with its words. Raises NotFound."""
    found = next((goal for goal in goals_of(db, citizen_id, vault, ended=True) if goal.id == goal_id), None)
    if found is None:
        raise NotFound
    return found


def goal_entity(db: Session, citizen_id: int, goal_id: int) -> Goal:
    found = db.scalar(select(Goal).where(Goal.id == goal_id, Goal.citizen_id == citizen_id))
    if found is None:
        raise NotFound
    return found


def aims(db: Session, version_id: int) -> list[tuple[str, str]]:
    """What a goal can be about, for a list to choose from: each area, and under it its dimensions."""
    rows = db.execute(
        select(Area.id.label("area_id"), Area.title.label("area"), Dimension.id, Dimension.title)
        .join(Dimension, Dimension.area_id == Area.id)
        .where(Area.version_id == version_id)
        .order_by(Area.position, Area.id, Dimension.position, Dimension.id)
    ).all()
    found: dict[str, str] = {}
    for row in rows:
        found.setdefault(f"area-{row.area_id}", row.area)
        found[f"dimension-{row.id}"] = f"{row.area}: {row.title}"
    return list(found.items())


def scale_of(db: Session, version_id: int) -> tuple[int, int]:
    row = db.execute(select(Version.scale_min, Version.scale_max).where(Version.id == version_id)).one()
    return row.scale_min, row.scale_max
