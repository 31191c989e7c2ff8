"""Areas of pixels and outlines: those of the plane, of the ellipsoid, or pixels."""

from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.scenes.map.areas import Ground
from ktda_mmseg.scenes.map.reading import SceneProfile

CRS = pytest.importorskip('rasterio').crs.CRS
Affine = pytest.importorskip('rasterio').Affine
pyproj = pytest.importorskip('pyproj')
shapely = pytest.importorskip('shapely')


def ground(crs, transform, height=50, width=40):
    crs = crs and CRS.from_user_input(crs)
    return Ground(SceneProfile(Path('scene.tif'), height, width, crs, transform))


@pytest.mark.parametrize(
    'crs, unit',
    [('EPSG:32632', 'metre'), ('EPSG:2263', 'US survey foot'), ('EPSG:32632+5773', 'metre')],
)
def test_projected_areas_are_those_of_the_plane(crs, unit):
    turned = Affine.translation(5e5, 4e6) @ Affine.rotation(30) @ Affine.scale(20, -10)
    plane = ground(crs, turned)
    assert plane.unit == f'square {unit}'
    assert plane.of_row(3) == pytest.approx(200, rel=1e-12)
    outline = np.array([shapely.Polygon([(0, 0), (4, 0), (4, 3)])])
    np.testing.assert_allclose(plane.of_outlines(outline), [1200], rtol=1e-12)


def test_without_a_crs_a_pixel_is_the_unit():
    nowhere = ground(None, Affine(10, 0, 5, 0, -10, 7))
    assert nowhere.unit == 'pixel' and nowhere.of_row(3) == 1
    np.testing.assert_array_equal(nowhere.of_outlines(np.array([shapely.box(1, 1, 3, 4)])), [6])


@pytest.mark.parametrize('crs', ['EPSG:4326', 'EPSG:4267', 'EPSG:4979', 'EPSG:4807'])
@pytest.mark.parametrize('east, north', [(9.1, 60.3), (179.99, -33), (-180, 0.01), (350, 80)])
@pytest.mark.parametrize('skew', [0, 0.0004])
def test_geographic_areas_are_those_of_the_ellipsoid(crs, east, north, skew):
    """PROJ's geodesics are the oracle; between neighbouring corners they follow the parallels."""
    transform = Affine(0.002, skew, east, -skew, -0.002, north)
    ellipsoid = pyproj.CRS(crs)
    degrees = np.degrees(ellipsoid.axis_info[0].unit_conversion_factor)
    earth = ground(crs, transform)
    assert earth.unit == 'square metre'

    def area(outline):
        corners = shapely.get_coordinates(shapely.segmentize(outline, 0.25)) * 1.0
        x, y = degrees * np.array([transform @ tuple(corner) for corner in corners]).T
        return abs(ellipsoid.get_geod().polygon_area_perimeter(x, y)[0])

    for row in (0, 49):
        found = np.broadcast_to(earth.of_row(row), 40)
        expected = [area(shapely.box(x, row, x + 1, row + 1)) for x in (0, 39)]
        np.testing.assert_allclose(found[[0, 39]], expected, rtol=2e-5)
    outlines = np.array([shapely.box(2, 3, 30, 40), shapely.Polygon([(0, 0), (30, 10), (5, 40)])])
    np.testing.assert_allclose(earth.of_outlines(outlines), [*map(area, outlines)], rtol=1e-6)


def test_pixels_of_the_whole_earth_are_as_large_as_the_ellipsoid():
    globe = ground('EPSG:4326', Affine(1, 0, 0, 0, -1, 90), 180, 360)
    total = 360 * sum(globe.of_row(row) for row in range(180))
    a, b = 6378137.0, 6356752.314245179
    eccentricity = np.sqrt(1 - (b / a) ** 2)
    surface = 2 * np.pi * (a**2 + b**2 * np.arctanh(eccentricity) / eccentricity)
    assert total == pytest.approx(surface, rel=1e-9)


@pytest.mark.parametrize('crs', ['+proj=longlat +ellps=WGS84 +towgs84=1,2,3', 'EPSG:4326+5773'])
def test_what_is_added_to_a_crs_changes_no_areas(crs):
    transform = Affine(0.01, 0, 9, 0, -0.01, 50)
    expected = ground('EPSG:4326', transform).of_row(7)
    assert ground(crs, transform).of_row(7) == pytest.approx(expected, rel=1e-12)


def test_moved_poles():
    crs = '+proj=ob_tran +o_proj=longlat +o_lat_p=39.25 +lon_0=18 +datum=WGS84'
    transform = Affine(0.01, 0, 9, 0, -0.01, 5)
    x, y = zip(*(transform @ corner for corner in [(0, 7), (1, 7), (1, 8), (0, 8)]))
    to_earth = pyproj.Transformer.from_crs(crs, 'EPSG:4326', always_xy=True).transform
    expected, _ = pyproj.Geod(ellps='WGS84').polygon_area_perimeter(*to_earth(x, y))
    assert ground(crs, transform).of_row(7) == pytest.approx(abs(expected), rel=0.014)
