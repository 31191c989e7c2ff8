"""A config with flags, and one training or inference step of it on random images, to be timed."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model import BaseModel, revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from ktda_mmseg.checkpoints.deploy import deploy_config, without_weights
from ktda_mmseg.engine.mixed_precision import PRECISIONS, use_mixed_precision
from ktda_mmseg.engine.speed_hooks import use_channels_last
from ktda_mmseg.models.teacher_maps import attach_maps
from ktda_mmseg.scenes.map.torch_predictor import DTYPES

COMPILE = 'compile'
GRAPHS = 'graphs'  # compiled, and replayed as CUDA graphs on a GPU
CACHED = 'cached'  # the teacher's maps come with the images, as LoadTeacherMaps brings them
ALONE = 'alone'  # no teacher
CHANNELS_LAST = 'channels_last'
PLAIN_MALLOC = 'plain_malloc'  # memory as the C library and PyTorch take it, without train.py
FLAGS = (*PRECISIONS, COMPILE, GRAPHS, CHANNELS_LAST, PLAIN_MALLOC, CACHED, ALONE)


@dataclass(frozen=True)
class Variant:
    """A config, flags, such as of ``configs/ktda/grass.py+bf16+compile``, and changed settings."""

    config: str
    flags: tuple[str, ...]
    options: dict[str, Any]

    @classmethod
    def parse(cls, text: str, options: dict[str, Any]) -> 'Variant':
        """Read ``CONFIG[+FLAG...]``.

        Args:
            text (str): What the command line says.
            options (dict[str, Any]): Settings to change in the config.

        Returns:
            Variant: What it means.

        Raises:
            FileNotFoundError: If the config does not exist.
            ValueError: If a flag is unknown or contradicts another.
        """
        config, *flags = text.split('+')
        if not Path(config).is_file():
            raise FileNotFoundError(f'{config}: expected a config file, found none')
        apart = (set(PRECISIONS), {COMPILE, GRAPHS}, {CACHED, ALONE})
        if not set(flags) <= set(FLAGS) or any(len(set(flags) & few) > 1 for few in apart):
            raise ValueError(
                f'{text}: expected a config, +{" or +".join(PRECISIONS)}, +{COMPILE}, '
                f'+{GRAPHS}, +{CHANNELS_LAST}, +{PLAIN_MALLOC}, +{CACHED} or +{ALONE}, got {flags}'
            )
        return cls(config, tuple(flags), options)

    @property
    def label(self) -> str:
        """Name in tables: file and its folder, since ``official_step/grass.py`` has a namesake."""
        path = Path(self.config).resolve().with_suffix('')
        return '+'.join([f'{path.parent.name}/{path.name}', *self.flags])

    @property
    def precision(self) -> str | None:
        """Mixed precision, 'bf16' or 'fp16'; None for fp32."""
        return next((flag for flag in self.flags if flag in PRECISIONS), None)

    def load(self) -> Config:
        """Return the config with random weights, which take the same time and no download."""
        config = Config.fromfile(self.config)
        config.merge_from_dict(self.options)
        config.model = without_weights(config.model)
        if ALONE in self.flags:
            config.model.update(teacher=None, transfer_losses=None)
        if self.precision:
            use_mixed_precision(config, self.precision)
        return config


class Step(NamedTuple):
    """A step that is ready: its model and batch, and what runs it and returns the losses if any."""

    model: BaseModel
    batch: dict[str, Any]
    run: Callable[[], dict[str, float]]


def image_size(config: Config) -> tuple[int, int]:
    """Return the height and width in pixels that a config trains on."""
    return tuple(config.model.data_preprocessor.get('size') or config.crop_size)


def batch_shape(
    config: Config, batch_size: int | None, size: Sequence[int] | None
) -> tuple[int, tuple[int, int]]:
    """Return images a step and their height and width: as asked for, else as the config trains."""
    images = config.train_dataloader.batch_size if batch_size is None else batch_size
    height, width = size or image_size(config)
    for name, value in dict(batch_size=images, height=height, width=width).items():
        if value < 1:
            raise ValueError(f'expected {name} of at least 1, got {value}')
    return images, (height, width)


def random_batch(config: Config, batch_size: int, size: tuple[int, int]) -> dict[str, Any]:
    """Make a batch as a data loader gives it, the same for every variant."""
    generator = torch.Generator().manual_seed(0)
    bands, classes = len(config.model.data_preprocessor.mean), config.model.decode_head.num_classes
    inputs, samples = [], []
    for _ in range(batch_size):
        inputs.append(torch.randint(256, (bands, *size), dtype=torch.uint8, generator=generator))
        labels = torch.randint(classes, (1, *size), generator=generator)
        sample = SegDataSample(metainfo=dict(img_shape=size, ori_shape=size, pad_shape=size))
        sample.gt_sem_seg = PixelData(data=labels)
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)


def build_model(config: Config) -> BaseModel:
    """Build a config's model with random weights on the machine's device."""
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    if get_device() == 'cpu':
        model = revert_sync_batchnorm(model)
    return model.to(get_device())


def training_step(variant: Variant, batch_size: int, size: tuple[int, int]) -> Step:
    """Prepare a full training step: data to device, forward, backward, optimizer, schedule."""
    config = variant.load()
    config.model.data_preprocessor.size = size
    model = build_model(config)
    model.train()
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    if CHANNELS_LAST in variant.flags:
        use_channels_last(model, wrapper.optimizer)
    schedulers = [
        PARAM_SCHEDULERS.build(cfg, default_args=dict(optimizer=wrapper))
        for cfg in config.get('param_scheduler') or []
    ]
    batch = random_batch(config, batch_size, size)
    if CACHED in variant.flags:
        _add_teacher_maps(model, batch)

    def run() -> dict[str, float]:
        log = model.train_step(batch, wrapper)
        for scheduler in schedulers:
            scheduler.step()
        return {name: value.item() for name, value in log.items() if 'loss' in name}

    return Step(model, batch, run)


def _add_teacher_maps(model: BaseModel, batch: dict[str, Any]) -> None:
    """Put the teacher's maps into the samples, in half precision as a cache holds them."""
    levels = model.teacher(model.data_preprocessor(batch)['inputs'])
    for index, sample in enumerate(batch['data_samples']):
        maps = [level[index].half().cpu() for level in levels]
        flat, shapes = torch.cat([m.flatten() for m in maps]), [m.shape for m in maps]
        attach_maps(sample, flat, shapes, model.teacher.source())


def inference_step(variant: Variant, batch_size: int, size: tuple[int, int]) -> Step:
    """Prepare a prediction, from raw images to labels of their size."""
    config = deploy_config(variant.load())
    config.model.test_cfg = dict(mode='whole')
    model = build_model(config)
    model.train(False)
    if CHANNELS_LAST in variant.flags:
        model.to(memory_format=torch.channels_last)
    batch = random_batch(config, batch_size, size)
    dtype = DTYPES.get(variant.precision or '')
    precision = torch.autocast(get_device(), dtype) if dtype else nullcontext()

    # not in inference mode, where PyTorch 2.5 counts no operations
    @torch.no_grad()
    def run() -> dict[str, float]:
        with precision:
            model.test_step(batch)
        return {}

    return Step(model, batch, run)
