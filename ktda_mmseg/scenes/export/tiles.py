"""Windows of the tiles that an export is compared or calibrated on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ktda_mmseg.scenes.map.card import ModelCard
from ktda_mmseg.scenes.map.reading import SceneReader
from ktda_mmseg.scenes.map.windows import Grid

MOST = 128  # windows


def windows_of(tiles: Iterable[Path], card: ModelCard) -> list[np.ndarray]:
    """Cut tiles into windows, and take some of all.

    Args:
        tiles (Iterable[Path]): Rasters.
        card (ModelCard): Which bands are read, and the size of a window; smaller tiles are
            reflected.

    Returns:
        list[np.ndarray]: At most 128 windows ``(C, h, w)``, stored values, float32.

    Raises:
        ValueError: If a tile cannot be read or is not what the model expects.
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
