"""Polygons cover what the classes cover, once."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.polygons import Outlines, write_polygons
from ktda_mmseg.scenes.map.reading import SceneProfile

from .test_geotiff import PLACES, no_file_above

pytestmark = pytest.mark.filterwarnings(
    'ignore:Dataset has no geotransform', "ignore:'crs' was not provided"
)
rasterio = pytest.importorskip('rasterio')
geopandas = pytest.importorskip('geopandas')
from geopandas.testing import assert_geodataframe_equal  # noqa: E402

shapely = pytest.importorskip('shapely')
NAMES = ('water', 'grass', 'Wald')
CARD = ModelCard(NAMES, ((0, 0, 0),) * 3, (1,), (0.0,), (1.0,), (0.0,), None, None, (64, 64))
PIXELS = Outlines(simplify=0)
WRITABLE = {name: place for name, place in PLACES.items() if name != 'rotated pole'}


def draw(labels, folder, outlines, crs='EPSG:32632', transform=PLACES['UTM'][1], name='a'):
    """Write a map with rasterio, its polygons with what is tested, and read them."""
    height, width = labels.shape
    shape = dict(driver='GTiff', height=height, width=width, count=1, dtype='uint8', nodata=255)
    if not transform.is_identity:
        shape['transform'] = transform
    with rasterio.open(folder / 'map.tif', 'w', **shape, crs=crs) as raster:
        raster.write(labels, 1)
    crs = crs and rasterio.crs.CRS.from_user_input(crs)
    profile = SceneProfile(Path('scene.tif'), height, width, crs, transform)
    write_polygons(profile, CARD, folder / 'map.tif', outlines, folder / f'{name}.gpkg')
    return geopandas.read_file(folder / f'{name}.gpkg')


def patches(seed=0, side=120):
    """Areas with bent borders, holes and specks, and a part without data."""
    noise = np.random.default_rng(seed).normal(size=(3, side, side))
    labels = ndimage.gaussian_filter(noise, (0, 3, 3)).argmax(0).astype(np.uint8)
    labels[noise[0] > 2.5] = 1
    labels[:20, :33] = labels[50, 50] = 255
    return labels


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(
    labels=arrays(
        np.uint8,
        array_shapes(min_dims=2, max_dims=2, max_side=7),
        elements=st.sampled_from([0, 1, 255]),
    )
)
def test_each_connected_area_is_one_polygon_of_its_pixels(labels, tmp_path):
    found = draw(labels, tmp_path, PIXELS)
    expected = {label: ndimage.label(labels == label) for label in (0, 1)}
    assert found['label'].value_counts().to_dict() == {
        label: number for label, (_, number) in expected.items() if number
    }
    assert found.is_valid.all()
    sizes = [n for parts, _ in expected.values() for n in np.bincount(parts[parts > 0])[1:]]
    np.testing.assert_allclose(sorted(found['area']), sorted(900 * np.array(sizes)), rtol=1e-12)
    if len(found):
        burnt = rasterio.features.rasterize(
            zip(found.geometry, found['label']), labels.shape, 255, transform=PLACES['UTM'][1]
        )
        np.testing.assert_array_equal(burnt, labels)


@pytest.mark.parametrize('crs, transform', WRITABLE.values(), ids=WRITABLE)
@pytest.mark.parametrize('simplify', [0, 1.5])
def test_they_lie_on_the_map_and_share_borders(crs, transform, simplify, tmp_path):
    labels = patches()
    found = draw(labels, tmp_path, Outlines(simplify=simplify), crs, transform)
    if crs is None:
        assert found.crs is None or 'Undefined' in found.crs.name
    else:
        assert found.crs == rasterio.crs.CRS.from_user_input(crs).to_wkt()
    assert list(found.columns) == ['label', 'class', 'area', 'geometry']
    assert (found['class'] == np.array(NAMES)[found['label']]).all()
    shapes = found.geometry.values
    assert found.is_valid.all() and set(found.geom_type) == {'Polygon'}
    if simplify:
        assert shapely.coverage_is_valid(shapes)
    # no overlap and no gap: what they cover together is as large as all of them
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(shapely.area(shapes).sum())
    inside = abs(transform.determinant) * (labels != 255).sum()
    assert shapely.area(shapes).sum() == pytest.approx(inside, rel=2e-3 if simplify else 1e-9)
    x, y = shapely.get_coordinates(shapes).T
    columns, rows = ~transform @ (x, y)
    assert -1e-6 < columns.min() and columns.max() < 120 + 1e-6
    assert -1e-6 < rows.min() and rows.max() < 120 + 1e-6


def test_simplified_borders_have_no_steps_and_stay_near(tmp_path):
    labels = patches()
    exact = draw(labels, tmp_path, PIXELS)
    simple = draw(labels, tmp_path, Outlines())
    corners = [shapely.get_num_coordinates(one.geometry.values).sum() for one in (exact, simple)]
    assert corners[1] < 0.6 * corners[0]
    assert len(simple) == len(exact)
    for label in range(3):
        one, other = (f.geometry[f['label'] == label].union_all() for f in (exact, simple))
        assert one.symmetric_difference(other).area < 0.1 * one.area
        # a step of one pixel, twice
        assert one.boundary.hausdorff_distance(other.boundary) < 2 * 30


def test_small_areas_are_left_out(tmp_path):
    labels = np.zeros((10, 10), np.uint8)
    labels[1:3, 1:3], labels[6, 6] = 1, 2
    found = draw(labels, tmp_path, Outlines(min_area=4 * 900, simplify=0))
    assert sorted(found['area']) == [4 * 900, 95 * 900]
    assert set(found['class']) == {'water', 'grass'}
    found = draw(labels, tmp_path, Outlines(min_area=4 * 900 + 1, simplify=0))
    assert found['class'].tolist() == ['water']


def test_a_map_without_data_has_none(tmp_path):
    for outlines in (PIXELS, Outlines()):
        found = draw(np.full((5, 6), 255, np.uint8), tmp_path, outlines)
        assert len(found) == 0 and list(found.columns) == ['label', 'class', 'area', 'geometry']
        assert found.crs == 'EPSG:32632'


def test_batches_change_nothing_and_bytes_are_the_same(tmp_path, monkeypatch):
    draw(patches(), tmp_path, Outlines())
    whole = (tmp_path / 'a.gpkg').read_bytes()
    expected = geopandas.read_file(tmp_path / 'a.gpkg')
    draw(patches(), tmp_path, Outlines())
    assert (tmp_path / 'a.gpkg').read_bytes() == whole
    monkeypatch.setattr('ktda_mmseg.scenes.map.polygons.BATCH', 7)
    assert_geodataframe_equal(draw(patches(), tmp_path, Outlines()), expected)


def test_a_crs_that_geopackage_cannot_hold_is_told(tmp_path):
    with pytest.raises(OSError, match='a.gpkg: expected to write polygons, found: CRS cannot'):
        draw(patches(side=60), tmp_path, PIXELS, *PLACES['rotated pole'])
    assert {file.name for file in tmp_path.iterdir()} <= {'map.tif', 'map.tif.aux.xml'}


def test_negative_settings_are_refused(tmp_path):
    for outlines in (Outlines(-1), Outlines(0, -1)):
        with pytest.raises(ValueError, match='expected polygons with values of 0 or more, got'):
            draw(patches(), tmp_path, outlines)


# the index of places comes last
@pytest.mark.parametrize('part', [0, 0.2, 0.6, 0.9, 0.999])
def test_a_full_disk_is_one_error_and_leaves_nothing(part, tmp_path):
    labels = np.random.default_rng(0).integers(0, 3, (50, 50)).astype(np.uint8)
    draw(labels, tmp_path, PIXELS)
    before = (tmp_path / 'a.gpkg').read_bytes()
    crs = rasterio.crs.CRS.from_epsg(32632)
    profile = SceneProfile(Path('scene.tif'), 50, 50, crs, PLACES['UTM'][1])
    with (
        no_file_above(int(part * len(before))),
        pytest.raises(OSError, match=r'^\S*a\.gpkg: expected'),
    ):
        write_polygons(profile, CARD, tmp_path / 'map.tif', PIXELS, tmp_path / 'a.gpkg')
    assert {file.name for file in tmp_path.iterdir()} == {'map.tif', 'a.gpkg'}
    assert (tmp_path / 'a.gpkg').read_bytes() == before
