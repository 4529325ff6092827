"""The geometry of effects beside each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from med.charts import forest

sizes = st.floats(-5, 5)


def test_nought_stands_in_the_middle_and_the_scale_is_the_same_on_both_sides():
    on = forest.scale([0.31, -0.1])
    assert on.reach == 0.6 and on.zero == forest.WIDTH / 2 == on.x(0)
    assert on.x(0.6) - on.zero == pytest.approx(on.zero - on.x(-0.6)) == forest.WIDTH / 2 - forest.EDGE
    assert [value for _, value in on.ticks] == [-0.6, -0.3, 0.0, 0.3, 0.6]
    low, width = on.band
    assert (low, low + width) == (on.x(-0.2), on.x(0.2))


def test_a_line_that_goes_on_beyond_the_scale_says_so():
    on = forest.scale([2.5])
    row = forest.row(on, 0.9, -0.1, 2.5, second=-3.0)
    assert on.reach == 1.2 and row.more_right and not row.more_left
    assert row.line == (on.x(-0.1), forest.WIDTH - forest.EDGE) and row.diamond == forest.EDGE


def test_a_shrunken_point_outside_the_interval_is_reached_by_its_line():
    on = forest.scale([1.0])
    assert forest.row(on, 0.5, 0.6, 0.9).line == (on.x(0.5), on.x(0.9))
    assert forest.row(on, -0.5, -0.9, -0.6).line == (on.x(-0.9), on.x(-0.5))


def test_what_is_not_known_is_not_drawn():
    assert forest.row(forest.scale([]), None) == (None, None, False, False, None)


@pytest.mark.parametrize("ends", [(0.2, None), (None, 0.2), (0.3, 0.1)])
def test_half_an_interval_is_a_mistake(ends):
    with pytest.raises(ValueError):
        forest.row(forest.scale([]), 0.1, *ends)


@given(st.lists(sizes, max_size=8), sizes, sizes, sizes)
def test_everything_lies_within_the_drawing(values, point, one, other):
    on = forest.scale(values)
    row = forest.row(on, point, min(one, other), max(one, other), point)
    for x in (row.point, *row.line, row.diamond, *(x for x, _ in on.ticks)):
        assert forest.EDGE <= x <= forest.WIDTH - forest.EDGE
    assert row.line[0] <= row.point <= row.line[1]
