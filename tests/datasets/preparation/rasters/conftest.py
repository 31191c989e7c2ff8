"""Rasters for the tests."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def write() -> Callable[..., Path]:
    """A function that writes a raster with rasterio: (C, H, W) or (H, W), 10 m pixels."""
    rasterio = pytest.importorskip('rasterio')

    def write(path, pixels, origin=None, epsg=32632, pixel=10, **profile):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.atleast_3d(pixels.T).T  # a lone band becomes the first of one
        place = {}
        if origin is not None:
            transform = rasterio.transform.from_origin(*origin, pixel, pixel)
            place = dict(crs=f'EPSG:{epsg}', transform=transform)
        count, height, width = pixels.shape
        shape = dict(count=count, height=height, width=width, dtype=pixels.dtype)
        driver = {'.tif': 'GTiff', '.png': 'PNG', '.jpg': 'JPEG'}[path.suffix]
        with rasterio.open(path, 'w', driver=driver, **shape, **place, **profile) as raster:
            raster.write(pixels)
        return path

    return write
