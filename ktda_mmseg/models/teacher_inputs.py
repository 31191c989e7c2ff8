"""What a teacher sees of the student's inputs: which channels, normalised how."""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseDataPreprocessor
from torch import Tensor, nn

from ktda_mmseg.utils.stacks import swaps_channels


def patch_size(backbone: nn.Module) -> int:
    """Return the side of a vision transformer's patches in pixels; 1 for other networks."""
    # timm's models are one module further in
    embedding = getattr(getattr(backbone, 'model', backbone), 'patch_embed', None)
    projections = [m for m in embedding.modules() if isinstance(m, nn.Conv2d)] if embedding else []
    return projections[0].stride[0] if projections else 1


class Sight:
    """The size at which a teacher sees an image, and by which windows.

    Sides become whole patches of a vision transformer, so that its maps cover the image and nothing
    else, and whole windows where there are several.
    """

    def __init__(self, scale: float = 1.0, window: int | None = None) -> None:
        if scale <= 0 or (window is not None and window <= 0):
            raise ValueError(
                f'expected teacher.scale and teacher.window above 0, got {scale} and {window}'
            )
        self.scale, self.window = scale, window

    def __call__(self, backbone: nn.Module, inputs: Tensor) -> tuple[Tensor, ...]:
        """Show images ``(N, C, H, W)`` to a backbone; maps ``(N, C_i, h_i, w_i)`` of the whole."""
        sides = inputs.shape[2:]
        counts = [math.ceil(side / self.window) if self.window else 1 for side in sides]
        if self.scale != 1 or counts != [1, 1]:
            patch = patch_size(backbone)
            inputs = F.interpolate(
                inputs,
                [
                    max(1, round(side * self.scale / count / patch)) * patch * count
                    for side, count in zip(sides, counts, strict=True)
                ],
                mode='bicubic',
                align_corners=False,
            )
        rows, columns = counts
        windows = inputs.unflatten(2, (rows, -1)).unflatten(4, (columns, -1))
        levels = backbone(windows.permute(0, 2, 4, 1, 3, 5).flatten(0, 2))
        return tuple(
            level.unflatten(0, (len(inputs), rows, columns))
            .permute(0, 3, 1, 4, 2, 5)
            .flatten(4)
            .flatten(2, 3)
            for level in levels
        )


def normalisation(data_preprocessor: BaseDataPreprocessor) -> dict[str, Any]:
    """Return what a data preprocessor does to pixels, in plain values that can be compared."""
    values = {
        name: getattr(data_preprocessor, name).flatten().tolist()
        for name in ('mean', 'std')
        if hasattr(data_preprocessor, name)
    }
    return {**values, 'bgr': swaps_channels(data_preprocessor)}


def input_transform(
    backbone: nn.Module,
    data_preprocessor: BaseDataPreprocessor,
    bands: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor] | None:
    """Return the affine map from the student's normalisation to the teacher's."""
    channels = len(getattr(data_preprocessor, 'mean', ()))
    if bands is not None and channels and not all(0 <= band < channels for band in bands):
        raise ValueError(
            f'teacher.bands: expected channels of the student, 0 to {channels - 1}, got {bands}'
        )
    if getattr(backbone, 'input_mean', None) is None:
        return None
    # a run moves its model to the GPU before it builds the teacher
    device = getattr(data_preprocessor, 'mean', torch.empty(0)).device
    mean, std = (
        torch.tensor(values, dtype=torch.float32, device=device).view(-1, 1, 1)
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
