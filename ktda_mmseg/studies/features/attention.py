"""What the modulation attends to: its weights, read from the fused kernel that it runs."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from mmseg.models.segmentors import EncoderDecoder
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ktda_mmseg.models import FMMHead

from .levels import evenly, in_evaluation

# of the image: its middle, and those of its upper left and its lower right quarter
POINTS = ((0.25, 0.25), (0.5, 0.5), (0.75, 0.75))
Call = tuple[Tensor, Tensor, dict[str, Any]]
QUERIES = 64  # whose spread is averaged, evenly over the grid


class Attention(NamedTuple):
    """Attention of the last block of a level."""

    level: int
    maps: Tensor  # what each of POINTS attends to, (3, h, w), the mean of the heads, of sum 1
    # entropy of a token's weights over that of equal ones, the mean of tokens and heads: 1 attends
    # to all alike, 0 to a single place
    spread: float


class Recorder(TorchFunctionMode):
    """Notes queries, keys and keyword arguments of every fused attention in its block."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_function__(
        self,
        func: Callable[..., Tensor],
        types: Sequence[type],
        args: tuple = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Tensor:
        """Call a function of PyTorch."""
        options = kwargs or {}
        if func is F.scaled_dot_product_attention:
            query, key, _value = args
            self.calls.append((query, key, options))
        return func(*args, **options)


@torch.no_grad()
def attention_by_level(model: EncoderDecoder, image: Tensor) -> list[Attention]:
    """Read what the modulation attends to in one normalised image ``(1, C, H, W)``.

    Only of the levels that are modulated; nothing where no modulation attends.
    """
    modulation = getattr(model.decode_head, 'modulation', None)
    if not isinstance(model.decode_head, FMMHead) or modulation is None:
        return []
    grids: list[tuple[int, int]] = []
    handle = modulation.register_forward_pre_hook(
        lambda _, args: grids.extend(tuple(level.shape[2:]) for level in args[0])
    )
    try:
        with in_evaluation(model), Recorder() as recorder:
            model.decode_head.modulate(model.extract_feat(image))
    finally:
        handle.remove()
    if not recorder.calls:
        return []
    ends = np.cumsum([len(blocks) for blocks in modulation])
    return [
        _attention(level, recorder.calls[end - 1], grid, blocks[-1].attn.pool)
        for level, (blocks, end, grid) in enumerate(zip(modulation, ends, grids, strict=True))
        if len(blocks)
    ]


def _attention(level: int, call: Call, grid: tuple[int, int], pool: int) -> Attention:
    query, key, options = call
    height, width = grid
    points = [int(y * height) * width + int(x * width) for y, x in POINTS]
    keys = math.ceil(height / pool), math.ceil(width / pool)
    maps = weights(query[:, :, points], key, options).mean((0, 1)).reshape(-1, *keys)
    sampled = query[:, :, evenly(query.size(2), QUERIES)]
    return Attention(level, maps.cpu(), spread(weights(sampled, key, options)))


def weights(query: Tensor, key: Tensor, options: dict[str, Any]) -> Tensor:
    """Return the weights ``(N, heads, Q, L)``, rows of sum 1, of an attention with its options.

    Attention mixes values by its weights, so that values which are the unit vectors give them.
    """
    unit = torch.eye(key.size(-2), dtype=key.dtype, device=key.device)
    return F.scaled_dot_product_attention(
        query, key, unit.expand(*key.shape[:2], -1, -1), **options
    )


def spread(rows: Tensor) -> float:
    """Return the entropy of weights ``(..., L)`` over that of equal ones, averaged over rows."""
    entropy = torch.special.entr(rows.double()).sum(-1).mean()
    # a single place is all there are
    return float(entropy) / math.log(rows.size(-1)) if rows.size(-1) > 1 else 1.0
