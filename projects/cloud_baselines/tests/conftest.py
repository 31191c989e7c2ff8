"""The cloud networks as their configs describe them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmseg.registry import MODELS
from torch import nn

CLOUD = Path(__file__).resolve().parents[3] / 'configs' / 'baselines' / 'cloud'


@pytest.fixture
def build() -> Callable[..., nn.Module]:
    """Return a function that builds the network of a recipe without downloads."""

    def build(network: str, recipe: str = 'official') -> nn.Module:
        model = Config.fromfile(CLOUD / recipe / f'{network}.py').model
        model.backbone.pop('init_cfg', None)
        return revert_sync_batchnorm(MODELS.build(model))

    return build
