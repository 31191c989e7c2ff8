"""Tiles cover the image and stay inside."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktda_mmseg.datasets.preparation.tiling import tile_windows

sides = st.integers(1, 90)


@given(sides, sides, st.integers(1, 40))
def test_tiles_cover_every_pixel_and_stay_inside(height, width, size):
    covered = np.zeros((height, width), int)
    windows = tile_windows(height, width, size)
    for window in windows:
        assert window.y >= 0 and window.x >= 0
        part = window.cut(covered)
        assert part.shape == (min(size, height), min(size, width))
        part += 1
    assert covered.min() >= 1
    assert len(set(windows)) == len(windows) == -(-height // size) * -(-width // size)


def test_the_last_tile_is_shifted_inside():
    assert [window.x for window in tile_windows(5, 12, 5)] == [0, 5, 7]


@pytest.mark.parametrize('sizes', [(0, 5, 5), (5, 0, 5), (5, 5, 0)])
def test_sizes_must_be_positive(sizes):
    with pytest.raises(ValueError, match='at least 1'):
        tile_windows(*sizes)
