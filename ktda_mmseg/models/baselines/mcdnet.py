"""MCDNet: the image and the image without its thin clouds, compared level by level."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn as nn
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.decode_heads.psp_head import PPM
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from .blocks import check_size
from .thin_cloud_removal import ThinCloudRemoval

KAIMING = dict(
    type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu', distribution='normal'
)


@MODELS.register_module()
class MCDNet(BaseModule):
    """One encoder for two views of an image, and the fusion of the two.

    Source: Dong et al., "MCDNet: Multilevel cloud detection network for remote sensing images
    based on dual-perspective change-guided and multi-scale feature fusion", International Journal
    of Applied Earth Observation and Geoinformation 129:103820, 2024. The paper's tables of
    ablations state 13.11 M parameters with both modules, 11.34 M without the multi-scale fusion of
    the decoder; so do this and :class:`MCDNetHead`.

    Args:
        in_channels (int): Number of bands.
        mean (Sequence[float]): What the data preprocessor subtracted, to recover the pixels.
        std (Sequence[float]): What it divided by.
        white (float): Value of a white pixel, for the removal of thin clouds.
        widths (Sequence[int]): Width of each level.
        norm_cfg (dict): Norm of the convolutions.
    """

    def __init__(
        self,
        in_channels: int = 3,
        mean: Sequence[float] = (127.5, 127.5, 127.5),
        std: Sequence[float] = (127.5, 127.5, 127.5),
        white: float = 255.0,
        widths: Sequence[int] = (32, 64, 128, 256, 512),
        norm_cfg: ConfigType = dict(type='BN'),  # noqa: B006
    ) -> None:
        super().__init__(init_cfg=KAIMING)
        self.remove_clouds = ThinCloudRemoval()
        self.white = white
        for name, values in dict(mean=mean, std=std).items():
            self.register_buffer(name, torch.tensor(values).view(-1, 1, 1), persistent=False)
        self.levels = nn.ModuleList()
        for width in widths:
            down = reflected(in_channels, width, stride=2)
            is_last = width == widths[-1]
            rest = PyramidPooling(width, norm_cfg) if is_last else Residual(width, width, norm_cfg)
            self.levels.append(nn.Sequential(down, rest))
            in_channels = width
        self.fusions = nn.ModuleList(DualPerspectiveFusion(width) for width in widths)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return levels ``(N, widths[i], H / 2**(i+1), W / 2**(i+1))``.

        Args:
            images (Tensor): Normalised images ``(N, in_channels, H, W)``.

        Raises:
            ValueError: If 32 does not divide height and width.
        """
        check_size(images, 32)
        with torch.no_grad():
            clear = self.remove_clouds((images * self.std + self.mean) / self.white)
            clear = (clear * self.white - self.mean) / self.std
        fused = []
        for level, fusion in zip(self.levels, self.fusions, strict=True):
            images, clear = level(images), level(clear)
            fused.append(fusion(images, clear))
        return tuple(fused)


@MODELS.register_module()
class MCDNetHead(BaseDecodeHead):
    """The decoder: each step takes in what all finer levels know.

    Args:
        **kwargs: Arguments of ``BaseDecodeHead``; ``in_channels`` from fine to coarse, each twice
            the one before, and ``channels`` equal to the finest.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(input_transform='multiple_select', init_cfg=KAIMING, **kwargs)
        widths = self.in_channels
        self.steps = nn.ModuleList(
            DecoderStep(width, finer, self.norm_cfg)
            for finer, width in reversed(list(enumerate(widths[:-1])))
        )
        self.conv_seg = nn.ConvTranspose2d(
            self.channels, self.out_channels, 3, stride=2, padding=1, output_padding=1
        )

    def forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Return logits ``(N, num_classes, H, W)`` at twice the size of the finest level."""
        levels = self._transform_inputs(inputs)
        x = levels.pop()
        for step in self.steps:
            level = levels.pop()
            x = step(x, level, levels)
        return self.cls_seg(x)


class DecoderStep(nn.Module):
    """Enlarge the coarser map and add the level, enriched by the finer levels.

    Args:
        width (int): Width of the level; the coarser map has twice as many.
        finer (int): Number of finer levels.
        norm_cfg (dict): Norm of the convolutions.
    """

    def __init__(self, width: int, finer: int, norm_cfg: ConfigType) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(2 * width, width, 3, 2, padding=1, output_padding=1)
        self.enrich = BackProjection(width, finer)
        self.convs = Residual(2 * width, width, norm_cfg, num_convs=3)
        self.act = nn.PReLU()

    def forward(self, below: Tensor, level: Tensor, finer: list[Tensor]) -> Tensor:
        """Return ``(N, width, H, W)``, the size of ``level``."""
        up = self.up(below)
        joined = self.convs(torch.cat([up, self.enrich(level, finer)], dim=1))
        return self.act(up + level + joined)


class BackProjection(nn.Module):
    """Correct a level by how its enlargement differs from each finer level.

    Args:
        width (int): Width of the level; each finer one has half of it.
        finer (int): Number of finer levels.
    """

    def __init__(self, width: int, finer: int) -> None:
        super().__init__()
        self.ups, self.downs = nn.ModuleList(), nn.ModuleList()
        for _ in range(finer):
            half = width // 2
            self.ups.append(nn.Sequential(nn.ConvTranspose2d(width, half, 4, 2, 1), nn.PReLU()))
            self.downs.append(nn.Sequential(nn.Conv2d(half, width, 4, 2, 1), nn.PReLU()))
            width = half

    def forward(self, level: Tensor, finer: list[Tensor]) -> Tensor:
        """Return the corrected level; ``finer`` goes from the finest on."""
        for index, target in enumerate(finer):
            steps = len(finer) - index
            x = level
            for up in self.ups[:steps]:
                x = up(x)
            x = x - target
            for down in reversed(self.downs[:steps]):
                x = down(x)
            level = level + x
        return level


class DualPerspectiveFusion(nn.Module):
    """Weigh two views of a level by a map of what differs between them.

    Args:
        width (int): Width of the level.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.common = nn.Conv2d(2 * width, width, 1, bias=False)
        self.change = nn.Conv2d(2 * width, width, 1, bias=False)
        self.value = nn.Conv2d(width, width, 1, bias=False)
        self.merge = nn.Conv2d(2 * width, width, 1, bias=False)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Fuse two maps ``(N, width, H, W)`` to one."""
        common = self.common(torch.cat([first, second], dim=1))
        change = self.change(torch.cat([(first - second).abs(), common], dim=1))
        views = [self.value(view) * change for view in (first, second)]
        return self.merge(torch.cat(views, dim=1))


class PyramidPooling(nn.Module):
    """Pooled contexts of four sizes, joined and reduced to the width of the input.

    Args:
        width (int): Width of input and output.
        norm_cfg (dict): Norm of the convolutions.
    """

    def __init__(self, width: int, norm_cfg: ConfigType) -> None:
        super().__init__()
        scales = (1, 2, 3, 6)
        relu = dict(type='ReLU')
        self.pools = PPM(scales, width, width // len(scales), None, norm_cfg, relu, True, bias=True)
        self.merge = nn.Conv2d(2 * width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``."""
        return self.merge(torch.cat([x, *self.pools(x)], dim=1))


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
