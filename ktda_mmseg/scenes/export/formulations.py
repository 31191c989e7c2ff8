"""The same numbers by operations that exporters keep for images of any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class AnySize(TorchFunctionMode):
    """Replaces, while active, what exporters only express for one size of image.

    That is adaptive average pooling (the pyramid pooling of ``UPerHead`` and ``PSPHead``): its
    windows are irregular and depend on the size, so that ONNX and ``torch.export`` write down those
    of the example.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Call a function of PyTorch, or what stands in for it."""
        if func is F.adaptive_avg_pool2d:
            func = adaptive_average
        return func(*args, **(kwargs or {}))


def adaptive_average(levels: Tensor, output_size: int | tuple[int, int]) -> Tensor:
    """Pool as ``F.adaptive_avg_pool2d`` does, by two products with matrices of averages.

    Args:
        levels (Tensor): ``(N, C, H, W)``.
        output_size (int | tuple[int, int]): ``(h, w)``, or one number for both.

    Returns:
        Tensor: ``(N, C, h, w)``.
    """
    rows, columns = (output_size, output_size) if isinstance(output_size, int) else output_size
    down = _averages(levels, 2, rows)
    across = _averages(levels, 3, columns)
    return down @ levels @ across.transpose(0, 1)


def _averages(levels: Tensor, dim: int, cells: int) -> Tensor:
    """Return which positions of a dimension each cell averages: ``(cells, size)``, rows sum to 1.

    Cell ``i`` reaches from ``floor(i * size / cells)`` to ``ceil((i + 1) * size / cells)``, as in
    PyTorch's ``AdaptiveAveragePooling.cpp``.
    """
    size = levels.shape[dim]
    position = torch.arange(size, device=levels.device)
    cell = torch.arange(cells, device=levels.device).unsqueeze(1)
    start, stop = cell * size // cells, ((cell + 1) * size + cells - 1) // cells
    inside = (position >= start) & (position < stop)
    return inside.to(levels.dtype) / (stop - start).to(levels.dtype)
