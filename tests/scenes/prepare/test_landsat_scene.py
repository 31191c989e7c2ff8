"""Scenes as USGS publishes them: finding them, and reading windows as physical values."""

import math
import shutil

import numpy as np
import pytest

from ktda_mmseg.raster.tiling import Window
from ktda_mmseg.scenes.prepare.landsat_scene import BANDS, find_landsat_scenes

rasterio = pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')
NAME = 'LC80010732013109LGN00'


@pytest.fixture(scope='module')
def made(make_scene, tmp_path_factory):
    """Folder with one scene, to be read only."""
    root = tmp_path_factory.mktemp('scenes')
    make_scene(root / 'Grass-Crops' / 'BC' / NAME, 120, 100)
    return root


@pytest.fixture
def root(made, tmp_path):
    """A copy of it, to be damaged."""
    return shutil.copytree(made, tmp_path / 'set')


def stored(root, end):
    """What rasterio reads of a file."""
    with rasterio.open(next(root.rglob(f'{NAME}_{end}'))) as raster:
        return raster.read(1)


def test_a_scene_knows_its_biome_its_size_and_its_place(made):
    (scene,) = find_landsat_scenes(made)
    assert (scene.name, scene.biome, scene.shape) == (NAME, 'grass_crops', (120, 100))
    assert scene.place.crs.to_epsg() == 32617
    assert scene.place.transform @ (0, 0) == (339885, 4286915)


def test_no_biome_where_no_folder_says_so(made, tmp_path):
    shutil.copytree(next(made.rglob(NAME)), tmp_path / 'mine' / NAME)
    assert find_landsat_scenes(tmp_path)[0].biome is None


def test_folders_above_the_source_tell_no_biome(made, tmp_path):
    shutil.copytree(made / 'Grass-Crops', tmp_path / 'water' / 'set' / 'x')
    assert find_landsat_scenes(tmp_path / 'water' / 'set')[0].biome is None
    assert find_landsat_scenes(tmp_path / 'water')[0].biome == 'water'


def test_values_are_those_of_the_handbook(made):
    (scene,) = find_landsat_scenes(made)
    windows = [Window(20, 0, 64, 64), Window(20, 36, 64, 64)]
    for window, (values, labels) in zip(windows, scene.read([*BANDS], windows), strict=True):
        part = window.slices()
        np.testing.assert_array_equal(labels, stored(made, 'fixedmask.img')[part])
        for value, (band, number) in zip(values, BANDS.items(), strict=True):
            counts = stored(made, f'B{number}.TIF')[part].astype(float)
            if band == 'tir1':
                expected = 1321.0789 / np.log(774.8853 / (3.342e-4 * counts + 0.1) + 1)
            else:
                expected = (2e-5 * counts - 0.1) / math.sin(math.radians(41.5))
            expected[counts == 0] = np.nan
            np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
            assert np.isnan(value).any() and value.dtype == np.float32


def test_an_archive_unpacked_into_a_folder_of_the_same_name_counts_once(made, tmp_path):
    shutil.copytree(next(made.rglob(NAME)), tmp_path / NAME / NAME)
    assert [scene.name for scene in find_landsat_scenes(tmp_path)] == [NAME]


def test_a_scene_that_is_there_twice_is_named(root):
    shutil.copytree(next(root.rglob(NAME)), root / 'copy' / NAME)
    with pytest.raises(ValueError, match=f'each scene once, found {NAME} in .* and in .*copy'):
        find_landsat_scenes(root)


@pytest.mark.parametrize('end', ['B4.TIF', 'B10.TIF', 'MTL.txt', 'fixedmask.img'])
def test_a_missing_file_is_named(root, end):
    next(root.rglob(f'*_{end}')).unlink()
    with pytest.raises(FileNotFoundError, match=f'{NAME}_{end}'):
        read_all(root)


def test_a_mask_without_header_is_named(root):
    next(root.rglob('*.hdr')).unlink()
    with pytest.raises(ValueError, match=r'fixedmask\.img: expected a complete raster'):
        read_all(root)


@pytest.mark.parametrize('end', ['B2.TIF', 'B10.TIF', 'fixedmask.img'])
def test_a_truncated_file_is_named(root, end):
    path = next(root.rglob(f'*_{end}'))
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(ValueError, match=rf'{NAME}_{end}: expected a complete raster'):
        read_all(root)


@pytest.mark.parametrize('end', ['B5.TIF', 'fixedmask.img'])
def test_another_size_is_named(root, make_scene, end):
    other = make_scene(root.parent / 'other' / NAME, 119, 100)
    for path in other.glob(f'*{end.split(".")[0]}.*'):
        shutil.copy(path, next(root.rglob(f'*_{end}')).with_name(path.name))
    message = rf'{NAME}_{end}: expected the size of the red band, \(120, 100\), found \(119, 100\)'
    with pytest.raises(ValueError, match=message):
        read_all(root)


def read_all(root):
    """Read all of the only scene."""
    (scene,) = find_landsat_scenes(root)
    return [*scene.read([*BANDS], [Window(0, 0, *scene.shape)])]
