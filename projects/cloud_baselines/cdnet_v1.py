"""CDNetV1: predictions at three levels, refined at their boundaries and summed."""

from typing import Any

import torch
import torch.nn as nn
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from .blocks import enlarge
from .cdnet_blocks import Contexts


@MODELS.register_module()
class CDNetV1Neck(BaseModule):
    """Feature pyramid module: contexts of several scales beside the features of three levels.

    Source: Yang et al., "CDnet: CNN-Based Cloud Detection for Remote Sensing Imagery", IEEE TGRS
    57(8), 2019, and the code its authors publish with CDnetV2. Their table of complexity (CDnetV2,
    IEEE TGRS 59(1), 2021) states 64.8 M trainable parameters, which their own code does not reach:
    it has 46,487,494 for two classes, and so have encoder, neck and :class:`CDNetV1Head`.

    Args:
        in_channels (tuple[int, ...]): Widths of ResNet's four stages.
        channels (int): Width of each output.
        context_channels (int): Width of each context.
        norm_cfg (dict): Norm of the convolutions.
    """

    def __init__(
        self,
        in_channels: tuple[int, ...] = (256, 512, 1024, 2048),
        channels: int = 256,
        context_channels: int = 512,
        norm_cfg: ConfigType = dict(type='BN'),  # noqa: B006
    ) -> None:
        super().__init__()
        fine, middle, *deep = in_channels
        # with a bias, as its authors have it before the norm
        self.reduce = ConvModule(sum(deep), middle, 1, bias=True, norm_cfg=norm_cfg)
        self.contexts, self.merges = nn.ModuleList(), nn.ModuleList()
        for width in (fine, middle, middle):
            self.contexts.append(Contexts(width, context_channels, (1, 6, 12, 18), norm_cfg))
            joined = width + 5 * context_channels
            self.merges.append(ConvModule(joined, channels, 1, bias=True, norm_cfg=norm_cfg))
        self.dropout = nn.Dropout2d(0.3)

    def forward(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return three levels ``(N, channels, H_i, W_i)`` of ResNet's four, from fine to deep."""
        fine, middle, *deep = inputs
        outputs = []
        levels = (fine, middle, self.reduce(torch.cat(deep[::-1], dim=1)))
        for level, contexts, merge in zip(levels, self.contexts, self.merges, strict=True):
            around = [self.dropout(context) for context in contexts(level)]
            outputs.append(merge(torch.cat([level, *around], dim=1)))
        return tuple(outputs)


class BoundaryRefinement(nn.Module):
    """A residual of two 3×3 convolutions on logits.

    Args:
        num_classes (int): Number of logits.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(num_classes, 16 * num_classes, 3, padding=1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(16 * num_classes, num_classes, 3, padding=1, bias=False),
        )

    def forward(self, logits: Tensor) -> Tensor:
        """Return logits of the same shape."""
        return logits + self.convs(logits)


@MODELS.register_module()
class CDNetV1Head(BaseDecodeHead):
    """Classify three levels and fuse their logits, refined before and after each fusion.

    The authors also supervise the deepest logits before refinement. As an auxiliary head these
    have a classifier of their own.

    Args:
        **kwargs: Arguments of ``BaseDecodeHead``; ``in_channels`` of three levels from fine to
            deep, all equal to ``channels``.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(input_transform='multiple_select', **kwargs)
        self.conv_seg = nn.ModuleList(
            nn.Sequential(
                nn.Dropout2d(self.dropout_ratio),
                nn.Conv2d(self.channels, self.out_channels, 3, padding=1),
            )
            for _ in self.in_channels
        )
        self.refine = nn.ModuleList(BoundaryRefinement(self.out_channels) for _ in range(7))

    def forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return logits ``(N, num_classes, H, W)`` at four times the size of the finest level."""
        levels = self._transform_inputs(inputs)
        fine, middle, deep = (
            refine(classify(level))
            for refine, classify, level in zip(self.refine[:3], self.conv_seg, levels, strict=True)
        )
        middle = self.refine[3](middle + deep)
        logits = self.refine[4](fine + enlarge(middle, fine.shape[2:]))
        for refine in self.refine[5:]:
            height, width = logits.shape[2:]
            logits = refine(enlarge(logits, (2 * height, 2 * width)))
        return logits
