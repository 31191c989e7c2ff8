"""How well an exported file agrees with PyTorch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ktda_mmseg.scenes.map.card import UINT8, ModelCard
from ktda_mmseg.scenes.map.predictor import Predictor

LIMIT = 1e-3  # of probability
SAME_LABELS = 0.9999  # of the pixels


class Agreement(NamedTuple):
    """What two predictors make of the same images.

    Attributes:
        max_difference (float): Largest difference of a probability, 0 to 1.
        labels (float): Part of the pixels with the same label, 0 to 1.
    """

    max_difference: float
    labels: float

    def meets(self, output: str) -> bool:
        """Tell whether it is close enough; of a file that gives labels, only these count."""
        close = output == 'labels' or self.max_difference <= LIMIT
        return close and self.labels >= SAME_LABELS

    def __str__(self) -> str:
        """Say it in a few words."""
        return (
            f'largest difference in probability {self.max_difference:.2g}, '
            f'same label in {self.labels:.4%} of the pixels'
        )


def compare(reference: Predictor, predictor: Predictor, batches: Iterable[np.ndarray]) -> Agreement:
    """Run two predictors on the same images.

    Args:
        reference (Predictor): PyTorch's.
        predictor (Predictor): The other.
        batches (Iterable[np.ndarray]): Stored values ``(N, C, h, w)``, float32.

    Returns:
        Agreement: How they agree. NaN is no agreement.
    """
    largest, same, pixels = 0.0, 0, 0
    for images in batches:
        expected, found = reference(images), predictor(images)
        if expected.shape != found.shape:
            raise ValueError(f'expected probabilities {expected.shape}, got {found.shape}')
        # NaN stays the largest
        largest = float(np.maximum(largest, np.abs(expected - found).max()))
        labels = expected.argmax(1) == found.argmax(1)
        same, pixels = same + int(labels.sum()), pixels + labels.size
    return Agreement(largest, same / pixels)


def made_up_images(card: ModelCard, count: int, size: tuple[int, int]) -> np.ndarray:
    """Draw images of patches and noise in the range of what a model was trained on.

    Args:
        card (ModelCard): Mean and standard deviation of each band.
        count (int): How many.
        size (tuple[int, int]): Height and width in pixels.

    Returns:
        np.ndarray: ``(count, C, h, w)``, stored values, float32; the same in every call.
    """
    rng = np.random.default_rng(0)
    patches = rng.normal(size=(count, len(card.bands), *(side // 16 + 1 for side in size)))
    coarse = patches.repeat(16, 2).repeat(16, 3)[:, :, : size[0], : size[1]]
    fine = rng.normal(scale=0.3, size=coarse.shape)
    mean, std = (np.array(values)[:, None, None] for values in (card.mean, card.std))
    images = mean + std * (coarse + fine)
    if card.dtype == UINT8:
        images = images.round().clip(0, 255)
    return images.astype(np.float32)
