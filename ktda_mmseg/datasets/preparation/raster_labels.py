"""Label rasters, read on the grid of their images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .footprints import to_map, to_pixels
from .label_map import LabelMap
from .raster_io import georeference, import_rasterio, open_raster, read_window
from .scenes import Scene
from .tiling import Window

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

MOST_SHIFT = 0.01  # pixels by which two grids may differ and still be the same


class RasterLabels:
    """Label rasters with the names of their images.

    Args:
        paths (Mapping[str, Path]): File of each name.
        scenes (Sequence[Scene]): The images.
        label_map (LabelMap): What the labels mean.

    Raises:
        FileNotFoundError: If an image has no labels.
        ValueError: If the label map's labels are not those of rasters.
    """

    def __init__(
        self, paths: Mapping[str, Path], scenes: Sequence[Scene], label_map: LabelMap
    ) -> None:
        label_map.codes()
        missing = [scene.name for scene in scenes if scene.name not in paths]
        if missing:
            folder = next(iter(paths.values())).parent
            raise FileNotFoundError(
                f'{folder}: expected a label raster for each image, found none for '
                f'{len(missing)}: {", ".join(missing[:5])}'
            )
        self.paths, self.label_map = paths, label_map
        self.unused = len(paths) - len(scenes)

    @contextmanager
    def on(self, scene: Scene) -> Iterator[Callable[[Window], np.ndarray]]:
        """Open the labels of an image.

        Labels on another grid are brought to the image's by the nearest label; where the image
        goes beyond them is nothing to learn.

        Args:
            scene (Scene): The image.

        Yields:
            Callable: Gives the mask (height, width), uint8, of a window of the image.

        Raises:
            ValueError: If the labels have another size, and a place is unknown of one of the two;
                if they are no labels of the label map; if they cannot be read.
        """
        with open_raster(self.paths[scene.name]) as raster:
            if _same_grid(raster, scene):
                yield partial(self._mask, raster, raster)
                return
            # an alpha band tells the border from labels of 0
            options = dict(src_nodata=None, nodata=None, add_alpha=True)
            grid = dict(scene.ground()._asdict(), height=scene.height, width=scene.width)
            with import_rasterio().vrt.WarpedVRT(raster, **grid, **options) as warped:
                yield partial(self._mask, raster, warped)

    def _mask(self, raster: DatasetReader, grid: DatasetReader, window: Window) -> np.ndarray:
        codes = self._codes(raster, grid, window)
        valid = np.ones(codes.shape, bool)
        if grid is not raster:
            valid = read_window(grid, window, [grid.count])[0] > 0
        if raster.nodata is not None and raster.nodata not in self.label_map.indices:
            valid &= codes != raster.nodata
        if codes.dtype.kind == 'f':
            valid &= np.isfinite(codes)
        return self.label_map.mask(
            codes, valid, f'{raster.name} (row {window.y}, column {window.x})'
        )

    def _codes(self, raster: DatasetReader, grid: DatasetReader, window: Window) -> np.ndarray:
        """Numbers as in ``LabelMap.codes``."""
        if not self.label_map.by_colour:
            if raster.count != 1:
                raise ValueError(
                    f'{raster.name}: expected one band of labels, found {raster.count}; list '
                    f"colours as '#rrggbb' in {self.label_map.path}"
                )
            return read_window(grid, window, [1])[0]
        if raster.count == 1:
            table = np.zeros((256, 3), np.int64)
            for index, colour in _colormap(raster).items():
                table[index] = colour[:3]
            red, green, blue = table[read_window(grid, window, [1])[0]].transpose(2, 0, 1)
        else:
            red, green, blue = read_window(grid, window, [1, 2, 3]).astype(np.int64)
        return (red << 16) | (green << 8) | blue


def _colormap(raster: DatasetReader) -> dict[int, tuple[int, ...]]:
    try:
        return raster.colormap(1)
    except ValueError:
        raise ValueError(
            f'{raster.name}: expected colours, found one band without a colour table'
        ) from None


def _same_grid(raster: DatasetReader, scene: Scene) -> bool:
    place, size = georeference(raster), (raster.height, raster.width)
    if place is None or scene.place is None:
        if size != (scene.height, scene.width):
            raise ValueError(
                f'{raster.name}: expected the size of its image, {scene.height}x{scene.width} '
                f'(height x width), or a georeference of both, found {size[0]}x{size[1]}'
            )
        return True
    corners = np.array([[0, 0], [scene.width, 0], [0, scene.height], [scene.width, scene.height]])
    if place.crs != scene.place.crs or size != (scene.height, scene.width):
        return False
    shifted = to_pixels(to_map(corners, place, scene.place.crs), scene.place)
    return bool(np.abs(shifted - corners).max() < MOST_SHIFT)
