"""What encoder and decoder of MCDNet share."""

from itertools import pairwise
from typing import Any

import torch.nn as nn
from mmcv.cnn import ConvModule
from mmseg.utils import ConfigType
from torch import Tensor

KAIMING = dict(
    type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu', distribution='normal'
)


class Residual(nn.Module):
    """3×3 convolutions beside a 1×1 convolution; all but the last share one PReLU.

    Args:
        in_channels (int): Width of the input.
        out_channels (int): Width of the output.
        norm_cfg (dict): Norm of the convolutions.
        num_convs (int): Number of 3×3 convolutions.
    """

    def __init__(
        self, in_channels: int, out_channels: int, norm_cfg: ConfigType, num_convs: int = 2
    ) -> None:
        super().__init__()
        widths = [in_channels] + [out_channels] * num_convs
        self.convs = nn.ModuleList(
            reflected(before, after, bias=True, norm_cfg=norm_cfg)
            for before, after in pairwise(widths)
        )
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1)
        self.act = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, out_channels, H, W)``."""
        shortcut = self.shortcut(x)
        for conv in self.convs[:-1]:
            x = self.act(conv(x))
        return self.act(self.convs[-1](x) + shortcut)


def reflected(in_channels: int, out_channels: int, **kwargs: Any) -> ConvModule:  # noqa: ANN401
    """Build a 3×3 convolution without activation whose border is a reflection of the map."""
    return ConvModule(
        in_channels, out_channels, 3, padding=1, padding_mode='reflect', act_cfg=None, **kwargs
    )
