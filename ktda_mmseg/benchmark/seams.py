"""Whether a map shows where its windows meet."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ktda_mmseg.scenes.map.predictor import Predictor
from ktda_mmseg.scenes.map.reading import SceneReader
from ktda_mmseg.scenes.map.windows import Axis, Grid

from .scene_speed import map_labels

REACH = 4  # pixels on each side of a border


class Seams(NamedTuple):
    """How often two maps, whose windows lie half a stride apart, differ in their labels."""

    at_borders: float  # share of the pixels within REACH of a border of either map
    elsewhere: float  # share of the other pixels

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f'maps with windows half a stride apart differ in {self.at_borders:.3%} of the pixels '
            f'at window borders and in {self.elsewhere:.3%} elsewhere'
        )


class _LaterReader(SceneReader):
    """A scene without its first rows and columns, so that windows lie elsewhere on the ground."""

    left_out = 0

    def _read(self, span: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        skip = self.left_out
        values, valid = super()._read((span[0] + skip, span[1] + skip))
        return values[:, :, skip:], valid[:, skip:]


def measure_seams(scene: Path, predictor: Predictor, overlap: int, batch_size: int) -> Seams:
    """Map a scene twice and compare.

    A border is where the window that weighs most changes. A scene's own edges, up to a window, do
    not count, since there only one of the maps sees what lies beyond.

    Args:
        scene (Path): A raster of more than two windows a side.
        predictor (Predictor): The model.
        overlap (int): Pixels that neighbouring windows share, so few that borders lie more than
            ``4 * REACH`` apart.
        batch_size (int): Windows at once.

    Returns:
        Seams: The shares, of pixels with data.

    Raises:
        ValueError: If the overlap is too large, or the scene too small or not to be read.
    """
    window = predictor.card.window
    limit = min(window) - 4 * REACH
    if overlap >= limit:
        raise ValueError(
            f'expected an overlap below {limit} for windows of {window}, got {overlap}'
        )
    shift = (min(window) - overlap) // 2
    reader = _LaterReader(scene, predictor.card)
    with reader:
        height, width = reader.profile.height, reader.profile.width
        if height - shift <= 2 * window[0] or width - shift <= 2 * window[1]:
            raise ValueError(
                f'{scene}: expected more than two windows of {window} a side behind the first '
                f'{shift} pixels, found {height}x{width}'
            )
        first = Grid(height, width, window, overlap)
        labels = map_labels(reader, predictor, first, batch_size)
        valid = reader.read_rows(0, height)[1]
        reader.left_out = shift
        second = Grid(height - shift, width - shift, window, overlap)
        later = map_labels(reader, predictor, second, batch_size)
    rows = _near(first.rows, height)[shift:] | _near(second.rows, height - shift)
    columns = _near(first.columns, width)[shift:] | _near(second.columns, width - shift)
    borders = rows[:, None] | columns
    inside = np.zeros_like(borders)
    inside[window[0] : -window[0], window[1] : -window[1]] = True
    counted = inside & valid[shift:, shift:]
    differ = labels[shift:, shift:] != later
    return Seams(*(float(differ[counted & part].mean()) for part in (borders, ~borders)))


def _near(axis: Axis, length: int) -> np.ndarray:
    """Tell which pixels of an axis lie within reach of a change of the heaviest window."""
    weights = np.zeros((len(axis.starts), length), np.float32)
    for row, start, weight in zip(weights, *axis, strict=True):
        inside = slice(max(start, 0), min(start + len(weight), length))
        row[inside] = weight[inside.start - start : inside.stop - start]
    borders = np.flatnonzero(np.diff(weights.argmax(0))) + 1
    near = np.zeros(length, bool)
    for border in borders:
        near[max(border - REACH, 0) : border + REACH] = True
    return near
