"""HRCloudNet: the decoder of a high-resolution network."""

from itertools import pairwise
from typing import Any

import torch
import torch.nn as nn
from mmcv.cnn import ConvModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.decode_heads.psp_head import PPM
from mmseg.registry import MODELS
from torch import Tensor

from .blocks import UpFuse, enlarge


@MODELS.register_module()
class HRCloudHead(BaseDecodeHead):
    """Cascade the branches from coarse to fine, then pool their context at four sizes.

    Source: Li et al., "High-Resolution Cloud Detection Network", Journal of Electronic Imaging
    33(4):043027, 2024 (arXiv 2407.07365), and its authors' code; the encoder is HRNet-W48, here
    mmseg's. The paper's count of parameters could not be read; by hand, network and head have
    74,226,724 for 3 bands and 4 classes: the 74,540,988 of public code without the projection and
    the classifiers that its output does not depend on.

    The authors also train a second view of each image, strongly augmented, on the pixels that the
    first is sure of; that is left out.

    Args:
        pool_scales (tuple[int, ...]): Sizes of the pooled contexts.
        **kwargs: Arguments of ``BaseDecodeHead``; ``in_channels`` from fine to coarse.
    """

    def __init__(
        self,
        pool_scales: tuple[int, ...] = (1, 2, 3, 6),
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(input_transform='multiple_select', **kwargs)
        widths = self.in_channels[::-1]
        self.cascade = nn.ModuleList(
            UpFuse(below, width, width, 'bilinear', self.norm_cfg)
            for below, width in pairwise(widths)
        )
        total = sum(widths)
        each = total // len(pool_scales)
        self.contexts = PPM(
            pool_scales, total, each, None, self.norm_cfg, self.act_cfg, self.align_corners
        )
        joined = total + each * len(pool_scales)
        self.merge = ConvModule(joined, self.channels, 3, padding=1, norm_cfg=self.norm_cfg)

    def forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return logits ``(N, num_classes, H, W)`` at the size of the finest branch."""
        *finer, x = self._transform_inputs(inputs)
        levels = [x]
        for step, skip in zip(self.cascade, reversed(finer), strict=True):
            x = step(x, skip)
            levels.insert(0, x)
        joined = torch.cat([enlarge(level, x.shape[2:]) for level in levels], dim=1)
        return self.cls_seg(self.merge(torch.cat([joined, *self.contexts(joined)], dim=1)))
