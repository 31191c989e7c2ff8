"""Fixtures that several test modules use."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='session')
def shared() -> Path:
    """Folder of real imagery, real weights and golden values beside the project."""
    folder = ROOT.parent / 'shared'
    if not folder.is_dir():
        pytest.skip('the folder ../shared with real imagery and golden values is absent')
    return folder


@pytest.fixture
def tiny_model() -> ConfigDict:
    """The official model at the size of the golden values: 32 wide, 64 px, 5 classes."""
    config = Config.fromfile(ROOT / 'configs' / '_base_' / 'models' / 'ktda.py')
    norm_cfg = dict(type='BN')
    small = dict(
        data_preprocessor=dict(size=(64, 64)),
        backbone=dict(drop_path_rate=0.0, init_cfg=None),
        teacher=dict(img_size=64, out_indices=[0, 1, 2, 3], init_cfg=None),
        neck=dict(in_channels=[16, 24, 32, 48], out_channels=32),
        decode_head=dict(
            in_channels=[32] * 4,
            num_classes=5,
            pyramid=dict(in_channels=[32] * 4, out_channels=32),
            modulation=dict(depth=2, num_heads=4),
            decoder=dict(in_channels=[32] * 4, channels=24, dropout_ratio=0, norm_cfg=norm_cfg),
            auxiliary=dict(in_channels=32, channels=16, dropout_ratio=0, norm_cfg=norm_cfg),
        ),
    )
    config.merge_from_dict(dict(model=small))
    model = config.model
    model.backbone.arch = dict(depths=[1, 1, 2, 1], channels=[16, 24, 32, 48])
    model.teacher.arch = dict(embed_dims=32, num_layers=4, num_heads=4, feedforward_channels=64)
    return model


@pytest.fixture(autouse=True)
def same_start() -> None:
    """Give every test the same random numbers and mmseg's scope, in whatever order tests run."""
    torch.manual_seed(0)
    init_default_scope('mmseg')
