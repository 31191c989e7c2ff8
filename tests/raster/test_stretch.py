"""One stretch to 8 bits, for tiles, pictures and thumbnails."""

import numpy as np
import pytest

from ktda_mmseg.raster.stretch import Stretch, as_picture, to_bytes


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize('rounded', [False, True])
def test_values_are_stretched_linearly_band_by_band(dtype, rounded):
    values = np.random.default_rng(0).integers(0, 200, (2, 5, 7)).astype(dtype)
    limits = np.float32([[20, 150], [0, 199]])
    found = to_bytes(values, *limits.T[..., None, None], rounded)
    for band, (low, high), shown in zip(values, limits, found):
        exact = 255 * ((band.astype(float) - low) / (high - low)).clip(0, 1)
        off = shown - (np.rint(exact) if rounded else np.floor(exact))
        assert shown.dtype == np.uint8 and np.abs(off).max() <= 1 and (off == 0).mean() > 0.9


def test_no_data_and_a_constant_are_black():
    assert to_bytes(np.float32([np.nan, 5, 4]), 5, 5).tolist() == [0, 0, 0]
    assert as_picture(np.full((2, 2), np.nan)).tolist() == [[0, 0], [0, 0]]


def test_a_picture_is_stretched_to_what_can_be_seen():
    values = np.linspace(-5, 20000, 300).reshape(10, 10, 3).astype(np.int16)
    assert (as_picture(values).min(), as_picture(values).max()) == (0, 255)
    broken = as_picture(np.float32([np.nan, np.inf, 3, 4, 5]))
    assert broken.tolist() == [0, 0, 0, 127, 255]


@pytest.mark.parametrize(
    ('text', 'stretch'), [('-1.5,3000', (-1.5, 3000, False)), ('2%,98%', (2, 98, True))]
)
def test_a_stretch_is_two_values_or_percentiles(text, stretch):
    assert Stretch.parse(text) == stretch


@pytest.mark.parametrize('text', ['9,0', '2%,120%', '2%,98', '0.4', '0,1,2', 'low,high', 'nan,1'])
def test_another_stretch_is_refused(text):
    with pytest.raises(ValueError, match=f"two ascending values .* percentiles .* got '{text}'"):
        Stretch.parse(text)
