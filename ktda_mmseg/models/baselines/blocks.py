"""What several of the networks for cloud detection are made of."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmseg.utils import OptConfigType
from torch import Tensor


def double_conv(
    in_channels: int, out_channels: int, norm_cfg: OptConfigType = None, num_convs: int = 2
) -> nn.Sequential:
    """Build 3×3 convolutions with ReLU that keep the size; the first changes the width.

    Args:
        in_channels (int): Width of the input ``(N, in_channels, H, W)``.
        out_channels (int): Width of the output ``(N, out_channels, H, W)``.
        norm_cfg (dict | None): Norm after each convolution, which then has no bias.
        num_convs (int): Number of convolutions.
    """
    widths = [in_channels] + [out_channels] * num_convs
    return nn.Sequential(
        *(
            ConvModule(before, after, 3, padding=1, norm_cfg=norm_cfg)
            for before, after in pairwise(widths)
        )
    )


class UpFuse(nn.Module):
    """One step up of a U-Net: enlarge, join with the skip connection, convolve twice.

    Args:
        in_channels (int): Width of the coarser map.
        skip_channels (int): Width of the skip connection; 0 for a step without one.
        out_channels (int): Width of the result.
        mode (str): Interpolation, ``'nearest'`` or ``'bilinear'``.
        norm_cfg (dict | None): Norm after each convolution.
    """

    def __init__(
        self,
        in_channels: int,
        skip_channels: int,
        out_channels: int,
        mode: Literal['nearest', 'bilinear'],
        norm_cfg: OptConfigType = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.convs = double_conv(in_channels + skip_channels, out_channels, norm_cfg)

    def widen(self, below: Tensor, size: Sequence[int]) -> Tensor:
        """Enlarge the coarser map ``(N, C, h, w)`` to ``size``."""
        return enlarge(below, size, self.mode)

    def forward(self, below: Tensor, skip: Tensor | None = None) -> Tensor:
        """Return ``(N, out_channels, H, W)`` at the size of ``skip``, or at twice ``below``'s."""
        if skip is None:
            height, width = below.shape[2:]
            return self.convs(self.widen(below, (2 * height, 2 * width)))
        return self.convs(torch.cat([skip, self.widen(below, skip.shape[2:])], dim=1))


def enlarge(
    x: Tensor, size: Sequence[int], mode: Literal['nearest', 'bilinear'] = 'bilinear'
) -> Tensor:
    """Interpolate a map ``(N, C, h, w)`` to ``size``, with aligned corners where that counts."""
    return F.interpolate(
        x, tuple(size), mode=mode, align_corners=True if mode == 'bilinear' else None
    )


def check_size(images: Tensor, divisor: int) -> None:
    """Refuse images that cannot be halved as often as a network does.

    Raises:
        ValueError: If ``divisor`` does not divide height and width of images ``(N, C, H, W)``.
    """
    height, width = images.shape[2:]
    if height % divisor or width % divisor:
        raise ValueError(
            f'expected images whose height and width {divisor} divides, got {height}×{width}; '
            f'data_preprocessor.test_cfg=dict(size_divisor={divisor}) pads them'
        )
