"""Layers of Galileo: flexible patch embedding, transformer block and fixed encodings."""

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BASE_PATCH = 8


class FlexiblePatchEmbed(nn.Module):
    """Patch embedding stored for 8 by 8 pixels and used at another size.

    The kernel is mapped by the pseudo-inverse of the bicubic resize, so that a resized patch keeps
    its token (`FlexiViT <https://arxiv.org/abs/2212.08013>`_).
    """

    resize: Tensor

    def __init__(self, channels: int, width: int, patch_size: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, BASE_PATCH, BASE_PATCH)
        pixels = torch.eye(BASE_PATCH**2).unflatten(1, (1, BASE_PATCH, BASE_PATCH))
        resized = F.interpolate(pixels, size=[patch_size] * 2, mode='bicubic', antialias=True)
        self.register_buffer('resize', torch.linalg.pinv(resized.flatten(1)).T, persistent=False)
        self.patch_size = patch_size

    def forward(self, x: Tensor) -> Tensor:
        """Embed images ``(N, C, H, W)`` as ``(N, width, H / patch_size, W / patch_size)``."""
        kernel = (self.proj.weight.flatten(2) @ self.resize).unflatten(2, [self.patch_size] * 2)
        return F.conv2d(x, kernel, self.proj.bias, stride=self.patch_size)


class Attention(nn.Module):
    """Multi-head self-attention, fused, with the file's separate projections."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q, self.k, self.v, self.proj = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        """Mix tokens ``(N, L, width)``."""
        q, k, v = (
            linear(x).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for linear in (self.q, self.k, self.v)
        )
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width, num_heads)
        self.norm2 = nn.LayerNorm(width)
        layers = (nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.mlp = nn.Sequential(OrderedDict(zip(('fc1', 'act', 'fc2'), layers, strict=True)))

    def forward(self, x: Tensor) -> Tensor:
        """Transform tokens ``(N, L, width)``."""
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """Encode positions ``(L,)`` as ``(L, width)``: sines, then cosines.

    The frequencies fall to 10000 ** -0.25, half the usual exponent, as in the official code.
    """
    exponent = torch.arange(width // 2, device=positions.device) / (2 * width)
    angles = positions[:, None] * 10000.0**-exponent
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def month_table(width: int) -> Tensor:
    """Encode the months as ``(12, width)``: the sine and the cosine of the time of the year."""
    angle = torch.arange(12)[:, None] * (2 * math.pi / 12)
    return torch.cat([part.expand(-1, width // 2) for part in (angle.sin(), angle.cos())], dim=1)
