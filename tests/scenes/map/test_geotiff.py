"""Maps as GeoTIFF: where the scene lies, to the last bit, and laid out for reading in parts."""

import resource
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.scenes.map import geotiff
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.geotiff import write_map, write_probabilities
from ktda_mmseg.scenes.map.reading import SceneProfile

pytestmark = pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
rasterio = pytest.importorskip('rasterio')
from rasterio.shutil import copy  # noqa: E402
from rasterio.transform import Affine  # noqa: E402

UTM = Affine(30, 0, 399960.1, 0, -30, 5e6)
ROTATED = Affine.translation(5e5, 4e6) @ Affine.rotation(17.3) @ Affine.scale(10, -9.7)
PLACES = {
    'UTM': ('EPSG:32632', UTM),
    'geographic': ('EPSG:4326', Affine(1 / 3600, 0, 9.1, 0, -1 / 3600, 48.2)),
    'rotated': ('EPSG:32633', ROTATED),
    'feet': ('EPSG:2263', UTM),
    'south up': ('EPSG:3035', Affine(10, 0, 4e6, 0, 10, 3e6)),
    'sinusoidal': ('+proj=sinu +R=6371007.181 +units=m', Affine(463.3, 0, 0, 0, -463.3, 5e6)),
    # of which GeoTIFF has no keys
    'rotated pole': (
        '+proj=ob_tran +o_proj=longlat +o_lat_p=39.25 +lon_0=18',
        Affine(0.11, 0, -8, 0, -0.11, 20),
    ),
    'no CRS': (None, UTM),
    'no georeference': (None, Affine.identity()),
}


def place(height, width, crs='EPSG:32632', transform=UTM):
    crs = crs and rasterio.crs.CRS.from_user_input(crs)
    return SceneProfile(Path('scene.tif'), height, width, crs, transform)


def cut(array, height):
    """Return what gives rows of an array in parts of a height."""
    return lambda: (array[..., y : y + height, :] for y in range(0, array.shape[-2], height))


@pytest.fixture
def card():
    colours = ((0, 0, 0), (255, 128, 1), (9, 200, 30))
    names = ('clear', 'thin <cloud> & haze', 'Wälder')
    fill = (0.0,)
    return ModelCard(names, colours, (1,), fill, (1.0,), fill, None, None, (64, 64))


@pytest.fixture
def labels():
    """900 x 700 pixels with patches, single pixels and an edge without data."""
    rng = np.random.default_rng(0)
    labels = np.kron(rng.integers(0, 3, (45, 35)), np.ones((20, 20))).astype(np.uint8)
    labels[rng.random(labels.shape) < 0.1] = 2
    labels[:30, :51] = 255
    return labels


@pytest.mark.parametrize('crs, transform', PLACES.values(), ids=PLACES)
def test_the_map_lies_where_the_scene_lies(crs, transform, card, labels, tmp_path):
    shape = dict(driver='GTiff', height=900, width=700, count=1, dtype='uint8')
    scene, path = tmp_path / 'scene.tif', tmp_path / 'map.tif'
    if not transform.is_identity:
        shape['transform'] = transform
    with rasterio.open(scene, 'w', **shape, crs=crs) as raster:
        raster.write(labels, 1)
    with rasterio.open(scene) as raster:
        profile = SceneProfile(scene, 900, 700, raster.crs, raster.transform)
        bounds = raster.bounds
    write_map(profile, card, cut(labels, 128), path)
    write_probabilities(profile, ['one'], cut(labels, 128), tmp_path / 'one.tif')
    for file in (path, tmp_path / 'one.tif'):
        with rasterio.open(file) as raster:
            assert raster.crs == profile.crs and raster.transform == profile.transform == transform
            assert raster.bounds == bounds
            np.testing.assert_array_equal(raster.read(1), labels)


@pytest.mark.parametrize('shape', [(1, 1), (1, 1300), (1300, 1), (512, 512), (513, 1025)])
@pytest.mark.parametrize('height', [1, 300, 5000])
def test_rows_in_parts_of_any_height(shape, height, card, tmp_path):
    labels = np.random.default_rng(0).choice(np.uint8([0, 1, 2, 255]), shape)
    write_map(place(*shape), card, cut(labels, height), tmp_path / 'map.tif')
    with rasterio.open(tmp_path / 'map.tif') as raster:
        np.testing.assert_array_equal(raster.read(1), labels)
        np.testing.assert_array_equal(raster.read_masks(1) > 0, labels != 255)


def test_names_colours_and_nodata(card, labels, tmp_path):
    write_map(place(900, 700), card, cut(labels, 128), tmp_path / 'map.tif')
    with rasterio.open(tmp_path / 'map.tif') as raster:
        assert raster.nodata == 255 and raster.dtypes == ('uint8',)
        assert raster.descriptions == ('class',)
        assert raster.tags(1) == {f'class_{i}': name for i, name in enumerate(card.classes)}
        colours = raster.colormap(1)
        assert [colours[label] for label in range(3)] == [(*rgb, 255) for rgb in card.palette]
        assert colours[255][3] == 0
        assert raster.colorinterp[0].name == 'palette'
    # what GDAL reads as the names of categories, which QGIS shows, it writes into other formats
    copy(tmp_path / 'map.tif', tmp_path / 'map.vrt', driver='VRT')
    content = (tmp_path / 'map.vrt').read_text()
    for name in ('clear', 'thin &lt;cloud&gt; &amp; haze', 'Wälder'):
        assert f'<Category>{name}</Category>' in content


def test_layout_is_that_of_a_cloud_optimised_geotiff(card, labels, tmp_path):
    labels = np.tile(labels, (3, 4))
    write_map(place(*labels.shape), card, cut(labels, 128), tmp_path / 'map.tif')
    with rasterio.open(tmp_path / 'map.tif') as raster:
        assert raster.overviews(1) == [2, 4, 8]
        assert raster.compression.name == 'deflate' and raster.profile['tiled']
        assert raster.tags(ns='IMAGE_STRUCTURE')['LAYOUT'] == 'COG'

        def offset(name, level):
            return int(raster.get_tag_item(name, 'TIFF', bidx=1, ovr=level))

        # rules of GDAL's validate_cloud_optimized_geotiff.py: -1 is the map itself
        directories = [offset('IFD_OFFSET', level) for level in (None, 0, 1, 2)]
        pixels = [offset('BLOCK_OFFSET_0_0', level) for level in (None, 0, 1, 2)]
        assert directories == sorted(directories) and directories[0] < 1000
        assert pixels == sorted(pixels, reverse=True) and directories[-1] < pixels[-1]
    for level in range(3):
        with rasterio.open(tmp_path / 'map.tif', overview_level=level) as raster:
            assert raster.block_shapes == [(512, 512)]


def test_overviews_hold_the_most_frequent_label(card, labels, tmp_path):
    write_map(place(900, 700), card, cut(labels, 128), tmp_path / 'map.tif')
    with rasterio.open(tmp_path / 'map.tif', overview_level=0) as raster:
        small = raster.read(1)
    blocks = labels.reshape(450, 2, 350, 2).swapaxes(1, 2).reshape(450, 350, 4)
    counts = np.stack([(blocks == label).sum(2) for label in range(3)])
    empty = counts.sum(0) == 0
    np.testing.assert_array_equal(small == 255, empty)
    chosen = np.take_along_axis(counts, np.where(empty, 0, small)[None], 0)[0]
    assert (chosen == counts.max(0)).all()


@pytest.mark.parametrize('dtype, nodata', [('uint8', 255), ('uint16', 65535)])
def test_probabilities_have_names_and_a_scale(dtype, nodata, card, tmp_path):
    stored = np.random.default_rng(0).integers(0, nodata, (3, 600, 520)).astype(dtype)
    stored[:, 7, 9] = nodata
    path = tmp_path / 'probabilities.tif'
    write_probabilities(place(600, 520), card.classes, cut(stored, 100), path)
    with rasterio.open(path) as raster:
        np.testing.assert_array_equal(raster.read(), stored)
        assert raster.descriptions == card.classes and raster.nodatavals == (nodata,) * 3
        assert set(raster.dtypes) == {dtype}
        np.testing.assert_allclose(raster.scales, 1 / (nodata - 1), rtol=1e-15)
        assert raster.offsets == (0, 0, 0)
        assert raster.overviews(1) == [2] and raster.tags(ns='IMAGE_STRUCTURE')['LAYOUT'] == 'COG'
    # what has no data is no part of an average
    blocks = np.ma.masked_equal(stored, nodata).reshape(3, 300, 2, 260, 2)
    with rasterio.open(path, overview_level=0) as raster:
        assert np.abs(raster.read() - blocks.mean((2, 4))).max() <= 0.5


def test_the_same_labels_are_the_same_bytes_however_they_come(card, labels, tmp_path):
    for name, height in (('a', 37), ('b', 512)):
        write_map(place(900, 700), card, cut(labels, height), tmp_path / name / 'map.tif')
    for name in ('map.tif', 'map.tif.aux.xml'):
        assert (tmp_path / 'a' / name).read_bytes() == (tmp_path / 'b' / name).read_bytes()
    assert len([*(tmp_path / 'a').iterdir()]) == 2


@contextmanager
def no_file_above(size):
    """Let writing fail as on a full disk, as soon as a file grows above some bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


# the draft takes 1,050 kB, the map 70
@pytest.mark.parametrize('kilobytes', [0, 1, 100, 500, 1000])
def test_a_full_disk_is_one_error_and_leaves_nothing(kilobytes, card, labels, tmp_path):
    with no_file_above(kilobytes << 10), pytest.raises(OSError, match=r'^\S*map\.tif: expected'):
        write_map(place(900, 700), card, cut(labels, 128), tmp_path / 'map.tif')
    assert [*tmp_path.iterdir()] == []


def test_what_gdal_did_not_write_is_noticed(card, labels, tmp_path, monkeypatch):
    def lossy(source, target, **options):
        with rasterio.open(source, 'r+') as raster:
            raster.write(np.zeros((1, 10, 10), np.uint8), window=((60, 70), (60, 70)))
        copy(source, target, **options)

    monkeypatch.setattr(rasterio.shutil, 'copy', lossy)
    with pytest.raises(OSError, match='map.tif: expected what was written'):
        write_map(place(900, 700), card, cut(labels, 128), tmp_path / 'map.tif')
    assert [*tmp_path.iterdir()] == []


def test_memory_of_gdal_is_bounded(card, tmp_path, monkeypatch):
    """Options are set before GDAL sees a pixel, whatever the process had set before."""
    seen = []
    copied = rasterio.shutil.copy
    monkeypatch.setattr(
        rasterio.shutil,
        'copy',
        lambda *args, **options: (seen.append(rasterio.env.getenv()), copied(*args, **options)),
    )
    with rasterio.Env(GDAL_CACHEMAX=512):
        labels = np.zeros((5, 5), np.uint8)
        write_map(place(5, 5), card, cut(labels, 5), tmp_path / 'map.tif')
    assert seen[0]['GDAL_CACHEMAX'] == geotiff.CACHE_BYTES
