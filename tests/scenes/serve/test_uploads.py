"""What a file says of itself is bounded before a pixel is decoded."""

import numpy as np
import pytest

from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.serve.jobs import Limits
from ktda_mmseg.scenes.serve.uploads import check_upload

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')
CARD = ModelCard(('a', 'b'), ((0, 0, 0), (1, 1, 1)), (1,), (0,), (1,), (0,), None, None, (32, 32))


def sparse(path, height, width, count=1, **options):
    """Make a file of a few kilobytes, whatever its size in pixels."""
    shape = dict(height=height, width=width, count=count, dtype='uint8')
    with rasterio.open(path, 'w', driver='GTiff', sparse_ok=True, **shape, **options):
        pass
    return path


def test_what_is_within_bounds_passes(tmp_path):
    tiled = dict(tiled=True, blockxsize=256, blockysize=256)
    check_upload(sparse(tmp_path / 'a.tif', 4000, 3000, 4, **tiled), CARD, Limits())


@pytest.mark.parametrize(
    ('height', 'width', 'message'),
    [
        (20_000, 20_000, r'expected at most 150,000,000 pixels, found 20,000 x 20,000'),
        (1, 65_001, r'expected at most 65,000 pixels a side, found 65,001 x 1'),
        (65_001, 1, r'expected at most 65,000 pixels a side, found 1 x 65,001'),
    ],
)
def test_an_image_is_bounded_in_pixels_and_sides(tmp_path, height, width, message):
    with pytest.raises(ValueError, match=rf'a\.tif: {message}'):
        check_upload(sparse(tmp_path / 'a.tif', height, width), CARD, Limits())


def test_a_small_image_in_a_huge_tile_is_refused(tmp_path):
    options = dict(tiled=True, blockxsize=32_768, blockysize=32_768, compress='deflate')
    path = sparse(tmp_path / 'a.tif', 16, 16, **options)
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match='expected blocks of at most 512 MB, found 1,024 MB'):
        check_upload(path, CARD, Limits())


def test_overviews_are_bounded_too(tiff):
    path = tiff('a.tif', np.zeros((1, 64, 64), np.uint8))
    with rasterio.Env(GDAL_TIFF_OVR_BLOCKSIZE=4096):
        with rasterio.open(path, 'r+') as raster:
            raster.build_overviews([2])
    with rasterio.open(path, overview_level=0) as overview:
        assert overview.block_shapes == [(4096, 4096)]
    check_upload(path, CARD, Limits())
    with pytest.raises(ValueError, match='expected blocks of at most 8 MB, found 16 MB'):
        check_upload(path, CARD, Limits(block=8 << 20))
