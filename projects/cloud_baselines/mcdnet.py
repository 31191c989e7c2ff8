"""MCDNet: the image and the image without its thin clouds, compared level by level."""

from collections.abc import Sequence

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from mmseg.models.decode_heads.psp_head import PPM
from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor

from .blocks import check_size
from .mcdnet_blocks import KAIMING, Residual, reflected
from .thin_cloud_removal import ThinCloudRemoval


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
