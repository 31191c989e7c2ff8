"""SCNN: three convolutions, of which one looks at the neighbours of a pixel."""

from typing import Any

import torch.nn as nn
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class SCNN(BaseModule):
    """The first layer: each pixel's bands become ``channels`` features.

    Source: Chai et al., "Remote sensing image cloud detection using a shallow convolutional neural
    network", ISPRS Journal of Photogrammetry and Remote Sensing 209, 2024: three convolutions of
    1×1, 1×1 and 3×3, 64 features, no pooling and no norm.

    The paper's count of parameters could not be read; by hand it is 664 for 3 bands and 4 classes:
    3·64 + 64, 64·4 + 4 and 9·4·4 + 4.

    Args:
        in_channels (int): Number of bands.
        channels (int): Number of features.
    """

    def __init__(self, in_channels: int = 3, channels: int = 64) -> None:
        super().__init__(init_cfg=dict(type='Xavier', layer='Conv2d', distribution='uniform'))
        self.conv = ConvModule(in_channels, channels, 1)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Return one level ``(N, channels, H, W)`` of images ``(N, in_channels, H, W)``."""
        return (self.conv(images),)


@MODELS.register_module()
class SCNNHead(BaseDecodeHead):
    """The second and third layer: classify each pixel, then smooth over its 3×3 neighbours.

    Takes the arguments of ``BaseDecodeHead``; the paper's ``dropout_ratio`` is 0.5.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        init_cfg = dict(type='Xavier', layer='Conv2d', distribution='uniform')
        super().__init__(init_cfg=init_cfg, **kwargs)
        self.smooth = nn.Conv2d(self.out_channels, self.out_channels, 3, padding=1)

    def forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return logits ``(N, num_classes, H, W)``."""
        return self.smooth(self.cls_seg(self._transform_inputs(inputs)))
