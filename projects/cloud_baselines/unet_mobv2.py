"""UNetMobv2: the decoder of a U-Net on MobileNetV2."""

from typing import Any

import torch.nn as nn
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor

from .blocks import UpFuse


@MODELS.register_module()
class UNetMobv2Head(BaseDecodeHead):
    """Decode five levels of MobileNetV2 to full resolution.

    Source: Aybar et al., "CloudSEN12, a global dataset for semantic understanding of cloud and
    cloud shadow in Sentinel-2", Scientific Data 9:782, 2022, "Technical validation": U-Net with a
    MobileNetV2 encoder as segmentation_models.pytorch builds it. The encoder is mmpretrain's, with
    the last 1×1 convolution to 1,280 features as the deepest level.

    The paper states no count of parameters; by hand it is 6,629,380 for 3 bands and 4 classes, of
    which 2,223,872 are MobileNetV2's without its classifier.

    Args:
        widths (tuple[int, ...]): Width of each step up, one a level; the last has no skip.
        **kwargs: Arguments of ``BaseDecodeHead``; ``in_channels`` from fine to coarse, and
            ``channels`` equal to the last width.
    """

    def __init__(
        self,
        widths: tuple[int, ...] = (256, 128, 64, 32, 16),
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(input_transform='multiple_select', **kwargs)
        *skips, below = self.in_channels
        self.steps = nn.ModuleList()
        for skip, width in zip([*reversed(skips), 0], widths, strict=True):
            self.steps.append(UpFuse(below, skip, width, 'nearest', self.norm_cfg))
            below = width
        self.conv_seg = nn.Conv2d(self.channels, self.out_channels, 3, padding=1)

    def forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return logits ``(N, num_classes, H, W)`` at twice the size of the finest level."""
        *skips, x = self._transform_inputs(inputs)
        for step, skip in zip(self.steps, [*reversed(skips), None], strict=True):
            x = step(x, skip)
        return self.cls_seg(x)
