"""The L8-Biome sample as RGB tiles."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.datasets.preparation.l8_biome import class_mask, prepare, stretch

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')


@pytest.fixture(scope='module')
def sample(shared) -> Path:
    """Folder of the real sample."""
    return shared / 'data' / 'l8_biome_sample'


@pytest.fixture(scope='module')
def prepared(sample, tmp_path_factory):
    """The sample, prepared."""
    return prepare(tmp_path_factory.mktemp('l8') / 'set', sample)


def test_the_pixel_counts_of_the_sample(prepared):
    assert prepared.images == {'train': 16, 'val': 8, 'test': 5}
    # clear, shadow, thin cloud, cloud: as counted in the USGS masks
    assert prepared.pixels['train'][:4].tolist() == [655_841, 7_030, 96_516, 289_189]
    assert prepared.pixels['train'].sum() == 16 * 256 * 256


def test_masks_without_image_are_reported(prepared):
    assert prepared.notes == ['train: 32 masks without an image, left out']
    assert prepared.notes[0] in str(prepared)


def test_a_tile_is_the_stretched_red_green_and_blue(prepared, sample):
    path = next((prepared.out / 'img_dir' / 'val').iterdir())
    with rasterio.open(sample / 'val' / 'Images' / f'{path.stem}.tif') as raster:
        red, green, blue = raster.read()[:3]
    image = np.asarray(Image.open(path)).astype(float)
    span = max(b.max() for b in (red, green, blue)) - min(b.min() for b in (red, green, blue))
    assert image.min() == 0 and image.max() == 255
    for channel, band in enumerate((red, green, blue)):
        back = image[..., channel] / 255 * span
        offset = (band - back) - (band - back).min()
        assert offset.max() < 1.01 * span / 255


def test_a_constant_tile_is_black():
    assert not stretch(np.full((3, 4, 4), 0.3, np.float32)).any()


def test_labels_are_mapped_and_fill_is_ignored():
    labels = np.array([[0, 64, 128, 192, 255]], np.uint8)
    assert class_mask(labels, Path('m.tif')).tolist() == [[255, 1, 0, 2, 3]]


def test_an_unknown_label_is_named():
    labels = np.array([[0, 64, 7, 7]], np.uint8)
    with pytest.raises(ValueError, match=r'm\.tif: expected .*found 7 in 2 pixels$'):
        class_mask(labels, Path('m.tif'))


@pytest.fixture
def small(tmp_path) -> Path:
    """A made-up archive of one tile a split."""
    for split in ('train', 'val', 'test'):
        for kind, count, dtype in (('Images', 8, 'float32'), ('Masks', 1, 'uint8')):
            folder = tmp_path / 'archive' / split / kind
            folder.mkdir(parents=True)
            shape = dict(height=16, width=16, count=count, dtype=dtype)
            with rasterio.open(folder / 'a.tif', 'w', driver='GTiff', **shape) as raster:
                raster.write(np.full((count, 16, 16), 128, dtype))
    return tmp_path / 'archive'


def test_an_image_without_mask_is_named(small, tmp_path):
    masks = small / 'val' / 'Masks'
    (masks / 'a.tif').rename(masks / 'b.tif')
    with pytest.raises(FileNotFoundError, match=r'Masks: expected a mask for each image.* 1: a$'):
        prepare(tmp_path / 'set', small)


def test_a_truncated_tile_is_named(small, tmp_path):
    path = small / 'test' / 'Images' / 'a.tif'
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match=r'test/Images/a\.tif: expected a complete TIFF'):
        prepare(tmp_path / 'set', small)
    assert not (tmp_path / 'set').exists()


def test_a_missing_split_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'train/Images: expected \.tif files'):
        prepare(tmp_path / 'set', tmp_path)
