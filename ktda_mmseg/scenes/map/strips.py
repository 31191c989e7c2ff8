"""Strips of a map: predicted by overlapping windows, blended, rounded, and kept on disk."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from ktda_mmseg.utils.files import atomic, json_text

from .predictor import Predictor
from .reading import SceneReader, ahead
from .temperature import tempered
from .windows import Grid

LEAST = np.float32(1e-30)  # a probability that is told from 0
NODATA = 255  # of labels and of all layers of 8 bits; 65535 of those of 16
LOCK = 'lock'  # beside the strips, of the command that is at work on them
PRODUCTS = 'products'  # of settings, and the folder beside the strips in which they are made
AHEAD = 2  # batches that wait for the network while what it predicted is blended


class Layers(NamedTuple):
    """What is kept of a prediction: which labels, and what besides them.

    Attributes:
        confidence (bool): The probability of the predicted class.
        probabilities (str | None): Those of all classes, as 'uint8' or 'uint16'; None for no.
        min_confidence (float): Pixels of a lower probability have no label; 0 to 1.
    """

    confidence: bool = False
    probabilities: str | None = None
    min_confidence: float = 0.0

    def bytes_per_pixel(self, classes: int) -> int:
        """Return what a pixel takes on disk."""
        each = np.dtype(self.probabilities).itemsize if self.probabilities else 0
        return 1 + self.confidence + classes * each


@dataclass(frozen=True)
class BlendedStrip:
    """Finished rows of a map, by their index in ``Grid.strips``.

    Probabilities (K, rows, W), float32, are any number where not valid (rows, W), bool.
    """

    index: int
    probabilities: np.ndarray
    valid: np.ndarray


class Strip(NamedTuple):
    """What is kept of it: labels (rows, W), uint8, and as asked for confidence and probabilities.

    Probabilities (rows, W) or (K, rows, W) are whole numbers from 0 to the largest of the type but
    one, which stands for 1; the largest stands for no data.
    """

    labels: np.ndarray
    confidence: np.ndarray | None
    probabilities: np.ndarray | None


class _Batch(NamedTuple):
    """Windows of one row, and which of the pixels ``(rows, W)`` of all of it hold data."""

    row: int
    columns: list[int]  # of the windows, in the grid
    held: np.ndarray  # images (N, C, h, w), then probabilities (N, K, h, w)
    valid: np.ndarray


def predict_strips(
    reader: SceneReader,
    predictor: Predictor,
    grid: Grid,
    first: int,
    stop: int,
    batch_size: int,
    thread: Executor,
) -> Iterator[BlendedStrip]:
    """Predict the strips from one to the one before another.

    Where windows share pixels, the logarithms of their probabilities are averaged, which is to
    average logits: with windows alike, labels are those of mmseg's sliding windows.

    A strip is the same to the last bit wherever prediction starts: a batch never holds windows of
    two rows, and rows of windows are added in their order. The network goes on with the next row
    while a strip is worked on. Memory holds two rows of windows of the scene and one of the map,
    whatever the scene's height. The thread, in which the network runs, is the caller's: a generator
    that is given up would end it wherever Python finds that out.
    """
    begun = grid.needed(first)
    starts = grid.rows.starts[begun:stop]
    spans = [(max(start, 0), min(start + grid.window[0], grid.height)) for start in starts]
    scene = enumerate(reader.read_ahead(spans), begun)
    windows = (batch for row, read in scene for batch in _batches(*read, grid, row, batch_size))
    work = ahead(thread, partial(_predict, predictor), windows, AHEAD)
    sums: np.ndarray = np.zeros((len(predictor.card.classes), 0, grid.width), np.float32)
    for row, batches in groupby(work, attrgetter('row')):
        (start, end), (top, bottom) = spans[row - begun], grid.strips[row]
        carried, sums = sums, np.zeros((len(sums), end - top, grid.width), np.float32)
        sums[:, : carried.shape[1]] = carried
        for batch in batches:
            for column, probabilities in zip(batch.columns, batch.held, strict=True):
                _add(sums, probabilities, grid, row, column)
        if row >= first:
            blended = _normalised(sums[:, : bottom - top])
            yield BlendedStrip(row, blended, batch.valid[top - start : bottom - start])
        sums = sums[:, bottom - top :].copy()


def _batches(
    values: np.ndarray, valid: np.ndarray, grid: Grid, row: int, size: int
) -> Iterator[_Batch]:
    """Yield the windows of a row that hold data; a batch of none if there are none."""
    start, height = grid.rows.starts[row], grid.window[0]
    above = max(-start, 0)
    below = height - above - len(valid)
    windows = []
    for column, first in enumerate(grid.columns.starts):
        left, right = max(first, 0), min(first + grid.window[1], grid.width)
        if valid[:, left:right].any():
            outside = ((0, 0), (above, below), (left - first, first + grid.window[1] - right))
            windows.append((column, slice(left, right), outside))
    for one in range(0, max(len(windows), 1), size):
        chosen = windows[one : one + size]
        images = [np.pad(values[..., inside], pad, mode='reflect') for _, inside, pad in chosen]
        columns = [column for column, *_ in chosen]
        yield _Batch(row, columns, np.stack(images) if images else np.empty(0), valid)


def _predict(predictor: Predictor, batch: _Batch) -> _Batch:
    return batch._replace(held=predictor(batch.held)) if batch.columns else batch


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


def quantise(blended: BlendedStrip, layers: Layers, temperature: float = 1.0) -> Strip:
    """Round probabilities to what is kept of them; ``ValueError`` for NaN where there are data.

    A temperature changes them, and by that which pixels are too unsure for a label, but no label,
    which is that of the probabilities as they are.
    """
    probabilities, valid = blended.probabilities, blended.valid
    highest = probabilities.max(axis=0)
    if not np.isfinite(highest[valid]).all():
        raise ValueError(
            'expected probabilities, found NaN or infinity; half precision (amp) may be too narrow '
            'for this model'
        )
    labels = np.where(valid, probabilities.argmax(axis=0), NODATA).astype(np.uint8)
    if layers != Layers():
        probabilities = tempered(probabilities, temperature)
    if layers.min_confidence:
        labels[probabilities.max(0) < layers.min_confidence] = NODATA
    confidence = _scaled(probabilities.max(0), valid, 'uint8') if layers.confidence else None
    every = None
    if layers.probabilities:
        every = np.empty(probabilities.shape, layers.probabilities)
        for one, probability in zip(every, probabilities, strict=True):
            one[:] = _scaled(probability, valid, layers.probabilities)
    return Strip(labels, confidence, every)


def finished(
    blended: BlendedStrip, layers: Layers, temperature: float, reader: SceneReader, grid: Grid
) -> tuple[int, Strip]:
    """Return a strip with its number, on pixels of the scene whatever the model saw."""
    strip = quantise(blended, layers, temperature)
    held = {name: layer for name, layer in strip._asdict().items() if layer is not None}
    restored = reader.restored(held, *grid.strips[blended.index])
    return blended.index, strip._replace(**restored)


def _scaled(probability: np.ndarray, valid: np.ndarray, dtype: str) -> np.ndarray:
    nodata = np.iinfo(dtype).max
    # invalid first: what has no data may hold anything, also what no integer can
    scaled = np.where(valid, probability, 0) * np.float32(nodata - 1)
    return np.where(valid, np.rint(scaled), nodata).astype(dtype)


class StripStore:
    """A folder of strips of one map, each whole or not there.

    Settings are all that decides the values, as JSON holds it, and a part of the files' names, so
    that strips of other settings are never read; under ``PRODUCTS`` they hold what is made of the
    strips, which another run may change. Nothing is made or removed before :meth:`prepare`.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], strips: Sequence[tuple[int, int]]
    ) -> None:
        self.folder, self.settings, self.strips = folder, settings, strips
        decisive = {name: value for name, value in settings.items() if name != PRODUCTS}
        content = json_text(decisive, sort_keys=True).encode()
        self._key = hashlib.sha256(content).hexdigest()[:16]

    def prepare(self) -> None:
        """Make the folder and clear it of other settings' strips and of what a kill left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK and not path.name.startswith(self._key):
                path.unlink()

    def missing(self) -> list[int]:
        """Return the numbers of the strips that are not there yet, in ascending order."""
        return [index for index in range(len(self.strips)) if not self._path(index).exists()]

    def write(self, index: int, strip: Strip) -> None:
        """Keep a strip; it survives a loss of power."""
        layers = {name: layer for name, layer in strip._asdict().items() if layer is not None}
        with atomic(self._path(index), durable=True) as partial:
            np.savez(partial, **layers)

    def read(self, index: int, layer: str = 'labels') -> np.ndarray:
        """Read one layer of :class:`Strip`; ``ValueError`` if the file is damaged."""
        path = self._path(index)
        try:
            with np.load(path) as content:
                return content[layer]
        except (BadZipFile, EOFError, ValueError) as error:
            raise ValueError(
                f'{path}: expected a whole strip, found: {error}; remove it and run again'
            ) from None

    def rows(self, layer: str = 'labels') -> Iterator[np.ndarray]:
        """Read one layer from the first row to the last, strip by strip."""
        return (self.read(index, layer) for index in range(len(self.strips)))

    def remove(self) -> None:
        """Remove the folder, if it is there."""
        # another command may just have come to look whether it is at work
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, index: int) -> Path:
        return self.folder / f'{self._key}.{index:05d}.npz'
