"""Tiles cover the image and stay inside."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktda_mmseg.raster.tiling import tile_windows

sides = st.integers(1, 90)


@given(sides, sides, st.integers(1, 40), st.data())
def test_tiles_cover_every_pixel_and_stay_inside(height, width, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    covered = np.zeros((height, width), int)
    windows = tile_windows(height, width, size, overlap)
    for window in windows:
        assert window.y >= 0 and window.x >= 0
        part = window.cut(covered)
        assert part.shape == (min(size, height), min(size, width))
        part += 1
    assert covered.min() >= 1
    rows, columns = (1 + max(-(-(side - size) // (size - overlap)), 0) for side in (height, width))
    assert len(set(windows)) == len(windows) == rows * columns
    for first, second in pairwise(sorted({window.x for window in windows})):
        assert first + size - second >= overlap


def test_the_last_tile_is_shifted_inside():
    assert [window.x for window in tile_windows(5, 12, 5)] == [0, 5, 7]


@given(sides, sides, st.integers(1, 40))
def test_tiles_without_overlap_divide_the_image(height, width, size):
    covered = np.zeros((height, width), int)
    for window in tile_windows(height, width, size, shift=False):
        part = window.cut(covered)
        part += 1
        assert part.shape == window[2:]
        for side, length in zip(window[2:], (height, width)):
            assert min(size // 2, length) <= side <= size
    assert (covered == 1).all()


def test_a_last_tile_that_would_be_thin_shares_with_the_one_before():
    assert [w.x for w in tile_windows(5, 10 * 4 + 6, 10, shift=False)] == [0, 10, 20, 30, 40]
    assert [w.x for w in tile_windows(5, 10 * 4 + 2, 10, shift=False)] == [0, 10, 20, 30, 36]


@pytest.mark.parametrize('overlap', [-1, 5, 6])
def test_the_overlap_is_smaller_than_a_tile(overlap):
    with pytest.raises(ValueError, match=rf'from 0 to 4 \(tile - 1\), got {overlap}'):
        tile_windows(20, 20, 5, overlap)


@pytest.mark.parametrize('sizes', [(0, 5, 5), (5, 0, 5), (5, 5, 0)])
def test_sizes_must_be_positive(sizes):
    with pytest.raises(ValueError, match='at least 1'):
        tile_windows(*sizes)
