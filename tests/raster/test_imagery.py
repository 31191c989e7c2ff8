"""Which pixels hold data is one rule, GDAL's dataset mask, for all that reads images."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.datasets.loading import LoadRasterFromFile
from ktda_mmseg.datasets.pictures import read_picture
from ktda_mmseg.datasets.reading import Reading, read_image
from ktda_mmseg.raster.imagery import Imagery, open_image
from ktda_mmseg.raster.tiling import Window
from ktda_mmseg.raster.writing import write_raster

from .conftest import write_tiff

rasterio = pytest.importorskip('rasterio')
pytest.importorskip('rasterio.vrt')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')
PLACE = dict(crs='EPSG:32632', transform=rasterio.transform.from_origin(4e5, 5e6, 10, 10))


@pytest.fixture
def write(tmp_path):
    """A function that writes bands (C, H, W) as GeoTIFF, with a mask if there is one."""
    return partial(write_tiff, tmp_path / 'a.tif', **PLACE)


@pytest.fixture
def dark(write):
    """Three bands of which red alone is 0 in row 1, and all are 0 in row 2."""
    pixels = np.random.default_rng(0).integers(1, 256, (3, 64, 48)).astype(np.uint8)
    pixels[0, 1] = 0
    pixels[:, 2] = 0
    return write(pixels, nodata=0)


def empty_rows(path: Path, **options) -> list[int]:
    """Rows without data, which are empty over all their width."""
    with open_image(path) as image:
        _, valid = image.read(**options)
    assert (valid.any(axis=1) == valid.all(axis=1)).all()
    return np.flatnonzero(~valid.any(axis=1)).tolist()


def test_a_pixel_is_empty_where_all_bands_are_or_with_any_where_one_is(dark):
    assert empty_rows(dark) == [2]
    assert empty_rows(dark, nodata='any') == [1, 2]
    assert empty_rows(dark, bands=[1]) == [2]
    assert empty_rows(dark, bands=[1], nodata='any') == [1, 2]


def test_a_number_stands_for_the_files_nodata_value_but_not_for_its_mask(write):
    pixels = np.full((2, 5, 4), 9, np.int16)
    pixels[:, 1], pixels[:, 2], pixels[0, 3] = 0, -1, -1
    assert empty_rows(write(pixels, nodata=0), nodata=-1) == [2]
    mask = np.ones((5, 4), bool)
    mask[4] = False
    masked = write(pixels, nodata=0, mask=mask)
    assert empty_rows(masked, nodata=-1) == empty_rows(masked) == [4]
    assert empty_rows(masked, nodata='any') == [1, 4]


def test_what_no_network_can_see_is_no_number(write):
    """NaN in one band fills that band; where no band has a number, there are no data."""
    pixels = np.full((2, 6, 4), 5, np.float64)
    pixels[0, 0], pixels[1, 1], pixels[:, 2] = np.nan, np.inf, np.nan
    pixels[0, 3], pixels[1, 3] = np.nan, -9999
    pixels[:, 4] = 1e300
    path = write(pixels, nodata=-9999)
    assert empty_rows(path) == [2, 3, 4]
    assert empty_rows(path, nodata='any') == [0, 1, 2, 3, 4]
    sample = LoadRasterFromFile(fill=[7, 8], scale=2).transform(dict(img_path=str(path)))
    assert np.isfinite(sample['img']).all()
    rows = sample['img'][:, 0].tolist()
    assert rows == [[7, 10], [10, 8], [7, 8], [7, 8], [7, 8], [10, 10]]


def test_windows_overviews_and_warped_views_agree_with_rasterio(dark):
    with rasterio.open(dark, 'r+') as raster:
        raster.build_overviews([2, 4], rasterio.enums.Resampling.nearest)
    with open_image(dark) as image:
        expected = image.raster.dataset_mask() > 0
        _, part = image.read(window=Window(1, 8, 5, 20))
        np.testing.assert_array_equal(part, expected[1:6, 8:28])
        sample, small = image.read(side=16)
        assert sample.shape[1:] == (16, 16)
        np.testing.assert_array_equal(small, image.raster.dataset_mask(out_shape=(16, 16)) > 0)
        grid = dict(crs='EPSG:32633', height=30, width=30)
        with rasterio.vrt.WarpedVRT(image.raster, **grid) as warped:
            _, valid = Imagery(warped).read()
            np.testing.assert_array_equal(valid, warped.dataset_mask() > 0)
            assert 0 < valid.sum() < valid.size


def test_an_alpha_band_that_is_asked_for_is_data(write):
    pixels = np.random.default_rng(0).integers(1, 256, (4, 30, 20)).astype(np.uint8)
    pixels[3, 4] = 0
    path = write(pixels)
    with open_image(path) as image:
        assert image.alpha == (4,) and image.doubtful_alpha() == 4
    assert empty_rows(path, bands=[1, 2, 3]) == [4]
    assert empty_rows(path, bands=[4, 1]) == empty_rows(path) == []


def test_a_mask_is_no_doubtful_alpha(write):
    pixels = np.full((4, 30, 20), 255, np.uint8)
    pixels[3, :10], pixels[3, 10] = 0, np.arange(20)  # a smooth edge
    with open_image(write(pixels)) as image:
        assert image.alpha == (4,) and image.doubtful_alpha() is None


@pytest.mark.parametrize('suffix', ['.png', '.gif', '.bmp', '.tif'])
def test_numbers_of_colours_become_colours(tmp_path, suffix):
    rng = np.random.default_rng(0)
    stored = Image.fromarray(rng.integers(0, 200, (8, 9)).astype(np.uint8), 'P')
    stored.putpalette(rng.integers(0, 256, 768).astype(np.uint8).tobytes())
    path = tmp_path / f'a{suffix}'
    stored.save(path)
    expected = np.asarray(stored.convert('RGB'))
    with open_image(path) as image:
        assert image.indexes == (1, 2, 3) and image.dtypes == ('uint8',) * 3
        pixels, valid = image.read([3, 1])
        np.testing.assert_array_equal(pixels, np.moveaxis(expected[..., [2, 0]], -1, 0))
        assert valid.all()
        with pytest.raises(ValueError, match=r'expected bands \(4,\), found 3 bands'):
            image.read([4])
    sample = LoadRasterFromFile().transform(dict(img_path=str(path)))
    np.testing.assert_array_equal(sample['img'], expected)
    np.testing.assert_array_equal(read_image(path, Reading(raster=True)).pixels, expected)
    np.testing.assert_array_equal(read_picture(str(path)), expected)


def test_transparent_colours_hold_no_data(tmp_path):
    stored = Image.fromarray(np.arange(5, dtype=np.uint8).repeat(4).reshape(5, 4), 'P')
    stored.putpalette(range(15))
    stored.save(tmp_path / 'a.png', transparency=bytes([255, 0, 1, 0]))
    assert empty_rows(tmp_path / 'a.png') == [1, 3]


def test_a_table_of_greys_is_one_band(tmp_path):
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(grey).save(tmp_path / 'a.bmp')
    with open_image(tmp_path / 'a.bmp') as image:
        assert image.raster.colorinterp[0].name == 'palette'
        np.testing.assert_array_equal(image.read()[0], [grey])


@pytest.mark.parametrize('dtype', ['complex64', 'complex128'])
def test_complex_numbers_are_refused(write, dtype):
    path = write(np.ones((2, 4, 4), dtype))
    sentence = rf'a\.tif: expected bands of real numbers, found {dtype}; store amplitude'
    with open_image(path) as image, pytest.raises(ValueError, match=sentence):
        image.read([2])


def test_a_mask_of_a_tile_is_inside_its_file(tmp_path):
    valid = np.eye(6, dtype=bool)
    image = np.zeros((6, 6, 2), np.uint16)
    write_raster(tmp_path / 'a.tif', image, None, nodata=0, valid=valid)
    assert [path.name for path in tmp_path.iterdir()] == ['a.tif']
    with open_image(tmp_path / 'a.tif') as tile:
        np.testing.assert_array_equal(tile.read()[1], valid)
