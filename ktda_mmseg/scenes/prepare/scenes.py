"""The images of a user's folder: their sizes, bands and places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import commonpath
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...raster.files import Georeference, Nodata, georeference
from ...raster.imagery import open_image


class Scene(NamedTuple):
    """An image to cut into tiles.

    ``bands`` are those to keep, counted from 1; ``alpha`` is whether there is an alpha band
    besides; ``block`` is how many rows and columns are decoded at a time, ``pixel_bytes`` what a
    pixel of all bands and of a mask takes; ``nodata`` as of :func:`.files.read_valid`.
    """

    name: str
    path: Path
    height: int
    width: int
    bands: tuple[int, ...]
    dtype: str
    alpha: bool
    block: tuple[int, int]
    pixel_bytes: int
    place: Georeference | None
    nodata: Nodata = None

    def ground(self) -> Georeference:
        """Return where it lies; a ValueError if that is not known."""
        if self.place is None:
            raise ValueError(f'{self.path}: expected a georeference, found none')
        return self.place


def read_scenes(
    files: Mapping[str, Path],
    bands: Sequence[int] | None,
    nodata: Nodata = None,
    like: Scene | None = None,
) -> list[Scene]:
    """Look at each image without reading its pixels; all must have the bands of the first.

    With ``like`` they must have those of another one.
    """
    scenes = [_read_scene(name, path, bands, nodata) for name, path in files.items()]
    first = like or scenes[0]
    for scene in scenes:
        if (scene.bands, scene.dtype) != (first.bands, first.dtype):
            raise ValueError(
                f'{scene.path}: expected bands {first.bands} of type {first.dtype} as in '
                f'{first.path.name}, found {scene.bands} of type {scene.dtype}'
            )
    return scenes


def folder_of(scenes: Sequence[Scene]) -> Path:
    """Return the folder that scenes lie in, for messages."""
    return Path(commonpath([scene.path.parent for scene in scenes]))


def _read_scene(name: str, path: Path, bands: Sequence[int] | None, nodata: Nodata) -> Scene:
    from rasterio.enums import MaskFlags

    with open_image(path) as image:
        raster = image.raster
        opaque = tuple(band for band in image.indexes if band not in image.alpha)
        kept = tuple(bands or opaque or image.indexes)
        image.require(kept)
        masked = MaskFlags.per_dataset in raster.mask_flag_enums[0]
        return Scene(
            name=name,
            path=path,
            height=raster.height,
            width=raster.width,
            bands=kept,
            dtype=image.dtypes[kept[0] - 1],
            alpha=not bands and bool(image.alpha),
            block=raster.block_shapes[0],
            pixel_bytes=masked + sum(np.dtype(dtype).itemsize for dtype in raster.dtypes),
            place=georeference(raster),
            nodata=nodata,
        )
