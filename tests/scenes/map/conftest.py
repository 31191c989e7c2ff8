"""Scenes on disk and models that need no training."""

import numpy as np
import pytest

from ktda_mmseg.scenes.map.card import ModelCard


@pytest.fixture
def card():
    """Return a card of two classes and two bands, for windows of 16 pixels."""
    return ModelCard(
        classes=('dark', 'bright'),
        palette=((0, 0, 0), (255, 255, 255)),
        bands=(1, 2),
        mean=(0.0, 0.0),
        std=(1.0, 1.0),
        fill=(7.0, 9.0),
        nodata=None,
        dtype=None,
        window=(16, 16),
    )


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a GeoTIFF of bands (C, H, W) and returns its path."""
    rasterio = pytest.importorskip('rasterio')

    def write(bands, name='scene.tif', **profile):
        count, height, width = np.shape(bands)
        shape = dict(count=count, height=height, width=width, dtype=bands.dtype)
        place = dict(crs='EPSG:32633', transform=rasterio.Affine(10, 0, 5e5, 0, -10, 5e6))
        with rasterio.open(tmp_path / name, 'w', **shape, **place, **profile) as raster:
            raster.write(bands)
        return tmp_path / name

    return write


@pytest.fixture
def scene(write):
    """Return a function that writes a scene of noise, empty in a corner, and its right labels."""

    def scene(height=50, width=37, name='scene.tif', seed=0, empty=3):
        rng = np.random.default_rng(seed)
        bands = rng.integers(1, 30000, (2, height, width)).astype(np.uint16)
        bands[1] += bands[1] == bands[0]
        bands[:, :empty, :empty] = 0
        labels = np.where(bands[0] == 0, 255, bands.argmax(0))
        return write(bands, name, nodata=0), labels

    return scene


class Brightest:
    """A predictor that takes the class of the brightest band, whatever lies around a pixel.

    Attributes:
        calls: Batches so far.
        fails_after: How many until the user ends the run; None for never.
        during: Called with each batch.
        sign: -1 for the darkest.
    """

    identity = 'brightest'

    def __init__(self, card):
        self.card, self.calls, self.fails_after, self.sign = card, 0, None, 1
        self.during = lambda: None

    def __call__(self, images):
        self.calls += 1
        self.during()
        if self.fails_after is not None and self.calls > self.fails_after:
            raise KeyboardInterrupt
        values = self.sign * images / 1000
        values = np.exp(values - values.max(1, keepdims=True))
        return values / values.sum(1, keepdims=True)


@pytest.fixture
def brightest(card):
    """Return a model of two bands and classes that needs no training."""
    return Brightest(card)
