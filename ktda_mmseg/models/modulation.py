"""Blocks of the Feature Modulation Module and their stack over the levels of a pyramid."""

import inspect
from collections.abc import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmcv.cnn.bricks.scale import LayerScale
from mmengine.config import ConfigDict
from mmengine.model import ModuleList
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from .fam import one_a_level


class MLP(nn.Module):
    """Two linear layers with a GELU between, on tokens ``(N, L, C)``."""

    def __init__(self, channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden_channels)
        self.fc2 = nn.Linear(hidden_channels, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens ``(N, L, C)`` to tokens of the same shape."""
        return self.fc2(F.gelu(self.fc1(tokens)))


class BottleneckModulation(MLP):
    """The official ``'mlp'`` adapter: a bottleneck without residual and without norm."""

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__(channels, channels // reduction)

    def forward(self, tokens: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """Modulate tokens ``(N, L, C)``, whatever the ``size`` of their grid."""
        return super().forward(tokens)


class SelfAttention(nn.Module):
    """Multi-head self-attention through PyTorch's fused kernel, without positions.

    The tokens in squares of ``pool`` a side, larger where there would be more than ``keys`` squares
    a side, are averaged to one key and one value; the weights have the same shapes for any.
    """

    def __init__(
        self, channels: int, num_heads: int, pool: int = 1, keys: int | None = None
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.pool, self.keys = pool, keys
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        """Mix tokens ``(N, L, C)`` of a grid of ``size`` (height, width) over ``L``."""
        pool = self.pool if self.keys is None else max(self.pool, -(-max(size) // self.keys))
        if pool == 1:
            parts = self.qkv(tokens).chunk(3, dim=2)
        else:
            rows = self.proj.out_features, 2 * self.proj.out_features
            (weight, weights), (bias, biases) = (p.split(rows) for p in self.qkv.parameters())
            grid = tokens.transpose(1, 2).unflatten(2, size)
            # nothing is padded, but ONNX Runtime 1.23 would count what the last window lacks
            pooled = F.avg_pool2d(grid, pool, ceil_mode=True, count_include_pad=False)
            pooled = pooled.flatten(2).transpose(1, 2)
            query = F.linear(tokens, weight, bias)
            parts = query, *F.linear(pooled, weights, biases).chunk(2, dim=2)
        heads = (part.unflatten(2, (self.num_heads, -1)).transpose(1, 2) for part in parts)
        mixed = F.scaled_dot_product_attention(*heads)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class TransformerModulation(nn.Module):
    """The official ``'vitBlock'`` adapter: a pre-norm transformer block without positions.

    With ``layer_scale`` what attention and MLP add has learned factors that begin at that number
    (LayerScale of CaiT, arXiv 2103.17239); from 0 the block begins as the identity. The
    official block has none.
    """

    def __init__(
        self,
        channels: int,
        num_heads: int = 8,
        mlp_ratio: float = 4,
        pool: int = 1,
        keys: int | None = None,
        layer_scale: float | None = None,
    ) -> None:
        super().__init__()
        if channels % num_heads:
            raise ValueError(
                f'expected modulation.num_heads to divide the {channels} channels, got {num_heads}'
            )
        if pool < 1:
            raise ValueError(f'expected modulation.pool of at least 1, got {pool}')
        if keys is not None and keys < 1:
            raise ValueError(f'expected modulation.keys of at least 1, or None, got {keys}')
        # timm's epsilon, ten times smaller than PyTorch's default; official weights need it
        self.norm1 = nn.LayerNorm(channels, eps=1e-6)
        self.attn = SelfAttention(channels, num_heads, pool, keys)
        self.norm2 = nn.LayerNorm(channels, eps=1e-6)
        self.mlp = MLP(channels, int(channels * mlp_ratio))
        self.ls1, self.ls2 = (
            nn.Identity() if layer_scale is None else LayerScale(channels, scale=layer_scale)
            for _ in range(2)
        )

    def forward(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        """Modulate tokens ``(N, L, C)`` of a grid of ``size`` (height, width)."""
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens), size))
        return tokens + self.ls2(self.mlp(self.norm2(tokens)))


BLOCKS: dict[str, type[nn.Module]] = {
    'transformer': TransformerModulation,
    'mlp': BottleneckModulation,
}


class Modulation(ModuleList):
    """A stack of blocks for each level; levels share no weights.

    Source: ``fmm.py`` of the official code.

    Args:
        in_channels (Sequence[int]): Width of each level.
        cfg (dict): ``type`` (``'transformer'`` or ``'mlp'``), ``depth`` (blocks, one number for
            all levels or one a level; a level of 0 blocks passes unchanged), ``with_cp`` (keep no
            activations within a block in training and compute them again in the backward pass: less
            memory, more time) and the block's own keys, of which ``pool`` may also be one number a
            level.

    Raises:
        ValueError: If ``type`` or another key is unknown, or ``depth`` or ``pool`` names another
            number of levels.
    """

    def __init__(self, in_channels: Sequence[int], cfg: ConfigDict | dict) -> None:
        options = dict(cfg)
        kind, depth = options.pop('type', None), options.pop('depth', 1)
        with_cp = options.pop('with_cp', False)
        if kind not in BLOCKS:
            raise ValueError(f'expected modulation.type to be one of {list(BLOCKS)}, got {kind!r}')
        block = BLOCKS[kind]
        known = list(inspect.signature(block).parameters)[1:]
        if unknown := set(options) - set(known):
            raise ValueError(
                f'expected the keys depth, with_cp, {", ".join(known)} in a modulation of type '
                f'{kind!r}, got {", ".join(sorted(unknown))}'
            )
        levels = len(in_channels)
        depths = one_a_level('modulation.depth', depth, levels)
        own: list[dict] = [{} for _ in in_channels]
        if 'pool' in options:
            pools = one_a_level('modulation.pool', options.pop('pool'), levels)
            own = [dict(pool=pool) for pool in pools]
        super().__init__(
            (
                nn.Sequential(*(block(channels, **options, **level) for _ in range(count)))
                for channels, count, level in zip(in_channels, depths, own, strict=True)
            ),
            init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02, bias=0.0),
        )
        self.with_cp = with_cp

    def forward(self, levels: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Modulate levels ``(N, C_i, H_i, W_i)``; shapes stay."""
        return tuple(
            self._modulate(blocks, level) for blocks, level in zip(self, levels, strict=True)
        )

    def _modulate(self, blocks: nn.Sequential, level: Tensor) -> Tensor:
        recompute = self.with_cp and torch.is_grad_enabled()
        tokens, size = level.flatten(2).transpose(1, 2), level.shape[2:]
        for block in blocks:
            # blocks draw no random numbers
            tokens = (
                checkpoint(block, tokens, size, use_reentrant=False, preserve_rng_state=False)
                if recompute
                else block(tokens, size)
            )
        return tokens.transpose(1, 2).reshape(level.shape)
