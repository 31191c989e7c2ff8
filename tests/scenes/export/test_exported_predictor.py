"""What a predictor says of files that are not as it expects, and of itself."""

import subprocess
import sys

import numpy as np
import pytest

from ktda_mmseg.scenes.export.exported_predictor import OnnxPredictor, OpenvinoPredictor
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


# a process handles a signal, here of a child that has ended, after its predictors have gone
SIGNALLED = """
import signal, subprocess, sys
from pathlib import Path
from ktda_mmseg.scenes.export.exported_predictor import OpenvinoPredictor
first, second = (OpenvinoPredictor(Path(sys.argv[1])) for _ in range(2))
del first
del second
signal.signal(signal.SIGCHLD, lambda *_: print('handled'))
subprocess.run([sys.executable, '-c', ''], check=True)
"""


def test_signals_are_handled_after_openvino(exporter):
    pytest.importorskip('openvino')
    model = exporter().export('openvino')
    done = subprocess.run(
        [sys.executable, '-c', SIGNALLED, str(model)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, 'handled\n'), done.stderr


def test_no_weights_beside_openvinos_graph(tmp_path):
    (tmp_path / 'model.xml').touch()
    with pytest.raises(FileNotFoundError, match=r'model\.bin: expected an exported model'):
        OpenvinoPredictor(tmp_path / 'model.xml')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda card: None, r'model\.onnx\.json: expected the model card'),
        (lambda card: '{"classes": ["a"]}', r'model\.onnx\.json: expected a model card'),
        (lambda card: card.replace('"onnx"', '"openvino"'), 'expected the format onnx, got openvi'),
    ],
)
def test_no_card_or_that_of_something_else(model, change, message):
    card = model.with_name('model.onnx.json')
    content = change(card.read_text())
    card.unlink()
    if content:
        card.write_text(content)
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        OnnxPredictor(model)


def test_a_damaged_file(model):
    model.write_bytes(model.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r'model\.onnx: expected a whole onnx model') as error:
        OnnxPredictor(model)
    assert '\n' not in str(error.value)


def test_a_missing_runtime(model, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    with pytest.raises(ImportError, match=r"needs onnxruntime: pip install 'ktda-mmseg\[export\]'"):
        OnnxPredictor(model)
