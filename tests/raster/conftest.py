"""Rasters for the tests, written by rasterio alone."""

from pathlib import Path

import numpy as np
import pytest


def write_tiff(
    path: Path, bands: np.ndarray, mask: np.ndarray | None = None, **profile: object
) -> Path:
    """Write bands (C, H, W) as GeoTIFF, with a mask inside if there is one."""
    rasterio = pytest.importorskip('rasterio')
    path.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = bands.shape
    shape = dict(count=count, height=height, width=width, dtype=bands.dtype.name)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, 'w', 'GTiff', **shape, **profile) as raster,
    ):
        raster.write(bands)
        if mask is not None:
            raster.write_mask(mask)
    return path
