"""QGIS opens maps with their names and colours, with and without what stands beside them."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.scenes.map.products import Products
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.strips import Layers

rasterio = pytest.importorskip('rasterio')
READER = Path(__file__).with_name('qgis_layers.py')
NAMES = 'thin <cloud> & "haze"', 'Wälder'
COLOURS = (255, 128, 1), (9, 200, 30)


@pytest.fixture(scope='module')
def qgis():
    """Return a function that gives what QGIS makes of rasters."""
    # its module is for the system's Python, not for ours
    python = shutil.which('python3', path=os.defpath)
    home = {key: os.environ[key] for key in ('HOME', 'PATH') if key in os.environ}
    call = dict(env=home | {'QT_QPA_PLATFORM': 'offscreen'}, capture_output=True, text=True)
    if not python or subprocess.run([python, '-c', 'import qgis.core'], **call).returncode:
        pytest.skip("the system's Python has no QGIS")

    def layers(*paths):
        done = subprocess.run([python, str(READER), *map(str, paths)], **call)
        # some versions crash on their way out, when all is said
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    return layers


@pytest.fixture
def mapped(brightest, scene, tmp_path):
    """Map a scene; return its map and its right labels, of which 255 are nodata."""
    path, labels = scene()
    brightest.card = replace(brightest.card, classes=NAMES, palette=COLOURS)
    products = Products(layers=Layers(True, 'uint16'))
    (result,) = SceneInferencer(brightest, products=products)([path], tmp_path / 'out')
    return result.files['map'], labels


def test_a_map_is_shown_as_it_was_made(qgis, mapped, tmp_path):
    path, labels = mapped
    moved = tmp_path / 'alone' / path.name
    moved.parent.mkdir()
    for file in (path, Path(f'{path}.aux.xml')):
        shutil.copy(file, moved.parent)
    beside, without, confidence, probabilities = qgis(
        path,
        moved,
        path.with_suffix('.confidence.tif'),
        path.with_suffix('.probabilities.tif'),
    )
    classes = [[label, NAMES[label], [*COLOURS[label], 255]] for label in range(2)]
    colours = np.zeros((256, 4))
    colours[:2] = [colour for _, _, colour in classes]
    for layer in (beside, without):
        assert layer['valid'] and layer['renderer'] == 'paletted'
        assert layer['crs'] == 'EPSG:32633' and layer['nodata'] == 255
        np.testing.assert_array_equal(layer['picture'], colours[labels])
    assert beside['classes'] == classes
    # a colour table of 8 bits has 256 colours
    assert without['classes'][:2] == classes and without['classes'][255][2][3] == 0

    empty = labels == 255
    for layer, renderer, bands in (
        (confidence, 'singlebandgray', ['Band 1: confidence']),
        (probabilities, 'multibandcolor', [f'Band {i + 1}: {n}' for i, n in enumerate(NAMES)]),
    ):
        assert layer['valid'] and layer['bands'] == bands
        values = np.array(layer['values'], float)
        assert (np.isnan(values) == empty).all()
        assert 0 <= np.nanmin(values) < np.nanmax(values) <= 1
        assert layer['renderer'] == renderer
        assert ((np.array(layer['picture'])[..., 3] == 0) == empty).all()
