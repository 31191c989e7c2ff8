"""Any image becomes one that can be looked at."""

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.datasets.pictures import read_picture

from ..raster.conftest import write_tiff

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_a_picture_is_shown_as_it_is(tmp_path, suffix):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / f'a{suffix}')
    np.testing.assert_array_equal(read_picture(str(tmp_path / f'a{suffix}')), pixels)


def test_the_first_bands_are_stretched_and_empty_pixels_black(tmp_path):
    ramp = np.linspace(1000, 2000, 101).astype(np.uint16).reshape(1, 1, 101)
    bands = np.concatenate([ramp, ramp[..., ::-1], 2 * ramp, ramp * 0 + 9]).repeat(9, 1)
    bands[:, 0] = 0
    picture = read_picture(str(write_tiff(tmp_path / 'a.tif', bands, nodata=0)))
    assert picture.dtype == np.uint8 and picture.shape == (9, 101, 3)
    assert not picture[0].any()
    red, green, blue = np.moveaxis(picture[1:], -1, 0).astype(int)
    expected = np.clip((np.arange(101) - 2) / 96, 0, 1) * 255
    assert abs(red - expected).max() <= 1
    assert abs(green - expected[::-1]).max() <= 1
    assert abs(blue - red).max() <= 1


def test_one_band_is_grey_and_nan_black(tmp_path):
    band = np.linspace(-1, 1, 20, dtype=np.float32).reshape(1, 4, 5)
    band[0, 0, 0] = np.nan
    picture = read_picture(str(write_tiff(tmp_path / 'a.tif', band)))
    assert (picture == picture[..., :1]).all()
    assert not picture[0, 0].any() and picture[-1, -1].tolist() == [255] * 3


@pytest.mark.parametrize(
    'bands', [np.full((4, 3, 3), 7, np.int16), np.full((1, 3, 3), np.nan, np.float32)]
)
def test_what_is_constant_or_empty_is_black(tmp_path, bands):
    assert not read_picture(str(write_tiff(tmp_path / 'a.tif', bands))).any()
