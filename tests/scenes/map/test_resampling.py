"""Pixels of another size: values as GDAL and Pillow make them, and the way back."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.map.resampling import ROWS, Resampling, oddity, size_of

rasterio = pytest.importorskip('rasterio')
from rasterio.transform import Affine  # noqa: E402
from rasterio.warp import Resampling as Kind  # noqa: E402
from rasterio.warp import reproject  # noqa: E402


def by_gdal(values, shape, kind, **options):
    """Resample bands (C, H, W) onto another grid over the same ground."""
    found = np.zeros((len(values), *shape), values.dtype)
    scale = [own / seen for own, seen in zip(values.shape[1:], shape, strict=True)]
    place = dict(
        src_crs='EPSG:32632', dst_crs='EPSG:32632', src_transform=Affine(1, 0, 5e5, 0, -1, 5e6)
    )
    there = Affine(scale[1], 0, 5e5, 0, -scale[0], 5e6)
    reproject(values, found, **place, dst_transform=there, resampling=kind, **options)
    return found


def read(values, counted=None):
    counted = np.ones(values.shape, bool) if counted is None else counted
    return lambda first, stop: (values[:, first:stop], counted[:, first:stop])


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(10, 3, (2, 60, 84)).astype(np.float32)


@pytest.mark.parametrize('shape', [(30, 42), (20, 12), (25, 33), (1, 1), (60, 41)])
def test_larger_pixels_are_averages_as_gdal_makes_them(values, shape):
    found, counted = Resampling((60, 84), shape).read(0, shape[0], read(values))
    assert counted.all() and found.dtype == np.float32
    expected = by_gdal(values, shape, Kind.average)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize('shape', [(120, 168), (61, 100), (600, 84)])
def test_smaller_pixels_lie_between_as_pillow_makes_them(values, shape):
    found, counted = Resampling((60, 84), shape).read(0, shape[0], read(values))
    assert counted.all()
    for band, expected in zip(found, values, strict=True):
        expected = Image.fromarray(expected).resize(shape[::-1], Image.Resampling.BILINEAR)
        np.testing.assert_allclose(band, expected, rtol=1e-5)


def test_what_does_not_count_is_no_part_of_an_average(values):
    counted = np.random.default_rng(1).random(values.shape) < 0.4
    counted[:, 20:30, 50:70] = False
    found, kept = Resampling((60, 84), (25, 42)).read(0, 25, read(values, counted))
    told = np.where(counted, values, -99)
    # GDAL takes bands that are given together for empty only together
    options = dict(kind=Kind.average, src_nodata=-99, dst_nodata=-99)
    expected = np.concatenate([by_gdal(told[i : i + 1], (25, 42), **options) for i in (0, 1)])
    np.testing.assert_array_equal(kept, expected != -99)
    assert 0 < (~kept).sum() < kept.size / 2
    np.testing.assert_allclose(found[kept], expected[kept], rtol=1e-5)


@pytest.mark.parametrize('shape', [(25, 33), (120, 168)])
def test_rows_are_the_same_to_the_last_bit_wherever_they_begin(values, shape):
    resampling = Resampling((60, 84), shape)
    counted = np.random.default_rng(1).random(values.shape) < 0.4
    whole, kept = resampling.read(0, shape[0], read(values, counted))
    for first, stop in ((0, 1), (7, 8), (3, 25), (24, 25)):
        part, also = resampling.read(first, stop, read(values, counted))
        np.testing.assert_array_equal(part, whole[:, first:stop])
        np.testing.assert_array_equal(also, kept[:, first:stop])


def test_a_large_pixel_is_read_by_parts():
    asked = []

    def rows(first, stop):
        asked.append(stop - first)
        return np.ones((1, stop - first, 3), np.float32), np.ones((1, stop - first, 3), bool)

    Resampling((100_000, 3), (1000, 3)).read(0, 1000, rows)
    assert max(asked) < 2 * ROWS and sum(asked) < 1.2 * 100_000


@pytest.mark.parametrize('shape', [(30, 42), (25, 33), (1, 1), (120, 168), (61, 100)])
def test_labels_come_back_by_the_nearest_and_rows_are_shared_out(shape):
    labels = np.random.default_rng(0).integers(0, 250, (1, *shape), np.uint8)
    resampling = Resampling((60, 84), shape)
    edges = [0, *range(1, shape[0], 7), shape[0]]
    spans = [*pairwise(edges)]
    parts = [resampling.restored(labels[:, first:stop], first, stop) for first, stop in spans]
    assert [part.shape[1] for part in parts] == [
        stop - first for first, stop in (resampling.own_rows(*span) for span in spans)
    ]
    # GDAL as well asks where the middle of a pixel lies
    found = np.concatenate(parts, axis=1)
    row, column = np.meshgrid(np.arange(60) + 0.5, np.arange(84) + 0.5, indexing='ij')
    expected = labels[0, (row * shape[0] / 60).astype(int), (column * shape[1] / 84).astype(int)]
    np.testing.assert_array_equal(found[0], expected)


def test_each_axis_has_a_factor_and_projections_stretch():
    assert Resampling.of((100, 100), (10, 7), (20, 7)) == Resampling((100, 100), (50, 100))
    assert Resampling.of((100, 100), (10, 10), (1e6, 1e6)) == Resampling((100, 100), (1, 1))
    assert Resampling.of((100, 100), (9.996, 10.1), (10, 10)) is None


def test_what_a_user_asks_for():
    assert size_of(None, (3.0, 3.0)) is None
    assert size_of(5, None) == (5.0, 5.0)
    assert size_of('trained', (3.0, 2.0)) == (3.0, 2.0)
    with pytest.raises(ValueError, match=r'does not say at what size .* ground_size'):
        size_of('trained', None)
    for wrong in (0, -1.5, float('nan'), float('inf'), 'large'):
        with pytest.raises(ValueError, match="expected metres above 0, or 'trained', as gsd, got"):
            size_of(wrong, None)


def test_sizes_that_are_far_apart_are_told():
    assert oddity((10, 10), (14, 14)) is oddity(None, (1, 1)) is oddity((1, 1), None) is None
    for has in ((10, 10), (30, 10), (10, 30)):
        said = oddity(has, (20, 20))
        assert '10 m' in said and '20 m' in said and '--gsd trained lets it' in said
    # interpolation makes a coarse scene no better, so that nobody should be sent there blindly
    assert 'with it and without' in oddity((40, 40), (20, 20))
