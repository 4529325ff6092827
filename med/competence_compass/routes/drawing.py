"""From a citizen's story to what their page draws: one compass, a row for each area, small multiples over time."""

from datetime import date

from msgspec import Struct

from med.charts import dumbbell, radar, trajectory
from med.competence_compass.citizen_words import TONES, word_of
from med.competence_compass.measuring import Verdict
from med.competence_compass.models import AssessmentKind
from med.competence_compass.queries.development import AreaStory, Scale, Story
from med.competence_compass.queries.life import Taking, Wait
from med.language import Text, word

SHAPES = {
    AssessmentKind.STAFF: "circle",
    AssessmentKind.SELF: "square",
    AssessmentKind.JOINT: "diamond",
    AssessmentKind.EXTERNAL: "triangle",
}


class AreaRow(Struct, frozen=True):
    """An area as the page tells it: numbers in the instrument's own direction, and one word."""

    id: int
    title: str
    before: float | None
    now: float | None
    sdc95: float | None
    own_before: float | None
    own: float | None
    day: date | None  # of `now` and of `own`, where it is not the newest; else None
    own_day: date | None
    word: Text
    tone: str
    why: Text | None
    row: dumbbell.Row
    apart: float | None  # own minus staff's, turned so that higher is better
    heard: float | None  # their own, of what both have rated
    chart: dict[AssessmentKind, trajectory.Series]


class Drawing(Struct, frozen=True):
    rows: list[AreaRow]
    compass: radar.Radar | None
    frame: trajectory.Frame | None
    ticks: list[tuple[float, str]]  # the scale above the rows: (x, number)
    shapes: dict[AssessmentKind, str]
    before: date | None  # the day most areas are compared with: the first that is no referral; None with one alone
    now: date | None  # the newest day an area was rated
    has_goals: bool
    why: Text | None  # why there are too few data, where it is the same everywhere: said once


def draw(story: Story, takings: list[Taking], waits: list[Wait], today: date) -> Drawing | None:
    """None when nothing has been assessed."""
    scale = story.scale
    if scale is None:
        return None
    values = radar.scale_numbers(scale.low, scale.high)
    numbers = [(float(value), str(round(scale.shown(value)))) for value in values]
    days = [day for area in story.areas for series in area.series.values() for day, _ in series]
    over_time = None
    if days:
        over_time = trajectory.frame(
            [*days, min(max(days), today)],
            scale.low,
            scale.high,
            [numbers[0], numbers[-1]],
            bands=[(one.starts, one.ends or today) for one in takings],
            waits=[(one.queued, one.left_on or today) for one in waits],
            breaks=story.breaks,
        )
    now = max((area.change.last for area in story.areas if area.change.last), default=None)
    rows = [area_row(area, scale, over_time, now) for area in story.areas]
    return Drawing(
        rows=rows,
        compass=compass(story, scale, numbers),
        frame=over_time,
        ticks=[(dumbbell.place(value, scale.low, scale.high), text) for value, text in numbers],
        shapes=SHAPES,
        before=then(story),
        now=now,
        has_goals=any(area.goals for area in story.areas),
        why=rows[0].why if len({row.why for row in rows}) == 1 else None,
    )


def then(story: Story) -> date | None:
    days = [area.change.first for area in story.areas if area.change.first and area.change.before is not None]
    return max(sorted(set(days)), key=days.count, default=None)


def compass(story: Story, scale: Scale, numbers: list[tuple[float, str]]) -> radar.Radar | None:
    """None for fewer than three areas or more than eight: then the rows alone tell it."""
    if not radar.FEWEST <= len(story.areas) <= radar.MOST or all(area.change.now is None for area in story.areas):
        return None
    axes = [radar.Axis(area.short_title, area.change.before, area.change.now, area.goals) for area in story.areas]
    return radar.radar(axes, scale.low, scale.high, numbers)


def area_row(area: AreaStory, scale: Scale, over_time: trajectory.Frame | None, newest: date | None) -> AreaRow:
    change, own_day = area.change, area.own_days[1]

    def shown(value: float | None) -> float | None:
        return None if value is None else scale.shown(value)

    return AreaRow(
        id=area.id,
        title=area.title,
        before=shown(change.before),
        now=shown(change.now),
        sdc95=change.sdc95,
        own_before=shown(area.own[0]),
        own=shown(area.own[1]),
        day=change.last if change.last != newest else None,
        own_day=own_day if own_day != newest else None,
        word=word_of(change, area.goal_type),
        tone=TONES[change.verdict],
        why=word(change.why) if change.verdict is Verdict.TOO_FEW and change.why else None,
        row=dumbbell.row(change.before, change.now, change.sdc95, scale.low, scale.high),
        apart=area.sees_it_differently,
        heard=shown(area.heard[0]) if area.heard else None,
        chart={kind: over_time.series(points, SHAPES[kind]) for kind, points in area.series.items()}
        if over_time
        else {},
    )
