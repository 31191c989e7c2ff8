"""Fixtures that several test modules use."""

from pathlib import Path

import pytest
import torch
from mmengine.config import ConfigDict
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
    """A KTDA model of the golden values' architecture: 32 wide, 64 px, 5 classes."""
    norm_cfg = dict(type='BN')
    loss = dict(type='CrossEntropyLoss')
    return ConfigDict(
        type='KTDASegmentor',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
            size=(64, 64),
        ),
        backbone=dict(
            type='mmpretrain.ConvNeXt',
            arch=dict(depths=[1, 1, 2, 1], channels=[16, 24, 32, 48]),
            out_indices=[0, 1, 2, 3],
            layer_scale_init_value=1.0,
            gap_before_final_norm=False,
        ),
        teacher=dict(
            type='mmpretrain.VisionTransformer',
            arch=dict(embed_dims=32, num_layers=4, num_heads=4, feedforward_channels=64),
            img_size=64,
            patch_size=14,
            layer_scale_init_value=1e-5,
            out_indices=[0, 1, 2, 3],
            out_type='featmap',
        ),
        neck=dict(type='FAM', in_channels=[16, 24, 32, 48], out_channels=32),
        decode_head=dict(
            type='FMMHead',
            in_channels=[32] * 4,
            num_classes=5,
            pyramid=dict(
                type='MultiLevelNeck', in_channels=[32] * 4, out_channels=32, scales=[4, 2, 1, 0.5]
            ),
            modulation=dict(type='transformer', depth=2, num_heads=4),
            decoder=dict(
                type='UPerHead',
                in_channels=[32] * 4,
                in_index=[0, 1, 2, 3],
                pool_scales=(1, 2, 3, 6),
                channels=24,
                dropout_ratio=0,
                norm_cfg=norm_cfg,
                align_corners=False,
                loss_decode=loss,
            ),
            auxiliary=dict(
                type='FCNHead',
                in_channels=32,
                in_index=2,
                channels=16,
                num_convs=1,
                concat_input=False,
                dropout_ratio=0,
                norm_cfg=norm_cfg,
                align_corners=False,
                loss_decode=dict(loss, loss_weight=0.4),
            ),
        ),
        transfer_losses=[
            dict(type='FeatureKLDivLoss', loss_weight=0.5),
            dict(type='FeatureL2Loss', loss_weight=0.5),
        ],
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )


@pytest.fixture(autouse=True)
def same_start() -> None:
    """Give every test the same random numbers and mmseg's scope, in whatever order tests run."""
    torch.manual_seed(0)
    init_default_scope('mmseg')
