"""From Landsat 8 reflectance, temperature and USGS masks to what a tile holds."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...datasets.l8_biome import L8BiomeDataset
from ...raster.files import Georeference
from ...raster.stretch import Stretch, to_bytes
from .label_map import class_mask
from .layout import Tile
from .summary import IGNORE

RGB = ('red', 'green', 'blue')
ALL = (*RGB, 'nir', 'swir1', 'swir2', 'cirrus', 'tir1')
# reflectance in 1/10,000 as USGS stores it; temperature in 1/100 kelvin, so that 655 K fit 16 bits
SCALES = dict.fromkeys(ALL[:-1], 10_000) | {'tir1': 100}
NODATA = 0
USGS_LABELS = {'Clear': 128, 'Cloud Shadow': 64, 'Thin Cloud': 192, 'Cloud': 255}
FILL = 0
INDICES = {FILL: IGNORE} | {
    USGS_LABELS[name]: index for index, name in enumerate(L8BiomeDataset.METAINFO['classes'])
}


class Encoding(NamedTuple):
    """How values become a tile's image.

    ``bands`` are those it takes, of ``ALL``; ``nodata`` is the value of pixels without data, None
    where only the mask tells; ``image`` makes (H, W, C) of (C, H, W) float32, NaN without data;
    ``settings`` are what to record beside the set.
    """

    bands: tuple[str, ...]
    suffix: str
    nodata: int | None
    image: Callable[[np.ndarray], np.ndarray]
    settings: dict[str, Any]


def choose_encoding(bands: str, stretching: str) -> Encoding:
    """Choose 8-bit 'rgb', stretched by 'minmax' or 'LOW,HIGH' in reflectance, or 'all' in 16 bits.

    A ValueError if an argument is none of these, or 'all' comes with a stretch.
    """
    limits = None
    if stretching != 'minmax':
        try:
            limits = Stretch.parse(stretching)
        except ValueError:
            limits = None
        if limits is None or limits.percent:
            raise ValueError(
                f"expected stretch to be 'minmax' or LOW,HIGH in reflectance, such as 0,0.4, "
                f'got {stretching!r}'
            )
    if bands == 'rgb':
        ends = limits and limits[:2]
        return Encoding(RGB, '.png', None, partial(stretch, limits=ends), {'stretch': stretching})
    if bands != 'all' or limits:
        raise ValueError(
            f"expected bands 'rgb', or 'all' without a stretch, got {bands!r} with {stretching!r}"
        )
    return Encoding(ALL, '.tif', NODATA, encode, {'scales': SCALES})


def make_tile(
    values: np.ndarray,
    labels: np.ndarray,
    path: Path,
    encoding: Encoding,
    georeference: Georeference | None = None,
) -> Tile | None:
    """Make a tile of values (C, H, W), float32, and the USGS mask (H, W) of a file.

    A pixel that lacks a band or a label is without data in both; None if no pixel has data.
    """
    mask = class_mask(labels, INDICES, path, f'mask values {sorted(INDICES)}')
    empty = (labels == FILL) | ~np.isfinite(values).all(0)
    if empty.all():
        return None
    image = encoding.image(np.where(empty, np.float32(np.nan), values))
    return Tile(image, np.where(empty, np.uint8(IGNORE), mask), georeference, encoding.nodata)


def stretch(bands: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """Stretch reflectance (3, H, W), NaN without data, to RGB (H, W, 3), uint8; all bands alike.

    By default to the minimum and maximum over all bands of the tile, as the authors made theirs
    (Cloud-Adapter, ``dataset/l8_biome_crop.py`` and ``tools/convert_datasets/create_l8.py``).
    """
    low, high = limits or (np.nanmin(bands), np.nanmax(bands))
    return to_bytes(bands, low, high).transpose(1, 2, 0)


def encode(bands: np.ndarray) -> np.ndarray:
    """Store the bands of ``ALL`` (8, H, W) as (H, W, 8), uint16, 1 to 65,535; 0 without data."""
    scaled = np.rint(bands * np.array([*SCALES.values()], np.float32)[:, None, None]).clip(1, 65535)
    return np.nan_to_num(scaled, nan=NODATA).astype(np.uint16).transpose(1, 2, 0)
