"""Images and masks as a pipeline reads them: 8 bits by Pillow, everything else by rasterio."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.config import Config
from PIL import Image, UnidentifiedImageError

from ..raster.files import Nodata, georeference, import_rasterio, numbers, open_raster
from ..raster.imagery import open_image
from ..raster.tile_places import place_of
from ..raster.writing import SIDECAR
from ..utils.pipelines import steps_in
from .checks import BYTE_MODES, explain_undecodable

EIGHT_BIT_MODES = (*BYTE_MODES, 'LA', 'RGB', 'RGBA', 'CMYK', 'YCbCr')
CONVERSIONS = {'color': 'RGB', 'grayscale': 'L'}
BACKENDS_OF_8_BITS = ('pillow', 'turbojpeg')
GEOREFERENCED = ('.tif', '.tiff', '.jp2')


class Reading(NamedTuple):
    """How a pipeline reads images."""

    raster: bool = False  # by LoadRasterFromFile
    mode: str | None = None  # Pillow mode that every image is converted to
    eight_bit: bool = False  # whether only 8-bit images are read as they are
    selected: tuple[int, ...] | None = None  # bands that are used, from 1; None means all
    bands: int | None = None  # that an image must have where none are selected
    nodata: Nodata = None  # see LoadRasterFromFile
    ignores_nodata: bool = False  # whether pixels without data are taken out of the labels
    scale: float | Sequence[float] = 1.0  # of stored values, for all bands or for each
    offset: float | Sequence[float] = 0.0  # added after it, likewise


class Footprint(NamedTuple):
    """Where an image lies on the ground."""

    crs: str | None  # as rasterio writes it, if it is stated
    corners: tuple[tuple[float, float], ...]  # four, in order around it


class Raster(NamedTuple):
    """A decoded image."""

    pixels: np.ndarray  # (H, W, C), as stored: the bands that are used, or all if some lack
    bands: int  # in the file
    valid: np.ndarray  # which pixels (H, W) hold data
    nodata: Sequence[float | None]  # for each band the value that the file calls no data
    # pixels (N, C) of which a band holds NaN, infinity or a fill value, though the file does not
    # say so
    strange: np.ndarray
    footprint: Footprint | None


def reading_of(pipeline: list[dict[str, Any]], config: Config) -> Reading:
    """Tell how a pipeline reads images, of a model that the config names."""
    steps = {str(step['type']).split('.')[-1]: step for step in steps_in(pipeline)}
    raster = steps.get('LoadRasterFromFile')
    checked = steps['CheckSample'].get('bands', 3) if 'CheckSample' in steps else None
    if raster is not None:
        stored = {key: raster[key] for key in ('nodata', 'scale', 'offset') if key in raster}
        return Reading(
            raster=True,
            selected=tuple(raster.get('bands') or ()) or None,
            bands=checked,
            ignores_nodata='IgnoreNodata' in steps,
            **stored,
        )
    loading = steps.get('LoadImageFromFile', {})
    mode = CONVERSIONS.get(loading.get('color_type', 'color'))
    eight_bit = mode is not None or loading.get('imdecode_backend') in BACKENDS_OF_8_BITS
    mean = config.get('model', {}).get('data_preprocessor', {}).get('mean') or [0] * 3
    return Reading(mode=mode, eight_bit=eight_bit, bands=checked or len(mean))


def read_image(path: Path, reading: Reading) -> Raster:
    """Decode an image.

    Raises:
        ValueError: If the file is truncated or cannot be decoded.
        ImportError: If it needs rasterio, which is not installed.
    """
    pixels = None if reading.raster else _read_eight_bit(path, reading.mode)
    if pixels is None:
        return _read_raster(path, reading)
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    bands = pixels.shape[2]
    valid = np.ones(pixels.shape[:2], bool)
    return Raster(pixels, bands, valid, [None] * bands, pixels[~valid], read_footprint(path))


def read_mask(path: Path) -> np.ndarray:
    """Decode a mask, (H, W) or (H, W, C), as ``LoadAnnotations`` does, but not cast to 8 bits.

    A ValueError says that the file is truncated or cannot be decoded.
    """
    try:
        with Image.open(path) as image:
            mask = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(explain_undecodable(str(path)) or f'{path}: {error}') from error
    return mask.astype(np.uint8) if mask.dtype == bool else mask


def may_be_placed(path: Path) -> bool:
    """Tell whether it is worth asking where a file lies."""
    beside = (Path(f'{path}{SIDECAR}'), place_of(path))
    return path.suffix.lower() in GEOREFERENCED or any(file and file.is_file() for file in beside)


def read_footprint(path: Path) -> Footprint | None:
    """Tell where a file lies, None where it does not say or rasterio is not installed."""
    if not may_be_placed(path):
        return None
    try:
        import_rasterio()
    except ImportError:
        return None
    with open_raster(path) as raster:
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


def _read_raster(path: Path, reading: Reading) -> Raster:
    with open_image(path) as image:
        count = len(image.indexes)
        lacking = reading.selected is not None and max(reading.selected) > count
        bands = image.indexes if reading.selected is None or lacking else reading.selected
        pixels, valid = image.read(bands, nodata=reading.nodata)
        strange = ~numbers(pixels)
        if strange.any():
            stated = [np.isnan(image.nodatavals[band - 1] or 0) for band in bands]
            strange &= ~(np.isnan(pixels) & np.array(stated)[:, None, None])
            strange &= image.raster.dataset_mask() > 0
        return Raster(
            pixels.transpose(1, 2, 0),
            count,
            valid,
            [image.nodatavals[band - 1] for band in bands],
            pixels.transpose(1, 2, 0)[strange.any(axis=0)],
            _footprint(image.raster),
        )


def _footprint(raster: Any) -> Footprint | None:  # noqa: ANN401
    place = georeference(raster)
    if place is None or not place.anchored:
        return None
    width, height = raster.width, raster.height
    corners = [place.transform * p for p in ((0, 0), (width, 0), (width, height), (0, height))]
    return Footprint(place.crs and place.crs.to_string(), tuple(corners))
