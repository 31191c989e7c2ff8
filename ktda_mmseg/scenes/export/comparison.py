"""How well an exported file agrees with PyTorch, and what it scores on labelled tiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from ktda_mmseg.scenes.map.card import UINT8, ModelCard
from ktda_mmseg.scenes.map.evaluation import evaluate
from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.scenes.map.reading import SceneReader
from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
from ktda_mmseg.scenes.map.windows import Grid

LIMIT = 1e-3  # of probability
SAME_LABELS = 0.9999  # of the pixels
MOST = 128  # windows of tiles


class Agreement(NamedTuple):
    """Of two predictors: the largest difference of a probability, and the part of equal labels."""

    max_difference: float
    label_agreement: float

    def meets(self, output: str) -> bool:
        """Tell whether it is close enough; of a file that gives labels, only these count."""
        close = output == 'labels' or self.max_difference <= LIMIT
        return close and self.label_agreement >= SAME_LABELS

    def __str__(self) -> str:
        """Say it in a few words."""
        return (
            f'largest difference in probability {self.max_difference:.2g}, '
            f'same label in {self.label_agreement:.4%} of the pixels'
        )


def compare(reference: Predictor, predictor: Predictor, batches: Iterable[np.ndarray]) -> Agreement:
    """Run two predictors on batches ``(N, C, h, w)`` of stored values; NaN is no agreement."""
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
    """Draw images ``(count, C, h, w)`` of patches and noise, the same in every call.

    They hold stored values in the range of what the model was trained on, float32.
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


def windows_of(tiles: Iterable[Path], card: ModelCard) -> list[np.ndarray]:
    """Cut rasters into windows ``(C, h, w)`` of the card's size, at most 128, taken from all.

    They hold stored values, float32. Smaller tiles are reflected.
    """
    windows = [window for tile in tiles for window in _cut(tile, card)]
    chosen = np.linspace(0, len(windows) - 1, min(len(windows), MOST)).round().astype(int)
    return [windows[index] for index in chosen]


def _cut(tile: Path, card: ModelCard) -> list[np.ndarray]:
    height, width = card.window
    with SceneReader(tile, card) as reader:
        values, _ = reader.read_rows(0, reader.profile.height)
    below, right = max(height - values.shape[1], 0), max(width - values.shape[2], 0)
    values = np.pad(values, ((0, 0), (0, below), (0, right)), mode='reflect')
    grid = Grid(values.shape[1], values.shape[2], card.window, overlap=0)
    return [
        values[:, top : top + height, left : left + width]
        for top in grid.rows.starts
        for left in grid.columns.starts
    ]


def mean_iou(
    predictor: Predictor,
    tiles: Mapping[str, Path],
    masks: Mapping[str, Path],
    window: tuple[int, int] | None = None,
) -> float:
    """Map tiles and score the maps against masks of the same names: mIoU of all, in percent."""
    with TemporaryDirectory(prefix='ktda-export-') as folder:
        results = SceneInferencer(predictor, window=window)(tiles, folder)
        for result in results:
            if result.error:
                raise ValueError(result.error)
        maps = [result.files['map'] for result in results]
        pairs = zip(maps, (masks[name] for name in tiles), strict=True)
        return evaluate(pairs, predictor.card)['mIoU']
