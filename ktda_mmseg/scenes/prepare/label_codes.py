"""The numbers of label rasters of any make: one band, three equal ones, colours, alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...raster.files import read_window
from ...raster.tiling import Window
from .label_map import LabelMap

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

GREY = 0x010101  # of which each grey is a multiple
TRANSPARENT_INDEX = ('PNG', 'GIF')  # drivers that call a transparent value nodata


def alpha_band(raster: DatasetReader) -> int | None:
    """Return the number of a raster's alpha band, counted from 1; None if it has none."""
    from rasterio.enums import ColorInterp

    colours = zip(raster.indexes, raster.colorinterp, strict=True)
    return next((index for index, colour in colours if colour == ColorInterp.alpha), None)


def read_codes(
    raster: DatasetReader, grid: DatasetReader, window: Window, label_map: LabelMap
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read a part of a label raster.

    A grey raster may have its band three times. An alpha band, or the transparent colours of a
    table unless they are listed, tells which pixels have no label.

    Args:
        raster (DatasetReader): The raster.
        grid (DatasetReader): The same, or a rasterio ``WarpedVRT`` of it.
        window (Window): The part of the grid.
        label_map (LabelMap): Says whether labels are numbers or colours.

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: Numbers as :meth:`.LabelMap.mask` takes them;
        where there are data, by a mask in the file or else the nodata value; where nothing is
        transparent. Each (height, width).

    Raises:
        ValueError: If it has other bands or types than labels have, or cannot be read.
    """
    from rasterio.enums import MaskFlags

    alpha = alpha_band(raster)
    bands = [band for band in raster.indexes if band != alpha]
    pixels = read_window(grid, window, bands)
    codes, seen = (
        _colours(raster, pixels, label_map)
        if label_map.by_colour
        else _grey(raster, pixels, label_map)
    )
    valid = np.ones(codes.shape, bool)
    listed = label_map.match(codes)[0]
    nodata = [raster.nodatavals[band - 1] for band in bands]
    masked = alpha is None and MaskFlags.per_dataset in raster.mask_flag_enums[0]
    if None not in nodata and alpha is None and not masked:  # which outrank it
        empty = (pixels == np.array(nodata)[:, None, None]).all(0) & ~listed
        (seen if raster.driver in TRANSPARENT_INDEX else valid)[empty] = False
    if codes.dtype.kind == 'f':
        valid &= np.isfinite(codes)
    if alpha is not None:
        seen &= read_window(grid, window, [alpha])[0] > 0
    elif grid is raster and masked:
        valid &= raster.read_masks(1, window=window.slices()) > 0
    return codes, valid, seen


def _grey(
    raster: DatasetReader, pixels: np.ndarray, label_map: LabelMap
) -> tuple[np.ndarray, np.ndarray]:
    if pixels.dtype.kind == 'c' or len(pixels) not in {1, 3} or (pixels != pixels[0]).any():
        found = 'complex numbers' if pixels.dtype.kind == 'c' else f'{len(pixels)}'
        raise ValueError(
            f'{raster.name}: expected one band of labels, or three that are equal, found {found}; '
            f"list colours as '#rrggbb' in {label_map.path}"
        )
    return pixels[0], np.ones(pixels.shape[1:], bool)


def _colours(
    raster: DatasetReader, pixels: np.ndarray, label_map: LabelMap
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers 0xRRGGBB; below 0 for what is in no colour table."""
    seen = np.ones(pixels.shape[1:], bool)
    table = _colour_table(raster) if len(pixels) == 1 else None
    if table is not None:
        index = pixels[0].astype(np.int64)
        inside = (index >= 0) & (index < len(table))
        entries = table[np.where(inside, index, 0)]
        codes = np.where(inside, entries @ (1 << 16, 1 << 8, 1, 0), -1 - index)
        seen = ~inside | (entries[..., 3] > 0) | label_map.match(codes)[0]
        return codes, seen
    if len(pixels) == 1 and not any(low % GREY == 0 for low, _, _ in label_map.codes()):
        raise ValueError(f'{raster.name}: expected colours, found one band without a colour table')
    if len(pixels) not in {1, 3} or pixels.dtype.kind not in 'iu' or pixels.max(initial=0) > 255:
        raise ValueError(
            f'{raster.name}: expected red, green and blue of 8 bits, found {len(pixels)} bands of '
            f'type {pixels.dtype} up to {pixels.max(initial=0)}'
        )
    red, green, blue = np.broadcast_to(pixels, (3, *pixels.shape[1:])).astype(np.int64)
    return (red << 16) | (green << 8) | blue, seen


def _colour_table(raster: DatasetReader) -> np.ndarray | None:
    """Red, green, blue and alpha of each index, (N, 4); None if there is no table."""
    try:
        colours = raster.colormap(1)
    except ValueError:
        return None
    return np.array([*colours.values()], np.int64)
