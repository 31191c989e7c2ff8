"""Reading the maps of a whole image where a crop of it lies, turned as the crop is."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from ktda_mmseg.models.fam import one_a_level

from .store import Shapes


def sample_maps(
    levels: Sequence[np.ndarray],
    pixels: np.ndarray,
    whole: tuple[int, int],
    patch_size: int | Sequence[int] | None = None,
) -> list[np.ndarray]:
    """Read maps ``(C_i, H_i, W_i)`` of a whole image bilinearly at the centres of a view's cells.

    ``pixels`` ``(h, w)`` says which pixel of the ``whole`` image (height, width), counted row by
    row, each pixel of the view is. Cells have ``patch_size`` pixels a side, or are those of the
    maps. Returns float16.
    """
    if patch_size is None:
        cells = [tuple(s / m for s, m in zip(whole, x.shape[1:], strict=True)) for x in levels]
        grids = [
            [max(1, round(s / c)) for s, c in zip(pixels.shape, x, strict=True)] for x in cells
        ]
    else:
        sizes = one_a_level('LoadTeacherMaps.patch_size', patch_size, len(levels))
        grids = [[math.ceil(side / size) for side in pixels.shape] for size in sizes]
    return [_sample(level, pixels, whole, grid) for level, grid in zip(levels, grids, strict=True)]


def split_levels(flat: np.ndarray, shapes: Shapes) -> Iterator[np.ndarray]:
    """Divide maps that lie end to end into levels ``(C_i, H_i, W_i)``, without a copy."""
    start = 0
    for shape in shapes:
        length = math.prod(shape)
        yield flat[start : start + length].reshape(shape)
        start += length


def _sample(
    level: np.ndarray, pixels: np.ndarray, whole: tuple[int, int], grid: Sequence[int]
) -> np.ndarray:
    height, width = pixels.shape
    corners = np.array([pixels[0, 0], pixels[-1, 0], pixels[0, -1]])
    places = np.stack(np.divmod(corners, whole[1]), axis=1).astype(float)  # rows and columns
    down = (places[1] - places[0]) / max(1, height - 1)  # a step down in the view
    right = (places[2] - places[0]) / max(1, width - 1)
    rows, columns = (
        (np.arange(cells) + 0.5) * side / cells - 0.5
        for side, cells in zip(pixels.shape, grid, strict=True)
    )
    at = places[0] + rows[:, None, None] * down + columns[None, :, None] * right
    at = (at + 0.5) * (np.array(level.shape[1:]) / whole) - 0.5  # in cells of the map
    low = np.clip(np.floor(at.min((0, 1))).astype(int), 0, None)
    high = np.ceil(at.max((0, 1))).astype(int) + 1
    part = level[:, low[0] : high[0], low[1] : high[1]]
    place = 2 * (at - low + 0.5) / part.shape[1:] - 1
    found = F.grid_sample(
        torch.from_numpy(part.astype(np.float32))[None],
        torch.from_numpy(place[None, :, :, ::-1].astype(np.float32)),
        mode='bilinear',
        padding_mode='border',
        align_corners=False,
    )
    return found[0].numpy().astype(np.float16)
