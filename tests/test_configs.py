"""Every config builds, its parts fit, and it is as large as it says."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS

from ktda_mmseg.models import KTDASegmentor
from ktda_mmseg.utils.input_bands import bands_fault, teacher_configs

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
LEAVES = sorted(
    path.relative_to(CONFIGS) for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts
)
# baselines have no parts of KTDA and tests of their own
KTDA = [path for path in LEAVES if path.parts[0] != 'baselines']
# published tiles, which the authors resize to the size that they already have
RESIZED = {'data/grass': (256, 256), 'data/l8_biome': (512, 512)}


def build(path, monkeypatch) -> tuple[KTDASegmentor, Config]:
    """Build a model without filling its weights, which takes most of the time."""
    for name in ('kaiming_uniform_', 'kaiming_normal_', 'uniform_', 'normal_', 'trunc_normal_'):
        monkeypatch.setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)
    config = Config.fromfile(CONFIGS / path)
    if any(part.type == 'OnnxBackbone' for part in teacher_configs(config.model.get('teacher'))):
        # a network that is its file; test_csmask.py has a look at it where it is installed
        config.model.update(teacher=None, transfer_losses=None, standardise_teacher=False)
    parts = [config.model.backbone, *teacher_configs(config.model.get('teacher'))]
    for part in parts:
        part.pop('init_cfg', None)
        # of a backbone that sees the image at another size
        for network in (part, part.get('backbone', {})):
            network.pop('checkpoint', None)
            if network.get('type', '').startswith('EfficientNetLite'):
                network.pretrained = False
    return MODELS.build(config.model), config


@pytest.mark.parametrize('path', KTDA, ids=str)
def test_a_config_builds_and_its_parts_fit(path, monkeypatch):
    model, config = build(path, monkeypatch)
    preprocessor = config.model.data_preprocessor
    assert bands_fault(config.model, len(preprocessor.mean)) is None
    teacher = model.teacher
    # shapes alone: nothing is computed on the meta device
    model.to('meta').eval()
    images = torch.zeros(2, len(preprocessor.mean), *preprocessor.size, device='meta')
    features = model.backbone(images)
    aligned = model.neck(features)
    if teacher is not None:
        losses = model.transfer(aligned, teacher(images), features)
        assert len(losses) == len(config.model.transfer_losses)
        assert all(loss.ndim == 0 for loss in losses.values())
    levels = model.decode_head.modulate(aligned)
    decoders = [model.decode_head.decoder]
    auxiliary = model.decode_head.auxiliary
    if auxiliary is not None:
        decoders += auxiliary if isinstance(auxiliary, torch.nn.ModuleList) else [auxiliary]
    classes = len(model_classes(config))
    assert all(decoder(levels).shape[:2] == (2, classes) for decoder in decoders)
    logits, labels = torch.randn(2, classes, 8, 8), torch.arange(128).reshape(2, 8, 8) % classes
    labels[:, :2] = 255
    for decoder in decoders:
        losses = decoder.loss_decode
        for loss in losses if isinstance(losses, torch.nn.ModuleList) else [losses]:
            assert 0 < loss(logits, labels, ignore_index=255).item() < 10


def model_classes(config):
    """Return the class names of the data set of a config."""
    from mmseg.registry import DATASETS

    return DATASETS.get(config.val_dataloader.dataset.type).METAINFO['classes']


@pytest.mark.parametrize(
    ('path', 'trainable', 'deployed', 'teacher'),
    [
        ('ktda/grass.py', 260_080_778, 258_309_509, 85_805_568),
        ('ktda/cloud.py', 260_080_008, 258_308_996, 86_579_712),
    ],
)
def test_the_official_models_have_their_size(path, trainable, deployed, teacher, monkeypatch):
    model, _ = build(path, monkeypatch)

    def size(module):
        return sum(p.numel() for p in module.parameters())

    assert size(model) == trainable
    assert size(model) - size(model.decode_head.auxiliary) == deployed
    assert size(model.teacher.backbone) == teacher


@pytest.mark.parametrize('path', LEAVES, ids=str)
def test_a_leaf_is_short_and_names_no_machine(path):
    text = (CONFIGS / path).read_text()
    assert len(text.splitlines()) < 30
    assert "'/" not in text


@pytest.mark.parametrize('path', LEAVES, ids=str)
def test_held_out_images_are_seen_at_the_ground_size_of_training(path):
    config = Config.fromfile(CONFIGS / path)
    for loader in (config.val_dataloader, config.test_dataloader):
        assert loader.batch_size == 1  # since images differ in size
        resizing = [step for step in loader.dataset.pipeline if 'Resize' in step['type']]
        expected = RESIZED.get(loader.dataset.data_root)
        assert [step['scale'] for step in resizing] == ([expected] if expected else [])
        assert loader.dataset.pipeline == config.test_pipeline
    padding = config.model.data_preprocessor.get('test_cfg') or {}
    assert 'size' not in padding  # it would pad to a fixed size
