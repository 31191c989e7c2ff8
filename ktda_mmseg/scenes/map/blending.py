"""Predictions of overlapping windows, blended to one map, strip by strip."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np

from .predictor import Predictor
from .reading import SceneReader, ahead
from .windows import Grid

LEAST = np.float32(1e-30)  # a probability that is told from 0
Window = tuple[int, np.ndarray]  # its column in the grid, and what it holds


@dataclass(frozen=True)
class BlendedStrip:
    """Finished rows of a map.

    Attributes:
        index (int): Which of ``Grid.strips``.
        probabilities (np.ndarray): ``(K, rows, W)``, float32; any number where not valid.
        valid (np.ndarray): ``(rows, W)``, bool: where the scene holds data.
    """

    index: int
    probabilities: np.ndarray
    valid: np.ndarray


def predict_strips(
    reader: SceneReader, predictor: Predictor, grid: Grid, first: int, stop: int, batch_size: int
) -> Iterator[BlendedStrip]:
    """Predict strips of a scene.

    Where windows share pixels, the logarithms of their probabilities are averaged, which is to
    average logits: with windows alike, labels are those of mmseg's sliding windows.

    A strip is the same to the last bit wherever prediction starts: a batch never holds windows of
    two rows, and rows of windows are added in their order. Memory holds two rows of windows of the
    scene and one of the map, whatever the scene's height.

    Args:
        reader (SceneReader): The scene.
        predictor (Predictor): The model.
        grid (Grid): Windows of the scene.
        first (int): First strip.
        stop (int): Strip behind the last one.
        batch_size (int): Windows to predict at once, at least 1.

    Yields:
        BlendedStrip: Each strip in turn.

    Raises:
        ValueError: If the scene cannot be read.
    """
    rows = grid.rows.starts[grid.needed(first) : stop]
    spans = [(max(start, 0), min(start + grid.window[0], grid.height)) for start in rows]
    carried = np.zeros((len(predictor.card.classes), 0, grid.width), np.float32)
    scene = zip(range(stop - len(rows), stop), spans, reader.read_ahead(spans), strict=True)
    with ThreadPoolExecutor(1) as thread:
        for index, (start, end), (values, valid) in scene:
            top, bottom = grid.strips[index]
            sums = np.zeros((len(carried), end - top, grid.width), np.float32)
            sums[:, : carried.shape[1]] = carried
            windows = _cut(values, valid, grid, index)
            batches = _batches(windows, batch_size)
            for predicted in ahead(thread, partial(_predict, predictor), batches):
                for column, probabilities in predicted:
                    _add(sums, probabilities, grid, index, column)
            if index >= first:
                blended = _normalised(sums[:, : bottom - top])
                yield BlendedStrip(index, blended, valid[top - start : bottom - start])
            carried = sums[:, bottom - top :].copy()


def _batches(windows: Iterator[Window], size: int) -> Iterator[list[Window]]:
    while batch := list(islice(windows, size)):
        yield batch


def _predict(predictor: Predictor, batch: list[Window]) -> Iterator[Window]:
    """Return the probabilities ``(K, h, w)`` of each window of a batch."""
    columns, images = zip(*batch, strict=True)
    return zip(columns, predictor(np.stack(images)), strict=True)


def _cut(values: np.ndarray, valid: np.ndarray, grid: Grid, row: int) -> Iterator[Window]:
    """Yield the images ``(C, h, w)`` of the windows of a row that hold data."""
    start, height = grid.rows.starts[row], grid.window[0]
    above = max(-start, 0)
    below = height - above - len(valid)
    for column, first in enumerate(grid.columns.starts):
        left, right = max(first, 0), min(first + grid.window[1], grid.width)
        if valid[:, left:right].any():
            outside = ((0, 0), (above, below), (left - first, first + grid.window[1] - right))
            yield column, np.pad(values[:, :, left:right], outside, mode='reflect')


def _add(sums: np.ndarray, probabilities: np.ndarray, grid: Grid, row: int, column: int) -> None:
    """Add a window to the sums, whose first row is the first one of the strip of its row."""
    start = grid.columns.starts[column]
    inside = slice(max(-start, 0), min(grid.width - start, grid.window[1]))
    first = grid.strips[row][0] - grid.rows.starts[row]
    rows = slice(first, first + sums.shape[1])
    weight = np.outer(grid.rows.weights[row][rows], grid.columns.weights[column][inside])
    part = sums[:, :, start + inside.start : start + inside.stop]
    part += np.log(np.maximum(probabilities[:, rows, inside], LEAST)) * weight


def _normalised(logarithms: np.ndarray) -> np.ndarray:
    """Turn averaged logarithms ``(K, rows, W)`` into probabilities, in place."""
    logarithms -= logarithms.max(0)
    np.exp(logarithms, out=logarithms)
    logarithms /= logarithms.sum(0)
    return logarithms
