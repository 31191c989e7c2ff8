"""The loss of every config and its gradient stay on the GPU."""

from importlib.util import find_spec

import pytest
import torch
from mmseg.registry import MODELS

from ..engine.small_recipes import small_recipe
from ..test_configs import LEAVES, build
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
    for index, path in enumerate(LEAVES)
]
LEARNED = set()  # networks, of which recipes share some


@pytest.mark.parametrize(('path', 'precision', 'layout'), CASES)
def test_a_config_learns(path, precision, layout, cuda, monkeypatch):
    if path.parts[0] == 'ktda':  # where values lie depends on no width and no number of blocks
        config = small_recipe('/'.join(path.with_suffix('').parts[1:]))
        model = MODELS.build(config.model)
    else:
        model, config = build(path, monkeypatch)
    size = config.model.data_preprocessor.size
    # nor on numbers of pixels and values
    ignored = ('data_preprocessor', 'test_cfg', 'train_cfg')
    network = str({key: part for key, part in config.model.items() if key not in ignored})
    if network in LEARNED:
        return
    with cuda:
        learn(model, batch(model, size), precision, **layout)
    LEARNED.add(network)
