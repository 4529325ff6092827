"""The geometry of the compass's drawings."""

import re
from datetime import date
from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from med.charts import dumbbell, radar, trajectory
from med.charts.radar import Axis, scale_numbers

NUMBERS = [(float(n), str(n)) for n in range(1, 6)]


def draw(*axes: Axis) -> radar.Radar:
    return radar.radar(axes, 1, 5, NUMBERS)


def from_centre(point: tuple[float, float]) -> float:
    return hypot(point[0] - radar.CENTRE[0], point[1] - radar.CENTRE[1]) / radar.RADIUS


def test_the_first_area_points_up_and_the_others_follow_clockwise():
    drawn = draw(*[Axis(str(n), None, 5) for n in range(4)])
    up, right, down, left = drawn.now_marks
    x, y = radar.CENTRE
    assert up == (x, y - radar.RADIUS) and down == (x, y + radar.RADIUS)
    assert right == (x + radar.RADIUS, y) and left == (x - radar.RADIUS, y)


@given(st.integers(3, 8), st.floats(1, 5))
def test_a_value_lies_as_far_out_as_it_is_high(count: int, value: float):
    drawn = draw(*[Axis("x", None, value)] * count)
    for mark in drawn.now_marks:
        assert from_centre(mark) == pytest.approx(0.2 + 0.8 * (value - 1) / 4, abs=0.002)


def test_the_lowest_value_is_not_the_centre():
    """Else every area that is lowest would coincide, and their order be lost."""
    assert len(set(draw(*[Axis("x", 1, None)] * 8).before_marks)) == 8


def test_a_missing_value_leaves_a_gap_and_is_no_zero():
    drawn = draw(Axis("a", 3, 3), Axis("b", None, 3), Axis("c", 3, 3), Axis("d", 3, 3))
    assert drawn.now.endswith("Z") and drawn.now.count("M") == 1
    assert not drawn.before.endswith("Z")
    assert drawn.before.count("M") == 2  # c-d and d-a
    assert len(drawn.before_marks) == 3


def test_the_scale_stands_on_every_spoke():
    drawn = draw(*[Axis("x", 2, 3)] * 8)
    assert [[text for _, _, text in spoke.numbers] for spoke in drawn.spokes] == [list("12345")] * 8


def test_a_goal_is_a_tick_across_its_spoke():
    drawn = draw(Axis("a", 2, 3, (4.0,)), Axis("b", 2, 3), Axis("c", 2, 3))
    ((x1, y1, x2, y2),) = drawn.goals
    assert y1 == y2 and abs(x2 - x1) == 2 * radar.TICK


@pytest.mark.parametrize(
    "axes",
    [[Axis("x", 1, 2)] * 2, [Axis("x", 1, 2)] * 9, [Axis("x", 1, 6)] * 3, [Axis("x", 0, 2)] * 3],
)
def test_what_a_radar_cannot_show_is_refused(axes: list[Axis]):
    with pytest.raises(ValueError):
        draw(*axes)


def test_titles_stay_inside_the_box():
    titles = ["Faglige færdigheder", "Samarbejde", "Selvstændighed", "Mødestabilitet", "Kommunikation"]
    drawn = draw(
        *[Axis(title, 2, 3) for title in titles],
        Axis("Trivsel", 1, 1),
        Axis("Hverdag og økonomi", 1, 1),
        Axis("Trivsel", 1, 1),
    )
    for spoke in drawn.spokes:
        for x, y, line in spoke.lines:
            wide = 7.5 * len(line)
            left = {"start": x, "middle": x - wide / 2, "end": x - wide}[spoke.anchor]
            assert left >= 0 and left + wide <= radar.WIDTH, line
            assert 0 < y < radar.HEIGHT


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Trivsel", ("Trivsel",)),
        ("Faglige færdigheder", ("Faglige", "færdigheder")),
        ("Deltagelse i fællesskaber", ("Deltagelse i", "fællesskaber")),
        ("Kommunikationsfærdigheder", ("Kommunikationsfærdigheder",)),
    ],
)
def test_long_titles_take_two_lines(title: str, lines: tuple[str, ...]):
    assert radar.broken(title, 15) == lines


@pytest.mark.parametrize(
    ("low", "high", "numbers"),
    [(1, 5, [1, 2, 3, 4, 5]), (0, 4, [0, 1, 2, 3, 4]), (1, 10, [1, 4, 7, 10]), (0, 100, [0, 20, 40, 60, 80, 100])],
)
def test_the_numbers_of_a_scale_include_both_ends(low: int, high: int, numbers: list[int]):
    assert scale_numbers(low, high) == numbers


def test_the_band_is_uncertainty_around_then():
    row = dumbbell.row(3, 4, 0.5, 1, 5)
    assert row.band is not None
    start, width = row.band
    assert start == dumbbell.place(2.5, 1, 5)
    assert start + width == pytest.approx(dumbbell.place(3.5, 1, 5), abs=0.1)
    assert not row.together


def test_the_band_ends_where_the_scale_does():
    row = dumbbell.row(1.2, 1.2, 2, 1, 5)
    assert row.band is not None and row.band[0] == dumbbell.place(1, 1, 5)
    assert row.together


def test_without_then_or_without_reliability_there_is_no_band():
    assert dumbbell.row(None, 3, 0.7, 1, 5) == (None, dumbbell.place(3, 1, 5), None, False)
    assert dumbbell.row(2, 3, None, 1, 5).band is None


@pytest.mark.parametrize("value", [0.9, 5.1])
def test_a_value_off_the_scale_is_refused(value: float):
    with pytest.raises(ValueError):
        dumbbell.place(value, 1, 5)


FIRST, LAST = date(2025, 1, 1), date(2026, 1, 1)


def test_time_goes_from_the_first_day_to_the_last():
    drawn = trajectory.frame([LAST, FIRST], 1, 5, NUMBERS)
    assert drawn.x(FIRST) == trajectory.LEFT and drawn.x(LAST) == trajectory.WIDTH - trajectory.RIGHT
    assert drawn.y(5) < drawn.y(1)
    assert [text for _, text in drawn.years] == ["2025", "2026"]


def test_one_day_alone_can_be_drawn():
    drawn = trajectory.frame([FIRST], 1, 5, NUMBERS)
    assert drawn.series([(FIRST, 3)], "circle").line.startswith("M")


def test_activities_and_waiting_are_cut_to_the_picture_and_open_ends_go_on():
    drawn = trajectory.frame(
        [FIRST, LAST],
        1,
        5,
        NUMBERS,
        bands=[(date(2024, 1, 1), date(2025, 7, 1)), (date(2023, 1, 1), date(2024, 1, 1)), (date(2025, 10, 1), None)],
        waits=[(date(2025, 2, 1), date(2025, 3, 1))],
    )
    assert len(drawn.bands) == 2
    assert drawn.bands[0][0] == trajectory.LEFT
    assert sum(drawn.bands[1]) == pytest.approx(drawn.right, abs=0.2)
    assert len(drawn.waits) == 1


def test_a_line_stops_where_the_instrument_changed():
    drawn = trajectory.frame([FIRST, LAST], 1, 5, NUMBERS, breaks=[date(2025, 6, 1)])
    line = drawn.series([(FIRST, 2), (date(2025, 4, 1), 3), (date(2025, 8, 1), 4), (LAST, 4)], "circle").line
    assert [len(re.findall(r"[ML]", part)) for part in line.split("M")[1:]] == [1, 1]
    assert len(drawn.breaks) == 1


@pytest.mark.parametrize("shape", list(trajectory.SHAPES))
def test_every_voice_has_a_mark_of_its_own(shape: str):
    drawn = trajectory.frame([FIRST, LAST], 1, 5, NUMBERS)
    assert drawn.series([(FIRST, 2), (LAST, 3)], shape).marks.count("M") == 2
    assert len(set(trajectory.SHAPES.values())) == 4
