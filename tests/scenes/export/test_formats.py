"""Every format predicts what PyTorch does, for batches and sizes that it was not made from."""

import json

import numpy as np
import pytest
import torch

from ktda_mmseg.scenes.export.exporting import ExportError
from ktda_mmseg.scenes.export.formats import FORMATS

PACKAGES = {'onnx': ('onnx', 'onnxruntime'), 'openvino': ('openvino', 'onnx')}


def exported(made, name='onnx'):
    """Export a model and return a predictor of the file."""
    for package in PACKAGES[name]:
        pytest.importorskip(package)
    return FORMATS[name].predictor(made.export(name), threads=1)


def image(count, *size):
    return np.random.default_rng(1).integers(0, 256, (count, 3, *size)).astype(np.float32)


@pytest.mark.parametrize('name', FORMATS)
def test_any_batch_and_size(exporter, name):
    made = exporter()
    predictor = exported(made, name)
    # below the stride, which PyTorch refuses, some runtimes would compute something
    assert predictor.card.size is None and predictor.card.smallest == 32
    for count, *size in (5, 64, 96), (1, 128, 64), (2, 71, 50), (1, 200, 33), (1, 32, 32):
        images = image(count, *size)
        expected = made.reference(images)
        assert expected.max() > 0.6, 'it has no opinion, so that nothing is compared'
        np.testing.assert_allclose(predictor(images), expected, atol=1e-3)
    with pytest.raises(RuntimeError):
        made.reference(image(1, 31, 64))
    for size in ((16, 64), (64, 16)):
        with pytest.raises(ValueError, match=rf'at least 32x.*got {size[0]}x{size[1]}'):
            predictor(image(1, *size))


@pytest.mark.parametrize(
    ('name', 'preprocess', 'output'),
    [('onnx', False, 'logits'), ('onnx', True, 'labels'), ('openvino', False, 'probabilities')],
)
def test_what_is_not_inside_is_done_around(exporter, name, preprocess, output):
    made = exporter(preprocess, output)
    predictor = exported(made, name)
    images = image(2, 64, 64)
    expected, found = made.reference(images), predictor(images)
    np.testing.assert_array_equal(found.argmax(1), expected.argmax(1))
    if output == 'labels':
        assert set(np.unique(found)) == {0, 1}
    else:
        np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.filterwarnings('ignore:For binary segmentation')
def test_one_output_for_two_classes(exporter):
    head = dict(out_channels=1, threshold=0.2)
    head['loss_decode'] = dict(type='CrossEntropyLoss', use_sigmoid=True)
    made = exporter(False, 'logits', dict(head=head, classes=2))
    predictor = exported(made)
    images = image(1, 64, 64)
    np.testing.assert_allclose(predictor(images), made.reference(images), atol=1e-3)
    assert predictor.card.threshold == 0.2


def test_empty_pixels_are_filled_inside(exporter):
    loading = dict(type='LoadRasterFromFile', nodata=-9999, fill=[10, 20, 30])
    preprocessor = dict(
        type='MultiBandSegDataPreProcessor', mean=[90, 80, 70], std=[9, 8, 7], size=(64, 64),
        bgr_to_rgb=False,
    )  # fmt: skip
    made = exporter(model=dict(loading=loading, data_preprocessor=preprocessor))
    predictor = exported(made)
    filled = image(1, 64, 64)
    filled[0, :, :9, :9] = np.array([10, 20, 30])[:, None, None]
    empty = filled.copy()
    empty[0, :, :3, :9], empty[0, 0, 3:6, :9], empty[0, 2, 6:9, :9] = -9999, np.nan, np.inf
    np.testing.assert_array_equal(predictor(empty), predictor(filled))


def test_one_size(exporter):
    made = exporter(size=(64, 96))
    predictor = exported(made)
    assert predictor.card.size == (64, 96)
    images = image(3, 64, 96)
    np.testing.assert_allclose(predictor(images), made.reference(images), atol=1e-3)
    with pytest.raises(ValueError, match=r'model\.onnx: expected windows of 64x96 pixels.*64x64'):
        predictor(image(1, 64, 64))


def test_onnx_names_its_axes_and_opset(exporter):
    onnx = pytest.importorskip('onnx')
    path = exporter(False, 'labels', opset=18).export('onnx')
    model = onnx.load(str(path))
    tensors = (*model.graph.input, *model.graph.output)
    sizes = [
        [axis.dim_param or axis.dim_value for axis in tensor.type.tensor_type.shape.dim]
        for tensor in tensors
    ]
    assert sizes == [['batch', 3, 'height', 'width'], ['batch', 'height', 'width']]
    assert [tensor.name for tensor in tensors] == ['images', 'labels']
    card = json.loads(path.with_name('model.onnx.json').read_text())
    assert card['opset'] == model.opset_import[0].version == 18
    assert (card['classes'], card['bands'], card['window']) == (list('abcde'), [1, 2, 3], [64, 64])
    assert (card['preprocess'], card['output'], card['precision']) == (False, 'labels', 'float32')
    assert (card['size'], card['multiple']) == (None, 1)
    assert card['label_agreement'] >= 0.9999


def test_runtimes_agree_on_the_last_window_of_a_pool(exporter):
    """ONNX Runtime 1.23 divides by the whole window where padding may count, others do not."""
    onnx = pytest.importorskip('onnx')
    nodes = onnx.load(str(exporter().export('onnx'))).graph.node
    pools = [node for node in nodes if node.op_type == 'AveragePool']
    assert pools
    for pool in pools:
        given = {a.name: onnx.helper.get_attribute_value(a) for a in pool.attribute}
        assert given['ceil_mode'] == 1 and not given.get('count_include_pad')


def test_a_model_bound_to_one_size_is_exported_for_it(exporter, monkeypatch, capsys):
    made = exporter()
    forward = made.network.model.extract_feat

    def extract(inputs):
        # what a trace keeps of the example
        return forward(inputs.reshape(-1, 3, 64, 64) if torch.jit.is_tracing() else inputs)

    monkeypatch.setattr(made.network.model, 'extract_feat', extract)
    assert exported(made).card.size == (64, 64)
    assert 'images of any size cannot be expressed or run as onnx' in capsys.readouterr().out


def paler(probabilities):
    return probabilities * 0.9


def one_row_off(labels):
    labels = labels.clone()
    labels[:, 0] = 4 - labels[:, 0]
    return labels


@pytest.mark.parametrize(
    ('output', 'change', 'message'),
    [
        ('probabilities', paler, r'to 0\.001 .* got largest difference .* 0\.\d+, same'),
        ('labels', one_row_off, r'same label in 9\d\.\d+%'),
    ],
)
def test_a_file_that_disagrees_is_not_kept(
    exporter, monkeypatch, tmp_path, output, change, message
):
    pytest.importorskip('onnxruntime')
    made = exporter(output=output)
    forward = made.network.forward
    monkeypatch.setattr(made.network, 'forward', lambda images: change(forward(images)))
    with pytest.raises(ExportError, match=message):
        made.export('onnx')
    assert list((tmp_path / 'out').iterdir()) == []


def test_opsets(exporter):
    with pytest.raises(ValueError, match='expected an opset from 14 to 20, got 9'):
        exporter(opset=9)
