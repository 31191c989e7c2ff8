"""Where tiles lie in an image."""

from typing import NamedTuple

import numpy as np


class Window(NamedTuple):
    """A rectangle in pixels.

    Attributes:
        y (int): First row.
        x (int): First column.
        height (int): Rows.
        width (int): Columns.
    """

    y: int
    x: int
    height: int
    width: int

    def slices(self) -> tuple[slice, slice]:
        """Return rows and columns as numpy and rasterio take them."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def cut(self, array: np.ndarray) -> np.ndarray:
        """Return the part of an (H, W, ...) array that lies inside."""
        return array[self.slices()]


def tile_windows(height: int, width: int, size: int, overlap: int = 0) -> list[Window]:
    """Cover an image with square tiles; the last of a row or column is shifted inside.

    A side shorter than ``size`` gives one tile of that length.

    Args:
        height (int): Rows of the image, at least 1.
        width (int): Columns of the image, at least 1.
        size (int): Side of a tile, at least 1.
        overlap (int): What neighbours share at least, from 0 to ``size - 1``. Default: 0.

    Returns:
        list[Window]: The tiles, row by row.

    Raises:
        ValueError: If a size is not positive or the overlap is not smaller than a tile.
    """
    if min(height, width, size) < 1:
        raise ValueError(f'expected sizes of at least 1, got {height}x{width}, tile {size}')
    if not 0 <= overlap < size:
        raise ValueError(f'expected an overlap from 0 to {size - 1} (tile - 1), got {overlap}')
    return [
        Window(y, x, min(size, height), min(size, width))
        for y in _starts(height, size, size - overlap)
        for x in _starts(width, size, size - overlap)
    ]


def _starts(length: int, size: int, step: int) -> list[int]:
    last = max(length - size, 0)
    return [*range(0, last, step), last]
