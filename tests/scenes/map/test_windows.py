"""Windows cover a scene, weigh one together, and finish its rows strip by strip."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktda_mmseg.scenes.map.windows import Grid, axis


@st.composite
def axes(draw):
    window = draw(st.integers(1, 40))
    return draw(st.integers(1, 150)), window, draw(st.integers(0, window - 1))


def total_of(found, length, window):
    """Sum the weights of all windows, with room for what lies outside."""
    total = np.zeros(length + 4 * window)
    for start, weight in zip(found.starts, found.weights):
        total[start + window : start + 2 * window] += weight
    return total


@given(axes())
def test_windows_weigh_one_together_and_nothing_outside(numbers):
    length, window, _ = numbers
    found = axis(*numbers)
    total = total_of(found, length, window)
    np.testing.assert_allclose(total[window : window + length], 1, rtol=0, atol=1e-6)
    assert not total[:window].any() and not total[window + length :].any()
    for weight in found.weights:
        assert weight.shape == (window,) and weight.dtype == np.float32
        assert weight.min() >= 0 and weight.max() <= 1


@given(axes())
def test_the_ends_of_a_window_weigh_nothing(numbers):
    _, window, overlap = numbers
    found = axis(*numbers)
    margin = overlap // 4
    for weight in found.weights:
        assert not weight[:margin].any() and not weight[window - margin :].any()


@given(axes())
def test_windows_follow_each_other_and_reach_both_ends(numbers):
    length, window, overlap = numbers
    starts, _ = axis(*numbers)
    margin = overlap // 4
    assert starts[0] == -margin
    assert all(0 < second - first <= window - overlap for first, second in pairwise(starts))
    reached = starts[-1] + window
    assert reached == length + margin or (len(starts) == 1 and reached > length + margin)


def test_neighbours_fade_into_each_other_as_a_raised_cosine():
    first, second = axis(20, 16, 8).weights
    expected = (1 - np.cos(np.pi * np.array([0.5, 1.5, 2.5, 3.5]) / 4)) / 2
    np.testing.assert_allclose(second[2:6], expected, atol=1e-7)
    np.testing.assert_allclose(first[10:14], 1 - expected, atol=1e-7)
    # the scene begins at the first one's third pixel
    assert (first[2:10] == 1).all() and (second[6:14] == 1).all()


@pytest.mark.parametrize(
    ('numbers', 'message'),
    [
        ((0, 8, 2), 'at least 1, got scene 0, window 8'),
        ((5, 0, 0), 'at least 1, got scene 5, window 0'),
        ((5, 8, 8), r'from 0 to 7 \(window - 1\), got 8'),
        ((5, 8, -1), r'from 0 to 7 \(window - 1\), got -1'),
    ],
)
def test_numbers_out_of_range_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        axis(*numbers)


@given(axes(), st.integers(1, 60))
def test_strips_part_the_rows_and_no_later_window_adds_to_them(numbers, width):
    height, window, overlap = numbers
    grid = Grid(height, width, (window, 40), overlap)
    assert len(grid.strips) == len(grid.rows.starts)
    rows = [row for first, stop in grid.strips for row in range(first, stop)]
    assert rows == list(range(height))
    assert all(first < stop for first, stop in grid.strips)
    for index, (first, stop) in enumerate(grid.strips):
        adding = [
            row
            for row, (start, weight) in enumerate(zip(*grid.rows))
            if weight[max(first - start, 0) : max(stop - start, 0)].any()
        ]
        assert adding[-1] == index
        assert grid.needed(index) == adding[0]
        assert adding == list(range(adding[0], index + 1))
