"""From Landsat 8 reflectance, temperature and USGS masks to what a tile holds."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...datasets.l8_biome import L8BiomeDataset
from .layout import Georeference, Tile
from .summary import IGNORE

RGB = ('red', 'green', 'blue')
ALL = (*RGB, 'nir', 'swir1', 'swir2', 'cirrus', 'tir1')
# reflectance in 1/10,000 as USGS stores it; temperature in 1/100 kelvin, so that 655 K fit 16 bits
SCALES = dict.fromkeys(ALL[:-1], 10_000) | {'tir1': 100}
NODATA = 0
USGS_LABELS = {'Clear': 128, 'Cloud Shadow': 64, 'Thin Cloud': 192, 'Cloud': 255}
FILL = 0


class Encoding(NamedTuple):
    """How values become a tile's image.

    Attributes:
        bands (tuple[str, ...]): The bands it takes, of ``ALL``.
        suffix (str): '.png' or '.tif'.
        nodata (int | None): Value of pixels without data; None where only the mask tells.
        image (Callable): From (C, H, W) float32, NaN without data, to (H, W, C).
        settings (dict): What to record beside the set.
    """

    bands: tuple[str, ...]
    suffix: str
    nodata: int | None
    image: Callable[[np.ndarray], np.ndarray]
    settings: dict[str, Any]


def choose_encoding(bands: str, stretching: str) -> Encoding:
    """Choose 8-bit RGB or all bands in 16 bits.

    Args:
        bands (str): 'rgb' or 'all'.
        stretching (str): For RGB 'minmax', or 'LOW,HIGH' in reflectance; see :func:`stretch`.

    Returns:
        Encoding: The encoding.

    Raises:
        ValueError: If an argument is none of these, or 'all' comes with a stretch.
    """
    limits = None
    if stretching != 'minmax':
        try:
            low, high = map(float, stretching.split(','))
        except ValueError:
            low = high = np.nan
        if not low < high:
            raise ValueError(
                f"expected stretch to be 'minmax' or LOW,HIGH in reflectance, such as 0,0.4, "
                f'got {stretching!r}'
            )
        limits = (low, high)
    if bands == 'rgb':
        return Encoding(RGB, '.png', None, partial(stretch, limits=limits), {'stretch': stretching})
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
    """Make a tile; a pixel that lacks a band or a label is without data in both.

    Args:
        values (np.ndarray): (C, H, W), float32; not finite where there are no data.
        labels (np.ndarray): USGS mask (H, W), uint8.
        path (Path): Its file, named in the error.
        encoding (Encoding): How to store the values.
        georeference (Georeference | None): Where it lies, if known.

    Returns:
        Tile | None: The tile; None if no pixel has data.

    Raises:
        ValueError: If the mask holds a value that is no label.
    """
    mask = class_mask(labels, path)
    empty = (labels == FILL) | ~np.isfinite(values).all(0)
    if empty.all():
        return None
    image = encoding.image(np.where(empty, np.float32(np.nan), values))
    return Tile(image, np.where(empty, np.uint8(IGNORE), mask), georeference, encoding.nodata)


def stretch(bands: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """Stretch reflectance linearly to 8 bits, the same for all bands; fractions are cut off.

    By default to the minimum and maximum over all bands of the tile, as the authors made theirs
    (Cloud-Adapter, ``dataset/l8_biome_crop.py`` and ``tools/convert_datasets/create_l8.py``).

    Args:
        bands (np.ndarray): Reflectance (3, H, W), float; NaN without data.
        limits (tuple[float, float] | None): Reflectance that becomes 0 and 255. Default: None.

    Returns:
        np.ndarray: RGB (H, W, 3), uint8; zeros without data or where the tile is constant.
    """
    low, high = limits or (np.nanmin(bands), np.nanmax(bands))
    unit = (bands - low) / (high - low if high > low else 1)
    return (np.nan_to_num(unit).clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)


def encode(bands: np.ndarray) -> np.ndarray:
    """Store reflectance in 1/10,000 and temperature in 1/100 kelvin.

    Args:
        bands (np.ndarray): The bands of ``ALL`` (8, H, W), float; NaN without data.

    Returns:
        np.ndarray: (H, W, 8), uint16, 1 to 65,535; 0 without data.
    """
    scaled = np.rint(bands * np.array([*SCALES.values()], np.float32)[:, None, None]).clip(1, 65535)
    return np.nan_to_num(scaled, nan=NODATA).astype(np.uint16).transpose(1, 2, 0)


def class_mask(labels: np.ndarray, path: Path) -> np.ndarray:
    """Map USGS mask values to class indices, fill to 255.

    Args:
        labels (np.ndarray): USGS mask (H, W), uint8.
        path (Path): Its file, named in the error.

    Returns:
        np.ndarray: Indices into the classes of ``L8BiomeDataset``, (H, W), uint8.

    Raises:
        ValueError: If another value occurs.
    """
    known = [FILL, *USGS_LABELS.values()]
    wrong = labels[~np.isin(labels, known)]
    if wrong.size:
        values, counts = np.unique(wrong, return_counts=True)
        found = ', '.join(f'{v} in {n} pixels' for v, n in zip(values, counts, strict=True))
        raise ValueError(f'{path}: expected mask values {sorted(known)}, found {found}')
    table = np.full(256, IGNORE, np.uint8)
    for index, name in enumerate(L8BiomeDataset.METAINFO['classes']):
        table[USGS_LABELS[name]] = index
    return table[labels]
