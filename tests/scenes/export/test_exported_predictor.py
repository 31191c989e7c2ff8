"""What a predictor says of files that are not as it expects, and of itself."""

import sys

import numpy as np
import pytest

from ktda_mmseg.scenes.export.onnx_predictor import OnnxPredictor
from ktda_mmseg.scenes.export.openvino_predictor import OpenvinoPredictor
from ktda_mmseg.scenes.export.torch_formats import TorchScriptPredictor
from ktda_mmseg.scenes.predictors import load_predictor


def test_loading_by_suffix(model):
    predictor = load_predictor(model)
    assert isinstance(predictor, OnnxPredictor)
    assert predictor.card.window == (64, 64)


def test_identity_follows_the_file_and_its_card(model):
    first = OnnxPredictor(model).identity
    assert OnnxPredictor(model, threads=2).identity == first
    card = model.with_name('model.onnx.json')
    card.write_text(card.read_text().replace('123.675', '123.5'))
    assert OnnxPredictor(model).identity != first


def test_threads_reach_the_runtime(model, monkeypatch):
    runtime = pytest.importorskip('onnxruntime')
    asked = []
    session = runtime.InferenceSession
    monkeypatch.setattr(
        runtime, 'InferenceSession',
        lambda path, options, **rest: asked.append(options) or session(path, options, **rest),
    )  # fmt: skip
    OnnxPredictor(model, threads=3)
    OnnxPredictor(model)
    assert asked[0].intra_op_num_threads == 3
    assert asked[1].intra_op_num_threads >= 1


@pytest.mark.parametrize('shape', [(1, 4, 64, 64), (3, 64, 64)])
def test_wrong_bands(model, shape):
    with pytest.raises(ValueError, match=r'model\.onnx: expected images \(N, 3, h, w\) .* got'):
        OnnxPredictor(model)(np.zeros(shape, np.float32))


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'gone\.onnx: expected an exported model'):
        OnnxPredictor(tmp_path / 'gone.onnx')


def test_no_weights_beside_openvinos_graph(tmp_path):
    (tmp_path / 'model.xml').touch()
    with pytest.raises(FileNotFoundError, match=r'model\.bin: expected an exported model'):
        OpenvinoPredictor(tmp_path / 'model.xml')


def test_no_card(model):
    model.with_name('model.onnx.json').unlink()
    with pytest.raises(FileNotFoundError, match=r'model\.onnx\.json: expected the model card'):
        OnnxPredictor(model)


def test_a_card_of_another_kind(model):
    model.with_name('model.onnx.json').write_text('{"classes": ["a"]}')
    with pytest.raises(ValueError, match=r'model\.onnx\.json: expected a model card'):
        OnnxPredictor(model)


def test_another_format(model):
    with pytest.raises(ValueError, match='expected the format torchscript, got onnx'):
        TorchScriptPredictor(model)


def test_a_damaged_file(model):
    model.write_bytes(model.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r'model\.onnx: expected a whole onnx model') as error:
        OnnxPredictor(model)
    assert '\n' not in str(error.value)


def test_a_missing_runtime(model, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match=r"needs onnxruntime: pip install 'ktda-mmseg\[export\]'"):
        OnnxPredictor(model)
