"""Every baseline builds, learns from a batch, predicts, and is as large as its paper's."""

from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.structures import PixelData
from mmseg.registry import DATASETS, MODELS
from mmseg.structures import SegDataSample

BASELINES = Path(__file__).resolve().parents[1] / 'configs' / 'baselines'
MASK2FORMER = pytest.param(
    'mask2former_swin-b',
    marks=pytest.mark.skipif(not find_spec('mmdet'), reason='MMDetection is absent'),
)
WIDTHS = [16, 32, 64, 128]
RESNET = dict(
    backbone=dict(depth=18, stem_channels=16, base_channels=16),
    decode_head=dict(in_channels=128, channels=16),
    auxiliary_head=dict(in_channels=64, channels=16),
)
LEVELS = dict(decode_head=dict(in_channels=WIDTHS, channels=16))
# the same networks with fewer layers and channels, for a step on two cores
REDUCED = {
    'fcn_r50': RESNET,
    'pspnet_r101': RESNET,
    'deeplabv3plus_r101': dict(
        RESNET, decode_head=dict(RESNET['decode_head'], c1_in_channels=16, c1_channels=8)
    ),
    'unet': dict(backbone=dict(base_channels=8), decode_head=dict(in_channels=8, channels=8)),
    'segformer_b5': dict(
        LEVELS, backbone=dict(embed_dims=16, num_heads=[1, 2, 4, 8], num_layers=[1, 1, 1, 1])
    ),
    'convnext-b_upernet': dict(
        LEVELS,
        backbone=dict(arch=dict(depths=[1, 1, 1, 1], channels=WIDTHS)),
        auxiliary_head=dict(in_channels=64, channels=16),
    ),
    'dinov2-b_upernet': dict(
        backbone=dict(
            arch=dict(embed_dims=32, num_layers=12, num_heads=4, feedforward_channels=64)
        ),
        neck=dict(in_channels=[32] * 4, out_channels=32),
        decode_head=dict(in_channels=[32] * 4, channels=16),
        auxiliary_head=dict(in_channels=32, channels=16),
    ),
    'mask2former_swin-b': dict(backbone=dict(depths=[1, 1, 1, 1])),
}
LARGE = [name for name in REDUCED if name != 'mask2former_swin-b']
RECIPES = ('official', 'own')


def leaves(folder) -> list[Path]:
    return sorted(
        path.relative_to(BASELINES)
        for path in (BASELINES / folder).rglob('*.py')
        if '_base_' not in path.parts
    )


def load(path, reduced=None) -> Config:
    config = Config.fromfile((BASELINES / path).with_suffix('.py'))
    config.model.backbone.init_cfg = None
    for part, options in (reduced or {}).items():
        config.model[part].update(options)
    return config


def build(config, monkeypatch) -> torch.nn.Module:
    """Build a model without filling its weights, which takes most of the time."""
    for name in ('kaiming_uniform_', 'kaiming_normal_', 'uniform_', 'normal_', 'trunc_normal_'):
        monkeypatch.setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)
    return MODELS.build(config.model)


def size(module) -> int:
    return sum(p.numel() for p in module.parameters())


def batch(classes, height, width) -> dict:
    """Two random images and masks, each with every class and some ignored pixels."""
    shape = (height, width)
    sample = SegDataSample(metainfo=dict(img_shape=shape, ori_shape=shape, pad_shape=shape))
    label = torch.arange(height * width).reshape(1, *shape) % classes
    label[:, :4] = 255
    sample.gt_sem_seg = PixelData(data=label)
    images = [torch.randint(256, (3, *shape), dtype=torch.uint8) for _ in range(2)]
    return dict(inputs=images, data_samples=[sample, sample.clone()])


def learns_and_predicts(config, *shape) -> torch.nn.Module:
    """Take one step of gradient descent, in which every trainable weight takes part; predict."""
    model = revert_sync_batchnorm(MODELS.build(config.model))
    model.train()
    classes = len(DATASETS.get(config.train_dataloader.dataset.type).METAINFO['classes'])
    data = model.data_preprocessor(batch(classes, *shape), training=True)
    losses = model.loss(**data)
    total = sum(value for key, value in losses.items() if 'loss' in key)
    assert torch.isfinite(total) and total > 0
    total.backward()
    trainable = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert trainable and [name for name, p in trainable.items() if p.grad is None] == []
    model.eval()
    with torch.no_grad():
        data = model.data_preprocessor(batch(classes, *shape), training=False)
        first, _ = model.predict(**data)
    assert first.seg_logits.data.shape == (classes, *shape)
    assert first.seg_logits.data.isfinite().all()
    return model


@pytest.mark.parametrize('path', leaves('small'), ids=str)
def test_a_small_baseline_learns_and_predicts(path):
    config = load(path)
    # wider than a window
    model = learns_and_predicts(config, 64, 144)
    model.auxiliary_head = None
    assert 1e6 < size(model) < 3.5e6
    assert config.model.data_preprocessor.size == config.model.test_cfg.crop_size == (128, 128)
    pipeline = config.train_dataloader.dataset.pipeline
    assert [step.crop_size for step in pipeline if step.type == 'RandomCrop'] == [(128, 128)]


@pytest.mark.parametrize('name', [*LARGE, MASK2FORMER])
def test_a_large_baseline_learns_and_predicts(name):
    config = load(f'grass/own/{name}', REDUCED[name])
    config.model.data_preprocessor.size = (64, 64)
    learns_and_predicts(config, 64, 64)


def test_the_official_recipe_trains_the_same_networks():
    for recipe in RECIPES:
        assert {path.stem for path in leaves(f'grass/{recipe}')} == set(REDUCED)
    for name in sorted({*REDUCED} - {'unet', 'segformer_b5'}):
        assert load(f'grass/own/{name}').model == load(f'grass/official/{name}').model
    # but for a narrower decoder of one, and another decoder of the other
    own, official = (load(f'grass/{recipe}/segformer_b5').model for recipe in ('own', 'official'))
    own.decode_head.channels = 256
    assert own == official
    official = load('grass/official/unet', dict(backbone=dict(base_channels=8)))
    official.model.decode_head.in_channels, official.model.auxiliary_head.in_channels = 8, 16
    official.model.data_preprocessor.size = (64, 64)
    learns_and_predicts(official, 64, 64)


@pytest.mark.skipif(bool(find_spec('mmdet')), reason='MMDetection is present')
def test_mask2former_without_its_dependency_says_what_to_install(monkeypatch):
    with pytest.raises(ImportError, match='pip install onedl-mmdetection, or mmdet beside'):
        build(load('grass/own/mask2former_swin-b'), monkeypatch)


@pytest.mark.parametrize(
    ('path', 'millions', 'classes'),
    [
        # the model zoo of mmseg and table 2 of SegFormer; that with its auxiliary decoders
        ('grass/own/fcn_r50', 49.5, 19),
        ('grass/own/pspnet_r101', 68.1, 150),
        ('grass/own/deeplabv3plus_r101', 62.7, 150),
        ('grass/own/segformer_b5', 84.7, 150),
        ('grass/official/unet', 29.1, 19),
        # ConvNeXt, table 7; Mask2Former, table 4
        ('grass/own/convnext-b_upernet', 122, 150),
        pytest.param('grass/own/mask2former_swin-b', 107, 150, marks=MASK2FORMER.marks),
    ],
)
def test_a_baseline_has_its_published_size(path, millions, classes, monkeypatch):
    config = load(path)
    config.model.decode_head.num_classes = classes
    if 'loss_cls' in config.model.decode_head:
        config.model.decode_head.loss_cls.class_weight = [1.0] * classes + [0.1]
    if 'auxiliary_head' in config.model:
        config.model.auxiliary_head.num_classes = classes
    digits = 1 if isinstance(millions, float) else 0
    assert round(size(build(config, monkeypatch)) / 1e6, digits) == millions


def test_the_unet_is_the_one_that_its_paper_draws(monkeypatch):
    model = build(load('grass/own/unet'), monkeypatch)
    widths = [3, 64, 128, 256, 512, 1024]

    def block(given, width):
        """Two 3x3 convolutions without bias, each with batch norm."""
        return given * width * 9 + width * width * 9 + 4 * width

    down = sum(block(*pair) for pair in pairwise(widths))
    # an up-convolution with bias and norm halves the width, the skip doubles it again
    up = sum(2 * w * w * 4 + 3 * w + block(2 * w, w) for w in widths[1:-1])
    assert size(model) == down + up + 64 * 5 + 5


def test_dinov2_is_frozen(monkeypatch):
    model = build(load('grass/own/dinov2-b_upernet'), monkeypatch)
    assert not [name for name, p in model.backbone.named_parameters() if p.requires_grad]
    assert size(model.backbone) == 85_805_568
