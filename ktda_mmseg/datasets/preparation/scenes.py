"""The images of a user's folder: their sizes, bands and places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .raster_io import Georeference, georeference, open_raster

SUFFIXES = ('.tif', '.tiff', '.png', '.jpg', '.jpeg')


class Scene(NamedTuple):
    """An image to cut into tiles.

    Attributes:
        name (str): The file's stem.
        path (Path): The file.
        height (int): Rows.
        width (int): Columns.
        bands (tuple[int, ...]): The bands to keep, counted from 1.
        dtype (str): Their type.
        alpha (bool): Whether there is an alpha band besides.
        strip_bytes (int): What is decoded for each row at the least; 0 if it is stored in tiles.
        place (Georeference | None): Where it lies, if known.
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

    def ground(self) -> Georeference:
        """Return where it lies.

        Raises:
            ValueError: If that is not known.
        """
        if self.place is None:
            raise ValueError(f'{self.path}: expected a georeference, found none')
        return self.place


def raster_files(source: Path, suffix: str = '') -> dict[str, Path]:
    """List the rasters of a folder, or the one that is named.

    Args:
        source (Path): Folder with GeoTIFF, PNG or JPEG files, or one such file.
        suffix (str): How a stem ends, which is no part of the name; other files are left out.

    Returns:
        dict[str, Path]: Files by name, in the order of names.

    Raises:
        FileNotFoundError: If there are none.
        ValueError: If two files have the same name.
    """
    candidates = sorted(source.iterdir()) if source.is_dir() else [source]
    files: dict[str, Path] = {}
    for path in candidates:
        if path.suffix.lower() not in SUFFIXES or not path.stem.endswith(suffix):
            continue
        other = files.setdefault(path.stem.removesuffix(suffix), path)
        if other is not path:
            raise ValueError(f'{source}: expected one file a name, found {other.name}, {path.name}')
    if not files:
        raise FileNotFoundError(f'{source}: expected files *{suffix}{{{",".join(SUFFIXES)}}}')
    return files


def read_scenes(files: Iterable[Path], bands: Sequence[int] | None) -> list[Scene]:
    """Look at each image without reading its pixels.

    Args:
        files (Iterable[Path]): The images.
        bands (Sequence[int] | None): The bands to keep; None for all but an alpha band.

    Returns:
        list[Scene]: One an image.

    Raises:
        ValueError: If one cannot be opened, lacks a band or has other bands than the first.
    """
    scenes = [_read_scene(path, bands) for path in files]
    first = scenes[0]
    for scene in scenes:
        if (scene.bands, scene.dtype) != (first.bands, first.dtype):
            raise ValueError(
                f'{scene.path}: expected bands {first.bands} of type {first.dtype} as in '
                f'{first.path.name}, found {scene.bands} of type {scene.dtype}'
            )
    return scenes


def _read_scene(path: Path, bands: Sequence[int] | None) -> Scene:
    with open_raster(path) as raster:
        from rasterio.enums import ColorInterp

        colours = zip(raster.indexes, raster.colorinterp, strict=True)
        opaque = tuple(index for index, colour in colours if colour != ColorInterp.alpha)
        kept = tuple(bands or opaque)
        if not kept or not set(kept) <= set(raster.indexes):
            raise ValueError(f'{path}: expected bands {kept}, found {raster.count} bands')
        dtype = raster.dtypes[kept[0] - 1]
        row = raster.width * raster.count * np.dtype(dtype).itemsize
        return Scene(
            name=path.stem,
            path=path,
            height=raster.height,
            width=raster.width,
            bands=kept,
            dtype=dtype,
            alpha=not bands and len(opaque) < raster.count,
            strip_bytes=row if raster.block_shapes[0][1] == raster.width else 0,
            place=georeference(raster),
        )
