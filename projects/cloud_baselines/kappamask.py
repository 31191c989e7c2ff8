"""KappaMask: a U-Net without norms, of which two features reach the classifier."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch.nn as nn
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor

from .blocks import UpFuse, conv_chain

HE_NORMAL = dict(
    type='Kaiming', layer='Conv2d', mode='fan_in', nonlinearity='relu', distribution='normal'
)


@MODELS.register_module()
class KappaMask(BaseModule):
    """The contracting path: five levels, each of half the size and twice the width.

    Source: Domnich et al., "KappaMask: AI-Based Cloudmask Processor for Sentinel-2", Remote
    Sensing 13(20):4100, 2021, Figure 4, and the authors' published processor: 3×3 convolutions
    with biases, dropout of 0.5 on the two deepest levels.

    The paper states no count of parameters; by hand it is 31,032,846 for 3 bands and 4 classes.

    Args:
        in_channels (int): Number of bands.
        widths (Sequence[int]): Width of each level.
        dropout_ratio (float): Dropout on the two deepest levels.
    """

    def __init__(
        self,
        in_channels: int = 3,
        widths: Sequence[int] = (64, 128, 256, 512, 1024),
        dropout_ratio: float = 0.5,
    ) -> None:
        super().__init__(init_cfg=HE_NORMAL)
        self.levels = nn.ModuleList()
        for index, width in enumerate(widths):
            layers: list[nn.Module] = [conv_chain((in_channels, width, width))]
            if index > 0:
                layers.insert(0, nn.MaxPool2d(2))
            if index >= len(widths) - 2:
                layers.append(nn.Dropout(dropout_ratio))
            self.levels.append(nn.Sequential(*layers))
            in_channels = width

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return levels ``(N, widths[i], H / 2**i, W / 2**i)``."""
        levels = []
        for level in self.levels:
            x = level(x)
            levels.append(x)
        return tuple(levels)


class UpConvFuse(UpFuse):
    """A step up whose enlarged map is halved in width by a 2×2 convolution."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(out_channels, out_channels, out_channels, 'nearest')
        # an even kernel keeps the size if padded on one side
        self.up = nn.Sequential(
            nn.ZeroPad2d((0, 1, 0, 1)), ConvModule(in_channels, out_channels, 2)
        )

    def widen(self, below: Tensor, size: Sequence[int]) -> Tensor:
        """Enlarge and halve the width."""
        return self.up(super().widen(below, size))


@MODELS.register_module()
class KappaMaskHead(BaseDecodeHead):
    """The expanding path.

    The authors' last 3×3 convolution has two features whatever the number of classes, hence
    ``channels=2``.

    Args:
        **kwargs: Arguments of ``BaseDecodeHead``; ``in_channels`` from fine to coarse.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(input_transform='multiple_select', init_cfg=HE_NORMAL, **kwargs)
        widths = self.in_channels[::-1]
        self.steps = nn.ModuleList(UpConvFuse(below, width) for below, width in pairwise(widths))
        self.last = ConvModule(widths[-1], self.channels, 3, padding=1)

    def forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return logits ``(N, num_classes, H, W)``."""
        *skips, x = self._transform_inputs(inputs)
        for step, skip in zip(self.steps, reversed(skips), strict=True):
            x = step(x, skip)
        return self.cls_seg(self.last(x))
