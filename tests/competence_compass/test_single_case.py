"""Non-overlap of one citizen's phases, against the published example and what must always hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from med.competence_compass.single_case import NonOverlap, non_overlap

SCORES = st.lists(st.integers(1, 5), min_size=3, max_size=9)


def test_the_example_of_parker_and_vannest():
    """2009: NAP = 96 %. By hand: of 110 pairs 2 fall and 4 are alike."""
    found = non_overlap([4, 3, 4, 3, 4, 7, 5, 2, 3, 2], [5, 9, 7, 9, 7, 5, 9, 11, 11, 10, 9])
    assert found == NonOverlap(above=104, below=2, alike=4)
    assert round(found.nap, 2) == 0.96 and found.tau == pytest.approx(102 / 110)


@pytest.mark.parametrize(
    ("before", "during"), [([1, 2], [3, 4, 5, 5]), ([1, 2, 3], [4]), ([1, 2, 3, 3, 3], []), ([], [])]
)
def test_too_little_says_nothing(before, during):
    assert non_overlap(before, during) is None


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(score):
    with pytest.raises(ValueError, match="number"):
        non_overlap([1, 2, score], [3, 4])


@given(SCORES, SCORES)
def test_it_mirrors_stays_in_bounds_and_knows_only_the_order(before, during):
    found = non_overlap(before, during)
    assert found is not None and 0 <= found.nap <= 1 and found.tau == pytest.approx(2 * found.nap - 1)
    turned = non_overlap([6 - score for score in before], [6 - score for score in during])
    assert turned == NonOverlap(found.below, found.above, found.alike)
    assert non_overlap([score**3 for score in reversed(before)], [score**3 for score in during]) == found
