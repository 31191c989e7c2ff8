"""How large pixels are on the ground, against formulas of the sphere and of the ellipsoid."""

from math import cos, radians, sin, sqrt

import pytest

from ktda_mmseg.raster.files import Georeference
from ktda_mmseg.raster.ground import ground_size, told

rasterio = pytest.importorskip('rasterio')
from rasterio.transform import Affine  # noqa: E402

A, FLATNESS = 6378137.0, 1 / 298.257223563  # of WGS 84
SHAPE = (200, 300)


def measured(crs, transform):
    return ground_size(Georeference(rasterio.crs.CRS.from_user_input(crs), transform), SHAPE)


@pytest.mark.parametrize('latitude', [0, 47.3, -80])
def test_degrees_are_measured_along_meridian_and_parallel(latitude):
    step = 1 / 3600
    place = Affine(step, 0, 9, 0, -step, latitude + step * SHAPE[0] / 2)
    down, across = measured('EPSG:4326', place)
    square = FLATNESS * (2 - FLATNESS)
    curved = 1 - square * sin(radians(latitude)) ** 2
    assert down == pytest.approx(radians(step) * A * (1 - square) / curved**1.5, rel=1e-6)
    parallel = A / sqrt(curved) * cos(radians(latitude))
    assert across == pytest.approx(radians(step) * parallel, rel=1e-6)


def test_a_sphere_and_grads():
    sphere = measured('+proj=longlat +R=6371000', Affine(0.01, 0, 0, 0, -0.02, 61))
    assert sphere == pytest.approx(
        [radians(0.02) * 6371000, radians(0.01) * 6371000 * cos(radians(59))], rel=1e-6
    )
    # NTF (Paris) counts in grads, of which a right angle has 100
    assert measured('EPSG:4807', Affine(0.01, 0, 0, 0, -0.01, 1)) == pytest.approx(
        [995.5, 1001.8], rel=1e-3
    )


@pytest.mark.parametrize(
    ('crs', 'transform', 'size'),
    [
        ('EPSG:32632', Affine(30, 0, 5e5, 0, -20, 5e6), (20 / 0.9996, 30 / 0.9996)),
        ('EPSG:32632', Affine(0, 30, 5e5, 20, 0, 5e6), (30 / 0.9996, 20 / 0.9996)),
        ('EPSG:2263', Affine(1, 0, 987000, 0, -1, 2e5), (0.3048, 0.3048)),
        # Web Mercator stretches by the secant of the latitude, 60 degrees here
        ('EPSG:3857', Affine(10, 0, 0, 0, -10, 8399737.9), (5.0, 5.0)),
    ],
    ids=['UTM', 'turned', 'feet', 'web'],
)
def test_what_a_projection_stretches_is_told_by_what_it_covers(crs, transform, size):
    assert measured(crs, transform) == pytest.approx(size, rel=4e-3)


@pytest.mark.parametrize(
    ('crs', 'transform'),
    [
        ('EPSG:4326', Affine(30, 0, 5e5, 0, -30, 5e6)),
        ('EPSG:32632', Affine(0, 0, 5e5, 0, 0, 5e6)),
        ('LOCAL_CS["site",UNIT["metre",1]]', Affine(1, 0, 0, 0, -1, 9)),
    ],
    ids=['degrees with metres', 'no size', 'nowhere on Earth'],
)
def test_what_is_not_known_is_not_guessed(crs, transform):
    assert measured(crs, transform) is None
    assert ground_size(None, SHAPE) is None
    assert ground_size(Georeference(None, Affine(1, 0, 0, 0, -1, 9)), SHAPE) is None


def test_sizes_in_words():
    assert told((30.0, 30.0)) == '30 m'
    assert told((10.0, 7.123)) == '10 m down and 7.12 m across'
