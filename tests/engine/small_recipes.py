"""The recipes of configs/ktda, at a size that a core trains in seconds, and data for them."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from mmengine.config import Config
from mmseg.registry import DATASETS, MODELS
from PIL import Image

from ktda_mmseg.caching.build import build_caches

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'ktda'
LEAVES = sorted(str(path.relative_to(CONFIGS))[:-3] for path in CONFIGS.rglob('*.py'))
ABLATIONS = [name for name in LEAVES if name.startswith('ablations')]
RECIPES = [name for name in LEAVES if name not in ABLATIONS]
SIDE = 32
STEPS = 12
TRAIN, VAL = 4, 3  # images; two ranks cannot share the latter evenly
# the official networks are a sixteenth as wide
DIVISOR = 16
ARCHES = dict(
    base=dict(depths=[1, 1, 1, 1], channels=[8, 16, 32, 64]),
    femto=dict(depths=[1, 1, 1, 1], channels=[3, 6, 12, 24]),
)
ARCHES['5m'] = dict(channels=[4, 8, 10, 20], num_heads=[2, 4, 5, 10], depths=[1, 1, 1, 1])
# timm's networks for tests in place of large ones, and their widths
TIMM = dict(type='TimmBackbone', model_name='test_efficientnet')
SMALLER = {
    'EfficientNetLite0': (TIMM, {24: 24, 40: 32, 112: 48, 320: 64}),
    'tf_efficientnet_b4': (TIMM, {32: 24, 56: 32, 160: 48, 448: 64}),
    # by how many tensors of the graph teach
    ('OnnxBackbone', 3): (
        dict(TIMM, out_indices=[0, 2, 3], in_chans=6),
        {32: 16, 128: 32, 256: 48},
    ),
    ('OnnxBackbone', 4): (
        dict(TIMM, out_indices=[0, 1, 2, 3], in_chans=6),
        {3: 16, 32: 24, 128: 32, 256: 48},
    ),
    'vit_small_patch14_dinov2.lvd142m': (
        dict(model_name='test_vit', out_indices=[1, 3, 5]),
        {384: 64},
    ),
}
WIDTHS = {'in_channels', 'out_channels', 'channels'}


def dicts(value: Any) -> Iterator[dict]:
    """Yield every dictionary in a config."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, (dict, list, tuple)):
            yield from dicts(part)


def set_widths(parts: Any, change: Callable[[int], int], keys: Collection[str] = WIDTHS) -> None:
    """Change the widths of parts of a model."""
    for part in dicts(parts):
        for key in part.keys() & keys:
            if isinstance(part[key], int):
                part[key] = change(part[key])
            else:
                part[key] = [change(width) for width in part[key]]


def small_recipe(name: str) -> Config:
    """Return a recipe that trains a small model for ``STEPS`` steps, all else as it is."""
    config = Config.fromfile(CONFIGS / f'{name}.py')
    model = config.model
    teacher = model.get('teacher') or {}
    for part in (teacher, *dicts(model.backbone)):
        part.pop('init_cfg', None)
    if teacher.get('type', '').startswith('mmpretrain'):
        # the official model
        levels = len(teacher.out_indices)
        width = 768 if teacher.arch == 'base' else 1024
        set_widths(model, lambda width: width // DIVISOR)
        teacher.update(img_size=SIDE, out_indices=[0, 1, 2, 3][-levels:])
        teacher.arch = dict(
            embed_dims=width // DIVISOR, num_layers=4, num_heads=4, feedforward_channels=64
        )
    elif model.backbone.type.startswith('mmpretrain'):
        set_widths(model, lambda width: width // DIVISOR)
    if isinstance(arch := model.backbone.get('arch'), str):
        model.backbone.arch = ARCHES[arch]
    alignments = [part for part in (model.neck, teacher.get('alignment')) if part]
    for part in (teacher, *dicts(model.backbone)):
        kind = part.get('model_name', part.get('type'))
        if 'outputs' in part:
            kind = (kind, len(part['outputs']))
        if kind in SMALLER:
            options, widths = SMALLER[kind]
            for key in ('checkpoint', 'outputs', 'padding_size'):
                part.pop(key, None)
            part.update(options)
            read, side = (model.decode_head, 'out') if part is teacher else (model.backbone, 'in')
            for parts, keys in ((read, WIDTHS), (alignments, {f'{side}_channels'})):
                set_widths(parts, lambda width, widths=widths: widths.get(width, width), keys)
        if 'base_channels' in part:
            part.update(base_channels=8, stem_channels=8)
            reader = model.backbone.get('pyramid') or model.neck
            reader.in_channels = [8, 16, 32, 64]
    modulation = model.decode_head.get('modulation') or {}
    modulation.update(
        {key: value for key, value in dict(depth=1, keys=2).items() if key in modulation}
    )
    if 'img_size' in model.backbone:
        model.backbone.img_size = (SIDE, SIDE)
    for part in dicts(config._cfg_dict):
        for key, value in dict(crop_size=(SIDE, SIDE), stride=(SIDE, SIDE)).items():
            if isinstance(part.get(key), tuple):
                part[key] = value
        if part.get('type') == 'Resize' and 'scale' in part:
            part['scale'] = (SIDE, SIDE)
        if part.get('type') == 'TransferStageHook' and 'iters' in part:
            part['iters'] = STEPS // 2
    model.data_preprocessor.size = (SIDE, SIDE)
    for loader in (config.train_dataloader, config.val_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
    config.train_dataloader.batch_size = 2
    config.param_scheduler = None
    config.train_cfg.update(max_iters=STEPS, val_interval=STEPS)
    hooks = config.default_hooks
    hooks.pop('even_stops', None)
    hooks.checkpoint.update(interval=STEPS, save_best=None)
    return config


def write_data(config: Config) -> None:
    """Write noise for a recipe to where it looks; of each class as many pixels in every image."""
    random = np.random.default_rng(0)
    for loader, count in ((config.train_dataloader, TRAIN), (config.val_dataloader, VAL)):
        dataset = DATASETS.build(dict(loader.dataset, lazy_init=True, pipeline=[]))
        images, masks = (Path(dataset.data_prefix[key]) for key in ('img_path', 'seg_map_path'))
        for folder in (images, masks):
            folder.mkdir(parents=True, exist_ok=True)
        labels = np.arange(SIDE * SIDE, dtype=np.uint8) % len(dataset.METAINFO['classes'])
        for index in range(count):
            mask = random.permutation(labels).reshape(SIDE, SIDE)
            Image.fromarray(mask).save(masks / f'{index}{dataset.seg_map_suffix}')
            path = images / f'{index}{dataset.img_suffix}'
            if len(config.model.data_preprocessor.mean) == 8:
                options = dict(driver='GTiff', width=SIDE, height=SIDE, count=8, dtype='uint16')
                with rasterio.open(path, 'w', **options) as file:
                    file.write(random.integers(1, 9000, (8, SIDE, SIDE), np.uint16))
            else:
                Image.fromarray(random.integers(256, size=(SIDE, SIDE, 3), dtype=np.uint8)).save(
                    path
                )


def cache_maps(config: Config, weights: Path) -> None:
    """Compute the maps of a recipe that reads them, by a teacher whose weights are a file's."""
    steps = dicts(config.train_dataloader)
    if any(step.get('type') == 'LoadTeacherMaps' for step in steps):
        teacher = config.model.teacher
        options = {
            k: v for k, v in teacher.items() if k not in ('alignment', 'scale', 'window', 'bands')
        }
        torch.manual_seed(0)  # recipes may share a folder
        # the type of weights is part of what tells teachers apart
        torch.set_default_dtype(torch.float64)
        try:
            torch.save(MODELS.build(options).state_dict(), weights)
            teacher.init_cfg = dict(type='Pretrained', checkpoint=str(weights))
            build_caches(config)
        finally:
            torch.set_default_dtype(torch.float32)
