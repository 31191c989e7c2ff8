"""What CDNetV1 and CDNetV2 share: the encoder and the multi-scale context."""

from typing import Any

import torch.nn as nn
from mmcv.cnn import ConvModule
from mmseg.models.backbones import ResNet
from mmseg.models.decode_heads.aspp_head import ASPPModule
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from .blocks import conv_chain, enlarge


@MODELS.register_module()
class ModifiedResNet50(ResNet):
    """ResNet-50 with a stem of three 3×3 convolutions and a stride of 8.

    Source: Yang et al., "CDnet: CNN-Based Cloud Detection for Remote Sensing Imagery", IEEE TGRS
    57(8), 2019 ("MRN"), and the code its authors publish with CDnetV2: 64 features in each
    convolution of the stem, strides in the 1×1 convolutions, dilation of 2 and 4 in the last two
    stages.

    Args:
        **kwargs: Arguments of ``mmseg.models.ResNet``, e.g. ``in_channels`` and ``norm_cfg``.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(
            depth=50,
            deep_stem=True,
            style='caffe',
            strides=(1, 2, 1, 1),
            dilations=(1, 1, 2, 4),
            **kwargs,
        )

    def _make_stem_layer(self, in_channels: int, stem_channels: int) -> None:
        super()._make_stem_layer(in_channels, stem_channels)
        widths = [in_channels, stem_channels, stem_channels, stem_channels]
        self.stem = conv_chain(widths, self.norm_cfg, stride=2)


class Contexts(nn.Module):
    """Dilated convolutions and the pooled mean of a map, side by side.

    Args:
        in_channels (int): Width of the input.
        channels (int): Width of each context.
        dilations (tuple[int, ...]): Dilation of each 3×3 convolution; 1 stands for a 1×1.
        norm_cfg (dict): Norm of the convolutions.
    """

    def __init__(
        self, in_channels: int, channels: int, dilations: tuple[int, ...], norm_cfg: ConfigType
    ) -> None:
        super().__init__()
        relu = dict(type='ReLU')
        self.dilated = ASPPModule(dilations, in_channels, channels, None, norm_cfg, relu)
        self.pooled = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), ConvModule(in_channels, channels, 1, norm_cfg=norm_cfg)
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return maps ``(N, channels, H, W)``, one a dilation and the mean."""
        return [*self.dilated(x), enlarge(self.pooled(x), x.shape[2:])]
