"""Pixels and areas by class agree with rasterio's count and with those of the ellipsoid."""

import json
from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.scenes.map.reading import SceneProfile
from ktda_mmseg.scenes.map.summary import count_classes, write_summary

rasterio = pytest.importorskip('rasterio')
LABELS = np.random.default_rng(0).choice(np.uint8([0, 1, 255]), (120, 90), p=[0.6, 0.3, 0.1])


def place(crs, transform):
    crs = crs and rasterio.crs.CRS.from_user_input(crs)
    return SceneProfile(Path('folder', 'scene.tif'), 120, 90, crs, transform)


def rows():
    return (LABELS[y : y + 50] for y in range(0, 120, 50))


def test_counts_are_those_of_rasterio(tmp_path, write):
    """Of a projected scene: pixels times their size."""
    with rasterio.open(write(LABELS[None])) as raster:
        profile = place(raster.crs, raster.transform)
        values, numbers = np.unique(raster.read(1), return_counts=True)
        pixel = raster.res[0] * raster.res[1]
    counts = count_classes(profile, rows)
    assert dict(zip(values, numbers)) == {v: n for v, n in enumerate(counts.pixels) if n}
    np.testing.assert_allclose(counts.areas[values], numbers * pixel, rtol=1e-12)
    assert counts.unit == 'square metre'
    np.testing.assert_allclose(counts.shares()[:2], numbers[:2] / numbers[:2].sum(), rtol=1e-12)


@pytest.mark.parametrize('skew', [0, 0.0004])
def test_geographic_areas_are_added_pixel_by_pixel(skew):
    pyproj = pytest.importorskip('pyproj')
    transform = rasterio.Affine(0.01, skew, 9, -skew, -0.01, 65)
    counts = count_classes(place('EPSG:4326', transform), rows)
    expected = np.zeros(256)
    earth = pyproj.Geod(ellps='WGS84')
    for (y, x), label in np.ndenumerate(LABELS):
        corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]
        area, _ = earth.polygon_area_perimeter(*zip(*(transform @ corner for corner in corners)))
        expected[label] += abs(area)
    np.testing.assert_allclose(counts.areas, expected, rtol=1e-6)


def test_the_summary_says_what_was_made(card, tmp_path):
    profile = place('EPSG:32633', rasterio.Affine(10, 0, 5e5, 0, -10, 5e6))
    paths = {'map': tmp_path / 'a.tif', 'summary': tmp_path / 'a.json'}
    counts = count_classes(profile, rows)
    write_summary(profile, card, counts, {'window': [16, 16]}, paths)
    content = json.loads(paths['summary'].read_text())
    assert content['scene'] == 'scene.tif' and content['crs'] == 'EPSG:32633'
    assert content['transform'] == [10, 0, 5e5, 0, -10, 5e6]
    assert (content['height'], content['width']) == (120, 90)
    assert content['products'] == {'map': 'a.tif', 'summary': 'a.json'}
    assert content['settings'] == {'window': [16, 16]}
    dark, bright = content['classes']
    assert (dark['label'], dark['name'], bright['name']) == (0, 'dark', 'bright')
    assert bright['pixels'] == (LABELS == 1).sum() and bright['area'] == 100 * bright['pixels']
    assert dark['share'] + bright['share'] == pytest.approx(1)
    assert content['nodata']['pixels'] == (LABELS == 255).sum()
    assert content['area_unit'] == 'square metre'


def test_a_scene_without_data_has_no_shares(card, tmp_path):
    nowhere = place(None, rasterio.Affine.identity())
    counts = count_classes(nowhere, lambda: [np.full((120, 90), 255, np.uint8)])
    write_summary(nowhere, card, counts, {}, {'summary': tmp_path / 'a.json'})
    content = json.loads((tmp_path / 'a.json').read_text())
    assert [one['share'] for one in content['classes']] == [0, 0]
    assert content['nodata'] == {'label': 255, 'pixels': 10800, 'area': 10800.0}
    assert content['crs'] is None and content['area_unit'] == 'pixel'
