"""The loss of every config and its gradient stay on the GPU."""

import re
from importlib.util import find_spec

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS

from ..engine.small_recipes import small_recipe
from ..test_configs import CONFIGS, LEAVES, build
from .conftest import PRECISIONS, batch, learn

WITHOUT = pytest.mark.skipif(not find_spec('mmdet'), reason='MMDetection is absent')
LAYOUTS = {}, dict(memory_format=torch.channels_last)
CASES = [
    # precisions and memory formats in turn, so that each meets every kind of network
    pytest.param(
        path,
        list(PRECISIONS)[index % 3],
        LAYOUTS[index % 2],
        id=str(path),
        marks=[WITHOUT] if 'mask2former' in path.stem else [],
    )
    for index, path in enumerate(sorted(LEAVES, key=lambda path: 'small' not in path.parts))
]
LEARNED = {}  # networks, without the numbers in their configs, and a config of each


@pytest.mark.parametrize(('path', 'precision', 'layout'), CASES)
def test_a_config_learns(path, precision, layout, cuda, monkeypatch):
    # where values lie depends on no width, number of blocks or size of images
    ours = path.parts[0] == 'ktda'
    name = '/'.join(path.with_suffix('').parts[1:])
    config = small_recipe(name) if ours else Config.fromfile(CONFIGS / path)
    network = re.sub(r'\d+', '', str(config.model))
    if network in LEARNED:
        pytest.skip(f'but for numbers its network is that of {LEARNED[network]}, which has learned')
    model = MODELS.build(config.model) if ours else build(path, monkeypatch)[0]
    with cuda:
        learn(model, batch(model, config.model.data_preprocessor.size), precision, **layout)
    LEARNED[network] = path
