"""Models are loaded under names of their own."""

from pathlib import Path

import pytest

from ktda_mmseg.scenes.serve import models


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    """Stand in for the loading itself, which has tests of its own."""
    monkeypatch.setattr(models, 'load_predictor', lambda *what: what)


def test_configs_and_exports_are_loaded():
    named = [['grass', 'grass.py', 'grass.pth'], ['small', 'small.onnx']]
    assert models.load_models(named, 'cpu') == {
        'grass': (Path('grass.py'), Path('grass.pth'), 'cpu'),
        'small': (Path('small.onnx'), None, 'cpu'),
    }


@pytest.mark.parametrize(
    'named',
    [[['a', 'a.onnx'], ['a', 'b.onnx']], [['a']], [['a', 'a.py', 'a.pth', 'b.pth']]],
)
def test_names_that_clash_or_lack_files_are_refused(named):
    with pytest.raises(ValueError, match='expected a name of its own'):
        models.load_models(named)
