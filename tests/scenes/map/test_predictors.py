"""A model is loaded by what it is stored as, and what does not go together is refused."""

from pathlib import Path

import numpy as np
import pytest

from ktda_mmseg.scenes import predictors
from ktda_mmseg.scenes.predictors import load_named, load_predictor


def test_a_config_needs_a_checkpoint():
    with pytest.raises(ValueError, match=r'model\.py: expected a checkpoint with a config'):
        load_predictor(Path('model.py'))


@pytest.mark.parametrize(
    'more', [dict(checkpoint=Path('a.pth')), dict(device='cpu'), dict(amp='bf16')]
)
@pytest.mark.parametrize('name', ['model.onnx', 'model.xml'])
def test_an_exported_model_stands_alone(name, more):
    with pytest.raises(ValueError, match=rf'{name}: expected an exported model alone'):
        load_predictor(Path(name), **more)


@pytest.mark.parametrize('name', ['model.onnx', 'model.xml'])
def test_an_exported_model_that_is_not_there(name):
    with pytest.raises(FileNotFoundError, match=r'model\.\w+: expected an exported model'):
        load_predictor(Path(name))


def test_settings_reach_the_model_and_mirror_images_come_last(monkeypatch, brightest):
    seen = []

    def load(*settings):
        seen.append(settings)
        return brightest

    monkeypatch.setattr(predictors, 'TorchPredictor', load)
    given = (Path('model.py'), Path('model.pth'), 'cpu', 'bf16', True)
    assert load_predictor(*given) is brightest and seen == [given]
    flipped = load_predictor(*given, tta=True)
    images = np.random.default_rng(0).random((2, 2, 8, 8), np.float32)
    np.testing.assert_allclose(flipped(images), brightest(images), rtol=1e-5)
    assert brightest.calls == 5 and flipped.identity != brightest.identity


def test_models_are_loaded_under_their_names(monkeypatch):
    monkeypatch.setattr(predictors, 'load_predictor', lambda *what: what)
    named = [['grass', 'grass.py', 'grass.pth'], ['small', 'small.onnx']]
    assert load_named(named, 'cpu') == {
        'grass': (Path('grass.py'), Path('grass.pth'), 'cpu'),
        'small': (Path('small.onnx'), None, 'cpu'),
    }


@pytest.mark.parametrize(
    'named',
    [[['a', 'a.onnx'], ['a', 'b.onnx']], [['a']], [['a', 'a.py', 'a.pth', 'b.pth']]],
)
def test_names_that_clash_or_lack_files_are_refused(monkeypatch, named):
    monkeypatch.setattr(predictors, 'load_predictor', lambda *what: what)
    with pytest.raises(ValueError, match='expected a name of its own'):
        load_named(named)
