"""The loss of every config and its gradient stay on the GPU."""

from importlib.util import find_spec

import pytest
import torch

from ..test_configs import LEAVES, build
from .conftest import PRECISIONS, batch, learn

WITHOUT = pytest.mark.skipif(not find_spec('mmdet'), reason='MMDetection is absent')
CASES = [
    # precisions and memory formats in turn, so that each meets every kind of network
    pytest.param(
        path,
        list(PRECISIONS)[index % 3],
        bool(index % 2),
        id=str(path),
        marks=[WITHOUT] if 'mask2former' in path.stem else [],
    )
    for index, path in enumerate(LEAVES)
]


@pytest.mark.parametrize(('path', 'precision', 'channels_last'), CASES)
def test_a_config_learns(path, precision, channels_last, cuda, monkeypatch):
    model, config = build(path, monkeypatch)
    with cuda:
        if channels_last:
            model.to('cuda', memory_format=torch.channels_last)
        learn(model, batch(model, config.model.data_preprocessor.size), precision)
