"""Feature Alignment Module: student features on the teacher's width and grid."""

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn as nn
from mmengine.model import BaseModule, ModuleList
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class FAM(BaseModule):
    """Align every student level by a 1x1 convolution and a bilinear resize.

    The grid is what a vision transformer of ``patch_size`` makes of the image: ``ceil(size /
    patch_size)`` a side, where the image size is ``stride`` times the size of the first level.
    It follows the input, so any height and width work. Source: ``fam.py`` of the official code,
    whose grid is square and set by hand.

    A teacher that is a pyramid itself, such as a CNN, has a grid for each level: ``patch_size``
    then names its strides.

    Args:
        in_channels (Sequence[int]): Channels of each student level.
        out_channels (int | Sequence[int]): The teacher's width, one for all levels or one a level.
        patch_size (int | Sequence[int]): Patch size of the teacher in pixels, one for all levels or
            one a level.
        stride (int): Stride of the first student level, in pixels.
        fuse (bool): Return the sum of the aligned levels as the only level.
        in_index (Sequence[int] | None): Which student levels are aligned, as many as
            ``in_channels``; None for all.

    Raises:
        ValueError: If ``out_channels`` or ``patch_size`` names another number of levels than
            ``in_channels``, or ``fuse`` is asked for levels of different widths or grids.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int | Sequence[int],
        patch_size: int | Sequence[int] = 14,
        stride: int = 4,
        fuse: bool = False,
        in_index: Sequence[int] | None = None,
    ) -> None:
        super().__init__(init_cfg=dict(type='TruncNormal', layer='Conv2d', std=0.02, bias=0.0))
        widths = one_a_level('FAM.out_channels', out_channels, len(in_channels))
        self.patch_sizes = one_a_level('FAM.patch_size', patch_size, len(in_channels))
        for values in (widths, self.patch_sizes) if fuse else ():
            if len(set(values)) > 1:
                raise ValueError(
                    f'expected one width and one grid to fuse the levels of FAM, got {values}'
                )
        self.out_channels = widths
        self.stride = stride
        self.fuse = fuse
        self.in_index = in_index
        self.convert = ModuleList(
            nn.Conv2d(channels, width, 1)
            for channels, width in zip(in_channels, widths, strict=True)
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Align the student's pyramid.

        Args:
            inputs (Sequence[Tensor]): Student levels ``(N, C_i, H_i, W_i)``, finest first.

        Returns:
            tuple[Tensor, ...]: Aligned levels ``(N, out_channels_i, h, w)``; a single one if
            ``fuse``.

        Raises:
            ValueError: If the number of levels is not that of ``in_channels``.
        """
        image = [side * self.stride for side in inputs[0].shape[2:]]
        if self.in_index is not None:
            inputs = [inputs[index] for index in self.in_index]
        if len(inputs) != len(self.convert):
            raise ValueError(
                f'expected {len(self.convert)} student levels (FAM.in_channels), got {len(inputs)}'
            )
        aligned = tuple(
            # in whole numbers, as tracing keeps no others: rounded up
            self.align(convert, level, tuple((side + patch - 1) // patch for side in image))
            for convert, level, patch in zip(self.convert, inputs, self.patch_sizes, strict=True)
        )
        return self.select(aligned)

    def align(self, convert: nn.Conv2d, level: Tensor, grid: tuple[int, ...]) -> Tensor:
        """Bring one level to the teacher's width and grid.

        The 1x1 convolution and the bilinear resize, whose weights sum to one, can change places;
        the convolution runs on the smaller of the two grids.
        """
        shrinks = level.size(2) * level.size(3) > grid[0] * grid[1]
        to_grid = partial(resize, size=grid, mode='bilinear', align_corners=False)
        return convert(to_grid(level)) if shrinks else to_grid(convert(level))

    def select(self, levels: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the levels that are compared and decoded: all, or their sum if ``fuse``."""
        return (torch.stack(tuple(levels)).sum(0),) if self.fuse else tuple(levels)


def one_a_level(name: str, value: int | Sequence[int], levels: int) -> list[int]:
    """Repeat a number for every level, or raise ``ValueError`` unless there is one for each."""
    values = [value] * levels if isinstance(value, int) else list(value)
    if len(values) != levels:
        raise ValueError(
            f'expected {name} to be one number or {levels}, got {values} (one for each of '
            'in_channels)'
        )
    return values
