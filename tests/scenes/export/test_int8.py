"""Models in 8-bit integers: smaller, nearly as good, and with what that costs in the card."""

import numpy as np
import pytest
from PIL import Image

from ktda_mmseg.scenes.export.comparison import mean_iou, windows_of
from ktda_mmseg.scenes.export.exported_card import ExportedCard, card_path
from ktda_mmseg.scenes.export.formats import FORMATS

pytest.importorskip('rasterio')
pytestmark = pytest.mark.filterwarnings('ignore::rasterio.errors.NotGeoreferencedWarning')


def save(path, pixels):
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def tiles(tmp_path):
    """Three tiles of smooth noise by name, 64x80 pixels."""
    rng = np.random.default_rng(0)
    noise = {name: rng.integers(0, 256, (8, 10, 3), np.uint8) for name in 'abc'}
    return {
        name: save(tmp_path / f'{name}.png', pixels.repeat(8, 0).repeat(8, 1))
        for name, pixels in noise.items()
    }


@pytest.mark.parametrize(
    ('name', 'package', 'size'),
    [
        ('onnx', 'onnxruntime', (64, 64)),
        pytest.param('onnx', 'onnxruntime', (32, 64), id='a size that is not the window'),
        pytest.param('openvino', 'nncf', None, marks=pytest.mark.slow),
    ],
)
def test_int8(exporter, tiles, tmp_path, name, package, size):
    """Slow with OpenVINO, whose calibration goes through the network many times."""
    pytest.importorskip(package)
    made = exporter(size=size, tiles=tiles.values())
    model = made.export(name)
    labels = np.arange(64 * 80, dtype=np.uint8).reshape(64, 80) % 5
    masks = dict.fromkeys(tiles, save(tmp_path / 'mask.png', labels))
    small = made.quantise(model, tiles, masks)
    card, predictor = ExportedCard.read(card_path(small)), FORMATS[name].predictor
    assert card.precision == 'int8'
    before = mean_iou(made.reference, tiles, masks, size)
    assert card.miou_float32 == pytest.approx(before, abs=0.5)
    after = mean_iou(predictor(small), tiles, masks, size)
    assert card.miou == pytest.approx(after, abs=0.01)
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
    tiles, masks = {}, {}
    for name, bright, right in (('a', 40, 30), ('b', 10, 20)):
        image, mask = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)
        image[:bright], mask[:right], mask[63] = 200, 2, 255
        tiles[name] = save(tmp_path / f'{name}.png', image)
        masks[name] = save(tmp_path / f'{name}_mask.png', mask)
    # rows of the two tiles; the last one has no label
    dark, light = (23 + 43) / (33 + 53), (30 + 10) / (40 + 20)
    expected = 100 * (dark + light) / 2
    assert mean_iou(Halves(exporter().card), tiles, masks) == pytest.approx(expected, abs=0.01)
    masks['b'] = save(tmp_path / 'small.png', np.zeros((9, 9), np.uint8))
    with pytest.raises(ValueError, match=r'small\.png: expected one band .*64x64.* found 1 on 9x9'):
        mean_iou(Halves(exporter().card), tiles, masks)


def test_windows_of_tiles(exporter, tiles, tmp_path):
    card = exporter().card
    low = save(tmp_path / 'low.png', np.full((40, 64, 3), (1, 2, 3), np.uint8))
    windows = windows_of([tiles['a'], low], card)
    pixels = np.asarray(Image.open(tiles['a'])).transpose(2, 0, 1)
    assert [window.shape for window in windows] == [(3, 64, 64)] * 3
    np.testing.assert_array_equal(windows[0], pixels[:, :, :64])
    np.testing.assert_array_equal(windows[1], pixels[:, :, 16:])
    assert windows[2].min((1, 2)).tolist() == windows[2].max((1, 2)).tolist() == [1, 2, 3]
