"""A citizen's goals: what is written outside the seal, and how far each has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med.competence_compass.models import Area, Dimension, Goal, GoalRating, GoalType, Version
from med.competence_compass.vault import Lost, Vault
from med.errors import NotFound


@dataclass(frozen=True)
class GoalRow:
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
    levels: dict[int, str] = field(default_factory=dict)
    plan: str = ""
    ratings: tuple[tuple[date, int], ...] = ()

    @property
    def level(self) -> int | None:
        return self.ratings[-1][1] if self.ratings else None


def sealed_at(goal_id: int) -> str:
    return f"compass_goal.sealed/{goal_id}"


def goals_of(
    db: Session, citizen_id: int, vault: Vault | None, *, ended: bool = False, goal_id: int | None = None
) -> list[GoalRow]:
    """The goals a citizen works towards, with those that have ended when asked; words only with the vault.

    The caller has asked whether the viewer may; this reads by the citizen's id alone.
    """
    wanted = [Goal.citizen_id == citizen_id]
    if not ended:
        wanted.append(Goal.ended_on.is_(None))
    if goal_id is not None:
        wanted.append(Goal.id == goal_id)
    rows = db.execute(
        select(
            Goal.id,
            Goal.area_id,
            Goal.dimension_id,
            func.coalesce(Dimension.title, Area.title, "").label("about"),
            Dimension.higher_is_better,
            Goal.goal_type,
            Goal.weight,
            Goal.target_value,
            Goal.set_on,
            Goal.due,
            Goal.ended_on,
            Goal.version,
            Goal.sealed,
        )
        .outerjoin(Dimension, Dimension.id == Goal.dimension_id)
        .outerjoin(Area, Area.id == Goal.area_id)
        .where(*wanted)
        .order_by(Goal.ended_on.is_not(None), Goal.set_on, Goal.id)
    ).all()
    ratings = _ratings(db, [row.id for row in rows])
    return [
        GoalRow(*row[:-1], **_words(db, citizen_id, vault, row), ratings=tuple(ratings.get(row.id, ()))) for row in rows
    ]


def _ratings(db: Session, goal_ids: Sequence[int]) -> dict[int, list[tuple[date, int]]]:
    found: dict[int, list[tuple[date, int]]] = {}
    if goal_ids:
        for row in db.execute(
            select(GoalRating.goal_id, GoalRating.day, GoalRating.level)
            .where(GoalRating.goal_id.in_(goal_ids))
            .order_by(GoalRating.day)
        ):
            found.setdefault(row.goal_id, []).append((row.day, row.level))
    return found


def _words(db: Session, citizen_id: int, vault: Vault | None, row: Any) -> dict[str, Any]:
    if vault is None:
        return {}
    try:
        words = vault.open(db, citizen_id, sealed_at(row.id), row.sealed)
    except Lost:
        return {}
    levels = {int(level): text for level, text in dict(words.get("levels") or {}).items()}
    return {"title": words.get("title", ""), "levels": levels, "plan": words.get("plan", "")}


def goal_of(db: Session, citizen_id: int, vault: Vault, goal_id: int) -> GoalRow:
    """One goal of this citizen, ended or not, with its words. Raises NotFound."""
    found = goals_of(db, citizen_id, vault, ended=True, goal_id=goal_id)
    if not found:
        raise NotFound
    return found[0]


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
