"""Where tiles lie in an image, and what of a tile lies in earlier ones too."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np


class Window(NamedTuple):
    """A rectangle in pixels."""

    y: int  # first row
    x: int  # first column
    height: int
    width: int

    def slices(self) -> tuple[slice, slice]:
        """Return rows and columns as numpy and rasterio take them."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def cut(self, array: np.ndarray) -> np.ndarray:
        """Return the part of an (H, W, ...) array that lies inside."""
        return array[self.slices()]

    def common(self, other: 'Window') -> 'Window | None':
        """Return the part of this window that lies in another, counted from this one's corner."""
        top, left = max(self.y, other.y), max(self.x, other.x)
        bottom = min(self.y + self.height, other.y + other.height)
        right = min(self.x + self.width, other.x + other.width)
        if top >= bottom or left >= right:
            return None
        return Window(top - self.y, left - self.x, bottom - top, right - left)


def tile_windows(
    height: int, width: int, size: int, overlap: int = 0, shift: bool = True
) -> list[Window]:
    """Cover an image with square tiles; the last of a row or column is shifted inside.

    A side shorter than ``size`` gives one tile of that length. Neighbours share ``overlap`` pixels
    at least; unless they ``shift`` and if they need not overlap, the last of a row or column is
    what remains, and the last two share that if it is less than half a tile. A ValueError says that
    a size is not positive or the overlap not smaller than a tile.
    """
    if min(height, width, size) < 1:
        raise ValueError(f'expected sizes of at least 1, got {height}x{width}, tile {size}')
    if not 0 <= overlap < size:
        raise ValueError(f'expected an overlap from 0 to {size - 1} (tile - 1), got {overlap}')
    apart = not shift and overlap == 0
    rows, columns = (
        _apart(length, size) if apart else _shifted(length, size, size - overlap)
        for length in (height, width)
    )
    return [Window(y, x, rows[y], columns[x]) for y, x in product(rows, columns)]


def held_before(windows: Sequence[Window]) -> list[list[Window]]:
    """Find the parts of each window, none empty, that also lie in an earlier one.

    They count from the window's own corner and may overlap; what is left of the windows divides the
    pixels they cover.
    """
    # a window touches at most four cells of the largest window's size, so few are compared
    height = max((window.height for window in windows), default=1)
    width = max((window.width for window in windows), default=1)
    cells: dict[tuple[int, int], list[Window]] = defaultdict(list)
    held = []
    for window in windows:
        touched = {
            (y // height, x // width)
            for y, x in product(
                (window.y, window.y + window.height - 1), (window.x, window.x + window.width - 1)
            )
        }
        earlier = dict.fromkeys(other for cell in sorted(touched) for other in cells[cell])
        held.append([part for other in earlier if (part := window.common(other))])
        for cell in touched:
            cells[cell].append(window)
    return held


def _shifted(length: int, size: int, step: int) -> dict[int, int]:
    """Length of each tile by where it starts."""
    last = max(length - size, 0)
    return dict.fromkeys([*range(0, last, step), last], min(size, length))


def _apart(length: int, size: int) -> dict[int, int]:
    edges = [*range(0, length, size), length]
    if len(edges) > 2 and 2 * (length - edges[-2]) < size:
        edges[-2] = (edges[-3] + length) // 2
    return {start: stop - start for start, stop in pairwise(edges)}
