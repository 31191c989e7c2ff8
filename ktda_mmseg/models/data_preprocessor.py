"""The data preprocessor for images of any number of bands."""

from collections.abc import Sequence
from typing import Any

import torch
from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS

from ktda_mmseg.utils.stacks import swaps_channels


@MODELS.register_module()
class MultiBandSegDataPreProcessor(SegDataPreProcessor):
    """``SegDataPreProcessor`` with a mean and a standard deviation for each of n bands.

    mmengine's takes one or three. Everything else is its behaviour, and with three bands the two
    are equal.

    Args:
        mean (Sequence[float]): Mean of each band, in the units of the loaded image.
        std (Sequence[float]): Standard deviation of each band, above 0.
        **kwargs: Other arguments of ``SegDataPreProcessor``.

    Raises:
        ValueError: If ``mean`` and ``std`` differ in length or hold nothing, a deviation is not
            above 0, or RGB and BGR are to be exchanged in other than three bands.
    """

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        if len(mean) != len(std) or not mean or min(std) <= 0:
            raise ValueError(
                'data_preprocessor: expected a mean and a std above 0 for each band, got '
                f'mean={mean}, std={std}'
            )
        super().__init__(**kwargs)
        if swaps_channels(self) and len(mean) != 3:
            raise ValueError(
                'data_preprocessor: expected bgr_to_rgb and rgb_to_bgr with three bands only, '
                f'got {len(mean)}'
            )
        for name, values in dict(mean=mean, std=std).items():
            self.register_buffer(name, torch.tensor(values).view(-1, 1, 1), persistent=False)
        self._enable_normalize = True

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Normalise, pad and stack."""
        found = {image.size(0) for image in data['inputs']}
        if found != {len(self.mean)}:
            raise ValueError(
                f'expected images of {len(self.mean)} bands, as many as data_preprocessor.mean has '
                f'values, got {", ".join(map(str, sorted(found)))}'
            )
        return super().forward(data, training)
