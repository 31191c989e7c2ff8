"""What is exported: the deployed model, in operations that exporters keep for any size of image."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from mmseg.models import BaseSegmentor
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ktda_mmseg.raster.files import ANY, LARGEST
from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.torch_predictor import StoredToProbabilities

from .exported_card import Output


class ExportedNetwork(StoredToProbabilities):
    """From images ``(N, C, h, w)``, stored or normalised, to what :class:`ExportedCard` lists."""

    filling: Tensor

    def __init__(
        self, model: BaseSegmentor, card: ModelCard, preprocess: bool, output: Output
    ) -> None:
        super().__init__(model, card)
        filling = torch.tensor(card.fill).view(1, -1, 1, 1)
        self.register_buffer('filling', filling, persistent=False)
        self.nodata, self.temperature = card.nodata, card.temperature
        self.preprocess, self.output = preprocess, output

    def forward(self, images: Tensor) -> Tensor:
        """Return logits ``(N, K, h', w')``, probabilities ``(N, K, h, w)`` or uint8 labels."""
        inputs = self.normalised(self.filled(images)) if self.preprocess else images
        if self.output == 'logits':
            return self.model.decode_head(self.model.extract_feat(inputs))
        if self.output == 'probabilities':
            return self.probabilities(inputs, self.temperature)
        return self.probabilities(inputs).argmax(1).to(torch.uint8)

    def filled(self, images: Tensor) -> Tensor:
        """Fill what is no number, and all bands of pixels without data."""
        empty = ~(images.abs() <= LARGEST)  # NaN is no less
        if self.nodata == ANY:
            empty = empty.any(1, keepdim=True)
        elif self.nodata is not None:
            empty = empty | (empty | (images == self.nodata)).all(1, keepdim=True)
        return torch.where(empty, self.filling, images)


@contextmanager
def recording() -> Iterator[None]:
    """Record operations that keep any size, without gradients and without advice."""
    with warnings.catch_warnings(), torch.no_grad(), AnySize():
        # of branches by size: they choose between equal results (FAM), or the comparison tells
        warnings.simplefilter('ignore')
        yield


class AnySize(TorchFunctionMode):
    """Replaces, while active, what exporters only express for one size of image.

    That is adaptive average pooling (the pyramid pooling of ``UPerHead`` and ``PSPHead``): its
    windows are irregular and depend on the size, so that ONNX writes down those of the example.
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
    """Pool ``(N, C, H, W)`` as ``F.adaptive_avg_pool2d``, by products with matrices of averages."""
    rows, columns = (output_size, output_size) if isinstance(output_size, int) else output_size
    return _averages(levels, 2, rows) @ levels @ _averages(levels, 3, columns).transpose(0, 1)


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
