"""The images of a user's folder: their sizes, bands and places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...raster.files import Georeference, Nodata, georeference
from ...raster.imagery import open_image


class Scene(NamedTuple):
    """An image to cut into tiles.

    Attributes:
        name (str): The file's path from its folder on, as its listing has it.
        path (Path): The file.
        height (int): Rows.
        width (int): Columns.
        bands (tuple[int, ...]): The bands to keep, counted from 1.
        dtype (str): Their type.
        alpha (bool): Whether there is an alpha band besides.
        strip_bytes (int): What is decoded for each row at the least; 0 if it is stored in tiles.
        place (Georeference | None): Where it lies, if known.
        nodata (float | str | None): Which pixels hold no data, see :func:`.raster_io.read_valid`.
            Default: None.
    """

    name: str
    path: Path
    height: int
    width: int
    bands: tuple[int, ...]
    dtype: str
    alpha: bool
    strip_bytes: int
    place: Georeference | None
    nodata: Nodata = None

    def ground(self) -> Georeference:
        """Return where it lies.

        Raises:
            ValueError: If that is not known.
        """
        if self.place is None:
            raise ValueError(f'{self.path}: expected a georeference, found none')
        return self.place


def read_scenes(
    files: Mapping[str, Path], bands: Sequence[int] | None, nodata: Nodata = None
) -> list[Scene]:
    """Look at each image without reading its pixels.

    Args:
        files (Mapping[str, Path]): The images by name.
        bands (Sequence[int] | None): The bands to keep; None for all but an alpha band.
        nodata (float | str | None): As of a scene. Default: None.

    Returns:
        list[Scene]: One an image.

    Raises:
        ValueError: If one cannot be opened, lacks a band, holds complex numbers or has other
            bands than the first.
    """
    scenes = [_read_scene(name, path, bands, nodata) for name, path in files.items()]
    first = scenes[0]
    for scene in scenes:
        if (scene.bands, scene.dtype) != (first.bands, first.dtype):
            raise ValueError(
                f'{scene.path}: expected bands {first.bands} of type {first.dtype} as in '
                f'{first.path.name}, found {scene.bands} of type {scene.dtype}'
            )
    return scenes


def _read_scene(name: str, path: Path, bands: Sequence[int] | None, nodata: Nodata) -> Scene:
    with open_image(path) as image:
        raster = image.raster
        opaque = tuple(band for band in image.indexes if band not in image.alpha)
        kept = tuple(bands or opaque or image.indexes)
        image.require(kept)
        row = sum(raster.width * np.dtype(dtype).itemsize for dtype in raster.dtypes)
        return Scene(
            name=name,
            path=path,
            height=raster.height,
            width=raster.width,
            bands=kept,
            dtype=image.dtypes[kept[0] - 1],
            alpha=not bands and bool(image.alpha),
            strip_bytes=row if raster.block_shapes[0][1] == raster.width else 0,
            place=georeference(raster),
            nodata=nodata,
        )
