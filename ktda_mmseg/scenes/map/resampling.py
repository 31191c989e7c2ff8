"""Scenes seen with pixels of another size, and what was predicted there on their own pixels."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf
from typing import NamedTuple

import numpy as np

from ktda_mmseg.raster.ground import GroundSize, told

TRAINED = 'trained'
SAME = 1.02  # factor between sizes that are taken for one, as projections stretch
FAR = 1.5  # one that a user should know of
ROWS = 512  # of a scene that are read at once
# of rows of a scene gives values (C, rows, W), and which count, (C, rows, W) or (1, rows, W)
Read = Callable[[int, int], tuple[np.ndarray, np.ndarray]]


class Resampling(NamedTuple):
    """Two grids of pixels over the same ground.

    Attributes:
        own (tuple[int, int]): Height and width of the scene.
        seen (tuple[int, int]): Those that the model sees.
    """

    own: tuple[int, int]
    seen: tuple[int, int]

    @classmethod
    def of(cls, own: tuple[int, int], has: GroundSize, wanted: GroundSize) -> Resampling | None:
        """Return what brings a scene to a ground size, None where it has it already."""
        if _apart(has, wanted) <= SAME:
            return None
        sides = zip(own, has, wanted, strict=True)
        height, width = (max(1, round(side * had / want)) for side, had, want in sides)
        return cls(own, (height, width))

    def read(self, first: int, stop: int, read: Read) -> tuple[np.ndarray, np.ndarray]:
        """Give rows as the model sees them: values ``(C, rows, w)``, float32, and which count.

        A pixel counts where any does that it is made of; others are 0. Memory holds what is given
        and some rows of the scene, however large a pixel is that the model sees.
        """
        step = max(1, ROWS * self.seen[0] // self.own[0])
        parts = [self._read(top, min(top + step, stop), read) for top in range(first, stop, step)]
        values, counted = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
        return values, counted

    def _read(self, first: int, stop: int, read: Read) -> tuple[np.ndarray, np.ndarray]:
        rows, row_weights = _mixture(self.own[0], self.seen[0], first, stop)
        columns, column_weights = _mixture(self.own[1], self.seen[1], 0, self.seen[1])
        values, counted = read(rows.min(), rows.max() + 1)
        rows = rows - rows.min()

        def mixed(pixels: np.ndarray) -> np.ndarray:
            # the sum has the same order, and so the same last bit, whatever else is read
            tall = sum(
                pixels[:, row] * weight[:, None]
                for row, weight in zip(rows.T, row_weights.T, strict=True)
            )
            return sum(
                tall[:, :, column] * weight
                for column, weight in zip(columns.T, column_weights.T, strict=True)
            )

        weights = mixed(counted.astype(np.float32))
        sums = mixed(np.where(counted, values, 0).astype(np.float32))
        return sums / np.where(weights > 0, weights, 1), weights > 0

    def own_rows(self, first: int, stop: int) -> tuple[int, int]:
        """Return first and stop of the scene's rows whose middles lie in rows that are seen."""
        own, seen = self.own[0], self.seen[0]
        first, stop = (-((seen - 2 * own * edge) // (2 * seen)) for edge in (first, stop))
        return first, stop

    def restored(self, layer: np.ndarray, first: int, stop: int) -> np.ndarray:
        """Bring rows ``(..., rows, w)`` that are seen back to :meth:`own_rows`, by the nearest."""
        rows = _nearest(self.own[0], self.seen[0], *self.own_rows(first, stop)) - first
        columns = _nearest(self.own[1], self.seen[1], 0, self.own[1])
        return layer[..., rows[:, None], columns]


def size_of(gsd: float | str | None, trained: GroundSize | None) -> GroundSize | None:
    """Return the ground size that a user asks for; ``ValueError`` if it is not known or none."""
    if gsd == TRAINED:
        if trained is None:
            raise ValueError(
                f'expected metres as gsd, got {TRAINED!r} of a model that does not say at what '
                'size it was trained; its config may, by ground_size'
            )
        return trained
    if gsd is None:
        return None
    if not isinstance(gsd, float | int) or not 0 < gsd < inf:
        raise ValueError(f'expected metres above 0, or {TRAINED!r}, as gsd, got {gsd!r}')
    return float(gsd), float(gsd)


def oddity(has: GroundSize | None, trained: GroundSize | None) -> str | None:
    """Say what is odd of a scene's ground size for a model, None if nothing is or is known."""
    if has is None or trained is None or _apart(has, trained) <= FAR:
        return None
    coarser = has[0] * has[1] > trained[0] * trained[1]
    advice = (
        f'they hold less, which --gsd {TRAINED} cannot bring back: score a map with it and without'
        if coarser
        else f'--gsd {TRAINED} lets it see such ones'
    )
    return (
        f'its pixels measure {told(has)}, those that the model was trained on {told(trained)}; '
        f'{advice}'
    )


def _apart(one: GroundSize, other: GroundSize) -> float:
    """Return the factor between two sizes, of the axis where it is larger; at least 1."""
    return max(max(a / b, b / a) for a, b in zip(one, other, strict=True))


def _mixture(own: int, seen: int, first: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which pixels ``(n, k)`` of a side make each pixel that is seen, and their weights.

    A larger pixel is the average of what it covers; a smaller one lies between two. Both are what
    an interval around its middle covers, of its own length and at least of one pixel.
    """
    length = own / seen
    reach = max(length, 1) / 2
    middles = ((np.arange(first, stop) + 0.5) * length)[:, None]
    pixels = np.floor(middles - reach).astype(int) + np.arange(ceil(2 * reach) + 1)
    covered = np.minimum(pixels + 1, middles + reach) - np.maximum(pixels, middles - reach)
    # what is touched by rounding alone is no part
    covered = np.where((pixels >= 0) & (pixels < own) & (covered > 1e-9), covered, 0)
    weights = covered / covered.sum(1, keepdims=True)
    return pixels.clip(0, own - 1), weights.astype(np.float32)


def _nearest(own: int, seen: int, first: int, stop: int) -> np.ndarray:
    """Return which pixel of those that are seen the middle of each own one lies in."""
    return (2 * np.arange(first, stop) + 1) * seen // (2 * own)
