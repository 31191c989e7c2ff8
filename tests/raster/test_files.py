"""Rasters are read by windows and written as a whole, or one sentence says why not."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.raster.files import (
    CACHE_BYTES,
    Georeference,
    georeference,
    open_raster,
    read_window,
    same_grid,
)
from ktda_mmseg.raster.tiling import Window
from ktda_mmseg.raster.writing import write_raster

from .conftest import write_tiff

rasterio = pytest.importorskip('rasterio')
TRANSFORM = rasterio.transform.from_origin(399_960, 5_100_000, 10, 10)
WINDOW = Window(40, 8, 20, 30)


@pytest.fixture
def scene(tmp_path) -> Path:
    """A georeferenced raster of 4 random bands, 100x90, 16 bits."""
    pixels = np.random.default_rng(0).integers(0, 2**16, (4, 100, 90)).astype(np.uint16)
    place = dict(crs='EPSG:32632', transform=TRANSFORM)
    return write_tiff(tmp_path / 'scene.tif', pixels, compress='deflate', **place)


def test_a_window_has_the_pixels_and_the_place_that_rasterio_gives(scene):
    window = rasterio.windows.Window(WINDOW.x, WINDOW.y, WINDOW.width, WINDOW.height)
    with rasterio.open(scene) as raster:
        expected = raster.read([3, 1], window=window)
        transform = raster.window_transform(window)
    with open_raster(scene) as raster:
        assert np.array_equal(read_window(raster, WINDOW, (3, 1)), expected)
        assert read_window(raster).shape == (4, 100, 90)
        place = georeference(raster).at(WINDOW)
    assert place == (rasterio.crs.CRS.from_epsg(32632), transform)


def test_a_missing_file_and_a_missing_band_are_named(scene, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.tif: expected a raster, found no file'):
        with open_raster(tmp_path / 'none.tif'):
            pass
    with pytest.raises(ValueError, match=r'scene\.tif: expected bands \(5,\), found 4 bands'):
        with open_raster(scene) as raster:
            read_window(raster, bands=[5])


@pytest.mark.parametrize(
    ('change', 'same'),
    [
        (dict(), True),
        (dict(crs=None), True),
        (dict(crs='EPSG:32633'), False),
        (dict(transform=TRANSFORM * rasterio.Affine.translation(0.005, 0)), True),
        (dict(transform=TRANSFORM * rasterio.Affine.translation(0, 0.02)), False),
        (dict(transform=TRANSFORM * rasterio.Affine.scale(1.001)), False),
    ],
    ids=str,
)
def test_a_grid_is_the_same_within_a_hundredth_of_a_pixel(change, same):
    place = Georeference('EPSG:32632', TRANSFORM)
    assert same_grid((100, 90), place, (100, 90), place._replace(**change)) == same
    assert not same_grid((100, 90), place, (90, 100), place)


@pytest.mark.parametrize('suffix', ['.tif', '.png', '.jpg'])
def test_a_truncated_file_is_named(tmp_path, suffix):
    path = tmp_path / f'a{suffix}'
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=rf'a\{suffix}: expected a complete raster, found: '):
        with open_raster(path) as raster:
            read_window(raster)


def test_text_is_no_raster(tmp_path):
    (tmp_path / 'a.tif').write_text('no image')
    with pytest.raises(ValueError, match=r'a\.tif: expected a complete raster'):
        with open_raster(tmp_path / 'a.tif'):
            pass


def test_no_georeference_is_no_warning(tmp_path):
    Image.new('RGB', (4, 4)).save(tmp_path / 'a.png')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        with open_raster(tmp_path / 'a.png') as raster:
            assert georeference(raster) is None


@pytest.mark.parametrize(
    ('name', 'dtype', 'bands', 'nodata'),
    [
        ('a.tif', 'uint8', 3, None),
        ('a.tif', 'uint16', 4, 0),
        ('a.tif', 'int16', 1, -9999),
        ('a.tif', 'float32', 8, float('nan')),
    ],
)
def test_what_is_written_is_read_back_with_its_place(scene, tmp_path, name, dtype, bands, nodata):
    image = (np.random.default_rng(0).random((6, 5, bands)) * 200).astype(dtype)
    with open_raster(scene) as raster:
        place = georeference(raster).at(WINDOW)
    for folder in 'xy':
        write_raster(tmp_path / folder / name, image, place, nodata)
    with rasterio.open(tmp_path / 'x' / name) as raster:
        assert np.array_equal(raster.read(), image.transpose(2, 0, 1))
        assert raster.dtypes == (dtype,) * bands
        assert (raster.crs, raster.transform) == place
        assert str(raster.nodata) == str(nodata if nodata is None else float(nodata))
        assert rasterio.enums.ColorInterp.alpha not in raster.colorinterp
    assert [path.name for path in (tmp_path / 'x').iterdir()] == [name]
    assert (tmp_path / 'x' / name).read_bytes() == (tmp_path / 'y' / name).read_bytes()


@pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')
def test_a_picture_with_a_list_of_files_in_it_is_a_picture(tmp_path):
    """GDAL alone takes it for the list, and would read the file that it names."""
    Image.fromarray(np.full((4, 4), 200, np.uint8)).save(tmp_path / 'secret.png')
    source = '<SimpleSource><SourceFilename relativeToVRT="1">secret.png</SourceFilename>'
    band = f'<VRTRasterBand dataType="Byte" band="1">{source}</SimpleSource></VRTRasterBand>'
    content = f'<VRTDataset rasterXSize="4" rasterYSize="4">{band}</VRTDataset>'.encode()
    path = tmp_path / 'picture.jpg'
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    jpeg = path.read_bytes()
    # a comment directly behind the start; its length holds no zero byte
    comment = content.ljust(0x0202 - 2)
    path.write_bytes(jpeg[:2] + b'\xff\xfe\x02\x02' + comment + jpeg[2:])
    with rasterio.open(path) as raster:
        assert raster.driver == 'VRT'
    with open_raster(path) as raster:
        assert raster.driver == 'JPEG'
        assert read_window(raster).max() == 0


def test_a_block_is_decoded_once_for_all_its_rows(scene):
    """What rasterio is told are bytes; a cache of 512 of them would hold no block."""
    from rasterio._env import get_gdal_config

    with open_raster(scene):
        assert get_gdal_config('GDAL_CACHEMAX') == CACHE_BYTES == 192 << 20
    for wanted in (CACHE_BYTES + 1, CACHE_BYTES - 1):
        with rasterio.Env(GDAL_CACHEMAX=wanted), open_raster(scene):
            assert get_gdal_config('GDAL_CACHEMAX') == max(CACHE_BYTES, wanted)
