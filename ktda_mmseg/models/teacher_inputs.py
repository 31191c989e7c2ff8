"""What a teacher sees of the student's inputs: which channels, normalised how."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseDataPreprocessor
from torch import Tensor, nn


def take_bands(config: dict[str, Any]) -> tuple[list[int] | None, dict[str, Any]]:
    """Separate the choice of the student's channels from the backbone's own options.

    Args:
        config (dict): Config of a backbone, with or without ``bands``.

    Returns:
        tuple[list[int] | None, dict]: The channels, None for all, and the other options.
    """
    bands = config.get('bands')
    if not bands or not all(isinstance(band, int) for band in bands):
        return None, dict(config)
    return list(bands), {key: value for key, value in config.items() if key != 'bands'}


def patch_size(backbone: nn.Module) -> int:
    """Return the side of a vision transformer's patches in pixels; 1 for other networks."""
    # timm's models are one module further in
    embedding = getattr(getattr(backbone, 'model', backbone), 'patch_embed', None)
    projections = [m for m in embedding.modules() if isinstance(m, nn.Conv2d)] if embedding else []
    return projections[0].stride[0] if projections else 1


def enlarge(inputs: Tensor, scale: float, multiple: int) -> Tensor:
    """Resize images ``(N, C, H, W)`` by ``scale``, to sides that are multiples of ``multiple``."""
    sides = [max(1, round(side * scale / multiple)) * multiple for side in inputs.shape[2:]]
    return F.interpolate(inputs, sides, mode='bicubic', align_corners=False)


def normalisation(data_preprocessor: BaseDataPreprocessor) -> dict[str, Any]:
    """Return what a data preprocessor does to pixels, in plain values that can be compared."""
    values = {
        name: getattr(data_preprocessor, name).flatten().tolist()
        for name in ('mean', 'std')
        if hasattr(data_preprocessor, name)
    }
    # mmengine's name, and that of OpenMMLab's original SegDataPreProcessor
    swaps = ('_channel_conversion', 'channel_conversion')
    return {**values, 'bgr': any(getattr(data_preprocessor, name, False) for name in swaps)}


def input_transform(
    backbone: nn.Module,
    data_preprocessor: BaseDataPreprocessor,
    bands: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor] | None:
    """Return the affine map from the student's normalisation to the teacher's.

    Args:
        backbone (nn.Module): The teacher; ``input_mean`` and ``input_std`` are optional.
        data_preprocessor (BaseDataPreprocessor): Holds the student's ``mean`` and ``std``.
        bands (Sequence[int] | None): The student's channels that the teacher sees; None for all.

    Returns:
        tuple[Tensor, Tensor] | None: Scale and shift ``(C, 1, 1)``; None where the
        teacher takes the student's inputs as they are.

    Raises:
        ValueError: If the two have different numbers of channels, or a band does not exist.
    """
    channels = len(getattr(data_preprocessor, 'mean', ()))
    if bands is not None and channels and not all(0 <= band < channels for band in bands):
        raise ValueError(
            f'teacher.bands: expected channels of the student, 0 to {channels - 1}, got {bands}'
        )
    if getattr(backbone, 'input_mean', None) is None:
        return None
    mean, std = (
        torch.tensor(values, dtype=torch.float32).view(-1, 1, 1)
        for values in (backbone.input_mean, backbone.input_std)
    )
    student_mean = getattr(data_preprocessor, 'mean', torch.zeros_like(mean))
    student_std = getattr(data_preprocessor, 'std', torch.ones_like(std))
    if bands is not None and channels:
        student_mean, student_std = student_mean[list(bands)], student_std[list(bands)]
    if len(student_mean) != len(mean):
        raise ValueError(
            f'expected data_preprocessor.mean of {len(mean)} channels, as many as the teacher '
            f'{type(backbone).__name__} takes, or as many teacher.bands, got {len(student_mean)}'
        )
    return student_std / std, (student_mean - mean) / std
