"""CDNetV2: levels fused by attention over channels and positions, guided by the deepest one."""

from typing import Any

import torch
import torch.nn as nn
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.backbones.resnet import Bottleneck
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from .blocks import conv_chain, enlarge
from .cdnet_blocks import Contexts, ModifiedResNet50


@MODELS.register_module()
class CDNetV2Encoder(ModifiedResNet50):
    """CDNetV1's encoder at a stride of 16, its first stage with group norms.

    Source: Guo et al., "CDnetV2: CNN-Based Cloud Detection for Remote Sensing Imagery With
    Cloud-Snow Coexistence", IEEE TGRS 59(1), 2021, and its authors' code. Their table of
    complexity states 65.9 M trainable parameters; encoder, neck, :class:`CDNetV2Head` and
    auxiliary classifier have 67.1 M: their code's 67,644,628 for two classes without the
    convolution and the attention that no output depends on.

    Args:
        **kwargs: Arguments of ``mmseg.models.ResNet``, e.g. ``in_channels`` and ``norm_cfg``.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        norm_cfg = dict(type='GN', num_groups=8)
        width, planes = 4 * self.base_channels, self.base_channels

        def shortcut(in_channels: int, stride: int) -> ConvModule:
            return ConvModule(
                in_channels, width, 1, stride, norm_cfg=norm_cfg, act_cfg=None, inplace=False
            )

        shared = dict(style='caffe', norm_cfg=norm_cfg)
        self.layer1 = nn.Sequential(
            Bottleneck(self.stem_channels, planes, downsample=shortcut(64, 1), **shared),
            Bottleneck(width, planes, **shared),
            Bottleneck(width, planes, stride=2, downsample=shortcut(width, 2), **shared),
        )

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return levels of 256, 256, 512, 1024 and 2048 features, reduced 4, 8 and 16 times.

        Args:
            images (Tensor): Images ``(N, in_channels, H, W)``.
        """
        first = self.layer1[0](self.maxpool(self.stem(images)))
        second = self.layer1[1](first)
        levels = [first + second, self.layer1[2](second)]
        for name in self.res_layers[1:]:
            levels.append(getattr(self, name)(levels[-1]))
        return tuple(levels)


@MODELS.register_module()
class CDNetV2Neck(BaseModule):
    """Bring the levels to one width and add high-level guidance.

    Args:
        in_channels (tuple[int, ...]): Width of each level, from fine to deep.
        channels (int): Width of each output.
        norm_cfg (dict): Norm of the convolutions.
    """

    def __init__(
        self,
        in_channels: tuple[int, ...] = (256, 256, 512, 1024, 2048),
        channels: int = 256,
        norm_cfg: ConfigType = dict(type='BN'),  # noqa: B006
    ) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(
            ConvModule(width, channels, 3, padding=1, norm_cfg=norm_cfg) for width in in_channels
        )
        self.attend = ChannelAttention(in_channels[-1])
        self.contexts = Contexts(in_channels[-1], channels, (6, 12, 18), norm_cfg)
        self.fuse = AdaptiveFusion(channels, 4, norm_cfg)

    def forward(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the levels ``(N, channels, H_i, W_i)``, then the guidance of the deepest size.

        The deepest level has the guidance added; the authors supervise it, too.
        """
        *levels, deepest = (conv(x) for conv, x in zip(self.laterals, inputs, strict=True))
        guidance = self.fuse(self.contexts(self.attend(inputs[-1])))
        return (*levels, deepest + guidance, guidance)


@MODELS.register_module()
class CDNetV2Head(BaseDecodeHead):
    """Fuse the levels from deep to fine, each step with the guidance.

    Args:
        **kwargs: Arguments of ``BaseDecodeHead``; ``in_channels`` of the levels from fine to deep
            and of the guidance, all equal to ``channels``.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(input_transform='multiple_select', **kwargs)
        steps = len(self.in_channels) - 2
        self.fuse = nn.ModuleList(
            AdaptiveFusion(self.channels, 2, self.norm_cfg) for _ in range(steps)
        )
        self.attend = nn.ModuleList(ChannelAttention(self.channels) for _ in range(steps))

    def forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return logits ``(N, num_classes, H, W)`` at the size of the finest level."""
        *levels, x, guidance = self._transform_inputs(inputs)
        for level, fuse, attend in zip(reversed(levels), self.fuse, self.attend, strict=True):
            x, guide = (enlarge(each, level.shape[2:]) for each in (x, guidance))
            x = attend(fuse([level, x]) + guide)
        return self.cls_seg(x)


class PooledBottleneck(nn.Module):
    """Sum of two perceptrons, on the mean and on the maximum of each channel.

    Args:
        in_channels (int): Width of the input.
        out_channels (int): Width of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.mean, self.maximum = (
            nn.Sequential(
                nn.Linear(in_channels, in_channels // 8),
                nn.ReLU(inplace=True),
                nn.Linear(in_channels // 8, out_channels),
            )
            for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, out_channels)`` of a map ``(N, in_channels, H, W)``."""
        return self.mean(x.mean(dim=(2, 3))) + self.maximum(x.amax(dim=(2, 3)))


class ChannelAttention(PooledBottleneck):
    """Weigh the channels of a map by its pooled features (the paper's CARM).

    Args:
        channels (int): Width of the map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``."""
        return super().forward(x).sigmoid()[..., None, None] * x


class AdaptiveFusion(nn.Module):
    """Sum maps, weighted by channel and by position (the paper's CAFM and SAFM).

    Args:
        channels (int): Width of the maps.
        count (int): Number of maps.
        norm_cfg (dict): Norm of the convolutions that weigh positions.
    """

    def __init__(self, channels: int, count: int, norm_cfg: ConfigType) -> None:
        super().__init__()
        width = count * channels
        layers: list[nn.Module] = [PooledBottleneck(channels, width)]
        for before, after in ((width, 2 * width), (2 * width, 2 * width), (2 * width, width)):
            layers += [nn.Linear(before, after), nn.ReLU(inplace=True)]
        self.by_channel = nn.Sequential(*layers)
        widths = (2, 2 * count, 4 * count, 4 * count, 2 * count)
        self.by_position = nn.Sequential(
            conv_chain(widths, norm_cfg),
            nn.Conv2d(widths[-1], count, 3, padding=1, bias=False),
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Fuse maps ``(N, channels, H, W)`` to one."""
        total = sum(maps[1:], start=maps[0])
        stacked = torch.stack(maps, dim=2)
        of_channel = self.by_channel(total).view(*total.shape[:2], len(maps), 1, 1).softmax(dim=2)
        extremes = [total.mean(dim=1, keepdim=True), total.amax(dim=1, keepdim=True)]
        of_position = self.by_position(torch.cat(extremes, dim=1)).softmax(dim=1)
        return ((of_channel + of_position[:, None]) * stacked).sum(dim=2)
