"""QGIS's plugin Deepness loads an exported file, and labels as PyTorch does."""

import json

import numpy as np
import pytest

from ktda_mmseg.scenes.export.comparison import made_up_images
from ktda_mmseg.scenes.export.formats import FORMATS

onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('onnx')
# what the plugin takes if a file does not say it
DEFAULTS = dict(tile_size=512, resolution=3, tiles_overlap=15, seg_thresh=0.5)
SIDE = 64


class Plugin:
    """The rules of the plugin's model_base.py, segmentor.py and map_processor_segmentation.py."""

    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
        (image,) = self.session.get_inputs()
        self.input, (_, self.channels, *size) = image.name, image.shape
        if not all(isinstance(side, int) for side in size):
            raise TypeError('the number of pixels of a tile is no number')
        self.side = size[1]
        # it makes a layer of each of so many classes
        (output,) = self.session.get_outputs()
        if not all(isinstance(length, int) for length in output.shape[1:]):
            raise TypeError(f'{output.shape}: the number of classes or pixels is no number')
        self.told = self.session.get_modelmeta().custom_metadata_map
        self.type = json.loads(self.told['model_type']).capitalize()
        named = json.loads(self.told['class_names'])
        numbered = sorted((int(key), name) for key, name in named.items())
        assert [number for number, _ in numbered] == list(range(len(numbered)))
        self.classes = [name for _, name in numbered]
        self.mean, self.std = (
            np.array(json.loads(self.told[f'standardization_{name}']), np.float32)
            for name in ('mean', 'std')
        )

    def setting(self, name, kind):
        return kind(json.loads(self.told[name])) if name in self.told else DEFAULTS[name]

    def labels(self, tiles):
        """Label tiles (N, h, w, C), uint8."""
        values = np.float32(tiles[..., : self.channels] * 1.0 / 255.0)
        values = ((values - self.mean) / self.std).transpose(0, 3, 1, 2)
        (output,) = self.session.run(None, {self.input: values})
        assert output.shape == (len(tiles), len(self.classes), self.side, self.side)
        output[output < self.setting('seg_thresh', float)] = 0
        return output.argmax(1)


@pytest.fixture
def tiles(exporter):
    """Eight tiles of 8 bits, (8, h, w, 3)."""
    images = np.random.default_rng(0).integers(0, 256, (8, SIDE // 8, SIDE // 8, 3), np.uint8)
    return images.repeat(8, 1).repeat(8, 2)


@pytest.mark.parametrize('preprocess', [True, False])
def test_the_plugin_labels_as_pytorch_does(exporter, tiles, preprocess, tmp_path):
    made = exporter(preprocess, size=(SIDE, SIDE))
    path = made.export('onnx')
    plugin = Plugin(path)
    assert plugin.type == 'Segmentor' and plugin.classes == list('abcde')
    assert plugin.side == plugin.setting('tile_size', int) == SIDE
    assert plugin.setting('tiles_overlap', int) == 25
    # pixels of an unknown size are not told
    assert 'resolution' not in plugin.told
    expected = made.reference(tiles.transpose(0, 3, 1, 2).astype(np.float32))
    found = plugin.labels(tiles)
    assert len(np.unique(found)) > 1, 'all is of one class, so that nothing is compared'
    # below its own, the plugin takes class 0
    assert plugin.setting('seg_thresh', float) < 1 / len(plugin.classes)
    assert (found == expected.argmax(1)).mean() > 0.9999

    card = made.card
    small = tmp_path / 'small.onnx'
    images = [made_up_images(card, 1, (SIDE, SIDE)) for _ in range(2)]
    images = [FORMATS['onnx'].predictor(path).prepare(image) for image in images]
    FORMATS['onnx'].quantise(path, images, small)
    assert Plugin(small).told.items() >= plugin.told.items()


def test_the_size_of_pixels_is_told_in_centimetres(exporter):
    made = exporter(size=(SIDE, SIDE), model=dict(ground_size=(0.5, 0.32)))
    plugin = Plugin(made.export('onnx'))
    assert plugin.setting('resolution', float) == pytest.approx(40)


@pytest.mark.parametrize('output', ['logits', 'labels'])
def test_what_the_plugin_would_take_wrongly_is_no_segmentor(exporter, output):
    path = exporter(True, output, size=(SIDE, SIDE)).export('onnx')
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    assert 'model_type' not in session.get_modelmeta().custom_metadata_map
