"""Streamed statistics agree with numpy over all values at once."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ktda_mmseg.scenes.check.statistics import Band, from_bins, to_bins

pytestmark = pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
PERCENTS = (0, 2, 50, 98, 100)


def streamed(values: np.ndarray, parts: int) -> Band:
    return reduce(Band.merge, map(Band.of, np.array_split(values, parts)))


def sample(dtype: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    if np.dtype(dtype).kind == 'f':
        return rng.normal(3, 1000, 5000).astype(dtype)
    limits = np.iinfo(dtype)
    spread = min(float(limits.max), 1e6)
    drawn = rng.normal(0.4 * spread, 0.1 * spread, 5000)
    return np.clip(drawn, limits.min, limits.max).astype(dtype)


@pytest.mark.parametrize(
    'dtype', ['uint8', 'int8', 'uint16', 'int16', 'int32', 'uint32', 'float32', 'float64']
)
@pytest.mark.parametrize('parts', [1, 7])
def test_streamed_statistics_are_those_of_numpy(dtype, parts):
    values = sample(dtype)
    band = streamed(values, parts)
    assert band.count == values.size
    assert (band.low, band.high) == (values.min(), values.max())
    np.testing.assert_allclose(band.mean, values.astype(np.float64).mean(), rtol=1e-12)
    np.testing.assert_allclose(band.std, values.astype(np.float64).std(), rtol=1e-12)
    for percent in PERCENTS:
        expected = np.percentile(values, percent, method='inverted_cdf')
        exact = np.dtype(dtype).itemsize <= 2
        np.testing.assert_allclose(
            band.percentile(percent), expected, rtol=0 if exact else 5e-3, atol=0
        )


def test_large_offsets_cost_no_accuracy():
    """The mean of squares minus the square of the mean would be noise here."""
    values = 1e8 + np.random.default_rng(0).normal(size=10000)
    np.testing.assert_allclose(streamed(values, 9).std, values.std(), rtol=1e-6)


def test_statistics_of_a_file_are_those_of_rasterio(tmp_path):
    rasterio = pytest.importorskip('rasterio')
    values = sample('uint16')
    shape = dict(width=values.size, height=1, count=1, dtype='uint16')
    with rasterio.open(tmp_path / 'a.tif', 'w', driver='GTiff', **shape) as raster:
        raster.write(values[None, None])
    with rasterio.open(tmp_path / 'a.tif') as raster:
        expected = raster.stats(approx=False)[0]
    band = streamed(values, 3)
    found = band.low, band.high, band.mean, band.std
    np.testing.assert_allclose(found, (expected.min, expected.max, expected.mean, expected.std))


@pytest.mark.parametrize('dtype', ['int16', 'uint16', 'int32', 'float32', 'float64'])
@given(data=st.data())
def test_bins_keep_the_order_and_come_back(dtype, data):
    elements = dict(allow_nan=False, allow_infinity=False) if dtype[0] == 'f' else {}
    if dtype == 'float64':
        elements |= dict(min_value=-1e38, max_value=1e38)
    values = np.sort(data.draw(arrays(dtype, 20, elements=elements or None)))
    bins = to_bins(values).astype(np.int64)
    assert bins.min() >= 0 and bins.max() < 1 << 16
    assert (np.diff(bins) >= 0).all()
    normal = np.abs(values.astype(np.float64)) > 1e-37
    back = from_bins(bins, dtype)
    np.testing.assert_allclose(back[normal], values[normal], rtol=5e-3)
