"""Cutting scenes and their labels into tiles, a row of tiles at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import numpy as np

from ...raster.files import CACHE_BYTES, import_rasterio, numbers
from ...raster.imagery import Imagery, open_image
from ...raster.stretch import to_bytes
from ...raster.tiling import Window
from .jobs import Job, Tile
from .listing import flat
from .parts import Part
from .scenes import Scene
from .summary import IGNORE

MaskOf = Callable[[Window], np.ndarray | None]
Opened = tuple[Imagery, MaskOf]  # an image, and its mask of a window
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
    def on(self, scene: Scene) -> AbstractContextManager[MaskOf]:
        """Open the labels of a scene; gives the mask (height, width), uint8, of a window.

        None instead of a mask is of what has no labels.
        """

    def take(self) -> Any:  # noqa: ANN401
        """Return what was noticed since the last time; None for nothing."""
        return None

    def merge(self, noticed: Any) -> None:  # noqa: ANN401, B027
        """Notice what was taken."""


class NoLabels(LabelSource):
    """Images that nobody has labelled: all that hold data are wanted."""

    def notes(self) -> list[str]:
        """Say nothing."""
        return []

    @contextmanager
    def on(self, scene: Scene) -> Iterator[MaskOf]:
        """Give no mask of any window."""
        yield lambda window: None


def tile_jobs(parts: Sequence[Part], labels: LabelSource, limits: Limits, tile: int) -> list[Job]:
    """Plan the work scene by scene; without limits, values are kept as they are.

    A job is what one split takes of a row of tiles. The jobs of a scene share it while it is open,
    so that what GDAL has decoded for one of them is there for the next. Where a block is higher
    than a tile, all tiles that begin in it come before those of the next.
    """
    cache = cache_bytes([part.scene for part in parts], tile)
    opens = {part.scene.name: partial(_open, part.scene, labels, cache) for part in parts}
    rows: dict[tuple[str, int, int, int, str], tuple[Scene, list[Window]]] = {}
    for part in parts:
        name, (height, width) = part.scene.name, part.scene.block
        for window in part.windows:
            column = window.x // width if height > tile else 0
            key = (name, window.y // height, column, window.y, part.split)
            rows.setdefault(key, (part.scene, []))[1].append(window)
    return [
        Job(
            split,
            tuple(f'{flat(name)}_y{window.y:05d}_x{window.x:05d}' for window in windows),
            partial(_tiles, scene, windows, limits),
            name,
            tuple(windows),
            labels.take,
            opens[name],
        )
        for (name, *_, split), (scene, windows) in sorted(rows.items(), key=lambda row: row[0])
    ]


def image_suffix(scene: Scene, limits: Limits) -> str:
    """Return '.png' for three bands of 8 bits, '.tif' for anything else."""
    eight_bits = limits is not None or scene.dtype == 'uint8'
    return '.png' if eight_bits and len(scene.bands) == 3 else '.tif'


def most_threads(scenes: Sequence[Scene], tile: int) -> int:
    """Return how many rows of tiles may be in work so that what they decode fits GDAL's cache."""
    return cache_bytes(scenes, tile) // max(_decoded(scene, tile) for scene in scenes)


def cache_bytes(scenes: Sequence[Scene], tile: int) -> int:
    """Return how much GDAL has to keep so that a row of tiles decodes a block once."""
    # GDAL keeps more than pixels: with no room for that, each tile would decode its blocks anew
    return max(CACHE_BYTES, *(_decoded(scene, tile) * 9 // 8 for scene in scenes))


def _decoded(scene: Scene, tile: int) -> int:
    """The bytes of all blocks that a tile may touch, and of a row of labels, perhaps in strips."""
    rows, columns = (
        min(1 - (1 - tile) // side, -(-length // side)) * side
        for side, length in zip(scene.block, (scene.height, scene.width), strict=True)
    )
    return rows * columns * scene.pixel_bytes + max(rows, tile) * scene.width


@contextmanager
def _open(scene: Scene, labels: LabelSource, cache: int) -> Iterator[Opened]:
    with (
        import_rasterio().Env(GDAL_CACHEMAX=cache),
        open_image(scene.path) as image,
        labels.on(scene) as mask_of,
    ):
        yield image, mask_of


def _tiles(
    scene: Scene, windows: Sequence[Window], limits: Limits, opened: Opened
) -> Iterator[Tile | None]:
    image, mask_of = opened
    return (_tile(scene, image, window, mask_of(window), limits) for window in windows)


def _tile(
    scene: Scene, image: Imagery, window: Window, mask: np.ndarray | None, limits: Limits
) -> Tile | None:
    if mask is not None and (mask == IGNORE).all():
        return None
    pixels, valid = image.read(scene.bands, window, scene.nodata)
    wanted = valid if mask is None else valid & (mask != IGNORE)
    if not wanted.any():
        return None
    if mask is None:
        mask = np.full(valid.shape, IGNORE, np.uint8)
    mask = np.where(wanted, mask, np.uint8(IGNORE))
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
