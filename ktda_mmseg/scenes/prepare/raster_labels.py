"""Label rasters of any make, read on the grid of their images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...raster.files import (
    Georeference,
    georeference,
    import_rasterio,
    open_raster,
    read_window,
    same_grid,
)
from ...raster.tiling import Window
from .footprints import convertible, extent, outline, system, to_map, to_pixels
from .label_map import LabelMap
from .raster_tiles import LabelSource
from .scenes import Scene

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

GREY = 0x010101  # of which each grey is a multiple
TRANSPARENT_INDEX = ('PNG', 'GIF')  # drivers that call a transparent value nodata


class RasterLabels(LabelSource):
    """Label rasters by the names of their images, and what their labels mean."""

    def __init__(
        self, paths: Mapping[str, Path], scenes: Sequence[Scene], label_map: LabelMap
    ) -> None:
        _ = label_map.codes  # a ValueError if they are none that rasters hold
        self.paths, self.label_map = paths, label_map
        self.unused = len(paths) - len(scenes)
        self._unlisted = label_map.unlisted('label pixels')
        self._assumed: set[str] = set()  # scenes whose system or whose labels' is not stated

    def notes(self) -> list[str]:
        """Say what was left out or assumed of the labels that were read."""
        notes = self._unlisted.notes()
        if self._assumed:
            notes.append(
                f'{len(self._assumed)} images or their labels state a transform without a '
                'coordinate reference system: taken to be in the same one'
            )
        if self.unused:
            notes.append(f'{self.unused} label rasters without an image, left out')
        return notes

    def take(self) -> tuple[tuple[int, Counter[str], int], set[str]]:
        """Return labels, counted since the last time, and scenes that the notes are about."""
        return self._unlisted.take(), self._assumed.copy()

    def merge(self, noticed: tuple[tuple[int, Counter[str], int], set[str]]) -> None:
        """Note what was taken."""
        self._unlisted.add(*noticed[0])
        self._assumed |= noticed[1]

    @contextmanager
    def on(self, scene: Scene) -> Iterator[Callable[[Window], np.ndarray]]:
        """Open the labels of an image; gives the mask (height, width), uint8, of a window of it.

        Labels on another grid are brought to the image's by the nearest label; where the image
        goes beyond them is nothing to learn. If one of the two states a transform without a
        coordinate reference system, both are taken to be in the same one. A ValueError if places
        cannot be compared or do not meet, and of what is no label of the label map.
        """
        with open_raster(self.paths[scene.name]) as raster:
            place = georeference(raster)
            if place is None or scene.place is None:
                _require_same_size(raster, scene)
                yield partial(self._mask, raster, raster, scene)
                return
            if (place.crs is None) != (scene.place.crs is None):
                self._assumed.add(scene.name)
            if _same_grid(raster, place, scene, scene.place):
                yield partial(self._mask, raster, raster, scene)
                return
            crs = scene.place.crs or place.crs
            grid = dict(
                scene.place._asdict(), crs=crs, height=scene.height, width=scene.width,
                src_crs=place.crs or crs, src_nodata=None, nodata=None,
                add_alpha=_alpha_band(raster) is None,  # tells the border from labels of 0
            )  # fmt: skip
            with import_rasterio().vrt.WarpedVRT(raster, **grid) as warped:
                yield partial(self._mask, raster, warped, scene)

    def _mask(
        self, raster: DatasetReader, grid: DatasetReader, scene: Scene, window: Window
    ) -> np.ndarray:
        codes, valid, seen = _read_codes(raster, grid, window, self.label_map)
        if grid is not raster:
            valid &= _inside(raster, grid, scene, window)
        place = f'{raster.name} (row {window.y}, column {window.x})'
        mask = self.label_map.mask(codes, valid & seen, place, self._unlisted)
        mask[valid & ~seen] = self.label_map.background
        return mask


def _inside(raster: DatasetReader, grid: DatasetReader, scene: Scene, window: Window) -> np.ndarray:
    """Where a window of the image lies within labels of another grid, (height, width), bool."""
    if _alpha_band(raster) is None:
        return read_window(grid, window, [grid.count])[0] > 0
    # the labels' own alpha says where they are transparent, not where they end
    rows, columns = window.slices()
    centres = np.stack(np.meshgrid(*(np.arange(s.start, s.stop) + 0.5 for s in (columns, rows))), 2)
    place = Georeference(raster.crs or None, raster.transform)
    points = to_pixels(to_map(centres, scene.ground(), place.crs), place)
    inside = (points >= 0) & (points < (raster.width, raster.height))
    return np.logical_and(inside[..., 0], inside[..., 1])


def _require_same_size(raster: DatasetReader, scene: Scene) -> None:
    if raster.shape != (scene.height, scene.width):
        raise ValueError(
            f'{raster.name}: expected the size of its image, {scene.height}x{scene.width} '
            f'(height x width), or a georeference of both, found {raster.height}x{raster.width}'
        )


def _same_grid(
    raster: DatasetReader, place: Georeference, scene: Scene, image: Georeference
) -> bool:
    """Tell whether labels have their image's grid; raise if they cannot be brought to it."""
    if None not in (place.crs, image.crs) and not convertible(place.crs, image.crs):
        raise ValueError(
            f'{raster.name}: expected labels in a coordinate reference system that can be brought '
            f'to that of the image, {system(image.crs)}, found {system(place.crs)}'
        )
    size = np.array([scene.width, scene.height])
    border = outline(raster.height, raster.width, place, image.crs)
    points = to_pixels(border, image)
    if np.isfinite(points).all() and not ((points.max(0) > 0) & (points.min(0) < size)).all():
        raise ValueError(
            f'{raster.name}: expected labels that touch their image, found them at '
            f'{extent(outline(raster.height, raster.width, place, place.crs), place.crs)}, the '
            f'image at {extent(outline(scene.height, scene.width, image, image.crs), image.crs)}'
        )
    return same_grid((scene.height, scene.width), image, raster.shape, place)


def _alpha_band(raster: DatasetReader) -> int | None:
    """Return the number of a raster's alpha band, counted from 1; None if it has none."""
    from rasterio.enums import ColorInterp

    colours = zip(raster.indexes, raster.colorinterp, strict=True)
    return next((index for index, colour in colours if colour == ColorInterp.alpha), None)


def _read_codes(
    raster: DatasetReader, grid: DatasetReader, window: Window, label_map: LabelMap
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read a part of a label raster, or of a rasterio ``WarpedVRT`` of it, which is then the grid.

    A grey raster may have its band three times. An alpha band, or the transparent colours of a
    table unless they are listed, tells which pixels have no label.

    Returns numbers as :meth:`.LabelMap.mask` takes them; where there are data, by a mask in the
    file or else the nodata value; where nothing is transparent: each (height, width).
    """
    from rasterio.enums import MaskFlags

    alpha = _alpha_band(raster)
    bands = [band for band in raster.indexes if band != alpha]
    pixels = read_window(grid, window, bands)
    codes, seen = (
        _colours(raster, pixels, label_map)
        if label_map.by_colour
        else _grey(raster, pixels, label_map)
    )
    valid = np.ones(codes.shape, bool)
    listed = label_map.match(codes)[0]
    nodata = [raster.nodatavals[band - 1] for band in bands]
    masked = alpha is None and MaskFlags.per_dataset in raster.mask_flag_enums[0]
    if None not in nodata and alpha is None and not masked:  # which outrank it
        empty = (pixels == np.array(nodata)[:, None, None]).all(0) & ~listed
        (seen if raster.driver in TRANSPARENT_INDEX else valid)[empty] = False
    if codes.dtype.kind == 'f':
        valid &= np.isfinite(codes)
    if alpha is not None:
        seen &= read_window(grid, window, [alpha])[0] > 0
    elif grid is raster and masked:
        valid &= raster.read_masks(1, window=window.slices()) > 0
    return codes, valid, seen


def _grey(
    raster: DatasetReader, pixels: np.ndarray, label_map: LabelMap
) -> tuple[np.ndarray, np.ndarray]:
    if pixels.dtype.kind == 'c' or len(pixels) not in {1, 3} or (pixels != pixels[0]).any():
        found = 'complex numbers' if pixels.dtype.kind == 'c' else f'{len(pixels)}'
        raise ValueError(
            f'{raster.name}: expected one band of labels, or three that are equal, found {found}; '
            f"list colours as '#rrggbb' in {label_map.path}"
        )
    return pixels[0], np.ones(pixels.shape[1:], bool)


def _colours(
    raster: DatasetReader, pixels: np.ndarray, label_map: LabelMap
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers 0xRRGGBB; below 0 for what is in no colour table."""
    seen = np.ones(pixels.shape[1:], bool)
    table = _colour_table(raster) if len(pixels) == 1 else None
    if table is not None:
        index = pixels[0].astype(np.int64)
        inside = (index >= 0) & (index < len(table))
        entries = table[np.where(inside, index, 0)]
        codes = np.where(inside, entries @ (1 << 16, 1 << 8, 1, 0), -1 - index)
        seen = ~inside | (entries[..., 3] > 0) | label_map.match(codes)[0]
        return codes, seen
    if len(pixels) == 1 and not any(low % GREY == 0 for low, _, _ in label_map.codes):
        raise ValueError(f'{raster.name}: expected colours, found one band without a colour table')
    if len(pixels) not in {1, 3} or pixels.dtype.kind not in 'iu' or pixels.max(initial=0) > 255:
        raise ValueError(
            f'{raster.name}: expected red, green and blue of 8 bits, found {len(pixels)} bands of '
            f'type {pixels.dtype} up to {pixels.max(initial=0)}'
        )
    red, green, blue = np.broadcast_to(pixels, (3, *pixels.shape[1:])).astype(np.int64)
    return (red << 16) | (green << 8) | blue, seen


def _colour_table(raster: DatasetReader) -> np.ndarray | None:
    """Red, green, blue and alpha of each index, (N, 4); None if there is no table."""
    try:
        colours = raster.colormap(1)
    except ValueError:
        return None
    return np.array([*colours.values()], np.int64)
