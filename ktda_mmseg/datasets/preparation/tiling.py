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

    def cut(self, array: np.ndarray) -> np.ndarray:
        """Return the part of an (H, W, ...) array that lies inside."""
        return array[self.y : self.y + self.height, self.x : self.x + self.width]


def tile_windows(height: int, width: int, size: int) -> list[Window]:
    """Cover an image with square tiles; the last of a row or column is shifted inside.

    A side shorter than ``size`` gives one tile of that length.

    Args:
        height (int): Rows of the image, at least 1.
        width (int): Columns of the image, at least 1.
        size (int): Side of a tile, at least 1.

    Returns:
        list[Window]: The tiles, row by row.

    Raises:
        ValueError: If a size is not positive.
    """
    if min(height, width, size) < 1:
        raise ValueError(f'expected sizes of at least 1, got {height}x{width}, tile {size}')
    return [
        Window(y, x, min(size, height), min(size, width))
        for y in _starts(height, size)
        for x in _starts(width, size)
    ]


def _starts(length: int, size: int) -> list[int]:
    last = max(length - size, 0)
    return [*range(0, last, size), last]
