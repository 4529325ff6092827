"""One citizen's goals and where they stand, for the journal system and for DUBU. The look is noted by the caller."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.access import Towards
from med.competence_compass.citizen_words import LEVELS, word_of
from med.competence_compass.models import Citizen, Dimension, Report
from med.competence_compass.queries import life
from med.competence_compass.queries.development import AreaStory, story
from med.competence_compass.queries.goals import GoalRow, goals_of
from med.competence_compass.vault import Vault
from med.language import T, Text, word
from med.workdays import short_date

ENDED_LATELY = timedelta(days=365)  # a goal that ended longer ago has been told of


class Standing(Struct, frozen=True):
    """What a report says of a citizen."""

    towards: Towards
    goals: list[GoalRow]
    areas: list[AreaStory]
    measured: date | None
    next: date | None  # when stock is to be taken again
    rows: list[dict[str, Any]]


def standing(db: Session, viewer: Viewer, vault: Vault, towards: Towards, *, with_name: bool = False) -> Standing:
    """The caller has asked whether the viewer may, and noted the look. The name is read only when it is asked for."""
    occasions = life.occasions(db, towards)
    goals = [
        goal
        for goal in goals_of(db, towards.id, vault, ended=True)
        if goal.ended_on is None or goal.ended_on >= clock.today() - ENDED_LATELY
    ]
    told = story(db, towards.id, goals, life.blind_days(viewer, occasions), me=f"person:{viewer.person_id}")
    upcoming = None
    if towards.left_on is None:
        upcoming = told.last + timedelta(days=towards.interval_days) if told.last else towards.entered
    codes: dict[int, str] = dict(
        db.execute(
            select(Dimension.id, Dimension.ffb_code).where(Dimension.id.in_({goal.dimension_id for goal in goals}))
        ).all()
    )
    about = {
        "citizen": towards.pseudonym,
        "name": life.identity(db, vault, towards.id).get("name") if with_name else None,
        "unit": towards.unit,
        "measured": told.last,
        "next": upcoming,
    }
    rows = [
        about | _of_goal(goal, area_of(goal, told.areas)) | {"ffb": codes.get(as_set.dimension_id or 0)}
        for goal, as_set in zip(told.goals, goals, strict=True)
    ]
    return Standing(towards, told.goals, told.areas, told.last, upcoming, rows or [about])


def unit_of(db: Session, citizen_id: int) -> int:
    """Whose columns a citizen's report has."""
    return db.scalars(select(Citizen.unit_id).where(Citizen.id == citizen_id)).one()


def area_of(goal: GoalRow, areas: Sequence[AreaStory]) -> AreaStory | None:
    return next((one for one in areas if goal.area_id == one.id or goal.dimension_id in one.dimensions), None)


def _of_goal(goal: GoalRow, area: AreaStory | None) -> dict[str, Any]:
    level = goal.level
    return {
        "goal": goal.title or goal.about,
        "about": goal.about,
        "goal_type": str(word(goal.goal_type)),
        "status": str(status(goal)),
        "level": level,
        "level_word": None if level is None else str(LEVELS[level]),
        "level_text": None if level is None else goal.levels.get(level),
        "rated": goal.ratings[-1][0] if goal.ratings else None,
        "set_on": goal.set_on,
        "due": goal.due,
        "ended_on": goal.ended_on,
        "plan": goal.plan,
        "verdict": None if area is None else str(word_of(area.change, goal.goal_type)),
    }


def status(goal: GoalRow) -> Text:
    if goal.ended_on is not None:
        return T("Afsluttet")
    if goal.due is not None and goal.due < clock.today():
        return T("I gang, fristen er overskredet")
    return T("I gang")


# --- as text ----------------------------------------------------------------------------------------------------------


def as_text(found: Standing, report: Report) -> str:
    """To paste into the other system. By pseudonym: the person who pastes it knows where it belongs."""
    today = short_date(clock.today())
    if report is Report.DUBU:
        said = [T("Status på procesmål for %(citizen)s, %(day)s", citizen=found.towards.pseudonym, day=today)]
    else:
        said = [T("Status på indsatsplanen for %(citizen)s, %(day)s", citizen=found.towards.pseudonym, day=today)]
    tell = process_goal if report is Report.DUBU else journal_goal
    parts = [*said, *(tell(goal, found) for goal in found.goals)]
    if not found.goals:
        parts.append(T("Der er ingen mål endnu."))
    if report is Report.JOURNAL and found.areas:
        parts.append(development(found))
    if found.next is not None:
        day = short_date(found.next)
        if found.next < clock.today():
            parts.append(T("Næste måling skulle være taget senest %(day)s.", day=day))
        else:
            parts.append(T("Næste måling: senest %(day)s.", day=day))
    return "\n\n".join(str(part) for part in parts)


def journal_goal(goal: GoalRow, found: Standing) -> str:
    said = [_title(goal), *_dates(goal), _level(goal)]
    area = area_of(goal, found.areas)
    if area is not None:
        said.append(
            T(
                "Kompasset om %(area)s: %(word)s.",
                area=area.title,
                word=str(word_of(area.change, goal.goal_type)),
            )
        )
    if goal.plan:
        said.append(T("Indsatsplan: %(plan)s.", plan=goal.plan.rstrip(".")))
    return "\n".join(str(one) for one in said)


def process_goal(goal: GoalRow, found: Standing) -> str:
    said = [_title(goal)]
    if goal.plan:
        said.append(T("Handling: %(plan)s.", plan=goal.plan.rstrip(".")))
    return "\n".join(str(one) for one in [*said, *_dates(goal), _level(goal)])


def development(found: Standing) -> str:
    said = [
        T("Kompasset, område for område (seneste måling %(day)s):", day=short_date(found.measured or clock.today()))
    ]
    return "\n".join(
        [str(said[0]), *(f"– {area.title}: {word_of(area.change, area.goal_type)}" for area in found.areas)]
    )


def _title(goal: GoalRow) -> Text:
    if goal.title and goal.about:
        return T(
            "Mål: %(goal)s (%(type)s, %(about)s)",
            goal=goal.title,
            type=str(word(goal.goal_type)).lower(),
            about=goal.about,
        )
    return T("Mål: %(goal)s (%(type)s)", goal=goal.title or goal.about, type=str(word(goal.goal_type)).lower())


def _dates(goal: GoalRow) -> list[Text]:
    said = [T("Status: %(status)s. Sat %(day)s.", status=str(status(goal)), day=short_date(goal.set_on))]
    if goal.ended_on is not None:
        said.append(T("Afsluttet %(day)s.", day=short_date(goal.ended_on)))
    elif goal.due is not None:
        said.append(T("Frist %(day)s.", day=short_date(goal.due)))
    return said


def _level(goal: GoalRow) -> Text:
    if not goal.ratings:
        return T("Endnu ikke vurderet.")
    day, level = goal.ratings[-1]
    means = goal.levels.get(level, "")
    if means:
        return T(
            "Vurderet %(day)s: %(level)s – %(means)s.",
            day=short_date(day),
            level=str(LEVELS[level]).lower(),
            means=means.rstrip("."),
        )
    return T("Vurderet %(day)s: %(level)s.", day=short_date(day), level=str(LEVELS[level]).lower())
