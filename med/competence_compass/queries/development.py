"""One citizen's development: every closed assessment put together into areas, verdicts, voices and lists."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from med.competence_compass.measuring import Change, Precision, Reading, Why, area_change, side_by_side, turned
from med.competence_compass.models import (
    Area,
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    Dimension,
    DimensionMap,
    GoalType,
    Relation,
    Reliability,
    ReliabilityMethod,
    Score,
    Version,
)
from med.competence_compass.queries.assessing import VOICE_ORDER
from med.competence_compass.queries.goals import GoalRow

# Whose rating a verdict is about, in order of preference: an occasion with both has the staff's.
RATERS = (AssessmentKind.STAFF, AssessmentKind.JOINT)


class Taken(NamedTuple):
    """A closed assessment that still stands."""

    id: int
    occasion_id: int
    day: date
    kind: AssessmentKind
    purpose: AssessmentPurpose
    assessor: str
    version_id: int
    triggered_referral: bool


class Scale(NamedTuple):
    low: int
    high: int
    higher_is_better: bool

    def shown(self, mean: float) -> float:
        """A mean that was turned so that higher is better, in the instrument's own numbers."""
        return mean if self.higher_is_better else self.low + self.high - mean


class AreaStory(Struct):
    """One area of the version in use now: what became of it, in each voice."""

    id: int
    title: str
    short_title: str
    easy_title: str
    dimensions: tuple[int, ...]
    change: Change
    since_last: "SinceLast"
    own: tuple[float | None, float | None] = (None, None)  # the citizen's own voice, as `change` has the staff's
    own_days: tuple[date | None, date | None] = (None, None)
    heard: tuple[float, float] | None = None  # the citizen's and the staff's, of the last occasion and what both rated
    goals: tuple[float, ...] = ()  # where goals lie, turned like the values
    goal_type: GoalType | None = None
    series: dict[AssessmentKind, list[tuple[date, float]]] = {}

    @property
    def sees_it_differently(self) -> float | None:
        """How far the citizen's own last value lies above the staff's; None unless it is a whole step or more, and both
        are of the same occasion: years apart they need not see it differently. Over what both have rated: who answers
        half of an area need not see it differently either."""
        apart = self.heard[0] - self.heard[1] if self.heard else 0.0
        return apart if abs(apart) >= 1 else None


class SinceLast(NamedTuple):
    """The last reading against the one before: "up" or "down" beyond uncertainty, "same", "new", "gone", "unknown"."""

    word: str
    why: Why | None = None


class Story(Struct):
    """Everything the charts, tables and lists of a citizen's page are made of."""

    scale: Scale | None
    areas: list[AreaStory]
    taken: list[Taken]
    breaks: list[date]  # the first day of each version after the first
    first: date | None
    last: date | None
    goals: list[GoalRow] = []  # as they were given, about what they are about in the version in use now

    @property
    def voices(self) -> list[AssessmentKind]:
        return sorted({kind for area in self.areas for kind in area.series}, key=VOICE_ORDER.index)


def story(
    db: Session, citizen_id: int, goals: Sequence[GoalRow] = (), blind: tuple[date, date] | None = None, me: str = ""
) -> Story:
    """A citizen's development. `blind`: days whose assessments by others than `me` are left out.

    The caller has asked whether the viewer may; this reads by the citizen's id alone.
    """
    taken = [one for one in _taken(db, citizen_id) if not _is_hidden(one, blind, me)]
    if not taken:
        return Story(None, [], [], [], None, None, list(goals))
    current = taken[-1].version_id
    versions = list(dict.fromkeys(one.version_id for one in taken))
    dimensions, areas, scales = _structure(db, versions)
    chain = _chain(db, current, versions, dimensions, scales)
    values = _values(db, citizen_id, [one.id for one in taken], dimensions, scales, chain)
    precisions = _precisions(db, current)
    scale = scales[current]
    goals = _moved_on(goals, chain, dimensions)
    asked = [goal for goal in goals if goal.ended_on is None]
    told = [_area(area, taken, values, precisions.get(area.id), scale, asked) for area in areas[current]]
    breaks = [one.day for before, one in pairwise(taken) if before.version_id != one.version_id]
    return Story(scale, told, taken, breaks, taken[0].day, taken[-1].day, goals)


# The questions of a page that is opened all day are put together once; building them anew took longer than asking.
_a = Assessment.__table__.c
TAKEN = (
    select(_a.id, _a.occasion_id, _a.day, _a.kind, _a.purpose, _a.assessor, _a.version_id, _a.triggered_referral)
    .where(_a.citizen_id == bindparam("citizen"), _a.closed_at.is_not(None), _a.superseded_at.is_(None))
    .order_by(_a.day, _a.id)
)


def _taken(db: Session, citizen_id: int) -> list[Taken]:
    return [Taken(*row) for row in db.execute(TAKEN, {"citizen": citizen_id})]


def _is_hidden(one: Taken, blind: tuple[date, date] | None, me: str) -> bool:
    return blind is not None and blind[0] <= one.day <= blind[1] and one.assessor != me


class _Dimension(NamedTuple):
    id: int
    version_id: int
    area_id: int
    higher_is_better: bool


class _Area(NamedTuple):
    id: int
    title: str
    short_title: str
    easy_title: str
    dimensions: tuple[int, ...]


_d, _area_c, _v = Dimension.__table__.c, Area.__table__.c, Version.__table__.c
STRUCTURE = (
    select(
        _d.id,
        _d.version_id,
        _d.area_id,
        _d.higher_is_better,
        _area_c.title,
        _area_c.short_title,
        _area_c.easy_title,
        _v.scale_min,
        _v.scale_max,
        _v.higher_is_better.label("version_higher"),
    )
    .select_from(Dimension.__table__)
    .join(Area.__table__, _area_c.id == _d.area_id)
    .join(Version.__table__, _v.id == _d.version_id)
    .where(_d.version_id.in_(bindparam("versions", expanding=True)))
    .order_by(_d.version_id, _area_c.position, _area_c.id, _d.position, _d.id)
)


def _structure(
    db: Session, versions: Sequence[int]
) -> tuple[dict[int, _Dimension], dict[int, list[_Area]], dict[int, Scale]]:
    rows = db.execute(STRUCTURE, {"versions": versions}).all()
    dimensions = {
        row.id: _Dimension(
            row.id,
            row.version_id,
            row.area_id,
            row.version_higher if row.higher_is_better is None else row.higher_is_better,
        )
        for row in rows
    }
    scales = {row.version_id: Scale(row.scale_min, row.scale_max, row.version_higher) for row in rows}
    held: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        held[row.area_id].append(row.id)
    areas: dict[int, dict[int, _Area]] = defaultdict(dict)
    for row in rows:
        areas[row.version_id].setdefault(
            row.area_id,
            _Area(row.area_id, row.title, row.short_title, row.easy_title, tuple(held[row.area_id])),
        )
    return dimensions, {version: list(found.values()) for version, found in areas.items()}, scales


def _chain(
    db: Session,
    current: int,
    versions: Sequence[int],
    dimensions: Mapping[int, _Dimension],
    scales: Mapping[int, Scale],
) -> dict[int, int]:
    """Dimension -> the dimension of the current version it may be read on as.

    Over versions only where the map says "same", step by step, and the scale is the same; nothing else is chained.
    """
    chain = {one.id: one.id for one in dimensions.values() if one.version_id == current}
    if len(versions) == 1:
        return chain
    instrument = select(Version.instrument_id).where(Version.id == current).scalar_subquery()
    same = db.execute(
        select(DimensionMap.old_id, DimensionMap.new_id)
        .join(Dimension, Dimension.id == DimensionMap.old_id)
        .join(Version, Version.id == Dimension.version_id)
        .where(DimensionMap.relation == Relation.SAME, Version.instrument_id == instrument)
        .order_by(Version.number.desc())
    ).all()
    for old, new in same:  # the newest step first, so that older ones find their way on
        if new in chain:
            chain[old] = chain[new]
    ours = scales[current]
    return {
        old: new
        for old, new in chain.items()
        if old in dimensions and scales[dimensions[old].version_id][:2] == ours[:2]
    }


_s = Score.__table__.c
VALUES = (
    select(_s.assessment_id, _s.dimension_id, _s.value)
    .select_from(Score.__table__)
    .join(Assessment.__table__, _a.id == _s.assessment_id)
    .where(_a.citizen_id == bindparam("citizen"), _a.closed_at.is_not(None), _s.value.is_not(None))
)


def _moved_on(
    goals: Sequence[GoalRow], chain: Mapping[int, int], dimensions: Mapping[int, _Dimension]
) -> list[GoalRow]:
    """Goals set in an older version, where what they are about is the same in this one."""
    areas = {dimensions[old].area_id: dimensions[new].area_id for old, new in chain.items() if old != new}
    return [
        replace(
            goal,
            dimension_id=chain.get(goal.dimension_id or 0, goal.dimension_id),
            area_id=areas.get(goal.area_id or 0, goal.area_id),
        )
        for goal in goals
    ]


def _values(
    db: Session,
    citizen_id: int,
    assessment_ids: Sequence[int],
    dimensions: Mapping[int, _Dimension],
    scales: Mapping[int, Scale],
    chain: Mapping[int, int],
) -> dict[int, dict[int, int]]:
    """Assessment -> dimension of the current version -> value, turned so that higher is better."""
    found: dict[int, dict[int, int]] = {key: {} for key in assessment_ids}
    turn = {
        old: (new, None if one.higher_is_better else sum(scales[one.version_id][:2]))
        for old, new in chain.items()
        for one in [dimensions[old]]
    }
    for assessment_id, dimension_id, value in db.execute(VALUES, {"citizen": citizen_id}):
        if (to := turn.get(dimension_id)) is not None and assessment_id in found:
            found[assessment_id][to[0]] = value if to[1] is None else to[1] - value
    return found


_r = Reliability.__table__.c
PRECISIONS = (
    select(_r.area_id, _r.method, _r.r, _r.sd)
    .where(_r.version_id == bindparam("version"), _r.area_id.is_not(None))
    .order_by(_r.on, _r.id)
)


def _precisions(db: Session, version_id: int) -> dict[int, Precision]:
    """Area -> how sure it is: the newest from the house's own double ratings, else the newest published one."""
    found: dict[int, Precision] = {}
    rows = db.execute(PRECISIONS, {"version": version_id}).all()
    for row in sorted(rows, key=lambda row: row.method is ReliabilityMethod.DOUBLE_RATED):
        try:
            found[row.area_id] = Precision(row.r, row.sd)
        except ValueError:  # all pairs alike, or no spread at all: it says nothing about certainty
            found.pop(row.area_id, None)
    return found


def _area(
    area: _Area,
    taken: Sequence[Taken],
    values: Mapping[int, Mapping[int, int]],
    precision: Precision | None,
    scale: Scale,
    goals: Sequence[GoalRow],
) -> AreaStory:
    every = _readings(area, taken, values)
    readings = [one for one in every if one[1].values]
    counted = readings[after_referral([one for one, _ in readings]) :]
    own = _own(area, taken, values)
    own = own[after_referral([one for one, _ in own]) :]
    first, last = (own[0][1] if len(own) > 1 else None, own[-1][1] if own else None)
    alike = side_by_side(first, last, len(area.dimensions)) if first and last else None
    heard = None
    if last and readings and own[-1][0].occasion_id == readings[-1][0].occasion_id:
        heard = side_by_side(last, readings[-1][1], len(area.dimensions))
    mine = [goal for goal in goals if goal.area_id == area.id or goal.dimension_id in area.dimensions]
    told = AreaStory(
        id=area.id,
        title=area.title,
        short_title=area.short_title or area.title,
        easy_title=area.easy_title or area.title,
        dimensions=area.dimensions,
        change=area_change([reading for _, reading in counted], len(area.dimensions), precision),
        since_last=since_last([reading for _, reading in readings], len(area.dimensions), precision)
        if not readings or readings[-1] is every[-1]
        else SinceLast("unknown", Why.UNANSWERED),
        own=alike or (None, last.mean if last else None),
        own_days=(first.day if first else None, last.day if last else None),
        heard=heard,
        goals=tuple(_turned_goal(goal, scale) for goal in mine if goal.target_value is not None),
        goal_type=_goal_type(mine),
    )
    for one in taken:
        if one.purpose is AssessmentPurpose.DOUBLE:
            continue
        found = [values[one.id][key] for key in area.dimensions if key in values[one.id]]
        if found:
            told.series.setdefault(one.kind, []).append((one.day, sum(found) / len(found)))
    return told


def rated(taken: Sequence[Taken]) -> list[Taken]:
    """What a verdict may be about, one an occasion; a double assessment is about the instrument."""
    by_occasion: dict[int, Taken] = {}
    for one in taken:
        if one.kind in RATERS and one.purpose is not AssessmentPurpose.DOUBLE:
            there = by_occasion.get(one.occasion_id)
            if there is None or RATERS.index(one.kind) < RATERS.index(there.kind):
                by_occasion[one.occasion_id] = one
    return list(by_occasion.values())


def _readings(
    area: _Area, taken: Sequence[Taken], values: Mapping[int, Mapping[int, int]]
) -> list[tuple[Taken, Reading]]:
    """What the raters saw of an area, one reading an occasion, perhaps with nothing in it."""
    return [(one, _reading(one, area, values)) for one in rated(taken)]


def _own(area: _Area, taken: Sequence[Taken], values: Mapping[int, Mapping[int, int]]) -> list[tuple[Taken, Reading]]:
    found = [(one, _reading(one, area, values)) for one in taken if one.kind is AssessmentKind.SELF]
    return [one for one in found if one[1].values]


def _reading(one: Taken, area: _Area, values: Mapping[int, Mapping[int, int]]) -> Reading:
    mine = values[one.id]
    return Reading(one.day, {key: mine[key] for key in area.dimensions if key in mine}, one.assessor, one.kind)


def after_referral(taken: Sequence[Taken]) -> int:
    """The place of what a change is counted from: never a referral, which is made when things look worst."""
    referral = AssessmentPurpose.REFERRAL
    rest = (place for place, one in enumerate(taken) if not one.triggered_referral and one.purpose is not referral)
    return next(rest, max(len(taken) - 1, 0))


def since_last(readings: Sequence[Reading], dimensions: int, precision: Precision | None) -> SinceLast:
    """What the last reading says against the one before. No verdict: a verdict looks over six months and three."""
    if not readings:
        return SinceLast("unknown", Why.NONE)
    if len(readings) == 1:
        return SinceLast("new")
    before, now = readings[-2], readings[-1]
    both = [key for key in before.values if key in now.values]
    if 2 * len(both) < dimensions:
        return SinceLast("unknown", Why.UNANSWERED)
    if (before.assessor, before.voice) != (now.assessor, now.voice):
        return SinceLast("unknown", Why.ASSESSOR if before.assessor != now.assessor else Why.VOICE)
    if precision is None:
        return SinceLast("unknown", Why.RELIABILITY)
    moved = sum(now.values[key] - before.values[key] for key in both) / len(both)
    if abs(moved) < precision.sdc95(len(both), dimensions):
        return SinceLast("same")
    return SinceLast("up" if moved > 0 else "down")


def _turned_goal(goal: GoalRow, scale: Scale) -> float:
    assert goal.target_value is not None
    higher = scale.higher_is_better if goal.higher_is_better is None else goal.higher_is_better
    return float(turned(goal.target_value, scale.low, scale.high, higher_is_better=higher))


def _goal_type(goals: Sequence[GoalRow]) -> GoalType | None:
    """What is asked of an area: to develop where any goal says so, else what the others say."""
    types = [goal.goal_type for goal in goals]
    return next((kind for kind in GoalType if kind in types), None)
