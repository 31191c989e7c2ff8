"""All that is asked for is there, under its name, and nothing else."""

import json
from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.scenes.map.polygons import Outlines
from ktda_mmseg.scenes.map.products import Products, write_products
from ktda_mmseg.scenes.map.reading import SceneProfile
from ktda_mmseg.scenes.map.strips import Layers, Strip, StripStore

rasterio = pytest.importorskip('rasterio')
EVERYTHING = Products(Layers(True, 'uint16'), Outlines(), True)
UTM = rasterio.Affine(10, 0, 5e5, 0, -10, 5e6)
PROFILE = SceneProfile(Path('scene.tif'), 60, 50, rasterio.crs.CRS.from_epsg(32633), UTM)


@pytest.fixture
def store(tmp_path):
    """Strips of 25 rows of a scene of 60 x 50 pixels, with all layers."""
    rng = np.random.default_rng(0)
    store = StripStore(tmp_path / 'strips', {'model': 'abc'}, [(0, 25), (25, 50), (50, 60)])
    store.prepare()
    for index, (first, stop) in enumerate(store.strips):
        size = (stop - first, 50)
        labels, confidence = rng.integers(0, 2, size), rng.integers(0, 255, size)
        every = rng.integers(0, 65535, (2, *size)).astype(np.uint16)
        store.write(index, Strip(labels.astype(np.uint8), confidence.astype(np.uint8), every))
    return store


def test_everything(store, card, tmp_path):
    pytest.importorskip('geopandas')
    out = tmp_path / 'out'
    paths = write_products(EVERYTHING, PROFILE, card, store, out, 'a.b')
    names = dict(
        map='a.b.tif',
        style='a.b.qml',
        confidence='a.b.confidence.tif',
        probabilities='a.b.probabilities.tif',
        polygons='a.b.gpkg',
        quicklook='a.b.png',
        summary='a.b.json',
    )
    assert paths == EVERYTHING.paths(out, 'a.b') == {kind: out / n for kind, n in names.items()}
    assert {file.name for file in out.iterdir()} == {*names.values(), 'a.b.tif.aux.xml'}
    for kind, layer in (('map', 'labels'), ('confidence',) * 2, ('probabilities',) * 2):
        with rasterio.open(paths[kind]) as raster:
            stored = np.concatenate([*store.rows(layer)], axis=-2)
            np.testing.assert_array_equal(raster.read().reshape(stored.shape), stored)
    summary = json.loads(paths['summary'].read_text())
    assert summary['products'] == names and summary['settings'] == {'model': 'abc'}


def test_the_summary_is_the_last(store, card, tmp_path, monkeypatch):
    """So that it says of the others that they are whole."""

    def fail(*args):
        raise OSError('full')

    monkeypatch.setattr('ktda_mmseg.scenes.map.products.write_quicklook', fail)
    with pytest.raises(OSError, match='full'):
        write_products(Products(quicklook=True), PROFILE, card, store, tmp_path / 'out', 'a')
    assert not (tmp_path / 'out' / 'a.json').exists()
