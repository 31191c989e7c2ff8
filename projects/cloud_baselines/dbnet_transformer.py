"""The transformer branch of DBNet: attention whose projections are separable convolutions."""

import torch.nn as nn
import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmseg.utils import ConfigType
from torch import Tensor


def separable_conv(in_channels: int, out_channels: int, norm_cfg: ConfigType) -> nn.Sequential:
    """Build a 3×3 convolution of each channel, a norm and a 1×1 convolution."""
    return nn.Sequential(
        nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels),
        build_norm_layer(norm_cfg, in_channels)[1],
        nn.Conv2d(in_channels, out_channels, 1),
    )


class TransformerStage(nn.Module):
    """Overlapping patches, then transformer blocks.

    Args:
        in_channels (int): Width of the input.
        channels (int): Width of the tokens.
        kernel_size (int): Size of a patch in pixels.
        stride (int): Distance of patches in pixels.
        num_heads (int): Number of heads.
        depth (int): Number of blocks.
        norm_cfg (dict): Norm inside the separable convolutions.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int,
        stride: int,
        num_heads: int,
        depth: int,
        norm_cfg: ConfigType,
    ) -> None:
        super().__init__()
        padding = (kernel_size - stride + 1) // 2
        self.embed = nn.Conv2d(in_channels, channels, kernel_size, stride, padding)
        self.norm = nn.LayerNorm(channels)
        self.blocks = nn.Sequential(
            *(TransformerBlock(channels, num_heads, norm_cfg) for _ in range(depth))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, channels, H / stride, W / stride)`` of ``(N, in_channels, H, W)``."""
        tokens = self.norm(self.embed(x).permute(0, 2, 3, 1))
        return self.blocks(tokens).permute(0, 3, 1, 2)


class TransformerBlock(nn.Module):
    """Attention and feed-forward network, each on normed tokens and added to them.

    Args:
        channels (int): Width of the tokens.
        num_heads (int): Number of heads.
        norm_cfg (dict): Norm inside the separable convolutions.
    """

    def __init__(self, channels: int, num_heads: int, norm_cfg: ConfigType) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.attention = ConvAttention(channels, num_heads, norm_cfg)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 4 * channels), nn.GELU(), nn.Linear(4 * channels, channels)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens ``(N, H, W, channels)``."""
        tokens = tokens + self.attention(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class ConvAttention(nn.Module):
    """Attention over all positions; queries, keys and values are separable convolutions.

    Args:
        channels (int): Width of the tokens.
        num_heads (int): Number of heads; with one, there is no output projection.
        norm_cfg (dict): Norm inside the separable convolutions.
    """

    def __init__(self, channels: int, num_heads: int, norm_cfg: ConfigType) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query, self.key, self.value = (
            separable_conv(channels, channels, norm_cfg) for _ in range(3)
        )
        self.project = nn.Linear(channels, channels) if num_heads > 1 else nn.Identity()

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens ``(N, H, W, channels)``."""
        maps = tokens.permute(0, 3, 1, 2)
        query, key, value = (
            # (N, heads, H * W, width of a head)
            conv(maps).unflatten(1, (self.num_heads, -1)).flatten(3).transpose(2, 3)
            for conv in (self.query, self.key, self.value)
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.project(mixed.transpose(1, 2).reshape(tokens.shape))
