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


def conv_chain(
    widths: Sequence[int],
    norm_cfg: OptConfigType = None,
    stride: int = 1,
    bias: bool | Literal['auto'] = 'auto',
) -> nn.Sequential:
    """Build 3×3 convolutions with ReLU, one after the other.

    Args:
        widths (Sequence[int]): Width of the input ``(N, widths[0], H, W)`` and of each output.
        norm_cfg (dict | None): Norm after each convolution.
        stride (int): Stride of the first.
        bias (bool | str): Whether they have a bias; 'auto' where no norm follows.
    """
    return nn.Sequential(
        *(
            ConvModule(
                before, after, 3, 1 if index else stride, padding=1, bias=bias, norm_cfg=norm_cfg
            )
            for index, (before, after) in enumerate(pairwise(widths))
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
        widths = (in_channels + skip_channels, out_channels, out_channels)
        self.convs = conv_chain(widths, norm_cfg)

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
