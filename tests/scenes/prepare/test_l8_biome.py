"""The L8-Biome sample as RGB tiles."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.prepare.l8_biome import FILE_BANDS, prepare

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')


@pytest.fixture(scope='module')
def sample(shared) -> Path:
    """Folder of the real sample."""
    return shared / 'data' / 'l8_biome_sample'


@pytest.fixture(scope='module')
def prepared(sample, tmp_path_factory):
    """The sample, prepared."""
    return prepare(sample, tmp_path_factory.mktemp('l8') / 'set')


@pytest.fixture(scope='module')
def eight(sample, tmp_path_factory):
    """The sample, prepared with all bands."""
    return prepare(sample, tmp_path_factory.mktemp('l8_8band') / 'set', bands='all')


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
        blue, green, red = raster.read()[:3]
    image = np.asarray(Image.open(path)).astype(float)
    span = max(b.max() for b in (red, green, blue)) - min(b.min() for b in (red, green, blue))
    assert image.min() == 0 and image.max() == 255
    for channel, band in enumerate((red, green, blue)):
        back = image[..., channel] / 255 * span
        offset = (band - back) - (band - back).min()
        assert offset.max() < 1.01 * span / 255


def test_eight_bands_in_sixteen_bits_are_those_of_the_sample(prepared, eight, sample):
    for path in (eight.out / 'img_dir').rglob('*.tif'):
        with rasterio.open(sample / path.parent.name / 'Images' / path.name) as raster:
            values = raster.read((3, 2, 1, 4, 5, 6, 7, 8)).astype(float)
        with rasterio.open(path) as raster:
            coded = raster.read()
            assert (raster.nodata, raster.dtypes) == (0, ('uint16',) * 8)
        values[:7] *= 10_000
        values[7] *= 100
        assert 200 * 100 < coded[7].min() and coded[7].max() < 320 * 100  # kelvin
        assert abs(coded - np.maximum(values, 1)).max() < 0.51
    assert eight.images == prepared.images and eight.notes == prepared.notes
    for split, pixels in prepared.pixels.items():
        np.testing.assert_array_equal(eight.pixels[split], pixels)


def test_the_bands_have_the_colours_they_are_named_by(sample):
    # clear deep water absorbs red light more than green, and the air scatters blue light most
    images = next(path.parent for path in sample.rglob('Images/Barren_00_0214.tif'))
    with rasterio.open(images / 'Barren_00_0214.tif') as raster:
        values = dict(zip(FILE_BANDS, raster.read(), strict=True))
    with rasterio.open(images.parent / 'Masks' / 'Barren_00_0214.tif') as raster:
        water = (raster.read(1) == 128) & (values['nir'] < 0.03)
    means = [values[name][water].mean() for name in ('blue', 'green', 'red', 'nir')]
    assert water.sum() > 1000
    assert all(shorter > 1.4 * longer for shorter, longer in itertools.pairwise(means))


def test_a_fixed_stretch(sample, tmp_path):
    prepare(sample, tmp_path / 'set', stretch='0.1,0.5')
    path = next((tmp_path / 'set' / 'img_dir' / 'test').iterdir())
    with rasterio.open(sample / 'test' / 'Images' / f'{path.stem}.tif') as raster:
        expected = ((raster.read((3, 2, 1)).astype(float) - 0.1) / 0.4).clip(0, 1) * 255
    image = np.asarray(Image.open(path)).transpose(2, 0, 1)
    assert abs(image - np.floor(expected)).max() <= 1


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
    with pytest.raises(
        FileNotFoundError, match=r'val: expected Masks/\*\.tif for each Images.* 1: a$'
    ):
        prepare(small, tmp_path / 'set')


def test_a_truncated_tile_is_named(small, tmp_path):
    path = small / 'test' / 'Images' / 'a.tif'
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match=r'test/Images/a\.tif: expected a complete raster'):
        prepare(small, tmp_path / 'set')
    assert not (tmp_path / 'set').exists()


def test_another_size_of_the_mask_is_named(small, tmp_path):
    path = small / 'train' / 'Masks' / 'a.tif'
    with rasterio.open(path, 'w', driver='GTiff', height=16, width=15, count=1, dtype='uint8'):
        pass
    message = r'Masks/a\.tif: expected the size of its image, \(16, 16\), found \(16, 15\)'
    with pytest.raises(ValueError, match=message):
        prepare(small, tmp_path / 'set')


def test_pixels_that_are_not_numbers_are_ignored(small, tmp_path):
    with rasterio.open(small / 'train' / 'Images' / 'a.tif', 'r+') as raster:
        values = raster.read()
        values[2, 3, :5] = np.nan
        raster.write(values)
    assert prepare(small, tmp_path / 'set').pixels['train'][255] == 5


def test_a_missing_split_is_named(small, tmp_path):
    (small / 'test' / 'Images' / 'a.tif').unlink()
    with pytest.raises(FileNotFoundError, match=r'test: expected files Images/\*\.tif, found none'):
        prepare(small, tmp_path / 'set')


def test_a_folder_of_something_else_is_told_what_was_expected(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'LC8\*_MTL\.txt .*test\}/Images; found neither'):
        prepare(tmp_path, tmp_path / 'set')


@pytest.mark.parametrize('options', [{'tile': 0}, {'splits': Path('s.yaml')}, {'seed': 1}])
def test_the_sample_is_neither_tiled_nor_divided(small, tmp_path, options):
    with pytest.raises(ValueError, match='expected scenes to tile and divide, found the sample'):
        prepare(small, tmp_path / 'set', **options)


@pytest.mark.parametrize(
    ('options', 'folder'),
    [({}, 'data/l8_biome_sample'), ({'bands': 'all'}, 'data/l8_biome_sample_8band')],
)
def test_the_folder_is_called_by_what_it_holds(small, tmp_path, monkeypatch, options, folder):
    monkeypatch.chdir(tmp_path)
    assert prepare(small, **options).out == Path(folder)
    assert (tmp_path / folder / 'img_dir' / 'train').is_dir()
