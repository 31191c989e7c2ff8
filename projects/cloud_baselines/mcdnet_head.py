"""MCDNet's decoder: each level corrected by all finer ones."""

from typing import Any

import torch
import torch.nn as nn
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from .mcdnet_blocks import KAIMING, Residual


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
