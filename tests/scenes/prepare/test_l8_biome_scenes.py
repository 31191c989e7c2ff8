"""Full Landsat 8 scenes, from USGS's files to tiles."""

import math
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.raster.files import open_raster
from ktda_mmseg.scenes.prepare.l8_biome import prepare

rasterio = pytest.importorskip('rasterio')
pytestmark = [
    pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning'),
    # said of rasterio's own code
    pytest.mark.filterwarnings('ignore:Use `@` matmul:PendingDeprecationWarning'),
]
NAMES = [f'LC800{path}0732013109LGN00' for path in range(10, 15)]
TILE = 256


@pytest.fixture(scope='module')
def source(make_scene, tmp_path_factory):
    """Five scenes of 700x600 pixels in two biomes; the first is alone in its split."""
    root = tmp_path_factory.mktemp('usgs')
    for seed, name in enumerate(NAMES):
        biome = 'snow_ice' if seed < 2 else 'urban'
        size = (700, 600) if seed == 0 else (100, 90)
        make_scene(root / biome / 'BC' / name, *size, seed=seed)
    (root / 'splits.yaml').write_text(f'train: [{NAMES[0]}]\nval: [{NAMES[1]}, {NAMES[3]}]\n')
    return root


@pytest.fixture(scope='module')
def rgb(source, tmp_path_factory):
    """Prepared as the authors did."""
    out = tmp_path_factory.mktemp('rgb') / 'set'
    return prepare(source, out, tile=TILE, splits=source / 'splits.yaml')


@pytest.fixture(scope='module')
def bands(source, tmp_path_factory):
    """Prepared with all bands."""
    out = tmp_path_factory.mktemp('all') / 'set'
    return prepare(source, out, bands='all', tile=TILE, splits=source / 'splits.yaml')


def tiles(summary, kind='img_dir'):
    """Tiles of the first scene, with the window each has in its name."""
    for path in sorted((summary.out / kind / 'train').glob('*.[pt][ni][gf]')):
        y, x = map(int, path.stem.removeprefix(f'snow_ice_{NAMES[0]}_patch_').split('_'))
        yield path, rasterio.windows.Window(x, y, TILE, TILE)


def scene(source, end):
    """A file of the first scene."""
    return source / 'snow_ice' / 'BC' / NAMES[0] / f'{NAMES[0]}_{end}'


def test_every_tile_with_data_is_there(rgb, bands, source):
    with rasterio.open(scene(source, 'fixedmask.img')) as raster:
        labels = raster.read(1)
    expected = {
        (y, x)
        for y in (0, 256, 444)
        for x in (0, 256, 344)
        if labels[y : y + TILE, x : x + TILE].any()
    }
    assert 0 < len(expected) < 9
    for summary in (rgb, bands):
        assert {(w.row_off, w.col_off) for _, w in tiles(summary)} == expected
        assert summary.images == {'train': len(expected), 'val': 2}


def test_a_tile_lies_where_its_window_lies(rgb, bands, source):
    with rasterio.open(scene(source, 'B4.TIF')) as raster:
        for path, window in [*tiles(rgb), *tiles(bands)]:
            with open_raster(path) as tile:
                assert tile.crs == raster.crs
                assert tile.transform == raster.window_transform(window)
                assert tile.bounds == rasterio.windows.bounds(window, raster.transform)


def test_a_mask_holds_the_classes_of_its_window(bands, source):
    classes = {0: 255, 128: 0, 64: 1, 192: 2, 255: 3}
    with rasterio.open(scene(source, 'fixedmask.img')) as raster:
        for path, window in tiles(bands, 'ann_dir'):
            labels = raster.read(1, window=window)
            expected = np.vectorize(classes.get)(labels)
            np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)


def test_sixteen_bits_are_the_values_of_the_scene(bands, source):
    for path, window in tiles(bands):
        with rasterio.open(path) as tile:
            values = tile.read()
            assert tile.dtypes == ('uint16',) * 8 and tile.nodatavals == (0,) * 8
        for value, number in zip(values, (4, 3, 2, 5, 6, 7, 9, 10), strict=True):
            with rasterio.open(scene(source, f'B{number}.TIF')) as raster:
                counts = raster.read(1, window=window).astype(float)
            if number == 10:
                physical = 100 * 1321.0789 / np.log(774.8853 / (3.342e-4 * counts + 0.1) + 1)
            else:
                physical = 10_000 * (2e-5 * counts - 0.1) / math.sin(math.radians(41.5))
            expected = np.where(counts == 0, 0, np.maximum(physical, 1))
            # half a step of rounding, and what float32 adds to it
            assert abs(value - expected).max() < 0.51


def test_rgb_is_bands_4_3_and_2_from_darkest_to_brightest(rgb, source):
    for path, window in tiles(rgb):
        counts = []
        for number in (4, 3, 2):
            with rasterio.open(scene(source, f'B{number}.TIF')) as raster:
                counts.append(raster.read(1, window=window).astype(float))
        full = np.stack(counts, axis=2)
        valid = full > 0
        low, high = full[valid].min(), full[valid].max()
        # the three bands have the same factors, so counts stretch as reflectance does
        expected = np.where(valid, (full - low) / (high - low) * 255, 0)
        image = np.asarray(Image.open(path)).astype(float)
        assert abs(image - np.floor(expected)).max() <= 1
        assert (image == np.floor(expected)).mean() > 0.99


def test_scenes_outside_the_lists_are_left_out_and_reported(rgb):
    assert rgb.notes[0].startswith('scenes: 1 train, 2 val, 0 test; 2 not in ')
    names = {path.name for path in (rgb.out / 'img_dir').rglob('*.png')}
    assert not any(NAMES[2] in name for name in names)


def test_without_lists_no_scene_is_in_two_splits(source, tmp_path):
    summary = prepare(source, tmp_path / 'set', tile=700, stretch='0,0.4')
    splits = {
        path.stem.split('_patch_')[0]: path.parent.name
        for path in (tmp_path / 'set' / 'img_dir').rglob('*.png')
    }
    assert {name.rsplit('_', 1)[1] for name in splits} == set(NAMES)
    assert Counter(splits.values()) == {'train': 3, 'val': 1, 'test': 1}
    assert "the authors' lists are not published" in str(summary)


def test_a_fixed_stretch_is_the_same_in_every_tile(source, tmp_path):
    prepare(source, tmp_path / 'set', tile=TILE, stretch='0,0.4', splits=source / 'splits.yaml')
    path = tmp_path / 'set' / 'img_dir' / 'train' / f'snow_ice_{NAMES[0]}_patch_444_344.png'
    with rasterio.open(scene(source, 'B2.TIF')) as raster:
        counts = raster.read(1, window=rasterio.windows.Window(344, 444, TILE, TILE)).astype(float)
    reflectance = (2e-5 * counts - 0.1) / math.sin(math.radians(41.5))
    expected = np.floor((reflectance / 0.4).clip(0, 1) * 255)
    assert abs(np.asarray(Image.open(path))[..., 2] - expected).max() <= 1


def test_a_tile_without_side_is_refused(source, tmp_path):
    with pytest.raises(ValueError, match='expected sizes of at least 1, got 700x600, tile 0'):
        prepare(source, tmp_path / 'set', tile=0)


def test_a_held_out_scene_is_counted_once(source, tmp_path):
    lists = tmp_path / 'splits.yaml'
    lists.write_text(f'train: [{NAMES[1]}]\nval: [{NAMES[3]}]\ntest: [{NAMES[0]}]\n')
    summary = prepare(source, tmp_path / 'set', tile=TILE, splits=lists)
    with rasterio.open(scene(source, 'fixedmask.img')) as raster:
        labels = raster.read(1)
    bands = [rasterio.open(scene(source, f'B{number}.TIF')).read(1) for number in (4, 3, 2)]
    valid = (labels > 0) & np.all(bands, 0)
    expected = [(valid & (labels == value)).sum() for value in (128, 64, 192, 255)]
    assert summary.pixels['test'][:4].tolist() == expected
