"""Every baseline builds, learns from a batch, predicts, and is as large as its paper's."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.registry import DATASETS, MODELS
from mmseg.structures import SegDataSample

BASELINES = Path(__file__).resolve().parents[1] / 'configs' / 'baselines'
SMALL = sorted(
    path.relative_to(BASELINES)
    for path in (BASELINES / 'small').rglob('*.py')
    if '_base_' not in path.parts
)


def classes_of(config) -> int:
    return len(DATASETS.get(config.train_dataloader.dataset.type).METAINFO['classes'])


def batch(classes, height, width=64) -> dict:
    """Two random images and masks, each with every class and some ignored pixels."""
    shape = (height, width)
    sample = SegDataSample(metainfo=dict(img_shape=shape, ori_shape=shape, pad_shape=shape))
    label = torch.arange(height * width).reshape(1, *shape) % classes
    label[:, :4] = 255
    sample.gt_sem_seg = PixelData(data=label)
    images = [torch.randint(256, (3, *shape), dtype=torch.uint8) for _ in range(2)]
    return dict(inputs=images, data_samples=[sample, sample.clone()])


def learns_and_predicts(model, classes, size) -> None:
    """Take one step of gradient descent, then predict; every trainable weight takes part."""
    model.train()
    data = model.data_preprocessor(batch(classes, *size), training=True)
    losses = model.loss(**data)
    total = sum(value for key, value in losses.items() if 'loss' in key)
    assert torch.isfinite(total) and total > 0
    total.backward()
    unused = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert unused == []
    model.eval()
    with torch.no_grad():
        data = model.data_preprocessor(batch(classes, *size), training=False)
        first, _ = model.predict(**data)
    assert first.seg_logits.data.shape == (classes, *size)
    assert first.pred_sem_seg.data.max() < classes


@pytest.mark.parametrize('path', SMALL, ids=str)
def test_a_small_baseline_learns_and_predicts(path):
    config = Config.fromfile(BASELINES / path)
    model = MODELS.build(config.model)
    # wider than a window
    learns_and_predicts(model, classes_of(config), (128, 144))


@pytest.mark.parametrize('path', SMALL, ids=str)
def test_small_baselines_have_the_budget_of_the_small_students(path):
    config = Config.fromfile(BASELINES / path)
    model = MODELS.build(config.model)
    deployed = sum(p.numel() for name, p in model.named_parameters() if 'auxiliary' not in name)
    assert 1e6 < deployed < 3.5e6
    assert config.model.data_preprocessor.size == config.model.test_cfg.crop_size == (128, 128)
    pipeline = config.train_dataloader.dataset.pipeline
    assert [step.crop_size for step in pipeline if step.type == 'RandomCrop'] == [(128, 128)]
