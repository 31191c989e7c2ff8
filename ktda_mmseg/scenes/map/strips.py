"""Strips of a map: predicted by overlapping windows, blended, rounded, and kept on disk."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import islice
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
Placed = tuple[int, np.ndarray]  # a window's column in the grid, and what it holds


class Layers(NamedTuple):
    """What is kept of a prediction besides the labels.

    Attributes:
        confidence (bool): The probability of the predicted class.
        probabilities (str | None): Those of all classes, as 'uint8' or 'uint16'; None for no.
    """

    confidence: bool = False
    probabilities: str | None = None

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
    two rows, and rows of windows are added in their order. Memory holds two rows of windows of the
    scene and one of the map, whatever the scene's height. The thread, in which the network runs, is
    the caller's: a generator that is given up would end it wherever Python finds that out.
    """
    rows = grid.rows.starts[grid.needed(first) : stop]
    spans = [(max(start, 0), min(start + grid.window[0], grid.height)) for start in rows]
    carried: np.ndarray = np.zeros((len(predictor.card.classes), 0, grid.width), np.float32)
    scene = zip(range(stop - len(rows), stop), spans, reader.read_ahead(spans), strict=True)
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


def _batches(windows: Iterator[Placed], size: int) -> Iterator[list[Placed]]:
    while batch := list(islice(windows, size)):
        yield batch


def _predict(predictor: Predictor, batch: list[Placed]) -> Iterator[Placed]:
    """Return the probabilities ``(K, h, w)`` of each window of a batch."""
    columns, images = zip(*batch, strict=True)
    return zip(columns, predictor(np.stack(images)), strict=True)


def _cut(values: np.ndarray, valid: np.ndarray, grid: Grid, row: int) -> Iterator[Placed]:
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


def quantise(blended: BlendedStrip, layers: Layers, temperature: float = 1.0) -> Strip:
    """Round probabilities to what is kept of them; ``ValueError`` for NaN where there are data.

    A temperature changes them, but no label, which is that of the probabilities as they are.
    """
    probabilities, valid = blended.probabilities, blended.valid
    highest = probabilities.max(axis=0)
    if not np.isfinite(highest[valid]).all():
        raise ValueError(
            'expected probabilities, found NaN or infinity; half precision (amp) may be too narrow '
            'for this model'
        )
    labels = np.where(valid, probabilities.argmax(axis=0), NODATA).astype(np.uint8)
    if layers.confidence or layers.probabilities:
        probabilities = tempered(probabilities, temperature)
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
