"""The script of docs/maps.md makes the map of predict_scene.py with an exported file alone."""

import subprocess
import sys

import numpy as np
import pytest

from ktda_mmseg.scenes.export.formats import FORMATS
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer

from ...test_docs_blocks import blocks

pytest.importorskip('onnxruntime')
rasterio = pytest.importorskip('rasterio')
# PyTorch cannot be imported, nor what is ours
ALONE = """
import runpy, sys
sys.modules['torch'] = sys.modules['ktda_mmseg'] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@pytest.fixture
def scene(tmp_path):
    rng = np.random.default_rng(0)
    bands = rng.integers(1, 256, (3, 15, 21), np.uint8).repeat(10, 1).repeat(10, 2)
    bands[:, :40, :70] = 0
    place = dict(crs='EPSG:32632', transform=rasterio.Affine(10, 0, 5e5, 0, -10, 5e6))
    shape = dict(count=3, height=150, width=210, dtype='uint8', nodata=0)
    with rasterio.open(tmp_path / 'scene.tif', 'w', **shape, **place) as raster:
        raster.write(bands)
    return tmp_path / 'scene.tif'


def test_the_script_makes_the_same_map(model, scene, tmp_path):
    (tmp_path / 'without_torch.py').write_text(blocks()['docs/maps.md', '# without_torch.py'])
    arguments = [tmp_path / 'without_torch.py', model, scene, tmp_path / 'map.tif']
    subprocess.run([sys.executable, '-c', ALONE, *map(str, arguments)], check=True)
    (result,) = SceneInferencer(FORMATS['onnx'].predictor(model))([scene], tmp_path / 'out')
    with (
        rasterio.open(result.files['map']) as expected,
        rasterio.open(tmp_path / 'map.tif') as found,
    ):
        assert (found.crs, found.transform) == (expected.crs, expected.transform)
        assert found.nodata == expected.nodata == 255
        labels = expected.read(1)
        np.testing.assert_array_equal(found.read(1), labels)
        assert (labels == 255).sum() == 40 * 70 and len(np.unique(labels)) > 2
        colours = [found.colormap(1)[label] for label in range(5)]
        assert colours == [expected.colormap(1)[label] for label in range(5)]
