"""Images of any number of bands as people can look at them."""

import io
import logging
from pathlib import Path

import mmengine.fileio as fileio
import numpy as np
from PIL import Image

from ktda_mmseg.datasets.reading import Raster, Reading, read_image
from ktda_mmseg.raster.stretch import as_picture

AS_STORED = Reading(mode='RGB')
# it logs an error for each image that rasterio then reads
logging.getLogger('PIL.TiffImagePlugin').setLevel(logging.CRITICAL)


def read_picture(path: str, backend_args: dict | None = None) -> np.ndarray:
    """Read an image, local or of any mmengine file backend, as 8-bit RGB; see :func:`rgb_of`.

    Raises:
        ImportError: If it needs rasterio, which is not installed.
        ValueError: If the file is truncated or cannot be decoded.
    """
    with fileio.get_local_path(path, backend_args=backend_args) as local:
        return rgb_of(read_image(Path(local), AS_STORED))


def rgb_of(raster: Raster) -> np.ndarray:
    """Turn an image into 8-bit RGB (H, W, 3), black without data.

    8-bit pictures are shown as they are. Of others the first three bands are, or the first in grey
    if there are fewer, each stretched between its 2nd and 98th percentile.
    """
    bands = raster.pixels.shape[2]
    if bands == 3 and raster.pixels.dtype == np.uint8:
        return raster.pixels
    shown = range(3) if bands >= 3 else [0] * 3
    return np.stack([_shown(raster, band) for band in shown], axis=-1)


def encode_picture(pixels: np.ndarray, side: int, exact: bool = False) -> bytes:
    """Encode a picture for a page, made smaller where it is large.

    Args:
        pixels (np.ndarray): RGB ``(H, W, 3)``, uint8.
        side (int): Pixels of its longer side at the most.
        exact (bool): Keep colours that mean something: a PNG, not a JPEG. Default: False.

    Returns:
        bytes: What the file would hold.
    """
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((side, side), Image.Resampling.NEAREST if exact else Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    image.save(stream, 'PNG' if exact else 'JPEG')
    return stream.getvalue()


def _shown(raster: Raster, band: int) -> np.ndarray:
    values = raster.pixels[..., band].astype(np.float64)
    values[~raster.valid] = np.nan
    return as_picture(values)
