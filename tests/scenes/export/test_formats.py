"""Every format predicts what PyTorch does, for batches and sizes that it was not made from."""

import json
import shutil

import numpy as np
import pytest
import torch
from torch import nn

from ktda_mmseg.scenes.export.exporting import Contents, ExportError
from ktda_mmseg.scenes.export.formats import FORMATS
from ktda_mmseg.scenes.export.torch_formats import AOTInductorPredictor, write_aotinductor

REAL = Contents(preprocess=True, output='probabilities')
PACKAGES = {'onnx': ('onnx', 'onnxruntime'), 'openvino': ('openvino', 'onnx')}
SLOW = [pytest.param('torch_export', marks=pytest.mark.slow)]


def require(name):
    for package in PACKAGES.get(name, ()):
        pytest.importorskip(package)


def image(count, *size):
    return np.random.default_rng(1).integers(0, 256, (count, 3, *size)).astype(np.float32)


@pytest.mark.parametrize('name', ['onnx', 'torchscript', 'openvino', *SLOW])
def test_any_batch_and_size(exporter, name):
    """Slow with torch.export, which traces the network with sizes that are not known."""
    require(name)
    made = exporter(REAL)
    predictor = FORMATS[name].predictor(made.export(name), threads=1)
    assert predictor.card.size is None
    free = [(5, 64, 96), (1, 128, 64)]
    free += [(2, 71, 50), (1, 200, 33)] if predictor.card.multiple == 1 else []
    for count, *size in free:
        images = image(count, *size)
        expected = made.reference(images)
        assert expected.max() > 0.6, 'it has no opinion, so that nothing is compared'
        np.testing.assert_allclose(predictor(images), expected, atol=1e-3)
    # below the stride, which PyTorch refuses, some runtimes would compute something
    smallest = predictor.card.smallest
    assert smallest == (32 if predictor.card.multiple == 1 else 64)
    images = image(1, smallest, smallest)
    np.testing.assert_allclose(predictor(images), made.reference(images), atol=1e-3)
    with pytest.raises(RuntimeError):
        made.reference(image(1, 31, 64))
    for size in ((smallest // 2, 64), (64, smallest // 2)):
        with pytest.raises(ValueError, match=rf'at least {smallest}x.*got {size[0]}x{size[1]}'):
            predictor(image(1, *size))


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which('g++'), reason='AOTInductor needs a C++ compiler')
def test_a_compiled_library(tmp_path):
    """Slow: a C++ compiler makes it."""
    # a whole model takes minutes to compile
    network = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.AdaptiveAvgPool2d(3)).eval()
    write_aotinductor(network, torch.randn(2, 3, 64, 64), True, 17, tmp_path / 'a.pt2')
    run = AOTInductorPredictor.load(tmp_path / 'a.pt2', threads=1)
    for shape in (3, 3, 64, 128), (1, 3, 160, 64):
        images = torch.randn(shape)
        expected = network(images).detach().numpy()
        np.testing.assert_allclose(run(images.numpy()), expected, atol=1e-5)


@pytest.mark.parametrize(
    ('name', 'preprocess', 'output'),
    [('onnx', False, 'logits'), ('onnx', True, 'labels'), ('torchscript', False, 'probabilities')],
)
def test_what_is_not_inside_is_done_around(exporter, name, preprocess, output):
    require(name)
    made = exporter(Contents(preprocess, output))
    predictor = FORMATS[name].predictor(made.export(name), threads=1)
    images = image(2, 64, 64)
    expected, found = made.reference(images), predictor(images)
    np.testing.assert_array_equal(found.argmax(1), expected.argmax(1))
    if output == 'labels':
        assert set(np.unique(found)) == {0, 1}
    else:
        np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.filterwarnings('ignore:For binary segmentation')
def test_one_output_for_two_classes(exporter):
    require('onnx')
    head = dict(out_channels=1, threshold=0.2)
    head['loss_decode'] = dict(type='CrossEntropyLoss', use_sigmoid=True)
    made = exporter(Contents(output='logits'), head=head, classes=2)
    predictor = FORMATS['onnx'].predictor(made.export('onnx'), threads=1)
    images = image(1, 64, 64)
    np.testing.assert_allclose(predictor(images), made.reference(images), atol=1e-3)
    assert predictor.card.threshold == 0.2


def test_empty_pixels_are_filled_inside(exporter):
    require('onnx')
    loading = dict(type='LoadRasterFromFile', nodata=-9999, fill=[10, 20, 30])
    preprocessor = dict(
        type='MultiBandSegDataPreProcessor', mean=[90, 80, 70], std=[9, 8, 7], size=(64, 64),
        bgr_to_rgb=False,
    )  # fmt: skip
    made = exporter(REAL, loading=loading, data_preprocessor=preprocessor)
    predictor = FORMATS['onnx'].predictor(made.export('onnx'), threads=1)
    filled = image(1, 64, 64)
    filled[0, :, :9, :9] = np.array([10, 20, 30])[:, None, None]
    empty = filled.copy()
    empty[0, :, :3, :9], empty[0, 0, 3:6, :9], empty[0, 2, 6:9, :9] = -9999, np.nan, np.inf
    np.testing.assert_array_equal(predictor(empty), predictor(filled))


def test_one_size(exporter):
    require('onnx')
    made = exporter(Contents(preprocess=True, output='probabilities', size=(64, 96)))
    predictor = FORMATS['onnx'].predictor(made.export('onnx'), threads=1)
    assert predictor.card.size == (64, 96)
    images = image(3, 64, 96)
    np.testing.assert_allclose(predictor(images), made.reference(images), atol=1e-3)
    with pytest.raises(ValueError, match=r'model\.onnx: expected windows of 64x96 pixels.*64x64'):
        predictor(image(1, 64, 64))


def test_onnx_names_its_axes_and_opset(exporter):
    onnx = pytest.importorskip('onnx')
    path = exporter(Contents(output='labels', opset=18)).export('onnx')
    model = onnx.load(str(path))
    sizes = [
        [axis.dim_param or axis.dim_value for axis in tensor.type.tensor_type.shape.dim]
        for tensor in (*model.graph.input, *model.graph.output)
    ]
    assert sizes == [['batch', 3, 'height', 'width'], ['batch', 'height', 'width']]
    assert [tensor.name for tensor in (*model.graph.input, *model.graph.output)] == [
        'images', 'labels',
    ]  # fmt: skip
    card = json.loads(path.with_name('model.onnx.json').read_text())
    assert card['opset'] == model.opset_import[0].version == 18
    assert (card['classes'], card['bands'], card['window']) == (list('abcde'), [1, 2, 3], [64, 64])
    assert (card['preprocess'], card['output'], card['precision']) == (False, 'labels', 'float32')
    assert card['label_agreement'] >= 0.9999


def test_a_model_bound_to_one_size_is_exported_for_it(exporter, monkeypatch, capsys):
    made = exporter(REAL)
    forward = made.network.model.extract_feat

    def extract(inputs):
        # what a trace keeps of the example
        return forward(inputs.reshape(-1, 3, 64, 64) if torch.jit.is_tracing() else inputs)

    monkeypatch.setattr(made.network.model, 'extract_feat', extract)
    predictor = FORMATS['torchscript'].predictor(made.export('torchscript'))
    assert predictor.card.size == (64, 64)
    assert 'images of any size cannot be expressed or run as torchscript' in capsys.readouterr().out


def test_a_file_that_disagrees_is_not_kept(exporter, monkeypatch, tmp_path):
    made = exporter(REAL)
    forward = made.network.forward
    monkeypatch.setattr(made.network, 'forward', lambda images: forward(images) * 0.9)
    with pytest.raises(ExportError, match=r'to 0\.001 .* got largest difference .* 0\.\d+, same'):
        made.export('torchscript')
    assert list((tmp_path / 'out').iterdir()) == []


def test_wrong_labels_alone_are_refused(exporter, monkeypatch, tmp_path):
    made = exporter(Contents(output='labels'))
    forward = made.network.forward

    def one_pixel_off(images):
        labels = forward(images).clone()
        labels[:, :, 0] = 4 - labels[:, :, 0]
        return labels

    monkeypatch.setattr(made.network, 'forward', one_pixel_off)
    with pytest.raises(ExportError, match=r'same label in 9\d\.\d+%'):
        made.export('torchscript')
    assert list((tmp_path / 'out').iterdir()) == []


def test_opsets(exporter):
    with pytest.raises(ValueError, match='expected an opset from 14 to 20, got 9'):
        exporter(Contents(opset=9))
