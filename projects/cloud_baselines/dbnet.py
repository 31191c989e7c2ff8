"""DBNet: a transformer and a convolutional branch that guide each other."""

from typing import Any

import torch
import torch.nn as nn
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from .blocks import check_size, conv_chain, enlarge
from .dbnet_transformer import TransformerStage, separable_conv


@MODELS.register_module()
class DBNet(BaseModule):
    """Two branches with mutual guidance.

    Source: Lu et al., "Dual-Branch Network for Cloud and Cloud Shadow Segmentation", IEEE TGRS 60,
    2022, and its authors' code. The paper's count of parameters could not be read; by hand,
    branches and :class:`DBNetHead` have 95,064,532 for 3 bands and 4 classes: the authors'
    95,287,988 without the convolutions that their output does not depend on.

    Attention is over all positions, a quarter of the image's size on the first stage, and takes
    images of any size that 32 divides.

    Args:
        in_channels (int): Number of bands.
        norm_cfg (dict): Norm of the convolutions.
    """

    def __init__(
        self,
        in_channels: int = 3,
        norm_cfg: ConfigType = dict(type='BN'),  # noqa: B006
    ) -> None:
        super().__init__()
        self.transformer = nn.ModuleList(
            [
                TransformerStage(in_channels, 64, 7, 4, num_heads=1, depth=1, norm_cfg=norm_cfg),
                TransformerStage(64, 192, 3, 2, num_heads=3, depth=2, norm_cfg=norm_cfg),
                TransformerStage(192, 384, 3, 2, num_heads=6, depth=10, norm_cfg=norm_cfg),
                TransformerStage(384, 384, 3, 2, num_heads=6, depth=10, norm_cfg=norm_cfg),
            ]
        )
        self.convolution = nn.ModuleList(
            [
                ConvStage(in_channels, 64, 2, norm_cfg),
                ConvStage(64, 128, 2, norm_cfg),
                ConvStage(128, 384, 2, norm_cfg),
                ConvStage(384, 512, 3, norm_cfg),
                ConvStage(512, 1024, 3, norm_cfg),
            ]
        )
        self.guidance = nn.ModuleList(
            [
                conv_chain((128, 64, 64), norm_cfg, bias=True),
                conv_chain((320, 128, 128), norm_cfg, bias=True),
                conv_chain((768, 512, 384, 384), norm_cfg, bias=True),
                conv_chain((896, 640, 512, 512), norm_cfg, bias=True),
            ]
        )
        self.shrink = nn.MaxPool2d(3, stride=2, padding=1)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return levels of 64, 192, 384 and 1408 features, reduced 2, 8, 8 and 32 times.

        Args:
            images (Tensor): Images ``(N, in_channels, H, W)``.

        Raises:
            ValueError: If 32 does not divide height and width.
        """
        check_size(images, 32)
        conv = self.convolution
        transformed = self.transformer[0](images)
        detail = conv[0](images)
        # what one branch finds is merged into what the other reads next, by turns
        merged = self.guidance[0](torch.cat([transformed, self.shrink(detail)], dim=1))
        semantic = self.transformer[1](merged)
        spatial = conv[1](detail)
        spatial = conv[2](self.guidance[1](join(spatial, semantic)))
        transformed = self.transformer[2](semantic)
        merged = self.guidance[2](torch.cat([transformed, self.shrink(spatial)], dim=1))
        deepest = self.transformer[3](merged)
        merged = self.guidance[3](join(conv[3](spatial), deepest))
        return detail, semantic, spatial, torch.cat([conv[4](merged), deepest], dim=1)


class ConvStage(nn.Module):
    """Halve the size by convolutions, beside a pooled and widened copy.

    Args:
        in_channels (int): Width of the input.
        out_channels (int): Width of the output.
        num_convs (int): Number of 3×3 convolutions, the first with a stride of 2.
        norm_cfg (dict): Norm of the convolutions.
    """

    def __init__(
        self, in_channels: int, out_channels: int, num_convs: int, norm_cfg: ConfigType
    ) -> None:
        super().__init__()
        widths = [in_channels] + [out_channels] * num_convs
        self.convs = conv_chain(widths, norm_cfg, stride=2, bias=True)
        self.shortcut = nn.Sequential(
            nn.MaxPool2d(3, stride=2, padding=1), nn.Conv2d(in_channels, out_channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, out_channels, H / 2, W / 2)``."""
        return self.convs(x) + self.shortcut(x)


@MODELS.register_module()
class DBNetHead(BaseDecodeHead):
    """Decode by separable convolutions, and refine each step by a strip of 1×3 and 3×1.

    Args:
        widths (tuple[tuple[int, int], ...]): Widths of the two convolutions of each step, from
            deep to fine; the last is ``channels``.
        **kwargs: Arguments of ``BaseDecodeHead``; ``in_channels`` from fine to deep.
    """

    def __init__(
        self,
        widths: tuple[tuple[int, int], ...] = ((1024, 512), (512, 384), (256, 192), (64, 16)),
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(input_transform='multiple_select', **kwargs)
        self.steps, self.refine = nn.ModuleList(), nn.ModuleList()
        below = 0
        for level, (middle, out) in zip(reversed(self.in_channels), widths, strict=True):
            self.steps.append(
                nn.Sequential(
                    separable_conv(level + below, middle, self.norm_cfg),
                    separable_conv(middle, out, self.norm_cfg),
                    nn.GELU(),
                )
            )
            below = out
        for _, out in widths[:-1]:
            self.refine.append(StripRefinement(out, self.norm_cfg))

    def forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return logits ``(N, num_classes, H, W)`` at the size of the finest level."""
        *finer, x = self._transform_inputs(inputs)
        x = self.steps[0](x)
        for level, step, refine in zip(reversed(finer), self.steps[1:], self.refine, strict=True):
            x = refine(enlarge(x, level.shape[2:]))
            x = step(torch.cat([x, level], dim=1))
        return self.cls_seg(x)


class StripRefinement(nn.Module):
    """A residual of a 1×3 and a 3×1 convolution.

    Args:
        channels (int): Width of input and output.
        norm_cfg (dict): Norm of the convolutions.
    """

    def __init__(self, channels: int, norm_cfg: ConfigType) -> None:
        super().__init__()
        shared = dict(bias=True, norm_cfg=norm_cfg)
        self.convs = nn.Sequential(
            ConvModule(channels, channels, (1, 3), padding=(0, 1), **shared),
            ConvModule(channels, channels, (3, 1), padding=(1, 0), **shared),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``."""
        return x + self.convs(x)


def join(fine: Tensor, coarse: Tensor) -> Tensor:
    """Concatenate a map and a coarser one, enlarged to its size."""
    return torch.cat([fine, enlarge(coarse, fine.shape[2:])], dim=1)
