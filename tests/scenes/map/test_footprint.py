"""The footprint of a scene covers its pixels and no others, wherever on Earth it lies."""

from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.scenes.map.reading import SceneProfile
from ktda_mmseg.scenes.map.stac import footprint

rasterio = pytest.importorskip('rasterio')
shapely = pytest.importorskip('shapely')
Affine = rasterio.Affine
UTM = Affine(10, 0, 5e5, 0, -10, 5e6)


def profile(crs, transform, height=90, width=120):
    crs = crs and rasterio.crs.CRS.from_user_input(crs)
    return SceneProfile(Path('scene.tif'), height, width, crs, transform)


SCENES = {
    'utm': profile('EPSG:32633', UTM),
    'rotated': profile('EPSG:32633', UTM @ Affine.rotation(30)),
    'south up': profile('EPSG:32733', Affine(10, 0, 5e5, 0, 10, 5e6)),
    'antimeridian': profile('EPSG:32601', Affine(3e3, 0, 1e5, 0, -3e3, 6e6)),
    'ends at it': profile('EPSG:4326', Affine(0.1, 0, 168, 0, -0.1, 10)),
    'begins at it': profile('EPSG:4326', Affine(0.1, 0, 180, 0, -0.1, 10)),
    'beyond 180 degrees': profile('EPSG:4326', Affine(0.1, 0, 175, 0, -0.1, 10)),
    'pacific in metres': profile('EPSG:3832', Affine(5e4, 0, -3e6, 0, -5e4, 2e6)),
    'south pole': profile('EPSG:3031', Affine(2e4, 0, -1e6, 0, -2e4, 1e6)),
    'north pole': profile('EPSG:3413', Affine(2e4, 0, -1e6, 0, -2e4, 1e6)),
    'beside the pole': profile('EPSG:3413', Affine(1e4, 0, -1e6, 0, -1e4, 2e6)),
}


def longitudes_latitudes(scene, shares):
    """Bring places (points, 2), as shares of width and height, to degrees, by GDAL."""
    x, y = scene.transform @ tuple(shares.T * [[scene.width], [scene.height]])
    x, y = map(np.array, rasterio.warp.transform(scene.crs, 'OGC:CRS84', x, y))
    return (x + 180) % 360 - 180, y


@pytest.mark.parametrize('scene', SCENES.values(), ids=SCENES)
def test_it_holds_what_the_scene_holds(scene):
    geometry, bbox = footprint(scene)
    shape = shapely.geometry.shape(geometry)
    parts = getattr(shape, 'geoms', [shape])
    assert shape.is_valid and all(part.exterior.is_ccw for part in parts)
    assert (np.abs(shapely.get_coordinates(shape)) <= (180, 90)).all()
    shares = np.random.default_rng(0).uniform(-0.5, 1.5, (3000, 2))
    inside = ((shares > 0) & (shares < 1)).all(1)
    x, y = longitudes_latitudes(scene, shares)
    clear = np.abs(np.abs(shares - 0.5) - 0.5).min(1) > 0.01  # of the outline, which is of chords
    assert (shapely.contains_xy(shape, x, y) == inside)[clear].all()
    west, south, east, north = bbox
    within = (west <= x) & (x <= east) if west < east else (west <= x) | (x <= east)
    assert (within & (south <= y) & (y <= north))[inside & clear].all()
    # no larger than need be
    np.testing.assert_allclose((south, north), (shape.bounds[1], shape.bounds[3]), atol=1e-8)


def test_both_sides_of_the_antimeridian():
    geometry, bbox = footprint(SCENES['beyond 180 degrees'])
    assert geometry['type'] == 'MultiPolygon' and bbox == [175, 1, -173, 10]  # RFC 7946, 5.2
    parts = sorted(part.bounds for part in shapely.geometry.shape(geometry).geoms)
    assert parts == [(-180, 1, -173, 10), (175, 1, 180, 10)]


@pytest.mark.parametrize('left', [-180, 0, -180.5], ids=str)
def test_the_whole_world(left):
    """-180.5 is a grid of points, whose pixels reach half a pixel beyond the poles."""
    grows = left == -180.5
    world = profile('EPSG:4326', Affine(1, 0, left, 0, -1, 90 + grows / 2), 180 + grows, 360)
    geometry, bbox = footprint(world)
    assert bbox == [-180, -90, 180, 90]
    assert shapely.geometry.shape(geometry).equals(shapely.box(*bbox))


@pytest.mark.parametrize(
    'scene',
    [
        profile(None, UTM),
        profile('EPSG:32633', Affine.identity()),
        profile('EPSG:4326', UTM),
        profile('LOCAL_CS["plan",UNIT["metre",1]]', UTM),
        profile('IAU_2015:30100', Affine(0.1, 0, 10, 0, -0.1, 10)),
        profile('+proj=geos +h=35785831', Affine(1e5, 0, -5.5e6, 0, -1e5, 5.5e6), 110, 110),
    ],
    ids=['no CRS', 'no transform', 'no degrees', 'local', 'moon', 'corners in space'],
)
def test_a_scene_of_no_place_on_earth_has_none(scene):
    assert footprint(scene) == (None, None)
