"""Label rasters, read on the grid of their images."""

from __future__ import annotations

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
from .label_codes import alpha_band, read_codes
from .label_map import LabelMap
from .scenes import Scene

if TYPE_CHECKING:
    from rasterio.io import DatasetReader


class RasterLabels:
    """Label rasters with the names of their images.

    Args:
        paths (Mapping[str, Path]): File of each name.
        scenes (Sequence[Scene]): The images.
        label_map (LabelMap): What the labels mean.

    Raises:
        ValueError: If the label map's labels are not those of rasters.
    """

    def __init__(
        self, paths: Mapping[str, Path], scenes: Sequence[Scene], label_map: LabelMap
    ) -> None:
        label_map.codes()
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

    @contextmanager
    def on(self, scene: Scene) -> Iterator[Callable[[Window], np.ndarray]]:
        """Open the labels of an image.

        Labels on another grid are brought to the image's by the nearest label; where the image
        goes beyond them is nothing to learn. If one of the two states a transform without a
        coordinate reference system, both are taken to be in the same one.

        Args:
            scene (Scene): The image.

        Yields:
            Callable: Gives the mask (height, width), uint8, of a window of the image.

        Raises:
            ValueError: If the labels have another size, and a place is unknown of one of the two;
                if they lie elsewhere, or there is no way from their reference system to that of
                the image; if they are no labels of the label map; if they cannot be read.
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
                add_alpha=alpha_band(raster) is None,  # tells the border from labels of 0
            )  # fmt: skip
            with import_rasterio().vrt.WarpedVRT(raster, **grid) as warped:
                yield partial(self._mask, raster, warped, scene)

    def _mask(
        self, raster: DatasetReader, grid: DatasetReader, scene: Scene, window: Window
    ) -> np.ndarray:
        codes, valid, seen = read_codes(raster, grid, window, self.label_map)
        if grid is not raster:
            valid &= _inside(raster, grid, scene, window)
        place = f'{raster.name} (row {window.y}, column {window.x})'
        mask = self.label_map.mask(codes, valid & seen, place, self._unlisted)
        mask[valid & ~seen] = self.label_map.background
        return mask


def _inside(raster: DatasetReader, grid: DatasetReader, scene: Scene, window: Window) -> np.ndarray:
    """Where a window of the image lies within labels of another grid, (height, width), bool."""
    if alpha_band(raster) is None:
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
