"""Finished strips of a map on disk: what a run that goes on, or another worker, builds upon."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from ktda_mmseg.utils.files import atomic, json_text

if TYPE_CHECKING:
    from .blending import BlendedStrip

NODATA = 255  # of labels and of all layers of 8 bits; 65535 of those of 16
LOCK = 'lock'  # beside the strips, of the command that is at work on them
PRODUCTS = 'products'  # of settings, and the folder beside the strips in which they are made


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


class Strip(NamedTuple):
    """Rows of a map, as wide as the scene.

    Probabilities are stored as whole numbers from 0 to the largest of the type but one, which
    stands for 1; the largest stands for no data.

    Attributes:
        labels (np.ndarray): (rows, W), uint8; 255 where there are no data.
        confidence (np.ndarray | None): (rows, W), uint8: probability of the label.
        probabilities (np.ndarray | None): (K, rows, W), uint8 or uint16: of each class.
    """

    labels: np.ndarray
    confidence: np.ndarray | None
    probabilities: np.ndarray | None


def quantise(blended: BlendedStrip, layers: Layers) -> Strip:
    """Turn probabilities into what is kept of them.

    Args:
        blended (BlendedStrip): Probabilities (K, rows, W) and which pixels hold data (rows, W).
        layers (Layers): What to keep.

    Returns:
        Strip: Labels and, as asked for, confidence and probabilities.

    Raises:
        ValueError: If a pixel with data has a probability that is no number.
    """
    probabilities, valid = blended.probabilities, blended.valid
    highest = probabilities.max(axis=0)
    if not np.isfinite(highest[valid]).all():
        raise ValueError(
            'expected probabilities, found NaN or infinity; half precision (amp) may be too narrow '
            'for this model'
        )
    labels = np.where(valid, probabilities.argmax(axis=0), NODATA).astype(np.uint8)
    confidence = _scaled(highest, valid, 'uint8') if layers.confidence else None
    every = None
    if layers.probabilities:
        every = np.empty(probabilities.shape, layers.probabilities)
        for one, probability in zip(every, probabilities, strict=True):
            one[:] = _scaled(probability, valid, layers.probabilities)
    return Strip(labels, confidence, every)


def _scaled(probability: np.ndarray, valid: np.ndarray, dtype: str) -> np.ndarray:
    nodata = np.iinfo(dtype).max
    # invalid first: what has no data may hold anything, also what no integer can
    scaled = np.where(valid, probability, 0) * np.float32(nodata - 1)
    return np.where(valid, np.rint(scaled), nodata).astype(dtype)


class StripStore:
    """A folder of strips of one map, each whole or not there.

    The settings are part of the files' names, so that strips of other settings are never read.

    Args:
        folder (Path): The folder; nothing is made or removed before :meth:`prepare`.
        settings (Mapping[str, Any]): All that decides the values, as JSON holds it: the scene and
            its version, model, windows, layers; and under 'products' what is made of them, which
            another run may change.
        strips (Sequence[tuple[int, int]]): First row and the one after the last of each strip.

    Attributes:
        settings (Mapping[str, Any]): As given.
        strips (Sequence[tuple[int, int]]): As given.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], strips: Sequence[tuple[int, int]]
    ) -> None:
        self.folder, self.settings, self.strips = folder, settings, strips
        decisive = {name: value for name, value in settings.items() if name != PRODUCTS}
        content = json_text(decisive, sort_keys=True).encode()
        self._key = hashlib.sha256(content).hexdigest()[:16]

    def prepare(self) -> None:
        """Make the folder and clear it of other settings' strips and of what a kill left.

        Raises:
            OSError: If the folder cannot be written to.
        """
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
        """Keep a strip; it survives a loss of power.

        Args:
            index (int): Its number.
            strip (Strip): Its layers.

        Raises:
            OSError: If it cannot be written.
        """
        layers = {name: layer for name, layer in strip._asdict().items() if layer is not None}
        with atomic(self._path(index), durable=True) as partial:
            np.savez(partial, **layers)

    def read(self, index: int, layer: str = 'labels') -> np.ndarray:
        """Read one layer of a strip.

        Args:
            index (int): The strip's number.
            layer (str): 'labels', 'confidence' or 'probabilities'. Default: 'labels'.

        Returns:
            np.ndarray: (rows, W), or (K, rows, W) for probabilities.

        Raises:
            FileNotFoundError: If the strip is not there.
            ValueError: If the file is damaged.
        """
        path = self._path(index)
        try:
            with np.load(path) as content:
                return content[layer]
        except (BadZipFile, EOFError, ValueError) as error:
            raise ValueError(
                f'{path}: expected a whole strip, found: {error}; remove it and run again'
            ) from None

    def rows(self, layer: str = 'labels') -> Iterator[np.ndarray]:
        """Read one layer from the first row to the last, strip by strip; see :meth:`read`."""
        return (self.read(index, layer) for index in range(len(self.strips)))

    def remove(self) -> None:
        """Remove the folder, if it is there."""
        # another command may just have come to look whether it is at work
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, index: int) -> Path:
        return self.folder / f'{self._key}.{index:05d}.npz'
