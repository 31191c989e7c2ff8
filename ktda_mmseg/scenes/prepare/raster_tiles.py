"""Cutting scenes and their labels into tiles, a row of tiles at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np

from ...raster.files import CACHE_BYTES, import_rasterio, numbers
from ...raster.imagery import Imagery, open_image
from ...raster.stretch import to_bytes
from ...raster.tiling import Window
from .layout import Job, Tile
from .listing import flat
from .parts import Part
from .scenes import Scene
from .summary import IGNORE

Limits = Callable[[Scene], np.ndarray] | None  # black and white of each band, (bands, 2)


class LabelSource(ABC):
    """Where masks come from: label rasters or polygons.

    What is noticed of labels while tiles are made, perhaps in another process, is taken there and
    merged where it is told.
    """

    @abstractmethod
    def notes(self) -> list[str]:
        """Say what was left out or assumed of what was read."""

    @abstractmethod
    def on(self, scene: Scene) -> AbstractContextManager[Callable[[Window], np.ndarray]]:
        """Open the labels of a scene; gives the mask (height, width), uint8, of a window."""

    def take(self) -> Any:  # noqa: ANN401
        """Return what was noticed since the last time; None for nothing."""
        return None

    def merge(self, noticed: Any) -> None:  # noqa: ANN401, B027
        """Notice what was taken."""


def tile_jobs(parts: Sequence[Part], labels: LabelSource, limits: Limits) -> list[Job]:
    """Plan the work scene by scene; without limits, values are kept as they are.

    A job is what one split takes of a row of tiles. A file that is stored in strips is then decoded
    once for each row and split, not once for each tile.
    """
    rows: dict[tuple[str, int, str], tuple[Scene, list[Window]]] = {}
    for part in parts:
        for window in part.windows:
            key = (part.scene.name, window.y, part.split)
            rows.setdefault(key, (part.scene, []))[1].append(window)
    return [
        Job(
            split,
            tuple(f'{flat(name)}_y{window.y:05d}_x{window.x:05d}' for window in windows),
            partial(_tiles, scene, windows, labels, limits),
            name,
            tuple(windows),
            labels.take,
        )
        for (name, _, split), (scene, windows) in sorted(rows.items(), key=lambda row: row[0])
    ]


def image_suffix(scene: Scene, limits: Limits) -> str:
    """Return '.png' for three bands of 8 bits, '.tif' for anything else."""
    eight_bits = limits is not None or scene.dtype == 'uint8'
    return '.png' if eight_bits and len(scene.bands) == 3 else '.tif'


def most_threads(scenes: Sequence[Scene], tile: int) -> int:
    """Return how many rows of tiles may be in work so that what they decode fits GDAL's cache.

    Label rasters count as one more byte a pixel.
    """
    row = max(scene.strip_bytes + scene.width for scene in scenes)
    return max(1, CACHE_BYTES // (row * tile))


def _tiles(
    scene: Scene, windows: Sequence[Window], labels: LabelSource, limits: Limits
) -> Iterator[Tile | None]:
    with open_image(scene.path) as image, labels.on(scene) as mask_of:
        for window in windows:
            yield _tile(scene, image, window, mask_of(window), limits)


def _tile(
    scene: Scene, image: Imagery, window: Window, mask: np.ndarray, limits: Limits
) -> Tile | None:
    if (mask == IGNORE).all():
        return None
    pixels, valid = image.read(scene.bands, window, scene.nodata)
    mask = np.where(valid, mask, np.uint8(IGNORE))
    if (mask == IGNORE).all():
        return None
    place = scene.place and scene.place.at(window)
    if image_suffix(scene, limits) == '.png':
        if limits is not None:
            low, high = np.asarray(limits(scene), np.float32).T[..., None, None]
            pixels = to_bytes(pixels, low, high, rounded=True)
        return Tile(np.moveaxis(pixels, 0, 2), mask, place)
    nodata = _nodata(image, scene)
    held = numbers(pixels) if nodata is None else numbers(pixels) & (pixels != nodata)
    told = np.array_equal(held.any(axis=0), valid)
    return Tile(np.moveaxis(pixels, 0, 2), mask, place, nodata, None if told else valid)


def _nodata(image: Imagery, scene: Scene) -> float | None:
    """The value that tells later readers of pixels without data."""
    stated = image.nodatavals[scene.bands[0] - 1]
    if isinstance(scene.nodata, float | int):
        stated = scene.nodata
    if stated is None:
        return np.nan if np.dtype(scene.dtype).kind == 'f' else None
    return stated if import_rasterio().dtypes.in_dtype_range(stated, scene.dtype) else None
