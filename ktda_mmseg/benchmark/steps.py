"""One training or inference step of a config on random images, ready to be timed."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
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

from ktda_mmseg.checkpoints.deploy import deploy_config
from ktda_mmseg.engine.speed_hooks import use_channels_last
from ktda_mmseg.models.teacher_maps import attach_maps
from ktda_mmseg.utils.compiling import compile_parts

from .candidates import CACHED, CHANNELS_LAST, COMPILE, Candidate

DTYPES = {'bf16': torch.bfloat16, 'fp16': torch.float16}


class Step(NamedTuple):
    """A step that is ready to run.

    Attributes:
        model (BaseModel): Its model, on the machine's device.
        batch (dict): Its data, as a data loader gives it.
        run (Callable): Runs it once; returns the losses, if there are any.
    """

    model: BaseModel
    batch: dict[str, Any]
    run: Callable[[], dict[str, float]]


def image_size(config: Config) -> tuple[int, int]:
    """Return the height and width in pixels that a config trains on."""
    size = config.model.data_preprocessor.get('size') or config.crop_size
    return tuple(size)


def batch_shape(
    config: Config, batch_size: int | None, size: Sequence[int] | None
) -> tuple[int, tuple[int, int]]:
    """Settle what a step is given: what was asked for, else what the config trains on.

    Args:
        config (Config): A whole config.
        batch_size (int | None): Images asked for.
        size (Sequence[int] | None): Height and width in pixels asked for.

    Returns:
        tuple[int, tuple[int, int]]: Images, and their height and width in pixels.

    Raises:
        ValueError: If the batch or a side is less than 1.
    """
    images = config.train_dataloader.batch_size if batch_size is None else batch_size
    height, width = size or image_size(config)
    for name, value in dict(batch_size=images, height=height, width=width).items():
        if value < 1:
            raise ValueError(f'expected {name} of at least 1, got {value}')
    return images, (height, width)


def random_batch(config: Config, batch_size: int, size: tuple[int, int]) -> dict[str, Any]:
    """Make a batch as a data loader gives it, the same for every candidate.

    Args:
        config (Config): Tells the bands and the classes.
        batch_size (int): Images.
        size (tuple[int, int]): Height and width in pixels.

    Returns:
        dict: ``inputs``, a list of (C, H, W) uint8, and ``data_samples``.
    """
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


def build_model(config: Config, seed: int = 0) -> BaseModel:
    """Build a config's model with random weights on the machine's device."""
    init_default_scope('mmseg')
    torch.manual_seed(seed)
    model = MODELS.build(config.model)
    model.init_weights()
    if get_device() == 'cpu':
        model = revert_sync_batchnorm(model)
    return model.to(get_device())


def add_teacher_maps(model: BaseModel, batch: dict[str, Any]) -> None:
    """Put the teacher's maps into the samples, in half precision as a cache holds them."""
    levels = model.teacher(model.data_preprocessor(batch)['inputs'])
    for index, sample in enumerate(batch['data_samples']):
        maps = [level[index].half().cpu() for level in levels]
        flat, shapes = torch.cat([m.flatten() for m in maps]), [m.shape for m in maps]
        attach_maps(sample, flat, shapes, model.teacher.source())


def training_step(candidate: Candidate, batch_size: int, size: tuple[int, int]) -> Step:
    """Prepare a full training step: data to device, forward, backward, optimizer, schedule.

    Args:
        candidate (Candidate): What is measured.
        batch_size (int): Images a step.
        size (tuple[int, int]): Height and width in pixels.

    Returns:
        Step: The step; it returns its losses.
    """
    config = candidate.load()
    config.model.data_preprocessor.size = size
    model = build_model(config)
    model.train()
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    if CHANNELS_LAST in candidate.flags:
        use_channels_last(model, wrapper.optimizer)
    schedulers = [
        PARAM_SCHEDULERS.build(cfg, default_args=dict(optimizer=wrapper))
        for cfg in config.get('param_scheduler') or []
    ]
    batch = random_batch(config, batch_size, size)
    if CACHED in candidate.flags:
        add_teacher_maps(model, batch)

    def run() -> dict[str, float]:
        log = model.train_step(batch, wrapper)
        for scheduler in schedulers:
            scheduler.step()
        return {name: value.item() for name, value in log.items() if 'loss' in name}

    return Step(model, batch, run)


def inference_step(candidate: Candidate, batch_size: int, size: tuple[int, int]) -> Step:
    """Prepare a prediction, from raw images to labels of their size.

    Args:
        candidate (Candidate): What is measured.
        batch_size (int): Images a step.
        size (tuple[int, int]): Height and width in pixels.

    Returns:
        Step: The step; it returns nothing of interest.
    """
    config = deploy_config(candidate.load())
    config.model.test_cfg = dict(mode='whole')
    model = build_model(config)
    model.train(False)
    if CHANNELS_LAST in candidate.flags:
        model.to(memory_format=torch.channels_last)
    batch = random_batch(config, batch_size, size)
    dtype = DTYPES.get(candidate.precision or '')
    precision = torch.autocast(get_device(), dtype) if dtype else nullcontext()

    @torch.inference_mode()
    def run() -> dict[str, float]:
        with precision:
            model.test_step(batch)
        return {}

    return Step(model, batch, run)


def compile_model(candidate: Candidate, model: BaseModel) -> None:
    """Compile the parts of the model if the candidate asks for it."""
    if COMPILE in candidate.flags:
        compile_parts(model)
