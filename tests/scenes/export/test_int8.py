"""Models in 8-bit integers: smaller, nearly as good, and with what that costs in the card."""

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.export.exported_card import ExportedCard, card_path
from ktda_mmseg.scenes.export.exporting import Contents
from ktda_mmseg.scenes.export.formats import FORMATS
from ktda_mmseg.scenes.export.scoring import mean_iou
from ktda_mmseg.scenes.export.tiles import windows_of

pytest.importorskip('rasterio')


@pytest.fixture
def tiles(tmp_path):
    """Three tiles of smooth noise, 64x80 pixels."""
    rng = np.random.default_rng(0)
    paths = [tmp_path / f'{name}.png' for name in 'abc']
    for path in paths:
        pixels = rng.integers(0, 256, (8, 10, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(pixels).save(path)
    return paths


@pytest.mark.parametrize(
    ('name', 'package'),
    [('onnx', 'onnxruntime'), pytest.param('openvino', 'nncf', marks=pytest.mark.slow)],
)
def test_int8(exporter, tiles, tmp_path, name, package):
    """Slow with OpenVINO, whose calibration goes through the network many times."""
    pytest.importorskip(package)
    made = exporter(Contents(preprocess=True, output='probabilities'), tiles)
    model = made.export(name)
    mask = tmp_path / 'mask.png'
    Image.fromarray(np.arange(64 * 80, dtype=np.uint8).reshape(64, 80) % 5).save(mask)
    labelled = {tile: mask for tile in tiles}
    small = made.quantise(model, labelled)
    card, predictor = ExportedCard.read(card_path(small)), FORMATS[name].predictor
    assert card.precision == 'int8'
    assert card.miou_float32 == pytest.approx(mean_iou(made.reference, labelled), abs=0.5)
    assert card.miou == pytest.approx(mean_iou(predictor(small), labelled), abs=0.01)
    assert card.max_difference > 1e-4
    assert 0.8 < card.label_agreement < 1
    # OpenVINO's graph is a file of its own, and larger than the weights of so small a model
    weights = [
        path for one in (small, model) for path in predictor.files(one) if path.suffix != '.xml'
    ]
    after, before = (path.stat().st_size for path in weights)
    assert after < 0.6 * before


class Halves:
    """A predictor that sees class 0 in dark pixels and class 2 in bright ones."""

    identity = 'halves'

    def __init__(self, card):
        self.card = card

    def __call__(self, images):
        bright = images[:, 0] > 100
        return np.stack([~bright, 0 * bright, bright, 0 * bright, 0 * bright], 1).astype(np.float32)


def test_scores_are_of_all_tiles_together(exporter, tmp_path):
    labelled = {}
    for name, bright, right in (('a', 40, 30), ('b', 10, 20)):
        image, mask = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)
        image[:bright], mask[:right], mask[63] = 200, 2, 255
        labelled[tmp_path / f'{name}.png'] = tmp_path / f'{name}_mask.png'
        Image.fromarray(image).save(tmp_path / f'{name}.png')
        Image.fromarray(mask).save(tmp_path / f'{name}_mask.png')
    # rows of the two tiles; the last one has no label
    dark, light = (23 + 43) / (33 + 53), (30 + 10) / (40 + 20)
    expected = 100 * (dark + light) / 2
    assert mean_iou(Halves(exporter().card), labelled) == pytest.approx(expected, abs=0.01)


def test_windows_of_tiles(exporter, tiles, tmp_path):
    card = exporter().card
    Image.fromarray(np.full((40, 64, 3), (1, 2, 3), np.uint8)).save(tmp_path / 'low.png')
    windows = windows_of([tiles[0], tmp_path / 'low.png'], card)
    pixels = np.asarray(Image.open(tiles[0])).transpose(2, 0, 1)
    assert [window.shape for window in windows] == [(3, 64, 64)] * 3
    np.testing.assert_array_equal(windows[0], pixels[:, :, :64])
    np.testing.assert_array_equal(windows[1], pixels[:, :, 16:])
    assert windows[2].min((1, 2)).tolist() == windows[2].max((1, 2)).tolist() == [1, 2, 3]


def test_a_mask_of_another_size(exporter, tiles, tmp_path):
    made = exporter()
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / 'mask.png')
    with pytest.raises(ValueError, match=r'mask\.png: expected \(64, 80\) as .*a\.png'):
        mean_iou(made.reference, {tiles[0]: tmp_path / 'mask.png'})
