"""Small residual layers that fit a frozen transformer to a domain."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn


class AdaptedBlock(nn.Module):
    """A transformer's block and a bottleneck after it, which adds nothing until it is trained.

    Source: the adapters of Houlsby et al. (arXiv 1902.00751), one a block.
    """

    def __init__(self, block: nn.Module, channels: int, rank: int) -> None:
        super().__init__()
        self.block = block
        self.down = nn.Linear(channels, rank)
        self.up = nn.Linear(rank, channels)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, tokens: Tensor, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ANN401
        """Map tokens ``(N, L, C)``; further arguments are the block's."""
        tokens = self.block(tokens, *args, **kwargs)
        return tokens + self.up(F.gelu(self.down(tokens)))


def adapt_blocks(model: nn.Module, rank: int) -> None:
    """Put an adapter behind every block of a timm transformer; only adapters then learn."""
    blocks, channels = getattr(model, 'blocks', None), getattr(model, 'embed_dim', None)
    if blocks is None or not isinstance(channels, int):
        raise ValueError(f'expected a plain transformer for adapters, got {type(model).__name__}')
    if rank < 1:
        raise ValueError(f'expected adapters of a rank of at least 1, got {rank}')
    model.requires_grad_(False)
    for index, block in enumerate(blocks):
        blocks[index] = AdaptedBlock(block, channels, rank)
