"""Tiles as GeoTIFF."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ktda_mmseg.utils.files import atomic

from .files import Georeference, import_rasterio

SIDECAR = '.aux.xml'  # where GDAL keeps what a format has no place for


def write_raster(
    path: Path,
    image: np.ndarray,
    place: Georeference | None,
    nodata: float | None = None,
    valid: np.ndarray | None = None,
) -> None:
    """Write an image (H, W, C) as '.tif', as a whole or not at all.

    ``valid`` tells which pixels (H, W) hold data where the nodata value does not: a mask inside the
    file. What GeoTIFF has no place for stands in ``.aux.xml`` beside it, which appears first.
    """
    rasterio = import_rasterio()
    height, width, count = image.shape
    profile: dict[str, Any] = dict(driver='GTiff', compress='deflate', nodata=nodata)
    if place is not None:
        profile.update(place._asdict())
    if count != 3:
        profile['photometric'] = 'MINISBLACK'  # a fourth band is no alpha
    shape = dict(height=height, width=width, count=count, dtype=image.dtype)
    with atomic(path) as partial:
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
            rasterio.open(partial, 'w', **shape, **profile) as raster,
        ):
            raster.write(np.moveaxis(image, 2, 0))
            if valid is not None:
                raster.write_mask(valid)
        sidecar = Path(f'{partial}{SIDECAR}')
        if sidecar.exists():
            os.replace(sidecar, f'{path}{SIDECAR}')
