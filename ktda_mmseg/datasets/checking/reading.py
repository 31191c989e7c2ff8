"""Images and masks as they are stored: 8 bits by Pillow, everything else by rasterio."""

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..checks import BYTE_MODES, explain_undecodable
from .sources import Reading

EIGHT_BIT_MODES = (*BYTE_MODES, 'LA', 'RGB', 'RGBA', 'CMYK', 'YCbCr')
GEOREFERENCED = ('.tif', '.tiff', '.jp2')


class Footprint(NamedTuple):
    """Where an image lies on the ground.

    Attributes:
        crs (str): Coordinate reference system, as rasterio writes it.
        corners (tuple): Its four corners (x, y), in order around it.
    """

    crs: str
    corners: tuple[tuple[float, float], ...]


class Raster(NamedTuple):
    """A decoded image.

    Attributes:
        pixels (np.ndarray): (H, W, C), as stored.
        nodata (float | None): Value that means no data.
        footprint (Footprint | None): Where it lies, if known.
    """

    pixels: np.ndarray
    nodata: float | None = None
    footprint: Footprint | None = None


def read_image(path: Path, reading: Reading) -> Raster:
    """Decode an image with all its bands.

    Args:
        path (Path): The image.
        reading (Reading): How the pipeline reads it.

    Returns:
        Raster: Pixels and what is known of them.

    Raises:
        ValueError: If the file is truncated or cannot be decoded.
        ImportError: If it needs rasterio, which is not installed.
    """
    pixels = None if reading.raster else _read_eight_bit(path, reading.mode)
    if pixels is None:
        return _read_raster(path)
    return Raster(pixels if pixels.ndim == 3 else pixels[..., None], None, read_footprint(path))


def read_mask(path: Path) -> np.ndarray:
    """Decode a mask as mmseg's ``LoadAnnotations`` does, but without the cast to 8 bits.

    Args:
        path (Path): The mask.

    Returns:
        np.ndarray: Stored values, (H, W) or (H, W, C).

    Raises:
        ValueError: If the file is truncated or cannot be decoded.
    """
    try:
        with Image.open(path) as image:
            mask = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(explain_undecodable(str(path)) or f'{path}: {error}') from error
    return mask.astype(np.uint8) if mask.dtype == bool else mask


def read_footprint(path: Path) -> Footprint | None:
    """Tell where a file lies, None where it does not say or rasterio is not installed."""
    if path.suffix.lower() not in GEOREFERENCED and not Path(f'{path}.aux.xml').is_file():
        return None
    try:
        import rasterio
    except ImportError:
        return None
    with _quiet(rasterio), rasterio.open(path) as raster:
        return _footprint(raster)


def _read_eight_bit(path: Path, mode: str | None) -> np.ndarray | None:
    """Decode by Pillow; None where the file is no 8-bit image."""
    try:
        with Image.open(path) as image:
            # of 16 bits a colour Pillow keeps the upper 8
            if image.mode not in EIGHT_BIT_MODES or ';16' in str(image.tile):
                return None
            pixels = np.asarray(image.convert(mode) if mode else image)
            return pixels.astype(np.uint8) if pixels.dtype == bool else pixels
    except (OSError, SyntaxError, ValueError) as error:
        # Pillow knows no TIFF of other than 1, 3 or 4 bands
        if isinstance(error, UnidentifiedImageError) and path.suffix.lower() in GEOREFERENCED:
            return None
        raise ValueError(explain_undecodable(str(path)) or f'{path}: {error}') from error


def _read_raster(path: Path) -> Raster:
    try:
        import rasterio
    except ImportError as error:
        raise ImportError(
            f"{path}: reading it needs rasterio: pip install 'ktda-mmseg[raster]'"
        ) from error
    try:
        with _quiet(rasterio), rasterio.open(path) as raster:
            return Raster(raster.read().transpose(1, 2, 0), raster.nodata, _footprint(raster))
    except rasterio.errors.RasterioError as error:
        # some of its messages only point to the one that led to them
        found = error.__cause__ or error
        raise ValueError(f'{path}: expected a complete raster, found: {found}') from error


def _quiet(rasterio: Any) -> Any:  # noqa: ANN401
    warnings.filterwarnings('ignore', category=rasterio.errors.NotGeoreferencedWarning)
    # listing the folder for each of its files takes longer than reading them
    return rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN='TRUE')


def _footprint(raster: Any) -> Footprint | None:  # noqa: ANN401
    if raster.crs is None:
        return None
    width, height = raster.width, raster.height
    corners = [raster.transform * p for p in ((0, 0), (width, 0), (width, height), (0, height))]
    return Footprint(raster.crs.to_string(), tuple(corners))
